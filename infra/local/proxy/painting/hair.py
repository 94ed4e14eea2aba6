"""Hair, beards and hats of people, in units of the head's radius around the head's centre."""

import math
import random

from infra.local.proxy.painting.canvas import Shape
from infra.local.proxy.painting.colours import Colour, darker, lighter
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.shapes import arc, ellipse, limb, mirrored, smooth, star

#: Styles for whoever the prompt calls a girl or woman, a boy or man, and for anyone.
FEMALE_STYLES = ("long", "bob", "braids", "bun", "curly", "ponytail")
MALE_STYLES = ("short", "tousled", "curly_short", "short")


def draw_back(pen: Pen, style: str, colour: Colour, ribbon: Colour) -> None:
    """Draw the hair that hangs behind the head and the shoulders."""
    shade = darker(colour, 0.16)
    if style == "long":
        shape = [
            (0, -1.1),
            (0.85, -0.8),
            (1.2, 0.2),
            (1.28, 1.2),
            (1.12, 2.0),
            (0.55, 1.86),
            (0, 1.95),
        ]
        pen.fill(smooth([*shape, *reversed(mirrored(shape[1:-1]))]), shade, volume=0.5)
    elif style == "bob":
        shape = [(0, -1.1), (0.85, -0.8), (1.22, 0.1), (1.24, 0.75), (0.9, 1.05), (0, 0.9)]
        pen.fill(smooth([*shape, *reversed(mirrored(shape[1:-1]))]), shade, volume=0.5)
    elif style == "curly":
        for step in range(15):
            turn = math.pi * (0.80 + 1.40 * step / 14)
            x, y = 1.06 * math.cos(turn), 0.16 + 1.12 * math.sin(turn)
            pen.fill(ellipse(x, y, 0.36, 0.36), shade, volume=0.5)
        for side in (-1, 1):
            for y in (0.45, 0.85):
                pen.fill(ellipse(side * 1.02, y, 0.33, 0.33), shade, volume=0.5)
    elif style == "ponytail":
        tail = limb([(0.55, -0.75), (1.35, -0.5), (1.5, 0.3), (1.2, 1.05)], [0.3, 0.55, 0.5, 0.06])
        pen.fill(tail, shade, volume=0.6)
        pen.fill(ellipse(0.78, -0.72, 0.17, 0.17), ribbon, volume=0.5)
    elif style == "bun":
        pen.fill(ellipse(0, -1.18, 0.44, 0.40), shade, volume=0.7)
        pen.stroke(
            arc(0, -1.14, 0.25, 0.2, math.pi * 1.1, math.pi * 1.9), darker(colour, 0.35), 0.04
        )


def draw_front(pen: Pen, style: str, colour: Colour, rng: random.Random) -> None:
    """Draw the hair over the forehead."""
    if style in ("tousled", "curly_short"):
        _draw_tufts(pen, style, colour)
        return
    outer = [(-1.04, 0.22), (-1.02, -0.42), (-0.62, -0.98), (0, -1.14), (0.62, -0.98), (1.02,
        -0.42),
             (1.04, 0.22)]  # fmt: skip
    fringe = rng.choice(
        (
            [(0.90, 0.0), (0.78, -0.34), (0.40, -0.30), (-0.1, -0.55), (-0.62, -0.36), (-0.90,
                0.0)],
            [(0.90, 0.02), (0.80, -0.28), (0.40, -0.36), (0, -0.31), (-0.40, -0.36), (-0.80,
                -0.28), (-0.90, 0.02)],
            [(0.90, 0.05), (0.66, -0.30), (0.16, -0.72), (-0.30, -0.48), (-0.74, -0.22), (-0.90,
                0.05)],
        )
    )  # fmt: skip
    pen.fill(smooth([*outer, *fringe], steps=6), colour, low=darker(colour, 0.1), volume=0.55)
    pen.stroke(
        arc(0, -0.1, 0.80, 0.82, math.pi * 1.20, math.pi * 1.42), lighter(colour, 0.32), 0.07
    )
    strand = darker(colour, 0.26)
    for x in (-0.34, 0.12, 0.48):
        line = smooth([(x * 0.4, -1.04), (x * 0.9, -0.78), (x * 1.2, -0.46)], closed=False)
        pen.stroke(line, strand, 0.03)


