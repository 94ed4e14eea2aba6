"""Outlines as lists of points: ellipses, smooth blobs, tapering limbs, stars."""

import math
from collections.abc import Sequence

from infra.local.proxy.painting.canvas import Point, Shape


def ellipse(
    x: float, y: float, rx: float, ry: float, angle: float = 0.0, points: int = 36
) -> Shape:
    """Return an ellipse around (x, y), turned by `angle` radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    outline = []
    for step in range(points):
        turn = 2 * math.pi * step / points
        dx, dy = rx * math.cos(turn), ry * math.sin(turn)
        outline.append((x + dx * cos - dy * sin, y + dx * sin + dy * cos))
    return outline


def arc(
    x: float, y: float, rx: float, ry: float, start: float, end: float, points: int = 16
) -> Shape:
    """Return an open part of an ellipse between two angles in radians (0 is right, y is down)."""
    turns = [start + (end - start) * step / (points - 1) for step in range(points)]
    return [(x + rx * math.cos(turn), y + ry * math.sin(turn)) for turn in turns]


def smooth(points: Sequence[Point], *, closed: bool = True, steps: int = 8) -> Shape:
    """Return a soft curve (Catmull-Rom) through the points."""
    count = len(points)
    outline: Shape = []
    for index in range(count if closed else count - 1):
        if closed:
            before, start = points[index - 1], points[index]
            end, after = points[(index + 1) % count], points[(index + 2) % count]
        else:
            before, start = points[max(0, index - 1)], points[index]
            end, after = points[index + 1], points[min(count - 1, index + 2)]
        outline += [_between(before, start, end, after, step / steps) for step in range(steps)]
    if not closed:
        outline.append(points[-1])
    return outline


def _between(before: Point, start: Point, end: Point, after: Point, t: float) -> Point:
    def blend(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (
            2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t
            + (3 * b - a - 3 * c + d) * t * t * t
        )  # fmt: skip

    return (
        blend(before[0], start[0], end[0], after[0]),
        blend(before[1], start[1], end[1], after[1]),
    )


def limb(path: Sequence[Point], widths: Sequence[float], *, steps: int = 11) -> Shape:
    """Return a tapering tube with round ends along a soft path; one width for each point."""
    spine = smooth(path, closed=False, steps=steps)
    last = len(spine) - 1
    left: Shape = []
    right: Shape = []
    for index, (x, y) in enumerate(spine):
        ahead, behind = spine[min(last, index + 1)], spine[max(0, index - 1)]
        angle = math.atan2(ahead[1] - behind[1], ahead[0] - behind[0])
        half = _width_at(widths, index / last) / 2
        left.append((x - math.sin(angle) * half, y + math.cos(angle) * half))
        right.append((x + math.sin(angle) * half, y - math.cos(angle) * half))
    return [*left, *_cap(spine[-1], left[-1]), *reversed(right), *_cap(spine[0], right[0])]


def _width_at(widths: Sequence[float], share: float) -> float:
    place = share * (len(widths) - 1)
    index = min(int(place), len(widths) - 2)
    rest = place - index
    return widths[index] * (1 - rest) + widths[index + 1] * rest


def _cap(centre: Point, start: Point) -> Shape:
    """Return the half circle around a tube's end that begins at `start`."""
    radius = math.hypot(start[0] - centre[0], start[1] - centre[1])
    first = math.atan2(start[1] - centre[1], start[0] - centre[0])
    turns = [first - math.pi * step / 8 for step in range(1, 8)]
    return [(centre[0] + radius * math.cos(t), centre[1] + radius * math.sin(t)) for t in turns]


def star(x: float, y: float, radius: float, rays: int = 5, angle: float = -math.pi / 2) -> Shape:
    """Return a star with so many rays, the first one pointing to `angle`."""
    outline = []
    for step in range(rays * 2):
        reach = radius if step % 2 == 0 else radius * 0.45
        turn = angle + math.pi * step / rays
        outline.append((x + reach * math.cos(turn), y + reach * math.sin(turn)))
    return outline


def mirrored(shape: Sequence[Point]) -> Shape:
    """Return the shape with left and right exchanged around x = 0."""
    return [(-x, y) for x, y in shape]
