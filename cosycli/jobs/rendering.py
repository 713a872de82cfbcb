"""Orders into kept takes: wave by wave, gone on with after any interruption."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cosycli.jobs.plan import Order
from cosycli.jobs.run_folder import RunFolder, plan_waves
from cosycli.jobs.take_store import StoredTake, TakeFacts

if TYPE_CHECKING:
    from cosycli.engine.synthesizer import Synthesizer, Take

__all__ = ["Rendered", "render_takes"]


@dataclass(frozen=True)
class Rendered:
    """What a run did: takes it made and takes it found, and seconds of sound made in seconds of work."""

    num_made: int
    num_kept: int
    audio_s: float
    elapsed_s: float

    @property
    def times_real_time(self) -> float:
        return self.audio_s / self.elapsed_s if self.elapsed_s else 0.0


def render_takes(
    orders: Sequence[Order],
    folder: RunFolder,
    mask: str,
    load: Callable[[], Synthesizer],
    report: Callable[[int, Rendered], None],
) -> Rendered:
    """Render every take that is not kept yet; the model is loaded only if there is one.

    Args:
        folder: locked by the caller; its manifest is brought up to date first, so that the next run can go on.
        report: told after each take how many of the orders are done, and what this run did so far.

    Raises:
        InputError: a take cannot be kept.
    """
    keys = [order.key for order in orders]
    manifest = folder.read_manifest()
    waves = plan_waves(keys, manifest.waves, folder.takes.__contains__)
    folder.write_manifest(replace(manifest, waves=tuple(waves)))
    num_missing = len({key for wave in waves for key in wave if key not in folder.takes})
    done = Rendered(0, len(keys) - num_missing, 0.0, 0.0)
    if not waves:
        return done
    by_key = {order.key: order for order in orders}
    synthesizer = load()
    for wave in waves:
        started = time.monotonic()
        takes = synthesizer.render([by_key[key].utterance for key in wave], mask=mask)
        for key, take in zip(wave, takes, strict=True):
            if key not in folder.takes:
                folder.takes.put(key, _stored(take))
                done = replace(done, num_made=done.num_made + 1)
            now = time.monotonic()
            done = replace(
                done,
                audio_s=done.audio_s + len(take.samples) / take.sample_rate,
                elapsed_s=done.elapsed_s + now - started,
            )
            started = now
            report(done.num_kept + done.num_made, done)
    return done


def _stored(take: Take) -> StoredTake:
    facts = TakeFacts(take.tokens, take.seed, take.failures, take.num_draws)
    return StoredTake(take.samples, take.sample_rate, facts)
