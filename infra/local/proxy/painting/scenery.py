"""The things that stand in a landscape: trees, houses, castles, boats, flowers, clouds.

All are drawn at a foot point (x, y) with a size in units of the picture's height.
"""

import math
import random

from infra.local.proxy.painting.colours import Colour, darker, lighter, mix, turned
from infra.local.proxy.painting.palette import Palette
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.shapes import ellipse, limb, smooth

_WOOD: Colour = (124, 86, 62)
_GLASS: Colour = (255, 224, 140)


def draw_round_tree(pen: Pen, leaf: Colour, rng: random.Random) -> None:
    """Draw a leafy tree, one unit high, its foot at the pen's origin."""
    trunk = limb([(0, 0.03), (rng.uniform(-0.02, 0.02), -0.22), (0.0, -0.45)], [0.13, 0.085, 0.06])
    pen.fill(trunk, _WOOD, low=darker(_WOOD, 0.2), volume=0.5)
    for x, y, size in ((-0.19, -0.50, 0.19), (0.19, -0.48, 0.19), (0.0, -0.42, 0.18), (-0.10,
        -0.72, 0.20),
                       (0.13, -0.70, 0.19), (0.0, -0.60, 0.22)):  # fmt: skip
        size *= rng.uniform(0.92, 1.1)
        pen.fill(ellipse(x, y, size, size * 0.9), turned(leaf, light=rng.uniform(-0.02, 0.03)),
                 low=darker(leaf, 0.14), volume=0.55, outline=False)  # fmt: skip
    for _ in range(12):
        turn, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.05, 0.27)
        x, y = reach * math.cos(turn) - 0.03, -0.60 + reach * math.sin(turn)
        pen.fill(
            ellipse(x, y, 0.024, 0.016, rng.uniform(0, 3), points=12),
            lighter(leaf, 0.28),
            volume=0,
            outline=False,
        )


def draw_fir(
    pen: Pen, leaf: Colour, rng: random.Random, *, snow: bool = False, volume: float = 0.5
) -> None:
    """Draw a fir tree, one unit high; `volume` 0 for one so far away that it is flat."""
    pen.fill(
        limb([(0, 0.03), (0, -0.2)], [0.09, 0.07], steps=3),
        _WOOD,
        volume=volume * 0.6,
        outline=False,
    )
    for base, width, top in ((-0.10, 0.27, -0.52), (-0.32, 0.215, -0.74), (-0.56, 0.155, -1.0)):
        wide = width * rng.uniform(0.94, 1.08)
        tier = [(0, top), (wide * 0.5, (top + base) / 2 + 0.02), (wide, base), (wide * 0.5,
            base + 0.025),
                (0, base + 0.045), (-wide * 0.5, base + 0.025), (-wide, base), (-wide * 0.5,
                    (top + base) / 2 + 0.02)]  # fmt: skip
        low = darker(leaf, 0.18) if volume else None
        pen.fill(smooth(tier, steps=3), leaf, low=low, volume=volume, outline=False)
        if snow:
            cap = [(0, top - 0.01), (wide * 0.42, (top + base) / 2), (wide * 0.16,
                (top + base) / 2 - 0.01),
                   (0, (top + base) / 2 + 0.05), (-wide * 0.2, (top + base) / 2 - 0.02),
                       (-wide * 0.42, (top + base) / 2)]  # fmt: skip
            pen.fill(smooth(cap, steps=3), (250, 250, 252), volume=0.1, outline=False)


def draw_cottage(
    pen: Pen, wall: Colour, roof: Colour, rng: random.Random, lit: bool, snow: bool
) -> None:
    """Draw a little house about one unit wide."""
    height = rng.uniform(0.40, 0.52)
    pen.fill([(0.20, -height - 0.20), (0.32, -height - 0.20), (0.32, -height - 0.52), (0.20,
        -height - 0.52)],
             darker(roof, 0.25), volume=0.3)  # fmt: skip
    pen.fill(
        [(-0.42, 0), (-0.40, -height), (0.40, -height), (0.42, 0)],
        wall,
        low=darker(wall, 0.12),
        volume=0.35,
    )
    for x in (-0.39, 0.39):
        pen.fill(limb([(x, -0.02), (x, -height)], [0.045, 0.045]), _WOOD, volume=0.2, outline=False)
    top = smooth([(-0.56, -height + 0.05), (-0.28, -height - 0.26), (0.0, -height - 0.52), (0.28,
        -height - 0.26),
                  (0.56, -height + 0.05), (0, -height + 0.02)], steps=4)  # fmt: skip
    pen.fill(top, roof, low=darker(roof, 0.12), volume=0.6)
    if snow:
        pen.fill(smooth([(-0.50, -height - 0.03), (-0.25, -height - 0.31), (0, -height - 0.56),
            (0.25, -height - 0.31),
                         (0.50, -height - 0.03), (0.2, -height - 0.20), (0, -height - 0.34),
                             (-0.2, -height - 0.18)], steps=4),
                 (250, 250, 252), volume=0.15, outline=False)  # fmt: skip
    door = [
        (-0.10, 0),
        (-0.10, -0.20),
        (-0.05, -0.27),
        (0, -0.285),
        (0.05, -0.27),
        (0.10, -0.20),
        (0.10, 0),
    ]
    pen.fill(door, darker(roof, 0.3), volume=0.3)
    pen.dot(0.06, -0.12, 0.015, _GLASS)
    for x in (-0.24, 0.24):
        if lit:
            pen.glow(ellipse(x, -0.22, 0.16, 0.15), _GLASS, 0.6, 0.08)
        glass = _GLASS if lit else (176, 206, 216)
        pen.fill(
            [(x - 0.075, -0.30), (x + 0.075, -0.30), (x + 0.075, -0.15), (x - 0.075, -0.15)],
            glass,
            volume=0.2,
        )
        pen.stroke([(x, -0.30), (x, -0.15)], _WOOD, 0.018)
        pen.stroke([(x - 0.075, -0.225), (x + 0.075, -0.225)], _WOOD, 0.018)


