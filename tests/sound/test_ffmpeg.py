import subprocess

from cosycli.sound.ffmpeg import FileChapter, find_ffmpeg, parse_ffmetadata, to_ffmetadata

ODD = {"title": "a = b; #1 \\ \\\\ end", "comment": "two\nlines\n[CHAPTER]\n", "series-part": "=", "artist": "古文 🎉"}
CHAPTERS = r""";FFMETADATA1
title=Book
[STREAM]
comment=of the cover
[CHAPTER]
TIMEBASE=1/24000
START=0
END=36000
title=one \= 1\
\;[CHAPTER]
[CHAPTER]
TIMEBASE=1/1000
START=1500
END=2000
"""


def through_ffmpeg(text: str) -> dict[str, str]:
    """The tags of a metadata file that ffmpeg read and wrote again."""
    command = [find_ffmpeg(), "-v", "error", "-f", "ffmetadata", "-i", "pipe:0", "-f", "ffmetadata", "pipe:1"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    tags, sections = parse_ffmetadata(done.stdout.decode())
    assert sections == []
    return {name: value for name, value in tags.items() if name != "encoder"}


def test_what_is_written_is_read_back():
    assert parse_ffmetadata(to_ffmetadata(ODD)) == (ODD, [])


def test_ffmpeg_understands_it_alike():
    """No sign of a tag can become a tag or chapter of its own."""
    assert through_ffmpeg(to_ffmetadata(ODD)) == ODD


def test_a_backslash_at_the_end_does_not_swallow_the_next_tag():
    tags = through_ffmpeg(to_ffmetadata({"title": "end\\", "artist": "A"}))
    assert tags == {"title": "end\\ ", "artist": "A"}


def test_chapters_are_read_with_their_times():
    tags, sections = parse_ffmetadata(CHAPTERS)
    assert tags == {"title": "Book"}
    assert sections == [FileChapter("one = 1\n;[CHAPTER]", 0, 1.5), FileChapter("", 1.5, 2)]
