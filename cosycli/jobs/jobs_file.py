"""Reads the entries of a jobs file or folder; only their shape is checked here.

jobs.yaml      `defaults:` for all jobs, and `jobs:`, a list
jobs.jsonl     a job on each line, as JSON
a folder       a job for each document in it
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cosycli.documents.sources import FORMATS
from cosycli.errors import InputError, UsageError, did_you_mean
from cosycli.jobs.book_options import FileOptions, ReadingOptions
from cosycli.option import PATH, TEXT, key_of, options_of
from cosycli.settings import OPTIONS

MAX_JSONL_BYTES = 64 << 20  # half a million lines of speech
MAX_YAML_BYTES = 4 << 20  # PyYAML takes 2 s for 1 MB
PARTS = ("defaults", "jobs")

# Keys of a job: the long options of `cosy speak` and `cosy book`, each with the kind of its value.
SETTINGS = {key_of(name): declared.kind for name, declared in OPTIONS.items() if not declared.of_machine}
BOOK_OPTIONS = options_of(FileOptions) | options_of(ReadingOptions)
DEFAULT_KEYS = SETTINGS | {key_of(name): declared.kind for name, declared in BOOK_OPTIONS.items() if name != "out"}
TEXT_KEYS = {"id": PATH, "text": TEXT, "out": PATH, **SETTINGS}
BOOK_KEYS = {"id": PATH, "source": PATH, "out": PATH, **DEFAULT_KEYS}


@dataclass(frozen=True)
class Entry:
    """One job as written; `line` counts from 1, and is None for a document of a folder."""

    line: int | None
    values: dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """A mistake in a job, or in the file if no job is named."""

    line: int | None
    job: str
    message: str

    def __str__(self) -> str:
        job = self.job if self.job.isprintable() else ascii(self.job)
        place = ", ".join(filter(None, (f"line {self.line}" if self.line else "", f"job {job}" if job else "")))
        return f"{place}: {self.message}" if place else self.message


@dataclass(frozen=True)
class JobsFile:
    """Content of a jobs file; relative paths in it start at `folder`."""

    path: Path
    folder: Path
    defaults: Entry
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


def read_jobs_file(path: Path) -> JobsFile:
    """Returns the entries of a jobs file, or of a folder of documents.

    Raises:
        InputError: the file cannot be read, is too large, or is neither YAML nor JSON lines.
        UsageError: the suffix is unknown, or the file holds no job.
    """
    if path.is_dir():
        jobs = _read_folder(path)
    elif path.suffix.lower() in (".yaml", ".yml"):
        jobs = _read_yaml(path)
    elif path.suffix.lower() in (".jsonl", ".ndjson"):
        jobs = _read_json_lines(path)
    elif not path.exists():
        raise InputError(f"There is no file or folder {path}.", "Name a jobs file: cosy batch jobs.yaml")
    else:
        raise UsageError(
            f"{path} is not a jobs file: its name ends in neither .yaml nor .jsonl.", "Rename it, or name a folder."
        )
    if not jobs.entries and not jobs.problems:
        raise UsageError(f"{path} holds no job.", _what_would_be_a_job(path))
    return jobs


def _what_would_be_a_job(path: Path) -> str:
    if path.is_dir():
        return f"Documents are files that end in {', '.join(FORMATS)}."
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return 'Write one on each line: {"id": "hello", "text": "Good evening."}'
    return "Write a list under `jobs:`, such as `- {id: hello, text: Good evening.}`"


def _read_folder(path: Path) -> JobsFile:
    documents = sorted(
        file for file in path.iterdir() if file.suffix.lower() in FORMATS and not file.name.startswith(".")
    )
    entries = tuple(Entry(None, {"id": file.stem, "source": file.name}) for file in documents)
    return JobsFile(path, path, Entry(None, {}), entries, ())


def _read_json_lines(path: Path) -> JobsFile:
    entries, problems = [], []
    for number, line in enumerate(_read_text(path, MAX_JSONL_BYTES).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(number, "", f"it is not JSON: {error}."))
            continue
        if isinstance(values, dict):
            entries.append(Entry(number, values))
        else:
            problems.append(Problem(number, "", 'it is not a job, such as {"id": "hello", "text": "Good evening."}.'))
    return JobsFile(path, path.parent, Entry(None, {}), tuple(entries), tuple(problems))


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ValueError(f"{key!r} is given twice")
        values[key] = value
    return values


def _read_yaml(path: Path) -> JobsFile:
    text = _read_text(path, MAX_YAML_BYTES)
    try:
        loader = _Loader(text)
        parts = _parts(path, loader)
        defaults = _entry(loader, parts["defaults"]) if "defaults" in parts else Entry(None, {})
        entries = tuple(_entry(loader, node) for node in _list_of_jobs(path, parts))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{path} is not YAML that can be read: {error}", "Fix it, or write JSON lines.") from None
    return JobsFile(path, path.parent, defaults, entries, tuple(loader.problems))


def _parts(path: Path, loader: _Loader) -> dict[str, yaml.Node]:
    root = loader.get_single_node()
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise UsageError(f"{path} does not hold `jobs:`.", "Write a list under `jobs:`, as in examples/jobs.yaml.")
    parts = {str(key.value): value for key, value in root.value}
    for key, _ in root.value:
        if key.value not in PARTS:
            line = key.start_mark.line + 1
            message = f"there is no part {key.value!r}. {did_you_mean(str(key.value), PARTS)}Parts: {', '.join(PARTS)}."
            loader.problems.append(Problem(line, "", message))
    return parts


def _list_of_jobs(path: Path, parts: dict[str, yaml.Node]) -> list[yaml.Node]:
    jobs = parts.get("jobs")
    if jobs is None:
        return []
    if not isinstance(jobs, yaml.SequenceNode):
        raise UsageError(f"{path}: `jobs:` is not a list.", "Start each job with a dash: `- id: hello`.")
    return list(jobs.value)


def _entry(loader: _Loader, node: yaml.Node) -> Entry:
    line = node.start_mark.line + 1
    values = loader.construct_document(node)
    if isinstance(values, dict):
        return Entry(line, {str(key): value for key, value in values.items()})
    loader.problems.append(Problem(line, "", "these are not lines of `key: value`."))
    return Entry(line, {})


class _Loader(yaml.SafeLoader):
    """Constructs plain values only, refuses aliases, and notes duplicate keys."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.problems: list[Problem] = []

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not taken; use `defaults:`", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                self.problems.append(Problem(key.start_mark.line + 1, "", f"{key.value!r} is given twice."))
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read_text(path: Path, max_bytes: int) -> str:
    try:
        if path.stat().st_size > max_bytes:
            raise InputError(
                f"{path} is larger than {max_bytes >> 20} MB.", "Split it, or write JSON lines, which may be larger."
            )
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check its name and permissions.") from None
