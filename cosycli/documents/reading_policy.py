"""Decides which classes of text are read aloud: defaults, changed by `--read` and `--skip`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cosycli.errors import UsageError
from cosycli.option import check_choice

_READ = "dedication epigraph preface afterword acknowledgments appendix glossary captions tables math"
_NOT_READ = (
    "title-page copyright licence contents index bibliography notes note-marks page-numbers scene-breaks alt-text code "
    "hidden non-linear"
)
READABLE: Mapping[str, bool] = MappingProxyType(
    dict.fromkeys(_READ.split(), True) | dict.fromkeys(_NOT_READ.split(), False)
)
"""The names that `--read` and `--skip` take, and whether each is read by default."""

_WORDS = {
    "copyright": "imprints and copyright pages are",
    "licence": "licences are",
    "title-page": "title pages are",
    "contents": "lists of contents are",
    "index": "indexes are",
    "bibliography": "bibliographies are",
    "note-marks": "references to notes are",
    "page-numbers": "page numbers are",
    "scene-breaks": "ornaments of scene breaks are",
    "alt-text": "alternative texts and texts in pictures are",
    "code": "program code is",
    "hidden": "hidden text is",
    "math": "formulas are",
    "non-linear": "documents outside the reading order are",
    "dedication": "dedications are",
    "epigraph": "epigraphs are",
    "preface": "prefaces are",
    "afterword": "afterwords are",
    "appendix": "appendices are",
    "glossary": "glossaries are",
}


def reason_for(kind: str) -> str:
    """Return why text of this kind is left out, such as "notes are not read"."""
    return f"{_WORDS.get(kind, f'{kind} are')} not read"


@dataclass(frozen=True)
class ReadingPolicy:
    """The defaults of `READABLE`, plus the kinds in `read`, minus those in `skip`.

    Raises:
        UsageError: a name is not in `READABLE`, or is in both sets.
    """

    read: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in sorted(self.read | self.skip):
            check_choice("class of text", name, sorted(READABLE))
        if both := self.read & self.skip:
            name = min(both)
            raise UsageError(f"{name!r} is in both --read and --skip.", f"Give only one, for example: --read {name}")

    def reads(self, kind: str) -> bool:
        """Return True if text of this kind is read.

        Raises:
            KeyError: `kind` is not in `READABLE`.
        """
        return kind in self.read or (READABLE[kind] and kind not in self.skip)
