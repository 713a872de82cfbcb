"""Step `judge`: how well a folder of spoken sentences is understood and how it sounds, by models that did not make it.

`FOLDER/000.wav` says the first line of the text file, and so on, as `recite` writes them; blank lines do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from tqdm import tqdm

from cosycli.errors import InputError, UsageError
from cosycli.training.judge_models import SAMPLE_RATE, Judges, load_judges
from cosycli.training.judge_sound import SoundFacts, measure_sound
from cosycli.training.judge_words import LANGUAGES, edit_distance, units

WINDOW_S = 10.0


@dataclass(frozen=True)
class JudgeOptions:
    """What is judged.

    Attributes:
        language: of the sentences; "mixed" for Mandarin with English words in it.
        with_tones: also count Mandarin syllables whose tone alone is wrong.
        like: a clip of the speaker whom the files should sound like.
        with_windows: also give Distill-MOS for every 10 s of a file.

    Raises:
        UsageError: no such language, or it has no tones.
    """

    language: str = "en"
    with_tones: bool = False
    like: Path | None = None
    with_windows: bool = False

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise UsageError(f"There are no judges for the language {self.language!r}.", f"One of {LANGUAGES}.")
        if self.with_tones and self.language == "en":
            raise UsageError("English has no tones.", "Leave out --tones, or add --language zh.")


@dataclass(frozen=True)
class FileJudgement:
    """One file.

    Attributes:
        text: what it should say.
        heard: what the recognizer writes.
        num_units: words or syllables of the text.
        num_errors: of them wrong, missing or too many in what is heard.
        num_tone_errors: the same where a wrong tone is an error too; None if not asked for.
        dnsmos: 1 to 5.
        distill_mos: 1 to 5.
        window_mos: Distill-MOS of each window; empty if not asked for.
        similarity: cosine with the speaker of the clip; None without one.
    """

    text: str
    heard: str
    num_units: int
    num_errors: int
    num_tone_errors: int | None
    dnsmos: float
    distill_mos: float
    window_mos: tuple[float, ...]
    similarity: float | None
    sound: SoundFacts

    @property
    def error(self) -> float:
        return self.num_errors / max(1, self.num_units)


@dataclass(frozen=True)
class Judgement:
    """All files of a folder, at least one."""

    files: tuple[FileJudgement, ...]

    @property
    def error(self) -> float:
        """Share of all words or syllables."""
        return sum(file.num_errors for file in self.files) / self._num_units

    @property
    def tone_error(self) -> float | None:
        wrong = [file.num_tone_errors for file in self.files if file.num_tone_errors is not None]
        return sum(wrong) / self._num_units if wrong else None

    @property
    def dnsmos(self) -> float:
        return float(np.mean([file.dnsmos for file in self.files]))

    @property
    def distill_mos(self) -> float:
        return float(np.mean([file.distill_mos for file in self.files]))

    @property
    def window_mos(self) -> tuple[float, ...]:
        return tuple(score for file in self.files for score in file.window_mos)

    @property
    def similarity(self) -> float | None:
        found = [file.similarity for file in self.files if file.similarity is not None]
        return float(np.mean(found)) if found else None

    @property
    def _num_units(self) -> int:
        return max(1, sum(file.num_units for file in self.files))


def judge(sentences: Path, folder: Path, options: JudgeOptions) -> Judgement:
    """Judge the files of `folder` that say the lines of `sentences`.

    Raises:
        InputError: the sentences, a file or the clip cannot be read.
        MissingError: a package of the extra `judge` is not installed.
    """
    pairs = list(_pair(sentences, folder))
    clip = _resample(*_read(options.like)) if options.like else None
    judges = load_judges(options.language, with_speakers=clip is not None)
    speaker = judges.embed(clip) if judges.embed and clip is not None else None
    progress = tqdm(pairs, desc="judge", unit="file")
    return Judgement(tuple(_judge_file(text, path, judges, speaker, options) for text, path in progress))


def _pair(sentences: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Each line with its file.

    Raises:
        InputError: there are no lines, or one has no file.
    """
    try:
        lines = [line.strip() for line in sentences.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The sentences in {sentences} cannot be read: {error}") from None
    if not lines:
        raise InputError(f"{sentences} has no sentences.", "Write one a line.")
    for number, line in enumerate(lines):
        path = folder / f"{number:03d}.wav"
        if not path.is_file():
            hint = (
                f"It should say {line!r}. `python -m cosycli.training samples {sentences} {folder}` makes all of them."
            )
            raise InputError(f"There is no file {path}.", hint)
        yield line, path


def _read(path: Path) -> tuple[NDArray[np.float32], int]:
    """Samples (N,) of all channels' mean, N > 0, and their rate."""
    try:
        channels, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise InputError(f"The audio file {path} cannot be read: {error}") from None
    if not len(channels):
        raise InputError(f"The audio file {path} has no sound.")
    return channels.mean(axis=1), sample_rate


def _resample(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """To the rate of the judges."""
    return soxr.resample(samples, sample_rate, SAMPLE_RATE)


def _judge_file(
    text: str, path: Path, judges: Judges, speaker: NDArray[np.float32] | None, options: JudgeOptions
) -> FileJudgement:
    recorded, sample_rate = _read(path)
    samples = _resample(recorded, sample_rate)
    heard = judges.hear(samples)
    said = units(text, options.language)
    windows = _windows(samples) if options.with_windows else []
    return FileJudgement(
        text=text,
        heard=heard,
        num_units=len(said),
        num_errors=edit_distance(said, units(heard, options.language)),
        num_tone_errors=_tone_errors(text, heard, options.language) if options.with_tones else None,
        dnsmos=judges.dnsmos(samples),
        distill_mos=judges.distill_mos(samples),
        window_mos=tuple(judges.distill_mos(window) for window in windows),
        similarity=float(judges.embed(samples) @ speaker) if judges.embed and speaker is not None else None,
        sound=measure_sound(recorded, sample_rate),
    )


def _tone_errors(text: str, heard: str, language: str) -> int:
    return edit_distance(units(text, language, with_tones=True), units(heard, language, with_tones=True))


def _windows(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Windows of 10 s that together cover all; the last one reaches back over the one before it."""
    length = round(WINDOW_S * SAMPLE_RATE)
    last = max(0, len(samples) - length)
    return [samples[start : start + length] for start in [*range(0, last, length), last]]


def report(judgement: Judgement, num_worst: int = 0) -> list[str]:
    """Lines to print: the figures, and the `num_worst` files with the largest error."""
    lines = [_scores(judgement), _sound(judgement.files)]
    if judgement.tone_error is not None:
        lines.append(f"error with tone {judgement.tone_error:.3f}")
    if scores := judgement.window_mos:
        lines.append(f"{len(scores)} windows of 10 s: Distill-MOS {np.mean(scores):.2f}, lowest {min(scores):.2f}")
    worst = sorted(judgement.files, key=lambda file: file.error, reverse=True)[:num_worst]
    return lines + [f"{file.error:.2f} | {file.text} | {file.heard}" for file in worst]


def _scores(judgement: Judgement) -> str:
    line = (
        f"files {len(judgement.files)} error {judgement.error:.3f} "
        f"DNSMOS {judgement.dnsmos:.2f} Distill-MOS {judgement.distill_mos:.2f}"
    )
    return line if judgement.similarity is None else f"{line} similarity {judgement.similarity:.3f}"


def _sound(files: Sequence[FileJudgement]) -> str:
    """Extremes over all files."""
    sounds = [file.sound for file in files]
    clicks = [sound.num_clicks for sound in sounds if sound.num_clicks]
    return (
        f"peak {max(sound.peak_db for sound in sounds):.1f} dBFS, "
        f"silence {_range([sound.leading_s for sound in sounds])} s before "
        f"and {_range([sound.trailing_s for sound in sounds])} s after, "
        f"clicks {sum(clicks)} in {len(clicks)} files"
    )


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"
