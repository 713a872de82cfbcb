"""Which classes of text are read aloud: what a listener expects, unless `--read` or `--skip` say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cosycli.errors import UsageError, did_you_mean

__all__ = ["READABLE", "ReadingPolicy", "reason_for"]

READABLE: Mapping[str, bool] = MappingProxyType(
    {
        "dedication": True,
        "epigraph": True,
        "preface": True,
        "afterword": True,
        "acknowledgments": True,
        "appendix": True,
        "glossary": True,
        "captions": True,
        "tables": True,
        "math": True,
        "title-page": False,
        "copyright": False,
        "licence": False,
        "contents": False,
        "index": False,
        "bibliography": False,
        "notes": False,
        "note-marks": False,
        "page-numbers": False,
        "scene-breaks": False,
        "alt-text": False,
        "code": False,
        "hidden": False,
        "non-linear": False,
    }
)
"""Names that `--read` and `--skip` take, each with what holds when neither names it."""

_WORDS = {
    "copyright": "imprints and copyright pages are",
    "licence": "licences are",
    "title-page": "title pages are",
    "contents": "lists of contents are",
    "index": "indexes are",
    "bibliography": "bibliographies are",
    "note-marks": "marks that point to notes are",
    "page-numbers": "page numbers are",
    "scene-breaks": "the signs of a scene break are",
    "alt-text": "words that stand for or in pictures are",
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
    """Why text of this kind was left out, such as "notes are not read"."""
    return f"{_WORDS.get(kind, f'{kind} are')} not read"


@dataclass(frozen=True)
class ReadingPolicy:
    """The defaults of `READABLE`, with the kinds in `read` read and those in `skip` not.

    Raises:
        UsageError: a name is not in `READABLE`, or stands in both.
    """

    read: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in sorted(self.read | self.skip):
            if name not in READABLE:
                raise UsageError(
                    f"There is no class of text named {name!r}.",
                    f"{did_you_mean(name, READABLE)}Valid: {', '.join(sorted(READABLE))}.",
                )
        if both := self.read & self.skip:
            name = min(both)
            raise UsageError(f"{name!r} is named by both --read and --skip.", f"Leave one out: --read {name}")

    def reads(self, kind: str) -> bool:
        """True if text of this kind is to be spoken; text that has no kind always is.

        Raises:
            KeyError: `kind` is not in `READABLE`.
        """
        return kind in self.read or (READABLE[kind] and kind not in self.skip)
