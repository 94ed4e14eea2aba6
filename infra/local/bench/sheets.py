"""Contact sheets of cut-out figures and quieter backgrounds, for a person to look at."""

from importlib import import_module
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, ImageOps

from infra.local.bench.pictures import painted
from shared.adapters.cutting_out import Masks
from shared.adapters.picture_finisher import PillowFinisher
from shared.domain.image import BackgroundEffect
from shared.ports import Picture, Rendition

_CELL = (168, 212)
"""Pixels, of one picture on the sheet of figures."""
_PLACE = (450, 300)
"""Pixels, of one background."""
_GAP, _MARGIN, _HEAD = 10, 40, 150
_PAPER, _INK, _SOFT = (250, 246, 238), (62, 48, 44), (141, 122, 110)
_LIGHT, _DARK, _CHEQUERS = (255, 253, 248), (22, 24, 38), ((222, 222, 222), (250, 250, 250))

_PAINTED = (
    ("a brave little girl with brown hair, in a red hood and a blue dress, with a basket", "blue"),
    ("a friendly orange fox with a green scarf, holding a glowing lantern", "green"),
    ("a wizard with a staff and long beard", "yellow"),
    ("a fairy with wings and a wand", "blue"),
    ("a black cat witch with a hat", "pink"),
    ("a princess with long blonde hair and a crown", "mint"),
)
"""Whom the simulated painter paints, and on which pastel."""
_DRAWN = (
    ("girl_with_a_wand", "gradient"),
    ("ghost", "white"),
    ("dragon", "pastel"),
    ("witch", "gradient"),
    ("robot", "pastel"),
    ("fox", "busy"),
)
"""Whom the tests draw, and on which ground."""
_PLACES = (
    "a flower meadow at sunrise with a little cottage and hills under a pink sky",
    "a quiet snowy forest on a winter night full of stars, with a path between the trees",
    "a castle on a cliff above the sea in the evening",
)


def draw_cut_outs(masks: Masks) -> Image.Image:
    """Twelve characters: as painted, and cut out on a light, a dark and a chequered ground."""
    finisher = PillowFinisher(masks)
    originals = [_painted_figure(*one, seed=3 + index) for index, one in enumerate(_PAINTED)]
    originals += [_drawn_figure(*one) for one in _DRAWN]
    columns = len(_PAINTED)
    block = 4 * (_CELL[1] + _GAP) + 46
    width = 2 * _MARGIN + columns * (_CELL[0] + _GAP) - _GAP
    sheet = _sheet(
        (width, _HEAD + 2 * block + _MARGIN - 40),
        "Characters, cut out",
        "as painted, and on a light, a dark and a chequered ground",
    )
    for index, original in enumerate(originals):
        row, column = divmod(index, columns)
        left, top = _MARGIN + column * (_CELL[0] + _GAP), _HEAD + row * block
        done = finisher.character(original)
        before = _plain(_PAPER)
        _centre(before, ImageOps.contain(_read(done.original), _CELL))
        sheet.paste(before, (left, top))
        sprite = ImageOps.contain(_read(done.processed or done.original), _inner(_CELL))
        for step, ground in enumerate((_plain(_LIGHT), _plain(_DARK), _chequered()), 1):
            _centre(ground, sprite)
            sheet.paste(ground, (left, top + step * (_CELL[1] + _GAP)))
    return sheet


def draw_backgrounds(masks: Masks) -> Image.Image:
    """Three places, each as painted, blurred and paled, with a figure standing on it."""
    finisher = PillowFinisher(masks)
    effects = (BackgroundEffect.NONE, BackgroundEffect.BLUR, BackgroundEffect.PALE)
    width = 2 * _MARGIN + len(effects) * (_PLACE[0] + _GAP) - _GAP
    height = _HEAD + 30 + len(_PLACES) * (_PLACE[1] + _GAP) + _MARGIN - _GAP
    sheet = _sheet((width, height), "Backgrounds", "as painted, blurred, paled; a figure on each")
    for row, (text, who) in enumerate(zip(_PLACES, _PAINTED, strict=False)):
        original = painted(text, 1024, seed=11 + row, ratio=(3, 2))
        done = finisher.character(_painted_figure(*who, seed=3 + row))
        sprite = _read(done.processed or done.original)
        sprite = ImageOps.contain(sprite, (_PLACE[0], round(_PLACE[1] * 0.86)))
        for column, effect in enumerate(effects):
            left, top = _MARGIN + column * (_PLACE[0] + _GAP), _HEAD + 30 + row * (_PLACE[1] + _GAP)
            if row == 0:
                _write(sheet, (left + _PLACE[0] // 2, _HEAD + 6), effect.value, 22, _INK)
            shown = finisher.background(original, effect)
            place = ImageOps.fit(_read(shown.processed or shown.original), _PLACE).convert("RGB")
            place.paste(
                sprite, (_PLACE[0] // 2 - sprite.width // 2, _PLACE[1] - sprite.height), sprite
            )
            sheet.paste(place, (left, top))
    return sheet


def _painted_figure(who: str, pastel: str, *, seed: int) -> Picture:
    text = f"full body of one single figure, {who}, centered, plain pastel {pastel} background"
    return painted(text, 1024, seed=seed, ratio=(3, 4))


def _drawn_figure(who: str, ground: str) -> Picture:
    # Drawn for the tests, which need the same known masks.
    drawings = import_module("tests.unit.drawn_characters")

    file = BytesIO()
    drawings.scene(who, ground).picture.save(file, "PNG", compress_level=1)
    return Picture(data=file.getvalue(), content_type="image/png", suffix=".png")


def _read(rendition: Rendition) -> Image.Image:
    image = Image.open(BytesIO(rendition.picture.data))
    image.load()
    return image


def _inner(size: tuple[int, int]) -> tuple[int, int]:
    return (size[0] - 8, size[1] - 8)


def _plain(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", _CELL, colour)


def _chequered() -> Image.Image:
    ground = _plain(_CHEQUERS[0])
    draw = ImageDraw.Draw(ground)
    for y in range(0, _CELL[1], 12):
        for x in range(y % 24, _CELL[0], 24):
            draw.rectangle((x, y, x + 11, y + 11), fill=_CHEQUERS[1])
    return ground


def _centre(ground: Image.Image, sprite: Image.Image) -> None:
    corner = ((ground.width - sprite.width) // 2, (ground.height - sprite.height) // 2)
    ground.paste(sprite, corner, sprite.convert("RGBA"))


def _sheet(size: tuple[int, int], title: str, about: str) -> Image.Image:
    sheet = Image.new("RGB", size, _PAPER)
    _write(sheet, (size[0] // 2, 62), title, 46, _INK)
    _write(sheet, (size[0] // 2, 110), about, 22, _SOFT)
    return sheet


def _write(
    sheet: Image.Image, middle: tuple[int, int], text: str, size: int, ink: tuple[int, int, int]
) -> None:
    font = ImageFont.load_default(size)
    ImageDraw.Draw(sheet).text(middle, text, fill=ink, font=font, anchor="mm")
