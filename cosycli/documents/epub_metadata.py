"""What the package document of an EPUB says about the book: EPUB 3.3, section 5.5, and OPF 2.0.1, section 2.2."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from lxml import etree

from cosycli.documents.book import Metadata
from cosycli.documents.semantics import attribute, local_name
from cosycli.documents.unicode_form import to_nfc

__all__ = ["read_metadata"]

MAX_ELEMENTS = 2_000  # of the metadata that are looked at; the most in the corpus is 68
_TAG = re.compile(r"<[^<>]{0,200}>")


def read_metadata(package: etree._Element) -> Metadata:
    """The metadata in the `package` element."""
    elements = [element for part in package if local_name(part) == "metadata" for element in _flat(part)]
    said = _Said(elements[:MAX_ELEMENTS])
    titles = said.all("title")
    title = next((text for element, text in titles if "main" in said.refined(element, "title-type")), "")
    subtitles = [text for element, text in titles if "subtitle" in said.refined(element, "title-type")]
    series, position = said.series()
    return Metadata(
        title=title or next((text for _, text in titles), ""),
        subtitle=next(iter(subtitles), ""),
        authors=tuple(text for element, text in said.all("creator") if said.is_author(element)),
        narrator=", ".join(text for element, text in said.people() if "nrt" in said.roles(element)),
        language=next((text for _, text in said.all("language")), ""),
        series=series,
        series_position=position,
        publisher=next((text for _, text in said.all("publisher")), ""),
        date=said.publication_date(),
        description=" ".join(_TAG.sub(" ", next((text for _, text in said.all("description")), "")).split()),
        identifiers=tuple(text for _, text in said.all("identifier")),
    )


class _Said:
    """The elements of the metadata and what refines them."""

    def __init__(self, elements: list[etree._Element]) -> None:
        self._elements = elements
        self._refinements: dict[tuple[str, str], list[str]] = defaultdict(list)
        for element in elements:
            if local_name(element) == "meta" and element.get("refines"):
                key = (element.get("refines").strip().lstrip("#"), (element.get("property") or "").strip())
                self._refinements[key].append(_text(element))

    def all(self, name: str) -> list[tuple[etree._Element, str]]:
        """The Dublin Core elements of this name that say something."""
        found = ((element, _text(element)) for element in self._elements if local_name(element) == name)
        return [(element, text) for element, text in found if text]

    def people(self) -> list[tuple[etree._Element, str]]:
        return [*self.all("creator"), *self.all("contributor")]

    def refined(self, element: etree._Element, name: str) -> list[str]:
        return self._refinements.get((element.get("id") or "", name), [])

    def roles(self, element: etree._Element) -> list[str]:
        """MARC relator codes of a person."""
        return [role.strip().lower() for role in [*self.refined(element, "role"), attribute(element, "role")] if role]

    def is_author(self, creator: etree._Element) -> bool:
        roles = self.roles(creator)
        return not roles or "aut" in roles

    def publication_date(self) -> str:
        dates = [(attribute(element, "event"), text) for element, text in self.all("date")]
        published = [text for event, text in dates if event in ("", "publication", "original-publication")]
        return next(iter(published), "")

    def series(self) -> tuple[str, str]:
        """Its name and the book's number in it, as EPUB 3 or calibre write them."""
        metas = [element for element in self._elements if local_name(element) == "meta"]
        for meta in metas:
            is_collection = meta.get("property") == "belongs-to-collection"
            if is_collection and self.refined(meta, "collection-type") in ([], ["series"]):
                return _text(meta), next(iter(self.refined(meta, "group-position")), "")
        named = {element.get("name"): (element.get("content") or "").strip() for element in metas}
        return named.get("calibre:series", ""), named.get("calibre:series_index", "")


def _flat(metadata: etree._Element) -> Iterator[etree._Element]:
    """Its elements; OPF 1 and some of OPF 2 put them into dc-metadata and x-metadata."""
    for element in metadata:
        if local_name(element) in ("dc-metadata", "x-metadata"):
            yield from element
        else:
            yield element


def _text(element: etree._Element) -> str:
    return to_nfc(" ".join("".join(element.itertext()).split()))
