"""The parts of an EPUB 3 zipped with their package document (W3C, "EPUB 3.3").

Equal parts give equal bytes: times in the archive are fixed, and the time of modification is the caller's.
"""

from __future__ import annotations

import re
import shutil
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from cosycli.folders import replacing
from cosycli.publish.chapter_page import attribute, text
from cosycli.publish.tags import Tags

__all__ = ["ACTIVE_CLASS", "Item", "Package", "clock", "write_package"]

ACTIVE_CLASS = "-epub-media-overlay-active"
FOLDER = "EPUB"
CONTAINER = f"""<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="{FOLDER}/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
SUMMARY = "Every sentence that is spoken is synchronized with its text."
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP archive can say
COPIED_BYTES = 1 << 20
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")  # W3C "Date and Time Formats", as far as dates go
# "EPUB Accessibility 1.1", 2.2, in the words of schema.org.
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
class Item:
    """A file of the publication.

    Attributes:
        content: its text or bytes, or the file to copy them from.
        properties: as in the manifest: `nav`, `cover-image`.
        overlay: the id of the item that says when its words are spoken.
        overlay_ms: how long an overlay lasts, in milliseconds; None for other items.
        is_page: whether it stands in the reading order, which is the order of the items.
    """

    id: str
    href: str
    media_type: str
    content: str | bytes | Path
    properties: str = ""
    overlay: str = ""
    overlay_ms: int | None = None
    is_page: bool = False


@dataclass(frozen=True)
class Package:
    """A publication: what is said about it, and its items.

    Attributes:
        language: a BCP 47 tag.
        modified: with a time zone.
    """

    tags: Tags
    language: str
    modified: datetime
    items: Sequence[Item]


def write_package(target: Path, package: Package) -> None:
    """Write the EPUB, which appears under its name when it is complete.

    Raises:
        InputError: it cannot be written, or a file to copy cannot be read.
    """
    with replacing(target) as part, zipfile.ZipFile(part, "w", allowZip64=True) as archive:
        _add(archive, "mimetype", "application/epub+zip", is_packed=False)
        _add(archive, "META-INF/container.xml", CONTAINER)
        _add(archive, f"{FOLDER}/package.opf", _package_document(package))
        for item in package.items:
            is_packed = not item.media_type.startswith(("audio/", "image/"))
            _add(archive, f"{FOLDER}/{item.href}", item.content, is_packed)


def clock(milliseconds: int) -> str:
    """A SMIL clock value ("EPUB 3.3", 9.2.2.6 and SMIL 3.0 timing), such as 0:01:02.345."""
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{thousandths:03d}"


def _add(archive: zipfile.ZipFile, name: str, content: str | bytes | Path, is_packed: bool = True) -> None:
    info = zipfile.ZipInfo(name, ZIP_TIME)
    info.create_system = 3  # Unix, wherever it is made
    info.external_attr = 0o644 << 16
    info.compress_type = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
    if isinstance(content, Path):
        info.file_size = content.stat().st_size
        with content.open("rb") as source, archive.open(info, "w") as target:
            shutil.copyfileobj(source, target, COPIED_BYTES)
    else:
        archive.writestr(info, content)


def _package_document(package: Package) -> str:
    return "\n".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"'
            f" xml:lang={attribute(package.language)}>",
            '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">',
            *_book_metadata(package),
            *_speech_metadata(package),
            *(f'<meta property="schema:{name}">{value}</meta>' for name, value in _ACCESSIBILITY),
            f'<meta property="schema:accessibilitySummary">{SUMMARY} {text(package.tags.comment)}</meta>',
            "</metadata>",
            "<manifest>",
            *map(_manifest_item, package.items),
            "</manifest>",
            "<spine>",
            *(f'<itemref idref="{item.id}"/>' for item in package.items if item.is_page),
            "</spine>",
            "</package>",
            "",
        )
    )


def _book_metadata(package: Package) -> Iterator[str]:
    metadata = package.tags.book
    yield f'<dc:identifier id="id">{_identifier(package)}</dc:identifier>'
    yield f'<dc:title id="title">{text(metadata.title) or "Untitled"}</dc:title>'
    yield '<meta refines="#title" property="title-type">main</meta>'
    if metadata.subtitle:
        yield f'<dc:title id="subtitle">{text(metadata.subtitle)}</dc:title>'
        yield '<meta refines="#subtitle" property="title-type">subtitle</meta>'
    yield f"<dc:language>{text(package.language)}</dc:language>"
    for number, author in enumerate(metadata.authors, start=1):
        yield from _person("creator", f"author{number}", author, "aut")
    yield from _person("contributor", "narrator", package.tags.narrator, "nrt")
    if metadata.publisher:
        yield f"<dc:publisher>{text(metadata.publisher)}</dc:publisher>"
    if _DATE.fullmatch(metadata.date):
        yield f"<dc:date>{metadata.date}</dc:date>"
    if metadata.description:
        yield f"<dc:description>{text(metadata.description)}</dc:description>"
    yield from (f"<dc:source>{text(identifier)}</dc:source>" for identifier in metadata.identifiers)
    if metadata.series:
        yield f'<meta property="belongs-to-collection" id="series">{text(metadata.series)}</meta>'
        yield '<meta refines="#series" property="collection-type">series</meta>'
        if metadata.series_position:
            yield f'<meta refines="#series" property="group-position">{text(metadata.series_position)}</meta>'


def _person(element: str, id: str, name: str, role: str) -> Iterator[str]:
    """A person by MARC relator code."""
    yield f'<dc:{element} id="{id}">{text(name)}</dc:{element}>'
    yield f'<meta refines="#{id}" property="role" scheme="marc:relators">{role}</meta>'


def _speech_metadata(package: Package) -> Iterator[str]:
    modified = package.modified.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield f'<meta property="dcterms:modified">{modified}</meta>'
    yield f'<meta property="media:narrator">{text(package.tags.narrator)}</meta>'
    yield f'<meta property="media:active-class">{ACTIVE_CLASS}</meta>'
    lengths = {item.id: item.overlay_ms for item in package.items if item.overlay_ms is not None}
    yield f'<meta property="media:duration">{clock(sum(lengths.values()))}</meta>'
    for id, length_ms in lengths.items():
        yield f'<meta property="media:duration" refines="#{id}">{clock(length_ms)}</meta>'


def _identifier(package: Package) -> str:
    """The same for the same book spoken by the same narrator."""
    metadata = package.tags.book
    name = "\0".join(
        (metadata.title, *metadata.authors, *metadata.identifiers, package.language, package.tags.narrator)
    )
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, name)}"


def _manifest_item(item: Item) -> str:
    properties = f' properties="{item.properties}"' if item.properties else ""
    overlay = f' media-overlay="{item.overlay}"' if item.overlay else ""
    media_type = attribute(item.media_type)
    return f'<item id="{item.id}" href="{item.href}" media-type={media_type}{properties}{overlay}/>'
