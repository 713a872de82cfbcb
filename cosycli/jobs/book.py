"""A planned book into finished files: takes, sound, timed text and report.

The sound is written while takes are rendered: a thread measures and encodes each chapter as soon as its takes are kept,
so that little is left to write when the last one is. It goes through them in the order of the book, however they came,
so that the files are those of a run that finds all takes kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cosycli.audio.assembly import Assembly
from cosycli.audio.publish import check_book_target
from cosycli.errors import InputError, UsageError
from cosycli.jobs.arrivals import Arrivals
from cosycli.jobs.book_report import JudgedSegment, judged_segments, write_report
from cosycli.jobs.estimate import estimate, record_speed
from cosycli.jobs.executors import Start
from cosycli.jobs.plan import Order, Plan, orders_of
from cosycli.jobs.publishing import BookFiles, Publication
from cosycli.jobs.rendering import Rendered, render_takes
from cosycli.jobs.run_folder import RunFolder

__all__ = ["BookProgress", "BookResult", "make_book"]


@dataclass(frozen=True)
class BookProgress:
    """Told while a book is made.

    Attributes:
        rendered: gets the number of segments that are done, of how many, the chapter the last one is in, and what this
            run did so far.
        written: gets the number of chapters that are written, and of how many; told when all segments are rendered.
    """

    rendered: Callable[[int, int, int, Rendered], None]
    written: Callable[[int, int], None]


@dataclass(frozen=True)
class BookResult:
    """A finished book."""

    assembly: Assembly
    rendered: Rendered
    judged: tuple[JudgedSegment, ...]
    files: tuple[Path, ...]
    report: Path

    @property
    def all_passed(self) -> bool:
        return not any(item.failures for item in self.judged)


def make_book(
    plan: Plan,
    publication: Publication,
    work: Path,
    start: Start,
    progress: BookProgress,
    redo: Sequence[str] = (),
) -> BookResult:
    """Render what is missing and write the files; a run that was cut short is gone on with.

    Args:
        work: the run's folder, made if need be.
        start: called only if there is something to render.
        redo: ids of segments to re-render.

    Raises:
        InputError: the disk is full, a file cannot be written, or another run is at work in the folder.
        UsageError: there is no such segment, or the files would go over the source.
    """
    _check_target(plan, publication)
    folder = RunFolder(work)
    with folder.locked():
        orders = _rerender(plan, folder, redo)
        files = BookFiles(plan, publication, orders)
        _sweep(folder, files)
        _check_space(plan, folder, orders)
        made, assembly = _render_and_write(files, folder, start, progress)
        record_speed(plan.settings.model, made.audio_s, made.elapsed_s * made.num_workers)
        texts = files.write_texts(assembly)
        judged = judged_segments(orders, folder)
        write_report(plan, folder, made, judged, assembly)
        return BookResult(assembly, made, tuple(judged), (*assembly.files, *texts), folder.report_path)


def _render_and_write(
    files: BookFiles, folder: RunFolder, start: Start, progress: BookProgress
) -> tuple[Rendered, Assembly]:
    arrivals = Arrivals(folder.takes)
    orders = files.orders

    def on_chapter(done: int, total: int) -> None:
        if arrivals.all_came:
            progress.written(done, total)

    def on_take(done: int, so_far: Rendered) -> None:
        arrivals.announce()
        if writing.done():
            writing.result()  # it has failed, or else this was the last take
        progress.rendered(done, len(orders), orders[done - 1].chapter, so_far)

    with ThreadPoolExecutor(max_workers=1) as pool:
        writing = pool.submit(files.write_sound, arrivals, on_chapter)
        try:
            made = render_takes(orders, folder, files.plan.settings.mask, start, on_take)
            arrivals.end()
            return made, writing.result()
        finally:
            arrivals.cancel()


def _check_target(plan: Plan, publication: Publication) -> None:
    """What can be known to fail is found out before the work."""
    target, source = publication.target, plan.request.source
    if source is not None and target.path.resolve() == source.resolve():
        raise UsageError(f"{target.path} is the source itself.", "Choose another name with -o.")
    check_book_target(target)


def _sweep(folder: RunFolder, files: BookFiles) -> None:
    """Remove what killed runs have left half-written; the lock says that nobody is at work on it."""
    for left in (*folder.path.glob("takes/*/*.part"), *files.half_written()):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _rerender(plan: Plan, folder: RunFolder, redo: Sequence[str]) -> list[Order]:
    """The orders, after the segments to redo are marked in the manifest."""
    manifest = folder.read_manifest()
    rerenders = dict(manifest.rerenders)
    orders = orders_of(plan, rerenders)
    by_id = {order.id: order for order in orders}
    for wanted in redo:
        if wanted not in by_id:
            raise UsageError(f"There is no segment {wanted}.", "`cosy plan SOURCE --segments` lists them: 3.12")
        seed = str(by_id[wanted].first_seed)
        rerenders[seed] = rerenders.get(seed, 0) + 1
    source = "standard input" if plan.request.source is None else plan.request.source.name
    folder.write_manifest(replace(manifest, source=source, settings=asdict(plan.settings), rerenders=rerenders))
    return orders_of(plan, rerenders) if redo else orders


def _check_space(plan: Plan, folder: RunFolder, orders: Sequence[Order]) -> None:
    missing = sum(order.key not in folder.takes for order in orders) / max(len(orders), 1)
    needed, free = missing * estimate(plan).disk_bytes, shutil.disk_usage(folder.path).free
    if needed > free:
        raise InputError(
            f"The book needs about {needed / 1e6:.0f} MB in {folder.path}, where {free / 1e6:.0f} MB are free.",
            "Free some space, choose another place with --work, or fewer chapters with --chapters.",
        )
