"""What a job of a jobs file may say, and of which kind each value is.

The keys are the long options of `cosy speak` and `cosy book`. A new one is a line in one of the tables below, and its
use in `batch_file` or `book_values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cosycli.errors import did_you_mean

__all__ = ["BOOK_KEYS", "BOOK_SETTINGS", "SETTINGS", "TEXT_KEYS", "Kind", "mistake_in"]

MAX_PATH_BYTES = 1024  # PATH_MAX of macOS; Linux has 4096
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Kind:
    """A kind of value: what it is called, and whether a value is one."""

    name: str
    takes: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    """No halves of characters (lone surrogates), which JSON can write and no file can hold."""
    return type(value) is str and bool(value.strip()) and not _SURROGATE.search(value)


def _is_path(value: Any) -> bool:
    return _is_text(value) and not _CONTROL.search(value) and len(value.encode()) <= MAX_PATH_BYTES


def _is_texts(value: Any) -> bool:
    return _is_text(value) or (type(value) is list and all(map(_is_text, value)))


def _is_paths(value: Any) -> bool:
    return _is_path(value) or (type(value) is list and all(map(_is_path, value)))


def _is_seconds(value: Any) -> bool:
    return type(value) is dict and all(type(s) in (int, float) and 0 <= s <= 60 for s in value.values())


TEXT = Kind("text", _is_text)
PATH = Kind("a name or path", _is_path)
WHOLE = Kind("a whole number", lambda value: type(value) is int)
NUMBER = Kind("a number", lambda value: type(value) in (int, float))
YES_OR_NO = Kind("true or false", lambda value: type(value) is bool)
TEXTS = Kind("a text or a list of texts", _is_texts)
PATHS = Kind("a path or a list of paths", _is_paths)
SECONDS = Kind("a group of `place: seconds` with 0 to 60 seconds", _is_seconds)

SETTINGS: Mapping[str, Kind] = {
    "voice": PATH,
    "model": PATH,
    "variant": TEXT,
    "style": TEXT,
    "speed": NUMBER,
    "seed": WHOLE,
    "mask": TEXT,
    "prompt": NUMBER,
    "verify": YES_OR_NO,
    "retakes": WHOLE,
    "format": TEXT,
}
BOOK_SETTINGS: Mapping[str, Kind] = {
    **SETTINGS,
    "language": TEXT,
    "lexicon": PATHS,
    "read": TEXTS,
    "skip": TEXTS,
    "chapters": TEXT,
    "dialogue-voice": PATH,
    "cast": PATH,
    "pause": SECONDS,
    "layout": TEXT,
    "loudness": NUMBER,
    "subtitles": TEXTS,
    "read-along": YES_OR_NO,
}
TEXT_KEYS: Mapping[str, Kind] = {"id": PATH, "text": TEXT, "out": PATH, **SETTINGS}
BOOK_KEYS: Mapping[str, Kind] = {"id": PATH, "source": PATH, "out": PATH, **BOOK_SETTINGS}


def mistake_in(key: str, value: Any, keys: Mapping[str, Kind]) -> str | None:
    """What is wrong with `key: value` where `keys` may stand, as a sentence; None if nothing is."""
    if key not in keys:
        return f"there is no key {key!r} here. {did_you_mean(key, keys)}Keys: {', '.join(keys)}."
    if not keys[key].takes(value):
        return f"`{key}` is {_shown(value)}, which is not {keys[key].name}."
    return None


def _shown(value: Any) -> str:
    """A value in a few characters."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a group of keys"
    return "empty" if value is None or value == "" else repr(value)[:40]
