"""Reads the package level of an EPUB: its files, their reading order, its table of contents and its metadata.

`ebooklib_reader` reads the package document (EPUB 3.3, section 5; OPF 2.0.1), this module converts it to values.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from lxml import etree

from cosycli.documents.archive import Archive
from cosycli.documents.book import Metadata
from cosycli.documents.ebooklib_reader import DC, OPF, UNKNOWN_TYPE, PackageReader, Parse
from cosycli.documents.element_kinds import type_kind
from cosycli.documents.navigation import LinkTarget, TocEntry, resolve, toc_entries
from cosycli.documents.parsing import parse_xml
from cosycli.documents.semantics import local_name
from cosycli.errors import InputError

ENCRYPTION = "META-INF/encryption.xml"
MAX_TOC_ENTRIES = 20_000
_TEXT_TYPES = frozenset(
    {"application/xhtml+xml", "text/html", "image/svg+xml", "application/x-dtbook+xml", "text/x-oeb1-document"}
)
_TEXT_NAMES = (".xhtml", ".html", ".htm", ".xht")
# Obfuscation keeps fonts from being copied; the text stays readable.
_FONT_OBFUSCATION = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
_TAG = re.compile(r"<[^<>]{0,200}>")


@dataclass(frozen=True)
class ManifestItem:
    """A file of the book, as the manifest lists it."""

    id: str
    path: str
    media_type: str = ""
    properties: frozenset[str] = frozenset()
    fallback: str = ""

    @property
    def is_text(self) -> bool:
        return self.media_type in _TEXT_TYPES or self.path.lower().endswith(_TEXT_NAMES)


@dataclass(frozen=True)
class SpineItem:
    """A document in reading order: links lead to `path`, text is read from `item` (the file or a fallback)."""

    path: str
    item: ManifestItem
    is_linear: bool


@dataclass(frozen=True)
class Package:
    """The package level of an EPUB.

    Attributes:
        items: the files in the manifest, by their ids.
        navigation: the navigation document of EPUB 3.
        cover: the item of the cover image, or of a page that shows it.
        cover_page: path of the cover in the guide of EPUB 2, or "".
        contents: the table of contents.
        landmarks: kind of text at each place in the landmarks or the guide.
        warnings: repairs, and spine entries that cannot be read.
    """

    metadata: Metadata
    items: Mapping[str, ManifestItem]
    spine: tuple[SpineItem, ...]
    navigation: ManifestItem | None
    cover: ManifestItem | None
    cover_page: str
    contents: tuple[TocEntry, ...]
    landmarks: Mapping[LinkTarget, str]
    warnings: tuple[str, ...]


def read_package(archive: Archive, parse: Parse) -> Package:
    """Read the first package document of the container, and the table of contents that it names.

    Args:
        parse: parses a file of the archive with a parser, or returns None if the file cannot be read.

    Raises:
        InputError: the container or the package is missing or is not XML, or the reading order is empty.
    """
    reader = PackageReader(archive, parse)
    book = reader.load()
    items: dict[str, ManifestItem] = {}
    for item in map(_manifest_item, book.items):
        items.setdefault(item.id, item)
    warnings = list(reader.warnings)
    spine = tuple(_read_spine(book.spine, items, warnings))
    if not spine:
        raise InputError(
            f"{archive.path} has no documents in its reading order.", "Open it in an editor such as Sigil."
        )
    elements = _MetadataElements(book.metadata)
    guide = [(entry["type"].strip().lower(), target) for entry in book.guide if (target := resolve("", entry["href"]))]
    kinds = {target: kind for type_, target in guide if (kind := type_kind([type_]))}
    return Package(
        metadata=_read_metadata(elements),
        items=items,
        spine=spine,
        navigation=items[reader.navigation.id] if reader.navigation else None,
        cover=_find_cover(elements, items),
        cover_page=next((target.path for type_, target in guide if type_ == "cover"), ""),
        contents=tuple(islice(toc_entries(book.toc), MAX_TOC_ENTRIES)),
        landmarks=kinds | reader.landmarks,
        warnings=tuple(warnings),
    )


def encrypted_paths(archive: Archive) -> frozenset[str]:
    """Return the paths of the files that are encrypted.

    Raises:
        InputError: encryption.xml is not XML or cannot be unpacked.
    """
    if ENCRYPTION not in archive:
        return frozenset()
    root = parse_xml(archive.read(ENCRYPTION), ENCRYPTION).root
    paths = (_encrypted_path(element) for element in root.iter("*") if local_name(element) == "encrypteddata")
    return frozenset(path for path in paths if path)


def _encrypted_path(data: etree._Element) -> str:
    methods = [element.get("Algorithm") for element in data.iter("*") if local_name(element) == "encryptionmethod"]
    if methods and methods[0] in _FONT_OBFUSCATION:
        return ""
    names = (element.get("URI") for element in data.iter("*") if local_name(element) == "cipherreference")
    target = resolve("", next((name for name in names if name), ""))
    return target.path if target else ""


def _manifest_item(item: Any) -> ManifestItem:
    media_type = "" if item.media_type == UNKNOWN_TYPE else item.media_type
    return ManifestItem(item.id, item.file_name, media_type, frozenset(item.properties), item.fallback)


def _read_spine(
    spine: Sequence[tuple[str, str]], items: Mapping[str, ManifestItem], warnings: list[str]
) -> Iterator[SpineItem]:
    for item_id, linear in spine:
        listed = items.get(item_id)
        item = _readable(listed, items)
        if listed is None:
            warnings.append(f"the reading order refers to {item_id!r}, which the manifest does not list")
        elif item is None:
            warnings.append(f"{listed.path} has the type {listed.media_type or 'unknown'}, which is not read")
        else:
            yield SpineItem(listed.path, item, linear != "no")


def _readable(item: ManifestItem | None, items: Mapping[str, ManifestItem]) -> ManifestItem | None:
    """Return the item, or the first of its fallbacks that is a text document (EPUB 3.3, section 3.5.1)."""
    seen: set[str] = set()
    while item is not None and not item.is_text and item.id not in seen:
        seen.add(item.id)
        item = items.get(item.fallback)
    return item if item is not None and item.is_text else None


def _find_cover(elements: _MetadataElements, items: Mapping[str, ManifestItem]) -> ManifestItem | None:
    """Return the item of the cover, by its property (EPUB 3) or by a meta element (a convention of EPUB 2)."""
    marked = next((item for item in items.values() if "cover-image" in item.properties), None)
    return marked or next((items[item_id] for item_id in elements.named("cover") if item_id in items), None)


def _read_metadata(elements: _MetadataElements) -> Metadata:
    """Return the metadata: EPUB 3.3, section 5.5, and OPF 2.0.1, section 2.2."""
    series, position = elements.series()
    return Metadata(
        title=elements.title("main") or elements.first("title"),
        subtitle=elements.title("subtitle"),
        authors=tuple(text for text, attributes in elements.all("creator") if elements.is_author(attributes)),
        narrator=", ".join(text for text, attributes in elements.people() if "nrt" in elements.roles(attributes)),
        language=elements.first("language"),
        series=series,
        series_position=position,
        publisher=elements.first("publisher"),
        date=elements.publication_date(),
        description=" ".join(_TAG.sub(" ", elements.first("description")).split()),
        identifiers=tuple(text for text, _ in elements.all("identifier")),
    )


MetadataElement = tuple[str, Mapping[str, str]]  # text and attributes


class _MetadataElements:
    """The metadata elements of an `EpubBook`, by namespace and name, and their refinements."""

    def __init__(self, metadata: Mapping[str, Mapping[str | None, Sequence[MetadataElement]]]) -> None:
        self._dublin_core = metadata[DC]
        self._metas = list(chain.from_iterable(metadata[OPF].values()))
        self._refinements: dict[tuple[str, str], list[str]] = defaultdict(list)
        for text, attributes in self._metas:
            if refined := attributes.get("refines"):
                self._refinements[refined.strip().lstrip("#"), attributes.get("property", "").strip()].append(text)

    def all(self, name: str) -> list[MetadataElement]:
        """Return the Dublin Core elements of this name that have text."""
        return [element for element in self._dublin_core.get(name, ()) if element[0]]

    def first(self, name: str) -> str:
        return next((text for text, _ in self.all(name)), "")

    def title(self, title_type: str) -> str:
        titles = self.all("title")
        return next((text for text, attributes in titles if title_type in self.refined(attributes, "title-type")), "")

    def people(self) -> list[MetadataElement]:
        return [*self.all("creator"), *self.all("contributor")]

    def named(self, name: str) -> list[str]:
        """Return the contents of the `meta` elements of this name (EPUB 2)."""
        return [meta.get("content", "").strip() for _, meta in self._metas if meta.get("name") == name]

    def refined(self, attributes: Mapping[str, str], name: str) -> list[str]:
        return self._refinements.get((attributes.get("id", ""), name), [])

    def roles(self, attributes: Mapping[str, str]) -> list[str]:
        """Return the MARC relator codes of a person."""
        roles = [*self.refined(attributes, "role"), attributes.get("role", "")]
        return [role.strip().lower() for role in roles if role]

    def is_author(self, attributes: Mapping[str, str]) -> bool:
        roles = self.roles(attributes)
        return not roles or "aut" in roles

    def publication_date(self) -> str:
        dates = ((attributes.get("event", ""), text) for text, attributes in self.all("date"))
        return next((text for event, text in dates if event in ("", "publication", "original-publication")), "")

    def series(self) -> tuple[str, str]:
        """Return the name of the series and the position in it, as written by EPUB 3 or calibre."""
        for text, attributes in self._metas:
            is_collection = attributes.get("property") == "belongs-to-collection"
            if is_collection and self.refined(attributes, "collection-type") in ([], ["series"]):
                return text, next(iter(self.refined(attributes, "group-position")), "")
        name, position = (next(iter(self.named(f"calibre:{key}")), "") for key in ("series", "series_index"))
        return name, position
