"""The metadata files by which ffmpeg is told tags, and tells tags and chapters ("FFmpeg Formats", section Metadata)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Section", "parse_ffmetadata", "to_ffmetadata"]

ENTRY = re.compile(r"(?:[^\\\n]|\\[\s\S])+")  # a line; an escaped newline does not end it
NAME_END = re.compile(r"(?<!\\)=")


@dataclass(frozen=True)
class Section:
    """A chapter as a file has it, in seconds."""

    title: str
    start_s: float
    end_s: float


def to_ffmetadata(tags: Mapping[str, str]) -> str:
    """The file that tells ffmpeg these tags."""
    return "\n".join([";FFMETADATA1", *_assignments(tags)]) + "\n"


def _assignments(tags: Mapping[str, str]) -> Iterator[str]:
    for name, value in tags.items():
        escaped = "".join(f"\\{sign}" if sign in "=;#\\\n" else sign for sign in value)
        # ffmpeg takes any backslash before the end of a line for one that escapes it.
        yield f"{name}={escaped} " if escaped.endswith("\\") else f"{name}={escaped}"


def parse_ffmetadata(text: str) -> tuple[dict[str, str], list[Section]]:
    """The tags and chapters in a file of ffmpeg's own writing."""
    tags: dict[str, str] = {}
    sections: list[dict[str, str]] = []
    for line in ENTRY.findall(text):
        if line.startswith("["):
            sections.append({"kind": line})
        elif not line.startswith(";"):
            name, value = NAME_END.split(line, maxsplit=1)
            (sections[-1] if sections else tags)[_unescape(name)] = _unescape(value)
    return tags, [_section(found) for found in sections if found["kind"] == "[CHAPTER]"]


def _section(found: Mapping[str, str]) -> Section:
    tick = Fraction(found["TIMEBASE"])
    return Section(found.get("title", ""), float(int(found["START"]) * tick), float(int(found["END"]) * tick))


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
