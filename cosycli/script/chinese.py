"""Reads Chinese and Japanese figures, and simplifies characters, with the finite-state grammars of wetext."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

from cosycli.script.forms import DECORATION, Form, Rewriting, rewrite_forms

# A figure and its neighbours, which the grammars look at; quotes, brackets and full stops end it.
_NEAR = r"[\u3040-\u30ff\u3400-\u9fff]{0,8}"
_FIGURE = r"[$£€¥￥]?(?:(?<![A-Za-z0-9)])[-+])?\d{1,20}(?:[.,:/~～年月日-]{1,2}\d{1,20}){0,8}"
_RUN = re.compile(rf"{_NEAR}{_FIGURE}(?:%|‰|℃|°[CF]?|[a-zA-Z]{{1,4}}[²³]?(?:/[a-z]{{1,2}})?)?{_NEAR}")
# 图 2-3 is the third picture of chapter 2, and 3-5 天 means three to five days; wetext reads both as subtractions.
_LABEL = re.compile(r"(?:示例|例|图|表|列表|代码)\s?\d{1,3}(?P<dash>-)\d{1,3}(?![\d-])")
_RANGE = re.compile(r"(?<![\d.-])(?P<first>[1-9]\d{0,3})-(?P<last>[1-9]\d{0,3})(?![\d.-]|\s?=)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # wetext reads 1,234,567 as three numbers


def rewrite_cjk(text: str, language: str, forms: tuple[Form, ...] = ()) -> list[Rewriting]:
    """Rewrites the figures and signs in Chinese ("zh") or Japanese ("ja") text, and the given `forms`."""
    known: list[Rewriting] = []
    if language == "zh":
        known = [Rewriting(*match.span("dash"), "杠") for match in _LABEL.finditer(text)]
        text = _RANGE.sub(_range, text)
    for before, after in pairwise([0, *(dash.end for dash in known), len(text) + 1]):
        for match in _RUN.finditer(text, before, after - 1):
            spoken = _read(match.group(), language)
            if spoken != match.group():
                known.append(_difference(match, spoken))
    return rewrite_forms(text, (*forms, *_SIGNS[language]), known)


def simplify(text: str) -> str:
    """Returns Chinese text in simplified characters, one for each; 乾, 著 and others with two forms stay."""
    return str(_normalizer("zh").normalize(text, traditional_to_simple=True))


def _range(match: re.Match[str]) -> str:
    """Replaces the dash of a range by the sign that wetext reads as a range; the length stays."""
    return match.group().replace("-", "~") if int(match["first"]) < int(match["last"]) else match.group()


@lru_cache(maxsize=4096)
def _read(written: str, language: str) -> str:
    return str(_normalizer(language).normalize(_THOUSANDS.sub("", written)))


@lru_cache(maxsize=2)
def _normalizer(language: str) -> Any:
    from wetext import Normalizer

    return Normalizer(lang=language, operator="tn")


def _difference(match: re.Match[str], spoken: str) -> Rewriting:
    """Narrows the rewriting to the characters that change, so that their neighbours keep their place."""
    written = match.group()
    longest = min(len(written), len(spoken)) - 1  # leave a character on both sides to hold the difference
    before = next((i for i in range(longest) if written[i] != spoken[i]), longest)
    longest -= before
    after = next((i for i in range(longest) if written[-1 - i] != spoken[-1 - i]), longest)
    return Rewriting(match.start() + before, match.end() - after, spoken[before : len(spoken) - after])


def _signs(words: dict[str, str]) -> tuple[Form, ...]:
    named = re.compile(f"[{re.escape(''.join(words))}]")
    return (Form("sign", named, lambda match: words[match.group()]), DECORATION)


_SIGNS = {
    "zh": _signs({"&": "和", "+": "加", "=": "等于", "×": "乘", "÷": "除以", "%": "百分号", "@": "艾特"}),
    "ja": _signs(
        {"&": "と", "+": "プラス", "=": "イコール", "×": "かける", "÷": "割る", "%": "パーセント", "@": "アット"}
    ),
}
