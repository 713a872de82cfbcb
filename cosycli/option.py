"""Declares options, once for the command line, settings files, jobs files and Python.

`settings.RenderOptions` and the classes of `jobs.book_options` are dataclasses whose fields hold an `Option` in their
metadata. docs/CONTRIBUTING.md describes how to add an option.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from cosycli.errors import UsageError, did_you_mean

_Options = TypeVar("_Options")
_Function = TypeVar("_Function", bound=Callable[..., Any])

MAX_PATH_BYTES = 1024  # PATH_MAX of macOS; Linux has 4096
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class ValueKind:
    """A kind of value.

    Attributes:
        name: completes the sentence "which is not …".
        accepts: returns whether a value from a file or from Python is of this kind.
        flag_type: type of the value on the command line.
    """

    name: str
    accepts: Callable[[Any], bool]
    flag_type: Any = str


def _is_text(value: Any) -> bool:
    """Refuses lone surrogates too, which JSON can write and no UTF-8 file can hold."""
    return type(value) is str and bool(value.strip()) and not _SURROGATE.search(value)


def _is_path(value: Any) -> bool:
    return _is_text(value) and not _CONTROL.search(value) and len(value.encode()) <= MAX_PATH_BYTES


def _one_or_several(is_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: is_one(value) or (type(value) is list and all(map(is_one, value)))


def _is_seconds(value: Any) -> bool:
    return type(value) is dict and all(type(s) in (int, float) and 0 <= s <= 60 for s in value.values())


TEXT = ValueKind("text", _is_text)
PATH = ValueKind("a name or path", _is_path)
NAME_OR_FOLDER = ValueKind("a name or path", _is_path)  # a name in a library, or a folder
WHOLE = ValueKind("a whole number", lambda value: type(value) is int, int)
NUMBER = ValueKind("a number", lambda value: type(value) in (int, float), float)
YES_OR_NO = ValueKind("true or false", lambda value: type(value) is bool, bool)
TEXTS = ValueKind("a text or a list of texts", _one_or_several(_is_text), list[str])
PATHS = ValueKind("a path or a list of paths", _one_or_several(_is_path), list[str])
SECONDS = ValueKind("a group of `place: seconds` with 0 to 60 seconds", _is_seconds, list[str])


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        help: sentence for `--help`; `{default}` in it stands for the default of the field.
        metavar: stands for the value in the help.
        flags: names on the command line, if they do not follow from the name of the field.
        check: raises UsageError for a value that is out of range.
        loads: takes effect when a model is loaded: `cosycli.load` has it.
        in_key: changes the sound of every take, so that it is part of the key of a take. (The key has voice, style,
            speed and seed through the utterance, model and variant through a fingerprint.)
        of_machine: concerns the machine and not the job: jobs files do not have it.
    """

    kind: ValueKind
    help: str
    metavar: str | None = None
    flags: tuple[str, ...] = ()
    check: Callable[[Any], None] | None = None
    loads: bool = False
    in_key: bool = False
    of_machine: bool = False


def option(default: Any, kind: ValueKind, help: str, **more: Any) -> Any:
    """Makes a field of a dataclass of options; `more` are attributes of `Option`."""
    return field(default=default, metadata={"option": Option(kind, help, **more)})


def options_of(declared: Any) -> dict[str, Option]:
    """Returns the options of a dataclass, by name."""
    return {each.name: each.metadata["option"] for each in fields(declared)}


def default_of(declared: Any, name: str) -> Any:
    """Returns the default of one option of a dataclass."""
    return next(each.default for each in fields(declared) if each.name == name)


def given_of(declared: Callable[..., _Options], values: Mapping[str, Any]) -> _Options:
    """Returns the dataclass of options with those of the values that belong to it."""
    return declared(**{name: values[name] for name in options_of(declared) if name in values})


def key_of(name: str) -> str:
    """dialogue_voice -> dialogue-voice, as the command line and files write it."""
    return name.replace("_", "-")


def name_of(key: str) -> str:
    """dialogue-voice -> dialogue_voice, as Python writes it."""
    return key.replace("-", "_")


def mistake_in(key: str, value: Any, kinds: Mapping[str, ValueKind]) -> str | None:
    """Returns what is wrong with `key: value`, as a sentence; None if it is valid."""
    if key not in kinds:
        return f"there is no key {key!r} here. {did_you_mean(key, kinds)}Keys: {', '.join(kinds)}."
    if not kinds[key].accepts(value):
        return f"`{key}` is {_shown(value)}, which is not {kinds[key].name}."
    return None


def _shown(value: Any) -> str:
    """Returns a value in a few characters."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a group of keys"
    return "empty" if value is None or value == "" else repr(value)[:40]


def check_values(values: Mapping[str, Any], options: Mapping[str, Option]) -> None:
    """Raises: UsageError: a keyword argument is not an option, or its value is of another kind."""
    for name, value in values.items():
        if name not in options:
            hint = f"{did_you_mean(name, options)}Options: {', '.join(options)}."
            raise UsageError(f"There is no option {name!r}.", hint)
        if not options[name].kind.accepts(value):
            raise UsageError(f"{name} is {_shown(value)}.", f"Give {options[name].kind.name}.")


def check_choice(name: str, value: str, valid: Collection[str]) -> None:
    """Raises: UsageError: the value is not among the valid ones."""
    if value not in valid:
        raise UsageError(f"There is no {name} {value!r}.", f"{did_you_mean(value, valid)}Valid: {', '.join(valid)}.")


def with_keywords(defaults: Mapping[str, Any]) -> Callable[[_Function], _Function]:
    """Makes the signature of a function show these keyword arguments in place of its **options."""

    def shown(function: _Function) -> _Function:
        own = [each for each in inspect.signature(function).parameters.values() if each.kind is not each.VAR_KEYWORD]
        names = {each.name for each in own}
        keywords = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
            for name, default in defaults.items()
            if name not in names
        ]
        function.__signature__ = inspect.Signature([*own, *keywords])  # type: ignore[attr-defined]
        return function

    return shown