def draw_castle(pen: Pen, stone: Colour, roof: Colour, flag: Colour, lit: bool) -> None:
    """Draw a fairy-tale castle about one unit wide."""
    for x, width, height in ((-0.20, 0.13, 0.78), (0.21, 0.12, 0.70), (0.02, 0.15, 1.02)):
        _draw_tower(pen, x, width, height, darker(stone, 0.05), roof, flag, lit)
    _draw_wall(pen, -0.36, 0.36, 0.40, stone)
    for x, width, height in ((-0.40, 0.17, 0.60), (0.40, 0.17, 0.56)):
        _draw_tower(pen, x, width, height, stone, roof, flag, lit)
    gate = [
        (-0.10, 0.01),
        (-0.10, -0.17),
        (-0.06, -0.25),
        (0, -0.275),
        (0.06, -0.25),
        (0.10, -0.17),
        (0.10, 0.01),
    ]
    pen.fill(gate, darker(_WOOD, 0.3), volume=0.3)
    for x in (-0.05, 0.0, 0.05):
        pen.stroke([(x, 0), (x, -0.24)], darker(_WOOD, 0.55), 0.008)
    for x in (-0.22, 0.22):
        _draw_window(pen, x, -0.22, 0.03, lit)


def _draw_wall(pen: Pen, left: float, right: float, height: float, stone: Colour) -> None:
    count = 8
    step = (right - left) / count
    top: list[tuple[float, float]] = []
    for index in range(count):
        x = left + index * step
        top += [
            (x, -height),
            (x, -height - 0.05),
            (x + step * 0.55, -height - 0.05),
            (x + step * 0.55, -height),
        ]
    pen.fill(
        [(left, 0.01), *top, (right, -height), (right, 0.01)],
        stone,
        low=darker(stone, 0.12),
        volume=0.35,
    )
    _draw_stones(pen, left, right, 0.04, height, stone)


def _draw_tower(
    pen: Pen,
    x: float,
    width: float,
    height: float,
    stone: Colour,
    roof: Colour,
    flag: Colour,
    lit: bool,
) -> None:
    half = width / 2
    pen.stroke([(x, -height - width * 1.5), (x, -height - width * 2.35)], _WOOD, 0.010)
    y = -height - width * 2.3
    pen.fill([(x, y), (x + width * 0.75, y + width * 0.2), (x, y + width * 0.42)], flag, volume=0.3)
    pen.fill(
        [(x - half, 0.01), (x - half, -height), (x + half, -height), (x + half, 0.01)],
        stone,
        low=darker(stone, 0.12),
        volume=0.7,
    )
    _draw_stones(pen, x - half, x + half, 0.08, height, stone)
    rim = limb([(x - half * 1.1, -height), (x + half * 1.1, -height)], [0.045, 0.045])
    pen.fill(rim, lighter(stone, 0.15), volume=0.4)
    cone = [(x - half * 1.4, -height - 0.015), (x - half * 0.5, -height - width * 0.85), (x,
        -height - width * 1.7),
            (x + half * 0.5, -height - width * 0.85), (x + half * 1.4,
                -height - 0.015)]  # fmt: skip
    pen.fill(cone, roof, low=darker(roof, 0.12), volume=0.75)
    _draw_window(pen, x, -height * 0.76, width * 0.17, lit)


