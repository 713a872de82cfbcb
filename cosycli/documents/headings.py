"""Recognises headings and what they announce, and divides blocks into chapters at headings.

Headings in plain text: "CHAPTER III. The Storm", "Zweiter Teil", "第十二回", "IV.", "Epilogue".
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from cosycli.documents.book import Block, BlockKind, Chapter

MAX_HEADING = 100  # characters


class Rank(IntEnum):
    """The rank of a heading: a part contains chapters, a chapter sections. NAMED headings rank with the highest."""

    NAMED = 0
    PART = 1
    CHAPTER = 2
    SECTION = 3
    NUMERAL = 4


@dataclass(frozen=True)
class HeadingLine:
    """A line recognised as a heading; `has_title` if the line contains more than a number."""

    rank: Rank
    has_title: bool


_WORDS = {
    Rank.PART: "part|book|volume|teil|buch|band|partie|livre|tome|parte|libro|tomo|livro|deel|boek|часть|книга|том",
    Rank.CHAPTER: "chapter|chap\\.|letter|stave|canto|act|kapitel|brief|akt|gesang|aufzug|chapitre|lettre|acte|capítulo"
    "|capitulo|capitolo|carta|acto|hoofdstuk|kapittel|rozdział|глава",
    Rank.SECTION: "section|scene|abschnitt|szene|auftritt|scène|sección|escena|sezione|раздел",
}
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_NUMBER_WORDS = (
    f"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:{_ONES}))?|{_ONES}|ten|eleven|twelve"
    "|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn"
    "|un|deux|trois|quatre|cinq|sept|huit|neuf|dix|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez)"
)
_ORDINAL_WORDS = (
    "(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|last"
    "|(?:erst|zweit|dritt|viert|fünft|sechst|siebt|siebent|acht|neunt|zehnt|elft|zwölft|letzt)e[rs]?"
    "|premi(?:er|ère)|deuxième|seconde?|troisième|quatrième|cinquième|sixième|septième|huitième|neuvième|dixième"
    "|primer[oa]?|segund[oa]|tercer[oa]?|cuart[oa]|quint[oa]|sext[oa]|séptim[oa]|octav[oa]|noven[oa]|décim[oa]"
    "|prim[oa]|second[oa]|terz[oa]|quart[oa]|перв(?:ая|ый)|втор(?:ая|ой)|трет(?:ья|ий)|четв[её]рт(?:ая|ый)|пят(?:ая|ый))"
)
_ROMAN = r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_HAN_DIGITS = "一二三四五六七八九"
HAN_NUMERAL = f"[{_HAN_DIGITS}十]{{1,3}}"
"""Pattern of the Chinese numbers that `numeral_value` reads: those up to 99."""
_HAN_NUMBER = f"[{_HAN_DIGITS}十百千零〇兩两0-9０-９]+"
# The number is followed by nothing, by a stop and a title, or by a title that does not start in lower case, unlike
# "Chapter 3 was the best".
_TITLE = r"(?:\s*[.:,;—–-]+\s*(?P<stopped>\S.*)|\s+(?P<title>[^\W\da-zà-ÿа-я_].*|[\"'“‘«„].*))?[.:]?"
_NUMBER = rf"(?:the\s+)?(?:{_ROMAN}|\d{{1,3}}|{_NUMBER_WORDS}|{_ORDINAL_WORDS})(?!\w)"
_NUMBERED = {
    rank: re.compile(
        rf"(?:(?:{words})\s+{_NUMBER}|(?:the\s+)?{_ORDINAL_WORDS}\s+(?:{words})(?!\w))(?-i:{_TITLE})", re.I
    )
    for rank, words in _WORDS.items()
}
_HAN_TITLE = r"(?:[\s:：、.．—-]*(?P<title>[^\s的是里中].*))?"
_HAN = {
    Rank.PART: re.compile(
        rf"(?:第\s*{_HAN_NUMBER}\s*[卷部篇集编編]|卷\s*{_HAN_NUMBER}|[上中下][卷部篇编編]){_HAN_TITLE}"
    ),
    Rank.CHAPTER: re.compile(rf"第\s*{_HAN_NUMBER}\s*[章回話话幕折]{_HAN_TITLE}"),
    Rank.SECTION: re.compile(rf"第\s*{_HAN_NUMBER}\s*[節节場场]{_HAN_TITLE}"),
}
_NAMED = re.compile(
    r"(?:prologue|epilogue|preface|foreword|introduction|afterword|postscript|appendix|conclusion|interlude|prelude"
    r"|acknowledge?ments|author[’']s note|vorwort|nachwort|prolog|epilog|einleitung|anhang|schluss|schluß"
    r"|préface|avant-propos|épilogue|prólogo|epílogo|introducción|prefacio|prefazione|prologo|epilogo|introduzione"
    r"|пролог|эпилог|предисловие|послесловие"
    r"|序章?|序言|自序|前言|引言|引子|楔子|尾[声聲]|后记|後記|跋|附[录錄]|番外|終章|终章|あとがき|まえがき|はじめに|おわりに"
    r"|プロローグ|エピローグ)(?:\s+[A-Z0-9])?(?:\s*[.:：—–-]\s*(?P<title>\S.*)|[.:])?",
    re.IGNORECASE,
)
_NUMERAL = re.compile(rf"[(（]?(?:{_ROMAN}|\d{{1,3}}|{HAN_NUMERAL})[)）]?[.、]?")
# "3. The Arrival", which may also be a list item.
_NUMBERED_TITLE = re.compile(rf"(?:{_ROMAN}|\d{{1,3}})[.:)]\s+[^\W\da-zà-ÿ][^.!?]{{0,60}}")
_CAPITALS = re.compile(
    rf"(?:{_ROMAN}[.:)]?|\d{{1,3}}[.:)])\s+[^a-zà-ÿ]*[A-ZÀ-Þ]{{2}}[^a-zà-ÿ]*"
)  # "II. THE RED-HEADED LEAGUE"
_ENDS_SENTENCE = re.compile(r"[,;。！？；，…”」』]\Z")
# Titles and file names that announce the class of the text under them.
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
_KIND_OF_TITLE = {kind: re.compile(pattern) for kind, pattern in _TITLES.items()}
_FILES = {
    "title-page": r"half-?title(?:-?page)?|title-?page|frontcover|cover-?page|cover(?=$)",
    "copyright": r"(?:un)?copyrights?(?:-?page)?|imprint|colophon|impressum|p-caution",
    "contents": r"toc|(?:table-?of-?)?contents|inhalt(?:sverzeichnis)?",
    "notes": r"endnotes|footnotes",
    "bibliography": r"bibliography",
}
_KIND_OF_FILE = {kind: re.compile(rf"(?:^|.*-)(?:{pattern})(?:-.*|$)") for kind, pattern in _FILES.items()}
_CONTENTS = re.compile(
    r"(?:table of )?contents|inhalt(?:sverzeichnis|sübersicht)?|table des mati[èe]res|sommaire|[íi]ndice"
    r"|indice generale|sommario|inhoud|содержание|оглавление|目\s*[录錄次]",
    re.IGNORECASE,
)
_NOT_A_LETTER = re.compile(r"[\W\d_]+")


def read_heading(line: str) -> HeadingLine | None:
    """Recognise `line` as a heading, or return None.

    A numeral, alone or before a title, has the rank NUMERAL; the caller decides whether it numbers chapters.
    """
    line = line.strip()
    if not line or len(line) > MAX_HEADING or _ENDS_SENTENCE.search(line):
        return None
    if _NUMERAL.fullmatch(line):
        return HeadingLine(Rank.NUMERAL, has_title=False)
    if named := _NAMED.fullmatch(line):
        return HeadingLine(Rank.NAMED, has_title=bool(named["title"]))
    for rank, pattern in (*_NUMBERED.items(), *_HAN.items()):
        if numbered := pattern.fullmatch(line):
            return HeadingLine(rank, has_title=any(numbered.groupdict().values()))
    if _CAPITALS.fullmatch(line):
        return HeadingLine(Rank.CHAPTER, has_title=True)
    return HeadingLine(Rank.NUMERAL, has_title=True) if _NUMBERED_TITLE.fullmatch(line) else None


def numeral_value(line: str) -> int:
    """Return the number in a NUMERAL line or HAN_NUMERAL: "IV." -> 4, "12. Home" -> 12, "（二十一）" -> 21."""
    numeral = re.split(r"[.:)）、\s]", line.strip().lstrip("(（"), maxsplit=1)[0]
    if numeral.isdecimal():
        return int(numeral)
    if numeral[0] in _HAN_DIGITS + "十":
        tens, ten, ones = numeral.rpartition("十")
        return (10 * (_HAN_DIGITS.find(tens) + 1 if tens else 1) if ten else 0) + _HAN_DIGITS.find(ones or "?") + 1
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}[letter] for letter in numeral]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


def title_kind(title: str) -> str | None:
    """Return the class of text that a title announces ("Notes", "Impressum"), or None."""
    plain = _NOT_A_LETTER.sub(" ", title).strip().casefold()
    kind = next((kind for kind, pattern in _KIND_OF_TITLE.items() if pattern.fullmatch(plain)), None)
    return kind or ("contents" if is_contents_title(title) else None)


def is_contents_title(line: str) -> bool:
    """Return True for "Contents", "Inhalt", "目录" and the like."""
    return bool(_CONTENTS.fullmatch(line.strip().strip(".:：")))


def file_kind(path: str) -> str | None:
    """Return the class of text that a file name announces ("toc.xhtml"), or None."""
    stem = posixpath.splitext(posixpath.basename(path))[0].casefold()
    words = _NOT_A_LETTER.sub("-", stem).strip("-")
    return next((kind for kind, pattern in _KIND_OF_FILE.items() if pattern.fullmatch(words)), None)


def same_title(one: str, other: str) -> bool:
    """Return True if two titles differ only in case, white space and punctuation."""
    return letters_of(one) == letters_of(other) != ""


def letters_of(title: str) -> str:
    """Return the letters and digits of a title in lower case, for comparison."""
    return "".join(char for char in title.casefold() if char.isalnum())


def chapters_at_headings(blocks: Sequence[Block], title: str) -> Iterator[Chapter]:
    """Divide blocks into chapters; blocks before the first heading become a chapter named `title`.

    Chapters start at the highest heading level that occurs more than once, else at the highest level. A chapter whose
    heading names a part ("Part One") is divided again at the next level.
    """
    levels = Counter(block.level for block in blocks if block.kind is BlockKind.HEADING)
    level = min((level for level, count in levels.items() if count > 1), default=min(levels, default=0))
    for heading, part in cut_at_headings(blocks, (level,)):
        chapter_title = heading_title(heading) if heading else title
        named = read_heading(chapter_title)
        inner_levels = {block.level for block in part[1:] if block.kind is BlockKind.HEADING}
        if named and named.rank is Rank.PART and inner_levels:
            for inner, within in cut_at_headings(part, (min(inner_levels),)):
                yield Chapter(heading_title(inner), 2, within) if inner else Chapter(chapter_title, 1, within)
        else:
            yield Chapter(chapter_title, 1, part)


def cut_at_headings(
    blocks: Sequence[Block], levels: Container[int]
) -> Iterator[tuple[Block | None, tuple[Block, ...]]]:
    """Yield each heading of these levels (None at first if text precedes it) with the blocks from it to the next."""
    starts = [n for n, block in enumerate(blocks) if block.kind is BlockKind.HEADING and block.level in levels]
    if blocks and 0 not in starts:
        yield None, tuple(blocks[: starts[0] if starts else len(blocks)])
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=False):
        yield blocks[start], tuple(blocks[start:end])


def heading_title(heading: Block) -> str:
    """Return the text of a heading on one line."""
    return " ".join(heading.text.split())
