"""Mountains, hills, paths and what is built on them."""

import random

from infra.local.proxy.painting import scenery
from infra.local.proxy.painting.brief import Brief
from infra.local.proxy.painting.canvas import Shape
from infra.local.proxy.painting.colours import WHITE, Colour, darker, mix, turned
from infra.local.proxy.painting.light import Light
from infra.local.proxy.painting.palette import Palette
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.ridge import height_at
from infra.local.proxy.painting.shapes import ellipse, limb


def paint_mountains(
    pen: Pen, palette: Palette, light: Light, horizon: float, rng: random.Random, bold: bool
) -> None:
    """Paint two chains of peaks at the horizon; `bold` makes them tall, with snow."""
    aspect = pen.canvas.aspect
    rock = mix(palette.tuned((118, 128, 168), 0.3), palette.second, 0.12)
    for layer in range(2):
        far = 0.62 - layer * 0.26
        tall = (0.34 if bold else 0.17) * (1.0 - 0.22 * layer)
        x = -0.1
        while x < aspect + 0.1:
            width = rng.uniform(0.34, 0.56) * (1.2 if bold else 1.0)
            peak = (x + width * rng.uniform(0.42, 0.58), horizon - tall * rng.uniform(0.72, 1.12))
            _paint_peak(pen, x, width, peak, horizon, mix(rock, light.haze, far), light, bold)
            x += width * rng.uniform(0.52, 0.78)


def _paint_peak(
    pen: Pen,
    x: float,
    width: float,
    peak: tuple[float, float],
    horizon: float,
    tone: Colour,
    light: Light,
    bold: bool,
) -> None:
    foot = horizon + 0.08
    tone = darker(tone, light.shade * 0.5)
    left = [(x, foot), (x + (peak[0] - x) * 0.55, (foot + peak[1]) / 2 + 0.012), peak]
    right = [
        (peak[0] + (x + width - peak[0]) * 0.5, (foot + peak[1]) / 2 - 0.008),
        (x + width, foot),
    ]
    pen.fill([*left, *right], tone, low=mix(tone, light.haze, 0.55), volume=0.0, outline=False)
    fold = [
        peak,
        right[0],
        (x + width, foot),
        (peak[0] + width * 0.04, foot),
        (peak[0] - width * 0.03, (peak[1] + foot) / 2),
    ]
    pen.fill(fold, darker(tone, 0.10), low=mix(tone, light.haze, 0.5), volume=0.0, outline=False)
    if bold or light.season == "snow":
        drop = (foot - peak[1]) * 0.30
        cap = [peak, (peak[0] + width * 0.125, peak[1] + drop), (peak[0] + width * 0.05,
            peak[1] + drop * 0.72),
               (peak[0], peak[1] + drop * 1.12), (peak[0] - width * 0.06, peak[1] + drop * 0.75),
               (peak[0] - width * 0.13, peak[1] + drop * 1.02)]  # fmt: skip
        pen.fill(cap, mix(WHITE, light.haze, 0.28), volume=0, outline=False)


def paint_buildings(
    pen: Pen,
    brief: Brief,
    palette: Palette,
    light: Light,
    crest_line: Shape,
    spot: float,
    rng: random.Random,
) -> tuple[float, float] | None:
    """Draw castle and houses on a ridge and return where the door of the main one is."""
    door: tuple[float, float] | None = None
    places, aspect = brief.places, pen.canvas.aspect
    lit = light.hour != "day"
    roof = brief.colour("roof") or palette.tuned(palette.second, 0.2)
    snow = light.season == "snow"
    if "castle" in places:
        stone = mix(
            darker(mix((226, 214, 204), palette.paper, 0.4), light.shade * 0.7), light.haze, 0.10
        )
        door = (spot, height_at(crest_line, spot) + 0.03)
        place = pen.at(*door, min(0.38, aspect * 0.5))
        scenery.draw_castle(place, stone, darker(roof, light.shade * 0.6), palette.accent, lit)
    if places & {"village", "cottage"}:
        count = 7 if "village" in places else 1
        homes = [
            (aspect * (0.10 + 0.80 * (i + rng.uniform(0.2, 0.8)) / count) if count > 1 else spot)
            for i in range(count)
        ]
        for x in homes:
            size = rng.uniform(0.15, 0.20) if count > 1 else 0.36
            wall = darker(
                rng.choice(((248, 234, 208), (240, 218, 196), (232, 224, 210))), light.shade * 0.7
            )
            tone = darker(turned(roof, hue=rng.uniform(-0.05, 0.05)), light.shade * 0.5)
            foot = height_at(crest_line, x) + 0.02 + (rng.uniform(0.0, 0.05) if count > 1 else 0.05)
            scenery.draw_cottage(pen.at(x, foot, size), wall, tone, rng, lit, snow)
            if count == 1 and door is None:
                door = (x, foot)
    return door


def paint_path(
    pen: Pen,
    ground: Colour,
    light: Light,
    door: tuple[float, float],
    horizon: float,
    rng: random.Random,
) -> None:
    """Paint a path from a door to the foot of the picture."""
    aspect = pen.canvas.aspect
    spot, start = door
    middle = start + (horizon + 0.33 - start) * 0.42
    sand = darker(mix((236, 212, 170), ground, 0.22), light.shade * 0.8)
    end = aspect * rng.uniform(0.35, 0.65)
    bend = rng.uniform(-0.12, 0.12)
    road = limb(
        [(spot, start), (spot + bend, middle), (end - bend, horizon + 0.33), (end, 1.06)],
        [0.018, 0.05, 0.10, 0.24],
    )
    pen.fill(road, sand, low=darker(sand, 0.08), volume=0.0, outline=False)
    for _ in range(18):
        share = rng.random()
        x, y = end + rng.uniform(-0.09, 0.09), horizon + 0.34 + share * 0.14
        pen.fill(
            ellipse(x, y, 0.010, 0.005, points=12), darker(sand, 0.10), volume=0, outline=False
        )
