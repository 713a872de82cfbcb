"""Reads the YAML file with the words of a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from cosycli.folders import packaged_yaml

# A unit or coin: its singular after the word for one, then its plural; in Russian the plurals of 2 to 4 and of 5 up:
# ("ein Meter", "Meter"), ("один метр", "метра", "метров").
Nouns = tuple[str, ...]


@dataclass(frozen=True)
class Coin:
    """A unit of money and its hundredth."""

    whole: Nouns
    hundredth: Nouns


@dataclass(frozen=True)
class Words:
    """The words of a language; empty for a language without a file.

    Attributes:
        minus, per: as in -5 and in km/h.
        to: between the ends of a range.
        comma: before the fraction of a number.
        months: in the form that follows the day.
        short_months: other names in small letters, without a full stop, and the number of each.
        units, coins: nouns by the sign as written.
        coin_joint: between an amount of coins and one of hundredths; may be empty.
        scales: words between a number and its unit.
        abbreviations: words by the abbreviation as written; a text may omit its spaces.
        last_abbreviations: the same for those that may end a sentence.
        before_numbers: the same for those that count only before a figure.
        signs, address_signs: names of signs, the latter in internet addresses.
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
    """Reads the words of an ISO 639-1 language; they are empty if there is no file."""
    name = f"{language}.yaml"
    if not (resources.files(__package__) / name).is_file():
        return Words()
    tree = packaged_yaml(__package__, name)
    tree["coins"] = {
        sign: Coin(tuple(coin["whole"]), tuple(coin["hundredth"])) for sign, coin in tree.get("coins", {}).items()
    }
    tree["units"] = {sign: tuple(nouns) for sign, nouns in tree.get("units", {}).items()}
    frozen: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in tree.items()}
    return Words(**frozen)
