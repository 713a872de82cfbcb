"""Published models fetched from Hugging Face or ModelScope.

Files are pinned by size and SHA-256, so that they are the same whichever hub they come from; one downloader serves
both. A file without a pin is taken as the hub has it, and pinned by what came first. A fetch that was cut off goes on
where it stopped.
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

__all__ = ["HUBS", "Hub", "pull", "url_pattern"]

BLOCK_BYTES = 1 << 20
TIMEOUT_S = 30
MAX_VAIN_CONNECTIONS = 3  # that break, one after another, before anything new has come


@dataclass(frozen=True)
class Hub:
    """A site: its address, where it keeps a file, and the environment variable that names a mirror of it."""

    endpoint: str
    path: str
    mirror_variable: str


HUBS = {
    "huggingface": Hub("https://huggingface.co", "/{id}/resolve/{revision}/{path}", "HF_ENDPOINT"),
    "modelscope": Hub("https://www.modelscope.cn", "/models/{id}/resolve/{revision}/{path}", "MODELSCOPE_ENDPOINT"),
}


def url_pattern(name: str) -> str:
    """The address of a file on the hub called `name` or on its mirror, with places for {id}, {revision} and {path}.

    Raises:
        UsageError: there is no such hub.
    """
    if name not in HUBS:
        raise UsageError(f"There is no hub {name!r}.", f"{did_you_mean(name, HUBS)}Hubs: {', '.join(HUBS)}.")
    hub = HUBS[name]
    return os.environ.get(hub.mirror_variable, hub.endpoint).rstrip("/") + hub.path


def pull(model: PublishedModel, hub: str, pattern: str, report: Callable[[int, int], None]) -> Path:
    """Fetch what is missing of `model` and check it.

    Args:
        hub: the hub's name in `model.sources`.
        pattern: the address of a file there; see `url_pattern`.
        report: told the bytes that are there and the bytes there will be.

    Returns:
        The model's folder.

    Raises:
        UsageError: the model is not on that hub.
        MissingError: the hub cannot be reached, lacks a file, or has another one under its name.
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
        came = [ModelFile(file.path, file.size, file.sha256 or checksum(folder / file.path)) for file in files]
        write_manifest(folder, f"{hub}:{source.id}@{source.revision}", tuple(came))
    except OSError as error:
        hint = "Free some space, or keep models elsewhere with COSY_HOME; what was fetched is kept."
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.", hint) from None
    return folder


def _report_sum(report: Callable[[int, int], None], before: int, total: int, size: int) -> None:
    report(before + size, total)


@dataclass(frozen=True)
class _Wanted:
    """A file at `url`, its size in bytes, and its checksum where that is known."""

    path: str
    url: str
    size: int
    sha256: str | None

    def is_at(self, path: Path) -> bool:
        if self.sha256 is None:
            return path.is_file() and path.stat().st_size == self.size
        return path.is_file() and checksum(path) == self.sha256


def _wanted_files(model: PublishedModel, folder: Path, url_of: Callable[[str], str]) -> Iterator[_Wanted]:
    """The files of a model; what is not known of one is known from an earlier fetch, or asked of the hub."""
    recorded = {file.path: file for file in recorded_files(folder)} if has_manifest(folder) else {}
    for file in model.files:
        known = file if file.sha256 else recorded.get(file.path, file)
        url = url_of(file.path)
        yield _Wanted(file.path, url, _size_at(url) if known.size is None else known.size, known.sha256)


def _check_space(name: str, size: int, folder: Path) -> None:
    """Raises: InputError: what is still to come does not fit on the disk."""
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    needed, free = size - there, shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"{name} needs {needed / 1e9:.1f} GB more, and {folder} has {free / 1e9:.1f} GB free.",
            "Free some space, or keep models elsewhere with COSY_HOME.",
        )


def _size_at(url: str) -> int:
    """Bytes of the file at `url`, as the hub says."""
    try:
        with _connect(url, 0) as response:
            return int(response.headers["Content-Length"])
    except (_CutError, TypeError, ValueError) as error:
        raise _unreachable(url, error) from None


def _fetch(file: _Wanted, path: Path, report: Callable[[int], None]) -> None:
    """Bring `file` to `path`, going on from an earlier part of it."""
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    most = vain = 0
    while (there := part.stat().st_size if part.exists() else 0) < file.size:
        try:
            for size in _append(file.url, part, there, file.size):
                report(size)
                if size > most:
                    most, vain = size, 0
        except _CutError as cut:
            vain += 1
            if vain == MAX_VAIN_CONNECTIONS:
                raise _unreachable(file.url, cut) from None
    if not file.is_at(part):
        part.unlink()
        raise MissingError(
            f"{file.url} is not the file that was published: its checksum differs.",
            "Try again, or take the other hub with --hub.",
        )
    part.replace(path)


class _CutError(Exception):
    """The network failed; trying again may help."""


def _append(url: str, part: Path, there: int, size: int) -> Iterator[int]:
    """Add what one connection brings to `part`, which has `there` bytes of `size`; yields its growing size."""
    with _connect(url, there) as response, part.open("ab") as file:
        if response.status != http.client.PARTIAL_CONTENT:  # the hub cannot resume, and sends all of it
            file.truncate(0)
            there = 0
        while there < size:
            block = _read(response, min(BLOCK_BYTES, size - there))
            file.write(block)
            there += len(block)
            yield there


def _connect(url: str, start: int) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-", "User-Agent": "cosy"})
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code >= http.client.INTERNAL_SERVER_ERROR:
            raise _CutError(error) from None
        raise MissingError(f"{url} answers {error.code} {error.reason}.", "Try the other hub with --hub.") from None
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(getattr(error, "reason", error)) from None
    return response


def _read(response: http.client.HTTPResponse, num_bytes: int) -> bytes:
    try:
        block = response.read(num_bytes)
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(error) from None
    if not block:
        raise _CutError("the connection ended early")
    return block


def _unreachable(url: str, cut: Exception) -> MissingError:
    return MissingError(
        f"{urlsplit(url).hostname} cannot be reached: {cut}.",
        "Check the network and run the same command again: it goes on where it stopped. Or take the other hub with "
        "--hub; or copy the model folder from another machine and name it: --model FOLDER",
    )
