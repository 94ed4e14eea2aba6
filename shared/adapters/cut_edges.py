"""Edges without a halo: how much of a pixel at the figure's rim is figure, and in which colour.

A pixel at the rim is a mixture: I = a F + (1 - a) B. The figure's colour F and the ground's B are
taken from their surroundings; where they differ, a follows from the pixel's own colour, elsewhere
from the mask. Then the ground's share is taken out of the colour, so that on a dark page nothing
of a light ground is left.

Worked out on a small copy of the picture, applied to the large one in bands of rows: the memory
needed hardly grows with the picture. Importing this module imports numpy and scipy.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage  # type: ignore[import-untyped]

from shared.adapters.cut_shape import Flags, Floats, Shape

_BAND = 128
"""Rows of the large picture at a time."""
_LEAST_CONTRAST = 14.0
"""Of 255: the difference of figure and ground at which the colours count as much as the mask."""
_FAR = 4.0
"""Pixels of a copy of a quarter of the size: where a colour comes from if none is near."""
_TRACE = 1e-3
"""Less weight than that is none."""
_CLEAR = 2
"""Of 255: alpha up to that is none at all."""


@dataclass(frozen=True, kw_only=True)
class Edges:
    """What a rim is made of, as pictures of the small copy's size."""

    figure_colours: Image.Image
    ground_colours: Image.Image
    trust: Image.Image
    """L: how far the colours decide on alpha; the rest is the mask's."""
    soft: Image.Image
    """L: alpha as the mask has it."""
    inside: Image.Image
    """L: 255 where everything is figure."""
    outside: Image.Image
    """L: 255 where nothing is."""


def find_edges(colours: Floats, shape: Shape) -> Edges:
    """What is needed to cut a figure out; `colours` as for `find_shape`."""
    breadth = 2 if shape.surface is not None else 3
    inside = ndimage.binary_erosion(shape.figure, iterations=breadth, border_value=1)
    outside = ~ndimage.binary_dilation(shape.figure, iterations=breadth)
    pure = inside
    if shape.surface is not None:
        # Of a wand three pixels thick nothing is inside: its purest pixels show its colour.
        peak = ndimage.maximum_filter(shape.distance, size=7)
        pure = inside | (shape.figure & (shape.distance >= 0.85 * peak))
    figure_colours = _spread(colours, pure, 2.0)
    ground_colours = _spread(colours, outside, 4.0)
    trust = _trust(np.square(figure_colours - ground_colours).sum(axis=2), colours, shape, outside)
    soft = ndimage.gaussian_filter(shape.figure.astype(np.float32), 0.8)
    return Edges(
        figure_colours=_picture(figure_colours),
        ground_colours=_picture(ground_colours),
        trust=_picture(255 * trust),
        soft=_picture(255 * soft),
        inside=_picture(255.0 * inside),
        outside=_picture(255.0 * outside),
    )


def _trust(apart: Floats, colours: Floats, shape: Shape, outside: Flags) -> Floats:
    if shape.surface is not None:
        return apart / (apart + _LEAST_CONTRAST**2)
    # An outline's colour is neither the figure's nor the ground's: here the mask has a say, too.
    return 0.6 * apart / (apart + _LEAST_CONTRAST**2 + _unrest(colours, outside))


def apply_edges(picture: Image.Image, edges: Edges, box: tuple[int, int, int, int]) -> Image.Image:
    """The figure as RGBA: a box, in pixels, of the RGB picture that the edges were found on a
    copy of. Where alpha is 0, the colour is 0, too."""
    left, upper, right, lower = box
    cut = Image.new("RGBA", (right - left, lower - upper))
    for top in range(upper, lower, _BAND):
        band = (left, top, right, min(lower, top + _BAND))
        cut.paste(_band(picture, edges, band), (0, top - upper))
    return cut


