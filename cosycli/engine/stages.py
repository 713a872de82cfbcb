"""The three networks at work: what each is given for an utterance in a voice, and what it makes of it."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from cosycli.engine.captured_steps import Step, record_cuda_graph
from cosycli.engine.decoding import Decoder, Request
from cosycli.engine.memory import Memory
from cosycli.engine.memory_budget import MemoryBudget
from cosycli.engine.overlap import PriorityLock
from cosycli.engine.prompt_cache import PromptCache
from cosycli.engine.thread_pool import ThreadPool, num_active_threads, num_cores
from cosycli.engine.utterance import Utterance
from cosycli.engine.voice_prompt import PROMPT_S, VoicePrompt, prepare_voice
from cosycli.model.flow import EMPTY_CACHE, FlowCache, FlowInput
from cosycli.model.loading import Model
from cosycli.model.masks import FlowMask
from cosycli.script.pronunciation import spell_words

__all__ = ["Elapsed", "Stages"]

Item = TypeVar("Item")
Result = TypeVar("Result")
Elapsed = dict[str, float]  # seconds by stage

# On a CPU the vocoder's mels are padded to a multiple of so many frames, one second: for each new length oneDNN makes
# new code for 43 convolutions, which took a quarter of the time (built-in model, segments of 2 to 15 s).
CPU_PADDING_MULTIPLE = 50


class Stages:
    """A model's networks, the voices they have met, and the time they took.

    Attributes:
        elapsed: seconds of wall time by `language_model_s`, `flow_s` and `vocoder_s`.
        memory: that they have for it.
        thread_pool: for work that falls into independent parts.
        decoder: of the language model.
        decoding_lock, token2wav_lock, listening_lock: of the language model, of flow and vocoder, and of what listens
            to them.

    Args:
        memory: as for `Memory`, and raises what that does.
        prompt_s: see `prepare_voice`.
    """

    def __init__(self, model: Model, memory: str | None = None, prompt_s: float = PROMPT_S) -> None:
        self.model = model
        self._prompt_s = prompt_s
        self.elapsed: defaultdict[str, float] = defaultdict(float)
        self.memory = Memory(model, memory, num_cores(model.device))
        self.thread_pool = ThreadPool(model.device, self.memory.num_threads)
        self.decoder = Decoder(model.language_model, record=self._record_alone)
        self.decoding_lock, self.token2wav_lock, self.listening_lock = (PriorityLock(model.device) for _ in range(3))
        self._clock = threading.Lock()
        self._prompts: dict[str, VoicePrompt] = {}
        self._prompt_cache = PromptCache(
            self.memory.prompt_cache_bytes, self.memory.use.cached_frame, self._compute_prompt
        )

    def prompt(self, voice: str) -> VoicePrompt:
        """What a voice gives the networks; raises what `prepare_voice` does."""
        if voice not in self._prompts:
            self._prompts[voice] = prepare_voice(self.model, voice, self._prompt_s)
        return self._prompts[voice]

    def request(self, item: Utterance) -> Request:
        """What the language model reads: instruct, SFT, zero-shot or cross-lingual (see `prepare_voice`)."""
        tokenizer, profile, prompt = self.model.text_tokenizer, self.model.profile, self.prompt(item.voice)
        text = spell_words(item.segment.text) if profile.spells_words else item.segment.text
        instruction = item.instruction or prompt.instruction
        told = " ".join(part for part in (profile.opening, instruction) if part)
        continues_clip = instruction is None and bool(prompt.transcript)
        before = tokenizer.encode(prompt.transcript if continues_clip else "", instruction=told or None)
        speech = prompt.clip_tokens if continues_clip else ()
        is_cross_lingual = instruction is None and not continues_clip and len(prompt.tokens) > 0
        tag = self._language_tag(item.segment.language) if is_cross_lingual else []
        # Beside an instruction CosyVoice 1 is not told who speaks: to its authors the embedding tells too much.
        speaker = prompt.speaker if instruction is None else None
        return Request((*tag, *tokenizer.encode(text)), tuple(before), speech, item.seed, speaker)

    def _language_tag(self, language: str) -> list[int]:
        """For models that are told the language of a text which a voice of another may speak."""
        is_known = language in self.model.profile.language_tags
        return [self.model.text_tokenizer.id_of(f"<|{language}|>")] if is_known else []

    def mels(
        self,
        prompts: Sequence[VoicePrompt],
        tokens: Sequence[Sequence[int]],
        seeds: Sequence[int],
        mask: FlowMask,
        cache: FlowCache = EMPTY_CACHE,
    ) -> list[Tensor]:
        """The mel (num_mels, M) of each utterance's speech tokens; see `Flow.mels`."""
        inputs = [self._flow_input(*parts) for parts in zip(prompts, tokens, seeds, strict=True)]
        with self._flow_at_work():
            return self.model.flow.mels(inputs, mask, cache)

    def prompt_cache(self, prompt: VoicePrompt, mask: FlowMask) -> FlowCache:
        """What the flow saw of a voice's prompt and need not see again: nothing, under the full mask."""
        return self._prompt_cache.of(prompt, mask)

    def extend_mel(
        self, prompt: VoicePrompt, tokens: Sequence[int], seed: int, mask: FlowMask, cache: FlowCache, is_last: bool
    ) -> tuple[Tensor, FlowCache]:
        """See `Flow.extend`."""
        with self._flow_at_work():
            return self.model.flow.extend(self._flow_input(prompt, tokens, seed), mask, cache, is_last)

    def _compute_prompt(self, prompt: VoicePrompt, mask: FlowMask, max_frames: int) -> FlowCache:
        """In a thread of the pool, so that it is the same on any number of cores."""
        profile = self.model.profile.flow
        chunk = mask.chunk_tokens(profile.chunk)
        num_tokens = min(len(prompt.tokens), max_frames // profile.mel_per_token + profile.lookahead)
        if chunk is None or num_tokens < chunk + profile.lookahead:
            return EMPTY_CACHE
        cut = replace(prompt, tokens=prompt.tokens[:num_tokens], mel=prompt.mel[:, : profile.num_frames(num_tokens)])

        def prefill(_: int) -> list[tuple[Tensor, FlowCache]]:
            return self.thread_pool.map(lambda voice: self.extend_mel(voice, (), 0, mask, EMPTY_CACHE, False), [cut])

        ((_, cache),) = self.memory.token2wav.fill(prefill, 1, cut.mel.shape[1] * self.memory.use.frame)
        return cache

    def _flow_input(self, prompt: VoicePrompt, tokens: Sequence[int], seed: int) -> FlowInput:
        device = self.model.device
        speech = torch.tensor(tokens, dtype=torch.long, device=device)
        return FlowInput(speech, prompt.speaker.to(device), prompt.tokens.to(device), prompt.mel.to(device), seed)

    @contextmanager
    def _flow_at_work(self) -> Iterator[None]:
        is_mixed = self.model.dtype != torch.float32
        with self.timed("flow_s"), torch.autocast(self.model.device.type, self.model.dtype, enabled=is_mixed):
            yield

    @torch.inference_mode()
    def waves(self, mels: Sequence[Tensor], seeds: Sequence[int]) -> list[NDArray[np.float32]]:
        """The waveform (N,) of each mel (num_mels, M)."""
        with self.timed("vocoder_s"):
            lengths = torch.tensor([mel.shape[1] for mel in mels], device=self.model.device)
            multiple = CPU_PADDING_MULTIPLE if self.model.device.type == "cpu" else 1
            num_frames = math.ceil(int(lengths.max()) / multiple) * multiple
            padded = torch.stack([F.pad(mel, (0, num_frames - mel.shape[1])) for mel in mels])
            waves = self.model.vocoder(padded, lengths, [torch.Generator().manual_seed(seed) for seed in seeds])
            hop = self.model.profile.mel.hop
            return [wave[: length * hop].cpu().numpy() for wave, length in zip(waves, lengths.tolist(), strict=True)]

    def for_worker(self, num_workers: int, work: Callable[[Item], Result]) -> Callable[[Item], tuple[Result, Elapsed]]:
        """`work` for one of so many worker processes, which has one core and its share of memory.

        Returns:
            What `work` gives, and the worker's share of the time that it took by stage.
        """
        thread_pool = ThreadPool(self.model.device, 1)
        budget = MemoryBudget(self.memory.decoding.num_bytes // num_workers)

        def work_in_worker(item: Item) -> tuple[Result, Elapsed]:
            self.thread_pool, self.memory.decoding = thread_pool, budget
            before = self.elapsed.copy()
            result = work(item)
            return result, {stage: (self.elapsed[stage] - before[stage]) / num_workers for stage in self.elapsed}

        return work_in_worker

    def _record_alone(self, step: Step) -> Step:
        """While the language model's lock is held; what others would do on the GPU meanwhile, PyTorch might refuse."""
        with self.token2wav_lock.held(), self.listening_lock.held():
            return record_cuda_graph(step)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds what is done within to the time of a stage; of threads side by side, each its share.

        What a GPU was given to do is waited for; on CUDA, on the stream at hand alone.
        """
        started = time.perf_counter()
        yield
        if self.model.device.type == "cuda":
            torch.cuda.current_stream(self.model.device).synchronize()
        else:
            torch.get_device_module(self.model.device).synchronize()
        seconds = (time.perf_counter() - started) / num_active_threads()
        with self._clock:
            self.elapsed[stage] += seconds
