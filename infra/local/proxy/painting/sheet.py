"""Finds a drawing on its sheet of paper: where it is, and what of it is drawn."""

import io
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, ImageStat

from infra.local.proxy.painting.colours import WHITE, Colour, distance, luminance
from infra.local.proxy.painting.masks import grown, labelled, where

#: Longer side in pixels to which a drawing is reduced.
SIDE = 256

#: A picture of more pixels than this is not looked at.
_MAX_PIXELS = 40_000_000

#: Longer side at which a picture is read; photographs are reduced to it before anything else.
_READ_SIDE = 1024

#: How far (0..255, in its strongest channel) a mark is from the paper under it.
_MARK = 36

#: Luminance (0..255) above which paper is taken for white paper in dim light, and made white.
_BRIGHT = 165

#: Half of the widest gap in a child's outline, in pixels of `SIDE`, that lets no ground in.
_GAP = 3


@dataclass(frozen=True, kw_only=True)
class Cutout:
    """A drawing cut out of its sheet, `SIDE` pixels long, and two masks of the same size."""

    picture: Image.Image  #: RGB
    marks: Image.Image  #: L: 255 where something is drawn
    outline: Image.Image  #: L: 255 within the drawing's outline, white areas included
    paper: Colour


def open_picture(content: bytes, side: int = _READ_SIDE) -> Image.Image:
    """Return a picture (PNG, JPEG, WebP, GIF bytes) as RGB on white, reduced to about `side`.

    Raises `ValueError` when the bytes are no picture or one of more than 40 million pixels.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise ValueError("the picture has more than 40 million pixels")
            image.draft("RGB", (side, side))
            upright = ImageOps.exif_transpose(image)
            factor = max(upright.size) // side
            whole = upright.convert("RGBA")
            small = whole.reduce(factor) if factor > 1 else whole
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f"not a picture: {error}") from error
    ground = Image.new("RGBA", small.size, (255, 255, 255, 255))
    ground.alpha_composite(small)
    return ground.convert("RGB")


def cut_out(sheet: Image.Image) -> Cutout | None:
    """Return what is drawn on a sheet; None if it is empty."""
    paper, light = _paper_of(sheet)
    scale = SIDE / max(sheet.size)
    size = (max(1, round(sheet.width * scale)), max(1, round(sheet.height * scale)))
    box = _box_of(_marks(sheet.resize(size, Image.Resampling.BOX), light))
    if box is None:
        return None
    left, top, right, bottom = (round(edge / scale) for edge in box)
    area = (left, top, min(right, sheet.width), min(bottom, sheet.height))
    light = light.resize(sheet.size, Image.Resampling.BILINEAR).crop(area)
    picture = _reduced(sheet.crop(area))
    marks = _marks(picture, light)
    if luminance(paper) > _BRIGHT:
        picture, paper = _whitened(picture, light, paper), WHITE
    return Cutout(picture=picture, marks=marks, outline=_outline(marks), paper=paper)


def _whitened(picture: Image.Image, light: Image.Image, paper: Colour) -> Image.Image:
    """Return the picture as if its paper were white and evenly lit."""
    brighter = [min(255, round(v * 255 / max(1, tone))) for tone in paper for v in range(256)]
    missing = ImageChops.invert(light.point(brighter))
    missing = missing.resize(picture.size, Image.Resampling.BILINEAR)
    return ImageChops.add(picture.point(brighter), missing)


def _paper_of(sheet: Image.Image) -> tuple[Colour, Image.Image]:
    """Return the paper's colour and how it is lit from corner to corner, as 2 x 2 pixels."""
    width, height = sheet.size
    step = max(1, min(width, height) // 14)
    right, bottom = width - step, height - step
    corners = ((0, 0), (right, 0), (0, bottom), (right, bottom))
    middles = ((width // 2, 0), (width // 2, bottom), (0, height // 2), (right, height // 2))
    found = [_median(sheet.crop((x, y, x + step, y + step))) for x, y in (*corners, *middles)]
    paper = min(found, key=lambda one: sum(min(distance(one, other), 90) for other in found))
    light = Image.new("RGB", (2, 2))
    light.putdata([c if distance(c, paper) < 60 else paper for c in found[:4]])
    return paper, light


def _median(patch: Image.Image) -> Colour:
    red, green, blue = ImageStat.Stat(patch).median
    return (int(red), int(green), int(blue))


def _marks(picture: Image.Image, light: Image.Image) -> Image.Image:
    paper = light.resize(picture.size, Image.Resampling.BILINEAR)
    red, green, blue = ImageChops.difference(picture, paper).split()
    strongest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return where(strongest, lambda value: value > _MARK)


def _box_of(marks: Image.Image) -> tuple[int, int, int, int] | None:
    """Return where the marks are, specks of dust left out, with a little margin."""
    coarse = where(marks.reduce(4), lambda value: value > 26)
    box = coarse.getbbox()
    if box is None:
        return None
    return (
        max(0, box[0] * 4 - 4),
        max(0, box[1] * 4 - 4),
        min(marks.width, box[2] * 4 + 4),
        min(marks.height, box[3] * 4 + 4),
    )


def _reduced(picture: Image.Image) -> Image.Image:
    """Return the picture `SIDE` long; thin pencil lines are strengthened so that they survive."""
    scale = SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if scale < 0.5:
        picture = picture.resize((size[0] * 2, size[1] * 2), Image.Resampling.BOX)
        picture = picture.filter(ImageFilter.MinFilter(3))
    return picture.resize(size, Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX)


def _outline(marks: Image.Image) -> Image.Image:
    """Return what the ground, coming in from the edge, does not reach: at half size, for speed."""
    barrier = ImageOps.expand(grown(marks, _GAP), 2, 0)
    small = barrier.resize(((barrier.width + 1) // 2, (barrier.height + 1) // 2))
    small = where(small, lambda value: value > 90)
    ImageDraw.floodfill(small, (0, 0), 128)
    reached = labelled(small, 128)
    reached = reached.resize(barrier.size, Image.Resampling.NEAREST)
    reached = grown(reached, _GAP + 1)
    reached = reached.crop((2, 2, 2 + marks.width, 2 + marks.height))
    return ImageChops.invert(ImageChops.subtract(reached, marks))
