"""Which files of an EPUB are encrypted: EPUB 3.3, section 4.2.6.3.2 (encryption.xml)."""

from __future__ import annotations

from lxml import etree

from cosycli.documents.archive import Archive
from cosycli.documents.links import resolve
from cosycli.documents.parsing import parse_xml
from cosycli.documents.semantics import local_name

__all__ = ["encrypted_paths"]

ENCRYPTION = "META-INF/encryption.xml"
# Fonts are garbled so that they cannot be taken out of the book; its text stays readable.
_FONT_OBFUSCATION = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})


def encrypted_paths(archive: Archive) -> frozenset[str]:
    """The paths of the files that cannot be read without a key.

    Raises:
        InputError: the list of encrypted files is not XML or cannot be unpacked.
    """
    if ENCRYPTION not in archive:
        return frozenset()
    root = parse_xml(archive.read(ENCRYPTION), ENCRYPTION).root
    paths = (_encrypted_path(element) for element in root.iter("*") if local_name(element) == "encrypteddata")
    return frozenset(path for path in paths if path)


def _encrypted_path(data: etree._Element) -> str:
    methods = [element.get("Algorithm") for element in data.iter("*") if local_name(element) == "encryptionmethod"]
    if methods and methods[0] in _FONT_OBFUSCATION:
        return ""
    names = (element.get("URI") for element in data.iter("*") if local_name(element) == "cipherreference")
    target = resolve("", next((name for name in names if name), ""))
    return target.path if target else ""
