"""Which kind of text a section of a book is, by its title or the name of its file, in the languages books come in."""

from __future__ import annotations

import posixpath
import re

from cosycli.documents.headings import is_contents_title

__all__ = ["file_kind", "letters_of", "same_title", "title_kind"]

_TITLES = {
    "title-page": r"title ?page|half ?title(?: page)?|cover(?: page)?|titelblatt|titelseite|schmutztitel|umschlag"
    r"|page de titre|couverture|faux titre|portada|portadilla|cubierta|frontespizio|copertina|frontispício|capa"
    r"|titelpagina|omslag|обложка|титульный лист|书名页|書名頁|封面|扉页|扉頁|标题页|標題頁|表紙|扉|表题|표지",
    "copyright": r"copyright(?: page| notice| information)?|uncopyright|imprint|colophon|impressum|kolophon|imprimatur"
    r"|mentions légales|crédits|achevé d imprimer|derechos de autor|créditos|colofón|colofon|créditos e copyright"
    r"|выходные данные|版权(?:页|信息|声明|说明)?|版權(?:頁|信息|聲明|說明)?|奥付|著作権(?:表示)?|판권",
    "contents": r"toc|list of (?:illustrations|figures|tables|plates|maps)|(?:abbildungs|tabellen|karten)verzeichnis"
    r"|table des (?:illustrations|figures)|índice (?:general|de contenidos)|lista de ilustraciones|もくじ|차례|목차",
    "index": r"index(?: of names| of subjects| des noms| général)?|(?:general|subject|name) index|register"
    r"|(?:stichwort|namens|personen|sach|orts)(?:verzeichnis|register)|índice (?:alfabético|onomástico|analítico)"
    r"|indice (?:analitico|dei nomi)|указатель|(?:人名|事項|名词|名詞|主题)?索引",
    "bibliography": r"(?:select(?:ed)? )?bibliography|works cited|references|sources|further reading"
    r"|literatur(?:verzeichnis|hinweise)?|quellen(?:verzeichnis)?|bibliographie|bibliografía|bibliografia"
    r"|литература|список литературы|参考文献|參考文獻|参考书目|參考書目|참고문헌",
    "notes": r"(?:end|foot)?notes|notes and references|anmerkungen|endnoten|fußnoten|fussnoten"
    r"|notes de (?:fin|bas de page)"
    r"|notas(?: finales| al pie| de rodapé)?|noten|eindnoten|примечания|сноски"
    r"|尾注|尾註|脚注|腳註|注释|注釋|註釋|注解|註解|原注|訳注|注記|주석|미주",
    "licence": r"(?:the )?(?:full )?project gutenberg(?:™| tm)? licen[cs]e",
}
_TITLE_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _TITLES.items()}
_FILES = {
    "title-page": r"half-?title(?:-?page)?|title-?page|frontcover|cover-?page|cover(?=$)",
    "copyright": r"(?:un)?copyrights?(?:-?page)?|imprint|colophon|impressum|p-caution",
    "contents": r"toc|(?:table-?of-?)?contents|inhalt(?:sverzeichnis)?",
    "notes": r"endnotes|footnotes",
    "bibliography": r"bibliography",
}
_FILE_PATTERNS = {kind: re.compile(rf"(?:^|.*-)(?:{pattern})(?:-.*|$)") for kind, pattern in _FILES.items()}
_NOT_A_LETTER = re.compile(r"[\W\d_]+")


def title_kind(title: str) -> str | None:
    """The kind of text that stands under this title, if the title is one that says so."""
    plain = _NOT_A_LETTER.sub(" ", title).strip().casefold()
    kind = next((kind for kind, pattern in _TITLE_PATTERNS.items() if pattern.fullmatch(plain)), None)
    return kind or ("contents" if is_contents_title(title) else None)


def file_kind(path: str) -> str | None:
    """The kind of text that a file of this name holds, if the name is one that says so."""
    stem = posixpath.splitext(posixpath.basename(path))[0].casefold()
    words = _NOT_A_LETTER.sub("-", stem).strip("-")
    return next((kind for kind, pattern in _FILE_PATTERNS.items() if pattern.fullmatch(words)), None)


def same_title(one: str, other: str) -> bool:
    """True if two titles differ in case, white space and punctuation only."""
    return letters_of(one) == letters_of(other) != ""


def letters_of(title: str) -> str:
    """What of a title counts when it is compared."""
    return "".join(char for char in title.casefold() if char.isalnum())
