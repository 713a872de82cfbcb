"""`cosy speak`: speaks a text, a file or a pipe into a file, a pipe or the loudspeaker."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosycli.cli import options
from cosycli.cli.options import RENDERING, Flags, takes_groups
from cosycli.cli.speech_report import tell_failures, tell_notes, tell_what_was_made
from cosycli.errors import SOME_FAILED, InputError

if TYPE_CHECKING:
    from cosycli.cli.progress import Progress
    from cosycli.engine.utterance import Take
    from cosycli.jobs.destination import Destination
    from cosycli.settings import RenderOptions

EXAMPLES = """Examples:

\b
  cosy speak "Every good book deserves a voice of its own." -o hello.wav
  cosy speak notes.txt -o notes.mp3 --voice michael --speed 1.1
  echo "One. Two." | cosy speak - -o - | aplay
  cat notes.txt | cosy speak - --stream -o - | aplay
  cosy speak "Good evening." --play
"""


@takes_groups
def speak(
    text: Annotated[str, typer.Argument(metavar="TEXT|FILE|-", help="Text, text file, or - for standard input.")],
    *,
    output: options.Output = None,
    format: options.Format = None,
    rendering: Annotated[Flags, RENDERING],
    stream: Annotated[
        bool, typer.Option("--stream", help="Speak text while it arrives, and write sound while it is made.")
    ] = False,
    play: options.Play = False,
    quiet: options.Quiet = False,
    progress: options.ProgressStyle = "auto",
) -> None:
    """Speak a text of any length.

    The text is split into sentences, rendered in batches and joined with pauses; no word is ever dropped.
    """
    from cosycli.cli.progress import open_progress
    from cosycli.cli.streaming import check_streamable, speak_stream
    from cosycli.jobs.destination import choose_destination
    from cosycli.settings import read_settings

    settings = read_settings(Path()).override(**rendering)
    destination = choose_destination(output, format, play, settings.format)
    with open_progress("none" if quiet else progress) as report:
        if stream:
            check_streamable(settings, rendering.get("mask"))
            all_passed = speak_stream(arriving(text), settings, destination, report)
        else:
            all_passed = speak_text(read_argument(text), settings, destination, report)
    if not all_passed:
        raise typer.Exit(SOME_FAILED)


def speak_text(text: str, settings: RenderOptions, destination: Destination, report: Progress) -> bool:
    """Speak `text` into its destination, and return whether every segment passed its checks.

    What can be checked before the model loads is checked first.
    """
    started = time.monotonic()
    import cosycli
    from cosycli.engine.prepare import prepare
    from cosycli.engine.speech import SpeechBlocks, read_text

    destination.check()
    ready = read_text(text, prepare(settings))
    tell_notes(ready.notes, report)
    synthesizer = cosycli.load(**settings.loading)
    with synthesizer.worker_processes():
        takes = synthesizer.render(ready.utterances, mask=settings.mask)
        sound = SpeechBlocks(ready, _counted(takes, len(ready.utterances), report))
        destination.write(sound, sound.sample_rate)
    tell_what_was_made(destination, sound.duration_s, time.monotonic() - started, report)
    tell_failures(sound.failed, report)
    return not sound.failed


def _counted(takes: Iterable[Take], num_segments: int, report: Progress) -> Iterator[Take]:
    """Yields the same takes, and reports how many are done."""
    for done, take in enumerate(takes, start=1):
        report.update(done, num_segments, "segments")
        yield take


def arriving(argument: str) -> Iterator[str]:
    """Yields the sentences to speak, those of standard input as they arrive; see `read_argument`."""
    from cosycli.documents.plain_text import read_arriving
    from cosycli.script.sentences import arriving_sentences

    pieces = read_arriving(sys.stdin.buffer, "Standard input") if argument == "-" else iter([read_argument(argument)])
    return arriving_sentences(pieces)


def read_argument(argument: str) -> str:
    """Returns the text to speak: standard input for `-`, the content of an existing file, else the argument itself.

    Raises:
        InputError: the file or standard input is not text, or cannot be read.
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
        raise InputError(f"There is no file {argument}.", "Check the name, or put the text to speak in quotes.")
    return check_text(argument, "The text")
