"""Assembles chapters from sections: each section starts a chapter, continues the one before, or is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cosycli.documents.accounting import Account, count_characters
from cosycli.documents.book import Block, BlockKind, Chapter
from cosycli.documents.headings import file_kind, letters_of, title_kind
from cosycli.documents.navigation import LinkTarget
from cosycli.documents.reading_policy import ReadingPolicy, reason_for
from cosycli.documents.sections import Section
from cosycli.documents.xhtml import Omission

# A longer title page, imprint or list of contents is none: its file name or landmark is wrong.
MAX_PAGE_CHARACTERS = 5_000
MAX_TITLE_PAGE_BLOCK = 120  # characters; a longer block is a paragraph of prose
# Classes whose entries below, and whose continuation in the next file, are left out with them. Below the entry of a
# title page there may be the whole book.
_LONG_KINDS = frozenset({"notes", "index", "bibliography", "licence"})


@dataclass
class _OpenChapter:
    """A chapter under construction; a part without text of its own stays empty."""

    title: str
    level: int
    blocks: list[Block] = field(default_factory=list)
    is_part: bool = False


def assemble_chapters(
    sections: Sequence[Section],
    landmarks: Mapping[LinkTarget, str],
    book_title: str,
    policy: ReadingPolicy,
    account: Account,
) -> tuple[Chapter, ...]:
    """Return the chapters of a book in reading order; record in `account` what the policy leaves out."""
    builder = _ChapterBuilder(landmarks, book_title, policy, account, _chapter_heading_level(sections))
    for section in sections:
        builder.add(section)
    return tuple(
        Chapter(chapter.title, chapter.level, blocks)
        for chapter in builder.chapters
        if (blocks := _trimmed(chapter.blocks)) or chapter.is_part
    )


def _chapter_heading_level(sections: Sequence[Section]) -> int:
    """Return the heading level at which most chapters start."""
    headings = [section.heading for section in sections if section.title is not None and section.depth == 1]
    levels = Counter(heading.level for heading in headings if heading)
    return levels.most_common(1)[0][0] if levels else 1


def _trimmed(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Remove scene breaks at either end, after a heading, and after another one."""
    kept: list[Block] = []
    for block in blocks:
        is_redundant = not kept or kept[-1].kind in (BlockKind.HEADING, BlockKind.SCENE_BREAK)
        if block.kind is not BlockKind.SCENE_BREAK or not is_redundant:
            kept.append(block)
    while kept and kept[-1].kind is BlockKind.SCENE_BREAK:
        kept.pop()
    return tuple(kept)


class _ChapterBuilder:
    """Adds sections in reading order to chapters, depending on what the section before was."""

    def __init__(
        self,
        landmarks: Mapping[LinkTarget, str],
        book_title: str,
        policy: ReadingPolicy,
        account: Account,
        heading_level: int,
    ) -> None:
        self.chapters: list[_OpenChapter] = []
        self._landmarks = landmarks
        self._book_title = book_title
        self._policy = policy
        self._account = account
        self._heading_level = heading_level
        self._left_out: tuple[str, int] | None = None  # kind and depth of the section before, if it was left out
        self._pending: _OpenChapter | None = None  # its entry leads to an image; its text is in the next section

    def add(self, section: Section) -> None:
        follows_left_out = self._left_out is not None
        kind = self._kind(section)
        if kind and not self._policy.reads(kind):
            self._left_out = (kind, section.depth)
        elif not self._belongs_to_left_out(section):
            self._left_out = None
        if self._left_out:
            self._leave_out(section, self._left_out[0])
            return
        self._record_omissions(section)
        if section.blocks:
            self._chapter(section, follows_left_out).blocks.extend(section.blocks)
        elif section.title is not None:
            self._hold_or_leave_out(section)

    def _belongs_to_left_out(self, section: Section) -> bool:
        """Return True for entries below a left-out entry, and for the continuation of a left-out text."""
        if self._left_out is None or self._left_out[0] not in _LONG_KINDS:
            return False
        return section.depth > self._left_out[1] if section.title is not None else section.heading is None

    def _chapter(self, section: Section, follows_left_out: bool) -> _OpenChapter:
        """Return the chapter that a section belongs to, and start it if need be."""
        heading = section.heading
        own_title = " ".join(heading.text.split()) if heading else section.document.title
        if section.title is not None:
            self.chapters += (_OpenChapter(entry.title, entry.depth, is_part=True) for entry in section.above)
            self.chapters.append(_OpenChapter(section.title or own_title or self._book_title, section.depth))
        elif self._pending is not None:
            title = own_title if heading else self._pending.title
            self.chapters.append(_OpenChapter(title, self._pending.level))
        elif not self.chapters or follows_left_out or self._starts_chapter(section):
            self.chapters.append(_OpenChapter(own_title or self._book_title, 1))
        self._pending = None
        return self.chapters[-1]

    def _starts_chapter(self, section: Section) -> bool:
        return section.heading is not None and section.heading.level <= self._heading_level

    def _hold_or_leave_out(self, section: Section) -> None:
        omitted = next((part for part in section.parts if isinstance(part, Omission) and part.is_section), None)
        if omitted is None:
            self._pending = _OpenChapter(section.title or self._book_title, section.depth)
        else:
            self._left_out = (omitted.kind, section.depth)

    def _leave_out(self, section: Section, kind: str) -> None:
        self._record_omissions(section)
        self._pending = None
        characters = sum(count_characters(block.text) for block in section.blocks)
        if characters:
            self._account.leave_out(kind, reason_for(kind), characters, title=self._name(section))

    def _record_omissions(self, section: Section) -> None:
        for part in section.parts:
            if isinstance(part, Omission):
                name = part.title if section.blocks else section.title or part.title or self._name(section)
                title = name if part.is_section else ""
                self._account.leave_out(part.kind, reason_for(part.kind), part.characters, title=title)

    def _name(self, section: Section) -> str:
        heading = section.heading
        own = " ".join(heading.text.split()) if heading else section.document.title
        return section.title or own or section.document.path

    def _kind(self, section: Section) -> str | None:
        """Return the class of a whole section, by its title, its landmark or its file name; None for running text."""
        heading = section.heading
        title = section.title if section.title is not None else heading.text if heading else ""
        kind = title_kind(title)
        is_page = sum(len(block.text) for block in section.blocks) <= MAX_PAGE_CHARACTERS
        if kind or not is_page:
            return kind if is_page or kind not in ("title-page", "copyright") else None
        if section.is_whole:
            path = section.document.path
            kind = self._landmarks.get(LinkTarget(path)) or file_kind(path) or title_kind(section.document.title)
        kind = kind or (self._landmarks.get(section.target) if section.title is not None else None)
        is_before_all = not self.chapters and section.title is None
        return kind or ("title-page" if is_before_all and self._is_title_page(section) else None)

    def _is_title_page(self, section: Section) -> bool:
        """Return True for short blocks under the title of the book."""
        title = letters_of(section.heading.text) if section.heading else ""
        is_short = all(len(block.text) <= MAX_TITLE_PAGE_BLOCK for block in section.blocks)
        return is_short and title != "" and letters_of(self._book_title).startswith(title)
