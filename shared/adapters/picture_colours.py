"""How alike the colours of two pictures are. Importing this module imports Pillow."""

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageStat

SIDE = 128
"""Pixels a side of the copy that is counted."""
BINS = 8
"""A channel."""

_LEVELS = 16
"""A channel, of the colours that are told apart before they are spread over the bins."""
_RING = 4
"""Pixels of the copy's border that say what the ground is."""
_NEAR = 32
"""Of 255: what is no further from the ground's colour, in every channel, belongs to it."""
_PLAIN = 0.6
"""The share of the border that has to be near its median for the ground to count as plain."""
_LEAST_FOREGROUND = 0.02

Signature = Sequence[float]
"""8 x 8 x 8 shares that add up to 1."""


def signature(image: Image.Image, box: tuple[int, int, int, int] | None = None) -> Signature:
    """The colours of an RGB picture, or of a box in it, without its plain ground.

    A colour counts for the bins around it, the more the nearer it is, and for their neighbours:
    a shift by less than a bin moves little.
    """
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX, box=box)
    small.putalpha(_foreground(small))
    levels = small.point(lambda value: value * _LEVELS // 256)
    bins = [0.0] * BINS**3
    for count, (red, green, blue, alpha) in levels.getcolors(SIDE * SIDE):  # type: ignore[misc, union-attr]
        if alpha:
            _spread(bins, count, red, green, blue)
    for neighbours in _NEIGHBOURS:
        bins = [(bins[a] + 2 * bins[b] + bins[c]) / 4 for a, b, c in neighbours]
    total = sum(bins)
    return [value / total for value in bins]


def likeness(one: Signature, other: Signature) -> float:
    """The intersection of two histograms: 1 for the same colours, 0 if no colour is shared."""
    return sum(map(min, one, other))


def _foreground(small: Image.Image) -> Image.Image:
    """255 for what counts: what is not the ground, or everything if no ground is plain."""
    everything = Image.new("L", small.size, 255)
    ring = everything.copy()
    ring.paste(0, (_RING, _RING, SIDE - _RING, SIDE - _RING))
    red, green, blue = (round(value) for value in ImageStat.Stat(small, ring).median)
    ground = Image.new("RGB", small.size, (red, green, blue))
    channels = ImageChops.difference(small, ground).split()
    most = ImageChops.lighter(ImageChops.lighter(channels[0], channels[1]), channels[2])
    away = most.point(lambda value: 255 * (value > _NEAR))
    plain = 1 - ImageStat.Stat(away, ring).mean[0] / 255
    foreground = ImageStat.Stat(away).mean[0] / 255
    return away if plain >= _PLAIN and foreground >= _LEAST_FOREGROUND else everything


def _place(level: int) -> tuple[int, float]:
    """Between which bin and the next the middle of a level lies, and how near to the next."""
    position = (level + 0.5) * BINS / _LEVELS - 0.5
    low = min(BINS - 2, max(0, int(position)))
    return low, min(1.0, max(0.0, position - low))


_PLACES = [_place(level) for level in range(_LEVELS)]


def _spread(bins: list[float], count: int, red: int, green: int, blue: int) -> None:
    r, more_red = _PLACES[red]
    g, more_green = _PLACES[green]
    b, more_blue = _PLACES[blue]
    at = (r * BINS + g) * BINS + b
    for by_red, step_red in ((1 - more_red, 0), (more_red, BINS * BINS)):
        for by_green, step_green in ((1 - more_green, 0), (more_green, BINS)):
            share = count * by_red * by_green
            bins[at + step_red + step_green] += share * (1 - more_blue)
            bins[at + step_red + step_green + 1] += share * more_blue


def _neighbours(stride: int) -> list[tuple[int, int, int]]:
    """For every bin the one before and the one after it along a channel, itself at the ends."""
    return [
        (
            index - stride if index // stride % BINS > 0 else index,
            index,
            index + stride if index // stride % BINS < BINS - 1 else index,
        )
        for index in range(BINS**3)
    ]


_NEIGHBOURS = [_neighbours(stride) for stride in (1, BINS, BINS * BINS)]
