"""Colour arithmetic on (red, green, blue) tuples of 0..255, and the names that prompts use."""

import colorsys
import math

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)

#: Colours as a prompt names them, in a story book's softened tones.
NAMED: dict[str, Colour] = {
    "red": (206, 62, 58),
    "scarlet": (205, 52, 44),
    "crimson": (170, 40, 58),
    "pink": (238, 150, 172),
    "rose": (226, 120, 140),
    "orange": (234, 137, 58),
    "golden": (237, 186, 74),
    "gold": (237, 186, 74),
    "yellow": (246, 208, 92),
    "blond": (240, 208, 128),
    "blonde": (240, 208, 128),
    "green": (96, 150, 86),
    "emerald": (50, 140, 104),
    "turquoise": (72, 174, 172),
    "teal": (50, 128, 134),
    "blue": (74, 124, 186),
    "navy": (52, 70, 118),
    "indigo": (76, 70, 140),
    "purple": (132, 92, 164),
    "violet": (146, 106, 182),
    "lavender": (176, 158, 212),
    "brown": (134, 92, 62),
    "chestnut": (140, 78, 50),
    "auburn": (158, 76, 46),
    "ginger": (214, 118, 56),
    "black": (62, 56, 64),
    "white": (246, 242, 234),
    "silver": (184, 194, 204),
    "grey": (150, 152, 158),
    "gray": (150, 152, 158),
    "cream": (244, 228, 196),
    "beige": (224, 204, 170),
}


def from_hex(text: str) -> Colour:
    """Return the colour written as six hexadecimal digits."""
    return (int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return `first` with `share` (0..1) of `second` mixed in."""
    keep = 1.0 - share
    return (
        round(first[0] * keep + second[0] * share),
        round(first[1] * keep + second[1] * share),
        round(first[2] * keep + second[2] * share),
    )


def lighter(colour: Colour, share: float) -> Colour:
    """Return the colour moved towards a warm white by `share` (0..1)."""
    return mix(colour, (255, 250, 238), share)


def darker(colour: Colour, share: float) -> Colour:
    """Return the colour moved towards a deep plum (shadows are never black) by `share` (0..1)."""
    return mix(colour, (44, 30, 56), share)


def hls(colour: Colour) -> tuple[float, float, float]:
    """Return hue, lightness and saturation, each 0..1."""
    return colorsys.rgb_to_hls(colour[0] / 255, colour[1] / 255, colour[2] / 255)


def from_hls(hue: float, lightness: float, saturation: float) -> Colour:
    """Return the colour of a hue (any number, 1.0 is a full turn), lightness and saturation."""
    light = min(1.0, max(0.0, lightness))
    rich = min(1.0, max(0.0, saturation))
    red, green, blue = colorsys.hls_to_rgb(hue % 1.0, light, rich)
    return (round(red * 255), round(green * 255), round(blue * 255))


def turned(colour: Colour, hue: float = 0.0, light: float = 0.0, rich: float = 0.0) -> Colour:
    """Return the colour with its hue, lightness and saturation each moved by so much (of 1.0)."""
    own_hue, own_light, own_rich = hls(colour)
    return from_hls(own_hue + hue, own_light + light, own_rich + rich)


def luminance(colour: Colour) -> float:
    """Return how bright the eye sees the colour, 0..255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def distance(first: Colour, second: Colour) -> float:
    """Return the plain distance of two colours in RGB space, 0..441."""
    return math.dist(first, second)
