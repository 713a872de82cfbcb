"""Checkpoints with the names and shapes of the published ones and values that every machine can make again."""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path

import torch
from torch import Tensor


def synthetic_state(manifest_path: Path) -> dict[str, Tensor]:
    """The checkpoint that the golden vectors were made with.

    Args:
        manifest_path: a file such as `v2.hift.manifest.json`: tensor name -> [shape, dtype].
    """
    manifest = json.loads(Path(manifest_path).read_text(encoding="utf-8"))
    return {name: synthetic_tensor(name, tuple(shape)) for name, (shape, _) in manifest.items()}


def synthetic_tensor(name: str, shape: tuple[int, ...]) -> Tensor:
    """Noise seeded by the tensor's name, scaled by the first rule of `tests/data/golden/README.md` that fits."""
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(zlib.crc32(name.encode())))
    last = name.rsplit(".", 1)[-1]
    if name.endswith("f0_predictor.classifier.bias"):
        return 120 + noise
    if name.endswith("conv_post.parametrizations.weight.original0"):
        return 0.15 + 0.01 * noise
    if name.endswith("conv_post.bias"):
        return -5 + 0.1 * noise
    if last == "original1":
        return noise
    if last in ("original0", "alpha"):
        return 1 + 0.1 * noise
    if len(shape) >= 2:
        return noise / math.sqrt(math.prod(shape[1:]))
    if last == "bias":
        return 0.02 * noise
    return 1 + 0.1 * noise
