"""Generates speech tokens for one utterance whose text is still arriving (CosyVoice 2, section 2.3).

The model reads blocks of text tokens and generates blocks of speech tokens, in turn, as it was trained to
(`cosycli.model.language_model.interleaved_layout`). CosyVoice 3 reads its opening as a whole before that. When no more
text comes, the model reads what is left of it and says the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from cosycli.engine.sampler import NO_TOKEN, sample
from cosycli.model.language_model import LanguageModel
from cosycli.model.speech_decoder import Request


class InterleavedDecoder:
    """Decodes one utterance; its tokens depend on its text, not on the pieces that this came in.

    Args:
        request: what comes before the text, and the text where some of it is known.

    Attributes:
        ended: the model has ended by itself.
    """

    ended = False

    @torch.inference_mode()
    def __init__(self, model: LanguageModel, request: Request) -> None:
        self._model = model
        self._profile = model.profile
        self._cache = model.new_cache(1)
        text = list(request.all_text)
        model.start(text[: request.num_opening], self._cache)
        self._log_probs = torch.empty(0)  # (V,) of the next token
        self._generator = torch.Generator().manual_seed(request.seed)
        self._text = text[request.num_opening :]  # not yet read
        self._prompt_speech = list(request.prompt_speech)
        self._generated: list[int] = []
        self._num_text = len(request.text)  # of the text to be spoken

    @torch.inference_mode()
    def say(self, text: Sequence[int]) -> Iterator[int]:
        """Generates a block of speech tokens for each block that the text fills."""
        profile = self._profile
        self._text += text
        self._num_text += len(text)
        while len(self._text) >= profile.text_chunk:
            prompt = self._take_prompt(profile.speech_chunk)
            block, self._text = self._text[: profile.text_chunk], self._text[profile.text_chunk :]
            self._log_probs = self._model.extend(block, prompt, self._cache).cpu()
            yield from self._generate_block(profile.speech_chunk - len(prompt))

    @torch.inference_mode()
    def finish(self) -> Iterator[int]:
        """Generates the rest, once the text is complete; limits of length are those of `cosycli.engine.decoding`."""
        profile = self._profile
        self._log_probs = self._model.extend(self._text, self._take_prompt(), self._cache, is_last=True).cpu()
        least, most = (
            count * self._num_text - len(self._generated)
            for count in (profile.min_speech_per_text, profile.max_speech_per_text)
        )
        for number in range(most):
            if number < least:
                self._log_probs[profile.num_codes] = float("-inf")
            if not self._generated:
                self._log_probs[profile.num_codes :] = float("-inf")
            token = self._draw()
            if token >= profile.num_codes:
                self.ended = True
                break
            yield self._add(token)

    def _generate_block(self, size: int) -> Iterator[int]:
        """Up to `size` tokens: none of the ids that stop may come but `fill`, which asks for more text early."""
        profile = self._profile
        for _ in range(size):
            self._log_probs[profile.num_codes : profile.fill] = float("-inf")
            self._log_probs[profile.fill + 1 :] = float("-inf")
            token = self._draw()
            if token == profile.fill:
                break
            yield self._add(token)

    def _take_prompt(self, count: int | None = None) -> list[int]:
        """The next speech tokens of the prompt, which the model takes for its own; all if not `count`."""
        taken = self._prompt_speech[:count]
        self._prompt_speech = self._prompt_speech[len(taken) :]
        return taken

    def _draw(self) -> int:
        window = self._profile.repetition_window
        latest = self._generated[-window:]
        history = torch.tensor([[NO_TOKEN] * (window - len(latest)) + latest])
        uniform = torch.rand(1, 2, generator=self._generator)
        return int(sample(self._log_probs[None], history, uniform, self._profile))

    def _add(self, token: int) -> int:
        self._generated.append(token)
        self._cache.reserve()
        self._log_probs = self._model.step(torch.tensor([token]), self._cache)[0].cpu()
        return token
