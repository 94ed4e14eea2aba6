"""Paints a child's drawing as a picture book would print it, on a plain soft ground."""

import functools
import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from infra.local.proxy.painting.canvas import Canvas, finish_paper
from infra.local.proxy.painting.colours import (
    NAMED,
    Colour,
    darker,
    distance,
    lighter,
    mix,
    turned,
)
from infra.local.proxy.painting.drawing import Drawing
from infra.local.proxy.painting.ground import paint_ground
from infra.local.proxy.painting.layers import Layer, Layers, layers_of
from infra.local.proxy.painting.masks import where
from infra.local.proxy.painting.palette import Palette
from infra.local.proxy.painting.shapes import ellipse

#: The ground is soft: that of a large picture is painted at this part of its size.
_GROUND_PART = 4

Box = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class _Pose:
    """What differs between the four pictures."""

    flip: bool
    tilt: float  #: degrees
    scale: float
    shift: float  #: sideways, in units of the picture's height
    hue: float
    light: float


def paint_drawing(
    drawing: Drawing,
    palette: Palette,
    size: tuple[int, int],
    seed: int,
    variation: int,
    weight: float,
) -> Image.Image:
    """Return the drawing painted, `size` pixels wide and high, as variation 0..3 of a seed.

    `weight` is `--iw`, above 0 to 3: the higher it is, the nearer lines and colours are to the
    drawing's own; the lower, the smoother and the more muted they are.
    """
    rng = random.Random(f"drawing {seed} {variation}")
    pose = _pose(seed, variation, rng)
    softness = max(0.8, min(2.4, 1.8 - 0.4 * weight))
    coarse = min(size[1] / drawing.height, size[0] / drawing.width)
    reduction = 1 if coarse > 0.9 else 2 if coarse > 0.45 else 4
    layers = layers_of(drawing, softness, reduction).posed(flip=pose.flip, tilt=pose.tilt)
    box = _place(layers, size, pose)
    picture = _ground(palette, size, layers, box, rng)
    area = picture.crop(box)
    brush = _Brush(scale=area.height / layers.body.height, softness=softness / reduction, pose=pose)
    body = layers.body.resize(area.size, Image.Resampling.BICUBIC)
    outline = lighter(mix(palette.ink, drawing.colours[0], 0.25), 0.08)
    area.paste(outline, (0, 0), brush.edge(body, 0.22))
    area.paste(mix((255, 249, 238), palette.paper, 0.12), (0, 0), brush.edge(body, 0.55))
    for layer in layers.layers:
        tone = mix(palette.ink, layer.colour, 0.4) if layer.ink else _softened(layer, weight)
        brush.paint(area, layer, tone)
    picture.paste(_shaded(area, layers, body, variation), box)
    return finish_paper(picture, seed + variation)


def _pose(seed: int, variation: int, rng: random.Random) -> _Pose:
    mirrored = random.Random(f"mirror {seed}").sample(range(4), 2)
    return _Pose(
        flip=variation in mirrored,
        tilt=(-1 if variation % 2 else 1) * rng.uniform(1.0, 5.0),
        scale=rng.uniform(0.86, 1.0),
        shift=rng.uniform(-0.012, 0.012),
        hue=(variation - 1.5) * 0.012,
        light=rng.uniform(-0.025, 0.035),
    )


def _place(layers: Layers, size: tuple[int, int], pose: _Pose) -> Box:
    """Return where the layers come to lie, so that the figure stands in the picture's middle."""
    left, top, right, bottom = layers.box()
    width, height = size
    scale = min(0.84 * height / (bottom - top), 0.86 * width / (right - left)) * pose.scale
    x = round(width / 2 + pose.shift * height - (left + right) / 2 * scale)
    y = round(height * 0.505 - (top + bottom) / 2 * scale)
    extent = (round(layers.body.width * scale), round(layers.body.height * scale))
    return (x, y, x + max(1, extent[0]), y + max(1, extent[1]))


