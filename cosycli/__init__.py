"""Turns texts and books into speech with the CosyVoice models.

>>> import cosycli
>>> speech = cosycli.load().speak("Every good book deserves a voice of its own.")
>>> speech.sample_rate
24000

>>> book = cosycli.make_book("novel.epub", "novel.m4b", voice="michael")
>>> book.files
(PosixPath('novel.m4b'),)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cosycli.jobs.book_options import FileOptions, ReadingOptions
from cosycli.option import Option, check_values, default_of, given_of, options_of, with_keywords
from cosycli.settings import OPTIONS, RenderOptions, synthesizer_options

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Speech, Synthesizer
    from cosycli.jobs.book import BookProgress
    from cosycli.jobs.book_report import BookResult

__all__ = ["Speech", "Synthesizer", "__version__", "load", "make_book"]

__version__ = "0.2.0"

_FILES = {name: declared for name, declared in options_of(FileOptions).items() if name != "out"}
_BOOK: dict[str, Option] = {**OPTIONS, **options_of(ReadingOptions), **_FILES}


def _default(name: str) -> Any:
    declared = next(each for each in (RenderOptions, ReadingOptions, FileOptions) if name in options_of(each))
    return default_of(declared, name)


@with_keywords(RenderOptions().loading)
def load(
    model: str = "builtin",
    device: str | None = None,
    dtype: str | None = None,
    variant: str | None = None,
    **options: Any,
) -> Synthesizer:
    """Load a model.

    Args:
        model: name from `cosy models list`, or path of a model folder.
        device: cpu, cuda or mps; None for the fastest one.
        dtype: float32 or bfloat16; None for what suits the device.
        variant: another training that the model comes with, such as rl of CosyVoice 3.
        options: verify, retakes, memory and prompt, as `RenderOptions` and `cosy speak --help` describe them.

    Raises:
        MissingError: the model is not on this machine, or is damaged; or there is no recognizer for it.
        UsageError: there is no such option, device, dtype or variant, or the memory is too little for the model.
    """
    of_synthesizer = synthesizer_options(options)
    from cosycli.engine.synthesizer import Synthesizer
    from cosycli.model.library import find_model
    from cosycli.model.loading import load_model

    return Synthesizer(load_model(find_model(model), device, dtype, variant), **of_synthesizer)


@with_keywords({name: _default(name) for name in _BOOK})
def make_book(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    *,
    work: str | os.PathLike[str] | None = None,
    redo: Sequence[str] = (),
    executor: str = "local",
    workers: int | None = None,
    ray_address: str | None = None,
    progress: BookProgress | None = None,
    **options: Any,
) -> BookResult:
    """Make an audiobook. The same call resumes after an interruption.

    Args:
        source: EPUB, Markdown, HTML, text or SSML, or a folder of them.
        target: file, or folder of chapters; by default SOURCE.m4b in the working folder.
        work: folder where takes are kept; beside the target by default.
        redo: ids of segments to re-render, such as "3.12".
        executor, workers, ray_address: where it is rendered; see `cosy book --help`.
        progress: gets the progress of the book.
        options: the long options of `cosy book`, with _ for -: voice="michael", chapters="1-3", subtitles=["srt"],
            dialogue_voice="heart". No settings file is read.

    Raises:
        InputError: the source cannot be read, or a file cannot be written.
        UsageError: an option does not exist, or names something that does not exist.
        MissingError: the model or a voice is not on this machine.
    """
    given = {name: _plain(value) for name, value in options.items() if value is not None}
    check_values(given, _BOOK)
    from functools import partial
    from pathlib import Path

    from cosycli.jobs import book
    from cosycli.jobs.book_values import book_job
    from cosycli.jobs.executors import Workplace

    files = given_of(FileOptions, given if target is None else given | {"out": os.fspath(target)})
    reading, settings = given_of(ReadingOptions, given), given_of(RenderOptions, given)
    takes = None if work is None else Path(work)
    job = book_job(Path(source), files, reading, settings, work=takes, redo=redo)
    workplace = Workplace(executor, workers, ray_address)
    return book.make_book(job, partial(workplace.open, settings), progress or book.BookProgress())


def _plain(value: Any) -> Any:
    """Returns paths as text, and several values as a list."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def __getattr__(name: str) -> Any:
    """`Speech` and `Synthesizer` come with torch, so they are imported only when asked for."""
    if name in ("Speech", "Synthesizer"):
        from cosycli.engine import synthesizer

        return getattr(synthesizer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
