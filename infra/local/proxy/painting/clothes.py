"""Bodies and what they wear, in units of the whole figure (0 top of head, 1 ground)."""

from dataclasses import dataclass

from infra.local.proxy.painting.colours import Colour, darker, lighter
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.shapes import ellipse, limb, mirrored, smooth

Arm = tuple[tuple[float, float], tuple[float, float]]

#: Elbow and hand of the right arm, relative to the shoulder, for each way to hold it.
ARMS: dict[str, Arm] = {
    "down": ((0.075, 0.10), (0.085, 0.215)),
    "wave": ((0.125, 0.015), (0.165, -0.135)),
    "open": ((0.095, 0.085), (0.195, 0.115)),
    "hold": ((0.085, 0.105), (0.155, 0.06)),
    "cheer": ((0.105, -0.035), (0.125, -0.18)),
    "front": ((0.085, 0.10), (0.005, 0.145)),
}


@dataclass(frozen=True, kw_only=True)
class Build:
    """Where a figure's parts are."""

    neck: float  #: height of the neck
    waist: float
    hip: float
    shoulder: float  #: half the shoulders' width
    girth: float  #: half the waist's width


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """The colours and the cut of the clothes."""

    cut: str  #: dress, gown, tunic, overalls, robe, vest
    cloth: Colour
    legs: Colour
    trim: Colour
    shoes: Colour
    skin: Colour


def shoulder_of(build: Build) -> tuple[float, float]:
    """Return where the right arm begins."""
    return (build.shoulder - 0.012, build.neck + 0.055)


def draw_legs(pen: Pen, build: Build, outfit: Outfit, stance: float, barefoot: bool) -> None:
    """Draw both legs and shoes; `stance` (-1..1) shifts the weight."""
    for side in (-1.0, 1.0):
        hip_x, foot_x = side * 0.058, side * (0.066 + 0.016 * abs(stance)) + stance * 0.008
        knee = (side * 0.064 + stance * 0.012, (build.hip + 0.95) / 2)
        colour = outfit.skin if barefoot or outfit.cut in ("dress", "gown") else outfit.legs
        leg = limb([(hip_x, build.hip - 0.03), knee, (foot_x, 0.94)], [0.082, 0.07, 0.058])
        pen.fill(leg, colour, low=darker(colour, 0.08), volume=0.5)
        if outfit.cut == "dress":
            sock = limb([(foot_x, 0.89), (foot_x, 0.945)], [0.062, 0.062])
            pen.fill(sock, lighter(outfit.trim, 0.6), volume=0.3)
        shoe = [(foot_x - side * 0.042, 0.985), (foot_x - side * 0.044, 0.945), (foot_x, 0.925),
                (foot_x + side * 0.04, 0.945), (foot_x + side * 0.078, 0.968),
                    (foot_x + side * 0.075, 0.988)]  # fmt: skip
        pen.fill(smooth(shoe, steps=5), outfit.skin if barefoot else outfit.shoes, volume=0.6)
        if not barefoot and outfit.cut in ("tunic", "vest", "robe"):
            cuff = limb([(foot_x - 0.034, 0.905), (foot_x + 0.034, 0.905)], [0.035, 0.035])
            pen.fill(cuff, lighter(outfit.shoes, 0.2), volume=0.3)


def draw_torso(pen: Pen, build: Build, outfit: Outfit) -> None:
    """Draw the body in its clothes."""
    neck, waist, hip = build.neck, build.waist, build.hip
    wide, girth = build.shoulder, build.girth
    top = [(0, neck), (wide * 0.62, neck + 0.008), (wide * 1.02, neck + 0.05), (girth, waist)]
    if outfit.cut in ("dress", "gown", "robe"):
        foot, flare = {"dress": (0.825, 0.20), "gown": (0.955, 0.27), "robe": (0.94, 0.20)}[
            outfit.cut
        ]
        hem = [
            (flare * 0.78, (waist + foot) / 2 + 0.01),
            (flare, foot - 0.015),
            (flare * 0.55, foot + 0.012),
            (0, foot + 0.02),
        ]
    else:
        hem = [
            (girth * 1.12, hip - 0.01),
            (girth * 1.12, hip + 0.035),
            (girth * 0.5, hip + 0.04),
            (0, hip + 0.035),
        ]
    half = [*top, *hem]
    pen.fill(
        smooth([*half, *reversed(mirrored(half[1:-1]))], steps=6),
        outfit.cloth,
        low=darker(outfit.cloth, 0.1),
        volume=0.55,
    )
    _draw_details(pen, build, outfit)


