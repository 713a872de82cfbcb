"""Step `corpus`: text in, hours of labelled speech out, made by the free synthesizer flite.

A corpus is a folder of shards. Each shard is two files: `NAME.pcm` holds 16-bit mono samples at 24 kHz, one utterance
after another; `NAME.json` lists their texts, speakers and places. The list is written last and renamed into place,
so a cut leaves only whole shards, and starting again makes only the missing ones. `NAME.mel`, made once from the
samples, holds the mels as 16-bit floats.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor
from tqdm import tqdm

from cosycli.model.features import log_mel
from cosycli.model.profile import MelProfile

__all__ = ["SAMPLE_RATE", "SPEAKERS", "Corpus", "Utterance", "add_mels", "make_corpus", "open_corpus"]

SAMPLE_RATE = 24000
SPEAKERS = {"rms": 0.65, "slt": 0.35}  # flite voice -> share of the utterances; the first is the default voice
SHARD_SIZE = 400  # utterances, about half an hour of speech
MAX_WORDS = 26  # about 10 s; a longer sentence costs more than it teaches
WORD_LIST_SHARE = 0.12  # utterances of a few random words, so that rare words are heard too
TARGET_RMS = 10 ** (-22 / 20)
MAX_PEAK = 0.8  # leaves the vocoder room below its limit of 0.99
SILENCE_LEVEL = 10 ** (-50 / 20)
MARGIN_S = 0.1  # silence kept at both ends


@dataclass(frozen=True)
class Utterance:
    """One sentence and where its `num_samples` samples lie in the shard's PCM file."""

    text: str
    speaker: str
    start: int
    num_samples: int

    @property
    def num_tokens(self) -> int:
        """Whole speech tokens; the mel is cut to two frames each."""
        return self.num_samples // (2 * MelProfile().hop)

    @property
    def duration_s(self) -> float:
        return self.num_samples / SAMPLE_RATE


class Corpus:
    """Utterances in a fixed order: shards by name, then as spoken."""

    def __init__(self, shards: list[tuple[Path, list[Utterance]]]) -> None:
        self._pcm = [np.memmap(path, dtype=np.int16, mode="r") for path, _ in shards]
        self._mel_paths = [path.with_suffix(".mel") for path, _ in shards]
        self._utterances: list[tuple[int, int, Utterance]] = []  # shard, first mel frame, utterance
        for shard, (_, items) in enumerate(shards):
            first_frame = 0
            for item in items:
                self._utterances.append((shard, first_frame, item))
                first_frame += 2 * item.num_tokens

    def __len__(self) -> int:
        return len(self._utterances)

    def __getitem__(self, index: int) -> Utterance:
        return self._utterances[index][2]

    def wave(self, index: int) -> np.ndarray:
        """Samples (N,) float32 at 24 kHz."""
        shard, _, item = self._utterances[index]
        return self._pcm[shard][item.start : item.start + item.num_samples].astype(np.float32) / 32768

    def mel(self, index: int) -> Tensor:
        """Log-mel (num_mels, 2 · num_tokens) float32; `add_mels` must have run."""
        shard, first_frame, item = self._utterances[index]
        num_mels, num_frames = MelProfile().num_mels, 2 * item.num_tokens
        flat = np.fromfile(self._mel_paths[shard], np.float16, num_frames * num_mels, offset=first_frame * num_mels * 2)
        return torch.from_numpy(flat.reshape(num_frames, num_mels)).float().T


def open_corpus(folder: Path) -> Corpus:
    """The finished shards of `folder`, those with their mels."""
    finished = [path for path in sorted(Path(folder).glob("*.json")) if path.with_suffix(".mel").exists()]
    shards = [(path.with_suffix(".pcm"), json.loads(path.read_text())) for path in finished]
    return Corpus([(path, [Utterance(**item) for item in items]) for path, items in shards])


