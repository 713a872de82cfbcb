"""What an element of a book says of itself: its name, its attributes, its text, and whether it refers to a note."""

from __future__ import annotations

import re
from itertools import islice

from lxml import etree

__all__ = [
    "NOTE_MARK",
    "NOT_TEXT",
    "attribute",
    "is_note_reference",
    "local_name",
    "semantic_types",
    "short_text",
    "text_of",
]

EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
NOT_TEXT = frozenset({"script", "style", "template", "head", "rt", "rp", "rtc"})
"""Elements whose text is no text of the book; ruby is printed above it and kept as a pronunciation."""
MAX_MARK_ELEMENTS = 16  # in a note mark, a page number or an ornament: a link, a raised sign, a picture
_NOTE_CLASS = re.compile(r"note|fn|ref\b|super|sup\b", re.IGNORECASE)
NOTE_MARK = re.compile(
    r"[\[(（〔【〈]?\s*(?:note\s*|※\s*)?(?:\d{1,4}|[*†‡§¶#※]{1,4}|[ivxlcdm]{1,7}|[a-z]|[①-⓿❶-➓⁰¹²³⁴-⁹]{1,3}"
    r"|[注註釋释]\s*[\d〇一二三四五六七八九十百]{0,5})\s*[\])）〕】〉]?[.:]?",
    re.IGNORECASE,
)


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace or prefix, in small letters."""
    if not isinstance(element.tag, str):
        return ""
    name = element.tag.lower()
    if name.startswith("{"):
        name = name.partition("}")[2]
    return name.rpartition(":")[2] or name


def attribute(element: etree._Element, name: str) -> str:
    """The value of an attribute, whatever its namespace; "" if it is not there."""
    if not element.attrib:
        return ""
    value = element.get(name)
    if value is not None:
        return str(value)
    endings = (f"}}{name}", f":{name}")
    return next((str(value) for key, value in element.attrib.items() if key.endswith(endings)), "")


def semantic_types(element: etree._Element) -> list[str]:
    """What `epub:type` and `role` say, in small letters, without prefixes of other vocabularies than EPUB's."""
    said = element.get(EPUB_TYPE) or element.get("epub:type") or ""
    roles = [role.removeprefix("doc-") for role in (element.get("role") or "").split() if role.startswith("doc-")]
    return [word.lower() for word in [*said.split(), *roles]]


def text_of(element: etree._Element) -> str:
    """The text in an element that is text of the book."""
    if len(element) == 0:
        return element.text or ""
    pieces: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walk:
        if event == "start":
            if local_name(inner) in NOT_TEXT and inner is not element:
                walk.skip_subtree()
            else:
                pieces.append(inner.text or "")
        elif inner is not element:
            pieces.append(inner.tail or "")
    return "".join(pieces)


def short_text(element: etree._Element) -> str | None:
    """The text in an element that holds no more than a mark or a number would; None if it holds more."""
    if len(element) == 0:
        return (element.text or "").strip()
    if next(islice(element.iter("*"), MAX_MARK_ELEMENTS, None), None) is not None:
        return None
    return text_of(element).strip()


def is_note_reference(element: etree._Element, name: str) -> bool:
    """True for an element that refers to a note: marked as such, or a link that is a number or sign, set like one."""
    return "noteref" in semantic_types(element) or _is_plain_note_link(element, name)


def _is_plain_note_link(element: etree._Element, name: str) -> bool:
    if name != "a" or not element.get("href"):
        return False
    text = short_text(element)
    if not text or not NOTE_MARK.fullmatch(text):
        return False
    parent = element.getparent()
    around = [] if parent is None else [parent, parent.getparent()]
    if any(each is not None and local_name(each) == "sup" for each in around):
        return True
    if any(local_name(inner) == "sup" for inner in element.iter("*")):
        return True
    return bool(_NOTE_CLASS.search(element.get("class") or ""))
