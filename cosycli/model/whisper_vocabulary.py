"""CosyVoice 1's text tokens: the byte-pair vocabulary of Whisper, in the format of tiktoken.

A line of such a file is a token, base64 of its bytes, and its rank. Special tokens follow the last rank: end of text,
start of transcript, the languages, and others that no text for speech has.
"""

from __future__ import annotations

import base64
import binascii
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from cosycli.errors import MissingError
from cosycli.model.text_tokenizer import TextTokenizer

__all__ = ["find_vocabulary", "load_whisper_tokenizer"]

PUBLISHED_NAME = "multilingual.tiktoken"
# How Whisper cuts text before byte-pair merging: contractions, words, numbers, punctuation runs, white space.
PIECES = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
NUM_BEFORE_LANGUAGES = 2
NUM_LANGUAGES = 100
LANGUAGE_PLACES = {"en": 0, "zh": 1, "ko": 5, "ja": 7, "yue": 99}  # among Whisper's languages


def load_whisper_tokenizer(directory: Path, num_ids: int) -> TextTokenizer:
    """The tokenizer of the model in `directory`.

    Args:
        num_ids: rows of the model's text embedding.

    Raises:
        MissingError: there is no vocabulary, or it is damaged, or too large for the model.
    """
    path = find_vocabulary(directory)
    ranks = _read_ranks(path)
    first_language = len(ranks) + NUM_BEFORE_LANGUAGES
    if first_language + NUM_LANGUAGES > num_ids:
        raise MissingError(
            f"{path} has {len(ranks)} tokens, too many for a model of {num_ids} ids.", _remedy(directory)
        )
    languages = {f"<|{name}|>": first_language + place for name, place in LANGUAGE_PLACES.items()}
    return TextTokenizer(_vocabulary(ranks), _merges(ranks), languages, pieces=PIECES, to_nfc=False)


def find_vocabulary(directory: Path) -> Path:
    """In the model's own folder, or in the installed package of Whisper.

    Raises:
        MissingError: it is in neither.
    """
    if found := sorted(directory.glob("*.tiktoken")):
        return found[0]
    package = find_spec("whisper")
    for folder in (package.submodule_search_locations or ()) if package else ():
        if (path := Path(folder, "assets", PUBLISHED_NAME)).is_file():
            return path
    raise MissingError(
        f"{directory} has no text vocabulary: CosyVoice 1 is published without one, and uses Whisper's.",
        _remedy(directory),
    )


def _remedy(directory: Path) -> str:
    return (
        f"Put whisper/assets/{PUBLISHED_NAME} of https://github.com/openai/whisper into {directory}, "
        "or install it: pip install openai-whisper"
    )


def _read_ranks(path: Path) -> dict[bytes, int]:
    try:
        lines = [line.split() for line in path.read_text(encoding="ascii").splitlines() if line]
        ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    except (OSError, ValueError, binascii.Error) as error:
        raise MissingError(f"{path} cannot be read: {error}.", _remedy(path.parent)) from None
    if sorted(ranks.values()) != list(range(len(lines))) or not {bytes([byte]) for byte in range(256)} <= set(ranks):
        raise MissingError(f"{path} is not a complete vocabulary.", _remedy(path.parent))
    return ranks


def _vocabulary(ranks: dict[bytes, int]) -> dict[str, int]:
    return {_printable(token): rank for token, rank in ranks.items()}


def _merges(ranks: dict[bytes, int]) -> list[tuple[str, str]]:
    """The pair that each token is merged from, which the format leaves out: what lower ranks make of its bytes."""
    merges = []
    for token in sorted(ranks, key=ranks.__getitem__):
        if len(token) > 1:
            left, right = _halves(token, ranks)
            merges.append((_printable(left), _printable(right)))
    return merges


def _halves(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        joined = [ranks.get(left + right, len(ranks)) for left, right in pairwise(parts)]
        first = joined.index(min(joined))
        parts[first : first + 2] = [parts[first] + parts[first + 1]]
    return parts[0], parts[1]


def _printable(token: bytes) -> str:
    """Bytes as the letters that byte-level tokenizers write them with (GPT-2; Radford et al. 2019, section 2.2)."""
    return "".join(_LETTERS[byte] for byte in token)


_PLAIN = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(256) if byte not in _PLAIN]
_LETTERS = {byte: chr(byte) for byte in _PLAIN} | {byte: chr(256 + place) for place, byte in enumerate(_OTHERS)}
