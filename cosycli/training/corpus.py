"""Step `corpus`: text in, hours of labelled speech out, made by free synthesizers.

A corpus is a folder of shards. Each shard is three files: `NAME.pcm` holds 16-bit mono samples at 24 kHz, one
utterance after another; `NAME.mel` their mels as 16-bit floats; `NAME.json` lists their texts, labels, speakers and
places. The list is written last and renamed into place, so that a killed run leaves only whole shards, and starting
again makes only the missing ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from cosycli.model.features import log_mel
from cosycli.model.profile import MelProfile
from cosycli.training.casting import RATE_NAMES, Part, cast_of
from cosycli.training.sentences import Sentences
from cosycli.training.teacher import SAMPLE_RATE, Teacher

SHARD_S = 300  # seconds of speech a shard
TARGET_RMS = 10 ** (-22 / 20)
MAX_PEAK = 0.8  # leaves the vocoder room below its limit of 0.99
SILENCE_LEVEL = 10 ** (-50 / 20)
MARGIN_S = 0.1  # silence kept at both ends
MAX_REPEATS = 6  # of an utterance of a rare speaker, for each time one of the most frequent is heard


@dataclass(frozen=True)
class Utterance:
    """One sentence and where its `num_samples` samples lie in the shard's PCM file.

    Attributes:
        label: the text with its words as phone tokens, as the teacher pronounced them.
    """

    text: str
    label: str
    language: str
    speaker: str
    rate: float
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
        self._pcm = [np.memmap(path.with_suffix(".pcm"), dtype=np.int16, mode="r") for path, _ in shards]
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

    def mel(self, index: int, folder: Path | None = None) -> Tensor:
        """Log-mel (num_mels, 2 · num_tokens) float32: the recording's, or what `folder` has in its place."""
        shard, first_frame, item = self._utterances[index]
        num_mels, num_frames = MelProfile().num_mels, 2 * item.num_tokens
        path = self._mel_paths[shard] if folder is None else folder / self._mel_paths[shard].name
        flat = np.fromfile(path, np.float16, num_frames * num_mels, offset=first_frame * num_mels * 2)
        return torch.from_numpy(flat.reshape(num_frames, num_mels)).float().T

    def balanced(self) -> list[int]:
        """Indices of all utterances, those of rare speakers several times, so that the loud crowd does not drown them.

        A speaker of whom there is a hundredth as much as of the first is heard a tenth as often, not a hundredth.
        """
        counts = Counter(item.speaker for _, _, item in self._utterances)
        most = max(counts.values())
        repeats = {speaker: min(MAX_REPEATS, round((most / count) ** 0.5)) for speaker, count in counts.items()}
        return [i for i, (_, _, item) in enumerate(self._utterances) for _ in range(repeats[item.speaker])]


def shard_names(folder: Path) -> list[str]:
    """The finished shards of `folder`, in their order."""
    return sorted(path.stem for path in folder.glob("*.json"))


def open_corpus(folder: Path, shards: Sequence[str] | None = None) -> Corpus:
    """The finished shards of `folder`, or those named."""
    paths = [folder / f"{name}.json" for name in (shard_names(folder) if shards is None else shards)]
    lists = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    return Corpus([(path, [Utterance(**item) for item in items]) for path, items in lists])


def open_teacher(name: str, voices: Path | None) -> Teacher:
    """The teacher of a part; its packages are imported only here."""
    if name == "hibari":
        from cosycli.training.teacher_hibari import HibariTeacher

        return HibariTeacher()
    from cosycli.training.teacher_kokoro import KokoroTeacher

    if voices is None:
        raise FileNotFoundError("Kokoro's voices are needed: name the folder of NAME.bin files with --voices.")
    return KokoroTeacher(voices)


def make_part(part: Part, sentences: dict[str, Sentences], teacher: Teacher, folder: Path) -> None:
    """Speak the shards of `part` that `folder` lacks, until it has `part.hours` of speech.

    Args:
        sentences: language -> its text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cast = cast_of(part)
    for number in tqdm(range(round(part.hours * 3600 / SHARD_S)), desc=part.name, unit="shard"):
        stem = folder / f"{part.name}-{number:04d}"
        if not stem.with_suffix(".json").exists():
            _make_shard(stem, part, number, cast, sentences, teacher)


def _make_shard(
    stem: Path, part: Part, number: int, cast: tuple[str, ...], sentences: dict[str, Sentences], teacher: Teacher
) -> None:
    """Utterances are numbered through the part, so that every shard has other ones, whatever was made before."""
    rates = list(RATE_NAMES) if part.varied_rates else [1.0]
    utterances: list[Utterance] = []
    start, index = 0, number * 100_000
    with stem.with_suffix(".pcm").open("wb") as pcm, stem.with_suffix(".mel").open("wb") as mel:
        while start < SHARD_S * SAMPLE_RATE:
            language = part.languages[index % len(part.languages)]
            speaker = cast[(number * 37 + len(utterances)) % len(cast)]
            rate = rates[index % len(rates)]
            text = sentences[language].draw(part.name, index)
            index += 1
            recording = teacher.speak(text, speaker, rate)
            if recording is None:
                continue
            wave = (level(trim(recording.samples)) * 32767).astype(np.int16)
            utterances.append(Utterance(text, recording.label, language, speaker, rate, start, len(wave)))
            start += len(wave)
            pcm.write(wave.tobytes())
            mel.write(_mel_bytes(wave, utterances[-1].num_tokens))
    unfinished = stem.with_suffix(".tmp")
    unfinished.write_text(json.dumps([asdict(u) for u in utterances], ensure_ascii=False), encoding="utf-8")
    unfinished.rename(stem.with_suffix(".json"))


def _mel_bytes(wave: np.ndarray, num_tokens: int) -> bytes:
    mel = log_mel(torch.from_numpy(wave.astype(np.float32) / 32768)[None], MelProfile())[0]
    return mel[:, : 2 * num_tokens].T.numpy().astype(np.float16).tobytes()


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
