"""Lakes, rivers and the sea."""

import random

from infra.local.proxy.painting import scenery
from infra.local.proxy.painting.brief import Brief
from infra.local.proxy.painting.canvas import Canvas
from infra.local.proxy.painting.colours import WHITE, darker, lighter, mix
from infra.local.proxy.painting.light import Light, ground_of
from infra.local.proxy.painting.palette import Palette
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.ridge import ridge
from infra.local.proxy.painting.shapes import ellipse, limb, smooth
from infra.local.proxy.painting.terrain import paint_buildings


def paint_water(
    pen: Pen,
    places: frozenset[str],
    palette: Palette,
    light: Light,
    horizon: float,
    rng: random.Random,
) -> None:
    """Paint a river or a lake into the meadows."""
    aspect = pen.canvas.aspect
    water = mix(palette.tuned((112, 172, 200), 0.3), light.sky[1], 0.45)
    if "river" in places:
        x = aspect * rng.uniform(0.3, 0.7)
        bend = rng.choice((-1, 1)) * rng.uniform(0.10, 0.2)
        path = [
            (x + bend * 0.6, horizon + 0.10),
            (x - bend * 0.5, horizon + 0.19),
            (x + bend * 0.4, horizon + 0.31),
            (x - bend * 0.3, 1.10),
        ]
        pen.fill(
            limb(path, [0.012, 0.05, 0.11, 0.26]),
            lighter(water, 0.2),
            low=water,
            volume=0,
            outline=False,
        )
        centre, spread = x, 0.03
    else:
        x = aspect * rng.uniform(0.35, 0.65)
        shore = ellipse(x, horizon + 0.25, min(0.55, aspect * 0.42), 0.085)
        pen.fill(shore, lighter(water, 0.28), low=water, volume=0, outline=False)
        pen.stroke([*shore, shore[0]], lighter(water, 0.5), 0.004)
        centre, spread = x, 0.3
    for _ in range(14):
        y = horizon + rng.uniform(0.22, 0.29)
        start = centre + rng.uniform(-spread, spread)
        pen.stroke([(start, y), (start + rng.uniform(0.03, 0.08), y)], lighter(water, 0.5), 0.003)


def paint_sea(
    canvas: Canvas,
    pen: Pen,
    brief: Brief,
    palette: Palette,
    light: Light,
    horizon: float,
    rng: random.Random,
) -> None:
    """Paint the sea from the horizon to a beach, with an island if anything stands by it."""
    aspect = canvas.aspect
    deep = darker(palette.tuned((64, 136, 168), 0.3), light.shade * 0.7)
    near = mix(lighter(deep, 0.3), (150, 212, 204), 0.35 * (1 - light.shade))
    canvas.gradient((mix(deep, light.haze, 0.45), deep, mix(deep, near, 0.6), near), horizon, 1.0)
    pen.glow(ellipse(aspect * 0.5, horizon, aspect, 0.012), light.haze, 0.7, 0.012)
    if brief.places & {"castle", "village", "cottage", "mountain", "forest"}:
        x = aspect * rng.choice((0.26, 0.72))
        green = mix(darker(ground_of(palette, light, brief), light.shade), light.haze, 0.15)
        island = [
            (x - 0.34, horizon + 0.05),
            (x - 0.2, horizon - 0.05),
            (x, horizon - 0.10),
            (x + 0.2, horizon - 0.05),
            (x + 0.34, horizon + 0.05),
        ]
        pen.fill(
            smooth(island), lighter(green, 0.1), low=darker(green, 0.15), volume=0.2, outline=False
        )
        crest_line = [
            (x - 0.3, 0.0),
            *[(x + dx, horizon - 0.07 + abs(dx) * 0.2) for dx in (-0.2, -0.1, 0.0, 0.1, 0.2)],
            (x + 0.3, 0.0),
        ]
        paint_buildings(pen.at(0, 0), brief, palette, light, crest_line, x, rng)
    for _ in range(46):
        y = horizon + 0.02 + (rng.random() ** 1.4) * 0.34
        reach = 0.015 + (y - horizon) * 0.20
        x = rng.uniform(0, aspect)
        crest = smooth(
            [
                (x - reach, y),
                (x - reach * 0.3, y - reach * 0.10),
                (x + reach * 0.4, y),
                (x + reach, y - reach * 0.05),
            ],
            closed=False,
            steps=4,
        )
        canvas.stroke(
            crest, mix(deep, WHITE, 0.35 + 0.3 * (y - horizon)), 0.002 + 0.006 * (y - horizon)
        )
    if "boat" in brief.places or rng.random() < 0.6:
        scenery.draw_boat(pen.at(aspect * rng.uniform(0.35, 0.62), horizon + 0.11, 0.17), palette)
    sand = darker(palette.tuned((242, 218, 170), 0.2), light.shade * 0.7)
    beach = ridge(aspect, 0.93, 0.07, rng, 2, 1.02)
    pen.canvas.stroke([(x, y - 0.004) for x, y in beach[2:-2]], mix(near, WHITE, 0.75), 0.016)
    pen.fill(beach, lighter(sand, 0.1), low=darker(sand, 0.08), volume=0, outline=False)
