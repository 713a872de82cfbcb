"""What all training is given here: a clock that counts steps, however fast the machine, the same chances, a corpus."""

import random
from itertools import count

import numpy as np
import pytest
import torch

from cosycli.training import corpus
from cosycli.training.casting import Part
from cosycli.training.sentences import Sentences
from cosycli.training.teacher import SAMPLE_RATE, Recording

TICK_S = 0.02  # from one look at the clock to the next; a step looks twice
LINES = ["A low tone.", "A high tone, far away!", "Both tones, low and high."]


@pytest.fixture(scope="module", autouse=True)
def clock():
    ticks = count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: TICK_S * next(ticks))
        yield


@pytest.fixture(autouse=True)
def chance():
    random.seed(0)
    torch.manual_seed(0)


class ToneTeacher:
    """Speaks every text as a tone, as long as the text, higher for some speakers; knows the phones of none."""

    def speak(self, text, speaker, rate):
        num_samples = int(SAMPLE_RATE * (0.9 + 0.02 * len(text)) / rate)
        pitch = 0.02 * (1 + len(speaker) % 5)
        return Recording((0.3 * np.sin(np.arange(num_samples) * pitch)).astype(np.float32), "[AH0] [T][OW1][N].")


@pytest.fixture(scope="module")
def corpus_folder(tmp_path_factory):
    """A corpus of two shards of half a dozen seconds, in a named and a nameless voice."""
    folder = tmp_path_factory.mktemp("corpus")
    sentences = {"en": Sentences(LINES, "en")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "SHARD_S", 6)
        for part in (Part("heart", "tones", ("heart",), 6 / 3600), Part("guest", "tones", ("af_sarah",), 6 / 3600)):
            corpus.make_part(part, sentences, ToneTeacher(), folder)
    return folder
