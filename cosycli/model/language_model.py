"""The text-speech language model of CosyVoice 2 and 3: a Qwen2 backbone reads text and continues with speech tokens.

B batch, T text tokens, S speech tokens, P positions of a sequence, D width, V output ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from cosycli.model.key_value_cache import CacheShape, CacheSlots, KeyValueCache
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.qwen2 import Backbone, BackboneConfig
from cosycli.model.speech_decoder import Request

NOT_LEARNED = -100  # the target that torch's cross-entropy leaves out


class Table(IntEnum):
    """The embedding table that an input is looked up in."""

    MARK = 0
    TEXT = 1
    SPEECH = 2


@dataclass(frozen=True)
class Layout:
    """A sequence as the model reads it; all three are P long.

    `targets[i]` is the output wanted after input `i` has been read, or `NOT_LEARNED`.
    """

    tables: tuple[int, ...]
    ids: tuple[int, ...]
    targets: tuple[int, ...]


def whole_text_layout(text: Sequence[int], speech: Sequence[int], profile: LanguageModelProfile) -> Layout:
    """Start, all text, turn, all speech (CosyVoice 2 paper, section 2.3); the last target is end of speech."""
    start, turn = _marks(profile)
    inputs = [start, *_read(Table.TEXT, text), turn, *_read(Table.SPEECH, speech)]
    targets = [NOT_LEARNED] * (1 + len(text)) + [*speech, profile.end_of_speech]
    return _layout(inputs, targets)


def interleaved_layout(
    text: Sequence[int], speech: Sequence[int], profile: LanguageModelProfile, opening: Sequence[int] = ()
) -> Layout:
    """Blocks of a few text and then some speech tokens, for text that arrives while speech is made (paper, 2.3).

    The blocks begin after the opening, text tokens that CosyVoice 3 reads as a whole. A block ends with the target
    `fill`, which asks for more text. When no full block is left, the remaining text, the turn and the remaining speech
    follow.
    """
    start, turn = _marks(profile)
    num_text, num_speech = profile.text_chunk, profile.speech_chunk
    num_blocks = min(len(text) // num_text, len(speech) // num_speech)
    inputs, targets = [start, *_read(Table.TEXT, opening)], [NOT_LEARNED] * (1 + len(opening))
    for block in range(num_blocks):
        spoken = speech[block * num_speech : (block + 1) * num_speech]
        inputs += _read(Table.TEXT, text[block * num_text : (block + 1) * num_text])
        inputs += _read(Table.SPEECH, spoken)
        targets += [NOT_LEARNED] * (num_text - 1) + [*spoken, profile.fill]
    text, speech = text[num_blocks * num_text :], speech[num_blocks * num_speech :]
    inputs += [*_read(Table.TEXT, text), turn, *_read(Table.SPEECH, speech)]
    targets += [NOT_LEARNED] * len(text) + [*speech, profile.end_of_speech]
    return _layout(inputs, targets)


def _marks(profile: LanguageModelProfile) -> tuple[tuple[Table, int], tuple[Table, int]]:
    """What stands before the text, and where text ends and speech begins."""
    if profile.has_mark_table:
        return (Table.MARK, 0), (Table.MARK, 1)
    return (Table.SPEECH, profile.num_codes), (Table.SPEECH, profile.num_codes + 2)


def _read(table: Table, ids: Sequence[int]) -> list[tuple[Table, int]]:
    return [(table, token) for token in ids]


def _layout(inputs: list[tuple[Table, int]], targets: list[int]) -> Layout:
    return Layout(tuple(int(table) for table, _ in inputs), tuple(token for _, token in inputs), tuple(targets))


class _CausalModel(nn.Module):
    """As the published weights name it; they carry a head for text, tied to the embedding, that is never used."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.model = Backbone(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.lm_head.weight = self.model.embed_tokens.weight


