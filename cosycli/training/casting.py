"""Who speaks the corpus: the parts of it, each with its teacher, its speakers, its text and its hours."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import combinations

# Kokoro's voices that no part may use: the cloning of unseen voices is measured on them.
HELD_OUT = frozenset(
    {"af_kore", "af_nova", "af_sky", "am_eric", "am_onyx", "am_puck", "bf_emma", "bm_george", "zf_xiaoyi", "zm_yunyang"}
)
NUM_MIXTURES = 40
# Kokoro's voices: the first letter tells the language, the second the sex.
_TEACHERS_VOICES = {
    "af": ("alloy", "aoede", "bella", "heart", "jessica", "kore", "nicole", "nova", "river", "sarah", "sky"),
    "am": ("adam", "echo", "eric", "fenrir", "liam", "michael", "onyx", "puck", "santa"),
    "bf": ("alice", "emma", "isabella", "lily"),
    "bm": ("daniel", "fable", "george", "lewis"),
    "ef": ("dora",),
    "em": ("alex", "santa"),
    "ff": ("siwis",),
    "hf": ("alpha", "beta"),
    "hm": ("omega", "psi"),
    "if": ("sara",),
    "im": ("nicola",),
    "jf": ("alpha", "gongitsune", "nezumi", "tebukuro"),
    "jm": ("kumo",),
    "pf": ("dora",),
    "pm": ("alex", "santa"),
    "zf": ("xiaobei", "xiaoni", "xiaoxiao", "xiaoyi"),
    "zm": ("yunjian", "yunxi", "yunxia", "yunyang"),
}
VOICES = tuple(f"{kind}_{name}" for kind, names in _TEACHERS_VOICES.items() for name in names)


@dataclass(frozen=True)
class Part:
    """One part of the corpus.

    Attributes:
        name: of its shards.
        teacher: "hibari" or "kokoro".
        speakers: who speaks it, in turn; empty stands for every voice that is free and `NUM_MIXTURES` mixtures.
        hours: how long it grows.
        languages: of its sentences, drawn evenly.
        varied_rates: its utterances are spoken at other rates than 1.
    """

    name: str
    teacher: str
    speakers: tuple[str, ...]
    hours: float
    languages: tuple[str, ...] = ("en",)
    varied_rates: bool = False


# The shipped voices: the teacher's name and ours. The model is told only these by name.
NAMES = {
    "heart": "heart",
    "am_michael": "michael",
    "af_bella": "bella",
    "zf_xiaoxiao": "xiaoxiao",
    "zm_yunjian": "yunjian",
}
# How much faster than usual the teacher speaks, by the name that the model is told.
RATE_NAMES = {0.6: "very slow", 0.8: "slow", 1.25: "fast", 1.6: "very fast"}
PARTS = (
    Part("heart", "hibari", ("heart",), 10.0),
    Part("heart-rates", "hibari", ("heart",), 1.0, varied_rates=True),
    Part("michael", "kokoro", ("am_michael",), 2.0),
    Part("bella", "kokoro", ("af_bella",), 1.0),
    Part("mandarin", "kokoro", ("zf_xiaoxiao", "zm_yunjian"), 4.0, languages=("zh",)),
    Part("others", "kokoro", (), 2.0, languages=("en", "en", "zh")),
)


def cast_of(part: Part) -> tuple[str, ...]:
    """The speakers of a part, in a fixed order."""
    if part.speakers:
        return part.speakers
    loud = {speaker for other in PARTS if other.hours > 1 for speaker in other.speakers}
    free = [voice for voice in VOICES if voice not in loud | HELD_OUT | {"af_heart"}]
    draw = random.Random(0)
    pairs = draw.sample(list(combinations(free, 2)), NUM_MIXTURES)
    cast = [*free, *("+".join(pair) for pair in pairs)]
    draw.shuffle(cast)
    return tuple(cast)


def whole_cast() -> list[str]:
    """Every speaker of the corpus once, however much of it has been spoken."""
    return sorted({speaker for part in PARTS for speaker in cast_of(part)})
