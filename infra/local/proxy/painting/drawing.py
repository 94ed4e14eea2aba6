"""A child's drawing as the painter keeps it: a few flat colours within an outline."""

import zlib
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from infra.local.proxy.painting.colours import Colour, distance, hls, luminance, mix
from infra.local.proxy.painting.masks import area, grown, labelled, shrunk
from infra.local.proxy.painting.sheet import Cutout, cut_out, open_picture

#: Labels of a drawing's pixels; those from `FIRST` on are its colours.
OUTSIDE, BLANK, FIRST = 0, 1, 2

_MOST_COLOURS = 10

#: Colours closer than this (0..441) are the same crayon.
_SAME = 52

#: Share of a sheet, or of a drawing, below which something is not seen.
_TINY = 0.002


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What a drawing shows, in at most 256 x 256 pixels and some kilobytes; it can be hashed."""

    width: int
    height: int
    colours: tuple[Colour, ...]  #: the largest first
    packed: bytes  #: a label for each pixel, compressed

    def labels(self) -> Image.Image:
        """Return the label of every pixel, as a picture of mode L."""
        return Image.frombytes("L", (self.width, self.height), zlib.decompress(self.packed))


def is_ink(colour: Colour) -> bool:
    """Say whether a colour is a black or grey pencil's rather than a dark crayon's."""
    return luminance(colour) < 110 and max(colour) - min(colour) < 50


def read_drawing(content: bytes) -> Drawing | None:
    """Return the drawing on a picture (PNG, JPEG, WebP, GIF bytes); None if nothing is drawn.

    Raises `ValueError` when the bytes are no picture.
    """
    cutout = cut_out(open_picture(content))
    if cutout is None or _share(cutout.outline) < _TINY:
        return None
    colours = _crayons(cutout)
    labels = _labelled(cutout, colours)
    counts = labels.histogram()
    order = sorted(range(len(colours)), key=lambda index: -counts[FIRST + index])
    table = list(range(256))
    for place, index in enumerate(order):
        table[FIRST + index] = FIRST + place
    return Drawing(
        width=labels.width,
        height=labels.height,
        colours=tuple(colours[index] for index in order),
        packed=zlib.compress(labels.point(table).tobytes(), 6),
    )


def _share(mask: Image.Image) -> float:
    return area(mask) / (mask.width * mask.height)


def _crayons(cutout: Cutout) -> list[Colour]:
    """Return the colours of the pencils that were used, without the blends at their edges."""
    calm = cutout.picture.filter(ImageFilter.MedianFilter(3))
    calm.paste(cutout.paper, (0, 0), ImageChops.invert(cutout.marks))
    reduced = calm.quantize(28, Image.Quantize.MEDIANCUT, kmeans=1)
    palette = reduced.getpalette() or []
    index_of = Image.frombytes("L", reduced.size, reduced.tobytes())
    counts = index_of.histogram()
    least = _TINY * area(cutout.marks)
    found: list[Colour] = []
    for index in sorted(range(len(palette) // 3), key=lambda i: -_vivid(counts, palette, i)):
        red, green, blue = palette[3 * index : 3 * index + 3]
        colour: Colour = (red, green, blue)
        if counts[index] < least or distance(colour, cutout.paper) < _SAME * 0.8:
            continue
        if any(_alike(colour, other) for other in found):
            continue
        others = [*found, cutout.paper]
        if _is_thin(index_of, index, counts[index]) and _is_blend(colour, others):
            continue
        found.append(colour)
    return found[:_MOST_COLOURS] or [(70, 60, 70)]


def _vivid(counts: list[int], palette: list[int], index: int) -> float:
    """Rank a colour by its area; a clear or dark one is no blend, and comes before those."""
    colour = (palette[3 * index], palette[3 * index + 1], palette[3 * index + 2])
    clear = (max(colour) - min(colour)) / 255 + (0.6 if luminance(colour) < 80 else 0.0)
    return counts[index] * (0.15 + clear)


def _alike(colour: Colour, other: Colour) -> bool:
    """Say whether two tones are one crayon's: close, or of one hue and not far."""
    apart = distance(colour, other)
    if apart < _SAME:
        return True
    hue, _, rich = hls(colour)
    other_hue, _, other_rich = hls(other)
    turn = abs(hue - other_hue)
    return apart < _SAME * 1.5 and min(rich, other_rich) > 0.3 and min(turn, 1 - turn) < 0.035


