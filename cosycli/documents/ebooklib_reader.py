"""Reads the package level of an EPUB with ebooklib, from an untrusted archive: package document, navigation and NCX.

ebooklib 0.20 reads metadata, manifest, spine, guide and table of contents, from copies of the documents that are
prepared here and in `navigation`. What it cannot do with the files as they are stays ours, each shown by a file of the
corpus:

- Files are read when needed, within limits. ebooklib reads every file of the manifest, and ends in KeyError if one is
  missing: idpf-kusamakura, opf-manifest-item-resource-missing, ocf-url-leaking-in-opf.
- The first package document counts (EPUB 3.3, section 4.2.6.3.1). ebooklib takes the last: w3c-ocf-package_multiple.
- Missing parts and attributes are added. ebooklib ends in TypeError: opf-spine-missing, epubreader-invalid-manifest.
  For an NCX without entries its table of contents is no list: epubreader-xml11.
- White space is collapsed, which ebooklib keeps: w3c-pkg-meta-whitespace (title), idpf-childrens-literature (entries).
- Links are resolved. ebooklib keeps the escapes in links of the navigation document: url-percent-encoded.
- Fallbacks are kept, which ebooklib drops: w3c-pub-foreign_json-spine.
- Landmarks are read, which ebooklib does not know: se-meditations.

The documents with text do not pass through ebooklib. It is under AGPL-3.0; no other module that reads imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from ebooklib.epub import NAMESPACES, EpubNav, EpubReader
from lxml import etree

from cosycli.documents.archive import MAX_ENTRIES, Archive, UnreadableEntryError
from cosycli.documents.navigation import LinkTarget, prepare_nav, prepare_ncx, read_landmarks, resolve, toc_entries
from cosycli.documents.parsing import ParsedDocument, parse_xhtml, parse_xml
from cosycli.documents.plain_text import to_nfc
from cosycli.documents.semantics import attribute, local_name
from cosycli.errors import InputError

OPF, DC = NAMESPACES["OPF"], NAMESPACES["DC"]
CONTAINER = "META-INF/container.xml"
PACKAGE_TYPE = "application/oebps-package+xml"
XHTML_TYPE = "application/xhtml+xml"
NCX_TYPE = "application/x-dtbncx+xml"
UNKNOWN_TYPE = "application/octet-stream"
_DUBLIN_CORE = frozenset(
    {"title", "creator", "contributor", "language", "publisher", "date", "description", "identifier"}
)
_METADATA_ATTRIBUTES = ("id", "refines", "property", "name", "content", "role", "event")
MAX_SPINE = 20_000  # documents; a web novel has some thousand chapters
MAX_METADATA = 2_000  # elements; further ones are ignored; the most in the corpus is 68

Parse = Callable[[str, Callable[[bytes, str], ParsedDocument]], ParsedDocument | None]


class PackageReader(EpubReader):  # type: ignore[misc]
    """An `EpubReader` that reads from an `Archive`: `load` returns an `EpubBook`.

    Items of the book have no content, but all have `properties` and `fallback`. Paths start at the container's root.

    Args:
        parse: parses a file of the archive with a parser, or returns None if the file cannot be read.

    Attributes:
        landmarks: kind of text at each landmark of the navigation document.
        warnings: repairs of the package document.
    """

    def __init__(self, archive: Archive, parse: Parse) -> None:
        super().__init__(str(archive.path))
        self.archive = archive
        self.parse = parse
        self.landmarks: dict[LinkTarget, str] = {}
        self.warnings: list[str] = []

    @property
    def navigation(self) -> Any:
        """The `EpubNav` of the book, or None."""
        return next((item for item in self.book.items if isinstance(item, EpubNav)), None)

    @property
    def ncx(self) -> Any:
        """The item of the NCX, or None."""
        return self.book.get_item_with_id(self.container.find(f"{{{OPF}}}spine").get("toc"))

    def read_file(self, name: str) -> bytes:
        """Return nothing: files stay in the archive until they are needed."""
        return b""

    def _load(self) -> None:
        self._load_container()
        self._load_opf_file()

    def _load_container(self) -> None:
        """Find the first package document that the container lists.

        Raises:
            InputError: the container is missing, is not XML, or lists no package document.
        """
        try:
            root = parse_xml(self.archive.read(CONTAINER), CONTAINER).root
        except UnreadableEntryError:
            raise InputError(
                f"{self.archive.path} is not an EPUB: it has no {CONTAINER}.",
                "Check that it is a book, or download it again.",
            ) from None
        packages = (
            element.get("full-path") or ""
            for element in root.iter("*")
            if local_name(element) == "rootfile" and element.get("media-type", PACKAGE_TYPE) == PACKAGE_TYPE
        )
        if target := next(filter(None, (resolve("", package) for package in packages)), None):
            self.opf_file = target.path
            return
        raise InputError(f"{self.archive.path}: {CONTAINER} names no package document.", "Download or export it again.")

    def _load_opf_file(self) -> None:
        """Read the package document, then the table of contents in the navigation document or else in the NCX.

        Raises:
            InputError: the package document is missing, is not XML, or lists too many files.
        """
        try:
            parsed = parse_xml(self.archive.read(self.opf_file), self.opf_file)
        except UnreadableEntryError:
            raise InputError(
                f"{self.archive.path} has no readable package document: {self.opf_file!r} is missing or damaged.",
                "Download or export it again.",
            ) from None
        self.warnings += (f"{self.opf_file}: {warning}" for warning in parsed.warnings)
        self.container = etree.ElementTree(_prepare_package(parsed.root, self.opf_file))
        self._load_metadata()
        self._load_manifest()
        self._load_spine()
        self._load_guide()
        if self.navigation:
            self._load_navigation()
            if self.ncx and not any(entry.target for entry in toc_entries(self.book.toc)):
                self._parse_ncx(b"")

    def _load_manifest(self) -> None:
        super()._load_manifest()
        for item, element in zip(self.book.items, self.container.find(f"{{{OPF}}}manifest"), strict=True):
            item.properties = element.get("properties", "").split()
            item.fallback = element.get("fallback", "")

    def _load_navigation(self) -> None:
        path = self.navigation.file_name
        parsed = self.parse(path, parse_xhtml)
        if parsed is None:
            return
        self.landmarks = read_landmarks(parsed.root, path)
        if nav := prepare_nav(parsed.root, path):
            self._parse_nav(nav, "")

    def _parse_ncx(self, data: bytes) -> None:
        """Read the NCX of the book; `data` is empty, as from `read_file`."""
        parsed = self.parse(self.ncx.file_name, parse_xml)
        if parsed and (ncx := prepare_ncx(parsed.root, self.ncx.file_name)):
            super()._parse_ncx(ncx)


def _prepare_package(root: etree._Element, path: str) -> etree._Element:
    """Copy a package document to the form that ebooklib requires: every part, every namespace, links from the root.

    Raises:
        InputError: it lists too many files.
    """
    parts = {local_name(part): part for part in reversed(root) if local_name(part)}
    package = etree.Element(f"{{{OPF}}}package", nsmap={None: OPF, "dc": DC})
    _copy_metadata(parts.get("metadata", ()), package)
    manifest = _copy_manifest(parts.get("manifest", ()), package, path)
    _copy_spine(parts.get("spine"), package, manifest)
    guide = etree.SubElement(package, f"{{{OPF}}}guide")
    for element, link in _linked(parts.get("guide", ()), path):
        etree.SubElement(guide, f"{{{OPF}}}reference", type=element.get("type") or "", href=link)
    return package


def _copy_metadata(part: Iterable[etree._Element], package: etree._Element) -> None:
    metadata = etree.SubElement(package, f"{{{OPF}}}metadata")
    for element in islice(_flattened(part), MAX_METADATA):
        name = local_name(element)
        if name == "meta" or name in _DUBLIN_CORE:
            attributes = {key: value for key in _METADATA_ATTRIBUTES if (value := attribute(element, key))}
            copy = etree.SubElement(metadata, f"{{{OPF if name == 'meta' else DC}}}{name}", attributes)
            copy.text = to_nfc(" ".join("".join(element.itertext()).split()))


def _flattened(part: Iterable[etree._Element]) -> Iterator[etree._Element]:
    """Yield the metadata elements; OPF 1 and some OPF 2 files nest them in dc-metadata and x-metadata."""
    for element in part:
        if local_name(element) in ("dc-metadata", "x-metadata"):
            yield from element
        else:
            yield element


def _copy_manifest(part: Collection[etree._Element], package: etree._Element, path: str) -> etree._Element:
    if len(part) > MAX_ENTRIES:
        raise InputError(f"{path} lists more than {MAX_ENTRIES} files.", "Split the book into volumes.")
    manifest = etree.SubElement(package, f"{{{OPF}}}manifest")
    for element, link in _linked(part, path):
        if local_name(element) == "item" and element.get("id"):
            item = etree.SubElement(manifest, f"{{{OPF}}}item", id=element.get("id"), href=link)
            properties = (element.get("properties") or "").lower().split()
            media_type = (element.get("media-type") or "").strip().lower()
            item.set("media-type", XHTML_TYPE if "nav" in properties else media_type or UNKNOWN_TYPE)
            # ebooklib would give an item with the property "cover", which EPUB does not have, another id and path.
            item.set("properties", " ".join(word for word in properties if word != "cover"))
            item.set("fallback", element.get("fallback") or "")
    return manifest


def _copy_spine(part: etree._Element | None, package: etree._Element, manifest: etree._Element) -> None:
    """Copy the reading order, with the NCX that it names, or else the first one in the manifest."""
    references = [element for element in part if local_name(element) == "itemref"] if part is not None else []
    if len(references) > MAX_SPINE:
        raise InputError(f"The book lists more than {MAX_SPINE} documents to read.", "Split it into volumes.")
    spine = etree.SubElement(package, f"{{{OPF}}}spine")
    for reference in references:
        linear = (reference.get("linear") or "yes").strip().lower()
        etree.SubElement(spine, f"{{{OPF}}}itemref", idref=reference.get("idref") or "", linear=linear)
    named = (part.get("toc") or "") if part is not None else ""
    is_listed = any(item.get("id") == named for item in manifest)
    ncx = next((item.get("id") for item in manifest if item.get("media-type") == NCX_TYPE), "")
    spine.set("toc", named if is_listed else ncx)


def _linked(part: Iterable[etree._Element], path: str) -> Iterator[tuple[etree._Element, str]]:
    """Yield the elements with a link into the container, and the link from its root."""
    for element in part:
        if target := resolve(path, element.get("href") or ""):
            yield element, target.link
