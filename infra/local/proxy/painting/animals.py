"""Heads and tails of the animals, in units of the head's radius (heads) or the body (tails)."""

import math
from dataclasses import dataclass

from infra.local.proxy.painting.canvas import Shape
from infra.local.proxy.painting.colours import Colour, darker, from_hex, lighter, mix
from infra.local.proxy.painting.face import draw_cheeks, draw_eyes, draw_smile
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.shapes import arc, ellipse, limb, mirrored, smooth


@dataclass(frozen=True, kw_only=True)
class Coat:
    """The colours of an animal."""

    fur: Colour
    belly: Colour
    tip: Colour  #: ears' and tail's ends, paws


#: Each species' own colours, when the prompt names none.
COATS: dict[str, Coat] = {
    name: Coat(fur=from_hex(fur), belly=from_hex(belly), tip=from_hex(tip))
    for name, fur, belly, tip in (
        ("fox", "DD7A3C", "FBEBD8", "5A3A34"),
        ("wolf", "8C93A3", "E9E7E4", "5C6170"),
        ("dog", "C99863", "F6E6CC", "8A5C3C"),
        ("rabbit", "CDB8A6", "F8EFE6", "F0B4B0"),
        ("bear", "A06C46", "E3BE91", "7A4E34"),
        ("lion", "E5B25C", "F9E4B8", "B5652E"),
        ("cat", "9A8E8C", "F3ECE6", "6E6264"),
        ("mouse", "B3ABA8", "EEE6E0", "EFB0AC"),
        ("pig", "F0AFA8", "F9D3CB", "DF8A86"),
        ("dragon", "6FAE75", "F1DE9E", "3F7A5E"),
        ("bird", "5C94BD", "F6E2B8", "3D6690"),
        ("frog", "86B85A", "E9EBB0", "5E8F42"),
    )
}


def coat_of(species: str, fur: Colour | None) -> Coat:
    """Return a species' colours; with `fur` given, that and lighter and darker tones of it."""
    own = COATS[species]
    if fur is None:
        return own
    return Coat(fur=fur, belly=lighter(mix(own.belly, fur, 0.15), 0.25), tip=darker(fur, 0.3))


def draw_animal_head(
    pen: Pen, species: str, coat: Coat, iris: Colour, mood: int, look: float
) -> None:
    """Draw a whole animal head with its ears; `mood` is 0..2, `look` -1..1."""
    _draw_ears(pen, species, coat)
    pen.fill(_outline(species), coat.fur, low=darker(coat.fur, 0.06), volume=0.6)
    _draw_muzzle(pen, species, coat)
    raised = species == "frog"
    draw_eyes(
        pen,
        iris,
        apart=0.50 if raised else 0.40,
        height=-0.78 if raised else 0.02,
        size=1.05,
        look=look,
        closed=mood == 2 and not raised,
    )
    draw_cheeks(pen, coat.fur, apart=0.70, height=0.40)
    _draw_nose(pen, species, coat, mood)


def _outline(species: str) -> Shape:
    half = {
        "fox": [(0, -0.88), (0.55, -0.80), (0.92, -0.30), (1.16, 0.34), (0.62, 0.72), (0, 0.92)],
        "wolf": [(0, -0.92), (0.55, -0.82), (0.90, -0.30), (1.10, 0.36), (0.62, 0.76), (0, 0.94)],
        "rabbit": [(0, -0.90), (0.58, -0.76), (0.90, -0.15), (0.96, 0.38), (0.58, 0.84), (0, 0.93)],
        "bird": [(0, -0.95), (0.66, -0.74), (0.96, -0.05), (0.86, 0.55), (0.48, 0.88), (0, 0.95)],
        "frog": [(0, -0.62), (0.60, -0.66), (1.02, -0.10), (1.10, 0.36), (0.66, 0.84), (0, 0.92)],
        "dragon": [(0, -0.92), (0.58, -0.80), (0.90, -0.20), (0.98, 0.38), (0.66, 0.84), (0, 0.94)],
    }.get(
        species, [(0, -0.90), (0.64, -0.74), (0.98, -0.10), (1.02, 0.36), (0.64, 0.84), (0, 0.93)]
    )
    return smooth([*half, *reversed(mirrored(half[1:-1]))])