def _is_thin(index_of: Image.Image, index: int, size: int) -> bool:
    return area(shrunk(grown(labelled(index_of, index), 2), 4)) < 0.25 * size


def _is_blend(colour: Colour, others: list[Colour]) -> bool:
    """Say whether a colour lies between two others, as an edge's does."""
    for index, first in enumerate(others):
        for second in others[index + 1 :]:
            share = _place_between(colour, first, second)
            if 0.08 < share < 0.92 and distance(colour, mix(first, second, share)) < 36:
                return True
    return False


def _place_between(colour: Colour, first: Colour, second: Colour) -> float:
    """Return where on the line from first (0) to second (1) a colour is nearest to it."""
    along = [b - a for a, b in zip(first, second, strict=True)]
    length = sum(step * step for step in along) or 1
    return sum((c - a) * s for c, a, s in zip(colour, first, along, strict=True)) / length


def _labelled(cutout: Cutout, colours: list[Colour]) -> Image.Image:
    """Return the label of every pixel: the nearest crayon, or blank, or outside."""
    tones = _tones(colours, cutout.paper)
    flat = [channel for tone, _ in tones for channel in tone]
    table = Image.new("P", (1, 1))
    table.putpalette(flat + flat[:3] * (256 - len(tones)))
    nearest = cutout.picture.quantize(palette=table, dither=Image.Dither.NONE)
    indices = Image.frombytes("L", nearest.size, nearest.tobytes())
    labels = indices.point([label for _, label in tones] + [BLANK] * (256 - len(tones)))
    last = len(colours)
    labels.paste(BLANK, (0, 0), ImageChops.invert(cutout.marks))
    labels = _calmed(labels, [FIRST + i for i, colour in enumerate(colours) if is_ink(colour)])
    for label in range(FIRST, FIRST + last):
        _fill_slits(labels, label)
    labels.paste(OUTSIDE, (0, 0), ImageChops.invert(cutout.outline))
    _fill_seams(labels, last)
    return labels


def _tones(colours: list[Colour], paper: Colour) -> list[tuple[Colour, int]]:
    """Return every tone that is to be told apart and its label.

    A crayon's own tone is there, and its blends with the paper: at an edge, half red and half
    white, is nearer to yellow than to red or white.
    """
    tones = [(paper, BLANK)] + [(colour, FIRST + i) for i, colour in enumerate(colours)]
    for index, colour in enumerate(colours):
        for share in (0.3, 0.55):
            blend = mix(colour, paper, share)
            if all(distance(blend, other) > 0.7 * _SAME for other in colours if other != colour):
                tones.append((blend, FIRST + index))
    return tones


def _calmed(labels: Image.Image, inks: list[int]) -> Image.Image:
    """Return the labels without single stray pixels; thin lines of ink stay."""
    calm = labels.filter(ImageFilter.ModeFilter(3))
    for ink in inks:
        calm.paste(ink, (0, 0), labelled(labels, ink))
    return calm


def _fill_slits(labels: Image.Image, label: int) -> None:
    """Colour the white that a crayon left between its strokes."""
    mask = labelled(labels, label)
    closed = shrunk(grown(mask, 2), 2)
    labels.paste(label, (0, 0), ImageChops.multiply(closed, labelled(labels, BLANK)))


def _fill_seams(labels: Image.Image, count: int) -> None:
    """Let colours run up to the outline and to each other, over white a pixel or two wide."""
    blank = labelled(labels, BLANK)
    wide = grown(shrunk(blank, 1), 2)
    seams = ImageChops.subtract(blank, wide)
    for label in range(FIRST + count - 1, FIRST - 1, -1):
        near = grown(labelled(labels, label), 2)
        labels.paste(label, (0, 0), ImageChops.multiply(near, seams))
