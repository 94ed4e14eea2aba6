"""Paints a friendly full-body figure on a plain soft ground."""

import random
from dataclasses import dataclass

from PIL import Image

from infra.local.proxy.painting import animals, clothes, face, hair, items
from infra.local.proxy.painting.brief import Brief
from infra.local.proxy.painting.canvas import Canvas
from infra.local.proxy.painting.cast import Cast, cast_figure
from infra.local.proxy.painting.colours import (
    NAMED,
    WHITE,
    darker,
    lighter,
    mix,
)
from infra.local.proxy.painting.ground import paint_ground
from infra.local.proxy.painting.palette import Palette
from infra.local.proxy.painting.pen import Pen
from infra.local.proxy.painting.shapes import ellipse, mirrored, smooth

_REST = ("down", "open", "wave", "hold", "cheer", "front")


@dataclass(frozen=True, kw_only=True)
class _Pose:
    """What differs between the four pictures."""

    arms: tuple[str, str]  #: left and right
    tilt: float  #: of the head, in radians
    lean: float
    stance: float
    look: float
    mood: int  #: 0 smiles, 1 laughs, 2 laughs with closed eyes
    flip: bool


def paint_figure(
    brief: Brief, palette: Palette, size: tuple[int, int], seed: int, variation: int
) -> Image.Image:
    """Return the picture, `size` pixels wide and high, as one of the variations 0..3 of a seed."""
    cast = cast_figure(brief, palette, random.Random(f"cast {seed}"), variation)
    rng = random.Random(f"pose {seed} {variation}")
    pose = _pose(seed, variation, brief.items)
    canvas = Canvas(*size, palette.paper)
    paint_ground(canvas, palette, rng)
    scale = min(0.92 / (1.0 - _top(brief)), canvas.aspect / 0.80, 0.86)
    foot = 0.5 + (1.0 - _top(brief)) * scale * 0.5 - 0.005
    pen = Pen(
        canvas, palette.ink, x=canvas.aspect / 2 + rng.uniform(-0.015, 0.015),
        y=foot - scale, scale=scale, angle=0.0, flip=pose.flip,
    )  # fmt: skip
    shadow = darker(mix(palette.paper, palette.main, 0.25), 0.22)
    pen.glow(ellipse(0.02, 0.985, 0.27, 0.032), shadow, 0.75, 0.018)
    _paint_body(pen, brief, cast, pose, rng)
    return canvas.finish(seed + variation)


def _top(brief: Brief) -> float:
    """Return the height of the figure's highest point: 0 for a bare head, negative above it."""
    build, radius = _build(brief)
    reach = {"rabbit": 2.15, "fox": 1.55, "wolf": 1.55, "dragon": 1.55}.get(brief.species, 1.25)
    tall = {"pointed_hat": 2.55, "helmet": 1.95, "crown": 1.75, "hat": 1.5, "hood": 1.45}
    worn = max([tall[item] for item in brief.items if item in tall], default=0.0)
    if worn and brief.species == "frog":
        worn += 0.3
    return min(0.0, build.neck - radius * (0.86 + max(reach, worn)))


def _pose(seed: int, variation: int, carried: frozenset[str]) -> _Pose:
    rest = list(_REST)
    random.Random(f"rest {seed}").shuffle(rest)
    rng = random.Random(f"pose {seed} {variation}")
    left, right = rest[variation], rest[(variation + 2) % len(rest)]
    if carried & set(items.HELD):
        right = "hold" if variation % 3 else "open"
    return _Pose(
        arms=(left, right),
        tilt=rng.uniform(-0.11, 0.11),
        lean=rng.uniform(-0.01, 0.01),
        stance=rng.uniform(-1, 1),
        look=rng.uniform(-1, 1),
        mood=(variation + seed) % 3,
        flip=rng.random() < 0.5,
    )


