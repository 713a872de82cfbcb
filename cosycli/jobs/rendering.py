"""Orders into kept takes: batch by batch, gone on with after any interruption."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cosycli.jobs.executors import Start
from cosycli.jobs.plan import Order
from cosycli.jobs.run_folder import RunFolder, plan_batches

__all__ = ["Rendered", "render_takes"]


@dataclass(frozen=True)
class Rendered:
    """What a run did: takes it made and takes it found, and seconds of sound made in seconds by so many workers."""

    num_made: int
    num_kept: int
    audio_s: float
    elapsed_s: float
    num_workers: int = 1

    @property
    def times_real_time(self) -> float:
        return self.audio_s / self.elapsed_s if self.elapsed_s else 0.0


def render_takes(
    orders: Sequence[Order],
    folder: RunFolder,
    mask: str,
    start: Start,
    report: Callable[[int, Rendered], None],
) -> Rendered:
    """Render every take that is not kept yet; the executor is started only if there is one.

    Args:
        folder: locked by the caller; its manifest is brought up to date before the first take, so that the next run can
            go on.
        start: gives the executor.
        report: told after each take how many of the orders are done, and what this run did so far.

    Raises:
        InputError: a take cannot be kept.
        CosyError: what the executor raises.
    """
    keys = [order.key for order in orders]
    num_missing = sum(key not in folder.takes for key in keys)
    done = Rendered(0, len(keys) - num_missing, 0.0, 0.0)
    if not num_missing:
        return done
    utterances = {order.key: order.utterance for order in orders}
    with start() as executor:
        done = replace(done, num_workers=executor.num_workers)
        manifest = folder.read_manifest()
        batches = plan_batches(keys, manifest.batches, folder.takes.__contains__, executor.batch_size(num_missing))
        folder.write_manifest(replace(manifest, batches=tuple(batches)))
        started = time.monotonic()
        for key, take in executor.render([{key: utterances[key] for key in batch} for batch in batches], mask):
            if key not in folder.takes:
                folder.takes.put(key, take)
                done = replace(done, num_made=done.num_made + 1)
            audio_s = done.audio_s + len(take.samples) / take.sample_rate
            done = replace(done, audio_s=audio_s, elapsed_s=time.monotonic() - started)
            report(done.num_kept + done.num_made, done)
    return done
