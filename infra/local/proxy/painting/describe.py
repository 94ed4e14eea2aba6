"""Says in words what a picture shows, as MidJourney's DESCRIBE does: four prompts, numbered."""

from dataclasses import dataclass

from PIL import Image

from infra.local.proxy.painting.colours import Colour, distance, hls, luminance
from infra.local.proxy.painting.drawing import FIRST, OUTSIDE, Drawing

#: Colours as a crayon box names them.
_CRAYONS: tuple[tuple[str, Colour], ...] = (
    ("red", (214, 40, 40)), ("red", (170, 30, 40)), ("orange", (240, 130, 40)),
    ("yellow", (250, 215, 60)), ("yellow", (225, 190, 50)), ("green", (90, 175, 70)),
    ("green", (40, 120, 60)), ("turquoise", (60, 180, 180)), ("light blue", (140, 200, 240)),
    ("blue", (50, 110, 214)), ("blue", (30, 60, 150)), ("purple", (130, 70, 170)),
    ("pink", (245, 150, 185)), ("pink", (230, 80, 150)), ("brown", (140, 86, 50)),
    ("brown", (90, 55, 35)), ("peach", (250, 210, 180)), ("beige", (215, 190, 150)),
)  # fmt: skip

#: The least share of a drawing that is worth a word.
_WORTH = 0.02

_STYLES = (
    "children's picture book illustration, soft watercolor",
    "storybook art, ink outline and gentle watercolor wash",
    "hand-drawn fairy tale character, muted colors, paper texture",
    "whimsical drawing for children, rounded shapes, warm light",
)


@dataclass(frozen=True, kw_only=True)
class _Sight:
    """What is seen of a drawing."""

    shape: str
    colours: tuple[str, ...]  #: by area, each name once
    top: str | None  #: a colour that only the upper third has
    foot: str | None  #: a colour that only the lower third has


def describe(drawing: Drawing | None, colours: tuple[Colour, ...]) -> str:
    """Return the four texts for a drawing, or for a picture of `colours` without any outline."""
    texts = _texts_without_outline(colours) if drawing is None else _texts(_seen(drawing))
    return "\n\n".join(f"{number}️⃣ {text}" for number, text in enumerate(texts, 1))


def colour_name(colour: Colour) -> str:
    """Return the plain English name of a colour."""
    _, lightness, saturation = hls(colour)
    if max(colour) - min(colour) < 34 or saturation < 0.12:
        if luminance(colour) < 95:
            return "black"
        return "white" if lightness > 0.9 else "gray"
    return min(_CRAYONS, key=lambda crayon: distance(crayon[1], colour))[0]


def _texts(sight: _Sight) -> tuple[str, ...]:
    ends = (sight.top, sight.foot)
    rest = tuple(name for name in sight.colours if name not in ends) or sight.colours
    coloured = _joined(tuple(name for name in rest[:2] if name != "black") or rest[:1])
    detail = f" with {sight.foot} feet" if sight.foot else ""
    crown = f", {sight.top} at the top" if sight.top else ""
    return (
        f"a {sight.shape} figure in {coloured}{detail}{crown}, {_STYLES[0]}",
        f"a {sight.shape} {rest[0]} character{crown}, {_STYLES[1]}",
        f"one single {sight.shape} figure drawn in {_joined(sight.colours[:4])}, {_STYLES[2]}",
        f"a friendly hero colored {coloured}{detail}, {sight.shape} shape, {_STYLES[3]}",
    )


def _texts_without_outline(colours: tuple[Colour, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(colour_name(colour) for colour in colours)) or ("white",)
    return tuple(f"a plain picture in {_joined(names[:3])}, {style}" for style in _STYLES)


def _joined(names: tuple[str, ...]) -> str:
    if len(names) < 2:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _seen(drawing: Drawing) -> _Sight:
    labels = drawing.labels()
    third = max(1, drawing.height // 3)
    whole = _by_name(labels, drawing)
    upper = _by_name(labels.crop((0, 0, drawing.width, third)), drawing)
    lower = _by_name(labels.crop((0, drawing.height - third, *labels.size)), drawing)
    inside = drawing.width * drawing.height - labels.histogram()[OUTSIDE]
    names = [name for name, area in whole.items() if area > _WORTH * inside]
    # Black is mostly the pencil of the outline, whatever its area.
    ranked = sorted(names, key=lambda name: (name == "black", -whole[name]))
    colours = tuple(ranked) or tuple(whole)
    minor = [name for name in colours[1:] if name not in ("black", "white")]
    return _Sight(
        shape=_shape(drawing, inside),
        colours=colours,
        top=next((name for name in minor if upper.get(name, 0) > 0.85 * whole[name]), None),
        foot=next((name for name in minor if lower.get(name, 0) > 0.85 * whole[name]), None),
    )


def _by_name(labels: Image.Image, drawing: Drawing) -> dict[str, int]:
    """Return how many pixels have a colour of each name."""
    counts = labels.histogram()
    areas: dict[str, int] = {}
    for index, colour in enumerate(drawing.colours):
        name = colour_name(colour)
        areas[name] = areas.get(name, 0) + counts[FIRST + index]
    return areas


def _shape(drawing: Drawing, inside: int) -> str:
    ratio = drawing.height / drawing.width
    filled = inside / (drawing.width * drawing.height)
    if ratio > 1.35:
        return "tall and thin" if filled < 0.3 else "tall"
    if ratio < 0.8:
        return "wide"
    return "square" if filled > 0.88 else "round" if filled > 0.38 else "lively"
