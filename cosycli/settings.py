"""The options of rendering, each declared once, and the settings files that set them.

Flags override `cosy.yaml` in the working folder, which overrides the user's own `cosy.yaml`, which overrides defaults:

    voice: heart
    speed: 1.1

Keys are the long options of `cosy speak`. Sizes of memory are text such as 4GB.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from cosycli.errors import UsageError, did_you_mean
from cosycli.folders import user_settings
from cosycli.option import (
    NAME_OR_FOLDER,
    NUMBER,
    TEXT,
    WHOLE,
    YES_OR_NO,
    Option,
    check_choice,
    check_values,
    key_of,
    name_of,
    option,
    options_of,
)

MASKS = ("full", "causal", "chunk", "double-chunk")  # attention masks of the flow
FORMATS = ("wav", "flac", "mp3", "opus", "raw")  # of speech; books have formats of their own
DTYPES = ("float32", "bfloat16")
DEVICES = ("cpu", "cuda", "mps")
MAX_RETAKES = 10
OF_WEIGHTS = ("model", "device", "dtype", "variant")  # options of loading that `Synthesizer` does not have
FILE_NAME = "cosy.yaml"
MAX_BYTES = 64 * 1024
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?([KMGT])(i?)B", re.IGNORECASE)
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def bytes_of(text: str) -> int:
    """Parse a memory size: 4GB -> 4_000_000_000; units with an i are powers of 1024 (IEC 80000-13).

    Raises:
        UsageError: the size is invalid or 0.
    """
    match = _SIZE.fullmatch(text.strip())
    size = 0
    if match is not None:
        number, unit, binary = match.groups()
        size = int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.upper()])
    if size == 0:
        raise UsageError(f"Invalid memory size {text!r}.", "Give one such as 4GB, 500MB or 1.5GiB.")
    return size


def megabytes(size: int) -> str:
    """A size in megabytes, rounded up, in the form that `bytes_of` parses."""
    return f"{-(-size // 1_000_000)}MB"


def _check_speed(speed: float) -> None:
    if not 0.5 <= speed <= 2.0:  # beyond, stretching the mel no longer sounds like speech
        raise UsageError(f"Speed {speed:g} is out of range.", "Give 0.5 (half as fast) to 2.0 (twice as fast).")


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise UsageError(f"Seed {seed} is negative.", "Give 0 or any whole number above it.")


def _check_retakes(retakes: int) -> None:
    if not 0 <= retakes <= MAX_RETAKES:
        raise UsageError(f"{retakes} retakes are out of range.", f"Give 0 to {MAX_RETAKES}.")


def _check_prompt(prompt: float) -> None:
    if not 3.0 <= prompt <= 30.0:  # as long as clips are
        raise UsageError(f"A prompt of {prompt:g} seconds is out of range.", "Give 3 to 30; 30 keeps every clip whole.")


def _check_device(device: str) -> None:
    check_choice("device", device.partition(":")[0], DEVICES)


@dataclass(frozen=True)
class RenderOptions:
    """How to speak; None leaves the choice to the model.

    Each field declares a flag of the commands that speak, a key of settings files and jobs files, and a keyword in
    Python. Adding a field adds all of them.

    Raises:
        UsageError: a value is out of range.
    """

    voice: str | None = option(None, NAME_OR_FOLDER, help="Voice from `cosy voices list`, or a voice folder.")
    model: str = option("builtin", NAME_OR_FOLDER, loads=True, help="Model from `cosy models list`, or a model folder.")
    variant: str | None = option(None, TEXT, loads=True, help="Another training that the model comes with, such as rl.")
    style: str | None = option(None, TEXT, help="Style such as happy, or an instruction in words.")
    speed: float = option(1.0, NUMBER, check=_check_speed, help="Speaking rate, 0.5 to 2; 1 is the voice's own.")
    seed: int = option(0, WHOLE, check=_check_seed, help="Random seed; change it for another take.")
    mask: str = option(
        "full",
        TEXT,
        check=partial(check_choice, "mask", valid=MASKS),
        in_key=True,
        help="Attention mask of the flow: full, causal, chunk or double-chunk.",
    )
    prompt: float = option(
        6.0,
        NUMBER,
        metavar="SECONDS",
        check=_check_prompt,
        loads=True,
        in_key=True,
        help="How much of a voice's clip the flow hears at most; {default:g} by default.",
    )
    verify: bool = option(
        False,
        YES_OR_NO,
        loads=True,
        in_key=True,
        help="Listen to each segment, and re-render it where the words are wrong.",
    )
    device: str | None = option(
        None,
        TEXT,
        check=_check_device,
        loads=True,
        of_machine=True,
        help="cpu, cuda or mps; the fastest there is by default.",
    )
    dtype: str | None = option(
        None,
        TEXT,
        check=partial(check_choice, "dtype", valid=DTYPES),
        loads=True,
        in_key=True,
        of_machine=True,
        help="float32 or bfloat16; what suits the device by default.",
    )
    retakes: int = option(
        2,
        WHOLE,
        metavar="N",
        check=_check_retakes,
        loads=True,
        in_key=True,
        help="How often a segment that fails its checks is re-rendered; {default} by default.",
    )
    memory: str | None = option(
        None,
        TEXT,
        metavar="SIZE",
        check=bytes_of,
        loads=True,
        of_machine=True,
        help="Memory for model and batches, such as 4GB; half of what is free by default.",
    )
    format: str | None = option(
        None, TEXT, metavar="FORMAT", help="wav, flac, mp3, opus or raw (s16le); by the name of FILE by default."
    )

    def __post_init__(self) -> None:
        for name, declared in options_of(self).items():
            value = getattr(self, name)
            if declared.check is not None and value is not None:
                declared.check(value)

    @property
    def loading(self) -> dict[str, Any]:
        """The keywords for `cosycli.load`."""
        return {name: getattr(self, name) for name, declared in OPTIONS.items() if declared.loads}

    @property
    def keyed(self) -> dict[str, Any]:
        """Options for the key of a take that differ from their defaults; so a new option leaves keys unchanged."""
        keyed = (each for each in fields(self) if OPTIONS[each.name].in_key)
        return {each.name: value for each in keyed if (value := getattr(self, each.name)) != each.default}

    def only(self, *names: str) -> RenderOptions:
        """Returns these options with the defaults for all others."""
        return RenderOptions(**{name: getattr(self, name) for name in names})

    def override(self, **flags: Any) -> RenderOptions:
        """Returns these options overridden by the flags; None means not given."""
        return replace(self, **{name: value for name, value in flags.items() if value is not None})


OPTIONS: dict[str, Option] = options_of(RenderOptions)
_OF_SYNTHESIZER = {name: declared for name, declared in OPTIONS.items() if declared.loads and name not in OF_WEIGHTS}


def synthesizer_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns all options of `Synthesizer`: the given ones, and defaults for those missing or None.

    Raises:
        UsageError: one is not an option, or its value is of another kind or out of range.
    """
    values = {name: value for name, value in given.items() if value is not None}
    check_values(values, _OF_SYNTHESIZER)
    options = RenderOptions(**values)
    return {name: getattr(options, name) for name in _OF_SYNTHESIZER}


