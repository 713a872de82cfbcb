"""Writes the files of a planned book from its takes."""

from __future__ import annotations

import glob
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path

from cosycli.documents.book import Metadata
from cosycli.jobs.arrivals import Arrivals
from cosycli.jobs.book_plan import Order, Plan
from cosycli.publish.assembly import Assembly, ChapterSound
from cosycli.publish.book_files import Layout, Target, files_folder, write_book
from cosycli.publish.loudness import AUDIOBOOK, Loudness
from cosycli.publish.read_along import write_read_along
from cosycli.publish.subtitles import write_subtitles
from cosycli.publish.tags import Tags
from cosycli.sound.joining import Piece


@dataclass(frozen=True)
class Publication:
    """The files that a book is made into.

    Attributes:
        subtitles: formats of timed text, srt, vtt or lrc.
        read_along: also write an EPUB whose sentences light up while they are spoken.
    """

    target: Target
    loudness: Loudness = AUDIOBOOK
    subtitles: tuple[str, ...] = ()
    read_along: bool = False


@dataclass(frozen=True)
class BookFiles:
    """Writes the files of a book from the takes of its orders."""

    plan: Plan
    publication: Publication
    orders: Sequence[Order]

    def write_sound(self, arrivals: Arrivals, on_chapter: Callable[[int, int], None]) -> Assembly:
        """Write each chapter as soon as its takes are kept.

        Raises:
            InputError: a take is damaged, or a file cannot be written.
            Cancelled: the run was cancelled.
        """
        return write_book(
            self._chapters(arrivals),
            arrivals.get(self.orders[0].key).sample_rate,
            self.publication.target,
            self._tags,
            self.plan.heard.book.cover,
            self.publication.loudness,
            on_chapter,
        )

    def write_texts(self, assembly: Assembly) -> list[Path]:
        """Write subtitles and the read-along EPUB.

        Raises:
            InputError: a file cannot be written.
        """
        heard, tags, target = self.plan.heard, self._tags, self.publication.target.path
        files: list[Path] = []
        for name in self.publication.subtitles:
            files += write_subtitles(heard, assembly, tags.book, name)
        if self.publication.read_along:
            files.append(path := _beside(target, ".read-along.epub"))
            write_read_along(path, heard, assembly, tags, _last_change(self.plan))
        return files

    def half_written(self) -> Iterator[Path]:
        """Yields the temporary files that a killed run left."""
        target = self.publication.target
        names = glob.escape(target.path.name) if target.layout is Layout.FILE else f"*{target.suffix}"
        return files_folder(target, self._tags.book).glob(f".{names}.*.part*")

    @property
    def _tags(self) -> Tags:
        voices = Counter(order.utterance.voice for order in self.orders)
        return Tags(_titled(self.plan), tuple(voice for voice, _ in voices.most_common()), self.plan.settings.model)

    def _chapters(self, arrivals: Arrivals) -> list[ChapterSound]:
        parts = [(number, list(orders)) for number, orders in groupby(self.orders, key=lambda order: order.chapter)]
        chapters = [(self.plan.script.chapters[number - 1].chapter, orders) for number, orders in parts]
        return [
            ChapterSound(chapter.title, chapter.level, _pieces_of(orders, arrivals)) for chapter, orders in chapters
        ]


def _pieces_of(orders: Sequence[Order], arrivals: Arrivals) -> Callable[[], Iterator[Piece]]:
    def pieces() -> Iterator[Piece]:
        for order in orders:
            segment = order.utterance.segment
            yield Piece(arrivals.get(order.key).samples, segment.pause_after_s, segment.pause_before_s)

    return pieces


def _titled(plan: Plan) -> Metadata:
    """Returns the metadata, with the name of the source as title if it has none."""
    metadata = plan.script.book.metadata
    if metadata.title or plan.request.source is None:
        return metadata
    return replace(metadata, title=plan.request.source.stem)


def _last_change(plan: Plan) -> datetime:
    """Returns the modification time of the source, so that the same source gives the same files."""
    source = plan.request.source
    return datetime.fromtimestamp(source.stat().st_mtime if source else time.time(), timezone.utc)


def _beside(path: Path, ending: str) -> Path:
    """novel.m4b, or the folder novel -> novel.read-along.epub."""
    return path.with_name(f"{path.name if path.is_dir() else path.stem}{ending}")
