"""What every training step shares: a step counter, averaged weights, a checkpoint and a log of losses."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

SAVE_EVERY_S = 180
AVERAGE_DECAY = 0.999  # the average spans the last thousand steps or so


class TrainingRun:
    """Owns the files of one step: `checkpoint.pt` and `losses.jsonl` in `folder`.

    A run that finds a checkpoint goes on from it. The checkpoint is written beside and renamed into place.
    """

    def __init__(self, folder: Path, model: nn.Module, optimizers: Sequence[Optimizer]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.model, self.optimizers, self.step = folder, model, optimizers, 0
        self.seconds = 0.0  # of training, in all runs together
        self.rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
        self._checkpoint = folder / "checkpoint.pt"
        if self._checkpoint.exists():
            self._load()
        else:
            self.average = {name: value.detach().clone() for name, value in model.state_dict().items()}

    def steps(self, until: float) -> Iterator[float]:
        """Yields the share of the time used, 0 to 1, once a step, until the clock shows `until` (Unix time).

        The time of earlier runs counts, so that a run that goes on goes on with its schedule too.
        """
        start = saved = time.time()
        before = self.seconds
        while (now := time.time()) < until:
            self.seconds = before + now - start
            yield self.seconds / (before + until - start)
            self.step += 1
            self._update_average()
            if time.time() - saved > SAVE_EVERY_S:
                self.save()
                saved = time.time()
        self.save()

    def scale_rates(self, factor: float) -> None:
        """Set every learning rate to `factor` times its first value."""
        for optimizer, rates in zip(self.optimizers, self.rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor

    def descend(self, loss: Tensor, max_norm: float = 1.0) -> None:
        """One step of every optimizer down the gradient of `loss`."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), max_norm)
        for optimizer in self.optimizers:
            optimizer.step()

    def log(self, every: int = 20, **losses: float) -> None:
        """Append the losses of every `every`th step to the log."""
        if self.step % every == 0:
            line = {"step": self.step, "time": round(time.time(), 1)} | {k: round(v, 5) for k, v in losses.items()}
            with (self.folder / "losses.jsonl").open("a") as file:
                file.write(json.dumps(line) + "\n")

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
        }
        unfinished = self._checkpoint.with_suffix(".tmp")
        torch.save(state, unfinished)
        unfinished.replace(self._checkpoint)

    def _load(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average, self.step = state["average"], state["step"]
        self.seconds = state.get("seconds", 0.0)
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(AVERAGE_DECAY, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - decay)
            else:
                self.average[name].copy_(value)


def read_average(folder: Path) -> dict[str, Tensor]:
    """The averaged weights of the latest checkpoint in `folder`."""
    state: dict[str, Tensor] = torch.load(folder / "checkpoint.pt", weights_only=True)["average"]
    return state
