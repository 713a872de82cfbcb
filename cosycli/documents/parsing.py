"""Parses untrusted XML and HTML.

No entity is expanded and no other file is opened: the document type is removed before parsing, and named HTML
characters (`&nbsp;`) are replaced by their numbers.
"""

from __future__ import annotations

import codecs
import html.entities
import re
from dataclasses import dataclass

from lxml import etree

from cosycli.documents.plain_text import guess_encoding
from cosycli.errors import InputError

MAX_TAGS = 1_000_000  # a tree of up to 140 MB; the largest document of the corpus has 3,500
# The HTML parser takes quadratic time in the number of attributes of a tag.
MAX_ATTRIBUTES = 256
MAX_DECLARATION = 4096  # bytes searched for a declared encoding; HTML (section 4.2.5.4) requires the first 1024

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})|<meta[^>]{0,400}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""",
    re.I,
)
# Python also has slow codecs, and codecs that are not encodings of text; these families occur in books.
_ENCODING = re.compile(
    r"(?:x-)?(?:utf|us-ascii|ascii|iso|latin|cp|windows|koi8|mac|shift|sjis|ms|euc|gb|big5|tis)", re.I
)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]{0,1000}\?>")
_DOCUMENT_TYPE = re.compile(r"<!DOCTYPE\b[^\[>]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_NAMED_CHARACTER = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_CHARACTERS = {"amp", "lt", "gt", "quot", "apos"}
# Control characters and non-characters, which XML forbids (XML 1.0, section 2.2).
_NOT_A_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\ufffe\uffff]")
_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
_EMPTY_ELEMENT = re.compile(rf"<(?!(?:{_VOID})[\s/>])([A-Za-z][\w:.-]*)(?=[\s/])([^<>]*)/>", re.IGNORECASE)
# Content without tags, and how it ends.
_SKIPPED = {
    "!--": re.compile("-->"),
    "script": re.compile("</script", re.IGNORECASE),
    "style": re.compile("</style", re.IGNORECASE),
}
_TAG = re.compile(r"<(!--|[a-z][^\s/>]*)", re.IGNORECASE)
# One attribute and the white space before it, as HTML (section 13.2.5) tokenises a tag.
_ATTRIBUTE = re.compile(r"[\s/]*[^\s/>][^\s/>=]*(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]*))?")


@dataclass(frozen=True)
class ParsedDocument:
    """The root of a document, and warnings of what was repaired."""

    root: etree._Element
    warnings: tuple[str, ...] = ()


def parse_xml(data: bytes, name: str) -> ParsedDocument:
    """Parse an XML document, and repair it with a warning if it is not well-formed; `name` is its name in errors.

    Raises:
        InputError: the document contains nothing that can be read, or more than `MAX_TAGS` tags.
    """
    text, warnings = _decode(data)
    text = _without_document_type(text)
    try:
        return ParsedDocument(_parse_as_xml(text, name), warnings)
    except (etree.XMLSyntaxError, ValueError) as error:
        repaired = f"it is not well-formed XML and was repaired: {_first_line(error)}"
    try:
        root = _parse_as_xml(text, name, recover=True)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise InputError(f"{name} is not XML.", "Export the book again.")
    return ParsedDocument(root, (*warnings, repaired))


def parse_xhtml(data: bytes, name: str) -> ParsedDocument:
    """Parse an XHTML document, as HTML with a warning if it is not well-formed.

    Raises:
        InputError: the document contains nothing that can be read, or more than `MAX_TAGS` tags.
    """
    text, warnings = _decode(data)
    text = _without_document_type(text)
    try:
        return ParsedDocument(_parse_as_xml(text, name), warnings)
    except (etree.XMLSyntaxError, ValueError) as error:
        repaired = f"it is not well-formed XML and was read as HTML: {_first_line(error)}"
    closed = _EMPTY_ELEMENT.sub(r"<\1\2></\1>", text)
    return ParsedDocument(_parse_as_html(closed, name), (*warnings, repaired))


def parse_html(data: bytes, name: str) -> ParsedDocument:
    """Parse an HTML document.

    Raises:
        InputError: the document contains nothing that can be read, or more than `MAX_TAGS` tags.
    """
    text, warnings = _decode(data)
    return ParsedDocument(_parse_as_html(_without_document_type(text), name), warnings)


def _parse_as_xml(text: str, name: str, *, recover: bool = False) -> etree._Element:
    _check_complexity(text, name)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
    )
    return etree.fromstring(text.encode("utf-8"), parser)


def _parse_as_html(text: str, name: str) -> etree._Element:
    _check_complexity(text, name)
    # Sizes are checked above; huge_tree only raises the nesting limit from 256 to 2,048 levels, which old pages with
    # unclosed elements need.
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True, recover=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if any(error.message.startswith("Excessive depth") for error in parser.error_log):
        raise InputError(f"{name} nests elements more than 2,048 levels deep.", "Export it again.")
    if root is None:
        raise InputError(f"{name} contains nothing that can be read.", "Export the book again.")
    return root


def _check_complexity(text: str, name: str) -> None:
    if text.count("<") > MAX_TAGS:
        raise InputError(f"{name} contains more than {MAX_TAGS} tags.", "Split it into several files.")
    position = 0
    while tag := _TAG.search(text, position):
        position = tag.end()
        if end := _SKIPPED.get(tag[1].lower()):
            ended = end.search(text, position)
            if ended is None:
                return
            position = ended.end()
            continue
        num_attributes = 0
        while attribute := _ATTRIBUTE.match(text, position):
            position = attribute.end()
            num_attributes += 1
            if num_attributes > MAX_ATTRIBUTES:
                raise InputError(f"{name} has a tag with more than {MAX_ATTRIBUTES} attributes.", "Export it again.")


def _decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode a document by its byte order mark, its declaration, or as UTF-8; return the text and warnings."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _clean(data.decode(encoding, "replace").removeprefix("\ufeff")), ()
    if found := _DECLARED.search(data, 0, MAX_DECLARATION):
        declared = (found[1] or found[2]).decode("ascii")
    elif data[:4] in (b"<\0?\0", b"\0<\0?"):
        declared = "utf-16-le" if data[1] == 0 else "utf-16-be"
    else:
        declared = "utf-8"
    for encoding in (_as_browsers_read(declared), "utf-8"):
        try:
            return _clean(data.decode(encoding)), ()
        except (UnicodeError, LookupError):
            continue
    encoding = guess_encoding(data) or ("utf-8" if declared.lower().startswith("utf") else "cp1252")
    return _clean(data.decode(encoding, "replace")), (f"it is not text in {declared} and was decoded as {encoding}",)


def _as_browsers_read(declared: str) -> str:
    """Return the codec for a declared encoding: Latin-1 and ASCII are read as Windows-1252, GB 2312 as GB 18030.

    Source: WHATWG Encoding, section 4.2.
    """
    name = declared.lower()
    if name in ("iso-8859-1", "latin1", "ascii", "us-ascii"):
        return "cp1252"
    if name in ("gb2312", "gbk", "gb_2312-80"):
        return "gb18030"
    return {"shift_jis": "cp932", "x-sjis": "cp932"}.get(name, name) if _ENCODING.match(name) else "utf-8"


def _clean(text: str) -> str:
    return _NOT_A_CHARACTER.sub("", text).replace("\x0c", " ")


def _without_document_type(text: str) -> str:
    text = _DOCUMENT_TYPE.sub("", _XML_DECLARATION.sub("", text), count=1)
    return _NAMED_CHARACTER.sub(_numbered_character, text.lstrip())


def _numbered_character(name: re.Match[str]) -> str:
    if name[1] in _XML_CHARACTERS:
        return name[0]
    meaning = html.entities.html5.get(f"{name[1]};")
    return "".join(f"&#{ord(character)};" for character in meaning) if meaning else f"&amp;{name[1]};"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].split(", line")[0] if str(error) else "it is empty"
