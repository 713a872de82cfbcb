"""Reads EPUB 2 and 3 as a Book.

Each level has its module: archive (ZIP), package (files and reading order), navigation (contents), xhtml (text of a
document), sections and chapters (division into chapters).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from cosycli.documents.accounting import Account, count_source
from cosycli.documents.archive import Archive, UnreadableEntryError
from cosycli.documents.book import Book, Cover
from cosycli.documents.chapters import assemble_chapters
from cosycli.documents.gutenberg import without_licence
from cosycli.documents.navigation import resolve
from cosycli.documents.package import ManifestItem, Package, SpineItem, encrypted_paths, read_package
from cosycli.documents.parsing import ParsedDocument, parse_xhtml
from cosycli.documents.reading_policy import ReadingPolicy, reason_for
from cosycli.documents.sections import divide_into_sections
from cosycli.documents.semantics import attribute, local_name
from cosycli.documents.xhtml import ReadDocument, read_document
from cosycli.errors import InputError

MAX_TAGS = 1_500_000  # in all documents; the largest book of the corpus has 23,000
MAX_TEXT_BYTES = 64 * 1024 * 1024  # of all documents, unpacked; the Bible in English has 4.5 MB
MAX_COVER_BYTES = 24 * 1024 * 1024  # the largest of the corpus has 0.7 MB
LEXICON_TYPE = "application/pls+xml"
_PICTURE_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
}


def read_epub(path: Path, policy: ReadingPolicy) -> Book:
    """Read an EPUB file.

    `num_characters` counts the documents in reading order, except the navigation document and those with
    `linear="no"`: unless the policy reads them, they are listed as left out with 0 characters.

    Raises:
        InputError: the file is not an EPUB, is protected, contains no text, or exceeds a size limit.
    """
    with Archive(path) as archive:
        return _EpubReader(archive, policy).read()


class _EpubReader:
    def __init__(self, archive: Archive, policy: ReadingPolicy) -> None:
        self.archive = archive
        self.policy = policy
        self.account = Account()
        self.warnings: list[str] = []
        self.num_characters = self.notes_count = self.num_bytes = self.num_tags = 0
        self.package = read_package(archive, self.parse)
        self.warnings = [*self.package.warnings, *self.warnings]

    def read(self) -> Book:
        package = self.package
        self.refuse_if_protected()
        documents = list(self.read_documents())
        if not documents:
            raise InputError(
                f"None of the documents in {self.archive.path} can be read.",
                f"{self.warnings[-1]}. Download or export it again." if self.warnings else "",
            )
        if not self.policy.reads("licence"):
            documents, _ = without_licence(documents)
        sections = divide_into_sections(documents, package.contents)
        title = package.metadata.title or self.archive.path.stem
        chapters = assemble_chapters(sections, package.landmarks, title, self.policy, self.account)
        cover = _read_cover(self.archive, package, self.warnings)
        pronunciations = tuple(self.read_lexicons())
        return Book(
            metadata=package.metadata,
            chapters=chapters,
            num_characters=self.num_characters,
            left_out=self.account.left_out,
            notes_count=self.notes_count,
            cover=cover,
            pronunciations=pronunciations,
            warnings=(*self.archive.warnings, *self.warnings),
        )

    def refuse_if_protected(self) -> None:
        encrypted = encrypted_paths(self.archive)
        locked = [item.path for item in self.package.spine if item.item.path in encrypted]
        if locked:
            raise InputError(
                f"{self.archive.path} is protected (DRM): {locked[0]!r} is encrypted.",
                "Only the program of its shop can read it. Give a copy without protection.",
            )

    def read_documents(self) -> Iterator[ReadDocument]:
        """Yield the documents with text of the book, in reading order."""
        navigation = self.package.navigation
        for spine_item in self.package.spine:
            kind = "non-linear" if not spine_item.is_linear else "contents" if spine_item.item == navigation else None
            if kind and not self.policy.reads(kind):
                self.account.leave_out(kind, reason_for(kind), 0, title=spine_item.path)
            elif parsed := self.parse(spine_item.item.path, parse_xhtml):
                yield self.read_one(spine_item, parsed)

    def read_one(self, spine_item: SpineItem, parsed: ParsedDocument) -> ReadDocument:
        count = count_source(parsed.root, with_alt_text=self.policy.reads("alt-text"))
        self.num_characters += count.characters
        self.notes_count += count.note_references
        return read_document(parsed.root, spine_item.path, self.policy, self.package.metadata.language)

    def parse(self, path: str, parser: Callable[[bytes, str], ParsedDocument]) -> ParsedDocument | None:
        """Parse a file of the book; return None, with a warning, if it cannot be read."""
        try:
            data = self.archive.read(path)
        except UnreadableEntryError:
            self.warnings.append(f"{path} is missing or damaged and was not read")
            return None
        self.num_bytes += len(data)
        self.num_tags += data.count(b"<")
        if self.num_bytes > MAX_TEXT_BYTES or self.num_tags > MAX_TAGS:
            raise InputError(
                f"{self.archive.path} contains more than {MAX_TEXT_BYTES >> 20} MB of text or {MAX_TAGS} tags.",
                "Split it into volumes.",
            )
        try:
            parsed = parser(data, path)
        except InputError as error:
            self.warnings.append(f"{path} was not read: {error.what}")
            return None
        self.warnings += (f"{path}: {warning}" for warning in parsed.warnings)
        return parsed

    def read_lexicons(self) -> Iterator[bytes]:
        """Yield the PLS lexicons, the first of the manifest last, where it overrides the others."""
        for item in reversed(list(self.package.items.values())):
            if item.media_type == LEXICON_TYPE:
                try:
                    yield self.archive.read(item.path)
                except UnreadableEntryError:
                    self.warnings.append(f"the lexicon {item.path} is missing or damaged and was not read")


def _read_cover(archive: Archive, package: Package, warnings: list[str]) -> Cover | None:
    """Return the cover image or None, and add any problem to the warnings."""
    try:
        item = _cover_item(archive, package)
        if item is None:
            return None
        media_type = _media_type(item)
        if not media_type.startswith("image/"):
            return None
        return Cover(archive.read(item.path, MAX_COVER_BYTES), media_type, item.path)
    except UnreadableEntryError:
        warnings.append("the cover image is missing or damaged")
    except InputError as error:
        warnings.append(f"the cover image was not read: {error.what}")
    return None


def _cover_item(archive: Archive, package: Package) -> ManifestItem | None:
    item = package.cover
    if item and (not item.is_text or item.media_type == "image/svg+xml"):
        return item
    page = item.path if item else package.cover_page
    if not page:
        return None
    path = page if _suffix(page) in _PICTURE_TYPES else _first_picture(parse_xhtml(archive.read(page), page).root, page)
    listed = (item for item in package.items.values() if item.path == path)
    return next(listed, ManifestItem("", path) if path else None)


def _first_picture(root: etree._Element, page: str) -> str:
    """Return the path of the first image on a page, in `img` or in `image` of an SVG, or ""."""
    for element in root.iter("*"):
        if local_name(element) in ("img", "image"):
            target = resolve(page, attribute(element, "src") or attribute(element, "href"))
            if target:
                return target.path
    return ""


def _media_type(item: ManifestItem) -> str:
    return item.media_type if item.media_type.startswith("image/") else _PICTURE_TYPES.get(_suffix(item.path), "")


def _suffix(path: str) -> str:
    return path.rpartition(".")[2].lower()
