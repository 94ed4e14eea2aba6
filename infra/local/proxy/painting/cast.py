"""Casts a figure: what stays the same over the four pictures of a grid."""

import random
from dataclasses import dataclass

from infra.local.proxy.painting import animals, clothes, hair
from infra.local.proxy.painting.brief import Brief
from infra.local.proxy.painting.colours import (
    NAMED,
    Colour,
    darker,
    from_hex,
    mix,
    turned,
)
from infra.local.proxy.painting.palette import Palette

_SKINS = ("F9DCC0", "F4CBA4", "E8B48A", "CF9468", "A86F4A", "F6D3B8")
_HAIRS = ("5B3B2E", "8A5334", "C98A45", "E8C06C", "3B3038", "A34F33", "6E4A3A")
_EYES = ("5A7DA8", "5E8A5A", "7A5234", "4F8E92", "8A6A3A")


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Everything about a figure that stays the same over the four pictures of a grid."""

    outfit: clothes.Outfit
    coat: animals.Coat | None
    hair: Colour
    hair_style: str
    iris: Colour
    extra: Colour  #: cape, hat
    bright: Colour  #: scarf, ribbon, jewels


def cast_figure(brief: Brief, palette: Palette, rng: random.Random, variation: int) -> Cast:
    """Return who is painted; `variation` 0..3 only shifts the shades a little."""
    sway = (variation - 1.5) * 0.02
    skin, locks, iris = (from_hex(rng.choice(tones)) for tones in (_SKINS, _HAIRS, _EYES))
    moods = iter(brief.mood)
    cloth = brief.colour("clothes") or next(moods, None) or palette.tuned(palette.main, 0.2)
    legs = brief.colour("legs") or next(moods, None) or darker(palette.second, 0.08)
    cut = _cut(brief, rng)
    coat = None
    if brief.species != "person":
        fur = brief.colour("fur")
        own = animals.coat_of(brief.species, fur)
        share = 0.12 if fur else 0.26
        coat = animals.Coat(
            fur=turned(palette.tuned(own.fur, share), hue=sway), belly=own.belly, tip=own.tip
        )
        skin = coat.fur
    grey = "old" in brief.traits
    colour = brief.colour("hair", "beard") or ((222, 220, 218) if grey else locks)
    styles: tuple[str, ...] = hair.FEMALE_STYLES if "female" in brief.traits else hair.MALE_STYLES
    if not brief.traits & {"female", "male"}:
        styles = (*hair.FEMALE_STYLES, *hair.MALE_STYLES)
    style = rng.choice(styles)
    if "hood" in brief.items and style in ("bun", "curly", "ponytail"):
        style = "braids"
    outfit = clothes.Outfit(
        cut=cut,
        cloth=turned(NAMED["silver"] if "helmet" in brief.items and not brief.colour("clothes")
                     else cloth, hue=sway),
        legs=turned(legs, hue=-sway),
        trim=palette.accent,
        shoes=brief.colour("shoes") or darker(mix(palette.second, (120, 74, 50), 0.6), 0.18),
        skin=skin,
    )  # fmt: skip
    return Cast(
        outfit=outfit,
        coat=coat,
        hair=palette.tuned(colour, 0.1),
        hair_style=style,
        iris=brief.colour("eyes") or palette.tuned(iris, 0.2),
        extra=brief.colour("cape", "hat")
        or palette.tuned(turned(palette.second, light=-0.05), 0.2),
        bright=brief.colour("scarf", "balloon", "flower") or palette.accent,
    )


def _cut(brief: Brief, rng: random.Random) -> str:
    if "gown" in brief.traits:
        return "gown"
    if brief.items & {"robe"}:
        return "robe"
    if "female" in brief.traits:
        return "gown" if "grown" in brief.traits else "dress"
    if brief.species == "person" and "male" not in brief.traits:
        return rng.choice(("dress", "tunic", "overalls", "vest"))
    return rng.choice(("tunic", "vest", "overalls"))
