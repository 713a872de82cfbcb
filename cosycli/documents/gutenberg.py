"""Recognises what Project Gutenberg adds to a text: a header with metadata, credits, a licence, bracketed notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cosycli.documents.accounting import count_characters
from cosycli.documents.book import Block, Metadata
from cosycli.documents.xhtml import DocumentPart, Omission, ReadDocument

# "THIS" until 2022, "THE" since; before 2003 the header ended with the "small print".
_START = re.compile(
    r"^\*\*\*\s?START OF (?:THE|THIS) PROJECT GUTENBERG EBOOK[^*]{0,300}\*\*\*[^\n]*$"
    r"|^\*END\*?\s?THE SMALL PRINT![^\n]*$",
    re.MULTILINE | re.IGNORECASE,
)
_END = re.compile(
    r"^(?:End of (?:the |this )?Project Gutenberg[^\n]*\s+)?\*\*\*\s?END OF (?:THE|THIS) PROJECT GUTENBERG"
    r"|^End of (?:the |this )?Project Gutenberg(?:'s)? (?:EBook|Etext)",
    re.MULTILINE | re.IGNORECASE,
)
_CREDITS = re.compile(
    r"\s*(?:Produced by|E-?text prepared by|This e-?(?:book|text) was (?:produced|prepared))(?:[^\n]*\n)+?\s*\n", re.I
)
_FIELD = re.compile(r"^(Title|Author|Language|Release Date|Translator):[ \t]*(\S.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_NUMBER = re.compile(r"#(\d+)\]")
CAPTION = re.compile(r"\[Illustration:?\s*")
"""The start of a caption, which a bracket closes."""

NOTE = re.compile(r"\[Footnote (?P<label>\w{1,4}):|\[(?:Footnote )?(?P<number>\d{1,4})\]:?\s")
"""The start of a footnote; a bracket closes the first form."""

_LICENCE_TITLE = "Project Gutenberg's header and licence"
_SEPARATOR = "\n\n"
_LANGUAGES = {
    "English": "en",
    "Chinese": "zh",
    "German": "de",
    "French": "fr",
    "Spanish": "es",
    "Italian": "it",
    "Portuguese": "pt",
    "Dutch": "nl",
    "Japanese": "ja",
    "Russian": "ru",
    "Korean": "ko",
}


@dataclass(frozen=True)
class GutenbergText:
    """A text from Project Gutenberg, divided into header, body and licence, with the metadata in the header."""

    metadata: Metadata
    header: str
    body: str
    licence: str


def read_gutenberg(text: str) -> GutenbergText | None:
    """Divide a text from Project Gutenberg; None for any other text."""
    start = _START.search(text)
    if start is None:
        return None
    credits = _CREDITS.match(text, start.end())
    body_start = credits.end() if credits else start.end()
    end = _END.search(text, body_start)
    body_end = end.start() if end else len(text)
    header = text[:body_start]
    return GutenbergText(_metadata(header), header, text[body_start:body_end], text[body_end:])


def without_licence(documents: Sequence[ReadDocument]) -> tuple[list[ReadDocument], Metadata]:
    """Replace the blocks of header and licence by omissions; return the documents and the metadata in the header.

    Newer files mark both by class, which `element_kinds` knows; this finds them in files that do not.
    """
    blocks = (part for document in documents for part in document.parts if isinstance(part, Block))
    gutenberg = read_gutenberg(_SEPARATOR.join(block.text for block in blocks))
    if gutenberg is None:
        return list(documents), Metadata()
    start = len(gutenberg.header)
    end = start + len(gutenberg.body)
    position = 0
    kept: list[ReadDocument] = []
    for document in documents:
        parts: list[DocumentPart] = []
        for part in document.parts:
            if isinstance(part, Block) and not start <= position < end:
                parts.append(Omission("licence", count_characters(part.text), _LICENCE_TITLE, is_section=True))
            else:
                parts.append(part)
            position += len(part.text) + len(_SEPARATOR) if isinstance(part, Block) else 0
        kept.append(replace(document, parts=tuple(parts)))
    return kept, gutenberg.metadata


def note_marks(paragraphs: Iterable[str]) -> re.Pattern[str] | None:
    """Return the pattern of references to the footnotes in these paragraphs, such as `[1]`; None without footnotes."""
    labels = {found["label"] or found["number"] for text in paragraphs if (found := NOTE.match(text))}
    return re.compile(rf"\s?\[(?:Footnote )?(?:{'|'.join(sorted(labels))})\]") if labels else None


def _metadata(header: str) -> Metadata:
    fields = {name: " ".join(value.split()) for name, value in _FIELD.findall(header)}
    number = _NUMBER.search(header)
    return Metadata(
        title=fields.get("Title", ""),
        authors=tuple(re.split(r"\s+and\s+", fields["Author"])) if "Author" in fields else (),
        language=_LANGUAGES.get(fields.get("Language", ""), ""),
        identifiers=(f"https://www.gutenberg.org/ebooks/{number[1]}",) if number else (),
    )
