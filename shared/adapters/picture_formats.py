"""Which bytes count as a picture, and how many of them are taken.

Nothing that a server or a client says of a picture is trusted: its first bytes decide.
"""

import re

from shared.ports import Picture

MOST_BYTES = 25 * 1024 * 1024
"""An upscaled picture of MidJourney has some 2 MiB; PNGs of the largest size stay below 16."""
MOST_DRAWING_BYTES = 6 * 1024 * 1024
"""Of a child's drawing: a scan or a phone's photo of a sheet has 1 to 4 MiB."""

_KINDS = (
    # First bytes -> content type and suffix.
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", ".png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", ".jpg"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp", ".webp"),
)


def picture_of(data: bytes) -> Picture | None:
    """The bytes as a picture; None if they begin neither as PNG nor as JPEG nor as WebP."""
    for beginning, content_type, suffix in _KINDS:
        if beginning.match(data):
            return Picture(data=data, content_type=content_type, suffix=suffix)
    return None
