"""The plain soft ground that a figure stands on."""

import random

from infra.local.proxy.painting.canvas import Canvas
from infra.local.proxy.painting.colours import lighter, mix
from infra.local.proxy.painting.palette import Palette
from infra.local.proxy.painting.shapes import ellipse


def paint_ground(canvas: Canvas, palette: Palette, rng: random.Random) -> None:
    """Fill the sheet with the palette's paper, a light in the middle and a few faint stains."""
    paper = palette.paper
    low = mix(paper, palette.main, 0.16)
    canvas.gradient((lighter(paper, 0.35), paper, mix(paper, palette.second, 0.07), low), 0.0, 1.0)
    middle = canvas.aspect / 2
    canvas.glow(ellipse(middle, 0.46, 0.34, 0.40), lighter(paper, 0.75), 0.9, 0.12)
    for _ in range(3):
        x = middle + rng.choice((-1, 1)) * rng.uniform(0.25, 0.5)
        tone = rng.choice((palette.main, palette.second, palette.accent))
        blob = ellipse(x, rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.12), rng.uniform(0.04, 0.1))
        canvas.glow(blob, mix(paper, tone, 0.45), 0.30, 0.05)
