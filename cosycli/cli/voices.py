"""`cosy voices`: lists, adds, checks and removes voices."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from cosycli.cli import options
from cosycli.errors import SOME_FAILED, CosyError, InputError, UsageError

if TYPE_CHECKING:
    from cosycli.engine.voice_checks import ClipFinding
    from cosycli.voices import Voice

EXAMPLES = """Examples:

\b
  cosy voices list
  cosy voices show michael
  cosy voices preview michael -o michael.wav
"""
SAMPLE = "The kettle was singing when the postman knocked, and nobody wanted to be the first to get up."

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, epilog=EXAMPLES, help="List, add, check and remove voices."
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Voice from `cosy voices list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list", epilog="Examples:\n\n\b\n  cosy voices list\n  cosy voices list --model builtin")
def list_voices(model: options.Model = None, as_json: AsJson = False) -> None:
    """List the voices: name, language, origin and rights.

    With --model, only those that the model can use, including its own speakers.
    """
    from cosycli.model.library import find_model
    from cosycli.voices import find_voice, voice_names

    folder = None if model is None else find_model(model)
    voices = []
    for name in voice_names(folder):
        try:
            voices.append(find_voice(name, folder))
        except CosyError as error:  # one damaged voice must not hide the others
            print(f"Warning: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps([_facts(voice) for voice in voices], indent=1, ensure_ascii=False))
        return
    for voice in voices:
        origin = "model" if voice.folder == folder else "shipped" if voice.is_shipped else "yours"
        language = "-" if voice.language == "und" else voice.language
        print(f"{voice.name:<12} {language:<6} {origin:<8} {voice.rights}")


@app.command("show", epilog="Example:\n\n\b\n  cosy voices show michael")
def show_voice(name: Name, as_json: AsJson = False) -> None:
    """Show everything known about a voice."""
    from cosycli.voices import find_voice

    facts = _facts(find_voice(name))
    if as_json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    for key, value in facts.items():
        print(f"{key + ':':<12} {'-' if value is None else value}")


@app.command(
    "add",
    epilog="""Example:

\b
  cosy voices add ada --clip clip.wav --transcript "The words she says." --rights "My own voice"
""",
)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new voice.")],
    clip: Annotated[
        Path, typer.Option(metavar="FILE", help="Recording of one person, 3 to 30 s, in any audio format.")
    ],
    transcript: Annotated[str, typer.Option(metavar="TEXT|FILE", help="Words spoken in the clip, or a file of them.")],
    language: Annotated[str, typer.Option(help="Language code: en, zh, ja, ko.")] = "en",
    rights: Annotated[
        str | None, typer.Option(help="Whose voice it is, and by what permission; asked for by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Add the voice although a check failed.")] = False,
) -> None:
    """Add a voice from a clip, after checking its length, level, clipping, noise and words."""
    from cosycli.cli.speak import read_argument
    from cosycli.engine.voice_checks import check_clip
    from cosycli.voices import add_voice

    words = read_argument(transcript)
    if rights is None:
        rights = _ask_for_rights()
    findings = check_clip(clip, words, language)
    _print_findings(findings, sys.stderr)
    if not force and not all(finding.is_good for finding in findings):
        raise InputError(
            f"{clip} was not added as the voice {name!r}.", "Fix the problems listed above, or use --force."
        )
    voice = add_voice(name, clip, words, language, rights)
    print(voice.folder)


@app.command("check", epilog="Example:\n\n\b\n  cosy voices check michael")
def check(name: Name, as_json: AsJson = False) -> None:
    """Check the clip of a voice."""
    from dataclasses import asdict

    from cosycli.engine.voice_checks import check_clip
    from cosycli.voices import find_voice

    voice = find_voice(name)
    if voice.reference is None:
        print(f"{name} has no clip: it speaks as {voice.speaker!r} of the built-in model.")
        return
    findings = check_clip(voice.reference, voice.transcript or "", voice.language)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1, ensure_ascii=False))
    else:
        _print_findings(findings, sys.stdout)
    if not all(finding.is_good for finding in findings):
        raise InputError(f"The clip of {name!r} failed a check.", "Add the voice again from a better clip.")


@app.command(
    "preview",
    epilog="Examples:\n\n\b\n  cosy voices preview michael -o michael.wav\n  cosy voices preview heart --play",
)
def preview(
    name: Name,
    output: options.Output = None,
    model: options.Model = None,
    text: Annotated[str, typer.Option(help="Text to speak.")] = SAMPLE,
    play: options.Play = False,
) -> None:
    """Render a sentence in a voice."""
    from cosycli.cli.progress import open_progress
    from cosycli.cli.speak import speak_text
    from cosycli.jobs.destination import choose_destination
    from cosycli.settings import read_settings

    settings = read_settings(Path()).override(voice=name, model=model)
    destination = choose_destination(output, None, play, settings.format)
    with open_progress("auto") as report:
        if not speak_text(text, settings, destination, report):
            raise typer.Exit(SOME_FAILED)


@app.command("remove", epilog="Example:\n\n\b\n  cosy voices remove ada --yes")
def remove(
    name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False
) -> None:
    """Delete one of your own voices."""
    from cosycli.voices import remove_voice

    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"The voice {name!r} was not removed.", f"To remove it: cosy voices remove {name} --yes")
        typer.confirm(f"Delete the voice {name!r} and its clip?", abort=True, err=True)
    print(remove_voice(name))


@app.command("path", epilog="Examples:\n\n\b\n  cosy voices path\n  cosy voices path michael")
def path(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Voice; the library by default.")] = None,
) -> None:
    """Print the folder of your voices, or of one voice."""
    from cosycli.folders import voices_folder
    from cosycli.voices import find_voice

    print(voices_folder() if name is None else find_voice(name).folder)


def _facts(voice: Voice) -> dict[str, str | None]:
    return {
        "name": voice.name,
        "language": voice.language,
        "rights": voice.rights,
        "speaker": voice.speaker,
        "reference": None if voice.reference is None else str(voice.reference),
        "transcript": voice.transcript,
    }


def _ask_for_rights() -> str:
    """Raises: UsageError: standard input is not a terminal."""
    if not sys.stdin.isatty():
        raise UsageError(
            "A voice belongs to somebody: say whose it is, and by what permission you use it.",
            'Add --rights "My own voice", or --rights "Ada Example, by her letter of 3 May 2026".',
        )
    return str(typer.prompt("Whose voice is it, and by what permission do you use it?", err=True))


def _print_findings(findings: list[ClipFinding], file: TextIO) -> None:
    for finding in findings:
        verdict = "good" if finding.is_good else f"BAD   {finding.advice}"
        print(f"{finding.check:<10} {finding.measured:<36} {verdict}", file=file)
