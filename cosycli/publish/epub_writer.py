"""Writes an EPUB 3 with media overlays (W3C, "EPUB 3.3").

ebooklib writes the package document, the navigation document and the NCX. Three parts stay ours:

- The pages and overlays are stored as they come. ebooklib would parse a page as HTML and serialize it again, which
  changes it, and it has no writer for SMIL.
- The durations of overlays are metadata that refine them. ebooklib would write an attribute that EPUB does not define.
- The archive is copied from ebooklib's: its entries get a fixed time, so that equal publications give equal bytes, and
  sound is copied from its files, uncompressed. ebooklib uses the current time, and holds all content in memory.
"""

from __future__ import annotations

import io
import re
import shutil
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from cosycli.documents.book import Cover
from cosycli.folders import replacing
from cosycli.publish.chapter_page import STYLESHEET, xml_characters
from cosycli.publish.tags import Tags

ACTIVE_CLASS = "-epub-media-overlay-active"
STYLE = f"""
.verse {{ margin-left: 2em; }}
.{ACTIVE_CLASS} {{ background-color: #fff3a0; color: #000; }}
"""
# The audio and images that every reading system supports: "EPUB 3.3", 3.2 Core media types.
AUDIO_TYPES = {".m4a": "audio/mp4", ".m4b": "audio/mp4", ".mp4": "audio/mp4", ".mp3": "audio/mpeg"}
COVER_SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/svg+xml": "svg"}
SUMMARY = "Every sentence that is spoken is synchronized with its text."
WRITER_OPTIONS = {"epub2_guide": False, "epub3_landmark": False, "epub3_pages": False, "raise_exceptions": True}
XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest time of a ZIP entry
COPIED_BYTES = 1 << 20
MetadataElements = Iterator[tuple[str, str, dict[str, str]]]  # element, text and attributes
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")  # the dates of W3C "Date and Time Formats"
# "EPUB Accessibility 1.1", 2.2, with the terms of schema.org.
_ACCESSIBILITY = (
    ("accessMode", "textual"),
    ("accessMode", "auditory"),
    ("accessModeSufficient", "textual"),
    ("accessModeSufficient", "auditory"),
    ("accessibilityFeature", "synchronizedAudioText"),
    ("accessibilityFeature", "tableOfContents"),
    ("accessibilityFeature", "structuralNavigation"),
    ("accessibilityFeature", "displayTransformability"),
    ("accessibilityHazard", "none"),
)


@dataclass(frozen=True)
class Overlay:
    """A media overlay: when the sentences of a page are spoken.

    Attributes:
        smil: the SMIL document.
        length_ms: its duration in milliseconds.
    """

    smil: str
    length_ms: int


@dataclass(frozen=True)
class Page:
    """A page, in reading order.

    Attributes:
        name: of its files, without suffix.
        title: its entry in the table of contents.
        level: depth of that entry; deeper ones are nested in the entry before.
        xhtml: the page itself.
        overlay: None if nothing on the page is spoken.
    """

    name: str
    title: str
    level: int
    xhtml: str
    overlay: Overlay | None = None

    @property
    def href(self) -> str:
        return f"{self.name}.xhtml"


@dataclass(frozen=True)
class Publication:
    """The content of the EPUB.

    Attributes:
        language: a BCP 47 tag.
        modified: with a time zone.
        audio: the files that overlays refer to, by their names in the EPUB.
        cover: left out if EPUB does not support its type.
    """

    tags: Tags
    language: str
    modified: datetime
    pages: Sequence[Page]
    audio: Mapping[str, Path]
    cover: Cover | None


def write_epub(target: Path, publication: Publication) -> None:
    """Write the EPUB, which appears under its name when it is complete.

    Raises:
        InputError: it cannot be written, or an audio file cannot be read.
    """
    from ebooklib import epub

    book, written = _book(publication), io.BytesIO()
    modified = publication.modified.astimezone(timezone.utc)
    epub.write_epub(written, book, {**WRITER_OPTIONS, "mtime": modified})
    audio = {f"{book.FOLDER_NAME}/{name}": path for name, path in publication.audio.items()}
    with replacing(target) as part, zipfile.ZipFile(part, "w") as archive, zipfile.ZipFile(written) as source:
        for name in source.namelist():
            _add(archive, name, audio.get(name) or source.read(name))


def clock(milliseconds: int) -> str:
    """A SMIL clock value ("EPUB 3.3", 9.2.2.6 and SMIL 3.0 timing), such as 0:01:02.345."""
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandths:03d}"


