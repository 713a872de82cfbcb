"""Every mode of a model ends in sound; `full_size_modes.py` shows it of all published models at their full size."""

from __future__ import annotations

from pathlib import Path

from cosycli.model.library import find_published
from tests.engine.full_size_modes import try_modes
from tests.model.tiny_model_v1 import write_tiny_model_v1

FEW_STEPS = "\ncosy:\n  flow: {num_steps: 2}\n"
MODES = {"zero-shot", "cross-lingual", "SFT", "instruct", "voice conversion"}
STREAMS = {"stream, zero-shot", "stream, cross-lingual", "stream, SFT"}


def test_every_mode_makes_sound(tmp_path: Path) -> None:
    folder = write_tiny_model_v1(tmp_path / "CosyVoice-300M-Instruct")
    with (folder / "cosyvoice.yaml").open("a") as config:
        config.write(FEW_STEPS)
    outcomes = list(try_modes(folder, find_published("cosyvoice-300m-instruct")))
    assert {outcome.mode for outcome in outcomes} == MODES | STREAMS
    assert [outcome for outcome in outcomes if outcome.fault] == []
