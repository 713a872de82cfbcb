"""The cover picture of an EPUB: what the package calls so, or the picture on the page that the guide calls so."""

from __future__ import annotations

from lxml import etree

from cosycli.documents.archive import Archive, UnreadableEntryError
from cosycli.documents.book import Cover
from cosycli.documents.links import resolve
from cosycli.documents.package import Item, Package
from cosycli.documents.parsing import parse_xhtml
from cosycli.documents.semantics import attribute, local_name
from cosycli.errors import InputError

__all__ = ["read_cover"]

MAX_COVER_BYTES = 24 * 1024 * 1024  # the largest of the corpus has 0.7 MB
_MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
}


def read_cover(archive: Archive, package: Package, warnings: list[str]) -> Cover | None:
    """The cover, or None; what is wrong with it is added to the warnings."""
    try:
        item = _cover_item(archive, package)
        if item is None:
            return None
        media_type = _media_type(item)
        if not media_type.startswith("image/"):
            return None
        return Cover(archive.read(item.path, MAX_COVER_BYTES), media_type, item.path)
    except UnreadableEntryError:
        warnings.append("the cover picture is missing or damaged")
    except InputError as error:
        warnings.append(f"the cover picture was not read: {error.what}")
    return None


def _cover_item(archive: Archive, package: Package) -> Item | None:
    item = package.items.get(package.cover_id)
    page = item.path if item and item.is_text and item.media_type != "image/svg+xml" else None
    if item and not page:
        return item
    page = page or next((entry.target.path for entry in package.guide if entry.type == "cover"), None)
    if page is None:
        return None
    path = page if _suffix(page) in _MEDIA_TYPES else _first_picture(parse_xhtml(archive.read(page), page).root, page)
    listed = (item for item in package.items.values() if item.path == path)
    return next(listed, Item("", path) if path else None)


def _first_picture(root: etree._Element, page: str) -> str:
    """The path of the first picture that a page shows, by `img` or by `image` in an SVG."""
    for element in root.iter("*"):
        if local_name(element) in ("img", "image"):
            target = resolve(page, attribute(element, "src") or attribute(element, "href"))
            if target:
                return target.path
    return ""


def _media_type(item: Item) -> str:
    return item.media_type if item.media_type.startswith("image/") else _MEDIA_TYPES.get(_suffix(item.path), "")


def _suffix(path: str) -> str:
    return path.rpartition(".")[2].lower()
