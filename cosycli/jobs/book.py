"""Makes a book: renders the missing takes, and writes sound, timed text and report.

The sound is written while takes are rendered: a thread measures and encodes each chapter as soon as its takes are kept.
It goes through the chapters in the order of the book, whatever order the takes come in, so that the files equal those
of a run that finds all takes kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cosycli.errors import InputError, UsageError
from cosycli.jobs.arrivals import Arrivals
from cosycli.jobs.book_plan import BookRequest, Order, Plan, orders_of, plan_book
from cosycli.jobs.book_report import BookResult, judged_segments, write_report
from cosycli.jobs.executors import Start
from cosycli.jobs.plan_report import estimate, record_speed
from cosycli.jobs.publishing import BookFiles, Publication
from cosycli.jobs.run_folder import Rendered, RunFolder, render_takes
from cosycli.publish.assembly import Assembly
from cosycli.publish.book_files import check_book_target
from cosycli.settings import RenderOptions


@dataclass(frozen=True)
class BookJob:
    """A book to make.

    Attributes:
        id: name of the job in messages.
        work: folder of the run, made if need be; an interrupted run is resumed from it.
        redo: ids of segments to re-render.
    """

    id: str
    request: BookRequest
    publication: Publication
    settings: RenderOptions
    work: Path
    redo: tuple[str, ...] = ()

    @property
    def out(self) -> Path:
        return self.publication.target.path


class BookProgress:
    """Gets the progress of a book. These methods ignore it; subclasses override those they need."""

    def planned(self, plan: Plan) -> None:
        """Called when the source has been read, before anything is rendered."""

    def rendered(self, done: int, total: int, chapter: int, so_far: Rendered) -> None:
        """Called after each segment: `done` of `total` are rendered, the last one in this chapter."""

    def written(self, done: int, total: int) -> None:
        """Called after each chapter that is written once all segments are rendered."""


def make_book(job: BookJob, start: Start, progress: BookProgress) -> BookResult:
    """Read the source, render what is missing and write the files.

    Args:
        start: opens the executor; called only if there is something to render.

    Raises:
        InputError: the source cannot be read, the disk is full, a file cannot be written, or another run works in the
            folder.
        UsageError: an option names something that does not exist, or the output would overwrite the source.
        MissingError: the model or a voice is not here.
    """
    plan = plan_book(job.request, job.settings)
    progress.planned(plan)
    _check_target(plan, job.publication)
    folder = RunFolder(job.work)
    with folder.locked():
        orders = _rerender(plan, folder, job.redo)
        files = BookFiles(plan, job.publication, orders)
        _sweep(folder, files)
        _check_space(plan, folder, orders)
        made, assembly = _render_and_write(files, folder, start, progress)
        record_speed(plan.settings.model, made.audio_s, made.elapsed_s * made.num_workers)
        texts = files.write_texts(assembly)
        judged = judged_segments(orders, folder)
        result = BookResult(plan, assembly, made, tuple(judged), (*assembly.files, *texts), folder.report_path)
        write_report(result)
        return result


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
            writing.result()  # raises if writing failed; otherwise this was the last take
        progress.rendered(done, len(orders), orders[done - 1].chapter, so_far)

    is_complete = all(order.key in folder.takes for order in orders)
    # The executor is started before the thread that writes: a process is not copied beside other threads.
    with nullcontext() if is_complete else start() as executor, ThreadPoolExecutor(max_workers=1) as pool:
        writing = pool.submit(files.write_sound, arrivals, on_chapter)
        try:
            made = render_takes(orders, folder, files.plan.settings.mask, executor, on_take)
            arrivals.end()
            return made, writing.result()
        finally:
            arrivals.cancel()


def _check_target(plan: Plan, publication: Publication) -> None:
    target, source = publication.target, plan.request.source
    if source is not None and target.path.resolve() == source.resolve():
        raise UsageError(f"{target.path} is the source itself.", "Choose another name with -o.")
    check_book_target(target)


def _sweep(folder: RunFolder, files: BookFiles) -> None:
    """Remove files that killed runs left half-written; the lock ensures that no other run is writing them."""
    for left in (*folder.path.glob("takes/*/*.part"), *files.half_written()):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _rerender(plan: Plan, folder: RunFolder, redo: Sequence[str]) -> list[Order]:
    """Marks the segments to redo in the manifest, and returns the orders."""
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
