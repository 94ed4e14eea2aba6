"""Skies: sun, moon, stars, clouds, rainbows, falling snow."""

import math
import random

from infra.local.proxy.painting import scenery
from infra.local.proxy.painting.brief import Brief
from infra.local.proxy.painting.canvas import Canvas
from infra.local.proxy.painting.colours import WHITE, lighter, mix
from infra.local.proxy.painting.light import Light
from infra.local.proxy.painting.palette import Palette
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.shapes import arc, ellipse, star


def paint_sky(
    canvas: Canvas,
    pen: Pen,
    brief: Brief,
    palette: Palette,
    light: Light,
    horizon: float,
    rng: random.Random,
) -> None:
    """Paint the sky above the horizon with everything in it."""
    canvas.gradient(light.sky, 0.0, horizon + 0.06)
    x = canvas.aspect * rng.choice((0.20, 0.27, 0.74, 0.80))
    y = rng.uniform(0.14, 0.22)
    if light.hour == "night":
        for _ in range(round(60 * canvas.aspect)):
            sx, sy = rng.uniform(0, canvas.aspect), rng.uniform(0, horizon - 0.08) ** 1.15
            size = rng.choice((0.0022, 0.0022, 0.003, 0.004))
            canvas.dot(sx, sy, size, mix((255, 250, 224), light.sky[1], sy * 0.6))
        for _ in range(5):
            sx, sy = rng.uniform(0.05, canvas.aspect - 0.05), rng.uniform(0.04, 0.32)
            pen.fill(
                star(sx, sy, rng.uniform(0.010, 0.016), 4), (255, 248, 214), volume=0, outline=False
            )
        pen.glow(ellipse(x, y, 0.15, 0.15), (214, 208, 236), 0.55, 0.08)
        pen.fill(ellipse(x, y, 0.082, 0.082), (255, 246, 214), volume=0.3, outline=False)
        for dx, dy, size in ((-0.025, -0.02, 0.015), (0.03, 0.015, 0.019), (-0.01, 0.04, 0.011)):
            pen.dot(x + dx, y + dy, size, (240, 228, 196))
    else:
        if light.hour == "sunset":
            y = horizon - rng.uniform(0.06, 0.13)
        pen.glow(ellipse(x, y, 0.19, 0.19), (255, 244, 206), 0.75, 0.10)
        pen.fill(
            ellipse(x, y, 0.072, 0.072),
            (255, 240, 188),
            low=(255, 222, 150),
            volume=0,
            outline=False,
        )
    if "rainbow" in brief.places:
        _paint_rainbow(canvas, horizon)
    cloud = {"night": (132, 126, 176), "sunset": (255, 226, 206)}.get(light.hour, WHITE)
    for _ in range(rng.randint(2, 3) + (2 if "cloud" in brief.places else 0)):
        place = pen.at(
            rng.uniform(0, canvas.aspect),
            rng.uniform(0.08, horizon - 0.16),
            rng.uniform(0.20, 0.36),
        )
        scenery.draw_cloud(place, mix(cloud, palette.tuned(cloud, 0.5), 0.25), rng)


def _paint_rainbow(canvas: Canvas, horizon: float) -> None:
    bands = (
        (226, 96, 92),
        (240, 162, 84),
        (248, 220, 116),
        (128, 186, 116),
        (98, 156, 206),
        (146, 118, 186),
    )
    for index, colour in enumerate(bands):
        radius = 0.52 - index * 0.021
        line = arc(
            canvas.aspect / 2, horizon + 0.08, radius * 1.15, radius, math.pi, 2 * math.pi, 40
        )
        canvas.stroke(line, lighter(colour, 0.38), 0.022)


def paint_snowfall(pen: Pen, rng: random.Random) -> None:
    """Paint falling flakes over everything."""
    for _ in range(round(90 * pen.canvas.aspect)):
        pen.dot(
            rng.uniform(0, pen.canvas.aspect),
            rng.uniform(0, 1),
            rng.choice((0.003, 0.004, 0.006)),
            (252, 252, 255),
        )