def _build(brief: Brief) -> tuple[clothes.Build, float]:
    """Return the body's measures and the head's radius."""
    if brief.species != "person":
        return clothes.Build(neck=0.40, waist=0.60, hip=0.76, shoulder=0.105, girth=0.135), 0.172
    if "grown" in brief.traits:
        return clothes.Build(neck=0.335, waist=0.53, hip=0.67, shoulder=0.118, girth=0.098), 0.142
    return clothes.Build(neck=0.395, waist=0.565, hip=0.685, shoulder=0.102, girth=0.090), 0.170


def _paint_body(pen: Pen, brief: Brief, cast: Cast, pose: _Pose, rng: random.Random) -> None:
    build, radius = _build(brief)
    head = pen.at(pose.lean, build.neck - radius * 0.86, radius, pose.tilt)
    _paint_behind(pen, head, brief, cast)
    held = next((item for item in items.HELD if item in brief.items), None)
    furry = cast.coat is not None
    bare = furry and not (brief.colour("clothes") or brief.items & {"robe", "helmet"})
    clothes.draw_legs(pen, build, cast.outfit, pose.stance, barefoot=furry)
    left = "down" if pose.arms[0] == "front" else pose.arms[0]
    clothes.draw_arm(pen, build, cast.outfit, left, -1.0, bare)
    if furry and cast.coat is not None:
        _paint_animal_body(pen, build, cast.coat)
    if not bare:
        clothes.draw_torso(pen, build, cast.outfit)
    if brief.items & {"cape", "hood"}:
        _paint_clasp(pen, build, cast)
    x, y = clothes.draw_arm(pen, build, cast.outfit, pose.arms[1], 1.0, bare)
    if "scarf" in brief.items or (bare and not brief.items & {"cape", "hood"}):
        items.draw_scarf(pen, build.neck, cast.bright)
    if held is not None:
        items.draw_held(pen, held, x, y, cast.bright, 1.0)
        if held != "book":
            pen.fill(ellipse(x, y, 0.033, 0.028), cast.outfit.skin, volume=0.4)
    if cast.coat is not None:
        animals.draw_animal_head(head, brief.species, cast.coat, cast.iris, pose.mood, pose.look)
    else:
        _paint_person_head(head, brief, cast, pose, rng)
    _paint_headwear(head, brief, cast)


def _paint_behind(pen: Pen, head: Pen, brief: Brief, cast: Cast) -> None:
    if brief.species == "dragon":
        animals.draw_wings(pen, "dragon", lighter(cast.coat.belly if cast.coat else WHITE, 0.05))
    elif "wings" in brief.items and brief.species != "bird":
        animals.draw_wings(pen, "fairy", brief.colour("wings") or cast.bright)
    if cast.coat is not None:
        animals.draw_tail(pen, brief.species, cast.coat)
    if brief.items & {"cape", "hood"}:
        neck = 0.36 if "grown" in brief.traits else 0.41
        half = [
            (0, neck),
            (0.10, neck + 0.02),
            (0.17, neck + 0.18),
            (0.235, 0.78),
            (0.25, 0.89),
            (0.12, 0.905),
            (0, 0.895),
        ]
        pen.fill(
            smooth([*half, *reversed(mirrored(half[1:-1]))]), darker(cast.extra, 0.14), volume=0.5
        )
    if "hood" in brief.items:
        hood = [(0, -1.42), (0.72, -1.16), (1.22, -0.3), (1.24, 0.5), (0.85, 1.12), (0, 1.2)]
        head.fill(smooth([*hood, *reversed(mirrored(hood[1:-1]))]), cast.extra, volume=0.6)
    elif cast.coat is None:
        hair.draw_back(head, cast.hair_style, cast.hair, cast.bright)


