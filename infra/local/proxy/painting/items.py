"""What figures carry, around the hand that holds it, in units of the whole figure."""

import math
from collections.abc import Callable

from infra.local.proxy.painting.colours import Colour, darker, lighter
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.shapes import arc, ellipse, limb, smooth, star

#: Items that a hand holds, the most telling first.
HELD = ("sword", "wand", "lantern", "balloon", "basket", "flower", "book")

_WOOD: Colour = (140, 96, 62)
_STEEL: Colour = (206, 214, 222)
_GOLD: Colour = (240, 194, 84)


def _draw_sword(hand: Pen, _colour: Colour, _side: float) -> None:
    blade = [(-0.016, -0.03), (0.016, -0.03), (0.013, -0.25), (0, -0.285), (-0.013, -0.25)]
    hand.fill(blade, _STEEL, volume=0.7)
    hand.stroke([(0, -0.05), (0, -0.24)], darker(_STEEL, 0.25), 0.005)
    hand.fill(limb([(-0.06, -0.028), (0.06, -0.028)], [0.024, 0.024]), _GOLD, volume=0.5)
    hand.fill(limb([(0, -0.02), (0, 0.05)], [0.022, 0.022]), _WOOD, volume=0.4)


def _draw_wand(hand: Pen, _colour: Colour, side: float) -> None:
    tip = (side * 0.07, -0.19)
    hand.fill(limb([(-side * 0.015, 0.05), tip], [0.018, 0.013]), _WOOD, volume=0.4)
    hand.glow(ellipse(tip[0], tip[1], 0.06, 0.06), lighter(_GOLD, 0.5), 0.8, 0.035)
    hand.fill(star(tip[0], tip[1], 0.052), _GOLD, volume=0.4)
    for dx, dy, size in ((0.07, -0.03, 0.014), (-0.06, -0.045, 0.011), (0.035, 0.06, 0.010)):
        hand.fill(
            star(tip[0] + dx, tip[1] + dy, size, 4),
            lighter(_GOLD, 0.4),
            volume=0,
            outline=False,
        )


def _draw_lantern(hand: Pen, _colour: Colour, _side: float) -> None:
    hand.stroke(arc(0, 0.045, 0.03, 0.045, math.pi, 2 * math.pi), darker(_WOOD, 0.3), 0.008)
    hand.glow(ellipse(0, 0.09, 0.11, 0.11), (255, 226, 140), 0.7, 0.06)
    hand.fill(
        [(-0.04, 0.05), (0.04, 0.05), (0.048, 0.13), (-0.048, 0.13)],
        (255, 232, 156),
        low=(250, 190, 90),
        volume=0.2,
    )
    for height, width in ((0.046, 0.05), (0.132, 0.058)):
        hand.fill(
            limb([(-width, height), (width, height)], [0.018, 0.018]),
            darker(_WOOD, 0.3),
            volume=0.3,
        )


def _draw_balloon(hand: Pen, colour: Colour, side: float) -> None:
    line = smooth([(0, 0), (side * 0.03, -0.1), (side * 0.02, -0.2)], closed=False)
    hand.stroke(line, hand.ink, 0.004)
    hand.fill(ellipse(side * 0.02, -0.285, 0.075, 0.09), colour, volume=0.9)
    hand.fill(
        ellipse(side * 0.02 - 0.028, -0.32, 0.014, 0.022, 0.5),
        lighter(colour, 0.7),
        volume=0,
        outline=False,
    )


def _draw_basket(hand: Pen, _colour: Colour, _side: float) -> None:
    hand.stroke(arc(0, 0.075, 0.065, 0.085, math.pi, 2 * math.pi), darker(_WOOD, 0.15), 0.012)
    for dx, tone in ((-0.04, (206, 62, 58)), (0.0, (240, 190, 90)), (0.04, (206, 62, 58))):
        hand.fill(ellipse(dx, 0.068, 0.026, 0.026), tone, volume=0.6)
    hand.fill(
        smooth(
            [
                (-0.085, 0.075),
                (0, 0.085),
                (0.085, 0.075),
                (0.066, 0.15),
                (0, 0.16),
                (-0.066, 0.15),
            ],
            steps=5,
        ),
        (190, 138, 84),
        volume=0.6,
    )
    for height in (0.10, 0.125):
        hand.stroke(
            smooth([(-0.075, height), (0, height + 0.01), (0.075, height)], closed=False),
            darker((190, 138, 84), 0.3),
            0.004,
        )


def _draw_flower(hand: Pen, colour: Colour, side: float) -> None:
    hand.stroke(
        smooth([(0, 0.05), (side * 0.01, -0.04), (side * 0.02, -0.10)], closed=False),
        (92, 140, 80),
        0.010,
    )
    for step in range(6):
        turn = 2 * math.pi * step / 6
        hand.fill(
            ellipse(
                side * 0.02 + 0.027 * math.cos(turn),
                -0.115 + 0.027 * math.sin(turn),
                0.021,
                0.021,
            ),
            colour,
            volume=0.3,
        )
    hand.fill(ellipse(side * 0.02, -0.115, 0.017, 0.017), _GOLD, volume=0.3)


def _draw_book(hand: Pen, colour: Colour, _side: float) -> None:
    for page in (-1.0, 1.0):
        cover = [(0, -0.045), (page * 0.075, -0.065), (page * 0.075, 0.045), (0, 0.065)]
        hand.fill(cover, colour, volume=0.3)
        paper = [(0, -0.038), (page * 0.066, -0.055), (page * 0.066, 0.035), (0, 0.052)]
        hand.fill(paper, (252, 244, 226), volume=0.2, outline=False)


#: Item -> how it is drawn in a hand.
_DRAWN: dict[str, Callable[[Pen, Colour, float], None]] = {
    "sword": _draw_sword,
    "wand": _draw_wand,
    "lantern": _draw_lantern,
    "balloon": _draw_balloon,
    "basket": _draw_basket,
    "flower": _draw_flower,
    "book": _draw_book,
}


def draw_held(pen: Pen, item: str, x: float, y: float, colour: Colour, side: float) -> None:
    """Draw an item in the hand at (x, y); `side` is 1 for the right hand and -1 for the left."""
    _DRAWN[item](pen.at(x, y), colour, side)


def draw_glasses(head: Pen, apart: float = 0.38, height: float = 0.12) -> None:
    """Draw round glasses before the eyes, in units of the head's radius."""
    frame = darker(head.ink, 0.2)
    for side in (-1.0, 1.0):
        head.stroke(
            [*ellipse(side * apart, height, 0.27, 0.27), (side * apart + 0.27, height)], frame, 0.05
        )
    head.stroke(arc(0, height + 0.02, 0.12, 0.08, math.pi, 2 * math.pi), frame, 0.05)


def draw_scarf(pen: Pen, neck: float, colour: Colour) -> None:
    """Draw a scarf around the neck, in units of the whole figure."""
    end = limb(
        [(0.05, neck + 0.03), (0.075, neck + 0.10), (0.07, neck + 0.17)], [0.055, 0.06, 0.07]
    )
    pen.fill(end, colour, volume=0.5)
    for height in (0.13, 0.15):
        pen.stroke(
            [(0.045, neck + height), (0.10, neck + height + 0.004)], lighter(colour, 0.5), 0.008
        )
    pen.fill(
        limb(
            [(-0.105, neck + 0.004), (0, neck + 0.035), (0.105, neck + 0.004)], [0.06, 0.07, 0.06]
        ),
        colour,
        volume=0.6,
    )
