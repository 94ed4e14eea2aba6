"""A figure cut out of its picture, or the reason why not.

Importing this module imports numpy and scipy, which come with rembg.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from shared.adapters.cut_edges import apply_edges, find_edges
from shared.adapters.cut_shape import Flags, find_shape

NO_FIGURE = "no_figure"
NO_GROUND = "no_ground"

_SIDE = 1024
"""Pixels of the longer side on which shape and edges are found."""
_LEAST_SHARE, _MOST_SHARE = 0.02, 0.95
"""Of the picture: a figure is neither smaller nor larger."""
_BORDER_SHARE = 0.5
"""Of each of the four borders: what covers that much of all of them has no ground."""
_MARGIN = 0.03
"""Of the figure's longer side, left free around it."""


class Masks(Protocol):
    """Tells the figure from its ground."""

    def mask(self, image: Image.Image) -> Image.Image:
        """How surely each pixel of an RGB picture is the figure: 0 to 255, mode L, same size."""


@dataclass(frozen=True, kw_only=True)
class CutOut:
    """What became of a picture."""

    image: Image.Image | None = None
    """RGBA, cropped to the figure; None if it could not be told from its ground."""
    box: tuple[int, int, int, int] | None = None
    """Where it lies in the picture: left, upper, right and lower, in pixels."""
    warning: str | None = None
    """Why there is no image: `no_figure` or `no_ground`."""


def cut_out(picture: Image.Image, masks: Masks) -> CutOut:
    """The figure of an RGB picture, with clean edges and a margin of 3 % around it."""
    factor = min(1.0, _SIDE / max(picture.size))
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    small = picture.resize(size, Image.Resampling.BOX) if factor < 1 else picture
    certainty = np.asarray(masks.mask(small), dtype=np.float32) / np.float32(255)
    warning = _refusal(certainty >= 0.5)
    if warning:
        return CutOut(warning=warning)
    colours = np.asarray(small, dtype=np.float32)
    shape = find_shape(colours, certainty)
    warning = _refusal(shape.figure)
    if warning:
        return CutOut(warning=warning)
    edges = find_edges(colours, shape)
    box = _box(shape.figure, picture.size, picture.width / small.width)
    return CutOut(image=apply_edges(picture, edges, box), box=box)


def _refusal(figure: Flags) -> str | None:
    share = figure.mean()
    if share < _LEAST_SHARE:
        return NO_FIGURE
    borders = (figure[0], figure[-1], figure[:, 0], figure[:, -1])
    if share > _MOST_SHARE or all(border.mean() >= _BORDER_SHARE for border in borders):
        return NO_GROUND
    return None


def _box(figure: Flags, size: tuple[int, int], scale: float) -> tuple[int, int, int, int]:
    """The figure's box in pixels of the large picture, with the margin that fits into it."""
    columns, rows = np.flatnonzero(figure.any(axis=0)), np.flatnonzero(figure.any(axis=1))
    left, right = columns[0] * scale, (columns[-1] + 1) * scale
    upper, lower = rows[0] * scale, (rows[-1] + 1) * scale
    margin = max(4.0, _MARGIN * max(right - left, lower - upper))
    return (
        max(0, round(left - margin)),
        max(0, round(upper - margin)),
        min(size[0], round(right + margin)),
        min(size[1], round(lower + margin)),
    )
