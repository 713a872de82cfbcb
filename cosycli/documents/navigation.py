"""Resolves links inside an EPUB, and prepares its table of contents for ebooklib.

The contents are in the navigation document (EPUB 3.3, section 7) or in the NCX (OPF 2.0.1, section 2.4.1). ebooklib
expects both as the standards require; `prepare_nav` and `prepare_ncx` bring what books contain into that form.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, unquote

from lxml import etree

from cosycli.documents.element_kinds import type_kind
from cosycli.documents.plain_text import to_nfc
from cosycli.documents.semantics import local_name, semantic_types, text_of

MAX_NESTING = 100  # elements in each other, of which the parser of ebooklib takes 256; further levels become one
NCX = "http://www.daisy.org/z3986/2005/ncx/"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


@dataclass(frozen=True)
class LinkTarget:
    """A file of the container and, if `fragment` is not empty, the `id` of an element in it."""

    path: str
    fragment: str = ""

    @property
    def link(self) -> str:
        """The link from the root of the container."""
        return quote(self.path) + (f"#{quote(self.fragment, safe='')}" if self.fragment else "")


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


def toc_entries(toc: Iterable[Any], depth: int = 1) -> Iterator[TocEntry]:
    """Yield the entries of the `toc` of an `EpubBook`: a `Link`, or a `Section` with a list of entries."""
    for node in toc:
        entry, inner = node if isinstance(node, tuple) else (node, ())
        title, target = entry.title or "", resolve("", entry.href or "")
        if title or target:
            yield TocEntry(title, depth, target)
        yield from toc_entries(inner, depth + 1)


def prepare_nav(root: etree._Element, path: str) -> bytes:
    """Return the `nav` of type "toc", or the first `nav`, as the HTML that ebooklib expects; empty without a list.

    Each `li` has one label, a link from the root of the container or a `span`, and perhaps one `ol`.
    """
    navs = [element for element in root.iter("*") if local_name(element) == "nav"]
    nav = next((nav for nav in navs if "toc" in semantic_types(nav)), next(iter(navs), None))
    if nav is None:
        return b""
    prepared = etree.Element("nav", type="toc")
    opened = [prepared]
    walk = etree.iterwalk(nav, events=("start", "end"))
    for event, element in walk:
        name = local_name(element)
        if name in ("ol", "ul", "li"):
            if event == "start":
                parent = opened[min(len(opened), MAX_NESTING) - 1]
                opened.append(_open_item(parent) if name == "li" else _open_list(parent))
            else:
                opened.pop()
        elif name in ("a", "span") and event == "start":
            opened[-1] = _add_label(opened[-1], element, path)
            walk.skip_subtree()
    for item in prepared.iter("li"):
        _complete(item)
    return cast(bytes, etree.tostring(prepared, encoding="utf-8", method="html")) if len(prepared) else b""


def _open_item(parent: etree._Element) -> etree._Element:
    return etree.SubElement(parent, "li") if parent.tag == "ol" else parent


def _open_list(parent: etree._Element) -> etree._Element:
    if parent.tag == "ol":
        parent = parent[-1] if len(parent) else etree.SubElement(parent, "li")
    existing = parent.find("ol")
    return etree.SubElement(parent, "ol") if existing is None else existing


def _add_label(parent: etree._Element, element: etree._Element, path: str) -> etree._Element:
    """Add the label in `element` to an `li`, or to a new one if it has a label; return the `li` that is then open."""
    title = _title(element)
    target = resolve(path, element.get("href") or "") if local_name(element) == "a" else None
    if parent.tag == "nav" or not (title or target):
        return parent
    is_new = parent.tag == "ol" or len(parent) > 0
    item = etree.SubElement(parent if parent.tag == "ol" else parent.getparent(), "li") if is_new else parent
    label = etree.SubElement(item, "a", href=target.link) if target else etree.SubElement(item, "span")
    label.text = title
    return parent if parent.tag == "ol" else item


def _complete(item: etree._Element) -> None:
    """Add a label to an `li` with only an `ol`, and an empty `ol` to one without a link, which ebooklib would drop."""
    if len(item) and item[0].tag == "ol":
        item.insert(0, etree.Element("span"))
    elif len(item) and item.find("a") is None and item.find("ol") is None:
        etree.SubElement(item, "ol")


def prepare_ncx(root: etree._Element, path: str) -> bytes:
    """Return the `navMap` as ebooklib expects it, with links from the root of the container; empty without entries."""
    prepared = etree.Element(f"{{{NCX}}}ncx", nsmap={None: NCX})
    opened = [etree.SubElement(prepared, f"{{{NCX}}}navMap")]
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if local_name(element) == "navpoint":
            if event == "start":
                parent = opened[min(len(opened), MAX_NESTING) - 1]
                opened.append(_copy_nav_point(element, parent, path))
            else:
                opened.pop()
    return cast(bytes, etree.tostring(prepared, encoding="utf-8")) if len(opened[0]) else b""


def _copy_nav_point(point: etree._Element, parent: etree._Element, path: str) -> etree._Element:
    label = next((child for child in point if local_name(child) == "navlabel"), None)
    content = next((child for child in point if local_name(child) == "content"), None)
    target = resolve(path, content.get("src") or "") if content is not None else None
    copy = etree.SubElement(parent, f"{{{NCX}}}navPoint")
    text = etree.SubElement(etree.SubElement(copy, f"{{{NCX}}}navLabel"), f"{{{NCX}}}text")
    text.text = _title(label) if label is not None else ""
    etree.SubElement(copy, f"{{{NCX}}}content", src=target.link if target else "")
    return copy


def _title(element: etree._Element) -> str:
    text = " ".join(text_of(element).split())
    pictures = (picture.get("alt") or "" for picture in element.iter("*") if local_name(picture) == "img")
    return to_nfc(text or " ".join(" ".join(pictures).split()))