class _NamedBackbone(nn.Module):
    """Qwen2 under the name that the published checkpoint gives it."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.model = _CausalModel(config)

    def forward(self, vectors: Tensor, slots: CacheSlots | None = None) -> Tensor:
        """Last hidden states (B, P, D), after the final norm, of input vectors (B, P, D)."""
        hidden: Tensor = self.model.model(vectors, slots)
        return hidden


class LanguageModel(nn.Module):
    """Predicts speech tokens from text and the speech so far; parameter names are those of the published `llm.pt`."""

    def __init__(self, profile: LanguageModelProfile, backbone: BackboneConfig) -> None:
        super().__init__()
        width, num_outputs = backbone.hidden_size, profile.num_codes + profile.num_stop_ids
        self.profile = profile
        self.llm = _NamedBackbone(backbone)
        self.llm_embedding = nn.Embedding(2, width) if profile.has_mark_table else None
        self.llm_decoder = nn.Linear(width, num_outputs, bias=profile.has_output_bias)
        self.speech_embedding = nn.Embedding(num_outputs, width)

    def embed(self, tables: Tensor, ids: Tensor) -> Tensor:
        """Input vectors (B, P, D) of ids (B, P), each looked up in the table (B, P) that its place names."""
        text_embedding = self.backbone.embed_tokens
        vectors: Tensor = self.speech_embedding(ids * (tables == Table.SPEECH))
        for table, embedding in ((Table.TEXT, text_embedding), (Table.MARK, self.llm_embedding)):
            if embedding is not None:
                here = tables == table
                vectors = torch.where(here[..., None], embedding(ids * here), vectors)
        return vectors

    def forward(self, tables: Tensor, ids: Tensor) -> Tensor:
        """Scores (B, P, V) of the output after each input; padding goes to the right, where nothing looks at it."""
        scores: Tensor = self.llm_decoder(self.llm(self.embed(tables, ids)))
        return scores

    @property
    def backbone(self) -> Backbone:
        backbone: Backbone = self.llm.model.model
        return backbone

    @property
    def cache_shape(self) -> CacheShape:
        return self.backbone.config.cache_shape

    def new_cache(self, max_sequences: int, has_fixed_shapes: bool | None = None) -> KeyValueCache:
        return KeyValueCache(self.cache_shape, max_sequences, self.speech_embedding.weight, has_fixed_shapes)

    def prefill(self, requests: Sequence[Request], cache: KeyValueCache) -> Tensor:
        """As `SpeechDecoder.prefill`; a speaker is heard in the speech alone."""
        return self.prefill_layouts(
            [whole_text_layout(each.all_text, each.prompt_speech, self.profile) for each in requests], cache
        )

    def prefill_layouts(self, layouts: Sequence[Layout], cache: KeyValueCache) -> Tensor:
        """Prefills whole sequences into new last rows of `cache`; returns log-probabilities (B, V) of what follows."""
        lengths = [len(layout.ids) for layout in layouts]
        vectors = pad_sequence([self.embed_layout(layout)[0] for layout in layouts], batch_first=True)
        hidden = self.llm(vectors, cache.allocate(lengths))
        last = torch.tensor(lengths, device=hidden.device) - 1
        return self.log_probs(hidden[torch.arange(len(lengths), device=hidden.device), last])

    def start(self, opening: Sequence[int], cache: KeyValueCache) -> None:
        """Begins a sequence whose text is still to come but for its opening, in the only row of `cache`."""
        start, _ = _marks(self.profile)
        self.prefill_layouts([_layout([start, *_read(Table.TEXT, opening)], [])], cache)

    def extend(
        self, text: Sequence[int], speech: Sequence[int], cache: KeyValueCache, *, is_last: bool = False
    ) -> Tensor:
        """Extends the only row of `cache` by text, with the turn after the last of it, then by speech.

        Returns log-probabilities (V,) of what follows.
        """
        _, turn = _marks(self.profile)
        inputs = [*_read(Table.TEXT, text), *[turn] * is_last, *_read(Table.SPEECH, speech)]
        cache.reserve(len(inputs))
        hidden = self.llm(self.embed_layout(_layout(inputs, [])), cache.next_slots(len(inputs)))
        return self.log_probs(hidden[:, -1])[0]

    def embed_layout(self, layout: Layout) -> Tensor:
        """The input vectors (1, P, D) of a sequence."""
        device = self.speech_embedding.weight.device
        return self.embed(*(torch.tensor([values], device=device) for values in (layout.tables, layout.ids)))

    def step(self, tokens: Tensor, cache: KeyValueCache) -> Tensor:
        vectors = self.speech_embedding(tokens.to(self.speech_embedding.weight.device))
        return self.log_probs(self.llm(vectors[:, None], cache.next_slots())[:, 0])

    def log_probs(self, hidden: Tensor) -> Tensor:
        """Of what follows hidden states: (B, D) -> (B, V)."""
        log_probs: Tensor = self.llm_decoder(hidden).float().log_softmax(dim=-1)
        return log_probs
