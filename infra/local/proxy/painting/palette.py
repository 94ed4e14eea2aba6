"""The few harmonious colours that a picture is made of, chosen by seed or by reference."""

import random
from dataclasses import dataclass, replace

from PIL import Image

from infra.local.proxy.painting.colours import (
    Colour,
    darker,
    distance,
    from_hex,
    hls,
    lighter,
    luminance,
    mix,
    turned,
)
from infra.local.proxy.painting.sheet import open_picture

#: Paper, main, second, accent and ink of hand-picked story-book palettes.
_BOOKS: tuple[tuple[str, str, str, str, str], ...] = (
    ("F8EBD6", "E4775B", "4A9490", "EDBB52", "4A3640"),
    ("F3F0DC", "6B9B63", "CC6244", "F2C654", "3A3B3C"),
    ("F0E8F4", "7767AA", "E08DAC", "F4CB68", "3A3154"),
    ("E9F3EE", "3F8BA8", "F0A070", "F6D981", "2C4054"),
    ("FBEDE8", "BE4A69", "79A082", "F1BC86", "4A3140"),
    ("FBF2DD", "DC9640", "83A886", "CB5F47", "4C372B"),
    ("EBF5EF", "58A89D", "E89292", "F4D277", "30484A"),
    ("F2EEF9", "9184CD", "86BCA8", "F3AE86", "3E3759"),
)

#: Side in pixels to which a reference is shrunk before its colours are counted.
_SAMPLE_SIDE = 48


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Five roles of colour; everything in a picture is one of them, shaded or mixed."""

    paper: Colour  #: the light ground on which everything stands
    main: Colour  #: the largest coloured area: a dress, the hills
    second: Colour  #: what stands next to it
    accent: Colour  #: small bright things: buttons, windows, flowers
    ink: Colour  #: outlines and the darkest shadows
    references: tuple[Colour, ...] = ()  #: colours that came from reference pictures
    grip: float = 1.0  #: how much more than usual the references draw other colours to them

    def tuned(self, colour: Colour, share: float = 0.3) -> Colour:
        """Return the colour drawn `share` (0..1) of the way to the nearest reference colour."""
        if not self.references:
            return colour
        nearest = min(self.references, key=lambda other: distance(colour, other))
        return mix(colour, nearest, min(0.85, share * self.grip))


def choose_palette(
    rng: random.Random, references: tuple[Colour, ...] = (), *, grip: float = 1.0
) -> Palette:
    """Return the palette of one picture.

    Without references it is one of the hand-picked ones with its hues moved a little. With
    references (colours as `dominant_colours` finds them) those become the picture's colours.
    """
    paper, main, second, accent, ink = (from_hex(text) for text in rng.choice(_BOOKS))
    sway = rng.uniform(-0.025, 0.025)
    if references:
        return replace(_from_references(references, ink, sway), grip=grip)
    return Palette(
        paper=paper,
        main=turned(main, hue=sway),
        second=turned(second, hue=-sway),
        accent=turned(accent, hue=sway / 2),
        ink=ink,
    )


def _from_references(references: tuple[Colour, ...], ink: Colour, sway: float) -> Palette:
    ranked = sorted(
        references, key=lambda colour: -hls(colour)[2] * (1 - abs(hls(colour)[1] - 0.5))
    )
    vivid = list(ranked[:3])
    while len(vivid) < 3:
        vivid.append(turned(vivid[0], hue=0.08 * len(vivid), light=0.06))
    brightest = max(references, key=luminance)
    darkest = min(references, key=luminance)
    return Palette(
        paper=lighter(mix(brightest, vivid[0], 0.16), 0.55),
        main=turned(vivid[0], light=sway),
        second=turned(vivid[1], light=-sway),
        accent=lighter(vivid[2], 0.12),
        ink=mix(darker(darkest, 0.45), ink, 0.4),
        references=references,
    )


def dominant_colours(picture: bytes, count: int = 6) -> tuple[Colour, ...]:
    """Return up to `count` colours that a picture (PNG, JPEG, WebP, GIF bytes) is made of.

    The commonest comes first; colours that nearly repeat an earlier one are left out. Raises
    `ValueError` when the bytes are no picture or one of more than 40 million pixels.
    """
    small = open_picture(picture, _SAMPLE_SIDE * 4)
    small = small.resize((_SAMPLE_SIDE, _SAMPLE_SIDE), Image.Resampling.BOX)
    reduced = small.quantize(16, Image.Quantize.MEDIANCUT).convert("RGB")
    counted = reduced.getcolors(_SAMPLE_SIDE * _SAMPLE_SIDE) or []
    chosen: list[Colour] = []
    for weight_and_colour in sorted(counted, key=_weight, reverse=True):
        colour = weight_and_colour[1]
        if isinstance(colour, tuple) and len(colour) >= 3:
            found: Colour = (int(colour[0]), int(colour[1]), int(colour[2]))
            if all(distance(found, other) > 34 for other in chosen):
                chosen.append(found)
    return tuple(chosen[:count])


def _weight(counted: tuple[int, object]) -> float:
    """Rank a colour by its area, and a vivid one as if it covered several times that."""
    area, colour = counted
    if not isinstance(colour, tuple):
        return float(area)
    _, lightness, saturation = hls((int(colour[0]), int(colour[1]), int(colour[2])))
    vivid = saturation * (1.0 - abs(2 * lightness - 1.0))
    return area * (0.3 + 3.0 * vivid)
