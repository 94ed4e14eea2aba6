"""A supersampled sheet of paper, and the soft, shaded, outlined shapes that are drawn on it."""

import functools
import math
import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from infra.local.proxy.painting.colours import Colour, darker, lighter, mix

Point = tuple[float, float]
Shape = list[Point]


class Canvas:
    """A picture under the brush.

    Coordinates are in units of the picture's height: y runs from 0 (top) to 1, x from 0 to
    `aspect`. Everything is drawn at `oversampling` times the final size and reduced at the end.
    """

    def __init__(self, width: int, height: int, ground: Colour) -> None:
        """Lay out a sheet of `width` x `height` final pixels, all of one colour."""
        self.size = (width, height)
        self.oversampling = 3 if max(width, height) <= 320 else 2
        self.unit = float(height * self.oversampling)
        self.aspect = width / height
        self.image = Image.new(
            "RGB", (width * self.oversampling, height * self.oversampling), ground
        )
        self._draw = ImageDraw.Draw(self.image)

    def fill(
        self,
        shape: Shape,
        colour: Colour,
        *,
        low: Colour | None = None,
        volume: float = 0.0,
        ink: Colour | None = None,
        line: float = 0.0045,
    ) -> None:
        """Fill a closed shape.

        `low` is the colour at its foot (default: the same), `volume` (0..1) how strongly light
        from the upper left rounds it, `ink` the colour of its outline of `line` units' width.
        """
        pixels = self._pixels(shape)
        box = self._box(pixels)
        if box is None:
            return
        if low is None and volume <= 0:
            self._draw.polygon(pixels, fill=colour)
        else:
            self._shaded(pixels, box, colour, low or colour, volume)
        if ink is not None:
            self._line([*pixels, pixels[0], pixels[1]], ink, line)

    def stroke(self, points: Shape, colour: Colour, width: float) -> None:
        """Draw an open line with round ends, `width` units wide."""
        pixels = self._pixels(points)
        self._line(pixels, colour, width)
        radius = width * self.unit / 2
        for x, y in (pixels[0], pixels[-1]):
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Draw a small filled circle."""
        cx, cy, r = x * self.unit, y * self.unit, radius * self.unit
        self._draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=colour)

    def glow(self, shape: Shape, colour: Colour, strength: float, blur: float) -> None:
        """Lay a soft-edged veil of a colour over a shape; `blur` is its edge's width in units."""
        step = max(1, int(blur * self.unit / 5))
        margin = blur * self.unit * 3 + 2
        pixels = self._pixels(shape)
        box = self._box(pixels, margin)
        if box is None:
            return
        left, top, right, bottom = box
        size = (max(1, (right - left) // step), max(1, (bottom - top) // step))
        mask = Image.new("L", size, 0)
        small = [((x - left) / step, (y - top) / step) for x, y in pixels]
        ImageDraw.Draw(mask).polygon(small, fill=round(255 * min(1.0, strength)))
        mask = mask.filter(ImageFilter.GaussianBlur(blur * self.unit / step))
        whole = mask.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        self.image.paste(colour, box, whole)

    def gradient(self, stops: Sequence[Colour], top: float, bottom: float) -> None:
        """Paint the whole width between two heights with colours that run into each other."""
        strip = Image.new("RGB", (1, len(stops)))
        strip.putdata(list(stops))
        y0, y1 = round(top * self.unit), round(bottom * self.unit)
        column = strip.resize((1, max(1, y1 - y0)), Image.Resampling.BICUBIC)
        area = column.resize((self.image.width, max(1, y1 - y0)), Image.Resampling.NEAREST)
        self.image.paste(area, (0, y0))

    def finish(self, seed: int, grain: float = 1.0) -> Image.Image:
        """Return the picture at its final size, washed with water-colour and paper grain."""
        return finish_paper(self.image.reduce(self.oversampling), seed, grain)

    def _pixels(self, shape: Shape) -> Shape:
        unit = self.unit
        return [(x * unit, y * unit) for x, y in shape]

    def _box(self, pixels: Shape, margin: float = 1.0) -> tuple[int, int, int, int] | None:
        xs = [x for x, _ in pixels]
        ys = [y for _, y in pixels]
        left = max(0, math.floor(min(xs) - margin))
        top = max(0, math.floor(min(ys) - margin))
        right = min(self.image.width, math.ceil(max(xs) + margin))
        bottom = min(self.image.height, math.ceil(max(ys) + margin))
        return (left, top, right, bottom) if right > left and bottom > top else None

    def _shaded(
        self,
        pixels: Shape,
        box: tuple[int, int, int, int],
        colour: Colour,
        low: Colour,
        volume: float,
    ) -> None:
        left, top, right, bottom = box
        size = (right - left, bottom - top)
        mask = Image.new("L", size, 0)
        local = [(x - left, y - top) for x, y in pixels]
        ImageDraw.Draw(mask).polygon(local, fill=255)
        corners = Image.new("RGB", (2, 2))
        corners.putdata(
            [
                lighter(colour, 0.30 * volume),
                lighter(colour, 0.06 * volume),
                mix(low, darker(low, 0.12), volume),
                mix(low, darker(low, 0.34), volume),
            ]
        )
        tone = corners.resize(size, Image.Resampling.BILINEAR)
        if volume > 0.3 and min(size) > 36:
            crescent = self._crescent(mask, volume)
            tone.paste(darker(mix(colour, low, 0.6), 0.34), (0, 0), crescent)
        self.image.paste(tone, box, mask)

    @staticmethod
    def _crescent(mask: Image.Image, volume: float) -> Image.Image:
        """Return the shadow along a shape's lower right edge: the shape less itself, moved."""
        step = max(1, min(mask.size) // 40)
        small = mask.reduce(step) if step > 1 else mask
        shift = max(1, round(min(small.size) * 0.10))
        moved = Image.new("L", small.size, 0)
        moved.paste(small, (-shift, -shift))
        edge = ImageChops.subtract(small, moved)
        edge = edge.filter(ImageFilter.GaussianBlur(max(0.6, shift * 0.55)))
        edge = edge.point(_scaled(round(75 * volume)))
        return edge.resize(mask.size, Image.Resampling.BILINEAR)

    def _line(self, pixels: Shape, colour: Colour, width: float) -> None:
        self._draw.line(pixels, fill=colour, width=max(1, round(width * self.unit)), joint="curve")


def finish_paper(picture: Image.Image, seed: int, grain: float = 1.0) -> Image.Image:
    """Return a picture washed with water-colour and, unless `grain` is 0, on grained paper."""
    wash = _wash(seed % 4).resize(picture.size, Image.Resampling.BICUBIC)
    washed = ImageChops.multiply(picture, wash)
    return ImageChops.overlay(washed, _grain(picture.size)) if grain > 0 else washed


@functools.lru_cache(maxsize=128)
def _scaled(percent: int) -> list[int]:
    """Return the table that makes a mask so much fainter."""
    return [value * percent // 100 for value in range(256)]


@functools.lru_cache(maxsize=4)
def _wash(kind: int) -> Image.Image:
    """Return a small picture of faint, large, uneven water-colour stains, to be multiplied in."""
    rng = random.Random(f"wash {kind}")
    stains = Image.frombytes("L", (7, 7), rng.randbytes(7 * 7))
    soft = stains.resize((112, 112), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(5))
    faint = soft.point([246 + round(value * 9 / 255) for value in range(256)])
    warm = soft.point([241 + round(value * 14 / 255) for value in range(256)])
    return Image.merge("RGB", (faint.point([min(255, v + 3) for v in range(256)]), faint, warm))


@functools.lru_cache(maxsize=6)
def _grain(size: tuple[int, int]) -> Image.Image:
    """Return paper fibres of a size in pixels as an overlay around middle grey."""
    rng = random.Random("paper")
    tile_side = 256
    fine = Image.frombytes("L", (tile_side, tile_side), rng.randbytes(tile_side * tile_side))
    fine = fine.filter(ImageFilter.GaussianBlur(0.9))
    fine = fine.point([128 + round((value - 128) * 0.13) for value in range(256)])
    sheet = Image.new("L", size)
    for y in range(0, size[1], tile_side):
        for x in range(0, size[0], tile_side):
            sheet.paste(fine, (x, y))
    return Image.merge("RGB", (sheet, sheet, sheet))
