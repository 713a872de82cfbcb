"""Turns text into segments to speak: reads markup, finds sentences, writes figures as words, cuts to a good length.

>>> from cosycli.script import read_script
>>> [segment.text for segment in read_script("He paid $5. [laughter] Really?").segments]
['He paid five dollars. [laughter] Really?']
"""

from cosycli.script.capabilities import compile_style
from cosycli.script.segment import Coverage, Fate, Note, Script, Segment, Skipped, Span
from cosycli.script.text_script import read_script
from cosycli.script.timing import Pauses
from cosycli.script.vocabulary import MODEL_TAGS, PHONEMES, STYLES_V2, STYLES_V3

__all__ = [
    "MODEL_TAGS",
    "PHONEMES",
    "STYLES_V2",
    "STYLES_V3",
    "Coverage",
    "Fate",
    "Note",
    "Pauses",
    "Script",
    "Segment",
    "Skipped",
    "Span",
    "compile_style",
    "read_script",
]