def _draw_details(pen: Pen, build: Build, outfit: Outfit) -> None:
    waist, girth = build.waist, build.girth
    fold = darker(outfit.cloth, 0.22)
    if outfit.cut in ("dress", "gown", "robe"):
        foot = {"dress": 0.80, "gown": 0.92, "robe": 0.91}[outfit.cut]
        for x, spread in ((-0.05, 2.4), (0.03, 2.0), (0.07, 2.2)):
            line = smooth(
                [(x, waist + 0.05), (x * 1.5, (waist + foot) / 2), (x * spread, foot)], closed=False
            )
            pen.stroke(line, fold, 0.0045)
        flare = {"dress": 0.20, "gown": 0.27, "robe": 0.20}[outfit.cut]
        hem = smooth([(-flare * 0.96, foot - 0.005), (-flare * 0.5, foot + 0.022), (0, foot + 0.03),
                      (flare * 0.5, foot + 0.022), (flare * 0.96, foot - 0.005)],
                          closed=False)  # fmt: skip
        pen.stroke(hem, outfit.trim, 0.016)
    if outfit.cut in ("dress", "gown", "tunic", "robe"):
        belt = limb([(-girth, waist), (0, waist + 0.012), (girth, waist)], [0.034, 0.038, 0.034])
        pen.fill(
            belt,
            darker(outfit.trim, 0.12) if outfit.cut != "tunic" else darker(outfit.shoes, 0.05),
            volume=0.3,
        )
        pen.fill(ellipse(0, waist + 0.012, 0.022, 0.02), lighter(outfit.trim, 0.2), volume=0.6)
    _draw_front(pen, build, outfit)


def _draw_front(pen: Pen, build: Build, outfit: Outfit) -> None:
    """Draw bib, vest or collar."""
    neck, waist, hip, girth = build.neck, build.waist, build.hip, build.girth
    if outfit.cut == "overalls":
        for side in (-1.0, 1.0):
            strap = limb(
                [(side * build.shoulder * 0.55, neck + 0.01), (side * 0.05, waist - 0.03)],
                [0.03, 0.03],
            )
            pen.fill(strap, outfit.legs, volume=0.3)
        bib = [(-0.065, waist - 0.055), (0.065, waist - 0.055), (girth * 1.13, waist + 0.03),
            (girth * 1.15, hip + 0.035),
               (0, hip + 0.045), (-girth * 1.15, hip + 0.035), (-girth * 1.13,
                   waist + 0.03)]  # fmt: skip
        pen.fill(smooth(bib, steps=5), outfit.legs, volume=0.4)
        for side in (-1.0, 1.0):
            pen.dot(side * 0.05, waist - 0.03, 0.011, lighter(outfit.trim, 0.2))
        pocket = [
            (-0.035, waist - 0.01),
            (0.035, waist - 0.01),
            (0.03, waist + 0.035),
            (0, waist + 0.045),
            (-0.03, waist + 0.035),
        ]
        pen.fill(smooth(pocket, steps=4), lighter(outfit.legs, 0.12), volume=0.1)
    elif outfit.cut == "vest":
        for side in (-1.0, 1.0):
            panel = [
                (0.03, neck + 0.015),
                (build.shoulder * 0.9, neck + 0.035),
                (girth * 1.02, waist),
                (girth * 1.1, hip),
                (0.045, hip + 0.01),
            ]
            pen.fill([(side * x, y) for x, y in smooth(panel, steps=4)], outfit.trim, volume=0.4)
        for y in (waist - 0.05, waist, waist + 0.05):
            pen.dot(0, y, 0.009, darker(outfit.trim, 0.35))
    else:
        for side in (-1.0, 1.0):
            collar = smooth(
                [
                    (0, neck + 0.018),
                    (side * 0.05, neck + 0.0),
                    (side * 0.085, neck + 0.03),
                    (side * 0.04, neck + 0.055),
                ],
                steps=5,
            )
            pen.fill(collar, lighter(outfit.trim, 0.65), volume=0.25)


def draw_arm(
    pen: Pen, build: Build, outfit: Outfit, hold: str, side: float, bare: bool
) -> tuple[float, float]:
    """Draw one arm (side 1 right, -1 left) and return where its hand is."""
    start_x, start_y = shoulder_of(build)
    (elbow_x, elbow_y), (hand_x, hand_y) = ARMS[hold]
    path = [
        (start_x, start_y),
        (start_x + elbow_x, start_y + elbow_y),
        (start_x + hand_x, start_y + hand_y),
    ]
    path = [(side * x, y) for x, y in path]
    hand = path[-1]
    widths = [0.072, 0.060, 0.068] if bare else [0.062, 0.055, 0.048]
    pen.fill(limb(path, widths), outfit.skin, volume=0.4)
    if bare:
        return hand
    middle = path[1]
    near = {"dress": 0.55, "gown": 0.68, "robe": 0.72}.get(outfit.cut, 0.80)
    cuff = (middle[0] + (hand[0] - middle[0]) * near, middle[1] + (hand[1] - middle[1]) * near)
    flare = 0.082 if outfit.cut in ("robe", "gown") else 0.062
    sleeve = limb([path[0], middle, cuff], [0.082, 0.074, flare])
    pen.fill(sleeve, outfit.cloth, low=darker(outfit.cloth, 0.06), volume=0.5)
    pen.fill(ellipse(hand[0], hand[1], 0.036, 0.033), outfit.skin, volume=0.4)
    return hand
