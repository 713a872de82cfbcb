"""Damaged EPUB files give a book or an error that says what is wrong; nothing else, ever.

The suite tries a few. To try a thousand, of the books given, and to see how long and how much memory they take:

    python -m tests.documents.test_mutated_epubs 1000 BOOK.epub...
"""

from __future__ import annotations

import io
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cosycli.documents.epub import read_epub
from cosycli.documents.reading_policy import READABLE, ReadingPolicy
from cosycli.errors import InputError
from tests.documents.accounts import unaccounted
from tests.documents.tiny_epub import page, write_epub

SUITE_MUTATIONS = 60
PIECES = [
    b"<",
    b">",
    b"&",
    b"&#0;",
    b"]]>",
    b"<!--",
    b"<![CDATA[",
    b'"',
    b"\0",
    b"\xff\xfe",
    b"<p>" * 400,
    b"</body>",
    b"\xf0",
]


def flip_bytes(data: bytes, chance: random.Random) -> bytes:
    flipped = bytearray(data)
    for _ in range(chance.choice([1, 3, 30])):
        if flipped:
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def drop_stretch(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice([1, 20, 2_000]) :]


def repeat_stretch(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start : start + 300] * chance.choice([2, 50]) + data[start:]


def insert_piece(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(PIECES) + data[place:]


def noise(data: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(min(len(data), 5_000))


def nothing(data: bytes, chance: random.Random) -> bytes:
    return b""


Mutation = Callable[[bytes, random.Random], bytes]
WHOLE: list[Mutation] = [flip_bytes, cut, drop_stretch, repeat_stretch, insert_piece]
INSIDE: list[Mutation] = [*WHOLE, noise, nothing]


def mutate(epub: bytes, chance: random.Random) -> bytes:
    """The archive with a wound: in its bytes, in one of its files, or with a file missing or under another's name."""
    kind = chance.choice(["archive", "file", "file", "file", "missing", "renamed"])
    if kind == "archive":
        return chance.choice(WHOLE)(epub, chance)
    with zipfile.ZipFile(io.BytesIO(epub)) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    texts = [number for number, (name, _) in enumerate(files) if not name.endswith((".png", ".jpg", ".ttf", ".otf"))]
    number = chance.choice(texts)
    name, data = files[number]
    if kind == "missing":
        del files[number]
    elif kind == "renamed":
        files[number] = (chance.choice(["../" + name, name.upper(), files[0][0], "x" * 300]), data)
    else:
        files[number] = (name, chance.choice(INSIDE)(data, chance))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return written.getvalue()


def outcome(path: Path, chance: random.Random) -> str:
    """How reading the file ends; anything but a whole book or an InputError is raised."""
    policy = ReadingPolicy(read=frozenset(chance.sample(sorted(READABLE), 5)))
    try:
        book = read_epub(path, policy)
    except InputError:
        return "refused"
    assert unaccounted(book) == 0
    return "read with warnings" if book.warnings else "read"


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    body = "".join(f"<h2 id='c{number}'>Chapter {number}</h2><p>Some <em>words</em>.</p><hr/>" for number in range(9))
    toc = "".join(f"<li><a href='a.xhtml#c{number}'>Chapter {number}</a></li>" for number in range(9))
    ruby = page("<p>前<ruby>山<rt>やま</rt></ruby>後<sup><a href='#n'>1</a></sup></p><aside id='n'>note</aside>")
    path = tmp_path_factory.mktemp("books") / "tiny.epub"
    return [write_epub(path, {"a.xhtml": page(body), "b.xhtml": ruby}, toc=toc).read_bytes()]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("seed", range(SUITE_MUTATIONS))
def test_mutated_books_are_read_or_refused(tmp_path, books, seed):
    chance = random.Random(seed)
    path = tmp_path / "mutated.epub"
    path.write_bytes(mutate(chance.choice(books), chance))
    assert outcome(path, chance) in ("read", "read with warnings", "refused")


def main(count: int, paths: list[Path]) -> None:
    books = [path.read_bytes() for path in paths]
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutated.epub"
        for seed in range(count):
            chance = random.Random(seed)
            path.write_bytes(mutate(chance.choice(books), chance))
            start = time.perf_counter()
            try:
                outcomes[outcome(path, chance)] += 1
            except Exception as error:
                outcomes["FAILED"] += 1
                print(f"seed {seed}: {error!r}")
            slowest = max(slowest, time.perf_counter() - start)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count} mutated files: {dict(outcomes)}, slowest {slowest:.2f} s, peak memory {peak_mb} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
