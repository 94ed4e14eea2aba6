"""The pictures of one book in a folder of their own, with an index for programs and for people."""

import html
import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from infra.local.client import NoPicture
from infra.local.make_book.endings import WrongUse
from shared.domain.file_names import file_stem

INDEX, PAGE = "index.json", "index.html"

_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_COPIED = (
    *("imageId", "kind", "role", "name", "prompt", "status", "imageUrl"),
    *("isFallback", "warnings", "error"),
)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A picture that was fetched and written."""

    url: str
    file: str
    """Its name in the folder."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""


class Folder:
    """Takes a book's pictures as they come, each once; a picture painted anew is taken again."""

    def __init__(self, path: Path, fetch: Callable[[str], bytes]) -> None:
        """`fetch` returns what is at a URL, or raises NoPicture."""
        self.path = path
        self._fetch = fetch
        self._saved: dict[str, Saved] = {}

    def missing(self, book: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
        """The pictures that are there and have not been fetched, by their number in the book."""
        return [
            (number, image)
            for number, image in enumerate(book["images"], start=1)
            if _has_picture(image) and not self._has(image)
        ]

    def take(self, number: int, image: Mapping[str, Any]) -> Saved:
        """Fetch and write one. Raises NoPicture, and WrongUse if the disk does not take it."""
        url = str(image["imageUrl"])
        data = self._fetch(url)
        try:
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
                kind, (width, height) = picture.format or "", picture.size
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            raise NoPicture(f"{url} gave no picture.") from None
        name = file_stem(number, str(image["name"])) + _SUFFIXES.get(kind, ".img")
        old = self._saved.get(image["imageId"])
        self._write(name, data)
        if old is not None and old.file != name:
            (self.path / old.file).unlink(missing_ok=True)
        saved = Saved(url=url, file=name, width=width, height=height)
        self._saved[image["imageId"]] = saved
        return saved

    def write_index(self, book: Mapping[str, Any], title: str) -> None:
        """Write what the pictures are and which are missing, as JSON and as a page."""
        pictures = [self._entry(number, one) for number, one in enumerate(book["images"], start=1)]
        index = {
            "jobId": book["jobId"],
            "title": title,
            "status": book["status"],
            "error": book["error"],
            "pictures": pictures,
        }
        text = json.dumps(index, ensure_ascii=False, indent=2) + "\n"
        self._write(INDEX, text.encode())
        self._write(PAGE, _page(title, pictures).encode())

    def _has(self, image: Mapping[str, Any]) -> bool:
        saved = self._saved.get(image["imageId"])
        return saved is not None and saved.url == image["imageUrl"]

    def _entry(self, number: int, image: Mapping[str, Any]) -> dict[str, Any]:
        saved = self._saved.get(image["imageId"])
        size = {"width": saved.width, "height": saved.height} if saved else {}
        copied = {name: image.get(name) for name in _COPIED}
        return {"number": number, "file": saved.file if saved else None, **size, **copied}

    def _write(self, name: str, data: bytes) -> None:
        """Whole or not at all, whatever happens meanwhile."""
        file, partial = self.path / name, self.path / f".{name}.partial"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            partial.replace(file)
        except OSError as error:
            raise WrongUse(f"{file} cannot be written: {error.strerror}.") from None


def check_writable(path: Path) -> None:
    """Raise WrongUse if the folder cannot be made or written to; nothing is made yet."""
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise WrongUse(f"{there} is no folder. Choose another: --out FOLDER")
    if not os.access(there, os.W_OK | os.X_OK):
        raise WrongUse(f"{there} cannot be written to. Choose another: --out FOLDER")


def refuse_foreign(path: Path, job_id: str | None) -> None:
    """Raise WrongUse if the folder holds anything but that job's book; None is no job yet."""
    try:
        if not path.exists() or not any(path.iterdir()):
            return
        other = json.loads((path / INDEX).read_text(encoding="utf-8"))["jobId"]
    except (OSError, ValueError, KeyError, TypeError):
        raise WrongUse(
            f"{path} holds something that is no book of ours. Choose another: --out FOLDER"
        ) from None
    if other != job_id:
        raise WrongUse(f"{path} holds another book ({other}). Choose another: --out FOLDER")


def _has_picture(image: Mapping[str, Any]) -> bool:
    return bool(image.get("imageUrl")) and bool(image.get("completed"))


_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
main { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)) }
figure { margin: 0 }
img { background: repeating-conic-gradient(#ddd 0 25%, #fff 0 50%) 0 0 / 1.5rem 1.5rem;
      border-radius: .5rem; display: block; height: 18rem; object-fit: contain; width: 100% }
"""


def _page(title: str, pictures: list[dict[str, Any]]) -> str:
    return (
        '<!doctype html>\n<html lang="und">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f"<h1>{html.escape(title)}</h1>\n<main>\n"
        f"{''.join(map(_figure, pictures))}</main>\n</html>\n"
    )


def _figure(picture: Mapping[str, Any]) -> str:
    name = html.escape(str(picture["name"]))
    caption = f"<figcaption>{name}</figcaption>"
    if picture["file"] is None:
        error = picture["error"] or {}
        said = html.escape(str(error.get("message", "There is no picture yet.")))
        return f"<figure>{caption}<p>{said}</p></figure>\n"
    # Relative, and after "./": a name is free to hold a colon or a hash.
    source = html.escape("./" + _quoted(picture["file"]))
    return f'<figure><img src="{source}" alt="{name}">{caption}</figure>\n'


def _quoted(file: str) -> str:
    return file.replace("%", "%25").replace("#", "%23").replace("?", "%3F")
