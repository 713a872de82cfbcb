"""A short hash for each job of a batch, which changes with everything that its output is made from."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from cosycli.documents.sources import FORMATS
from cosycli.jobs.batch_file import BookJob, Job, TextJob
from cosycli.jobs.fingerprints import model_fingerprint, voice_fingerprint
from cosycli.model.library import find_model
from cosycli.voices import DEFAULT_VOICE, voice_folders

__all__ = ["JobFingerprints"]

BLOCK_BYTES = 1 << 20
_VOICE_MARK = re.compile(r"\[voice:\s*([^\]]+?)\s*\]")


class JobFingerprints:
    """Looks at each model and voice once."""

    def __init__(self) -> None:
        self._voice_names = frozenset(voice_folders())
        self._of_voice = cache(lambda voice, model: voice_fingerprint(voice, find_model(model)))
        self._of_model = cache(lambda model, variant: model_fingerprint(find_model(model), variant))

    def of(self, job: Job) -> str:
        """Raises: MissingError, UsageError: its model, the variant of it or a voice is not there."""
        facts = asdict(job)
        del facts["id"], facts["settings"]["device"], facts["settings"]["memory"]
        facts["model"] = self._of_model(job.settings.model, job.settings.variant)
        facts["voices"] = [self._of_voice(voice, job.settings.model) for voice in self._voices(job)]
        digest = hashlib.blake2b(json.dumps(facts, default=_plain).encode(), digest_size=16)
        if isinstance(job, BookJob):
            for path in filter(None, (job.request.source, *job.request.lexicons)):
                _add_content(path, digest)
        return digest.hexdigest()

    def _voices(self, job: Job) -> list[str]:
        """The voices that the job's settings and marks name."""
        default = job.settings.voice or DEFAULT_VOICE
        if isinstance(job, TextJob):
            return [default, *sorted({*_VOICE_MARK.findall(job.text)} & self._voice_names)]
        return [default, *job.request.voices]


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _add_content(path: Path, digest: hashlib.blake2b) -> None:
    """Add the name and content of a file, or of the documents in a folder."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in FORMATS and file.is_file())
    else:
        files = [path]
    for file in files:
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as content:
            while block := content.read(BLOCK_BYTES):
                digest.update(block)
