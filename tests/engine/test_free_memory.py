"""What is free: on the machine, and in the containers that share it."""

from __future__ import annotations

import gc
import mmap
from pathlib import Path

import numpy as np
import pytest
import torch

from cosycli.engine.memory import free_memory, taken_memory

CPU = torch.device("cpu")
MB = 1 << 20


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Eight gigabytes, of which six could be had."""
    return write(tmp_path, {"proc/meminfo": "MemTotal: 8388608 kB\nMemFree: 1000 kB\nMemAvailable: 6291456 kB\n"})


def test_a_machine_gives_what_linux_calls_available(machine: Path) -> None:
    assert free_memory(CPU, machine) == 6144 * MB


def test_a_container_gives_what_is_left_of_its_limit_and_counts_old_files_as_free(machine: Path) -> None:
    group = "sys/fs/cgroup/app.slice/cosy"
    write(
        machine,
        {
            "proc/self/cgroup": "0::/app.slice/cosy\n",
            f"{group}/memory.max": f"{1000 * MB}\n",
            f"{group}/memory.current": f"{700 * MB}\n",
            f"{group}/memory.stat": f"anon 5\nactive_file 7\ninactive_file {100 * MB}\n",
        },
    )
    assert free_memory(CPU, machine) == 400 * MB


def test_the_tightest_of_nested_groups_counts(machine: Path) -> None:
    write(
        machine,
        {
            "proc/self/cgroup": "0::/app.slice/cosy\n",
            "sys/fs/cgroup/app.slice/memory.max": f"{500 * MB}",
            "sys/fs/cgroup/app.slice/memory.current": f"{200 * MB}",
            "sys/fs/cgroup/app.slice/cosy/memory.max": "max",
            "sys/fs/cgroup/app.slice/cosy/memory.current": f"{100 * MB}",
        },
    )
    assert free_memory(CPU, machine) == 300 * MB


def test_groups_of_the_first_version_count_too(machine: Path) -> None:
    group = "sys/fs/cgroup/memory/docker"
    write(
        machine,
        {
            "proc/self/cgroup": "9:cpu,cpuacct:/docker\n4:memory:/docker\n0::/\n",
            f"{group}/memory.limit_in_bytes": f"{2000 * MB}",
            f"{group}/memory.usage_in_bytes": f"{1500 * MB}",
        },
    )
    assert free_memory(CPU, machine) == 500 * MB


@pytest.mark.parametrize("groups", ["0::/../../elsewhere\n", "0::/gone\n", ""])
def test_groups_that_cannot_be_seen_are_no_limit(machine: Path, groups: str) -> None:
    write(machine, {"proc/self/cgroup": groups})
    assert free_memory(CPU, machine) == 6144 * MB


def test_more_used_than_allowed_leaves_nothing(machine: Path) -> None:
    write(
        machine, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "10", "sys/fs/cgroup/memory.current": "20"}
    )
    assert free_memory(CPU, machine) == 0


def test_where_the_system_says_nothing_there_is_still_an_answer(tmp_path: Path) -> None:
    assert free_memory(CPU, tmp_path) > 0
    assert taken_memory(CPU, tmp_path) == 0


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="only Linux tells what a process has")
def test_what_this_process_has_grows_with_what_it_takes() -> None:
    gc.collect()  # or what other tests have left may go between the two looks
    before = taken_memory(CPU)
    held = mmap.mmap(-1, 64 * MB)  # from the system itself: allocators give again what they have kept
    np.frombuffer(held, np.uint8).fill(1)
    assert taken_memory(CPU) - before == pytest.approx(len(held), rel=0.2)
