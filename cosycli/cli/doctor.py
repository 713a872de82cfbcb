"""`cosy doctor`: shows what is installed on this machine."""

from __future__ import annotations

import json
import platform
import shutil
from typing import Annotated, Any

import typer

from cosycli.errors import MissingError

EXAMPLES = """Examples:

\b
  cosy doctor
  cosy doctor --json
"""
PACKAGES = ("torch", "transformers", "tokenizers", "safetensors", "onnxruntime", "numpy", "soundfile", "soxr", "ray")


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show versions, device, ffmpeg, models, voices and free disk space of this machine."""
    facts = _facts()
    if as_json:
        print(json.dumps(facts, indent=1))
        return
    for key, value in facts.items():
        print(f"{key + ':':<14} {', '.join(value) if isinstance(value, list) else value}")


def _facts() -> dict[str, Any]:
    import cosycli
    from cosycli.folders import data_folder
    from cosycli.model.library import BUILTIN, is_present, published_models
    from cosycli.voices import voice_folders

    return {
        "cosy": cosycli.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        **{package: _version(package) for package in PACKAGES},
        "device": _device(),
        "threads": _threads(),
        "ffmpeg": _ffmpeg(),
        "player": _player(),
        "models": [name for name in (BUILTIN, *published_models()) if is_present(name)],
        "voices": list(voice_folders()),
        "data": str(data_folder()),
        "disk_free": f"{_free_bytes() / 1e9:.1f} GB",
    }


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name()})"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _ffmpeg() -> str:
    from cosycli.sound.ffmpeg import find_ffmpeg

    try:
        return find_ffmpeg()
    except MissingError as error:
        return f"missing: {error.hint}"


def _player() -> str:
    from cosycli.sound.play import find_player

    try:
        return find_player()[0]
    except MissingError as error:
        return f"missing: {error.hint}"


def _free_bytes() -> int:
    """Free bytes where voices and models are kept; that folder may not exist yet."""
    from cosycli.folders import data_folder

    folder = data_folder()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
