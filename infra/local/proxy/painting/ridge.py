"""Rolling lines across a landscape."""

import math
import random

from infra.local.proxy.painting.canvas import Shape


def ridge(
    aspect: float, base: float, height: float, rng: random.Random, bumps: int, floor: float
) -> Shape:
    """Return a rolling line across the picture, closed along its floor."""
    phase = [rng.uniform(0, 2 * math.pi) for _ in range(3)]
    line = []
    for step in range(61):
        share = step / 60
        wave = math.sin(share * bumps * math.pi + phase[0]) * 0.55
        wave += math.sin(share * bumps * 2.3 * math.pi + phase[1]) * 0.25
        wave += math.sin(share * bumps * 0.5 * math.pi + phase[2]) * 0.4
        line.append((share * aspect, base - height * (0.5 + 0.5 * wave)))
    return [
        (-0.02, floor),
        (-0.02, line[0][1]),
        *line,
        (aspect + 0.02, line[-1][1]),
        (aspect + 0.02, floor),
    ]


def height_at(crest_line: Shape, x: float) -> float:
    """Return the height of a line at x."""
    return min(crest_line[1:-1], key=lambda point: abs(point[0] - x))[1]
