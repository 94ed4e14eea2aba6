"""Readable file names, in any script, that every common system can unpack."""

import re
import unicodedata

MOST_BYTES = 120
"""Of a name in UTF-8, without number and suffix: file systems take 255 of them in all."""

_RESERVED = re.compile(r'[<>:"/\\|?*%~]|\s+')
"""Not allowed in names on Windows, or special to shells, servers and archives."""


def file_stem(number: int, name: str) -> str:
    """`1` and "Mina & Bär" become "01 Mina & Bär"; what no file name may hold becomes a space.

    Letters of every script stay. The number makes names differ, keeps the order of the book, and
    keeps any name from being a reserved one (`CON`).
    """
    name = unicodedata.normalize("NFC", name)
    name = "".join(" " if _is_gap(c) else c for c in name)
    name = _shortened(" ".join(_RESERVED.sub(" ", name).split())).strip(" .")
    return f"{number:02d} {name}".strip()


def _is_gap(character: str) -> bool:
    """Controls, marks of direction and spaces; but not what joins letters (ZWNJ, ZWJ)."""
    return unicodedata.category(character)[0] in "CZ" and character not in "\u200c\u200d"


def _shortened(name: str) -> str:
    while len(name.encode()) > MOST_BYTES:
        name = name[:-1]
        while name and unicodedata.category(name[-1])[0] == "M":
            name = name[:-1]  # no accents of a letter that is cut off
    return name
