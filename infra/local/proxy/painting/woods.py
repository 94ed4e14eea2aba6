"""Trees far and near, grass and flowers."""

import random

from infra.local.proxy.painting import scenery
from infra.local.proxy.painting.brief import Brief
from infra.local.proxy.painting.canvas import Shape
from infra.local.proxy.painting.colours import darker, lighter, mix, turned
from infra.local.proxy.painting.light import Light, ground_of
from infra.local.proxy.painting.palette import Palette
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.ridge import height_at, ridge
from infra.local.proxy.painting.shapes import ellipse, limb


def paint_far_wood(
    pen: Pen, crest_line: Shape, palette: Palette, light: Light, rng: random.Random, thick: bool
) -> None:
    """Paint small firs along a ridge."""
    aspect = pen.canvas.aspect
    for _ in range(round((26 if thick else 9) * aspect)):
        x = rng.uniform(0, aspect)
        leaf = mix(
            darker(scenery.leaf_of(light.season, palette, rng), light.shade), light.haze, 0.42
        )
        place = pen.at(
            x, height_at(crest_line, x) + 0.012, rng.uniform(0.07, 0.11) * (1.5 if thick else 1.0)
        )
        scenery.draw_fir(place, leaf, rng, volume=0.0)


def paint_grove(
    pen: Pen, palette: Palette, light: Light, horizon: float, rng: random.Random, *, clearing: bool
) -> None:
    """Draw tall trunks that leave the picture at its top, their leaves, and light between them.

    With a `clearing` the middle stays free.
    """
    aspect = pen.canvas.aspect
    for layer, (far, width, foot) in enumerate(((0.55, 0.035, 0.14), (0.30, 0.055, 0.22))):
        bark = mix(darker((118, 86, 66), light.shade), light.haze, far)
        for index in range(round(4 * aspect) + 1):
            x = aspect * (index + rng.uniform(0.1, 0.9)) / (round(4 * aspect) + 1)
            if (layer or clearing) and 0.16 < x / aspect < 0.84:
                continue
            base = horizon + foot + rng.uniform(-0.03, 0.03)
            thick = width * rng.uniform(0.8, 1.2)
            trunk = limb(
                [(x, base), (x + rng.uniform(-0.01, 0.01), base * 0.5), (x, -0.05)],
                [thick * 1.5, thick, thick * 0.9],
            )
            pen.fill(trunk, bark, low=darker(bark, 0.12), volume=0.35, outline=False)
        for index in range(round(9 * aspect)):
            leaf = mix(
                darker(scenery.leaf_of(light.season, palette, rng), light.shade),
                light.haze,
                far * 0.8,
            )
            x = aspect * index / (round(9 * aspect) - 1)
            edge = abs(x / aspect - 0.5) * 2
            y = 0.02 + 0.13 * edge * edge + rng.uniform(-0.03, 0.03)
            crown = ellipse(x, y, rng.uniform(0.09, 0.14), rng.uniform(0.06, 0.10))
            pen.fill(crown, leaf, low=darker(leaf, 0.14), volume=0.4, outline=False)
    if light.hour != "night":
        for _ in range(3):
            x = aspect * rng.uniform(0.25, 0.7)
            beam = [
                (x, 0.1),
                (x + 0.06, 0.1),
                (x + 0.26, horizon + 0.22),
                (x + 0.10, horizon + 0.22),
            ]
            pen.glow(beam, (255, 246, 206), 0.26, 0.02)


def paint_foreground(
    pen: Pen, brief: Brief, palette: Palette, light: Light, rng: random.Random
) -> None:
    """Paint what is near: trees at the sides, grass, flowers, mushrooms."""
    aspect, places = pen.canvas.aspect, brief.places
    if "sea" in places:
        return
    green = darker(ground_of(palette, light, brief), 0.14 + light.shade * 0.6)
    if "desert" not in places:
        _paint_near_trees(pen, brief, palette, light, rng)
    grass = ridge(aspect, 0.985, 0.05, rng, 5, 1.02)
    pen.fill(grass, lighter(green, 0.06), low=darker(green, 0.12), volume=0, outline=False)
    for _ in range(round(22 * aspect)):
        x = rng.uniform(0, aspect)
        blade = pen.at(x, height_at(grass, x) + 0.012, rng.uniform(0.020, 0.038))
        scenery.draw_grass(blade, turned(green, light=rng.uniform(-0.05, 0.05)), rng)
    if light.season != "snow":
        blooms = brief.colour("flower")
        for _ in range(round((26 if "meadow" in places else 9) * aspect)):
            tone = blooms or rng.choice(
                (palette.accent, lighter(palette.second, 0.2), (250, 240, 232))
            )
            y = rng.uniform(0.86, 0.985) if "meadow" in places else rng.uniform(0.93, 0.99)
            flower = pen.at(rng.uniform(0, aspect), y, 0.022 + (y - 0.84) * 0.22)
            scenery.draw_flower(flower, darker(tone, light.shade * 0.6), darker(green, 0.2))
        if "forest" in places:
            for _ in range(3):
                cap = darker((206, 70, 62), light.shade * 0.6)
                scenery.draw_mushroom(
                    pen.at(
                        rng.uniform(0.08, aspect - 0.08),
                        rng.uniform(0.95, 0.98),
                        rng.uniform(0.045, 0.07),
                    ),
                    cap,
                )


def _paint_near_trees(
    pen: Pen, brief: Brief, palette: Palette, light: Light, rng: random.Random
) -> None:
    aspect, deep = pen.canvas.aspect, "forest" in brief.places
    spots: list[tuple[float, float, float]] = []
    if deep:
        for _ in range(round(7 * aspect)):
            side = rng.choice((-1, 1)) * rng.uniform(0.22, 0.52)
            y = rng.uniform(0.74, 0.97)
            spots.append((aspect * (0.5 + side), y, (y - 0.42) * rng.uniform(0.85, 1.05)))
    else:
        spots += [
            (aspect * x, rng.uniform(0.84, 0.93), rng.uniform(0.30, 0.42))
            for x in (rng.uniform(0.02, 0.14), rng.uniform(0.86, 0.98))
        ]
    for x, y, size in sorted(spots, key=lambda spot: spot[1]):
        leaf = darker(scenery.leaf_of(light.season, palette, rng), light.shade)
        leaf = mix(leaf, light.haze, max(0.0, (0.9 - y) * 0.9))
        shadow = pen.at(x, y + 0.008)
        shadow.glow(ellipse(0, 0, size * 0.30, size * 0.045), darker(leaf, 0.45), 0.5, 0.015)
        place = pen.at(x, y, size)
        if light.season == "snow" or rng.random() < (0.55 if deep else 0.25):
            scenery.draw_fir(place, leaf, rng, snow=light.season == "snow")
        else:
            scenery.draw_round_tree(place, leaf, rng)
