"""Runs the networks of a model, and measures the time that each of them takes."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from cosycli.engine.captured_steps import Step, record_cuda_graph
from cosycli.engine.decoding import Decoder, GeneratedTokens
from cosycli.engine.memory import Memory, most_positions
from cosycli.engine.threads import PriorityLock, ThreadPool, num_active_threads
from cosycli.engine.voice_prompt import VoicePrompt
from cosycli.model.flow import EMPTY_CACHE, FlowCache, FlowInput
from cosycli.model.loading import Model
from cosycli.model.masks import FlowMask
from cosycli.model.speech_decoder import Request

# On a CPU the vocoder's mels are padded to a multiple of so many frames, one second: oneDNN makes new code for each new
# length, which takes longer than the padding.
CPU_PADDING_MULTIPLE = 50


class ModelRunner:
    """Runs the language model, the flow and the vocoder of a model within its memory.

    Attributes:
        elapsed: seconds of wall time by `language_model_s`, `flow_s` and `vocoder_s`.
        thread_pool: for work that falls into independent parts.
        decoding_lock, token2wav_lock, listening_lock: of the language model, of flow and vocoder, and of what listens
            to them. A stage works for one batch at a time.
    """

    def __init__(self, model: Model, memory: Memory) -> None:
        self.model, self.memory = model, memory
        self.elapsed: defaultdict[str, float] = defaultdict(float)
        self.thread_pool = ThreadPool(model.device, memory.num_threads)
        self.decoding_lock, self.token2wav_lock, self.listening_lock = (PriorityLock(model.device) for _ in range(3))
        self._decoder = Decoder(model.language_model, record=self._record_alone)
        self._clock = threading.Lock()

    def generate(self, requests: Sequence[Request]) -> list[GeneratedTokens]:
        """The speech tokens of each request, as many requests at once as memory holds.

        Raises:
            OutOfMemoryError: not even one of them fits into memory.
            Cancelled: the result is not wanted any more.
        """
        longest = max(most_positions(request, self.model.profile.language_model) for request in requests)
        with self.decoding_lock.held(), self.timed("language_model_s"):
            return self.memory.decoding.fill(
                lambda together: self._decoder.decode(requests, together),
                len(requests),
                self.memory.use.of_sequence(longest),
            )

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
        with self._running_flow():
            return self.model.flow.mels(inputs, mask, cache)

    def extend_mel(
        self, prompt: VoicePrompt, tokens: Sequence[int], seed: int, mask: FlowMask, cache: FlowCache, is_last: bool
    ) -> tuple[Tensor, FlowCache]:
        """See `Flow.extend`."""
        with self._running_flow():
            return self.model.flow.extend(self._flow_input(prompt, tokens, seed), mask, cache, is_last)

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

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds the time that passes within to that of a stage; threads side by side add their share.

        What a GPU was given to do is waited for; on CUDA, on the current stream alone.
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

    def take_share(self, num_workers: int) -> None:
        """Limits this process to one core and its share of memory, as one of so many worker processes."""
        self.memory.divide(num_workers)
        self.thread_pool = ThreadPool(self.model.device, 1)

    def _flow_input(self, prompt: VoicePrompt, tokens: Sequence[int], seed: int) -> FlowInput:
        device = self.model.device
        speech = torch.tensor(tokens, dtype=torch.long, device=device)
        return FlowInput(speech, prompt.speaker.to(device), prompt.tokens.to(device), prompt.mel.to(device), seed)

    @contextmanager
    def _running_flow(self) -> Iterator[None]:
        is_mixed = self.model.dtype != torch.float32
        with self.timed("flow_s"), torch.autocast(self.model.device.type, self.model.dtype, enabled=is_mixed):
            yield

    def _record_alone(self, step: Step) -> Step:
        """While the language model's lock is held; what others would do on the GPU meanwhile, PyTorch might refuse."""
        with self.token2wav_lock.held(), self.listening_lock.held():
            return record_cuda_graph(step)
