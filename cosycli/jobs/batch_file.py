"""Reads jobs files into jobs, and checks them as far as is possible without loading a model.

A job gives what to speak, as `text` or `source`, and its options. Options of a job override those of the command line,
which override `defaults:` in the file, which override `cosy.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosycli.documents.plain_text import check_text
from cosycli.engine.prepare import PreparedOnce
from cosycli.errors import CosyError, UsageError, counted
from cosycli.jobs.book import BookJob
from cosycli.jobs.book_options import FileOptions, ReadingOptions
from cosycli.jobs.book_plan import check_request
from cosycli.jobs.book_values import publication_of, request_of
from cosycli.jobs.jobs_file import BOOK_KEYS, DEFAULT_KEYS, TEXT_KEYS, Entry, JobsFile, Problem, read_jobs_file
from cosycli.option import NAME_OR_FOLDER, given_of, mistake_in, name_of
from cosycli.settings import OPTIONS, RenderOptions
from cosycli.sound.encode import choose_format

MAX_SHOWN = 30
# What every file system takes as a name: Microsoft, "Naming Files, Paths, and Namespaces".
PLAIN_NAME = re.compile(r'(?![ .])[^/\\<>:"|?*\x00-\x1f\x7f]{1,200}(?<![ .])')


@dataclass(frozen=True)
class TextJob:
    """A text to speak into one file."""

    id: str
    text: str
    out: Path
    audio_format: str
    settings: RenderOptions


Job = TextJob | BookJob


def read_batch(
    path: Path, settings: RenderOptions, flags: Mapping[str, Any], out_folder: Path | None = None
) -> list[Job]:
    """Returns the jobs of a file or folder, all of them valid.

    Args:
        settings: apply where neither the file nor the flags give an option.
        flags: options of the command line; None is not given.
        out_folder: output folder of jobs without `out`; the folder of the jobs by default.

    Raises:
        InputError: the file cannot be read.
        UsageError: some jobs are invalid; the message lists every mistake.
    """
    file = read_jobs_file(path)
    reader = _Reader(file, settings, {key: value for key, value in flags.items() if value is not None}, out_folder)
    jobs = [job for entry in file.entries if (job := reader.read(entry)) is not None]
    if reader.problems:
        raise _all_problems(path, sorted(reader.problems, key=lambda problem: problem.line or 0))
    return jobs


def _all_problems(path: Path, problems: list[Problem]) -> UsageError:
    lines = [f"  {problem}" for problem in problems[:MAX_SHOWN]]
    if len(problems) > MAX_SHOWN:
        lines.append(f"  and {len(problems) - MAX_SHOWN} more")
    return UsageError(
        "\n".join((f"{path} has {counted(len(problems), 'mistake')}; nothing was run.", *lines)),
        "Fix it and run it again.",
    )


class _Reader:
    """Turns entries into jobs, and collects their mistakes."""

    def __init__(self, file: JobsFile, settings: RenderOptions, flags: dict[str, Any], out_folder: Path | None) -> None:
        self.folder = file.folder
        self.settings = settings
        self.flags = flags
        self.out_folder = out_folder or file.folder
        self.problems = list(file.problems)
        self.ids: set[str] = set()
        sources = [str(entry.values["source"]) for entry in file.entries if "source" in entry.values]
        self.outs = {(file.folder / source).resolve(): "the source of a book" for source in sources}
        self.outs[file.path.resolve()] = "the jobs themselves"
        self.prepare = PreparedOnce()
        for key, value in file.defaults.values.items():
            self._note(file.defaults, "", mistake_in(key, value, DEFAULT_KEYS))
        self.defaults = self._placed(file.defaults.values)

    def read(self, entry: Entry) -> Job | None:
        """Returns the job of an entry, or None if it has mistakes, which are noted."""
        num_problems = len(self.problems)
        name = str(entry.values.get("id", ""))
        is_book = "source" in entry.values
        keys = BOOK_KEYS if is_book else TEXT_KEYS
        for key, value in entry.values.items():
            self._note(entry, name, mistake_in(key, value, keys))
        self._note(entry, name, self._mistake_in_name(name))
        if not is_book and "text" not in entry.values:
            self._note(entry, name, "it has neither `text` nor `source`: there is nothing to speak.")
        if len(self.problems) > num_problems:
            return None
        values = {**self.defaults, **self.flags, **self._placed(entry.values)}
        if "out" in entry.values and "format" not in entry.values:
            values.pop("format", None)  # the name of the file says it
        try:
            return self._book(name, values) if is_book else self._text(name, values)
        except CosyError as error:
            self._note(entry, name, f"{error.what} {error.hint}")
        except OSError as error:
            self._note(entry, name, f"{error.filename} cannot be used: {error.strerror}.")
        return None

    def _note(self, entry: Entry, name: str, mistake: str | None) -> None:
        if mistake is not None:
            self.problems.append(Problem(entry.line, name, mistake))

    def _mistake_in_name(self, name: str) -> str | None:
        if not name:
            return "it has no `id`."
        if not PLAIN_NAME.fullmatch(name):
            return 'an id is used as the name of a file: leave out / \\ < > : " | ? * and a dot or space at its ends.'
        if name in self.ids:
            return "another job has the same `id`."
        self.ids.add(name)
        return None

    def _placed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the values by option name; voices and models that are folders are found relative to the jobs."""
        paths = {
            key: self.folder / value
            for key, value in values.items()
            if BOOK_KEYS.get(key) is NAME_OR_FOLDER and "/" in str(value)
        }
        folders = {key: str(path) for key, path in paths.items() if path.is_dir()}
        return {name_of(key): value for key, value in {**values, **folders}.items()}

    def _text(self, name: str, values: Mapping[str, Any]) -> TextJob:
        settings = self._settings(values)
        audio_format = choose_format(values.get("format"), Path(values.get("out", "")), settings.format or "wav")
        out = self._out(values, f"{name}.{audio_format}", name)
        if out.is_dir():
            raise UsageError(f"{out} is a directory.", "Name a file as `out`.")
        return TextJob(name, check_text(values["text"], "The text"), out, audio_format, settings)

    def _book(self, name: str, values: Mapping[str, Any]) -> BookJob:
        settings = self._settings(values)
        request = request_of(self._existing(values["source"]), given_of(ReadingOptions, values), self._existing)
        check_request(request, self.prepare(settings))
        library = self.folder / values["out"] if "out" in values else self.out_folder
        files = given_of(FileOptions, values)
        publication = publication_of(files, name, lambda default: self._out(values, default, name), library)
        return BookJob(name, request, publication, settings, publication.target.path.with_name(f"{name}.cosy"))

    def _settings(self, values: Mapping[str, Any]) -> RenderOptions:
        settings = self.settings.override(**{name: values.get(name) for name in OPTIONS})
        self.prepare(settings)
        return settings

    def _out(self, values: Mapping[str, Any], default: str, name: str) -> Path:
        out = self.folder / values["out"] if "out" in values else self.out_folder / default
        place = out.resolve()
        if place in self.outs:
            raise UsageError(f"It would write {out}, which is {self.outs[place]}.", "Give it an `out` of its own.")
        self.outs[place] = f"written by job {name}"
        return out

    def _existing(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            raise UsageError(f"There is no file {path}.", "Relative paths start where the jobs are.")
        return path
