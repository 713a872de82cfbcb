"""How much audio, time and disk a book will take, told before anything is rendered."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

from cosycli.errors import InputError
from cosycli.folders import data_folder
from cosycli.jobs.plan import Plan, seconds_of_segment
from cosycli.model_library import BUILTIN
from cosycli.whole_files import write_whole

__all__ = ["Estimate", "estimate", "record_speed"]

# Seconds of speech for a second of work where this machine has not spoken yet: the built-in model as the README
# measures it, the published ones as their stock modules run on two cores.
TYPICAL_SPEED = {BUILTIN: 32.0}
TYPICAL_PUBLISHED_SPEED = 1 / 1.5
# Takes of the built-in voice are 20 kB a second (16-bit FLAC, 24 kHz), the M4B is 8 kB, and while it is written it is
# there twice.
BYTES_PER_SECOND = 36_000
MIN_RECORDED_S = 30.0  # of speech; less says more about starting than about speaking


@dataclass(frozen=True)
class Estimate:
    """What a book will take.

    Attributes:
        audio_s: seconds of audio.
        compute_s: seconds of work on this machine.
        is_measured: this machine has spoken with this model before; else `compute_s` is what is typical.
        disk_bytes: of takes and audio file together.
    """

    audio_s: float
    compute_s: float
    is_measured: bool
    disk_bytes: int


def estimate(plan: Plan) -> Estimate:
    """For the chosen chapters, as if nothing of them were rendered yet."""
    audio_s = sum(seconds_of_segment(segment, plan.voice_settings) for _, _, segment in plan.chosen_segments())
    model = plan.settings.model
    measured = _recorded().get(model)
    speed = measured or TYPICAL_SPEED.get(model, TYPICAL_PUBLISHED_SPEED)
    return Estimate(audio_s, audio_s / speed, measured is not None, round(audio_s * BYTES_PER_SECOND))


def record_speed(model: str, audio_s: float, elapsed_s: float) -> None:
    """Remember how fast this machine spoke, for the next estimate."""
    if audio_s < MIN_RECORDED_S or elapsed_s <= 0:
        return
    speeds = _recorded() | {model: round(audio_s / elapsed_s, 3)}
    with suppress(InputError, OSError):  # a home that cannot be written is no reason to fail
        data_folder().mkdir(parents=True, exist_ok=True)
        write_whole(data_folder() / "speeds.json", json.dumps(speeds, indent=1) + "\n")


def _recorded() -> dict[str, float]:
    try:
        speeds = json.loads((data_folder() / "speeds.json").read_text(encoding="utf-8"))
        return {str(model): float(speed) for model, speed in speeds.items() if float(speed) > 0}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
