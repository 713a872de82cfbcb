"""Measures free memory, estimates what work takes, and divides work so that it fits; results stay the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from cosycli.errors import MissingError, UsageError
from cosycli.model.loading import Model
from cosycli.model.profile import LanguageModelProfile
from cosycli.model.speech_decoder import Request
from cosycli.settings import bytes_of, megabytes

DECODING_PART, PROMPT_CACHE_PART = 4, 8  # of the memory for all work, one in so many bytes
LONGEST_S = 20  # a segment with its prompt that must fit, if only alone
FLOAT_BYTES = 4
OVERHEAD = 110_000_000
FLOW_VALUES, VOCODER_VALUES = 40, 12
CACHE_GROWTH = 256  # positions that the cache grows by
UNSTEADY_BYTES = 20 * 10**6  # by which the size of a process differs from run to run
WORKER_BYTES = 800 * 10**6  # that a worker process has of its own
# By PyTorch's allocator for the CPU, by Metal and CUDA, by cuBLAS.
SAID_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "STATUS_ALLOC_FAILED")
ROOT = Path("/")
UNKNOWN = 4 << 30  # where the system does not tell: half of what small machines have

Result = TypeVar("Result")


@dataclass(frozen=True)
class MemoryUse:
    """Bytes that the stages take while they work, beside the weights.

    That is `OVERHEAD` for what libraries lay out when they are first used and allocators keep; for each mel frame 40
    float32 values for each channel of the flow's estimator, or 12 for each channel and position of the vocoder's level
    where these are most; and twice the keys and values of a row, whose memory is copied where it grows. The numbers are
    upper bounds of what was measured: docs/performance.md.

    Attributes:
        position: keys and values of a position in a row of the language model.
        frame: of flow or vocoder, whichever takes more, for a mel frame with its padding.
        cached_frame: what the flow's attention keeps of a mel frame of a prompt, at each step of its solver.
    """

    position: int
    frame: int
    cached_frame: int

    @classmethod
    def of(cls, model: Model) -> MemoryUse:
        flow, value_bytes = model.profile.flow, torch.empty(0, dtype=model.dtype).element_size()
        flow_values = FLOW_VALUES * flow.estimator_width
        vocoder_values = VOCODER_VALUES * model.profile.vocoder.peak_values
        return cls(
            position=model.language_model.cache_shape.num_values * value_bytes,
            frame=max(flow_values, vocoder_values) * FLOAT_BYTES,
            cached_frame=2 * flow.num_steps * flow.attended_values * value_bytes,  # with guidance and without
        )

    def of_sequence(self, num_positions: int) -> int:
        """Bytes of a sequence of the language model that ends with so many positions."""
        return self.position * (2 * num_positions + CACHE_GROWTH)


def most_positions(request: Request, profile: LanguageModelProfile) -> int:
    """The most positions that the language model may need for a request."""
    return request.num_tokens + request.max_length(profile)


class Memory:
    """The memory for a model's work, divided among its stages.

    Attributes:
        use: what they take of it.
        total_bytes: for all work.
        num_threads: batches of flow and vocoder that may be under way at once.
        decoding: for the language model, which on a GPU keeps its rows while others work.
        prompt_cache_bytes: for what the flow saw of voices' prompts.
        token2wav: for each of those batches.
        num_workers: processes that may work side by side; see `WorkerProcesses`.

    Args:
        wanted: for model and work together, such as 4GB; None for half of what is free, however little.
        max_threads: batches of flow and vocoder that are under way at once where there is memory for so many.

    Raises:
        UsageError: that is no amount, or too little for the model.
    """

    def __init__(self, model: Model, wanted: str | None = None, max_threads: int = 1) -> None:
        self.use = MemoryUse.of(model)
        flow = model.profile.flow
        thread_bytes = OVERHEAD + self.use.frame * flow.num_frames(LONGEST_S * flow.token_rate)
        least = 2 * thread_bytes
        self.total_bytes = (
            max(least, free_memory(model.device) // 2) if wanted is None else _beside(model, wanted, least)
        )
        self.decoding = MemoryBudget(self.total_bytes // DECODING_PART)
        self.prompt_cache_bytes = self.total_bytes // PROMPT_CACHE_PART
        left = self.total_bytes - self.decoding.num_bytes - self.prompt_cache_bytes
        self.num_threads = min(max_threads, left // thread_bytes)
        self.token2wav = MemoryBudget(left // self.num_threads - OVERHEAD)
        self.num_workers = min(self.num_threads, self.total_bytes // WORKER_BYTES)

    def divide(self, num_workers: int) -> None:
        """Reduces the budgets to the share of one of so many worker processes; threads have their own already."""
        self.decoding = MemoryBudget(self.decoding.num_bytes // num_workers)
        self.prompt_cache_bytes //= num_workers


def _beside(model: Model, memory: str, least: int) -> int:
    """Bytes that are left beside the model.

    Raises:
        UsageError: they are fewer than `least`.
    """
    taken = taken_memory(model.device)
    left = bytes_of(memory) - taken
    if left < least:
        raise UsageError(
            f"{memory} of memory is too little: the model takes {megabytes(taken)}, and speaking {megabytes(least)}.",
            f"Give at least: --memory {megabytes(taken + least + UNSTEADY_BYTES)}",
        )
    return left


class OutOfMemoryError(MissingError):
    """Memory has run out, and what was to be done cannot be divided."""

    def __init__(self, purpose: str = "a single segment") -> None:
        super().__init__(
            f"There is not enough memory for {purpose}.",
            "End other programs, or take a smaller model: `cosy models list` shows how large they are.",
        )


class MemoryBudget:
    """Bytes for work of one kind; they shrink when memory runs out within them."""

    def __init__(self, num_bytes: int) -> None:
        self.num_bytes = num_bytes

    def fill(self, work: Callable[[int], Result], num_items: int, item_bytes: int) -> Result:
        """Calls `work` with a number of items to take at once: as many as fit; half as many when memory runs out.

        Args:
            work: starts from the beginning each time.
            item_bytes: of each, padding included.

        Raises:
            OutOfMemoryError: not even one fits.
        """
        together = max(1, min(num_items, self.num_bytes // item_bytes))
        while True:
            try:
                return work(together)
            except (MemoryError, RuntimeError) as error:
                if not says_out_of_memory(error):
                    raise
                if together == 1:
                    raise OutOfMemoryError from None
            torch.cuda.empty_cache()
            together //= 2
            self.num_bytes = min(self.num_bytes, together * item_bytes)


def says_out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out; not every accelerator and allocator has a type of its own for it."""
    has_type = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return has_type or any(words in str(error) for words in SAID_OUT_OF_MEMORY)


