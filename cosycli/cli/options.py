"""Options of the command line, derived from those that `RenderOptions` and `jobs.book_options` declare."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

import typer

from cosycli.option import default_of, key_of, options_of
from cosycli.settings import RenderOptions

Flags = dict[str, Any]  # the options of a group that were given, by name


@dataclass(frozen=True)
class Group:
    """Options that a command takes as one parameter, `flags: Annotated[Flags, Group(…)]`, which gets those given.

    Attributes:
        declared: the dataclass of options.
        names: names of those that the command takes.
    """

    declared: type
    names: tuple[str, ...]

    @property
    def parameters(self) -> list[inspect.Parameter]:
        return [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(self.declared, name)
            )
            for name in self.names
        ]


def _annotation(declared: Any, name: str) -> Any:
    """Annotation of a parameter for Typer, which is None where the option is not given."""
    option = options_of(declared)[name]
    default = default_of(declared, name)
    flags = option.flags or (f"--{key_of(name)}",)
    told = typer.Option(*flags, metavar=option.metavar, help=option.help.format(default=default))
    return Annotated[option.kind.flag_type | None, told]


def takes_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Expand the groups of a command into single parameters, as Typer wants them.

    The options stand in the help where the group stands in the signature.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: group for name, hint in hints.items() if (group := _group_in(hint)) is not None}
    parameters = []
    for name, parameter in inspect.signature(command).parameters.items():
        one = [parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)]
        parameters += groups[name].parameters if name in groups else one

    @functools.wraps(command)
    def taking_each(**values: Any) -> None:
        for name, group in groups.items():
            given = {option: values.pop(option) for option in group.names}
            values[name] = {option: value for option, value in given.items() if value is not None and value != []}
        command(**values)

    taking_each.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return taking_each


def _group_in(hint: Any) -> Group | None:
    return next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Group)), None)


RENDERING = Group(RenderOptions, tuple(name for name in options_of(RenderOptions) if name != "format"))

Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE|-", help="EPUB, Markdown, HTML, text or SSML, a folder of them, or - for stdin."),
]
Output = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE|-", help="Output file; - is standard output.")
]
Format = Annotated[
    str | None,
    typer.Option(metavar="FORMAT", help="wav, flac, mp3, opus or raw (s16le); by the name of FILE by default."),
]
Model = Annotated[str | None, typer.Option(help="Model from `cosy models list`, or a model folder.")]
Play = Annotated[bool, typer.Option("--play", help="Play the audio, with or without -o.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors.")]
ProgressStyle = Annotated[str, typer.Option(help="auto, rich, plain, json or none.")]
Executor = Annotated[str, typer.Option(help="local, or ray: many processes, GPUs or machines.")]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", help="Ray workers; one for each GPU by default, or for each machine without any."),
]
RayAddress = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Running Ray cluster; one is started on this machine by default."),
]
