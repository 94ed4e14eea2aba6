"""What the painter sees when it looks at somebody's picture."""

from dataclasses import dataclass

from infra.local.proxy.painting.colours import Colour
from infra.local.proxy.painting.drawing import Drawing, read_drawing
from infra.local.proxy.painting.palette import dominant_colours


@dataclass(frozen=True, kw_only=True)
class Look:
    """A picture, seen; some kilobytes whatever its size was."""

    colours: tuple[Colour, ...] = ()  #: its dominant colours
    drawing: Drawing | None = None  #: what is drawn on it; None if it is all one ground


def look_at(content: bytes) -> Look:
    """Return what a picture (PNG, JPEG, WebP, GIF bytes) shows; `ValueError` if it is none."""
    return Look(colours=dominant_colours(content), drawing=read_drawing(content))
