"""Spoken words for what German, French, Spanish, Italian and Russian write in figures, signs and abbreviations.

What these languages share is in `grammar`, what tells them apart in a module each.
"""

from cosycli.script.european.french import FRENCH
from cosycli.script.european.german import GERMAN
from cosycli.script.european.grammar import Tongue
from cosycli.script.european.italian import ITALIAN
from cosycli.script.european.russian import RUSSIAN
from cosycli.script.european.spanish import SPANISH

__all__ = ["TONGUES", "Tongue"]

TONGUES = {tongue.code: tongue for tongue in (GERMAN, FRENCH, SPANISH, ITALIAN, RUSSIAN)}