def _draw_tufts(pen: Pen, style: str, colour: Colour) -> None:
    outer: Shape = []
    count = 11
    for step in range(count):
        turn = math.pi * (0.97 + 1.06 * step / (count - 1))
        reach = 1.05 if step % 2 == 0 else 1.26
        outer.append((reach * math.cos(turn), 0.02 + reach * math.sin(turn)))
    inner = [
        (0.90, 0.0),
        (0.70, -0.40),
        (0.40, -0.24),
        (0.12, -0.52),
        (-0.28, -0.28),
        (-0.55, -0.5),
        (-0.9, 0.0),
    ]
    if style == "tousled":
        pen.fill(smooth([*outer, *inner], steps=5), colour, low=darker(colour, 0.1), volume=0.55)
        return
    pen.fill(smooth([*[(x * 0.9, y * 0.9) for x, y in outer], *inner], steps=5), colour, volume=0.3)
    for step in range(9):
        turn = math.pi * (1.0 + step / 8)
        pen.fill(
            ellipse(0.96 * math.cos(turn), -0.06 + 0.98 * math.sin(turn), 0.25, 0.25),
            colour,
            volume=0.5,
        )
    for x in (-0.55, -0.2, 0.18, 0.55):
        pen.fill(ellipse(x, -0.58 + abs(x) * 0.2, 0.24, 0.22), colour, volume=0.5)


def draw_braids(pen: Pen, colour: Colour, ribbon: Colour) -> None:
    """Draw two braids over the shoulders."""
    for side in (-1, 1):
        for step in range(5):
            x, y = side * (0.98 + 0.10 * step - 0.012 * step * step), 0.42 + 0.27 * step
            size = 0.235 - 0.018 * step
            pen.fill(ellipse(x, y, size, size * 0.86, side * 0.4), colour, volume=0.6)
        x, y = side * 1.24, 1.66
        pen.fill(ellipse(x, y, 0.13, 0.10), ribbon, volume=0.4)
        tip = [
            (x - 0.10, y + 0.06),
            (x + 0.10, y + 0.06),
            (x + 0.13, y + 0.3),
            (x, y + 0.36),
            (x - 0.13, y + 0.3),
        ]
        pen.fill(smooth(tip, steps=4), colour, volume=0.5)


def draw_beard(pen: Pen, colour: Colour) -> None:
    """Draw a full beard with a moustache."""
    shape = [(0.94, 0.10), (0.86, 0.75), (0.52, 1.32), (0.0, 1.62)]
    inner = [(-0.78, 0.22), (-0.45, 0.42), (0, 0.38), (0.45, 0.42), (0.78, 0.22)]
    pen.fill(smooth([*inner, *shape, *reversed(mirrored(shape[:-1]))], steps=6), colour, volume=0.5)
    for x in (-0.3, 0, 0.3):
        line = smooth([(x, 0.80), (x * 1.05, 1.05), (x * 0.7, 1.3)], closed=False)
        pen.stroke(line, darker(colour, 0.2), 0.03)
    for side in (-1, 1):
        hair = limb(
            [(0.02 * side, 0.42), (0.25 * side, 0.48), (0.48 * side, 0.40)], [0.16, 0.17, 0.03]
        )
        pen.fill(hair, lighter(colour, 0.15), volume=0.3)