def _band(picture: Image.Image, edges: Edges, band: tuple[int, int, int, int]) -> Image.Image:
    def enlarged(small: Image.Image) -> Floats:
        if small.size == picture.size:
            return np.asarray(small.crop(band), dtype=np.float32)
        fx, fy = small.width / picture.width, small.height / picture.height
        part = (band[0] * fx, band[1] * fy, band[2] * fx, band[3] * fy)
        size = (band[2] - band[0], band[3] - band[1])
        large = small.resize(size, Image.Resampling.BILINEAR, box=part)
        return np.asarray(large, dtype=np.float32)

    colours = np.asarray(picture.crop(band), dtype=np.float32)
    figure, ground = enlarged(edges.figure_colours), enlarged(edges.ground_colours)
    apart = figure - ground
    share = ((colours - ground) * apart).sum(axis=2) / np.maximum(np.square(apart).sum(axis=2), 1.0)
    trust = enlarged(edges.trust) / 255
    alpha = trust * np.clip(share, 0, 1) + (1 - trust) * enlarged(edges.soft) / 255
    alpha = np.clip((alpha - 0.04) / 0.92, 0, 1)
    inside, outside = enlarged(edges.inside) / 255, enlarged(edges.outside) / 255
    alpha = np.maximum(alpha, inside) * (1 - outside)
    return _unmixed(colours, alpha, figure, ground)


def _unmixed(colours: Floats, alpha: Floats, figure: Floats, ground: Floats) -> Image.Image:
    """The colours without the ground's share, and alpha beside them."""
    a = alpha[..., None]
    clean = ground + (colours - ground) / np.maximum(a, 0.1)
    # The less of the figure a pixel holds, the less its own colour says of it.
    clean = np.clip(a * clean + (1 - a) * figure, 0, 255)
    clean = np.where(a >= 1, colours, clean)
    opacity = np.rint(255 * alpha)
    opacity[opacity <= _CLEAR] = 0
    clean[opacity == 0] = 0
    cut = np.concatenate([np.rint(clean), opacity[..., None]], axis=2)
    return Image.fromarray(cut.astype(np.uint8))


def _spread(colours: Floats, where: Flags, sigma: float) -> Floats:
    """The colours of some pixels, spread over all others: of the near ones where there are any."""
    weights = where.astype(np.float32)
    weighted = colours * weights[..., None]
    spread = _coarsely_spread(weighted, weights)
    near = ndimage.gaussian_filter(weights, sigma, truncate=3.0)
    for channel in range(3):
        sums = ndimage.gaussian_filter(weighted[..., channel], sigma, truncate=3.0)
        np.divide(sums, near, out=spread[..., channel], where=near > _TRACE)
    return spread


def _coarsely_spread(weighted: Floats, weights: Floats) -> Floats:
    """The same from further away, on a quarter of the size; the mean of all where none is near."""
    height, width = weights.shape
    sums, near = _quartered(weighted), _quartered(weights)
    mean = weighted.sum(axis=(0, 1)) / max(float(weights.sum()), 1.0)
    near = ndimage.gaussian_filter(near, _FAR, truncate=3.0)
    spread = np.empty_like(sums)
    for channel in range(3):
        blurred = ndimage.gaussian_filter(sums[..., channel], _FAR, truncate=3.0)
        spread[..., channel] = mean[channel]
        np.divide(blurred, near, out=spread[..., channel], where=near > _TRACE)
    large: Floats = spread.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]
    return large


def _quartered(values: Floats) -> Floats:
    """Means of 4 x 4 pixels; a last odd row or column is continued."""
    height, width = values.shape[:2]
    more = [(0, -height % 4), (0, -width % 4)] + [(0, 0)] * (values.ndim - 2)
    padded = np.pad(values, more, mode="edge")
    blocks = padded.reshape(padded.shape[0] // 4, 4, padded.shape[1] // 4, 4, *values.shape[2:])
    means: Floats = blocks.mean(axis=(1, 3))
    return means


def _unrest(colours: Floats, outside: Flags) -> Floats:
    """How much the ground varies near each pixel: its variance, of 255 squared."""
    grey = colours.mean(axis=2)
    weight = np.maximum(ndimage.gaussian_filter(outside.astype(np.float32), 8.0), 1e-3)
    mean = ndimage.gaussian_filter(np.where(outside, grey, 0), 8.0) / weight
    square = ndimage.gaussian_filter(np.where(outside, grey * grey, 0), 8.0) / weight
    unrest: Floats = 3 * np.maximum(square - mean * mean, 0)
    return unrest


def _picture(values: Floats) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
