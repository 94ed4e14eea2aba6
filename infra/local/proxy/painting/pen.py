"""Draws in the coordinates of a body or a head, wherever it stands and however it leans."""

import math

from infra.local.proxy.painting.canvas import Canvas, Shape
from infra.local.proxy.painting.colours import Colour


class Pen:
    """A canvas seen through a move, a turn, a scale and perhaps a mirror."""

    def __init__(
        self,
        canvas: Canvas,
        ink: Colour,
        *,
        x: float = 0.0,
        y: float = 0.0,
        scale: float = 1.0,
        angle: float = 0.0,
        flip: bool = False,
    ) -> None:
        """Draw on `canvas` around (x, y), with outlines in `ink`; `angle` is in radians."""
        self.canvas = canvas
        self.ink = ink
        self.scale = scale
        self._place = (x, y, angle)
        self._flip = -1.0 if flip else 1.0

    def at(self, x: float, y: float, scale: float = 1.0, angle: float = 0.0) -> "Pen":
        """Return a pen for a part: its origin at (x, y), `scale` times as large, turned."""
        (px, py) = self._moved([(x, y)])[0]
        return Pen(
            self.canvas,
            self.ink,
            x=px,
            y=py,
            scale=self.scale * scale,
            angle=self._place[2] + angle * self._flip,
            flip=self._flip < 0,
        )

    def fill(
        self,
        shape: Shape,
        colour: Colour,
        *,
        low: Colour | None = None,
        volume: float = 0.6,
        outline: bool = True,
    ) -> None:
        """Fill a closed shape, shaded by `volume` and outlined in a tone of ink and its colour."""
        ink = _line_colour(self.ink, colour) if outline else None
        self.canvas.fill(self._moved(shape), colour, low=low, volume=volume, ink=ink)

    def stroke(self, shape: Shape, colour: Colour, width: float) -> None:
        """Draw an open line, `width` in this pen's own units."""
        self.canvas.stroke(self._moved(shape), colour, width * self.scale)

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Draw a filled circle."""
        (cx, cy) = self._moved([(x, y)])[0]
        self.canvas.dot(cx, cy, radius * self.scale, colour)

    def glow(self, shape: Shape, colour: Colour, strength: float, blur: float) -> None:
        """Lay a soft veil over a shape."""
        self.canvas.glow(self._moved(shape), colour, strength, blur * self.scale)

    def _moved(self, shape: Shape) -> Shape:
        x0, y0, angle = self._place
        cos, sin = math.cos(angle) * self.scale, math.sin(angle) * self.scale
        flip = self._flip
        return [(x0 + flip * x * cos - y * sin, y0 + flip * x * sin + y * cos) for x, y in shape]


def _line_colour(ink: Colour, colour: Colour) -> Colour:
    """Return the ink, coloured by what it surrounds, as in a printed picture book."""
    return (
        round(ink[0] * 0.62 + colour[0] * 0.30),
        round(ink[1] * 0.62 + colour[1] * 0.24),
        round(ink[2] * 0.62 + colour[2] * 0.24),
    )
