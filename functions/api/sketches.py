"""How a client names a drawing: `sketchImage` of generate."""

import base64
import binascii
import re

from functions.api.problems import Fault
from shared.usecases.take_drawing import Drawing, DrawingData, DrawingLink, DrawingObject

_DATA_URL = re.compile(r"data:(?P<type>[\w.+/-]*)(?P<parameters>(?:;[^,;]*)*),")


def drawing_of(sketch: str, bucket: str, pointer: str) -> Drawing | Fault:
    """What a `sketchImage` means: the picture itself, a link, or an object of `bucket`."""
    sketch = sketch.strip()
    scheme = sketch[:8].lower()
    if scheme.startswith("data:"):
        return _data(sketch, pointer)
    if scheme.startswith("https://"):
        return DrawingLink(url=sketch)
    own = f"gs://{bucket}/"
    if sketch.startswith(own) and len(sketch) > len(own):
        return DrawingObject(name=sketch[len(own) :])
    detail = (
        f"{pointer} must be a data URL (data:image/png;base64,...), an https URL of an allowed "
        f"host, or an object of the bucket ({own}...)."
    )
    return Fault(code="wrong_sketch", detail=detail, pointer=pointer)


def _data(sketch: str, pointer: str) -> Drawing | Fault:
    match = _DATA_URL.match(sketch)
    if match is None or not match["parameters"].lower().endswith(";base64"):
        detail = f"{pointer} must be a data URL in base64: data:image/png;base64,..."
        return Fault(code="wrong_sketch", detail=detail, pointer=pointer)
    try:
        return DrawingData(data=base64.b64decode(sketch[match.end() :], validate=True))
    except binascii.Error:
        detail = f"{pointer} is not valid base64. Encode the file's bytes once more."
        return Fault(code="wrong_sketch", detail=detail, pointer=pointer)
