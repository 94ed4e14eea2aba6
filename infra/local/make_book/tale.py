"""The file of a tale: a body of generate, with drawings as files beside it if wanted."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.make_book.endings import WrongUse

MOST_DRAWING_BYTES = 6 * 1024 * 1024
"""Of a drawing's file (docs/api.md, generate)."""

_SKETCH = "sketchImage"
_SENT_AS_IT_IS = ("data:", "gs://")


@dataclass(frozen=True, kw_only=True)
class Tale:
    """What generate is sent, and what is only shown."""

    title: str
    body: Mapping[str, Any]


def read_tale(file: Path, key: str) -> Tale:
    """Read a tale.

    `title` and `story` are for readers and not sent. Without a `studentTaskId` it gets one that
    belongs to `key`, so that the same key is the same request. A `sketchImage` that is neither a
    data URL nor a link nor an object of a bucket is the name of a file, seen from the tale's
    folder. Raises WrongUse.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise WrongUse(f"{file} is not JSON: {where}: {error.msg}.") from None
    except (ValueError, RecursionError):
        raise WrongUse(f"{file} is not JSON in UTF-8.") from None
    if not isinstance(content, dict):
        raise WrongUse(f"{file} holds no JSON object: write {{ ... }}, as docs/tale.json.")
    title = str(content.pop("title", "") or file.stem)
    content.pop("story", None)
    task = f"make-book-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    body = {"studentTaskId": task, "fairytaleId": file.stem[:100]} | content
    for holder, pointer in _holders_of_sketches(body):
        holder[_SKETCH] = _sent(holder[_SKETCH], file, pointer)
    return Tale(title=title, body=body)


def _holders_of_sketches(body: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """The parts that have a drawing, and its JSON pointer."""
    if isinstance(body.get(_SKETCH), str):
        yield body, f"/{_SKETCH}"
    characters = body.get("characters")
    for index, character in enumerate(characters if isinstance(characters, list) else []):
        if isinstance(character, dict) and isinstance(character.get(_SKETCH), str):
            yield character, f"/characters/{index}/{_SKETCH}"


def _sent(sketch: str, tale: Path, pointer: str) -> str:
    if not sketch or "://" in sketch or sketch.startswith(_SENT_AS_IT_IS):
        return sketch
    file = tale.parent / sketch
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_DRAWING_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no file has such a name"
        raise WrongUse(f"{tale}: {pointer}: {file} cannot be read: {why}.") from None
    if len(data) > MOST_DRAWING_BYTES:
        most = MOST_DRAWING_BYTES // 1024 // 1024
        raise WrongUse(f"{tale}: {pointer}: {file} has more than {most} MiB. Scale it.")
    # By what it is and not by its name: nothing but a picture leaves this machine.
    kind = _kind(data)
    if kind is None:
        raise WrongUse(f"{tale}: {pointer}: {file} is no PNG, JPEG or WebP.")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _kind(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None