def _ground(
    palette: Palette, size: tuple[int, int], layers: Layers, box: Box, rng: random.Random
) -> Image.Image:
    """Return the sheet with the shadow that the figure will throw."""
    part = _GROUND_PART if min(size) >= 64 * _GROUND_PART else 1
    canvas = Canvas(max(1, size[0] // part), max(1, size[1] // part), palette.paper)
    paint_ground(canvas, palette, rng)
    left, _, right, bottom = layers.box()
    foot = layers.body.crop((left, bottom - 24 / layers.reduction, right, bottom))
    feet = where(foot, lambda value: value > 100).getbbox()
    start, end = (feet[0], feet[2]) if feet else (0, right - left)
    unit = (box[3] - box[1]) / layers.body.height / size[1]
    middle = box[0] / size[1] + (left + (start + end) / 2) * unit
    oval = ellipse(
        middle + 0.012,
        box[1] / size[1] + bottom * unit - 0.008,
        max(0.06, (end - start) * unit * 0.62),
        0.026,
    )
    canvas.glow(oval, darker(mix(palette.paper, palette.main, 0.25), 0.24), 0.8, 0.016)
    return canvas.image.resize(size, Image.Resampling.BICUBIC)


def _softened(layer: Layer, weight: float) -> Colour:
    """Return a crayon's colour moved towards the nearest one of the picture book's."""
    nearest = min(NAMED.values(), key=lambda other: distance(layer.colour, other))
    share = max(0.12, min(0.6, 0.55 - 0.14 * weight))
    return lighter(mix(layer.colour, nearest, share), 0.08)


@dataclass(frozen=True, kw_only=True)
class _Brush:
    """Turns coarse soft masks into crisp shapes of the picture's own size."""

    scale: float  #: pixels of the picture to one of the masks
    softness: float  #: blur of the masks, in their pixels
    pose: _Pose

    def edge(self, mask: Image.Image, threshold: float, crispness: float = 1.0) -> Image.Image:
        """Return an enlarged mask cut off at a threshold, its edge some 1.5 pixels wide."""
        steep = max(1.7 * self.softness * self.scale * crispness, 0.52 / threshold)
        return mask.point(_cut(round(threshold * 100), round(steep * 10)))

    def paint(self, area: Image.Image, layer: Layer, tone: Colour) -> None:
        """Paint one colour into the area: darker where the wet edge dried, as water-colour is."""
        box = layer.mask.getbbox()
        if box is None:
            return
        x, y = round(box[0] * self.scale), round(box[1] * self.scale)
        extent = (round(box[2] * self.scale) - x, round(box[3] * self.scale) - y)
        if min(extent) < 1:
            return
        mask = layer.mask.resize(extent, Image.Resampling.BICUBIC, box=box)
        colour = turned(tone, hue=self.pose.hue, light=self.pose.light)
        if layer.ink or self.scale < 1:
            area.paste(colour, (x, y), self.edge(mask, layer.threshold))
            return
        area.paste(darker(colour, 0.22), (x, y), self.edge(mask, layer.threshold))
        area.paste(colour, (x, y), self.edge(mask, layer.threshold + 0.32, 0.35))


@functools.lru_cache(maxsize=256)
def _cut(percent: int, tenths: int) -> list[int]:
    """Return the table that makes a soft mask crisp around so many percent."""
    middle, steep = 2.55 * percent, tenths / 10
    return [max(0, min(255, round((value - middle) * steep + 127.5))) for value in range(256)]


def _shaded(area: Image.Image, layers: Layers, body: Image.Image, kind: int) -> Image.Image:
    """Return the figure with light from the upper left and uneven pigment, inside its outline."""
    unit = 4 // layers.reduction
    relief = _lit(layers.body, 4.5 * unit, 3 * unit, 4.6)
    for layer in layers.layers[:3]:
        if not layer.ink:
            relief = ImageChops.add(relief, _lit(layer.mask, 2 * unit, 2 * unit, 6.0), 1.0, -128)
    bands = []
    for band in range(3):
        pigment = _pigment(kind, band).resize(relief.size, Image.Resampling.BILINEAR)
        light = ImageChops.add(relief, pigment, 1.0, -128)
        bands.append(light.resize(area.size, Image.Resampling.BILINEAR))
    lit = ImageChops.soft_light(area, Image.merge("RGB", bands))
    return Image.composite(lit, area, body)


def _lit(mask: Image.Image, blur: float, step: int, faintness: float) -> Image.Image:
    """Return how a rounded shape is lit: above middle grey upper left, below it lower right."""
    soft = mask.filter(ImageFilter.GaussianBlur(blur))
    towards, away = ImageChops.offset(soft, -step, -step), ImageChops.offset(soft, step, step)
    return ImageChops.subtract(towards, away, faintness, 128)


@functools.lru_cache(maxsize=12)
def _pigment(kind: int, band: int) -> Image.Image:
    """Return how one of red, green and blue settled, unevenly, around middle grey."""
    size = (160, 160)
    layers = []
    for name, side in ((f"pool {kind} {band}", 7), (f"fleck {kind}", 52)):
        content = random.Random(name).randbytes(side * side)
        grey = Image.frombytes("L", (side, side), content)
        layers.append(grey.resize(size, Image.Resampling.BICUBIC))
    both = Image.blend(layers[0], layers[1], 0.4)
    return both.point([134 + round((value - 128) * 0.42) for value in range(256)])
