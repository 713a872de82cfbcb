"""How PyTorch comes by memory, and what oneDNN keeps of it."""

from __future__ import annotations

import ctypes
import os
import sys

__all__ = ["prepare_allocation"]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
LARGEST_MMAP_THRESHOLD = 32 * 2**20  # that glibc takes
KEPT_BYTES = 2**28
# Products and convolutions for each shape that oneDNN keeps ready. Its own 1,024 took 400 MB more with the built-in
# model, and no less time: segments are rendered by length, and few differ from the one before.
KEPT_SHAPES = 128


def prepare_allocation() -> None:
    """Let large blocks come in pages of 2 MB, and what is freed be kept; to be called before there is any.

    Together a quarter off the time of HiFT, and 6 % off the whole (built-in model, ten minutes of speech, one Zen 5
    core): elsewhere the kernel clears each page anew.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # read by PyTorch with its first block
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(KEPT_SHAPES))  # read with the first product
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc alone has it
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)
            mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