def _paint_animal_body(pen: Pen, build: clothes.Build, coat: animals.Coat) -> None:
    half = [(0, build.neck - 0.02), (0.085, build.neck + 0.02), (build.girth, build.waist),
            (build.girth * 1.08, build.hip), (0.085, build.hip + 0.10), (0,
                build.hip + 0.115)]  # fmt: skip
    pen.fill(
        smooth([*half, *reversed(mirrored(half[1:-1]))]),
        coat.fur,
        low=darker(coat.fur, 0.06),
        volume=0.6,
    )
    pen.fill(
        ellipse(0, build.waist + 0.06, build.girth * 0.66, 0.145),
        coat.belly,
        volume=0.25,
        outline=False,
    )


def _paint_clasp(pen: Pen, build: clothes.Build, cast: Cast) -> None:
    for side in (-1.0, 1.0):
        edge = smooth([(side * 0.015, build.neck + 0.03), (side * 0.09, build.neck),
            (side * 0.128, build.neck + 0.075),
                       (side * 0.075, build.neck + 0.085)], steps=5)  # fmt: skip
        pen.fill(edge, cast.extra, volume=0.5)
    pen.fill(ellipse(0, build.neck + 0.045, 0.018, 0.018), cast.bright, volume=0.6)


def _paint_person_head(
    head: Pen, brief: Brief, cast: Cast, pose: _Pose, rng: random.Random
) -> None:
    skin = cast.outfit.skin
    hooded = "hood" in brief.items
    if not hooded:
        for side in (-1.0, 1.0):
            head.fill(ellipse(side * 0.97, 0.16, 0.17, 0.2), darker(skin, 0.03), volume=0.4)
    half = [(0, -0.95), (0.62, -0.80), (0.95, -0.22), (0.94, 0.30), (0.62, 0.78), (0, 0.97)]
    head.fill(
        smooth([*half, *reversed(mirrored(half[1:-1]))]), skin, low=darker(skin, 0.02), volume=0.45
    )
    face.draw_cheeks(head, skin)
    face.draw_eyes(
        head, cast.iris, look=pose.look, lashes="female" in brief.traits, closed=pose.mood == 2
    )
    face.draw_brows(head, cast.hair, lift=0.05 if pose.mood == 1 else 0.0)
    head.stroke(
        smooth([(-0.05, 0.35), (0.01, 0.39), (0.06, 0.35)], closed=False), darker(skin, 0.35), 0.035
    )
    face.draw_smile(head, (0, 1, 0)[pose.mood])
    if "beard" in brief.items:
        hair.draw_beard(head, brief.colour("beard") or cast.hair)
    hair.draw_front(head, cast.hair_style, cast.hair, random.Random(rng.random()))
    if cast.hair_style == "braids":
        hair.draw_braids(head, cast.hair, cast.bright)
    if hooded:
        rim = [
            (0, -1.42),
            (0.72, -1.16),
            (1.22, -0.3),
            (1.24, 0.4),
            (1.0, 0.86),
            (0.92, 0.5),
            (1.0, -0.15),
            (0.6, -0.86),
            (0, -1.06),
        ]
        head.fill(smooth([*rim, *reversed(mirrored(rim[1:-1]))], steps=6), cast.extra, volume=0.5)


def _paint_headwear(head: Pen, brief: Brief, cast: Cast) -> None:
    if "glasses" in brief.items:
        if brief.species == "frog":
            items.draw_glasses(head, 0.50, -0.78)
        else:
            items.draw_glasses(head, height=0.12 if cast.coat is None else 0.02)
    lift = head.at(0, -0.30) if brief.species == "frog" else head
    for kind in ("crown", "helmet", "pointed_hat", "hat", "ribbon"):
        if kind in brief.items:
            colour = {"crown": NAMED["golden"], "helmet": NAMED["silver"]}.get(kind, cast.extra)
            if kind in ("hat", "pointed_hat"):
                colour = brief.colour("hat") or cast.extra
            hair.draw_hat(lift, kind, colour, cast.bright if kind != "crown" else (206, 70, 84))
            break
