"""Plain text becomes segments to speak: markup, sentences, words for figures, and a comfortable length.

>>> from cosycli.script import read_script
>>> [segment.text for segment in read_script("He paid $5. [laughter] Really?").segments]
['He paid five dollars. [laughter] Really?']
"""

from cosycli.script.capabilities import compile_style
from cosycli.script.pauses import Pauses
from cosycli.script.reading import read_script
from cosycli.script.segment import Coverage, Fate, Note, Script, Segment, Skipped, Span
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
