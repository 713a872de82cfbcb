"""The words of one language, as its YAML file has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import yaml

__all__ = ["Coin", "Nouns", "Words", "read_words"]

# A unit or coin: its singular after the word for one, then its plural, in Russian that of 2 to 4 and of 5 and more:
# ("ein Meter", "Meter"), ("один метр", "метра", "метров").
Nouns = tuple[str, ...]


@dataclass(frozen=True)
class Coin:
    """A unit of money and its hundredth."""

    whole: Nouns
    hundredth: Nouns


@dataclass(frozen=True)
class Words:
    """The words of one language; a language whose numbers alone are known here has none.

    Attributes:
        minus, per: as in -5 and km/h.
        to: between the ends of a range.
        comma: before the fraction of a number.
        months: in the form that follows the day.
        short_months: other names in small letters, without a full stop, and the number of each.
        units, coins: by the sign as written.
        coin_joint: between an amount of coins and one of hundredths; may be empty.
        scales: words between a number and its unit.
        abbreviations: as written, and the words; a space in one may be left out.
        last_abbreviations: the same of those with which a sentence may end.
        before_numbers: the same of those that count only before a figure.
        signs, address_signs: names of signs, the latter in addresses of the internet.
        divisions: nouns before a Roman numeral, such as "Kapitel".
        kings, queens: names before a Roman numeral.
    """

    minus: str = ""
    to: str = ""
    per: str = ""
    comma: str = ""
    months: tuple[str, ...] = ()
    short_months: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, Nouns] = field(default_factory=dict)
    coins: Mapping[str, Coin] = field(default_factory=dict)
    coin_joint: str = ""
    scales: tuple[str, ...] = ()
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    last_abbreviations: Mapping[str, str] = field(default_factory=dict)
    before_numbers: Mapping[str, str] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)
    address_signs: Mapping[str, str] = field(default_factory=dict)
    divisions: tuple[str, ...] = ()
    kings: tuple[str, ...] = ()
    queens: tuple[str, ...] = ()


def read_words(language: str) -> Words:
    """The words of an ISO 639-1 language; none where there is no file for it."""
    file = resources.files(__package__) / f"{language}.yaml"
    if not file.is_file():
        return Words()
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    tree["coins"] = {
        sign: Coin(tuple(coin["whole"]), tuple(coin["hundredth"])) for sign, coin in tree.get("coins", {}).items()
    }
    tree["units"] = {sign: tuple(nouns) for sign, nouns in tree.get("units", {}).items()}
    return Words(**{name: _frozen(value) for name, value in tree.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
