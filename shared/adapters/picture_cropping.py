"""Where on its sheet a drawing is.

The ground is whatever lies along the border: screen white, or paper that a phone has photographed
in uneven light. Importing this module imports Pillow.
"""

from PIL import Image, ImageChops, ImageFilter, ImageStat

Box = tuple[int, int, int, int]
"""Left, upper, right, lower, in pixels; right and lower are just outside."""

LEAST_CONTRAST = 24
"""Of 255: by so much, in one channel at least, a stroke differs from what is around it. The noise
of a phone's camera stays below; a soft pencil is above."""
MARGIN = 0.05
"""Of the drawing's longer side, left around it."""

_AROUND = 8
"""Pixels of the copy, to each side."""
_PAINT_CONTRAST = 60
"""Of 255: by so much paint without an edge differs from the estimated ground."""
_SIDE = 1024
"""Pixels of the longer side of the copy that is looked at: thin lines still show."""
_CELLS = 128
"""The copy's longer side in cells; a cell with too few marked pixels holds dust, not a line."""
_LEAST_MARKED = 20
"""Of 255: 8 % of a cell's pixels."""
_PATCHES = 5
"""A side, of which the ground is estimated."""
_MOST_DRAWN_BORDER = 0.25
"""Above this share of differing pixels the border is not the ground."""
_MOST_SHADE, _MOST_TINT = 110, 40
"""Of 255: how much uneven light changes a sheet's brightness and its tint. More is a painting
that fills the sheet."""


def drawn_box(image: Image.Image) -> Box | None:
    """The box around what is drawn, with a margin; None if nothing is.

    Where the border is not plainly the ground (a painting up to the edge, a sheet on a patterned
    table), it is the whole picture. `image` is RGB.
    """
    small = image.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    ground = _ground(small)
    whole = (0, 0, *image.size)
    if ground is None:
        return whole
    marks = _marks(small, ground)
    if _drawn_border(marks) > _MOST_DRAWN_BORDER:
        return whole
    cell = max(1, max(small.size) // _CELLS)
    box = _at_least(_LEAST_MARKED, marks.reduce(cell)).getbbox()
    return box and _enlarged(box, cell * max(image.size) / max(small.size), image.size)


def _enlarged(box: Box, scale: float, size: tuple[int, int]) -> Box:
    margin = MARGIN * max(box[2] - box[0], box[3] - box[1])
    return (
        max(0, int((box[0] - margin) * scale)),
        max(0, int((box[1] - margin) * scale)),
        min(size[0], int((box[2] + margin) * scale) + 1),
        min(size[1], int((box[3] + margin) * scale) + 1),
    )


def _marks(image: Image.Image, ground: Image.Image) -> Image.Image:
    """255 where something is drawn, else 0: a stroke, or paint far from the ground's colour.

    Strokes and edges are enough to find a box, and no uneven light makes one; a soft wash of
    paint has none. That a stroke differs from the ground too leaves out the paper beside it.
    """
    around = _difference(image, image.filter(ImageFilter.BoxBlur(_AROUND)))
    below = _difference(image, ground)
    stroke = ImageChops.darker(
        _at_least(LEAST_CONTRAST, around), _at_least(LEAST_CONTRAST // 2, below)
    )
    return ImageChops.lighter(stroke, _at_least(_PAINT_CONTRAST, below))


def _at_least(least: int, values: Image.Image) -> Image.Image:
    return values.point(lambda value: 255 * (value >= least))


def _difference(one: Image.Image, other: Image.Image) -> Image.Image:
    """The difference in the channel in which it is greatest."""
    red, green, blue = ImageChops.difference(one, other).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _drawn_border(marks: Image.Image) -> float:
    """Which share of the border is marked."""
    width, height = marks.size
    band = _band(marks)
    edges = (
        (0, 0, width, band),
        (0, height - band, width, height),
        (0, band, band, height - band),
        (width - band, band, width, height - band),
    )
    counts = [marks.crop(edge).histogram() for edge in edges]
    return sum(count[255] for count in counts) / sum(sum(count) for count in counts)


def _band(image: Image.Image) -> int:
    return max(1, min(image.size) // 32)


def _ground(image: Image.Image) -> Image.Image | None:
    """The picture as it would be without the drawing; None if the border does not tell.

    The medians of patches along the border, and between them a Coons patch, which is exact for
    light that changes evenly or falls off towards the corners.
    """
    last = _PATCHES - 1
    border = {
        (column, row): ImageStat.Stat(image.crop(_patch(image, column, row))).median
        for column in range(_PATCHES)
        for row in range(_PATCHES)
        if column in {0, last} or row in {0, last}
    }
    if _is_painted(list(border.values())):
        return None
    tiny = Image.new("RGB", (_PATCHES, _PATCHES))
    for column in range(_PATCHES):
        for row in range(_PATCHES):
            tiny.putpixel((column, row), _coons(border, column, row))
    return tiny.resize(image.size, Image.Resampling.BILINEAR)


def _patch(image: Image.Image, column: int, row: int) -> Box:
    """The part of the border that belongs to one of the outer fields."""
    band = _band(image)

    def span(index: int, length: int) -> tuple[int, int]:
        if index == 0:
            return 0, band
        if index == _PATCHES - 1:
            return length - band, length
        return index * length // _PATCHES, (index + 1) * length // _PATCHES

    left, right = span(column, image.width)
    upper, lower = span(row, image.height)
    return left, upper, right, lower


def _is_painted(colours: list[list[int]]) -> bool:
    def spread(values: list[int]) -> int:
        return max(values) - min(values)

    shade = spread([sum(colour) // 3 for colour in colours])
    tints = (spread([c[0] - c[1] for c in colours]), spread([c[1] - c[2] for c in colours]))
    return shade > _MOST_SHADE or max(tints) > _MOST_TINT


def _coons(border: dict[tuple[int, int], list[int]], column: int, row: int) -> tuple[int, int, int]:
    """The colour between the borders: of both ruled surfaces, less the corners' bilinear one."""
    last = _PATCHES - 1
    if (column, row) in border:
        red, green, blue = border[column, row]
        return red, green, blue
    x, y = column / last, row / last

    def channel(index: int) -> int:
        def at(column: int, row: int) -> int:
            return border[column, row][index]

        across = (1 - x) * at(0, row) + x * at(last, row)
        down = (1 - y) * at(column, 0) + y * at(column, last)
        upper = (1 - x) * at(0, 0) + x * at(last, 0)
        lower = (1 - x) * at(0, last) + x * at(last, last)
        return min(255, max(0, round(across + down - (1 - y) * upper - y * lower)))

    return channel(0), channel(1), channel(2)
