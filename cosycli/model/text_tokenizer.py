"""Text to token ids: byte-level byte-pair encoding, Qwen2's with the tags and phonemes that CosyVoice 2 and 3 add, and
the multilingual one of Whisper for CosyVoice 1.

transformers reads Qwen2's vocabulary. One of bytes alone, such as the built-in model's, is read here, so that its first
word does not wait for that import.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import NFC
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizers

from cosycli.errors import MissingError

END_OF_PROMPT, END_OF_SYSTEM = "<|endofprompt|>", "<|endofsystem|>"
# In the order of their ids, which follow the last byte-pair token.
CONTROL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", END_OF_PROMPT)
TAG_TOKENS = (
    *("[breath]", "<strong>", "</strong>", "[noise]", "[laughter]", "[cough]", "[clucking]", "[accent]"),
    *("[quick_breath]", "<laughter>", "</laughter>", "[hissing]", "[sigh]", "[vocalized-noise]", "[lipsmack]", "[mn]"),
)
_HANZI = Regex("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")  # CJK unified ideographs
_REMEDY = "Fetch the model again with `cosy models pull`."
_WHISPER_FILE = "multilingual.tiktoken"
# How Whisper cuts text before byte-pair merging: contractions, words, numbers, punctuation runs, white space.
_WHISPER_PIECES = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
NUM_BEFORE_LANGUAGES = 2
NUM_LANGUAGES = 100
LANGUAGE_PLACES = {"en": 0, "zh": 1, "ko": 5, "ja": 7, "yue": 99}  # among Whisper's languages


@cache
def phoneme_tokens() -> tuple[str, ...]:
    """The pronunciation tokens in the order of their ids: CMU phones such as `[AE1]`, then pinyin pieces (`[ǎo]`)."""
    names = json.loads(Path(__file__).with_name("phoneme_tokens.json").read_text(encoding="utf-8"))
    return tuple(f"[{name}]" for name in (*names["cmu"], *names["pinyin"]))


class TextTokenizer:
    """Encodes text for the language model.

    Control tokens such as `<|endofprompt|>` are never read from text: whoever types one has it spelled out as
    characters. Programs ask for them by name, with `id_of`, or give `encode` an instruction.

    Args:
        bpe: gives the ids of a text, its tags and phonemes among them.
        added: added token -> id; those written `<|...|>` are control tokens.
    """

    def __init__(self, bpe: Tokenizer, added: Mapping[str, int]) -> None:
        self._bpe = bpe
        self._added = dict(added)

    @classmethod
    def load(cls, directory: Path, one_token_per_hanzi: bool = False, has_phonemes: bool = False) -> TextTokenizer:
        """Reads `vocab.json` and `merges.txt`, or `tokenizer.json`, and the optional `added_tokens.json`.

        Without `added_tokens.json`, as published, the tokens of CosyVoice 2 follow the last byte-pair token, and those
        of CosyVoice 3 follow them where the model has phonemes.

        Args:
            one_token_per_hanzi: encode each Chinese character alone.

        Raises:
            MissingError: the files are absent or damaged.
        """
        try:
            bpe = _read_bytes(directory) if has_only_bytes(directory) else _read_qwen2(directory)
            names = _added_names(directory, has_phonemes)
        except FileNotFoundError as error:
            raise MissingError(f"The text tokenizer's {error.filename} is missing.", _REMEDY) from None
        except Exception as error:  # tokenizers has no narrower one
            raise MissingError(f"The text tokenizer in {directory} cannot be read: {error}.", _REMEDY) from None
        bpe.add_tokens([AddedToken(name, special=name.startswith("<|")) for name in names])
        bpe.encode_special_tokens = True  # as characters
        if one_token_per_hanzi:
            bpe.pre_tokenizer = PreTokenizers([Split(_HANZI, behavior="isolated"), bpe.pre_tokenizer])
        return cls(bpe, {token.content: number for number, token in bpe.get_added_tokens_decoder().items()})

    @property
    def num_tokens(self) -> int:
        """Of the vocabulary and, but for CosyVoice 1, those added to it."""
        return self._bpe.get_vocab_size()

    def id_of(self, token: str) -> int:
        """The id of an added token: a control token, a tag or a phoneme."""
        return self._added[token]

    def knows(self, token: str) -> bool:
        """Whether `token` is a tag or phoneme of this model, to be typed in text as it is."""
        return token in self._added and not token.startswith("<|")

    def encode(self, text: str, instruction: str | None = None) -> list[int]:
        """Token ids of `text`, after those of `instruction` and the end-of-prompt token when one is given."""
        if instruction is None:
            return self._bpe.encode(text).ids
        if END_OF_PROMPT in self._added:
            return [*self.encode(instruction), self.id_of(END_OF_PROMPT), *self.encode(text)]
        return [*self.encode(instruction + END_OF_PROMPT), *self.encode(text)]  # CosyVoice 1 has it spelled out


def byte_pair_tokenizer(
    vocabulary: dict[str, int], merges: Sequence[tuple[str, str]] = (), pieces: str | None = None
) -> Tokenizer:
    """A tokenizer without added tokens.

    Args:
        vocabulary: byte-pair token -> id.
        merges: pairs of tokens in order of priority.
        pieces: a regular expression of what is merged by itself; None for the whole text.
    """
    bpe = Tokenizer(BPE(vocab=vocabulary, merges=list(merges)))
    to_bytes = ByteLevel(add_prefix_space=False, use_regex=False)
    split = [Split(Regex(pieces), behavior="isolated")] if pieces else []
    bpe.pre_tokenizer = PreTokenizers([*split, to_bytes])
    return bpe


def has_only_bytes(directory: Path) -> bool:
    """Whether the text vocabulary in `directory` has no merges, as that of the built-in model."""
    path = directory / "merges.txt"
    return path.is_file() and len(path.read_text(encoding="utf-8").splitlines()) < 2  # the first names the version


def _read_bytes(directory: Path) -> Tokenizer:
    bpe = byte_pair_tokenizer(json.loads((directory / "vocab.json").read_text(encoding="utf-8")))
    bpe.normalizer = NFC()  # as Qwen2's
    return bpe


def _read_qwen2(directory: Path) -> Tokenizer:
    from transformers import Qwen2Tokenizer

    if not (directory / "tokenizer.json").is_file():
        for name in ("vocab.json", "merges.txt"):  # without which transformers begins an empty vocabulary
            (directory / name).stat()
    return Qwen2Tokenizer.from_pretrained(directory, local_files_only=True).backend_tokenizer


def _added_names(directory: Path, has_phonemes: bool) -> tuple[str, ...]:
    """The added tokens in the order of their ids."""
    path = directory / "added_tokens.json"
    if path.is_file():
        added = json.loads(path.read_text(encoding="utf-8"))
        return tuple(sorted(added, key=added.__getitem__))
    return (*CONTROL_TOKENS, *TAG_TOKENS, *((END_OF_SYSTEM, *phoneme_tokens()) if has_phonemes else ()))


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
    return TextTokenizer(byte_pair_tokenizer(_vocabulary(ranks), _merges(ranks), _WHISPER_PIECES), languages)


def find_vocabulary(directory: Path) -> Path:
    """In the model's own folder, or in the installed package of Whisper.

    Raises:
        MissingError: it is in neither.
    """
    if found := sorted(directory.glob("*.tiktoken")):
        return found[0]
    package = find_spec("whisper")
    for folder in (package.submodule_search_locations or ()) if package else ():
        if (path := Path(folder, "assets", _WHISPER_FILE)).is_file():
            return path
    raise MissingError(
        f"{directory} has no text vocabulary: CosyVoice 1 is published without one, and uses Whisper's.",
        _remedy(directory),
    )


def _remedy(directory: Path) -> str:
    return (
        f"Put whisper/assets/{_WHISPER_FILE} of https://github.com/openai/whisper into {directory}, "
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
