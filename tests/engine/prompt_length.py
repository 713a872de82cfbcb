"""Measure what the flow makes of shorter and longer ends of a voice's clip, and how long it takes.

    flite -voice awb -t "Some sentences, ten seconds of them." clip.wav
    python -m tests.engine.prompt_length clip.wav
    python -m tests.engine.prompt_length clip.wav cosyvoice2-0.5b

Sixteen sentences are said with the same speech tokens and seeds after every length of the clip, on one core of the CPU,
in float32. The first row is of the clip without its first token: it tells how far a mel moves by chance, for the noise
that it is made from begins at another frame then.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import torch
import torch.nn.functional as F
from torch import Tensor

from cosycli.engine.capabilities import read_for
from cosycli.engine.decoding import decode
from cosycli.engine.memory import Memory
from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.utterance import Utterance, VoiceSettings, utterances_of
from cosycli.engine.verification import listener_for, verdict_on
from cosycli.engine.voice_cache import VoiceCache
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.library import find_model
from cosycli.model.loading import load_model
from cosycli.model.masks import FlowMask
from cosycli.sound.levels import measure
from cosycli.sound.recording import MAX_REFERENCE_S, Recording, read_reference

SENTENCES = Path(__file__).parents[1].joinpath("data", "unheard_sentences.txt").read_text().splitlines()
LENGTHS_S = (20, 15, 10, 6, 4, 3, 2, 1, 0)
START_S = 0.2  # of each sentence, where a remnant of the clip would be heard
DESCRIPTION = "name: clip\nlanguage: en\nrights: to measure with\nreference: clip.wav\n"


@dataclass(frozen=True)
class Speech:
    """The sentences as the flow spoke them: mels (num_mels, M), waves (N,), and the CPU time that it took."""

    mels: Sequence[Tensor]
    waves: Sequence[np.ndarray]
    flow_s: float


class Trial:
    """The sentences, to be spoken in the voice of a clip.

    Attributes:
        prompt: all of the clip.
        token_rate: speech tokens for a second of it.
    """

    def __init__(self, clip: Path, model: str) -> None:
        torch.set_num_threads(1)
        self._model = load_model(find_model(model), "cpu", "float32")
        self._runner = ModelRunner(self._model, Memory(self._model))
        voices = VoiceCache(self._runner, MAX_REFERENCE_S)
        self._listener = listener_for(self._model.directory)
        self._rate = self._model.profile.mel.sample_rate
        self.token_rate = self._model.profile.flow.token_rate
        recording = read_reference(clip)
        self._voice = self._model.reference_encoder.speaker(recording.samples, recording.sample_rate)
        with TemporaryDirectory() as folder:
            Path(folder, "voice.yaml").write_text(DESCRIPTION)
            soundfile.write(Path(folder, "clip.wav"), recording.samples, recording.sample_rate, subtype="FLOAT")
            self.prompt = voices.prompt(folder)  # which is kept, under this name
        scripts = [read_for(self._model.profile, sentence) for sentence in SENTENCES]
        self._items: list[Utterance] = [
            item for script in scripts for item in utterances_of(script.segments, VoiceSettings(folder))
        ]
        requests = [voices.request(item) for item in self._items]
        self._tokens = [spoken.tokens for spoken in decode(self._model.language_model, requests)]

    def end_of_clip(self, num_tokens: int) -> VoicePrompt:
        return self.prompt.shortened(num_tokens, self._model.profile.flow)

    def speak(self, prompt: VoicePrompt) -> Speech:
        """All sentences, one by one."""
        began = time.process_time()
        mels = [
            self._runner.mels([prompt], [tokens], [item.seed], FlowMask.FULL)[0]
            for tokens, item in zip(self._tokens, self._items, strict=True)
        ]
        flow_s = time.process_time() - began
        waves = [self._runner.waves([mel], [item.seed])[0] for mel, item in zip(mels, self._items, strict=True)]
        return Speech(mels, waves, flow_s)

    def row(self, speech: Speech, whole: Speech) -> str:
        """What is told of a length.

        The flow's real-time factor; letters misheard for each to be said; likeness to the clip's voice, the cosine
        between embeddings; level of the start; and how far mels are from those of `whole`, on average.
        """
        heard = [Recording(wave, self._rate) for wave in speech.waves]
        verdicts = [verdict_on(self._listener, *pair) for pair in zip(heard, self._items, strict=True)]
        embeddings = [self._model.reference_encoder.speaker(wave, self._rate) for wave in speech.waves]
        starts = [measure(wave[: round(START_S * self._rate)], self._rate).level_db for wave in speech.waves]
        moved = [(one - other).abs().mean() for one, other in zip(speech.mels, whole.mels, strict=True)]
        return (
            f"{speech.flow_s * self._rate / sum(map(len, speech.waves)):9.4f}"
            f"{np.mean([verdict.error_rate for verdict in verdicts]):9.3f}"
            f"{np.mean([float(F.cosine_similarity(each, self._voice, dim=0)) for each in embeddings]):10.4f}"
            f"{np.mean(starts):9.1f}{np.mean(moved):9.3f}"
        )


def measure_lengths(clip: Path, model: str) -> None:
    trial = Trial(clip, model)
    num_tokens = len(trial.prompt.tokens)
    whole = trial.speak(trial.prompt)
    print("clip, s  flow RTF  letters  likeness start, dB    moved")
    for length in (num_tokens - 1, num_tokens, *(trial.token_rate * seconds for seconds in LENGTHS_S)):
        if length <= num_tokens:
            speech = trial.speak(trial.end_of_clip(length))
            print(f"{length / trial.token_rate:7.2f} {trial.row(speech, whole)}", flush=True)


if __name__ == "__main__":
    measure_lengths(Path(sys.argv[1]), *(sys.argv[2:] or ["builtin"]))
