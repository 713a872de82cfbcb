"""Streams speech while it is made, and while its text still arrives.

Sentences are rendered in passages. Within one, flow and vocoder follow the language model in chunks, under the chunk
mask, so that the packets together are what the passage would be in one piece. With a voice that has a clip and its
transcript a whole paragraph is one passage, whose text the language model reads as it arrives (`interleaving`); with
other voices a sentence is. CosyVoice 1, whose mask is the full one, streams whole sentences. Speed is always 1.

Legend: N samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cosycli.documents.text_layout import is_wide
from cosycli.engine.decoding import GeneratedTokens, SilenceLimit, decode
from cosycli.engine.gates import chunk_boundaries, failures_of
from cosycli.engine.growing_mel import GrowingMel, GrowingWave
from cosycli.engine.interleaving import InterleavedDecoder
from cosycli.engine.model_runner import ModelRunner
from cosycli.engine.speech import FailedPassage
from cosycli.engine.utterance import Utterance
from cosycli.engine.voice_cache import VoiceCache
from cosycli.model.language_model import LanguageModel
from cosycli.model.masks import FlowMask
from cosycli.script.timing import DEFAULT_PAUSES, seconds_of_tokens

Sound = NDArray[np.float32]

MAX_PASSAGE_S = 20.0  # of estimated speech, after which no further sentence joins
GROWTH, MAX_CHUNKS = 2, 4  # each packet is as many times as long as the one before, up to four chunks (published code)


@dataclass(frozen=True)
class Latency:
    """The latency of the first packet: its number of speech tokens M, and the seconds that each stage took.

    That is the latency of the paper, M · d_lm + M · d_fm + M · d_voc (CosyVoice 2, section 2.5).
    """

    num_tokens: int
    language_model_s: float
    flow_s: float
    vocoder_s: float

    @property
    def total_s(self) -> float:
        return self.language_model_s + self.flow_s + self.vocoder_s


class SpeechStream:
    """Renders utterances as they arrive, into packets (N,) of sound.

    A passage ends with a paragraph, before another voice or style, and where it gets long. It is checked at its end,
    when it is out and cannot be rendered again.

    Attributes:
        latency: of the first packet, once that has been given out.
        failed: the passages so far that did not pass a gate.
    """

    def __init__(self, runner: ModelRunner, voices: VoiceCache, utterances: Iterable[Utterance]) -> None:
        self.latency: Latency | None = None
        self.failed: list[FailedPassage] = []
        self._runner, self._voices = runner, voices
        self._utterances = utterances
        self._texts: list[str] = []  # of the open passage
        self._sound: list[Sound] = []

    def __iter__(self) -> Iterator[Sound]:
        passage: _Passage | None = None
        self._runner.elapsed.clear()
        pause_s = 0.0  # since the last passage
        for utterance in self._utterances:
            if passage is not None and not passage.takes(utterance):
                yield from self._finish(passage)
                passage = None
            if passage is None:
                passage = self._open_passage(utterance)
                yield self._silence(pause_s + utterance.segment.pause_before_s)
            self._texts.append(utterance.segment.text)
            yield from self._kept(passage, passage.say(utterance))
            pause_s = utterance.segment.pause_after_s
            if pause_s > DEFAULT_PAUSES.sentence_s or not passage.can_extend:
                yield from self._finish(passage)
                passage = None
        if passage is not None:
            yield from self._finish(passage)

    def _open_passage(self, first: Utterance) -> _Passage:
        model = self._runner.model.language_model
        self._voices.prompt(first.voice)  # before any sound, for the voice may be refused
        if isinstance(model, LanguageModel):
            return _Chunked(self._runner, self._voices, model, first)
        return _WholeSentence(self._runner, self._voices)

    def _kept(self, passage: _Passage, packets: Iterator[Sound]) -> Iterator[Sound]:
        """The same packets, the first of them measured."""
        for packet in packets:
            if self.latency is None:
                self.latency = Latency(len(passage.tokens), **self._runner.elapsed)
            self._sound.append(packet)
            yield packet

    def _finish(self, passage: _Passage) -> Iterator[Sound]:
        """The packets that are left, after which the passage is judged."""
        yield from self._kept(passage, passage.finish())
        text, samples = " ".join(self._texts), np.concatenate(self._sound)
        self._texts, self._sound = [], []
        profile = self._runner.model.profile
        generated = GeneratedTokens(tuple(passage.tokens), passage.ended)
        if failures := failures_of(text, generated, samples, profile, boundaries=passage.boundaries):
            self.failed.append(FailedPassage(text, failures))

    def _silence(self, duration_s: float) -> Sound:
        return np.zeros(round(duration_s * self._runner.model.profile.mel.sample_rate), np.float32)


class _Passage(Protocol):
    """Sentences that are rendered as one.

    Attributes:
        can_extend: it may take more than one sentence.
        tokens: the speech tokens so far.
        ended: the language model has ended by itself.
        boundaries: the mel frames with which chunks begin; see `chunk_boundaries`.
    """

    can_extend: bool
    tokens: list[int]

    @property
    def ended(self) -> bool: ...

    @property
    def boundaries(self) -> Sequence[int]: ...

    def takes(self, utterance: Utterance) -> bool:
        """Whether an utterance may join those that have been said."""

    def say(self, utterance: Utterance) -> Iterator[Sound]:
        """The packets that can be made now that one more utterance has come."""

    def finish(self) -> Iterator[Sound]:
        """The packets that are left, now that no further utterance comes."""


class _WholeSentence:
    """Renders one utterance in one piece."""

    can_extend = False
    ended = False
    boundaries = ()

    def __init__(self, runner: ModelRunner, voices: VoiceCache) -> None:
        self.tokens: list[int] = []
        self._runner, self._voices = runner, voices

    def takes(self, utterance: Utterance) -> bool:
        return False

    def say(self, utterance: Utterance) -> Iterator[Sound]:
        runner, prompt = self._runner, self._voices.prompt(utterance.voice)
        with runner.timed("language_model_s"):
            (generated,) = decode(runner.model.language_model, [self._voices.request(utterance)])
        self.tokens += generated.tokens
        self.ended = generated.ended
        mels = runner.mels([prompt], [self.tokens], [utterance.seed], FlowMask.FULL)
        yield runner.waves(mels, [utterance.seed])[0]

    def finish(self) -> Iterator[Sound]:
        return iter(())


class _Chunked:
    """Gives a packet whenever enough speech tokens are generated.

    Under the chunk mask nothing changes up to the end of a whole chunk, once `lookahead` tokens after it have been
    heard.

    Text and speech take turns only where both come with the prompt. Of an instruction alone the first turns would be
    made, and speech begin before its words.
    """

    def __init__(self, runner: ModelRunner, voices: VoiceCache, model: LanguageModel, first: Utterance) -> None:
        prompt, request = voices.prompt(first.voice), voices.request(first)
        self.can_extend = bool(request.prompt_speech)
        self.tokens: list[int] = []
        self._runner, self._voices, self._prompt = runner, voices, prompt
        self._voice_settings = (first.voice, first.instruction)
        self._decoder = InterleavedDecoder(model, replace(request, text=()) if self.can_extend else request)
        self._silence = SilenceLimit(model.profile)
        self._mel = GrowingMel(runner, prompt, voices.flow_cache(prompt, FlowMask.CHUNK), first.seed)
        self._wave = GrowingWave(runner.model.vocoder, first.seed)
        self._estimated_s = 0.0
        self._chunk = runner.model.profile.flow.chunk
        self._packet_size = self._chunk
        # Chunks are counted from the beginning of the prompt.
        self._next_end = -len(prompt.tokens) % self._chunk + self._chunk

    @property
    def ended(self) -> bool:
        return self._decoder.ended

    @property
    def boundaries(self) -> Sequence[int]:
        flow, num_prompt = self._runner.model.flow, self._prompt.mel.shape[1]
        return chunk_boundaries(flow, FlowMask.CHUNK, num_prompt, flow.profile.num_frames(len(self.tokens)), speed=1.0)

    def takes(self, utterance: Utterance) -> bool:
        return (utterance.voice, utterance.instruction) == self._voice_settings and self._estimated_s < MAX_PASSAGE_S

    def say(self, utterance: Utterance) -> Iterator[Sound]:
        if not self.can_extend:
            return  # the decoder has the text, and begins when it is told to finish
        segment = utterance.segment
        if self._estimated_s and not is_wide(segment.text[0]):
            segment = replace(segment, text=f" {segment.text}")
        self._estimated_s += seconds_of_tokens(segment.text)
        text = self._voices.request(replace(utterance, segment=segment)).text
        yield from self._follow(self._decoder.say(text))

    def finish(self) -> Iterator[Sound]:
        yield from self._follow(self._decoder.finish())
        yield self._packet(is_last=True)

    def _follow(self, tokens: Iterator[int]) -> Iterator[Sound]:
        lookahead = self._runner.model.profile.flow.lookahead
        while (token := self._next_token(tokens)) is not None:
            if not self._silence.keeps(token):
                continue
            self.tokens.append(token)
            if len(self.tokens) == self._next_end + lookahead:
                yield self._packet(is_last=False)
                self._packet_size = min(GROWTH * self._packet_size, MAX_CHUNKS * self._chunk)
                self._next_end += self._packet_size

    def _next_token(self, tokens: Iterator[int]) -> int | None:
        with self._runner.timed("language_model_s"):
            return next(tokens, None)

    def _packet(self, is_last: bool) -> Sound:
        mel = self._mel.take(self.tokens, is_last)
        with self._runner.timed("vocoder_s"):
            return self._wave.take(mel, is_last)
