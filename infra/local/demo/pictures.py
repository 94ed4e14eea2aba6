"""A finished book on disk: a file for each picture, and the contact sheet."""

import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PIL import Image

from infra.local.client import Book, Client, Picture
from infra.local.demo.contact_sheet import Card, contact_sheet
from infra.local.demo.view import shorten

_LONGEST_STEM = 80
_SUFFIXES = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A picture that was fetched and written to a file."""

    picture: Picture
    file: Path


def file_stem(number: int, name: str, kind: str) -> str:
    """Return `NN-name` for a file: readable in any script, safe on every file system.

    Letters, their marks and digits stay, everything else becomes a hyphen; at most 80 bytes of
    UTF-8, so that no file system's 255 are exceeded. A name without a letter is its `kind`.
    """
    kept = "".join(
        c if unicodedata.category(c)[0] in "LNM" else "-"
        for c in unicodedata.normalize("NFC", name).lower()
    )
    words = re.sub("-+", "-", kept).strip("-") or kind
    cut = words.encode()[:_LONGEST_STEM].decode(errors="ignore").rstrip("-")
    return f"{number:02}-{cut}"


def save_pictures(client: Client, book: Book, parent: Path) -> list[Saved]:
    """Fetch the finished pictures into `<parent>/<date and time>/NN-name.png`, in the book's order.

    Makes no folder for a book without any. Raises DemoError and ClientError.
    """
    saved: list[Saved] = []
    folder: Path | None = None
    for number, picture in enumerate(book.pictures, start=1):
        if picture.status == "succeeded" and picture.url:
            content = client.download(picture.url)
            folder = folder or _new_folder(parent)
            file = folder / file_stem(number, picture.name, picture.kind)
            file = file.with_name(f"{file.name}.{_suffix(content, picture)}")
            file.write_bytes(content)
            saved.append(Saved(picture=picture, file=file))
    return saved


def _suffix(content: bytes, picture: Picture) -> str:
    try:
        with Image.open(io.BytesIO(content)) as image:
            return _SUFFIXES.get(image.format or "", "img")
    except OSError:
        raise DemoError(f"what was stored for {shorten(picture.name)} is no picture.") from None


def _new_folder(parent: Path) -> Path:
    """Make a folder that is named by the time; a second one in the same second gets a number."""
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
    for number in range(1, 100):
        folder = parent / (stamp if number == 1 else f"{stamp}_{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise DemoError(f"{folder} cannot be made: {error.strerror}.") from None
        return folder
    raise DemoError(f"{parent} is full.")


def save_sheet(title: str, saved: Sequence[Saved], footer: str) -> Path:
    """Write the contact sheet of at least one picture beside it; return its file."""
    groups = [
        [_card(one) for one in saved if one.picture.kind == kind]
        for kind in dict.fromkeys(one.picture.kind for one in saved)
    ]
    file = saved[0].file.with_name("contact-sheet.png")
    contact_sheet(title, groups, footer).save(file)
    return file


def _card(one: Saved) -> Card:
    role = "main character" if one.picture.role == "reference" else one.picture.kind
    with Image.open(one.file) as image:
        return Card(picture=image.convert("RGBA"), name=one.picture.name, about=role)
