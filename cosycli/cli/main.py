"""The program `cosy`: its commands and exit codes.

Exit codes: 0 done, 1 our bug, 2 usage, 3 input cannot be read or output written, 4 model, voice or tool missing,
5 finished but some segments failed their checks, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from cosycli.cli import batch, bench, book, check, convert, doctor, lexicon, models, plan, speak, voices
from cosycli.errors import CosyError, InputError

BUG, INTERRUPTED = 1, 130

EXAMPLES = """Examples:

\b
  cosy speak "Every good book deserves a voice of its own." -o hello.wav
  cosy voices list
  cosy doctor
"""

# Plain help: it loads faster than the decorated one, and reads the same in a log.
app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command(epilog=speak.EXAMPLES)(speak.speak)
app.command(epilog=book.EXAMPLES)(book.book)
app.command(epilog=convert.EXAMPLES)(convert.convert)
app.command(epilog=batch.EXAMPLES)(batch.batch)
app.command(epilog=plan.EXAMPLES)(plan.plan)
app.command(epilog=check.EXAMPLES)(check.check)
app.add_typer(voices.app, name="voices")
app.add_typer(models.app, name="models")
app.add_typer(lexicon.app, name="lexicon")
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)
app.command(epilog=bench.EXAMPLES)(bench.bench)


def _print_version(wanted: bool) -> None:
    if wanted:
        import cosycli

        print(f"cosy {cosycli.__version__}")
        raise typer.Exit


@app.callback(epilog=EXAMPLES)
def cosy(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Turn text into speech with the CosyVoice models."""


def run() -> None:
    """Entry point of the console script."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # handled like an interrupt
    status = main(sys.argv[1:])
    _flush_stdout()
    sys.stderr.flush()
    os._exit(status)  # all files are closed; unloading torch would take another second


def main(arguments: Sequence[str]) -> int:
    """Run one command line, and return its exit code; errors become at most one message on stderr."""
    try:
        try:
            app(list(arguments), prog_name="cosy")
        except SystemExit as ending:  # how typer ends, after its own message
            if ending.code == INTERRUPTED:
                raise KeyboardInterrupt from None
            sys.stdout.flush()
            return int(ending.code or 0)
        return 0
    except BaseException as error:
        if "--debug" in arguments:
            traceback.print_exc()
        return _explain(error)


def _explain(error: BaseException) -> int:
    """Print on stderr what ended the program, and return its exit code."""
    if isinstance(error, BrokenPipeError):
        error = InputError("The program that reads the output has closed.", "Let it read all of the output.")
    if isinstance(error, (MemoryError, RuntimeError)):
        from cosycli.engine.memory import OutOfMemoryError, says_out_of_memory

        if says_out_of_memory(error):
            error = OutOfMemoryError("this")
    if isinstance(error, KeyboardInterrupt):
        message = "Interrupted. No partial file was left; run the same command again to resume."
        status = INTERRUPTED
    elif isinstance(error, CosyError):
        message = f"Error: {error}"
        status = error.exit_code
    else:
        message = f"Error: cosy has a bug: {type(error).__name__}: {error}\nRun `cosy --debug …` and report its output."
        status = BUG
    _flush_stdout()
    print(message, file=sys.stderr)
    return status


def _flush_stdout() -> None:
    """Flush stdout, unless its reader has gone."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