def _add(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    """Add a file; sound, images and the type of the archive are stored uncompressed."""
    info = zipfile.ZipInfo(name, ZIP_TIME)
    info.create_system = 3  # Unix, on every platform
    info.external_attr = 0o644 << 16
    is_text = name.endswith((".xhtml", ".smil", ".css", ".opf", ".ncx", ".xml"))
    info.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
    if isinstance(content, Path):
        info.file_size = content.stat().st_size
        with content.open("rb") as source, archive.open(info, "w") as target:
            shutil.copyfileobj(source, target, COPIED_BYTES)
    else:
        archive.writestr(info, content)


def _book(publication: Publication) -> Any:
    """The `EpubBook` of a publication; its audio items are empty."""
    from ebooklib import epub

    book = epub.EpubBook()
    book.set_identifier(_identifier(publication))
    book.set_language(publication.language)
    book.title = _title(publication)
    for element, value, attributes in (*_book_metadata(publication), *_speech_metadata(publication)):
        book.add_metadata(None if element == "meta" else "DC", element, xml_characters(value), attributes)
    navigation = epub.EpubNav(title=book.title)
    navigation.add_link(href=STYLESHEET, rel="stylesheet", type="text/css")
    style = epub.EpubItem("style", STYLESHEET, "text/css", STYLE)
    pages = [item for page in publication.pages for item in _page_items(page)]
    for item in (navigation, epub.EpubNcx(), style, *_cover_items(publication.cover), *pages):
        book.add_item(item)
    for name, path in publication.audio.items():
        book.add_item(epub.EpubItem(Path(name).stem, name, AUDIO_TYPES[path.suffix.lower()]))
    book.spine = [page.name for page in publication.pages]
    book.toc = _contents(publication.pages)
    return book


def _page_items(page: Page) -> Iterator[Any]:
    from ebooklib import epub

    item = epub.EpubItem(page.name, page.href, "application/xhtml+xml", page.xhtml)
    yield item
    if page.overlay is not None:
        item.media_overlay = _overlay_id(page)
        yield epub.EpubSMIL(item.media_overlay, f"{page.name}.smil", page.overlay.smil)


def _cover_items(cover: Cover | None) -> Iterator[Any]:
    from ebooklib import epub

    if cover is not None and cover.media_type in COVER_SUFFIXES:
        item = epub.EpubCover("cover", f"cover.{COVER_SUFFIXES[cover.media_type]}")
        item.media_type, item.content = cover.media_type, cover.data
        yield item


def _contents(pages: Sequence[Page]) -> list[Any]:
    """The table of contents as ebooklib takes it: a link, or a link and the entries nested in it."""
    from ebooklib import epub

    entries: list[Any] = []
    first = 0
    while first < len(pages):
        page = pages[first]
        last = first + 1
        while last < len(pages) and pages[last].level > page.level:
            last += 1
        link = epub.Link(page.href, xml_characters(page.title).strip() or "…", f"entry-{page.name}")
        entries.append((link, _contents(pages[first + 1 : last])) if last > first + 1 else link)
        first = last
    return entries


def _book_metadata(publication: Publication) -> MetadataElements:
    metadata, language = publication.tags.book, {XML_LANGUAGE: publication.language}
    yield "title", _title(publication), {"id": "title", **language}
    yield "meta", "main", {"refines": "#title", "property": "title-type"}
    if metadata.subtitle:
        yield "title", metadata.subtitle, {"id": "subtitle", **language}
        yield "meta", "subtitle", {"refines": "#subtitle", "property": "title-type"}
    for number, author in enumerate(metadata.authors, start=1):
        yield from _person("creator", f"author{number}", author, "aut")
    yield from _person("contributor", "narrator", publication.tags.narrator, "nrt")
    if metadata.publisher:
        yield "publisher", metadata.publisher, {}
    if _DATE.fullmatch(metadata.date):
        yield "date", metadata.date, {}
    if metadata.description:
        yield "description", metadata.description, language
    yield from (("source", identifier, {}) for identifier in metadata.identifiers)
    if metadata.series:
        yield "meta", metadata.series, {"property": "belongs-to-collection", "id": "series"}
        yield "meta", "series", {"refines": "#series", "property": "collection-type"}
        if metadata.series_position:
            yield "meta", metadata.series_position, {"refines": "#series", "property": "group-position"}


def _title(publication: Publication) -> str:
    return xml_characters(publication.tags.book.title) or "Untitled"


def _person(element: str, id: str, name: str, role: str) -> MetadataElements:
    """A person and their role as a MARC relator code."""
    yield element, name, {"id": id}
    yield "meta", role, {"refines": f"#{id}", "property": "role", "scheme": "marc:relators"}


def _speech_metadata(publication: Publication) -> MetadataElements:
    """The metadata of media overlays and of accessibility."""
    yield "meta", publication.tags.narrator, {"property": "media:narrator"}
    yield "meta", ACTIVE_CLASS, {"property": "media:active-class"}
    lengths = {_overlay_id(page): page.overlay.length_ms for page in publication.pages if page.overlay is not None}
    yield "meta", clock(sum(lengths.values())), {"property": "media:duration"}
    for id, length_ms in lengths.items():
        yield "meta", clock(length_ms), {"property": "media:duration", "refines": f"#{id}"}
    for name, value in _ACCESSIBILITY:
        yield "meta", value, {"property": f"schema:{name}"}
    yield "meta", f"{SUMMARY} {publication.tags.comment}", {"property": "schema:accessibilitySummary"}


def _overlay_id(page: Page) -> str:
    return f"{page.name}-overlay"


def _identifier(publication: Publication) -> str:
    """An identifier that depends only on the book and its narrator."""
    metadata = publication.tags.book
    name = "\0".join(
        (metadata.title, *metadata.authors, *metadata.identifiers, publication.language, publication.tags.narrator)
    )
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, name)}"
