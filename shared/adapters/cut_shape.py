"""Which pixels are the figure and which its ground: a network's mask made sharp.

The network answers 320 x 320 pixels: it knows what the figure is, not where exactly it ends. The
picture's own colours know that wherever the ground is plain, as characters' prompts ask for: a
smooth surface is fitted to it, and what clearly differs from it and hangs together with the figure
is part of it (a wand, a wing), while what has the ground's colour at the figure's rim is not.

Importing this module imports numpy and scipy, which come with rembg.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage  # type: ignore[import-untyped]

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

_EVERY = np.ones((3, 3), dtype=bool)
"""Pixels that touch by a corner hang together."""
_FIGURE = 0.5
"""Of 1: the mask's value from which a pixel is taken for the figure."""
_RING = 0.04
"""Share of the shorter side: how broad the border is that shows the ground."""
_PLAIN = 14.0
"""Of 255: a ground is plain if nine tenths of it are no further from the fitted surface."""
_LEAST_THRESHOLD, _MOST_THRESHOLD = 7.0, 20.0
"""Of 255: up to where a difference from the ground is none; the ground's own noise says where."""
_SHADE = 0.55
"""A cast shadow leaves at least this share of the ground's light, and its hue."""
_REACH = 0.012
"""Share of the longer side: how deep the ground's colour may eat into the network's figure."""
_MOST_GROWTH = 0.7
"""Of the figure's pixels: what hangs on it but is larger was no part that the network missed."""
_LEAST_CHROMA = 10.0
"""Of 255, between the largest and the smallest channel: less is white or grey."""
_MOST_GAP = 0.05
"""Of the figure's pixels: what is larger and has the ground's colour may be a coat."""
_NEAR = 0.012
"""Share of the longer side: what is no further from the figure may be a part of it."""
_LEAST_PART = 0.004
"""Of the main part's pixels: what is smaller and hangs on nothing is an island, and dropped."""
_HOLE = 0.2
"""Of 1: on a ground that is not plain, a hole is one if the network is less sure than that."""
_SURE_PART = 0.35
"""Of 1: how sure the network is, on average, of a part that hangs on nothing."""
_LEAST_HOLE = 0.0006
"""Of the figure's pixels: a smaller hole is a flaw of the mask."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The figure and its ground; arrays of the picture's height and width."""

    figure: Flags
    certainty: Floats
    """What the network says, 0..1."""
    distance: Floats
    """Of each pixel's colour from the ground's, 0..255; 0 everywhere if the ground is not plain."""
    surface: Floats | None
    """The ground's colour everywhere, even behind the figure; None if it is not plain."""
    threshold: float
    """The distance up to which a pixel may be the ground."""


def find_shape(colours: Floats, certainty: Floats) -> Shape:
    """The figure in a picture, given as height x width x 3 values of 0..255."""
    core = certainty >= _FIGURE
    surface, noise = _plain_surface(colours, certainty)
    if surface is None:
        figure = _without_islands(_without_holes(core, certainty > _HOLE), certainty, core)
        flat = np.zeros(core.shape, dtype=np.float32)
        return Shape(figure=figure, certainty=certainty, distance=flat, surface=None, threshold=0.0)
    threshold = float(np.clip(2.2 * noise, _LEAST_THRESHOLD, _MOST_THRESHOLD))
    distance = np.abs(colours - surface).max(axis=2)
    alike = distance < threshold
    figure = core & ~_eaten(core, alike, certainty)
    figure |= _grown(figure, distance > 2.2 * threshold, _shaded(colours, surface, threshold))
    ground = alike & (certainty < _FIGURE)
    if _coloured(surface):
        figure &= ~_seen_through(figure, distance, threshold)
        ground = alike
    figure = _without_islands(_without_holes(figure, ~ground), certainty, _near(figure))
    return Shape(
        figure=figure, certainty=certainty, distance=distance, surface=surface, threshold=threshold
    )


def _plain_surface(colours: Floats, certainty: Floats) -> tuple[Floats | None, float]:
    """A surface of the second degree through the ground, and its noise; None if it is not plain."""
    height, width = certainty.shape
    ring = max(2, round(_RING * min(height, width)))
    y, x = np.mgrid[0:height:4, 0:width:4].astype(np.float32)
    rim = (y < ring) | (x < ring) | (y >= height - ring) | (x >= width - ring)
    sampled, sure = colours[::4, ::4], certainty[::4, ::4]
    free = (sure < 0.05) & ~ndimage.binary_dilation(sure > 0.3, iterations=3)
    weight, rim = free.ravel(), (free & rim).ravel()
    if rim.sum() < 0.03 * weight.size:
        return None, 0.0
    terms = _terms(x / width, y / height)
    values, basis = sampled.reshape(-1, 3), terms.reshape(-1, terms.shape[-1])
    keep = rim
    for _ in range(3):
        # Fitted again without what stands out: a shadow, a spark, a wand that the network missed.
        solution = np.linalg.lstsq(basis[keep], values[keep], rcond=None)[0]
        error = np.abs(values - basis @ solution).max(axis=1)
        keep = weight & (error <= max(6.0, 2.5 * float(np.median(error[keep]))))
    noise = float(np.quantile(error[rim], 0.9))
    if noise > _PLAIN or keep.sum() < 0.5 * weight.sum():
        return None, noise
    noise = float(np.quantile(error[keep], 0.95))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    surface = (_terms(x / width, y / height) @ solution.astype(np.float32)).astype(np.float32)
    return np.clip(surface, 0, 255), noise


