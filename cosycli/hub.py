"""Published models fetched from Hugging Face or ModelScope.

Every file is pinned by size and SHA-256, so that it is the same whichever hub it comes from; one downloader serves
both. A fetch that was cut off goes on where it stopped.
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
from cosycli.model_library import ModelFile, PublishedModel, checksum, model_folder, write_manifest

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
    done = 0
    try:
        _check_space(model, folder)
        for file in model.files:
            path = folder / file.path
            if not path.is_file() or checksum(path) != file.sha256:
                url = pattern.format(id=source.id, revision=source.revision, path=quote(file.path))
                _fetch(url, file, path, partial(_report_sum, report, done, model.size))
            done += file.size
            report(done, model.size)
        write_manifest(folder, f"{hub}:{source.id}@{source.revision}", model.files)
    except OSError as error:
        hint = "Free some space, or keep models elsewhere with COSY_HOME; what was fetched is kept."
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.", hint) from None
    return folder


def _report_sum(report: Callable[[int, int], None], before: int, total: int, size: int) -> None:
    report(before + size, total)


def _check_space(model: PublishedModel, folder: Path) -> None:
    """Raises: InputError: what is still to come does not fit on the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    needed, free = model.size - there, shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"{model.name} needs {needed / 1e9:.1f} GB more, and {folder} has {free / 1e9:.1f} GB free.",
            "Free some space, or keep models elsewhere with COSY_HOME.",
        )


def _fetch(url: str, file: ModelFile, path: Path, report: Callable[[int], None]) -> None:
    """Bring `file` to `path`, going on from an earlier part of it."""
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    most = vain = 0
    while (there := part.stat().st_size if part.exists() else 0) < file.size:
        try:
            for size in _append(url, part, there, file.size):
                report(size)
                if size > most:
                    most, vain = size, 0
        except _CutError as cut:
            vain += 1
            if vain == MAX_VAIN_CONNECTIONS:
                raise _unreachable(url, cut) from None
    if checksum(part) != file.sha256:
        part.unlink()
        raise MissingError(
            f"{url} is not the file that was published: its checksum differs.",
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


def _unreachable(url: str, cut: _CutError) -> MissingError:
    return MissingError(
        f"{urlsplit(url).hostname} cannot be reached: {cut}.",
        "Check the network and run the same command again: it goes on where it stopped. Or take the other hub with "
        "--hub; or copy the model folder from another machine and name it: --model FOLDER",
    )