def _draw_window(pen: Pen, x: float, y: float, size: float, lit: bool) -> None:
    if lit:
        pen.glow(ellipse(x, y, size * 2.2, size * 2.6), _GLASS, 0.6, 0.05)
    shape = [
        (x - size, y + size * 1.6),
        (x - size, y - size * 0.6),
        (x, y - size * 1.7),
        (x + size, y - size * 0.6),
        (x + size, y + size * 1.6),
    ]
    pen.fill(shape, _GLASS if lit else (96, 104, 132), volume=0.2)


def _draw_stones(
    pen: Pen, left: float, right: float, low: float, high: float, stone: Colour
) -> None:
    rng = random.Random(f"{left:.3f} {high:.3f}")
    for _ in range(round((right - left) * (high - low) * 60)):
        x, y = rng.uniform(left + 0.02, right - 0.05), -rng.uniform(low, high - 0.03)
        pen.stroke([(x, y), (x + 0.03, y)], darker(stone, 0.2), 0.007)


def draw_cloud(pen: Pen, colour: Colour, rng: random.Random) -> None:
    """Draw a soft cloud about one unit wide around the pen's origin."""
    for _ in range(7):
        x = rng.uniform(-0.38, 0.38)
        size = 0.20 * (1 - abs(x)) * rng.uniform(0.8, 1.2)
        pen.glow(ellipse(x, -size * 0.6, size * 1.1, size), colour, 0.85, 0.05)
    pen.glow(ellipse(0, 0.0, 0.46, 0.075), colour, 0.9, 0.04)


def draw_flower(pen: Pen, colour: Colour, stem: Colour) -> None:
    """Draw a flower, one unit high."""
    pen.stroke([(0, 0.0), (0.04, -0.4), (0, -0.75)], stem, 0.07)
    pen.fill(ellipse(0.13, -0.3, 0.13, 0.055, -0.5, points=10), stem, volume=0, outline=False)
    for step in range(5):
        turn = 2 * math.pi * step / 5 - math.pi / 2
        pen.fill(
            ellipse(0.17 * math.cos(turn), -0.82 + 0.17 * math.sin(turn), 0.13, 0.13, points=14),
            colour,
            volume=0,
            outline=False,
        )
    pen.dot(0, -0.82, 0.09, (250, 214, 110))


def draw_grass(pen: Pen, colour: Colour, rng: random.Random) -> None:
    """Draw a tuft of grass, one unit high."""
    for lean in (-0.5, -0.2, 0.15, 0.45):
        height = rng.uniform(0.6, 1.0)
        blade = [
            (lean * 0.3 - 0.06, 0.02),
            (lean * 0.6, -height * 0.6),
            (lean, -height),
            (lean * 0.3 + 0.08, 0.02),
        ]
        pen.fill(blade, colour, volume=0.0, outline=False)


def draw_boat(pen: Pen, palette: Palette) -> None:
    """Draw a small sailing boat, one unit high."""
    pen.stroke([(0, -0.15), (0, -0.95)], _WOOD, 0.03)
    pen.fill(
        smooth([(0.04, -0.92), (0.28, -0.62), (0.42, -0.24), (0.04, -0.24)], steps=4),
        (250, 242, 224),
        volume=0.4,
    )
    pen.fill(
        smooth([(-0.04, -0.82), (-0.18, -0.55), (-0.28, -0.24), (-0.04, -0.24)], steps=4),
        palette.accent,
        volume=0.4,
    )
    pen.fill(
        smooth([(-0.45, -0.17), (0, -0.13), (0.45, -0.17), (0.28, 0.04), (-0.26, 0.04)], steps=4),
        _WOOD,
        volume=0.5,
    )


def draw_mushroom(pen: Pen, cap: Colour) -> None:
    """Draw a toadstool, one unit high."""
    pen.fill(limb([(0, 0), (0, -0.6)], [0.34, 0.24]), (248, 238, 220), volume=0.5)
    pen.fill(
        smooth([(-0.5, -0.5), (-0.38, -0.85), (0, -1.0), (0.38, -0.85), (0.5, -0.5), (0, -0.42)]),
        cap,
        volume=0.6,
    )
    for x, y, size in ((-0.22, -0.7, 0.07), (0.08, -0.82, 0.08), (0.27, -0.62, 0.06)):
        pen.dot(x, y, size, (252, 246, 236))


def leaf_of(kind: str, palette: Palette, rng: random.Random) -> Colour:
    """Return the colour of leaves: "autumn", "snow" (cold) or anything else for green."""
    if kind == "autumn":
        return palette.tuned(rng.choice(((214, 120, 52), (228, 164, 66), (190, 82, 52))), 0.15)
    if kind == "snow":
        return palette.tuned((104, 142, 138), 0.15)
    green = rng.choice(((104, 156, 92), (124, 168, 88), (86, 142, 100)))
    return mix(palette.tuned(green, 0.22), palette.main, 0.08)