def _draw_ears(pen: Pen, species: str, coat: Coat) -> None:
    for side in (-1.0, 1.0):
        for shape, inner in _ears(species):
            pen.fill([(side * x, y) for x, y in shape], coat.fur, volume=0.5)
            if inner:
                tone = mix(coat.belly, (240, 150, 150), 0.45)
                pen.fill([(side * x, y) for x, y in inner], tone, volume=0.3, outline=False)
    _draw_crest(pen, species, coat)


def _draw_crest(pen: Pen, species: str, coat: Coat) -> None:
    """Draw what is peculiar to a species behind its head: mane, horns, feathers, eye bulges."""
    if species == "lion":
        for step in range(16):
            turn = 2 * math.pi * step / 16
            x, y = 1.12 * math.cos(turn), 0.02 + 1.08 * math.sin(turn)
            pen.fill(ellipse(x, y, 0.40, 0.30, turn), coat.tip, volume=0.5)
    if species == "dragon":
        horn = lighter(coat.belly, 0.3)
        for side in (-1, 1):
            path = [(side * 0.42, -0.75), (side * 0.62, -1.15), (side * 0.50, -1.5)]
            pen.fill(limb(path, [0.30, 0.2, 0.05]), horn, volume=0.6)
        for x, y in ((0.0, -1.12), (-0.02, -0.86)):
            pen.fill(
                [(x - 0.17, y + 0.24), (x, y - 0.14), (x + 0.17, y + 0.24)], coat.tip, volume=0.3
            )
    if species == "bird":
        for lean in (-0.35, 0.0, 0.35):
            feather = limb([(0, -0.85), (lean * 0.6, -1.15), (lean, -1.38)], [0.16, 0.2, 0.07])
            pen.fill(feather, coat.tip, volume=0.4)
    if species == "frog":
        for side in (-1, 1):
            pen.fill(ellipse(side * 0.50, -0.74, 0.34, 0.36), coat.fur, volume=0.5)


def _ears(species: str) -> list[tuple[Shape, Shape]]:
    """Return the outer and inner outlines of the right ear (to be mirrored)."""
    if species in ("fox", "wolf"):
        return [
            (smooth([(0.22, -0.72), (0.52, -1.22), (0.84, -1.52), (0.98, -1.0), (0.92, -0.34)],
                steps=5),
             smooth([(0.46, -0.78), (0.62, -1.08), (0.80, -1.28), (0.85, -0.95), (0.82, -0.58)],
                 steps=5))
        ]  # fmt: skip
    if species == "cat":
        return [
            (smooth([(0.24, -0.76), (0.56, -1.14), (0.86, -1.32), (0.96, -0.9), (0.92, -0.34)],
                steps=5),
             smooth([(0.48, -0.78), (0.64, -1.0), (0.79, -1.1), (0.84, -0.86), (0.82, -0.58)],
                 steps=5))
        ]  # fmt: skip
    if species == "rabbit":
        outer = limb([(0.36, -0.70), (0.50, -1.35), (0.58, -1.95)], [0.34, 0.46, 0.26])
        return [(outer, limb([(0.40, -0.85), (0.51, -1.35), (0.57, -1.85)], [0.14, 0.24, 0.10]))]
    if species in ("bear", "lion"):
        return [(ellipse(0.72, -0.78, 0.32, 0.32), ellipse(0.73, -0.75, 0.18, 0.18))]
    if species == "mouse":
        return [(ellipse(0.88, -0.78, 0.52, 0.50), ellipse(0.88, -0.75, 0.35, 0.33))]
    if species == "pig":
        return [(smooth([(0.30, -0.76), (0.62, -1.12), (1.02, -0.98), (0.95, -0.42)], steps=5), [])]
    if species == "dog":
        return [(limb([(0.62, -0.72), (1.06, -0.40), (1.18, 0.30)], [0.34, 0.44, 0.34]), [])]
    return []


