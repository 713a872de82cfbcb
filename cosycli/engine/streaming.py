"""Speech that is given out while it is made, and while its text still arrives.

Sentences are spoken in passages. Within one, flow and vocoder follow the language model in chunks, under the chunk
mask, so that what is given out is what the passage would be if it were made in one piece. A voice that goes on from a
clip and its words speaks a paragraph while its text arrives: the language model reads and speaks in turn
(`interleaving`). Other voices speak sentence by sentence. CosyVoice 1, which sees everything at once, gives out whole
sentences. All of them are spoken at the voice's own speed.

Legend: N samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cosycli.engine.chunk_boundaries import chunk_boundaries, jump_at_boundaries
from cosycli.engine.decoding import SilenceLimit, decode
from cosycli.engine.gates import Evidence, failures_of
from cosycli.engine.growing_mel import GrowingMel
from cosycli.engine.growing_wave import GrowingWave
from cosycli.engine.interleaving import InterleavedDecoder
from cosycli.engine.stages import Stages
from cosycli.engine.utterance import Utterance
from cosycli.model.language_model import LanguageModel
from cosycli.model.masks import FlowMask
from cosycli.script.characters import is_wide
from cosycli.script.duration import seconds_of_tokens
from cosycli.script.pauses import DEFAULT_PAUSES

__all__ = ["FailedPassage", "Latency", "SpeechStream"]

Sound = NDArray[np.float32]

MAX_PASSAGE_S = 20.0  # of estimated speech, after which no further sentence joins
GROWTH, MAX_CHUNKS = 2, 4  # each packet is as many times as long as the one before, up to four chunks (published code)


@dataclass(frozen=True)
class Latency:
    """How the first packet came about: from how many speech tokens M, and the seconds that each stage took for them.

    That is the latency of the paper, M · d_lm + M · d_fm + M · d_voc (CosyVoice 2, section 2.5).
    """

    num_tokens: int
    language_model_s: float
    flow_s: float
    vocoder_s: float

    @property
    def total_s(self) -> float:
        return self.language_model_s + self.flow_s + self.vocoder_s


@dataclass(frozen=True)
class FailedPassage:
    """What was to be said, and the gates that its sound did not pass."""

    text: str
    failures: tuple[str, ...]


class SpeechStream:
    """The sound of utterances that arrive one after another, in packets (N,) that follow each other.

    A passage ends with a paragraph, before another voice or style, and where it gets long. It is judged at its end,
    when it has been given out and cannot be drawn again.

    Attributes:
        latency: of the first packet, once that has been given out.
        failed: the passages so far that did not pass a gate.
    """

    def __init__(self, stages: Stages, utterances: Iterable[Utterance]) -> None:
        self.latency: Latency | None = None
        self.failed: list[FailedPassage] = []
        self._stages = stages
        self._utterances = utterances
        self._texts: list[str] = []  # of the open passage
        self._sound: list[Sound] = []

    def __iter__(self) -> Iterator[Sound]:
        passage: _Passage | None = None
        self._stages.elapsed.clear()
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
        model = self._stages.model.language_model
        self._stages.prompt(first.voice)  # before any sound, for the voice may be refused
        if isinstance(model, LanguageModel):
            return _Chunked(self._stages, model, first)
        return _WholeSentence(self._stages)

    def _kept(self, passage: _Passage, packets: Iterator[Sound]) -> Iterator[Sound]:
        """The same packets, the first of them measured."""
        for packet in packets:
            if self.latency is None:
                self.latency = Latency(len(passage.tokens), **self._stages.elapsed)
            self._sound.append(packet)
            yield packet

    def _finish(self, passage: _Passage) -> Iterator[Sound]:
        """The packets that are left, after which the passage is judged."""
        yield from self._kept(passage, passage.finish())
        text, samples = " ".join(self._texts), np.concatenate(self._sound)
        self._texts, self._sound = [], []
        profile = self._stages.model.profile
        evidence = Evidence(
            text,
            1.0,
            passage.tokens,
            passage.ended,
            samples,
            profile.mel.sample_rate,
            profile.flow.token_rate,
            jump_at_boundaries(samples, profile.mel, passage.boundaries),
        )
        if failures := failures_of(evidence):
            self.failed.append(FailedPassage(text, failures))

    def _silence(self, duration_s: float) -> Sound:
        return np.zeros(round(duration_s * self._stages.model.profile.mel.sample_rate), np.float32)


class _Passage(Protocol):
    """Some sentences that are spoken as one.

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
        ...

    def say(self, utterance: Utterance) -> Iterator[Sound]:
        """The packets that can be made now that one more utterance has come."""
        ...

    def finish(self) -> Iterator[Sound]:
        """The packets that are left, now that no further utterance comes."""
        ...


