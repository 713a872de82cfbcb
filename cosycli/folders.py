"""Where things live on this machine.

`COSY_HOME` moves all of it; without it the platform's own places are used.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["data_folder", "models_folder", "user_settings", "voices_folder"]


def data_folder() -> Path:
    """The user's voices and models."""
    return _place("XDG_DATA_HOME", Path(".local", "share"))


def voices_folder() -> Path:
    return data_folder() / "voices"


def models_folder() -> Path:
    return data_folder() / "models"


def user_settings() -> Path:
    """The user's settings file, which need not exist."""
    return _place("XDG_CONFIG_HOME", Path(".config")) / "cosy.yaml"


def _place(variable: str, below_home: Path) -> Path:
    if os.environ.get("COSY_HOME"):
        return Path(os.environ["COSY_HOME"]).expanduser()
    if os.environ.get(variable):
        return Path(os.environ[variable]) / "cosy"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "cosy"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "cosy"
    return Path.home() / below_home / "cosy"
