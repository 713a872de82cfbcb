"""From a jobs file to jobs, checked as far as can be without loading a model.

A job says what to speak, as `text` or `source`, and where it differs from the defaults. What a job says of itself goes
over the options of the command line, those over `defaults:` in the file, and those over `cosy.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cosycli.audio.encode import choose_format
from cosycli.documents.plain_text import check_text
from cosycli.errors import CosyError, UsageError
from cosycli.jobs.book_values import publication_of, request_of
from cosycli.jobs.job_keys import BOOK_KEYS, BOOK_SETTINGS, SETTINGS, TEXT_KEYS, mistake_in
from cosycli.jobs.jobs_file import Entry, JobsFile, Problem, read_jobs_file
from cosycli.jobs.plan import BookRequest
from cosycli.jobs.publishing import Publication
from cosycli.settings import Settings
from cosycli.voices import find_voice

__all__ = ["BookJob", "Job", "TextJob", "read_batch"]

MAX_SHOWN = 30
# What every file system takes as a name: Microsoft, "Naming Files, Paths, and Namespaces".
PLAIN_NAME = re.compile(r'(?![ .])[^/\\<>:"|?*\x00-\x1f\x7f]{1,200}(?<![ .])')
# Keys whose value may be a path; in a jobs file it starts at the file.
PLACES = ("voice", "model", "dialogue-voice")


@dataclass(frozen=True)
class TextJob:
    """Words to speak into a file of their own."""

    id: str
    text: str
    out: Path
    audio_format: str
    settings: Settings


@dataclass(frozen=True)
class BookJob:
    """A document to read as a book."""

    id: str
    request: BookRequest
    publication: Publication
    settings: Settings

    @property
    def out(self) -> Path:
        return self.publication.target.path


Job = TextJob | BookJob


def read_batch(path: Path, settings: Settings, flags: Mapping[str, Any], out_folder: Path | None = None) -> list[Job]:
    """The jobs of a file or folder, all of them valid.

    Args:
        settings: what holds where neither the file nor the flags say it.
        flags: settings of the command line; None is not given.
        out_folder: for jobs that do not say `out`; by default the folder of the jobs.

    Raises:
        InputError: the file cannot be read.
        UsageError: jobs are wrong; the message names each of them.
    """
    file = read_jobs_file(path)
    reader = _Reader(file, settings, {key: value for key, value in flags.items() if value is not None}, out_folder)
    jobs = [job for entry in file.entries if (job := reader.read(entry)) is not None]
    if reader.problems:
        raise _all_problems(path, sorted(reader.problems, key=lambda problem: problem.line or 0))
    return jobs


def _all_problems(path: Path, problems: list[Problem]) -> UsageError:
    count = f"{len(problems)} mistakes" if len(problems) > 1 else "a mistake"
    lines = [f"  {problem}" for problem in problems[:MAX_SHOWN]]
    if len(problems) > MAX_SHOWN:
        lines.append(f"  and {len(problems) - MAX_SHOWN} more")
    return UsageError("\n".join((f"{path} has {count}; nothing was run.", *lines)), "Fix it and run it again.")


class _Reader:
    """Makes jobs of entries, and collects what is wrong with them."""

    def __init__(self, file: JobsFile, settings: Settings, flags: dict[str, Any], out_folder: Path | None) -> None:
        self.folder = file.folder
        self.settings = settings
        self.flags = flags
        self.out_folder = out_folder or file.folder
        self.problems = list(file.problems)
        self.ids: set[str] = set()
        sources = [str(entry.values["source"]) for entry in file.entries if "source" in entry.values]
        self.outs = {(file.folder / source).resolve(): "the source of a book" for source in sources}
        self.outs[file.path.resolve()] = "the jobs themselves"
        self.check_voice = cache(_check_voice)  # looked up once for each name, however many jobs there are
        self.check_voice_settings = cache(_check_voice_settings)
        self.check_variant = cache(_check_variant)
        self.check_language = cache(_check_language)
        self.check_listener = cache(_check_listener)
        for key, value in file.defaults.values.items():
            self._note(file.defaults, "", mistake_in(key, value, BOOK_SETTINGS))
        self.defaults = self._placed(file.defaults.values)

    def read(self, entry: Entry) -> Job | None:
        """The job of an entry, or None after noting what is wrong."""
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
        """`values` with voices and models that are folders found from where the jobs are."""
        paths = {key: self.folder / values[key] for key in PLACES if "/" in str(values.get(key, ""))}
        return {**values, **{key: str(path) for key, path in paths.items() if path.is_dir()}}

    def _text(self, name: str, values: Mapping[str, Any]) -> TextJob:
        settings = self._settings(values)
        audio_format = choose_format(values.get("format"), Path(values.get("out", "")), settings.format or "wav")
        out = self._out(values, f"{name}.{audio_format}", name)
        if out.is_dir():
            raise UsageError(f"{out} is a directory.", "Name a file as `out`.")
        return TextJob(name, check_text(values["text"], "The text"), out, audio_format, settings)

    def _book(self, name: str, values: Mapping[str, Any]) -> BookJob:
        settings = self._settings(values)
        request = request_of(values, self._existing)
        self.check_language(request.language, settings.model)
        for voice in request.voices:
            self.check_voice(voice, settings.model)
        library = self.folder / values["out"] if "out" in values else self.out_folder
        publication = publication_of(values, name, lambda default: self._out(values, default, name), library)
        return BookJob(name, request, publication, settings)

    def _settings(self, values: Mapping[str, Any]) -> Settings:
        settings = self.settings.override(**{key: values.get(key) for key in SETTINGS})
        if settings.voice is not None:
            self.check_voice(settings.voice, settings.model)
        self.check_voice_settings(settings.style, settings.mask, settings.model)
        self.check_variant(settings.variant, settings.model)
        if settings.verify:
            self.check_listener(settings.model)
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


def _check_voice(name: str, model: str) -> None:
    from cosycli.model_library import find_model

    find_voice(name, find_model(model))


def _check_variant(variant: str | None, model: str) -> None:
    """Raises: UsageError, MissingError: there is no such variant or model."""
    from cosycli.model_library import find_model, language_model_weights

    language_model_weights(find_model(model), variant)


def _check_language(language: str | None, model: str) -> None:
    """Raises: UsageError, MissingError: the model was not trained on the language, or is not there."""
    from cosycli.engine.capabilities import check_language
    from cosycli.model.profile import read_profile
    from cosycli.model_library import find_model

    check_language(language, read_profile(find_model(model)))


def _check_listener(model: str) -> None:
    """Raises: MissingError: there is no such model, or no recognizer for it."""
    from cosycli.engine.verification import check_listener
    from cosycli.model_library import find_model

    check_listener(find_model(model))


def _check_voice_settings(style: str | None, mask: str, model: str) -> None:
    """Raises: UsageError, MissingError: there is no such style, mask or model."""
    from cosycli.engine.capabilities import check_mask, instruction_of
    from cosycli.model.profile import read_profile
    from cosycli.model_library import find_model

    profile = read_profile(find_model(model))
    instruction_of(style, profile)
    check_mask(mask, profile)
