"""Resolves links inside an EPUB, and reads its table of contents.

The contents are in the navigation document (EPUB 3.3, section 7) or in the NCX (OPF 2.0.1, section 2.4.1).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from cosycli.documents.element_kinds import type_kind
from cosycli.documents.plain_text import to_nfc
from cosycli.documents.semantics import local_name, semantic_types, text_of

__all__ = ["LinkTarget", "TocEntry", "read_landmarks", "read_nav", "read_ncx", "resolve"]

MAX_ENTRIES = 20_000
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


@dataclass(frozen=True)
class LinkTarget:
    """A file of the container and, if `fragment` is not empty, the `id` of an element in it."""

    path: str
    fragment: str = ""


@dataclass(frozen=True)
class TocEntry:
    """An entry of the table of contents; `depth` is 1 at the top, `target` None for a heading above other entries."""

    title: str
    depth: int
    target: LinkTarget | None


def resolve(base: str, href: str) -> LinkTarget | None:
    """Resolve `href` in the file `base`; return None for an empty link or one to another server.

    A path that climbs above the root stays at the root: EPUB 3.3, section 4.2.5, and RFC 3986, section 5.2.4.
    """
    href = href.strip()
    if not href or _SCHEME.match(href):
        return None
    path, _, fragment = href.partition("#")
    path = unquote(path.partition("?")[0]).replace("\\", "/")
    joined = posixpath.normpath(posixpath.join("/", posixpath.dirname(base), path)) if path else f"/{base}"
    return LinkTarget(to_nfc(joined.lstrip("/")), unquote(fragment))


def read_nav(root: etree._Element, path: str) -> tuple[TocEntry, ...]:
    """Return the entries of the `nav` of type "toc", or of the first `nav` if none has this type."""
    navs = [element for element in root.iter("*") if local_name(element) == "nav"]
    marked = [nav for nav in navs if "toc" in semantic_types(nav)]
    nav = next(iter(marked or navs), None)
    return tuple(_nav_entries(nav, path))[:MAX_ENTRIES] if nav is not None else ()


def read_landmarks(root: etree._Element, path: str) -> dict[LinkTarget, str]:
    """Return the kind of text at each landmark of the navigation document, such as a title page or an index."""
    navs = (element for element in root.iter("*") if local_name(element) == "nav")
    landmarks = [link for nav in navs if "landmarks" in semantic_types(nav) for link in nav.iter("*")]
    kinds = {}
    for link in landmarks:
        target, kind = resolve(path, link.get("href") or ""), type_kind(semantic_types(link))
        if target and kind:
            kinds[target] = kind
    return kinds


def read_ncx(root: etree._Element, path: str) -> tuple[TocEntry, ...]:
    """Return the entries of the `navMap`."""
    entries: list[TocEntry] = []
    depth = 0
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        name = local_name(element)
        if name == "navpoint":
            depth += 1 if event == "start" else -1
            if event == "start" and len(entries) < MAX_ENTRIES:
                entries.append(_ncx_entry(element, depth, path))
    return tuple(entry for entry in entries if entry.title or entry.target)


def _nav_entries(nav: etree._Element, path: str) -> Iterator[TocEntry]:
    depth = 0
    walk = etree.iterwalk(nav, events=("start", "end"))
    for event, element in walk:
        name = local_name(element)
        if name in ("ol", "ul"):
            depth += 1 if event == "start" else -1
        elif name in ("a", "span") and event == "start" and depth:
            title = _title(element)
            target = resolve(path, element.get("href") or "") if name == "a" else None
            if title or target:
                yield TocEntry(title, depth, target)
            walk.skip_subtree()


def _ncx_entry(point: etree._Element, depth: int, path: str) -> TocEntry:
    label = next((child for child in point if local_name(child) == "navlabel"), None)
    content = next((child for child in point if local_name(child) == "content"), None)
    title = _title(label) if label is not None else ""
    target = resolve(path, content.get("src") or "") if content is not None else None
    return TocEntry(title, depth, target)


def _title(element: etree._Element) -> str:
    text = " ".join(text_of(element).split())
    pictures = (picture.get("alt") or "" for picture in element.iter("*") if local_name(picture) == "img")
    return to_nfc(text or " ".join(" ".join(pictures).split()))