def _draw_muzzle(pen: Pen, species: str, coat: Coat) -> None:
    if species in ("fox", "wolf"):
        mask = [(0, 0.20), (0.34, 0.12), (0.74, 0.20), (1.08, 0.36), (0.60, 0.68), (0, 0.87)]
        pen.fill(
            smooth([*mask, *reversed(mirrored(mask[1:-1]))]), coat.belly, volume=0.2, outline=False
        )
    elif species == "bird":
        beak = smooth(
            [(-0.26, 0.26), (0, 0.16), (0.26, 0.26), (0.10, 0.52), (0, 0.62), (-0.10, 0.52)],
            steps=5,
        )
        pen.fill(beak, (240, 170, 66), low=(222, 134, 48), volume=0.7)
    elif species == "dragon":
        pen.fill(ellipse(0, 0.48, 0.62, 0.36), lighter(coat.fur, 0.22), volume=0.4)
    elif species == "pig":
        pen.fill(ellipse(0, 0.32, 0.36, 0.26), coat.tip, volume=0.6)
    elif species != "frog":
        pen.fill(ellipse(0, 0.48, 0.48, 0.34), coat.belly, volume=0.2, outline=False)


def _draw_nose(pen: Pen, species: str, coat: Coat, mood: int) -> None:
    dark = darker(pen.ink, 0.3)
    if species == "bird":
        pen.stroke(
            arc(0, 0.34, 0.20, 0.07, math.pi * 0.08, math.pi * 0.92),
            darker((222, 134, 48), 0.35),
            0.03,
        )
        return
    if species in ("frog", "dragon"):
        spread = 0.14 if species == "frog" else 0.24
        for side in (-1, 1):
            pen.dot(
                side * spread, 0.12 if species == "frog" else 0.34, 0.045, darker(coat.fur, 0.55)
            )
        wide = 0.62 if species == "frog" else 0.34
        pen.stroke(arc(0, 0.36, wide, 0.30, math.pi * 0.1, math.pi * 0.9), dark, 0.045)
        return
    if species == "pig":
        _draw_snout(pen, coat, mood)
        return
    _draw_button_nose(pen, species, coat, mood)


def _draw_snout(pen: Pen, coat: Coat, mood: int) -> None:
    for side in (-1, 1):
        pen.fill(
            ellipse(side * 0.13, 0.32, 0.055, 0.09),
            darker(coat.tip, 0.5),
            volume=0,
            outline=False,
        )
    draw_smile(pen, 1 if mood == 1 else 0, height=0.68, width=0.22)


def _draw_button_nose(pen: Pen, species: str, coat: Coat, mood: int) -> None:
    dark = darker(pen.ink, 0.3)
    nose = smooth(
        [(-0.15, 0.29), (0, 0.25), (0.15, 0.29), (0.08, 0.40), (0, 0.44), (-0.08, 0.40)], steps=5
    )
    colour = (214, 112, 116) if species in ("rabbit", "cat", "mouse") else dark
    pen.fill(nose, colour, volume=0.4, outline=False)
    pen.dot(-0.05, 0.31, 0.028, (255, 246, 240))
    pen.stroke([(0, 0.43), (0, 0.52)], dark, 0.035)
    if mood == 1:
        draw_smile(pen, 1, height=0.60, width=0.19)
    for side in (-1, 1):
        pen.stroke(arc(side * 0.14, 0.50, 0.14, 0.11, math.pi * 0.05, math.pi * 0.95), dark, 0.04)
    if species in ("cat", "mouse", "rabbit", "lion"):
        for side in (-1, 1):
            for lift in (0.36, 0.46, 0.56):
                line = [(side * 0.50, lift), (side * 1.12, lift + (lift - 0.46) * 1.1)]
                pen.stroke(line, darker(coat.fur, 0.45), 0.018)
    if species == "rabbit" and mood != 1:
        pen.fill(
            [(-0.09, 0.60), (0.09, 0.60), (0.08, 0.75), (-0.08, 0.75)], (255, 253, 246), volume=0.0
        )


