"""Cast files: which voice speaks for each name that a text gives.

Alice: slt
the Hatter: awb
"""

from __future__ import annotations

from pathlib import Path

import yaml

from cosycli.errors import InputError, UsageError

__all__ = ["read_cast"]

MAX_BYTES = 64 * 1024


def read_cast(path: Path) -> dict[str, str]:
    """Voice by name.

    Raises:
        InputError: the file cannot be read.
        UsageError: it does not map names to voices.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path} is too large for a cast.", f"Keep it under {MAX_BYTES} bytes.")
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}", "Write lines of `name: voice`.") from None
    if not isinstance(values, dict) or not all(isinstance(item, str) for pair in values.items() for item in pair):
        raise UsageError(f"{path} does not map names to voices.", "Write lines of `name: voice`, such as `Alice: slt`.")
    return dict(values)