@dataclass(frozen=True)
class _ControlGroups:
    """How one version of Linux's control groups names what it says of memory."""

    folder: str
    limit: str
    usage: str
    reclaimable: str  # files that were read long ago, counted as used until somebody wants their place


_VERSION_1 = _ControlGroups(
    "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
)
_VERSION_2 = _ControlGroups("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")


def free_memory(device: torch.device, root: Path = ROOT) -> int:
    """Bytes that this process could still have on a device.

    Args:
        root: under which `proc` and `sys` lie.
    """
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    return max(0, min([_free_on_machine(root), *_free_in_groups(root)]))


def taken_memory(device: torch.device, root: Path = ROOT) -> int:
    """Bytes that this process has on a device; where the system does not tell, 0.

    Args:
        root: as for `free_memory`.
    """
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    try:
        return int((root / "proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _free_on_machine(root: Path) -> int:
    """What Linux could give without swapping; half of all elsewhere."""
    available = _named(root / "proc/meminfo", "MemAvailable:")
    if available is not None:
        return 1024 * available
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return UNKNOWN


def _free_in_groups(root: Path) -> Iterator[int]:
    """What is left in each control group that this process is in, as containers are: Linux, "Control Group v2"."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        names = _VERSION_1 if controllers else _VERSION_2
        parts = Path(path).parts[1:]
        for depth in range(len(parts) + 1):
            yield from _free_in_group(root.joinpath(names.folder, *parts[:depth]), names)


def _free_in_group(folder: Path, names: _ControlGroups) -> Iterator[int]:
    """One number, or none where there is no limit."""
    limit, usage = (next(iter(_lines(folder / name)), "") for name in (names.limit, names.usage))
    if limit.isdigit() and usage.isdigit():
        yield int(limit) - int(usage) + (_named(folder / "memory.stat", names.reclaimable) or 0)


def _named(path: Path, name: str) -> int | None:
    """The number after a name at the start of a line."""
    numbers = (line.split() for line in _lines(path))
    return next((int(words[1]) for words in numbers if words[:1] == [name]), None)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