def draw_tail(pen: Pen, species: str, coat: Coat) -> None:
    """Draw the tail behind the body, on its right side, in units of the whole figure."""
    if species in ("fox", "wolf"):
        path = [(0.06, 0.80), (0.24, 0.82), (0.34, 0.66), (0.30, 0.50)]
        pen.fill(limb(path, [0.06, 0.15, 0.175, 0.025]), coat.fur, volume=0.6)
        tip = coat.belly if species == "fox" else coat.tip
        end = limb([(0.336, 0.615), (0.328, 0.565), (0.303, 0.508)], [0.150, 0.115, 0.016])
        pen.fill(end, tip, volume=0.3, outline=False)
    elif species in ("cat", "mouse", "lion", "dog"):
        path = [(0.06, 0.82), (0.22, 0.86), (0.30, 0.74), (0.27, 0.58)]
        width = 0.018 if species == "mouse" else 0.045
        colour = coat.tip if species == "mouse" else coat.fur
        pen.fill(limb(path, [width * 1.3, width, width, width * 0.8]), colour, volume=0.4)
        if species == "lion":
            pen.fill(ellipse(0.27, 0.56, 0.05, 0.06), coat.tip, volume=0.5)
    elif species == "dragon":
        path = [(0.04, 0.80), (0.22, 0.93), (0.40, 0.88), (0.44, 0.72)]
        pen.fill(limb(path, [0.16, 0.14, 0.08, 0.03]), coat.fur, volume=0.6)
        pen.fill([(0.39, 0.75), (0.45, 0.61), (0.50, 0.74)], coat.tip, volume=0.3)
    elif species in ("rabbit", "bear"):
        pen.fill(ellipse(0.14, 0.82, 0.055, 0.055), coat.belly, volume=0.6)
    elif species == "pig":
        loop = [(0.12, 0.80), (0.18, 0.78), (0.20, 0.74), (0.17, 0.73), (0.17, 0.78), (0.22, 0.80)]
        pen.stroke(smooth(loop, closed=False), darker(coat.tip, 0.1), 0.018)
    elif species == "bird":
        for turn in (-0.25, 0.0, 0.25):
            quill = (0.26 + 0.03 * math.cos(turn), 0.84 + 0.18 * math.sin(turn))
            pen.fill(limb([(0.06, 0.78), quill], [0.05, 0.065]), coat.tip, volume=0.4)


def draw_wings(pen: Pen, kind: str, colour: Colour) -> None:
    """Draw both wings behind the body: "fairy" (of glass) or "dragon" (of skin)."""
    for side in (-1.0, 1.0):
        if kind == "dragon":
            wing = [(0.06, 0.52), (0.20, 0.32), (0.44, 0.22), (0.40, 0.36), (0.42, 0.48), (0.33,
                0.50),
                    (0.31, 0.60), (0.21, 0.57), (0.14, 0.66)]  # fmt: skip
            pen.fill([(side * x, y) for x, y in wing], colour, volume=0.5)
            for end in ((0.40, 0.36), (0.33, 0.50), (0.21, 0.57)):
                pen.stroke(
                    [(side * 0.10, 0.50), (side * end[0], end[1])], darker(colour, 0.25), 0.007
                )
            continue
        upper = smooth([(0.03, 0.52), (0.22, 0.26), (0.42, 0.22), (0.42, 0.42), (0.24, 0.54)])
        lower = smooth([(0.03, 0.55), (0.24, 0.56), (0.34, 0.68), (0.22, 0.76), (0.09, 0.66)])
        for shape, tone in ((lower, lighter(colour, 0.25)), (upper, lighter(colour, 0.45))):
            pen.fill([(side * x, y) for x, y in shape], tone, low=lighter(colour, 0.1), volume=0.3)
        vein = smooth([(0.05, 0.51), (0.22, 0.38), (0.36, 0.30)], closed=False)
        pen.stroke([(side * x, y) for x, y in vein], lighter(colour, 0.65), 0.007)
