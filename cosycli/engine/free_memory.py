"""What memory a device has left, and what this process has taken of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

__all__ = ["free_memory", "taken_memory"]

ROOT = Path("/")
UNKNOWN = 4 << 30  # where the system does not tell: half of what small machines have


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


def taken_memory(device: torch.device) -> int:
    """Bytes that this process has on a device; where the system does not tell, 0."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
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
