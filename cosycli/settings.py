"""What is said when the command line does not say it: `cosy.yaml` here, then the user's own, then the defaults.

    voice: rms
    speed: 1.1

Keys are the long options of `cosy speak`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

from cosycli.byte_sizes import bytes_of
from cosycli.errors import UsageError, did_you_mean
from cosycli.folders import user_settings

__all__ = ["Settings", "read_settings"]

MASKS = ("full", "causal", "chunk", "double-chunk")  # what the flow's attention may see
DTYPES = ("float32", "bfloat16")
DEVICES = ("cpu", "cuda", "mps")
MAX_RETAKES = 10
LOADING = ("model", "device", "dtype", "variant", "verify", "retakes", "memory", "prompt")
FILE_NAME = "cosy.yaml"
MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Settings:
    """How to speak, where the command line leaves it open; None leaves it to the model."""

    model: str = "builtin"
    variant: str | None = None
    voice: str | None = None
    style: str | None = None
    speed: float = 1.0
    seed: int = 0
    mask: str = "full"
    verify: bool = False
    retakes: int = 2
    format: str | None = None
    device: str | None = None
    dtype: str | None = None
    memory: str | None = None
    prompt: float = 6.0

    def __post_init__(self) -> None:
        """Raises: UsageError: a value is out of its range."""
        if not 0.5 <= self.speed <= 2.0:  # beyond, stretching the mel no longer sounds like speech
            raise UsageError(
                f"Speed {self.speed:g} is out of range.", "Give 0.5 (half as fast) to 2.0 (twice as fast)."
            )
        if self.seed < 0:
            raise UsageError(f"Seed {self.seed} is negative.", "Give 0 or any whole number above it.")
        if not 0 <= self.retakes <= MAX_RETAKES:
            raise UsageError(f"{self.retakes} retakes are out of range.", f"Give 0 to {MAX_RETAKES}.")
        if self.memory is not None:
            bytes_of(self.memory)
        if not 3.0 <= self.prompt <= 30.0:  # as long as clips are
            raise UsageError(
                f"A prompt of {self.prompt:g} seconds is out of range.", "Give 3 to 30; 30 keeps every clip whole."
            )
        _check_choice("mask", self.mask, MASKS)
        if self.dtype is not None:
            _check_choice("dtype", self.dtype, DTYPES)
        if self.device is not None:
            _check_choice("device", self.device.partition(":")[0], DEVICES)

    @property
    def loading(self) -> dict[str, Any]:
        """What `cosycli.load` is told."""
        return {name: getattr(self, name) for name in LOADING}

    def only(self, *names: str) -> Settings:
        """These of the settings, and the defaults of the others."""
        return Settings(**{name: getattr(self, name) for name in names})

    def override(self, **flags: Any) -> Settings:
        """These settings with the flags that were given; None means not given."""
        return replace(self, **{name: value for name, value in flags.items() if value is not None})


def _check_choice(name: str, value: str, valid: tuple[str, ...]) -> None:
    if value not in valid:
        raise UsageError(f"There is no {name} {value!r}.", f"{did_you_mean(value, valid)}Valid: {', '.join(valid)}.")


def read_settings(folder: Path) -> Settings:
    """The settings that hold in `folder`.

    Raises:
        UsageError: a settings file cannot be read, or has an unknown key or a value of the wrong kind.
    """
    settings = Settings()
    for path in (user_settings(), folder / FILE_NAME):
        if path.is_file():
            settings = replace(settings, **_read_file(path))
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is too large for a settings file.", f"Keep it under {MAX_BYTES} bytes.")
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "Write lines of `key: value`.") from None
    if not isinstance(values, dict):
        raise UsageError(f"{path} does not hold settings.", "Write lines of `key: value`, for example `voice: rms`.")
    return {key: _checked(key, value, path) for key, value in values.items()}


def _checked(key: Any, value: Any, path: Path) -> Any:
    defaults = {field.name: field.default for field in fields(Settings)}
    if key not in defaults:
        hint = f"{did_you_mean(str(key), defaults)}Settings: {', '.join(defaults)}."
        raise UsageError(f"{path} has an unknown setting {key!r}.", hint)
    wanted = str if defaults[key] is None else type(defaults[key])
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        kind = {str: "text", float: "a number", int: "a whole number", bool: "true or false"}[wanted]
        raise UsageError(f"{path}: {key} is {value!r}, which is not {kind}.", f"Write `{key}: …` with {kind}.")
    return value