def read_settings(folder: Path) -> RenderOptions:
    """Returns the settings for the working folder `folder`.

    Raises:
        UsageError: a settings file cannot be read, has an unknown key, or a value that is not valid.
    """
    settings = RenderOptions()
    for path in (user_settings(), folder / FILE_NAME):
        if path.is_file():
            settings = replace(settings, **_read_file(path))
    return settings


def _read_file(path: Path) -> dict[str, Any]:
    import yaml  # `--help` does without it

    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is too large for a settings file.", f"Keep it under {MAX_BYTES} bytes.")
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "Write lines of `key: value`.") from None
    if not isinstance(values, dict):
        raise UsageError(f"{path} does not hold settings.", "Write lines of `key: value`, for example `voice: heart`.")
    return {name_of(str(key)): _checked(key, value, path) for key, value in values.items()}


def _checked(key: Any, value: Any, path: Path) -> Any:
    options = {key_of(name): declared for name, declared in OPTIONS.items()}
    if key not in options:
        hint = f"{did_you_mean(str(key), options)}Settings: {', '.join(options)}."
        raise UsageError(f"{path} has an unknown setting {key!r}.", hint)
    kind = options[key].kind
    check = partial(check_choice, "format", valid=FORMATS) if key == "format" else options[key].check
    if not kind.accepts(value):
        raise UsageError(
            f"{path}: {key} is {value!r}, which is not {kind.name}.", f"Write `{key}: …` with {kind.name}."
        )
    try:
        if check is not None:
            check(value)
    except UsageError as error:
        raise UsageError(f"{path}: `{key}: {value}` is not valid. {error.what}", error.hint) from None
    return float(value) if kind is NUMBER else value