class _WholeSentence:
    """One utterance, made in one piece."""

    can_extend = False
    ended = False
    boundaries = ()

    def __init__(self, stages: Stages) -> None:
        self.tokens: list[int] = []
        self._stages = stages

    def takes(self, utterance: Utterance) -> bool:
        return False

    def say(self, utterance: Utterance) -> Iterator[Sound]:
        stages = self._stages
        with stages.timed("language_model_s"):
            (generated,) = decode(stages.model.language_model, [stages.request(utterance)])
        self.tokens += generated.tokens
        self.ended = generated.ended
        mels = stages.mels([stages.prompt(utterance.voice)], [self.tokens], [utterance.seed], FlowMask.FULL)
        yield stages.waves(mels, [utterance.seed])[0]

    def finish(self) -> Iterator[Sound]:
        return iter(())


class _Chunked:
    """A packet whenever enough speech tokens have been said.

    Under the chunk mask nothing changes up to the end of a whole chunk, once `lookahead` tokens after it have been
    heard.

    Text and speech take turns only where both come with the prompt. Of an instruction alone the first turns would be
    made, and speech begin before its words: the built-in voice, always told who speaks, then has a word error rate of
    0.61 instead of 0.11 (the sixteen sentences of the README, judged as there).
    """

    def __init__(self, stages: Stages, model: LanguageModel, first: Utterance) -> None:
        request = stages.request(first)
        self.can_extend = bool(request.prompt_speech)
        self.tokens: list[int] = []
        self._stages = stages
        self._voice_settings = (first.voice, first.instruction)
        prompt = stages.prompt(first.voice)
        self._decoder = InterleavedDecoder(model, replace(request, text=()) if self.can_extend else request)
        self._silence = SilenceLimit(model.profile)
        self._num_prompt = prompt.mel.shape[1]
        self._mel = GrowingMel(stages, prompt, first.seed)
        self._wave = GrowingWave(stages.model.vocoder, first.seed)
        self._estimated_s = 0.0
        self._chunk = stages.model.profile.flow.chunk
        self._packet_size = self._chunk
        # Chunks are counted from the beginning of the prompt.
        self._next_end = -len(prompt.tokens) % self._chunk + self._chunk

    @property
    def ended(self) -> bool:
        return self._decoder.ended

    @property
    def boundaries(self) -> Sequence[int]:
        flow = self._stages.model.flow
        return chunk_boundaries(flow, FlowMask.CHUNK, self._num_prompt, flow.profile.num_frames(len(self.tokens)), 1.0)

    def takes(self, utterance: Utterance) -> bool:
        return (utterance.voice, utterance.instruction) == self._voice_settings and self._estimated_s < MAX_PASSAGE_S

    def say(self, utterance: Utterance) -> Iterator[Sound]:
        if not self.can_extend:
            return  # the decoder has the text, and begins when it is told to finish
        segment = utterance.segment
        if self._estimated_s and not is_wide(segment.text[0]):
            segment = replace(segment, text=f" {segment.text}")
        self._estimated_s += seconds_of_tokens(segment.text)
        text = self._stages.request(replace(utterance, segment=segment)).text
        yield from self._follow(self._decoder.say(text))

    def finish(self) -> Iterator[Sound]:
        yield from self._follow(self._decoder.finish())
        yield self._packet(is_last=True)

    def _follow(self, tokens: Iterator[int]) -> Iterator[Sound]:
        lookahead = self._stages.model.profile.flow.lookahead
        while (token := self._next_token(tokens)) is not None:
            if not self._silence.keeps(token):
                continue
            self.tokens.append(token)
            if len(self.tokens) == self._next_end + lookahead:
                yield self._packet(is_last=False)
                self._packet_size = min(GROWTH * self._packet_size, MAX_CHUNKS * self._chunk)
                self._next_end += self._packet_size

    def _next_token(self, tokens: Iterator[int]) -> int | None:
        with self._stages.timed("language_model_s"):
            return next(tokens, None)

    def _packet(self, is_last: bool) -> Sound:
        mel = self._mel.take(self.tokens, is_last)
        with self._stages.timed("vocoder_s"):
            return self._wave.take(mel, is_last)
