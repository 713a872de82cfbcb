"""Downloads published models from Hugging Face or ModelScope.

Files are pinned by size and SHA-256, so that both hubs deliver the same files. A file without a published checksum is
accepted as it is, and its checksum is recorded. An interrupted download resumes where it stopped.
"""

from __future__ import annotations

import http.client
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from cosycli.errors import InputError, MissingError, UsageError, did_you_mean
from cosycli.model.library import (
    ModelFile,
    PublishedModel,
    checksum,
    has_manifest,
    model_folder,
    recorded_files,
    write_manifest,
)
from cosycli.option import check_choice

BLOCK_BYTES = 1 << 20
TIMEOUT_S = 30
MAX_FAILURES = 3  # consecutive connections that break before new bytes arrive


@dataclass(frozen=True)
class Hub:
    """A hub: its address, the path of a file, and the environment variable that names a mirror."""

    endpoint: str
    path: str
    mirror_variable: str


HUBS = {
    "huggingface": Hub("https://huggingface.co", "/{id}/resolve/{revision}/{path}", "HF_ENDPOINT"),
    "modelscope": Hub("https://www.modelscope.cn", "/models/{id}/resolve/{revision}/{path}", "MODELSCOPE_ENDPOINT"),
}


def url_pattern(name: str) -> str:
    """The URL pattern of the hub called `name` or of its mirror, with {id}, {revision} and {path}.

    Raises:
        UsageError: the hub does not exist.
    """
    check_choice("hub", name, HUBS)
    hub = HUBS[name]
    return os.environ.get(hub.mirror_variable, hub.endpoint).rstrip("/") + hub.path


def pull(model: PublishedModel, hub: str, pattern: str, report: Callable[[int, int], None]) -> Path:
    """Download the missing files of `model`, and check them.

    Args:
        hub: the hub's name in `model.sources`.
        pattern: see `url_pattern`.
        report: called with the bytes present and their total.

    Returns:
        The folder of the model.

    Raises:
        UsageError: the model is not on that hub.
        MissingError: the hub cannot be reached, lacks a file, or delivers another one.
        InputError: the disk is full or read-only.
    """
    if hub not in model.sources:
        hint = f"{did_you_mean(hub, model.sources)}Hubs: {', '.join(model.sources)}."
        raise UsageError(f"{model.name} is not on the hub {hub!r}.", hint)
    source, folder = model.sources[hub], model_folder(model.name)
    at_source = partial(pattern.format, id=source.id, revision=source.revision)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = list(_wanted_files(model, folder, lambda path: at_source(path=quote(path))))
        total, done = sum(file.size for file in files), 0
        _check_space(model.name, total, folder)
        for file in files:
            if not file.is_at(folder / file.path):
                _fetch(file, folder / file.path, partial(_report_sum, report, done, total))
            done += file.size
            report(done, total)
        fetched = [ModelFile(file.path, file.size, file.sha256 or checksum(folder / file.path)) for file in files]
        write_manifest(folder, f"{hub}:{source.id}@{source.revision}", tuple(fetched))
    except OSError as error:
        hint = "Free some space, or keep models elsewhere with COSY_HOME; what was downloaded is kept."
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.", hint) from None
    return folder


def _report_sum(report: Callable[[int, int], None], before: int, total: int, size: int) -> None:
    report(before + size, total)


@dataclass(frozen=True)
class _Wanted:
    """A file to download: its path in the model folder, URL, size in bytes, and checksum if known."""

    path: str
    url: str
    size: int
    sha256: str | None

    def is_at(self, path: Path) -> bool:
        if self.sha256 is None:
            return path.is_file() and path.stat().st_size == self.size
        return path.is_file() and checksum(path) == self.sha256


def _wanted_files(model: PublishedModel, folder: Path, url_of: Callable[[str], str]) -> Iterator[_Wanted]:
    """Yield the files of a model; unknown sizes and checksums come from the manifest, else from the hub."""
    recorded = {file.path: file for file in recorded_files(folder)} if has_manifest(folder) else {}
    for file in model.files:
        known = file if file.sha256 else recorded.get(file.path, file)
        url = url_of(file.path)
        yield _Wanted(file.path, url, _size_at(url) if known.size is None else known.size, known.sha256)


def _check_space(name: str, size: int, folder: Path) -> None:
    """Raises InputError if the missing bytes do not fit on the disk."""
    present = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    needed, free = size - present, shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"{name} needs {needed / 1e9:.1f} GB more, and {folder} has {free / 1e9:.1f} GB free.",
            "Free some space, or keep models elsewhere with COSY_HOME.",
        )


def _size_at(url: str) -> int:
    """The size in bytes that the hub states for a file."""
    try:
        with _connect(url, 0) as response:
            return int(response.headers["Content-Length"])
    except (_NetworkError, TypeError, ValueError) as error:
        raise _unreachable(url, error) from None


def _fetch(file: _Wanted, path: Path, report: Callable[[int], None]) -> None:
    """Download `file` to `path`; resumes a partial download."""
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    most = failures = 0
    while (present := part.stat().st_size if part.exists() else 0) < file.size:
        try:
            for size in _append(file.url, part, present, file.size):
                report(size)
                if size > most:
                    most, failures = size, 0
        except _NetworkError as error:
            failures += 1
            if failures == MAX_FAILURES:
                raise _unreachable(file.url, error) from None
    if not file.is_at(part):
        part.unlink()
        raise MissingError(
            f"{file.url} is not the file that was published: its checksum differs.",
            "Try again, or take the other hub with --hub.",
        )
    part.replace(path)


class _NetworkError(Exception):
    """The network failed; another attempt may succeed."""


def _append(url: str, part: Path, present: int, size: int) -> Iterator[int]:
    """Append to `part`, which has `present` of `size` bytes, what one connection delivers; yields its growing size."""
    with _connect(url, present) as response, part.open("ab") as file:
        if response.status != http.client.PARTIAL_CONTENT:  # the hub cannot resume: it sends the whole file
            file.truncate(0)
            present = 0
        while present < size:
            block = _read(response, min(BLOCK_BYTES, size - present))
            file.write(block)
            present += len(block)
            yield present


def _connect(url: str, start: int) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-", "User-Agent": "cosy"})
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code >= http.client.INTERNAL_SERVER_ERROR:
            raise _NetworkError(error) from None
        raise MissingError(f"{url} answers {error.code} {error.reason}.", "Try the other hub with --hub.") from None
    except (OSError, http.client.HTTPException) as error:
        raise _NetworkError(getattr(error, "reason", error)) from None
    return response


def _read(response: http.client.HTTPResponse, num_bytes: int) -> bytes:
    try:
        block = response.read(num_bytes)
    except (OSError, http.client.HTTPException) as error:
        raise _NetworkError(error) from None
    if not block:
        raise _NetworkError("the connection ended early")
    return block


def _unreachable(url: str, error: Exception) -> MissingError:
    return MissingError(
        f"{urlsplit(url).hostname} cannot be reached: {error}.",
        "Check the network and run the same command again: it goes on where it stopped. Or take the other hub with "
        "--hub; or copy the model folder from another machine and name it: --model FOLDER",
    )
