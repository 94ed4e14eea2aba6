"""Whole pictures as MidJourney delivers them: four in a grid, one upscaled, one half painted."""

import io
import random
from dataclasses import dataclass, replace

from PIL import Image, ImageFilter

from infra.local.proxy.painting.brief import Brief, read_brief
from infra.local.proxy.painting.colours import Colour, lighter, mix
from infra.local.proxy.painting.drawing import Drawing
from infra.local.proxy.painting.figure import paint_figure
from infra.local.proxy.painting.landscape import paint_landscape
from infra.local.proxy.painting.palette import Palette, choose_palette
from infra.local.proxy.painting.portrait import paint_drawing


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be painted. Equal orders give equal pictures, byte for byte."""

    text: str  #: the prompt without URLs and parameters
    seed: int
    ratio: tuple[int, int] = (1, 1)  #: width to height
    side: int = 1024  #: the longer side in pixels, of a grid and of an upscaled picture
    references: tuple[Colour, ...] = ()  #: colours of the reference pictures
    drawing: Drawing | None = None  #: the image prompt; a figure is painted after it
    weight: float = 1.0  #: how much that counts (`--iw`), 0..3; at 0 only its colours do
    likeness: bool = False  #: a hero's own picture (`--cref`, `--oref`) is among the references
    quarter: int | None = None  #: 1..4 for one of the four at full size, None for the grid

    def size(self) -> tuple[int, int]:
        """Return width and height in pixels, both even and at least 16."""
        width, height = self.ratio
        longer = max(width, height)
        return (_even(self.side * width / longer), _even(self.side * height / longer))


def _even(length: float) -> int:
    return max(16, 2 * round(length / 2))


def paint(order: Order) -> Image.Image:
    """Return the finished picture of an order."""
    size = order.size()
    if order.quarter is not None:
        return paint_quarter(order, order.quarter, size)
    return _grid(order, size)


def paint_quarter(order: Order, quarter: int, size: tuple[int, int]) -> Image.Image:
    """Return picture 1..4 of an order at any size; only its sharpness depends on the size."""
    brief = _brief(order)
    palette = _palette(order, quarter - 1, brief)
    if brief.kind == "landscape":
        return paint_landscape(brief, palette, size, order.seed, quarter - 1)
    if order.drawing is None or order.weight <= 0:
        return paint_figure(brief, palette, size, order.seed, quarter - 1)
    return paint_drawing(order.drawing, palette, size, order.seed, quarter - 1, order.weight)


def paint_partial(order: Order, percent: int) -> Image.Image:
    """Return an order's picture as it looks at 0..99 percent: pale and blurred, then clearer."""
    width, height = (_even(length / 3) for length in order.size())
    if order.quarter is None:
        picture = _grid(order, (width, height))
    else:
        picture = paint_quarter(order, order.quarter, (width, height))
    missing = 1.0 - max(0, min(percent, 100)) / 100
    blurred = picture.filter(ImageFilter.GaussianBlur(max(width, height) * 0.035 * missing + 0.4))
    veil = Image.new("RGB", blurred.size, _palette(order, 0, _brief(order)).paper)
    return Image.blend(blurred, veil, 0.55 * missing)


def encode_png(picture: Image.Image) -> bytes:
    """Return the picture as PNG, packed quickly rather than tightly."""
    return _encode(picture, "PNG", compress_level=1)


def encode_webp(picture: Image.Image) -> bytes:
    """Return the picture as small lossy WebP."""
    return _encode(picture, "WEBP", quality=60, method=0)


def _encode(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _grid(order: Order, size: tuple[int, int]) -> Image.Image:
    width, height = size[0] // 2, size[1] // 2
    sheet = Image.new("RGB", (width * 2, height * 2))
    for quarter in (1, 2, 3, 4):
        column, row = (quarter - 1) % 2, (quarter - 1) // 2
        cell = paint_quarter(order, quarter, (width, height))
        sheet.paste(cell, (column * width, row * height))
    return sheet


def _brief(order: Order) -> Brief:
    return read_brief(order.text, wide=order.ratio[0] > order.ratio[1] * 1.2)


def _palette(order: Order, variation: int, brief: Brief) -> Palette:
    """Return the palette of one of the four: two share the seed's own, two are their own."""
    salt = variation if variation % 2 and not order.references else 0
    rng = random.Random(f"palette {order.seed} {salt}")
    palette = choose_palette(rng, order.references, grip=2.2 if order.likeness else 1.0)
    if brief.kind == "landscape":
        return palette
    paper = brief.ground
    if paper is None and order.drawing is not None and order.references:
        tint = order.references[variation % len(order.references)]
        paper = lighter(mix(palette.paper, tint, 0.3), 0.62)
    return replace(palette, paper=paper) if paper is not None else palette
