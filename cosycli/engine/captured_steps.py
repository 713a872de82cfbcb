"""Records a step of the language model as a CUDA graph, so that its kernels are launched together.

A step is some hundreds of small kernels, which the host launches one by one more slowly than a GPU runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import torch

Step = Callable[[], None]
Recorder = Callable[[Step], Step]


def record_cuda_graph(step: Step) -> Step:
    """Returns what runs the kernels of a step on the same memory again; recording runs none of them.

    What other threads do on the GPU meanwhile is not recorded, and does not disturb.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        step()
    return graph.replay


class CapturedSteps:
    """Runs a step that reads and writes the same tensors every time and does not synchronize with the host.

    It keeps no reference to the step, whose owner it may belong to: such a cycle would hold a GPU's memory until Python
    collects garbage.

    Args:
        record: returns what replays a step, without running it.
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
