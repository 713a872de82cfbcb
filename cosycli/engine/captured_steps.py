"""A step that is launched as a whole.

A step of a language model is some hundreds of small kernels. One by one the host launches them more slowly than a GPU
runs them; recorded once as a CUDA graph, they are launched together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import torch

__all__ = ["CapturedSteps", "Recorder", "Step", "record_cuda_graph"]

Step = Callable[[], None]
Recorder = Callable[[Step], Step]


def record_cuda_graph(step: Step) -> Step:
    """What runs the same kernels on the same memory again; recording runs none of them.

    What other threads do on the GPU meanwhile is not recorded, and does not disturb.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        step()
    return graph.replay


class CapturedSteps:
    """Runs a step that reads and writes the same tensors every time, and asks nothing of the host.

    It does not keep the step, whose owner it may belong to: both would stay until Python looks for such cycles, and the
    memory of a GPU with them.

    Args:
        record: gives what runs a step again, without running it; the step itself would do.
    """

    def __init__(self, record: Recorder = record_cuda_graph) -> None:
        self._record = record
        self._replays: dict[Hashable, Step | None] = {}

    def run(self, step: Step, shapes: Hashable) -> None:
        """Runs the step once; steps of equal `shapes` run the same operations on the same memory.

        The first of them runs as it is, for libraries set themselves up when first called, which cannot be recorded.
        """
        if shapes not in self._replays:
            step()
            self._replays[shapes] = None
            return
        replay = self._replays[shapes] or self._record(step)
        self._replays[shapes] = replay
        replay()
