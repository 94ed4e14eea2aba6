"""How a client names a drawing: `sketchImage` of generate."""

import base64
import re

from functions.api.problems import Fault
from shared.usecases.take_drawing import Drawing, DrawingData, DrawingLink, DrawingObject

_HEADER = re.compile(r"data:[\w.+/-]*(?:;[\w.+=-]*)*;base64", re.IGNORECASE)
_LONGEST_HEADER = 100
_LONGEST_NAME = 1024
"""Bytes of an object's name (https://cloud.google.com/storage/docs/objects#naming)."""


def drawing_of(sketch: str, bucket: str, pointer: str) -> Drawing | Fault:
    """What a `sketchImage` means: the picture itself, a link, or an object of `bucket`."""
    sketch = sketch.strip()
    scheme = sketch[:8].lower()
    if scheme.startswith("data:"):
        return _data(sketch, pointer)
    if scheme.startswith("https://"):
        return DrawingLink(url=sketch)
    own = f"gs://{bucket}/"
    name = sketch.removeprefix(own)
    if name != sketch and 0 < len(name.encode(errors="replace")) <= _LONGEST_NAME:
        return DrawingObject(name=name)
    detail = (
        f"{pointer} must be a data URL (data:image/png;base64,...), an https URL of an allowed "
        f"host, or an object of the bucket ({own}...)."
    )
    return Fault(code="wrong_sketch", detail=detail, pointer=pointer)


def _data(sketch: str, pointer: str) -> Drawing | Fault:
    comma = sketch.find(",", 0, _LONGEST_HEADER)
    if comma < 0 or not _HEADER.fullmatch(sketch, 0, comma):
        detail = f"{pointer} must be a data URL in base64: data:image/png;base64,..."
        return Fault(code="wrong_sketch", detail=detail, pointer=pointer)
    try:
        return DrawingData(data=base64.b64decode(sketch[comma + 1 :], validate=True))
    except ValueError:  # also of letters that are not ASCII
        detail = f"{pointer} is not valid base64. Encode the file's bytes once more."
        return Fault(code="wrong_sketch", detail=detail, pointer=pointer)
