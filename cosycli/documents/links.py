"""Where a link inside a container leads: a path from its root, and a place in that file."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import unquote

from cosycli.documents.unicode_form import to_nfc

__all__ = ["Target", "resolve"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


@dataclass(frozen=True)
class Target:
    """A file of the container and, if `fragment` is not empty, the `id` of an element in it."""

    path: str
    fragment: str = ""


def resolve(base: str, href: str) -> Target | None:
    """Where `href` in the file `base` leads; None if it leads to another server or nowhere.

    A path that climbs above the root stays at the root: EPUB 3.3, section 4.2.5, and RFC 3986, section 5.2.4.
    """
    href = href.strip()
    if not href or _SCHEME.match(href):
        return None
    path, _, fragment = href.partition("#")
    path = unquote(path.partition("?")[0]).replace("\\", "/")
    joined = posixpath.normpath(posixpath.join("/", posixpath.dirname(base), path)) if path else f"/{base}"
    return Target(to_nfc(joined.lstrip("/")), unquote(fragment))
