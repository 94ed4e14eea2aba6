"""Paints a landscape: sky, hills in the haze of distance, and what the words ask for."""

import random

from PIL import Image

from infra.local.proxy.painting.brief import Brief
from infra.local.proxy.painting.canvas import Canvas
from infra.local.proxy.painting.colours import darker, lighter, mix, turned
from infra.local.proxy.painting.light import Light, ground_of, light_of
from infra.local.proxy.painting.palette import Palette
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.ridge import ridge
from infra.local.proxy.painting.sky import paint_sky, paint_snowfall
from infra.local.proxy.painting.terrain import paint_buildings, paint_mountains, paint_path
from infra.local.proxy.painting.water import paint_sea, paint_water
from infra.local.proxy.painting.woods import paint_far_wood, paint_foreground, paint_grove


def paint_landscape(
    brief: Brief, palette: Palette, size: tuple[int, int], seed: int, variation: int
) -> Image.Image:
    """Return the picture, `size` pixels wide and high, as one of the variations 0..3 of a seed."""
    rng = random.Random(f"landscape {seed} {variation}")
    light = light_of(brief, palette, rng)
    canvas = Canvas(*size, light.haze)
    pen = Pen(canvas, mix(palette.ink, light.haze, 0.1))
    horizon = rng.uniform(0.54, 0.60)
    paint_sky(canvas, pen, brief, palette, light, horizon, rng)
    places = brief.places
    if "mountain" in places or not places & {"sea", "desert"}:
        paint_mountains(pen, palette, light, horizon, rng, bold="mountain" in places)
    if "sea" in places:
        paint_sea(canvas, pen, brief, palette, light, horizon, rng)
    else:
        _paint_hills(pen, brief, palette, light, horizon, rng)
    if "forest" in places and not places & {"castle", "village", "sea", "mountain"}:
        paint_grove(pen, palette, light, horizon, rng, clearing="cottage" in places)
    paint_foreground(pen, brief, palette, light, rng)
    if light.season == "snow":
        paint_snowfall(pen, rng)
    return canvas.finish(seed + variation)


def _paint_hills(
    pen: Pen, brief: Brief, palette: Palette, light: Light, horizon: float, rng: random.Random
) -> None:
    aspect, places = pen.canvas.aspect, brief.places
    ground = ground_of(palette, light, brief)
    spot = aspect * rng.choice((0.30, 0.5, 0.68))
    door = (spot, horizon + 0.13)
    for layer, (base, height, far) in enumerate(
        ((0.04, 0.10, 0.45), (0.14, 0.10, 0.22), (0.27, 0.09, 0.0))
    ):
        tone = mix(darker(turned(ground, hue=0.012 * layer), light.shade), light.haze, far)
        crest_line = ridge(aspect, horizon + base, height, rng, rng.randint(2, 4), 1.02)
        pen.fill(
            crest_line,
            lighter(tone, 0.12),
            low=darker(tone, 0.05 + 0.05 * layer),
            volume=0.0,
            outline=False,
        )
        pen.stroke(crest_line[2:-2], lighter(tone, 0.3), 0.004)
        if layer == 0 and "desert" not in places:
            paint_far_wood(pen, crest_line, palette, light, rng, thick="forest" in places)
        if layer == 1:
            door = paint_buildings(pen, brief, palette, light, crest_line, spot, rng) or door
    if places & {"lake", "river"}:
        paint_water(pen, places, palette, light, horizon, rng)
    elif places & {"path", "village", "castle", "cottage"} or not places:
        paint_path(pen, ground, light, door, horizon, rng)