def _terms(x: Floats, y: Floats) -> Floats:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _shaded(colours: Floats, surface: Floats, threshold: float) -> Flags:
    """Where the ground is merely darker: a shadow, not a part of the figure."""
    light = (colours * surface).sum(axis=2) / np.maximum((surface * surface).sum(axis=2), 1.0)
    hue = np.abs(colours - light[..., None] * surface).max(axis=2)
    shaded: Flags = (light > _SHADE) & (light < 1.0) & (hue < 1.5 * threshold)
    return shaded


def _eaten(core: Flags, alike: Flags, certainty: Floats) -> Flags:
    """What the network took for the figure though it is the ground: at the rim, and in gaps."""
    reach = max(3, round(_REACH * max(core.shape)))
    rim = core & ~ndimage.binary_erosion(core, iterations=reach, border_value=1)
    open_ground = ndimage.binary_propagation(
        ~core & alike, structure=_EVERY, mask=alike & (~core | rim)
    )
    eaten: Flags = core & (open_ground | (alike & (certainty < 0.75)))
    # Single pixels of the ground's colour within a coat are no gaps.
    opened: Flags = ndimage.binary_opening(eaten, iterations=1) | (eaten & rim & open_ground)
    return opened


def _coloured(surface: Floats) -> bool:
    return float((surface.max(axis=2) - surface.min(axis=2)).mean()) >= _LEAST_CHROMA


def _seen_through(figure: Flags, distance: Floats, threshold: float) -> Flags:
    """Gaps that show the very colour of the ground, however sure the network is of a figure.

    Not asked on a white ground: an eye or a collar may be just as white.
    """
    same = ndimage.binary_opening(figure & (distance < threshold), iterations=1)
    gaps, count = ndimage.label(same)
    sizes = np.bincount(gaps.ravel(), minlength=count + 1)
    sums = np.bincount(gaps.ravel(), weights=distance.ravel(), minlength=count + 1)
    mean = sums / np.maximum(sizes, 1)
    area = figure.sum()
    gap = (sizes >= _LEAST_HOLE * area) & (sizes <= _MOST_GAP * area) & (mean < 0.6 * threshold)
    gap[0] = False
    # The opening took their rims: grown back within the ground's colours.
    seen: Flags = ndimage.binary_dilation(gap[gaps], mask=figure & (distance < threshold))
    return seen


def _grown(figure: Flags, different: Flags, shaded: Flags) -> Flags:
    """What the network missed though it hangs on the figure and is not the ground."""
    new: Flags = ndimage.binary_opening(different & ~shaded & ~figure, structure=np.ones((2, 2)))
    parts, count = ndimage.label(new | figure, structure=_EVERY)
    if not count:
        return new
    touched = np.zeros(count + 1, dtype=bool)
    touched[np.unique(parts[_near(figure)])] = True
    touched[0] = False
    grown: Flags = new & touched[parts]
    pieces, count = ndimage.label(grown, structure=_EVERY)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    fits = sizes <= _MOST_GROWTH * figure.sum()
    fits[0] = False
    kept: Flags = fits[pieces]
    return kept


def _near(figure: Flags) -> Flags:
    near: Flags = ndimage.binary_dilation(
        figure, iterations=max(1, round(_NEAR * max(figure.shape)))
    )
    return near


def _without_holes(figure: Flags, fillable: Flags) -> Flags:
    """Holes filled that are flaws: tiny ones, and those that do not show the ground."""
    holes, count = ndimage.label(ndimage.binary_fill_holes(figure) & ~figure)
    if not count:
        return figure
    sizes = np.bincount(holes.ravel(), minlength=count + 1)
    alien = np.bincount(holes.ravel(), weights=fillable.ravel(), minlength=count + 1)
    fill = (sizes < _LEAST_HOLE * figure.sum()) | (alien > 0.5 * sizes)
    fill[0] = False
    filled: Flags = figure | fill[holes]
    return filled


def _without_islands(figure: Flags, certainty: Floats, joined: Flags) -> Flags:
    """The main part, and the others that are large enough and that the network is sure of.

    What hangs together in `joined` is one part.
    """
    parts, count = ndimage.label(joined, structure=_EVERY)
    parts[~figure] = 0
    if count <= 1:
        return figure
    sizes = np.bincount(parts.ravel(), minlength=count + 1).astype(float)
    sizes[0] = 0
    sums = np.bincount(parts.ravel(), weights=certainty.ravel(), minlength=count + 1)
    keep = (sizes >= _LEAST_PART * sizes.max()) & (sums > _SURE_PART * sizes)
    keep[sizes.argmax()] = True
    keep[0] = False
    kept: Flags = keep[parts]
    return kept