def add_mels(folder: Path) -> None:
    """Write `NAME.mel` for every shard that has none."""
    profile = MelProfile()
    for path in tqdm(sorted(folder.glob("*.json")), desc="mels", unit="shard"):
        target = path.with_suffix(".mel")
        if target.exists():
            continue
        shard = Corpus([(path.with_suffix(".pcm"), [Utterance(**item) for item in json.loads(path.read_text())])])
        unfinished = path.with_suffix(".mel.tmp")
        with unfinished.open("wb") as file:
            for index in range(len(shard)):
                mel = log_mel(torch.from_numpy(shard.wave(index))[None], profile)[0]
                file.write(mel[:, : 2 * shard[index].num_tokens].T.numpy().astype(np.float16).tobytes())
        unfinished.rename(target)


def make_corpus(text: Path, folder: Path, num_shards: int, num_workers: int) -> None:
    """Speak `num_shards` shards of the sentences in `text` (one a line, may be gzipped) into `folder`.

    Raises:
        FileNotFoundError: flite is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sentences = _read_sentences(text)
    common_words = _common_words(sentences)
    random.Random(0).shuffle(sentences)
    for number in tqdm(range(num_shards), desc="corpus", unit="shard"):
        if not (folder / f"shard-{number:04d}.json").exists():
            lines = sentences[number * SHARD_SIZE : (number + 1) * SHARD_SIZE]
            _make_shard(folder / f"shard-{number:04d}", lines, common_words, random.Random(number), num_workers)
    add_mels(folder)


def _read_sentences(path: Path) -> list[str]:
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8").splitlines()
    return [line.strip() for line in lines if 1 < len(line.split()) <= MAX_WORDS]


def _common_words(sentences: list[str]) -> list[str]:
    """Words seen at least three times, each once."""
    counts = Counter(word for line in sentences for word in re.findall(r"[a-z']+", line.lower()))
    return sorted(word for word, count in counts.items() if count > 2 and word.strip("'") == word)


def _make_shard(stem: Path, lines: list[str], words: list[str], draw: random.Random, num_workers: int) -> None:
    texts = [
        " ".join(draw.choices(words, k=draw.randint(1, 6))) + "." if draw.random() < WORD_LIST_SHARE else line
        for line in lines
    ]
    speakers = draw.choices(list(SPEAKERS), weights=list(SPEAKERS.values()), k=len(texts))
    with ThreadPoolExecutor(num_workers) as pool:
        waves = list(pool.map(_speak, texts, speakers))
    utterances, start = [], 0
    with stem.with_suffix(".pcm").open("wb") as pcm:
        for text, speaker, wave in zip(texts, speakers, waves, strict=True):
            pcm.write((wave * 32767).astype(np.int16).tobytes())
            utterances.append(Utterance(text, speaker, start, len(wave)))
            start += len(wave)
    unfinished = stem.with_suffix(".tmp")
    unfinished.write_text(json.dumps([asdict(u) for u in utterances]))
    unfinished.rename(stem.with_suffix(".json"))


def _speak(text: str, speaker: str) -> np.ndarray:
    """One utterance by flite: samples (N,) at 24 kHz, level and margins set."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "out.wav"
        subprocess.run(["flite", "-voice", speaker, "-t", text, "-o", str(path)], check=True, stdin=subprocess.DEVNULL)
        wave, rate = soundfile.read(path, dtype="float32")
    return level(trim(soxr.resample(wave, rate, SAMPLE_RATE)))


def trim(wave: np.ndarray) -> np.ndarray:
    """Cut silence at both ends down to `MARGIN_S`."""
    loud = np.flatnonzero(np.abs(wave) > SILENCE_LEVEL)
    margin = int(MARGIN_S * SAMPLE_RATE)
    if not len(loud):
        return wave[: 2 * margin]
    return wave[max(0, loud[0] - margin) : loud[-1] + margin]


def level(wave: np.ndarray) -> np.ndarray:
    """Scale to the target RMS, or less where the peak would pass `MAX_PEAK`."""
    rms, peak = float(np.sqrt(np.mean(wave**2)) + 1e-9), float(np.abs(wave).max() + 1e-9)
    return wave * min(TARGET_RMS / rms, MAX_PEAK / peak)
