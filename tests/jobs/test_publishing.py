"""A book is written while it is rendered, and nothing half-written stays of one that is given up."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fake_synthesizer import SAMPLE_RATE, tone

from cosycli.engine.utterance import Take
from cosycli.errors import InputError
from cosycli.jobs.arrivals import Arrivals, Cancelled
from cosycli.jobs.book_plan import BookRequest, orders_of, plan_book
from cosycli.jobs.publishing import BookFiles, Publication
from cosycli.jobs.take_store import TakeStore
from cosycli.publish.book_files import Layout, Target
from cosycli.settings import RenderOptions

TAKE = Take(samples=tone("A tone of some length.", None, 1.0), sample_rate=SAMPLE_RATE, tokens=(), seed=0)


@pytest.fixture
def store(tmp_path):
    return TakeStore(tmp_path / "takes")


@pytest.fixture
def arrivals(store):
    return Arrivals(store)


@pytest.fixture
def files(tmp_path):
    """A book of two chapters, to be a file for each."""
    source = tmp_path / "novel.md"
    source.write_text("# The Stairs\n\nThe lamp was lit.\n\n# The Roof\n\nOn the roof there was a second lamp.\n")
    plan = plan_book(BookRequest(source), RenderOptions())
    target = Target(tmp_path / "chapters", "wav", Layout.CHAPTERS)
    return BookFiles(plan, Publication(target), orders_of(plan, {}))


@pytest.fixture
def pool(arrivals):
    with ThreadPoolExecutor(1) as pool:
        yield pool
        arrivals.cancel()


def names(files: BookFiles) -> list[str]:
    return sorted(path.name for path in files.publication.target.path.iterdir())


def keep(store: TakeStore, arrivals: Arrivals, files: BookFiles, chapter: int) -> None:
    for order in files.orders:
        if order.chapter == chapter:
            store.put(order.key, TAKE)
            arrivals.announce()


def test_a_chapter_is_complete_while_takes_of_the_next_are_still_to_come(files, store, arrivals, pool):
    written = threading.Event()
    writing = pool.submit(files.write_sound, arrivals, lambda done, total: written.set())
    keep(store, arrivals, files, chapter=1)
    assert written.wait(timeout=60)
    assert names(files)[-1] == "01 - The Stairs.wav"
    keep(store, arrivals, files, chapter=2)
    assembly = writing.result(timeout=60)
    assert names(files) == ["01 - The Stairs.wav", "02 - The Roof.wav"]
    assert [path.name for path in assembly.files] == names(files)


def test_chapters_that_are_rendered_out_of_order_end_up_in_order(files, store, arrivals, pool):
    writing = pool.submit(files.write_sound, arrivals, lambda done, total: None)
    for chapter in (2, 1):
        keep(store, arrivals, files, chapter)
    assert [chapter.title for chapter in writing.result(timeout=60).chapters] == ["The Stairs", "The Roof"]


def test_nothing_half_written_stays_when_the_rendering_is_given_up(files, store, arrivals, pool):
    written = threading.Event()
    writing = pool.submit(files.write_sound, arrivals, lambda done, total: written.set())
    keep(store, arrivals, files, chapter=1)
    assert written.wait(timeout=60)
    arrivals.cancel()
    with pytest.raises(Cancelled):
        writing.result(timeout=60)
    assert names(files) == ["01 - The Stairs.wav"]


def test_a_take_that_was_removed_is_named_and_not_waited_for(files, store, arrivals, pool):
    writing = pool.submit(files.write_sound, arrivals, lambda done, total: None)
    keep(store, arrivals, files, chapter=1)
    arrivals.end()
    with pytest.raises(InputError, match="is damaged"):
        writing.result(timeout=60)
