"""`cosy speak`: a text, a file or a pipe, spoken into a file, a pipe or the loudspeaker."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cosycli.cli import options
from cosycli.cli.option_groups import takes_groups
from cosycli.errors import SOME_FAILED, InputError

__all__ = ["EXAMPLES", "read_argument", "speak"]

EXAMPLES = """Examples:

\b
  cosy speak "Every good book deserves a voice of its own." -o hello.wav
  cosy speak notes.txt -o notes.mp3 --voice slt --speed 1.1
  echo "One. Two." | cosy speak - -o - | aplay
  cat notes.txt | cosy speak - --stream -o - | aplay
  cosy speak "Good evening." --play
"""


@takes_groups
def speak(
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE|-", help="Words, a text file, or - for standard input.")],
    *,
    output: options.Output = None,
    format: options.Format = None,
    voice_options: options.VoiceOptions,
    rendering: options.Rendering,
    stream: Annotated[
        bool, typer.Option("--stream", help="Speak text as it arrives, and give out sound as it is made.")
    ] = False,
    play: options.Play = False,
    quiet: options.Quiet = False,
    progress: options.ProgressStyle = "auto",
) -> None:
    """Speak a text, however long.

    It is split into sentences, spoken in batches and joined with pauses; nothing of it is ever cut.
    """
    from cosycli.cli.progress import open_progress
    from cosycli.cli.rendering import choose_destination, render
    from cosycli.cli.streaming import check_streamable, render_stream
    from cosycli.settings import read_settings

    settings = read_settings(Path()).override(**asdict(voice_options), **asdict(rendering))
    destination = choose_destination(output, format, play, settings.format)
    with open_progress("none" if quiet else progress) as report:
        if stream:
            check_streamable(settings, rendering.mask)
            all_passed = render_stream(arriving(text), settings, destination, report)
        else:
            all_passed = render(read_argument(text), settings, destination, report)
    if not all_passed:
        raise typer.Exit(SOME_FAILED)


def arriving(argument: str) -> Iterator[str]:
    """The sentences to speak, those of standard input as they arrive; see `read_argument`."""
    from cosycli.documents.plain_text import read_arriving
    from cosycli.script.arriving import arriving_sentences

    pieces = read_arriving(sys.stdin.buffer, "Standard input") if argument == "-" else iter([read_argument(argument)])
    return arriving_sentences(pieces)


def read_argument(argument: str) -> str:
    """The text to speak: standard input for `-`, the content of a file that exists, else the words themselves.

    Raises:
        InputError: what was named cannot be read as text.
    """
    from cosycli.documents.plain_text import MAX_BYTES, check_text, decode_text, read_text_file

    if argument == "-":
        return decode_text(sys.stdin.buffer.read(MAX_BYTES + 1), "Standard input")
    path = Path(argument)
    try:
        exists = path.exists()
    except (OSError, ValueError):  # too long for a path, or not one at all
        exists = False
    if exists and argument.strip():
        return read_text_file(path)
    if path.suffix == ".txt" and len(argument.split()) == 1:
        raise InputError(f"There is no file {argument}.", "Check the name, or put the words to speak in quotes.")
    return check_text(argument, "The text")
