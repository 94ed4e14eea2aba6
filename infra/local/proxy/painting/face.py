"""Eyes, cheeks and smiles, in units of the head's radius around the head's centre."""

import math

from infra.local.proxy.painting.colours import WHITE, Colour, darker, lighter, mix
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.shapes import arc, ellipse, smooth


def draw_eyes(
    pen: Pen,
    iris: Colour,
    *,
    apart: float = 0.38,
    height: float = 0.12,
    size: float = 1.0,
    look: float = 0.0,
    lashes: bool = False,
    closed: bool = False,
) -> None:
    """Draw both eyes; `look` (-1..1) moves the gaze sideways, `closed` makes them laugh."""
    dark = darker(pen.ink, 0.35)
    for side in (-1.0, 1.0):
        x = side * apart
        if closed:
            curve = arc(x, height + 0.08 * size, 0.16 * size, 0.15 * size, math.pi, 2 * math.pi)
            pen.stroke(curve, dark, 0.065)
            continue
        pen.fill(ellipse(x, height, 0.165 * size, 0.215 * size), WHITE, volume=0.15)
        x += look * 0.035
        pen.fill(
            ellipse(x, height + 0.02, 0.135 * size, 0.18 * size), darker(iris, 0.45),
            low=lighter(iris, 0.2), volume=0.0, outline=False,
        )  # fmt: skip
        pen.fill(
            ellipse(x, height + 0.01, 0.078 * size, 0.105 * size), dark, volume=0.0, outline=False
        )
        pen.dot(x - 0.05 * size, height - 0.07 * size, 0.056 * size, WHITE)
        pen.dot(x + 0.05 * size, height + 0.09 * size, 0.026 * size, WHITE)
        upper = arc(
            side * apart, height, 0.175 * size, 0.225 * size, math.pi * 1.08, math.pi * 1.92
        )
        pen.stroke(upper, dark, 0.052)
        if lashes:
            edge = side * (apart + 0.15 * size)
            for lift in (0.0, 0.09):
                pen.stroke(
                    [(edge - side * 0.01, height - 0.07 - lift), (edge + side * 0.1,
                        height - 0.13 - lift * 1.3)],
                    dark, 0.035,
                )  # fmt: skip


def draw_brows(pen: Pen, colour: Colour, lift: float = 0.0, apart: float = 0.38) -> None:
    """Draw friendly eyebrows, raised by `lift`."""
    for side in (-1.0, 1.0):
        x = side * apart
        points = [
            (x - side * 0.15, -0.20 - lift),
            (x, -0.26 - lift),
            (x + side * 0.17, -0.19 - lift),
        ]
        pen.stroke(smooth(points, closed=False), darker(colour, 0.3), 0.055)


def draw_cheeks(pen: Pen, skin: Colour, apart: float = 0.58, height: float = 0.40) -> None:
    """Lay a soft blush on both cheeks."""
    blush = mix(skin, (232, 96, 92), 0.55)
    for side in (-1.0, 1.0):
        pen.glow(ellipse(side * apart, height, 0.17, 0.11), blush, 0.75, 0.07)


def draw_smile(pen: Pen, kind: int, height: float = 0.50, width: float = 0.24) -> None:
    """Draw a mouth: 0 a gentle smile, 1 an open laugh, 2 a small happy one."""
    dark = darker(pen.ink, 0.2)
    if kind == 1:
        mouth = smooth(
            [(-width, height - 0.04), (0, height), (width, height - 0.04), (width * 0.6,
                height + 0.17),
             (0, height + 0.23), (-width * 0.6, height + 0.17)]
        )  # fmt: skip
        pen.fill(mouth, (126, 44, 52), volume=0.0)
        pen.fill(
            ellipse(0, height + 0.16, width * 0.48, 0.065), (232, 120, 116), volume=0, outline=False
        )
        return
    reach = width if kind == 0 else width * 0.6
    pen.stroke(arc(0, height - 0.06, reach, 0.15, math.pi * 0.1, math.pi * 0.9), dark, 0.045)
