"""Writes the figures, signs and abbreviations of English as words."""

from cosycli.script.addresses import address_forms
from cosycli.script.english.abbreviations import ABBREVIATIONS, SIGNS
from cosycli.script.english.amounts import AMOUNTS
from cosycli.script.english.dates import DATES
from cosycli.script.english.numbers import ROMAN_NUMERALS

# An earlier form wins over a later one.
FORMS = (*address_forms("en"), *DATES, *ROMAN_NUMERALS, *ABBREVIATIONS, *AMOUNTS, *SIGNS)
