"""A planned book into finished files: takes, sound, timed text and report."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path

from cosycli.audio.assembly import Assembly, ChapterSound
from cosycli.audio.loudness import Loudness
from cosycli.audio.publish import Target, check_book_target, write_book
from cosycli.audio.read_along import write_read_along
from cosycli.audio.subtitles import write_subtitles
from cosycli.audio.tags import Tags
from cosycli.documents.book import Metadata
from cosycli.errors import InputError, UsageError
from cosycli.jobs.book_report import JudgedSegment, judged_segments, write_report
from cosycli.jobs.estimate import estimate, record_speed
from cosycli.jobs.executors import Start
from cosycli.jobs.plan import Order, Plan, orders_of
from cosycli.jobs.rendering import Rendered, render_takes
from cosycli.jobs.run_folder import RunFolder
from cosycli.joining import Piece

__all__ = ["BookProgress", "BookResult", "Publication", "make_book"]

DEFAULT_LOUDNESS = Loudness()


@dataclass(frozen=True)
class Publication:
    """What a book is made into.

    Attributes:
        subtitles: formats of timed text, srt, vtt or lrc.
        read_along: also write an EPUB whose sentences light up while they are spoken.
    """

    target: Target
    loudness: Loudness = DEFAULT_LOUDNESS
    subtitles: tuple[str, ...] = ()
    read_along: bool = False


@dataclass(frozen=True)
class BookProgress:
    """Told while a book is made.

    Attributes:
        rendered: gets the number of segments that are done, of how many, the chapter the last one is in, and what this
            run did so far.
        written: gets the seconds of audio that are written, and of how many.
    """

    rendered: Callable[[int, int, int, Rendered], None]
    written: Callable[[float, float], None]


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
        redo: ids of segments to draw anew.

    Raises:
        InputError: the disk is full, a file cannot be written, or another run is at work in the folder.
        UsageError: there is no such segment, or the files would go over the source.
    """
    _check_target(plan, publication)
    folder = RunFolder(work)
    with folder.locked():
        _sweep(folder, publication.target.path)
        orders = _draw_again(plan, folder, redo)
        _check_space(plan, folder, orders)
        chapters = [order.chapter for order in orders]

        def rendered(done: int, so_far: Rendered) -> None:
            progress.rendered(done, len(orders), chapters[done - 1], so_far)

        made = render_takes(orders, folder, plan.settings.mask, start, rendered)
        record_speed(plan.settings.model, made.audio_s, made.elapsed_s * made.num_workers)
        return _publish(plan, publication, folder, orders, made, progress)


def _check_target(plan: Plan, publication: Publication) -> None:
    """What can be known to fail is found out before the work."""
    target, source = publication.target, plan.request.source
    if source is not None and target.path.resolve() == source.resolve():
        raise UsageError(f"{target.path} is the source itself.", "Choose another name with -o.")
    check_book_target(target)


def _sweep(folder: RunFolder, target: Path) -> None:
    """Remove what killed runs have left half-written; the lock says that nobody is at work on it."""
    for left in (*folder.path.glob("takes/*/*.part"), *target.parent.glob(f".{target.name}.*.part*")):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _draw_again(plan: Plan, folder: RunFolder, redo: Sequence[str]) -> list[Order]:
    """The orders, after the segments to redo are marked in the manifest."""
    manifest = folder.read_manifest()
    redrawn = dict(manifest.redrawn)
    orders = orders_of(plan, redrawn)
    by_id = {order.id: order for order in orders}
    for wanted in redo:
        if wanted not in by_id:
            raise UsageError(f"There is no segment {wanted}.", "`cosy plan SOURCE --segments` lists them: 3.12")
        seed = str(by_id[wanted].first_seed)
        redrawn[seed] = redrawn.get(seed, 0) + 1
    source = "standard input" if plan.request.source is None else plan.request.source.name
    folder.write_manifest(replace(manifest, source=source, settings=asdict(plan.settings), redrawn=redrawn))
    return orders_of(plan, redrawn) if redo else orders


def _check_space(plan: Plan, folder: RunFolder, orders: Sequence[Order]) -> None:
    missing = sum(order.key not in folder.takes for order in orders) / max(len(orders), 1)
    needed, free = missing * estimate(plan).disk_bytes, shutil.disk_usage(folder.path).free
    if needed > free:
        raise InputError(
            f"The book needs about {needed / 1e6:.0f} MB in {folder.path}, where {free / 1e6:.0f} MB are free.",
            "Free some space, choose another place with --work, or fewer chapters with --chapters.",
        )


def _publish(
    plan: Plan,
    publication: Publication,
    folder: RunFolder,
    orders: list[Order],
    made: Rendered,
    progress: BookProgress,
) -> BookResult:
    heard, target = plan.heard, publication.target
    voices = tuple(voice for voice, _ in Counter(order.utterance.voice for order in orders).most_common())
    tags = Tags(_titled(plan), voices, plan.settings.model)
    sample_rate = folder.takes.get(orders[0].key).sample_rate
    assembly = write_book(
        _chapter_sounds(plan, folder, orders),
        sample_rate,
        target,
        tags,
        heard.book.cover,
        publication.loudness,
        progress.written,
    )
    files = list(assembly.files)
    for name in publication.subtitles:
        files += write_subtitles(heard, assembly, tags.book, name)
    if publication.read_along:
        files.append(path := _beside(target.path, ".read-along.epub"))
        write_read_along(path, heard, assembly, tags, _last_change(plan))
    judged = judged_segments(orders, folder)
    write_report(plan, folder, made, judged, assembly)
    return BookResult(assembly, made, tuple(judged), tuple(files), folder.report_path)


def _chapter_sounds(plan: Plan, folder: RunFolder, orders: list[Order]) -> list[ChapterSound]:
    chapters = plan.script.chapters
    return [
        ChapterSound(
            chapters[number - 1].chapter.title, chapters[number - 1].chapter.level, _pieces_of(folder, list(its_orders))
        )
        for number, its_orders in groupby(orders, key=lambda order: order.chapter)
    ]


def _pieces_of(folder: RunFolder, orders: list[Order]) -> Callable[[], Iterator[Piece]]:
    def pieces() -> Iterator[Piece]:
        for order in orders:
            segment = order.utterance.segment
            yield Piece(folder.takes.get(order.key).samples, segment.pause_after_s, segment.pause_before_s)

    return pieces


def _titled(plan: Plan) -> Metadata:
    """The metadata, with the name of the source for a title where it has none."""
    metadata = plan.script.book.metadata
    if metadata.title or plan.request.source is None:
        return metadata
    return replace(metadata, title=plan.request.source.stem)


def _last_change(plan: Plan) -> datetime:
    """When the source was last changed, so that the same source gives the same files."""
    source = plan.request.source
    return datetime.fromtimestamp(source.stat().st_mtime if source else time.time(), timezone.utc)


def _beside(path: Path, ending: str) -> Path:
    """novel.m4b, or the folder novel -> novel.read-along.epub."""
    return path.with_name(f"{path.name if path.is_dir() else path.stem}{ending}")
