"""A drawing taken apart into soft masks, one for each colour, that can be moved and enlarged."""

import functools
from dataclasses import dataclass

from PIL import Image, ImageFilter

from infra.local.proxy.painting.colours import Colour
from infra.local.proxy.painting.drawing import FIRST, OUTSIDE, Drawing, is_ink
from infra.local.proxy.painting.masks import area, labelled, shrunk, where

#: Pixels around a drawing that a turn and an outline may need; divisible by every reduction.
_MARGIN = 24


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Where one crayon was used."""

    mask: Image.Image  #: L, soft at its edges
    colour: Colour  #: the crayon's own
    ink: bool  #: a black or grey pencil's lines
    threshold: float  #: of the mask, 0..1: where the colour ends; thin lines need a low one


@dataclass(frozen=True, kw_only=True)
class Layers:
    """All of a drawing, in pixels of the drawing divided by `reduction`."""

    body: Image.Image  #: L, soft: everything within the outline
    whole: Image.Image  #: L: the same, not reduced, so that every size has the same bounds
    layers: tuple[Layer, ...]  #: the largest first, ink last
    reduction: int

    def posed(self, *, flip: bool, tilt: float) -> "Layers":
        """Return the same mirrored, and turned by `tilt` degrees."""

        def moved(mask: Image.Image) -> Image.Image:
            own = mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else mask
            return own.rotate(tilt, Image.Resampling.BILINEAR)

        layers = tuple(
            Layer(
                mask=moved(layer.mask),
                colour=layer.colour,
                ink=layer.ink,
                threshold=layer.threshold,
            )
            for layer in self.layers
        )
        return Layers(
            body=moved(self.body),
            whole=moved(self.whole),
            layers=layers,
            reduction=self.reduction,
        )

    def box(self) -> tuple[float, float, float, float]:
        """Return the bounds of the body, in pixels of the masks."""
        solid = where(self.whole, lambda value: value > 100)
        left, top, right, bottom = solid.getbbox() or (0, 0, *solid.size)
        part = self.reduction
        return (left / part, top / part, right / part, bottom / part)


@functools.lru_cache(maxsize=6)
def layers_of(drawing: Drawing, softness: float, reduction: int) -> Layers:
    """Return a drawing's layers, their edges blurred by `softness` pixels of the drawing.

    `reduction` is 1, 2 or 4. The newest are remembered: the four pictures of a grid share them.
    """
    size = (_padded(drawing.width), _padded(drawing.height))
    labels = Image.new("L", size, OUTSIDE)
    labels.paste(drawing.labels(), (_MARGIN, _MARGIN))

    def soft(mask: Image.Image) -> Image.Image:
        blurred = mask.filter(ImageFilter.GaussianBlur(softness))
        return blurred.reduce(reduction) if reduction > 1 else blurred

    layers = []
    for index, colour in enumerate(drawing.colours):
        mask = labelled(labels, FIRST + index)
        ink = is_ink(colour)
        threshold = _threshold(mask, ink=ink)
        layers.append(Layer(mask=soft(mask), colour=colour, ink=ink, threshold=threshold))
    layers.sort(key=lambda layer: layer.ink)
    whole = where(labels, lambda value: value != OUTSIDE)
    return Layers(body=soft(whole), whole=whole, layers=tuple(layers), reduction=reduction)


def _threshold(mask: Image.Image, *, ink: bool) -> float:
    """Return where a colour is cut off: the blur makes thin lines faint, they need a low one."""
    if area(shrunk(mask, 1)) < 0.2 * area(mask):
        return 0.33
    return 0.47 if ink else 0.40


def _padded(length: int) -> int:
    """Return a drawing's length with its margins, divisible by 4."""
    return 4 * ((length + 2 * _MARGIN + 3) // 4)
