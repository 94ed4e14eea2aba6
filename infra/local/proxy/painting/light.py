"""The hour and the season of a landscape, as colours."""

import random
from dataclasses import dataclass

from infra.local.proxy.painting.brief import Brief
from infra.local.proxy.painting.colours import Colour, darker, lighter, mix, turned
from infra.local.proxy.painting.palette import Palette


@dataclass(frozen=True, kw_only=True)
class Light:
    """The hour and the season, as colours."""

    hour: str  #: day, night or sunset
    season: str  #: summer, autumn or snow
    sky: tuple[Colour, ...]  #: from the top down to the horizon
    haze: Colour  #: what far things fade into
    shade: float  #: how much darker near things are, 0..1


def light_of(brief: Brief, palette: Palette, rng: random.Random) -> Light:
    """Return the light that the words ask for."""
    places = brief.places
    season = "snow" if "snow" in places else "autumn" if "autumn" in places else "summer"
    asked = brief.colour("sky")
    sway = rng.uniform(-0.03, 0.03)
    if "night" in places:
        top = asked or palette.tuned((38, 44, 92), 0.25)
        sky = (
            darker(top, 0.35),
            turned(top, hue=sway),
            mix(top, (120, 110, 170), 0.45),
            (164, 146, 190),
        )
        return Light(hour="night", season=season, sky=sky, haze=(128, 122, 170), shade=0.42)
    if "sunset" in places:
        top = asked or palette.tuned((112, 110, 176), 0.3)
        sky = (turned(top, hue=sway), (222, 148, 166), (248, 186, 140), (255, 226, 172))
        return Light(hour="sunset", season=season, sky=sky, haze=(246, 206, 178), shade=0.12)
    top = asked or palette.tuned((116, 176, 214), 0.38)
    if season == "snow":
        top = mix(top, (176, 196, 220), 0.5)
    low = mix(palette.paper, (250, 240, 220), 0.4)
    sky = (turned(top, hue=sway), lighter(top, 0.28), mix(lighter(top, 0.5), low, 0.4), low)
    return Light(
        hour="day", season=season, sky=sky, haze=mix(lighter(top, 0.5), low, 0.45), shade=0.0
    )


def ground_of(palette: Palette, light: Light, brief: Brief) -> Colour:
    """Return the colour of meadows in this season."""
    if light.season == "snow":
        return mix((232, 238, 246), palette.paper, 0.2)
    if "desert" in brief.places:
        return palette.tuned((232, 196, 136), 0.25)
    if light.season == "autumn":
        return palette.tuned((202, 168, 92), 0.25)
    return mix(palette.tuned((142, 182, 104), 0.28), palette.main, 0.10)
