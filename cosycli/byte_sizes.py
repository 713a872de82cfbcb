"""Amounts of memory as people write them."""

from __future__ import annotations

import re

from cosycli.errors import UsageError

__all__ = ["bytes_of", "megabytes"]

_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?([KMGT])(i?)B", re.IGNORECASE)
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def bytes_of(text: str) -> int:
    """4GB -> 4_000_000_000; with an i, units are powers of 1024 (IEC 80000-13).

    Raises:
        UsageError: it is no amount.
    """
    match = _SIZE.fullmatch(text.strip())
    size = 0
    if match is not None:
        number, unit, binary = match.groups()
        size = int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.upper()])
    if size == 0:
        raise UsageError(f"{text!r} is no amount of memory.", "Give one such as 4GB, 500MB or 1.5GiB.")
    return size


def megabytes(size: int) -> str:
    """In whole ones, rounded up, as `bytes_of` reads them."""
    return f"{-(-size // 1_000_000)}MB"
