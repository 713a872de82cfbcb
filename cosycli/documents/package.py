"""Reads the package document of an EPUB: its files, their reading order, and its metadata.

EPUB 3.3, sections 4.2.6.3 (container.xml, encryption.xml) and 5 (package document); OPF 2.0.1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from cosycli.documents.archive import MAX_ENTRIES, Archive, UnreadableEntryError
from cosycli.documents.book import Metadata
from cosycli.documents.navigation import LinkTarget, resolve
from cosycli.documents.parsing import parse_xml
from cosycli.documents.plain_text import to_nfc
from cosycli.documents.semantics import attribute, local_name
from cosycli.errors import InputError

__all__ = ["GuideEntry", "ManifestItem", "Package", "SpineItem", "encrypted_paths", "read_package"]

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
PACKAGE_TYPE = "application/oebps-package+xml"
MAX_ITEMS = 20_000  # of the spine; a web novel has some thousand chapters
_TEXT_TYPES = frozenset(
    {"application/xhtml+xml", "text/html", "image/svg+xml", "application/x-dtbook+xml", "text/x-oeb1-document"}
)
_TEXT_NAMES = (".xhtml", ".html", ".htm", ".xht")
# Obfuscation keeps fonts from being copied; the text stays readable.
_FONT_OBFUSCATION = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
MAX_METADATA = 2_000  # elements; further ones are ignored; the most in the corpus is 68
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
class GuideEntry:
    """The type that the OPF 2 guide gives a file: "cover", "toc", "title-page" …"""

    type: str
    target: LinkTarget


@dataclass(frozen=True)
class Package:
    """A package document; `ncx` (EPUB 2) and `navigation` (EPUB 3) contain the table of contents."""

    path: str
    metadata: Metadata
    items: Mapping[str, ManifestItem]
    spine: tuple[SpineItem, ...]
    navigation: ManifestItem | None
    ncx: ManifestItem | None
    cover_id: str
    guide: tuple[GuideEntry, ...]
    warnings: tuple[str, ...]


def read_package(archive: Archive) -> Package:
    """Read the first package document that the container lists.

    Raises:
        InputError: the container or the package is missing or is not XML, or the reading order is empty.
    """
    path = _package_path(archive)
    try:
        parsed = parse_xml(archive.read(path), path)
    except UnreadableEntryError:
        raise InputError(
            f"{archive.path} has no readable package document: {path!r} is missing or damaged.",
            "Download or export it again.",
        ) from None
    warnings = [f"{path}: {warning}" for warning in parsed.warnings]
    parts = {local_name(part): part for part in reversed(parsed.root) if local_name(part)}
    items = {item.id: item for item in reversed(list(_read_items(parts.get("manifest"), path)))}
    spine = tuple(_read_spine(parts.get("spine"), items, warnings))
    if not spine:
        raise InputError(
            f"{archive.path} has no documents in its reading order.", "Open it in an editor such as Sigil."
        )
    navigation = next((item for item in items.values() if "nav" in item.properties), None)
    return Package(
        path=path,
        metadata=_read_metadata(parsed.root),
        items=items,
        spine=spine,
        navigation=navigation,
        ncx=_find_ncx(parts.get("spine"), items),
        cover_id=_cover_id(parts.get("metadata"), items),
        guide=tuple(_read_guide(parts.get("guide"), path)),
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


def _package_path(archive: Archive) -> str:
    try:
        root = parse_xml(archive.read(CONTAINER), CONTAINER).root
    except UnreadableEntryError:
        raise InputError(
            f"{archive.path} is not an EPUB: it has no {CONTAINER}.", "Check that it is a book, or download it again."
        ) from None
    for element in root.iter("*"):
        if local_name(element) == "rootfile" and element.get("media-type", PACKAGE_TYPE) == PACKAGE_TYPE:
            target = resolve("", element.get("full-path") or "")
            if target:
                return target.path
    raise InputError(f"{archive.path}: {CONTAINER} names no package document.", "Download or export it again.")


def _read_items(manifest: etree._Element | None, base: str) -> Iterator[ManifestItem]:
    if manifest is not None and len(manifest) > MAX_ENTRIES:
        raise InputError(f"{base} lists more than {MAX_ENTRIES} files.", "Split the book into volumes.")
    for element in manifest if manifest is not None else ():
        target = resolve(base, element.get("href") or "")
        if local_name(element) == "item" and target and element.get("id"):
            media_type = (element.get("media-type") or "").strip().lower()
            properties = frozenset((element.get("properties") or "").lower().split())
            yield ManifestItem(element.get("id"), target.path, media_type, properties, element.get("fallback") or "")


def _read_spine(
    spine: etree._Element | None, items: Mapping[str, ManifestItem], warnings: list[str]
) -> Iterator[SpineItem]:
    references = [element for element in spine if local_name(element) == "itemref"] if spine is not None else []
    if len(references) > MAX_ITEMS:
        raise InputError(f"The book lists more than {MAX_ITEMS} documents to read.", "Split it into volumes.")
    for reference in references:
        listed = items.get(reference.get("idref") or "")
        item = _readable(listed, items)
        if listed is None:
            warnings.append(f"the reading order refers to {reference.get('idref')!r}, which the manifest does not list")
        elif item is None:
            warnings.append(f"{listed.path} has the type {listed.media_type or 'unknown'}, which is not read")
        else:
            yield SpineItem(listed.path, item, (reference.get("linear") or "yes").strip().lower() != "no")


def _readable(item: ManifestItem | None, items: Mapping[str, ManifestItem]) -> ManifestItem | None:
    """Return the item, or the first of its fallbacks that is a text document (EPUB 3.3, section 3.5.1)."""
    seen: set[str] = set()
    while item is not None and not item.is_text and item.id not in seen:
        seen.add(item.id)
        item = items.get(item.fallback)
    return item if item is not None and item.is_text else None


def _find_ncx(spine: etree._Element | None, items: Mapping[str, ManifestItem]) -> ManifestItem | None:
    named = items.get(spine.get("toc") or "") if spine is not None else None
    return named or next((item for item in items.values() if item.media_type == "application/x-dtbncx+xml"), None)


def _cover_id(metadata: etree._Element | None, items: Mapping[str, ManifestItem]) -> str:
    """Return the id of the cover image, by its property (EPUB 3) or by a meta element (a convention of EPUB 2)."""
    marked = next((item.id for item in items.values() if "cover-image" in item.properties), "")
    metas = metadata.iter("*") if metadata is not None else ()
    named = (meta.get("content") or "" for meta in metas if local_name(meta) == "meta" and meta.get("name") == "cover")
    return marked or next((name for name in named if name in items), "")


def _read_guide(guide: etree._Element | None, base: str) -> Iterator[GuideEntry]:
    for element in guide if guide is not None else ():
        target = resolve(base, element.get("href") or "")
        if target:
            yield GuideEntry((element.get("type") or "").strip().lower(), target)


def _encrypted_path(data: etree._Element) -> str:
    methods = [element.get("Algorithm") for element in data.iter("*") if local_name(element) == "encryptionmethod"]
    if methods and methods[0] in _FONT_OBFUSCATION:
        return ""
    names = (element.get("URI") for element in data.iter("*") if local_name(element) == "cipherreference")
    target = resolve("", next((name for name in names if name), ""))
    return target.path if target else ""


def _read_metadata(package: etree._Element) -> Metadata:
    """Return the metadata in the `package` element."""
    elements = [element for part in package if local_name(part) == "metadata" for element in _flat(part)]
    metadata = _MetadataElements(elements[:MAX_METADATA])
    titles = metadata.all("title")
    title = next((text for element, text in titles if "main" in metadata.refined(element, "title-type")), "")
    subtitles = [text for element, text in titles if "subtitle" in metadata.refined(element, "title-type")]
    series, position = metadata.series()
    return Metadata(
        title=title or next((text for _, text in titles), ""),
        subtitle=next(iter(subtitles), ""),
        authors=tuple(text for element, text in metadata.all("creator") if metadata.is_author(element)),
        narrator=", ".join(text for element, text in metadata.people() if "nrt" in metadata.roles(element)),
        language=next((text for _, text in metadata.all("language")), ""),
        series=series,
        series_position=position,
        publisher=next((text for _, text in metadata.all("publisher")), ""),
        date=metadata.publication_date(),
        description=" ".join(_TAG.sub(" ", next((text for _, text in metadata.all("description")), "")).split()),
        identifiers=tuple(text for _, text in metadata.all("identifier")),
    )


class _MetadataElements:
    """The metadata elements and their refinements."""

    def __init__(self, elements: list[etree._Element]) -> None:
        self._elements = elements
        self._refinements: dict[tuple[str, str], list[str]] = defaultdict(list)
        for element in elements:
            if local_name(element) == "meta" and element.get("refines"):
                key = (element.get("refines").strip().lstrip("#"), (element.get("property") or "").strip())
                self._refinements[key].append(_text(element))

    def all(self, name: str) -> list[tuple[etree._Element, str]]:
        """Return the Dublin Core elements of this name that have text."""
        found = ((element, _text(element)) for element in self._elements if local_name(element) == name)
        return [(element, text) for element, text in found if text]

    def people(self) -> list[tuple[etree._Element, str]]:
        return [*self.all("creator"), *self.all("contributor")]

    def refined(self, element: etree._Element, name: str) -> list[str]:
        return self._refinements.get((element.get("id") or "", name), [])

    def roles(self, element: etree._Element) -> list[str]:
        """Return the MARC relator codes of a person."""
        return [role.strip().lower() for role in [*self.refined(element, "role"), attribute(element, "role")] if role]

    def is_author(self, creator: etree._Element) -> bool:
        roles = self.roles(creator)
        return not roles or "aut" in roles

    def publication_date(self) -> str:
        dates = [(attribute(element, "event"), text) for element, text in self.all("date")]
        published = [text for event, text in dates if event in ("", "publication", "original-publication")]
        return next(iter(published), "")

    def series(self) -> tuple[str, str]:
        """Return the name of the series and the position in it, as written by EPUB 3 or calibre."""
        metas = [element for element in self._elements if local_name(element) == "meta"]
        for meta in metas:
            is_collection = meta.get("property") == "belongs-to-collection"
            if is_collection and self.refined(meta, "collection-type") in ([], ["series"]):
                return _text(meta), next(iter(self.refined(meta, "group-position")), "")
        named = {element.get("name"): (element.get("content") or "").strip() for element in metas}
        return named.get("calibre:series", ""), named.get("calibre:series_index", "")


def _flat(metadata: etree._Element) -> Iterator[etree._Element]:
    """Yield the metadata elements; OPF 1 and some OPF 2 files nest them in dc-metadata and x-metadata."""
    for element in metadata:
        if local_name(element) in ("dc-metadata", "x-metadata"):
            yield from element
        else:
            yield element


def _text(element: etree._Element) -> str:
    return to_nfc(" ".join("".join(element.itertext()).split()))