def draw_hat(pen: Pen, kind: str, colour: Colour, band: Colour) -> None:
    """Draw what sits on the head: crown, hat, pointed_hat, helmet, ribbon."""
    if kind == "crown":
        _draw_crown(pen, colour, band)
    elif kind == "pointed_hat":
        cone = [
            (-0.80, -0.66),
            (-0.45, -1.35),
            (-0.05, -2.15),
            (0.42, -2.5),
            (0.36, -2.1),
            (0.52, -1.35),
            (0.80, -0.66),
        ]
        pen.fill(smooth(cone, steps=6), colour, low=darker(colour, 0.15), volume=0.6)
        pen.fill(ellipse(0, -0.66, 1.32, 0.25), colour, low=darker(colour, 0.2), volume=0.5)
        pen.fill(
            smooth(
                [
                    (-0.78, -0.80),
                    (0, -0.70),
                    (0.78, -0.80),
                    (0.70, -1.02),
                    (0, -0.93),
                    (-0.70, -1.02),
                ]
            ),
            band,
            volume=0.3,
        )
        for x, y, size in ((-0.12, -1.5, 0.15), (0.22, -1.22, 0.11), (0.1, -1.95, 0.09)):
            pen.fill(star(x, y, size), lighter(band, 0.3), volume=0.0, outline=False)
    elif kind == "hat":
        pen.fill(
            smooth(
                [(-0.74, -0.62), (-0.66, -1.28), (0, -1.42), (0.66, -1.28), (0.74, -0.62)], steps=6
            ),
            colour,
            volume=0.6,
        )
        pen.fill(ellipse(0, -0.62, 1.25, 0.24), colour, low=darker(colour, 0.2), volume=0.5)
        pen.fill(
            smooth(
                [
                    (-0.73, -0.76),
                    (0, -0.67),
                    (0.73, -0.76),
                    (0.70, -0.95),
                    (0, -0.87),
                    (-0.70, -0.95),
                ]
            ),
            band,
            volume=0.3,
        )
    elif kind == "helmet":
        dome = [
            (-1.06, 0.05),
            (-1.08, -0.5),
            (-0.7, -1.05),
            (0, -1.24),
            (0.7, -1.05),
            (1.08, -0.5),
            (1.06, 0.05),
        ]
        pen.fill(
            smooth([*dome, (0.86, -0.12), (0.5, -0.32), (0, -0.38), (-0.5, -0.32), (-0.86, -0.12)]),
            colour,
            volume=0.9,
        )
        pen.fill(
            limb([(0, -1.16), (-0.35, -1.75), (-0.95, -1.72)], [0.14, 0.36, 0.08]), band, volume=0.6
        )
    elif kind == "ribbon":
        for side in (-1, 1):
            loop = [(0.5, -0.95), (0.5 + side * 0.34, -1.22), (0.5 + side * 0.40, -0.85)]
            pen.fill(smooth(loop, steps=6), band, volume=0.5)
        pen.fill(ellipse(0.5, -0.97, 0.11, 0.11), band, volume=0.5)


def _draw_crown(pen: Pen, colour: Colour, jewel: Colour) -> None:
    top = [
        (-0.62, -0.80),
        (-0.76, -1.42),
        (-0.36, -1.10),
        (0.0, -1.56),
        (0.36, -1.10),
        (0.76, -1.42),
        (0.62, -0.80),
    ]
    foot = arc(0, -0.80, 0.62, 0.12, 0.0, math.pi, 9)
    pen.fill([*top, *foot], colour, low=darker(colour, 0.14), volume=0.8)
    for x, y in ((-0.76, -1.44), (0.0, -1.58), (0.76, -1.44)):
        pen.fill(ellipse(x, y, 0.085, 0.085), jewel, volume=0.6)
    pen.fill(ellipse(0, -0.92, 0.10, 0.12), jewel, volume=0.6)
    for x in (-0.36, 0.36):
        pen.fill(ellipse(x, -0.93, 0.07, 0.08), lighter(jewel, 0.4), volume=0.4)
