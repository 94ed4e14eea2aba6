"""Reads request bodies as leniently and as strictly as the proxy's JSON library (Jackson)."""

import base64
import binascii
import json
import re
from enum import StrEnum
from typing import Any, TypeVar

from infra.local.proxy.results import BadRequest
from infra.local.proxy.run import Upload

E = TypeVar("E", bound=StrEnum)

_DATA_URL = re.compile(
    r"data:(?P<mime>[\w.+-]+/[\w.+-]+)(?:;[\w=.+-]+)*;base64,(?P<data>.*)", re.DOTALL
)

_SUFFIXES = {
    "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp",
    "image/tiff": "tiff", "image/x-icon": "ico", "image/svg+xml": "svg", "image/bmp": "bmp",
}  # fmt: skip


def read_object(content: bytes) -> dict[str, Any]:
    """Return the JSON object of a body. Raises `BadRequest` for anything else."""
    try:
        body = json.loads(content.decode("utf-8"))
    except ValueError as error:
        raise BadRequest(str(error)) from error
    if not isinstance(body, dict):
        raise BadRequest("not an object")
    return body


def text(body: dict[str, Any], name: str) -> str | None:
    """Return a string field; numbers and booleans become text, lists and objects are refused."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    raise BadRequest(f"{name} is not a string")


def strict_text(body: dict[str, Any], name: str) -> str | None:
    """Return a string field; anything else is refused, as .NET does."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadRequest(f"The JSON value of $.{name} could not be converted to a string.")


def texts(body: dict[str, Any], name: str) -> list[str] | None:
    """Return a field that is a list of strings."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise BadRequest(f"{name} is not a list")
    return [text({"item": item}, "item") or "" for item in value]


def whole(body: dict[str, Any], name: str) -> int | None:
    """Return an integer field; digits in a string and fractions are taken as Jackson does."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadRequest(f"{name} is not a number")
    try:
        return int(value)
    except ValueError as error:
        raise BadRequest(f"{name} is not a number") from error


def choice(body: dict[str, Any], name: str, kind: type[E]) -> E | None:
    """Return an enum field; a value that is none of its names is refused."""
    value = body.get(name)
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError as error:
        raise BadRequest(f"{name} is none of {', '.join(kind)}") from error


def read_data_url(data_url: str) -> Upload | None:
    """Return the picture of a data URL, or None if it is none (a plain URL, bare base64)."""
    match = _DATA_URL.fullmatch(data_url.strip())
    if match is None:
        return None
    try:
        content = base64.b64decode(match["data"], validate=False)
    except (binascii.Error, ValueError):
        return None
    mime = match["mime"].lower()
    return Upload(content=content, content_type=mime, suffix=_SUFFIXES.get(mime, "null"))


def read_picture(text: str) -> Upload | None:
    """Return the picture of a data URL or of bare base64 (taken for PNG), or None if it is none."""
    data = re.search(r"data:(?P<mime>.+?);base64,(?P<data>.+)", text)
    mime, encoded = (data["mime"].lower(), data["data"]) if data else ("image/png", text)
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Upload(content=content, content_type=mime, suffix=_SUFFIXES.get(mime, "null"))
