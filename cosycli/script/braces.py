"""Reads pronunciations in braces: finds the word before the brace, and turns the pronunciation into the model's tokens.

A brace contains CMU phones, `{R EH1 D}`, or pinyin, `{yin2 hang2}` or `{yínháng}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cosycli.errors import UsageError, counted
from cosycli.script.languages import is_hanzi
from cosycli.script.phonemes import cmu_tokens
from cosycli.script.pinyin import explain_missing, pinyin_tokens
from cosycli.script.vocabulary import CMU_PHONEMES, PHONE_NAMES

# Letters except Chinese and Japanese ones, which no space separates from a word in Latin letters.
_LETTER = r"(?![\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[^\W\d_]"
_WORD_BEFORE = re.compile(rf"(?:{_LETTER})+(?:['’-](?:{_LETTER})+)*\Z")
_PHONE_LIKE = re.compile("[A-Z]{1,2}[0-9]?")
_NUMBERED_PINYIN = re.compile("[a-zü:]+[0-5]")
_MAX_WORD = 60  # characters looked at before a brace; the longest entry of the CMU dictionary has 34


@dataclass(frozen=True)
class Pronunciation:
    """The word before a brace begins at `word_start` and is pronounced as `tokens`."""

    word_start: int
    tokens: tuple[str, ...]


def read_brace(text: str, brace: int, inside: str) -> Pronunciation | None:
    """Reads `{inside}`, opened at `text[brace]`, as the pronunciation of the word before it; None if it is text."""
    return _read_cmu(text, brace, inside) or _read_pinyin(text, brace, inside)


def check_brace(text: str, brace: int, inside: str) -> None:
    """Raises: UsageError: `{inside}`, opened at `text[brace]`, is meant as a pronunciation and is not a valid one."""
    advice = explain_missing(inside) if is_hanzi(text[brace - 1 : brace]) else ""
    if advice:
        raise UsageError(
            f"{{{inside}}} cannot be pronounced. {advice}",
            f"Write that one, or \\{{{inside}}} to have it read as text.",
        )
    if mistake := _mistake_in_brace(text, brace, inside):
        raise UsageError(
            f"{{{inside}}} {mistake}",
            "Write CMU phones right after a word, cat{K AE1 T}, or one pinyin syllable for each Chinese character, "
            f"银行{{yin2 hang2}}. Phones: {PHONE_NAMES}. "
            f"To have it read as text, write \\{{{inside}}}.",
        )


def _mistake_in_brace(text: str, brace: int, inside: str) -> str | None:
    """Describes the mistake in `{inside}`, opened at `text[brace]`; None if it is ordinary text.

    A phone with its stress or a syllable with its tone shows that it is meant as a pronunciation.
    """
    before, parts = text[brace - 1 : brace], inside.split()
    syllables = [part for part in parts if _NUMBERED_PINYIN.fullmatch(part) and pinyin_tokens(part)]
    phones = [part for part in parts if f"[{part}]" in CMU_PHONEMES]
    if before.isalpha() and syllables and phones:
        return "mixes pinyin with CMU phones."
    if is_hanzi(before) and (syllables or all(map(_NUMBERED_PINYIN.fullmatch, parts))):
        return _mistake_in_pinyin(parts, syllables)
    return _mistake_in_phones(parts, phones, before)


def _mistake_in_pinyin(parts: list[str], syllables: list[str]) -> str:
    if len(syllables) == len(parts):
        return f"has {counted(len(syllables), 'syllable')}, but fewer Chinese characters precede it."
    return f"contains parts that are not pinyin syllables: {_without(syllables, parts)}."


def _mistake_in_phones(parts: list[str], phones: list[str], before: str) -> str | None:
    has_digit = any(part[-1].isdigit() for part in parts)
    seem_phones = len(parts) > 1 and has_digit and all(map(_PHONE_LIKE.fullmatch, parts))
    has_stress = any(phone[-1].isdigit() for phone in phones)
    if not before.isalpha():
        return "follows no word." if seem_phones and has_stress else None
    if not phones and has_digit and cmu_tokens(" ".join(parts).upper()) and not is_hanzi(before):
        return "contains CMU phones in small letters; write them in capitals."
    if not has_stress and not (seem_phones and phones):
        return None
    if wrong := _without(phones, parts):
        return f"contains parts that are not CMU phones: {wrong}."
    return "gives CMU phones to Chinese or Japanese characters." if not _WORD_BEFORE.match(before) else None


def _without(known: list[str], parts: list[str]) -> str:
    return ", ".join(part for part in parts if part not in known)


def _read_cmu(text: str, brace: int, inside: str) -> Pronunciation | None:
    tokens = cmu_tokens(inside)
    word = _WORD_BEFORE.search(text[max(0, brace - _MAX_WORD) : brace])
    return Pronunciation(brace - len(word.group()), tokens) if tokens and word else None


def _read_pinyin(text: str, brace: int, inside: str) -> Pronunciation | None:
    syllables = pinyin_tokens(inside)
    if not syllables:
        return None
    word_start = brace - len(syllables)
    word = text[max(0, word_start) : brace]
    if len(word) < len(syllables) or not all(map(is_hanzi, word)):
        return None
    return Pronunciation(word_start, tuple(token for syllable in syllables for token in syllable))
