"""A lexicon file of either form."""

from __future__ import annotations

import codecs
from pathlib import Path

from cosycli.documents.plain_text import decode_text
from cosycli.errors import InputError
from cosycli.script.lexicon.entries import Lexicon
from cosycli.script.lexicon.pls import parse_pls
from cosycli.script.lexicon.yaml_form import parse_yaml

__all__ = ["read_lexicon"]

MAX_BYTES = 1 << 20  # 45,000 names; YAML of this size takes 3 s to read

_BEFORE_XML = codecs.BOM_UTF8 + codecs.BOM_UTF16 + b" \t\r\n\0"  # bytes, any of which may come before the first "<"


def read_lexicon(path: Path) -> Lexicon:
    """The lexicon in `path`: PLS if it begins as XML does, else YAML.

    Raises:
        InputError: it cannot be read, or an entry is wrong, with its line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check its name and permissions.") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES >> 20} MB.", "Split it into several lexicons.")
    if data.lstrip(_BEFORE_XML).startswith(b"<"):
        return parse_pls(data, str(path))
    return parse_yaml(decode_text(data, str(path)), str(path))
