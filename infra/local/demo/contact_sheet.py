"""A book's pictures on one sheet: title, rows of equal height, a caption under each picture."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from PIL.ImageFont import FreeTypeFont

WIDTH = 1600
"""Pixels; the height follows from the pictures."""

MARGIN, GAP = 90, 44
_HIGHEST_ROW = 640
_ROW_ASPECTS = 4.0
_CAPTION, _TITLE_ROOM, _FOOTER_ROOM = 92, 190, 64
_RADIUS, _SHADOW = 18, 14
_PAPER, _CARD, _INK, _SOFT = (250, 245, 236), (255, 253, 248), (62, 48, 44), (141, 122, 110)
_SHADOW_INK = (94, 72, 52)
_MISSING = "\U0010ffff"

_FONTS = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf"),
    *("NotoSansCJK-Regular.ttc", "NotoSansKR-Regular.otf", "NanumGothic.ttf"),
    *("AppleSDGothicNeo.ttc", "malgun.ttf", "msyh.ttc", "YuGothM.ttc"),
    *("NotoSansThai-Regular.ttf", "NotoSansDevanagari-Regular.ttf", "NotoSansHebrew-Regular.ttf"),
)
"""Fonts of common systems, tried in this order for letters that Pillow's own font lacks."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One picture with its caption."""

    picture: Image.Image
    name: str
    about: str
    """A second, smaller line, in English."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a picture goes, in pixels from the sheet's top left corner."""

    left: int
    top: int
    width: int
    height: int


def contact_sheet(title: str, groups: Sequence[Sequence[Card]], footer: str) -> Image.Image:
    """Return the sheet, 1600 pixels wide, in RGB. Each group begins a row of its own.

    Text in a script that no font of this machine covers is replaced by `about`; so is an empty one.
    """
    rows = [row for group in groups for row in split_rows([_aspect(card) for card in group])]
    places, height = arrange(rows)
    sheet = Image.new("RGB", (WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    centre = WIDTH // 2
    _write(draw, (centre, MARGIN + 34), readable(title, "A fairy tale"), 62, _INK)
    draw.line((centre - 70, MARGIN + 96, centre + 70, MARGIN + 96), fill=_SOFT, width=3)
    cards = [card for group in groups for card in group]
    for card, place in zip(cards, places, strict=True):
        _paste(sheet, card.picture, place)
        middle, below = place.left + place.width // 2, place.top + place.height
        name = readable(card.name, card.about)
        _write(draw, (middle, below + 36), name, 29, _INK, room=place.width)
        if name != card.about:
            _write(draw, (middle, below + 70), card.about, 20, _SOFT, room=place.width)
    _write(draw, (centre, height - MARGIN), footer, 20, _SOFT)
    return sheet


def split_rows(aspects: Sequence[float]) -> list[list[float]]:
    """Cut a group's width-to-height ratios into rows, of about the same number of pictures."""
    if not aspects:
        return []
    count = min(len(aspects), math.ceil(sum(aspects) / _ROW_ASPECTS))
    ends = [round(len(aspects) * (index + 1) / count) for index in range(count)]
    return [list(aspects[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def arrange(rows: Sequence[Sequence[float]]) -> tuple[list[Place], int]:
    """Return each picture's place, in the rows' order, and the sheet's height in pixels.

    A row fills the sheet's width, unless its pictures would then be higher than 640 pixels.
    """
    places: list[Place] = []
    inner, top = WIDTH - 2 * MARGIN, MARGIN + _TITLE_ROOM - 50
    for row in rows:
        free = inner - GAP * (len(row) - 1)
        height = min(_HIGHEST_ROW, round(free / sum(row)))
        widths = [round(aspect * height) for aspect in row]
        left = (WIDTH - sum(widths) - GAP * (len(row) - 1)) // 2
        for width in widths:
            places.append(Place(left=left, top=top, width=width, height=height))
            left += width + GAP
        top += height + _CAPTION + GAP
    return places, top + _FOOTER_ROOM + MARGIN - GAP


def readable(text: str, instead: str) -> str:
    """Return a text on one line, or `instead` if it is empty or no font here has its letters."""
    line = " ".join(text.split())
    return line if line and _font_for(line, 20) else instead


def _aspect(card: Card) -> float:
    # A panorama or a tower would squeeze its neighbours: what is beyond 1:2 and 2:1 is boxed.
    return min(2.0, max(0.5, card.picture.width / card.picture.height))


def _paste(sheet: Image.Image, picture: Image.Image, place: Place) -> None:
    """Put a picture on a card with round corners and a soft shadow; transparency shows the card."""
    size = (place.width, place.height)
    card = Image.new("RGBA", size, (*_CARD, 255))
    scale = min(place.width / picture.width, place.height / picture.height)
    fitted = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if abs(fitted[0] - place.width) <= 2 and abs(fitted[1] - place.height) <= 2:
        fitted = size  # off by rounding only: no hairline of card beside it
    shown = picture.convert("RGBA").resize(fitted, Image.Resampling.LANCZOS)
    card.alpha_composite(shown, ((size[0] - fitted[0]) // 2, (size[1] - fitted[1]) // 2))
    mask = _round_mask(size)
    room = 3 * _SHADOW  # beyond it the blur has faded
    shadow = Image.new("L", (place.width + 2 * room, place.height + 2 * room), 0)
    shadow.paste(mask.point(lambda value: value * 0.32), (room, room + _SHADOW // 2))
    blurred = shadow.filter(ImageFilter.GaussianBlur(_SHADOW))
    corner = (place.left - room, place.top - room)
    sheet.paste(Image.new("RGB", blurred.size, _SHADOW_INK), corner, blurred)
    sheet.paste(card, (place.left, place.top), mask)


def _round_mask(size: tuple[int, int]) -> Image.Image:
    large = Image.new("L", (size[0] * 2, size[1] * 2), 0)
    box = (0, 0, size[0] * 2 - 1, size[1] * 2 - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, _RADIUS * 2, fill=255)
    return large.resize(size, Image.Resampling.LANCZOS)


def _write(
    draw: ImageDraw.ImageDraw,
    middle: tuple[int, int],
    text: str,
    size: int,
    ink: tuple[int, int, int],
    room: int = WIDTH - 2 * MARGIN,
) -> None:
    """Write a line around its middle: smaller if it is too long, and cut if it still is."""
    font = _font_for(text, size) or _own_font(size)
    if font.getlength(text) > room:
        size = max(round(size * 0.75), round(size * room / font.getlength(text)))
        font = _font_for(text, size) or _own_font(size)
    if font.getlength(text) > room:
        while text and font.getlength(text + "…") > room:
            text = text[:-1]
        text = text.rstrip() + "…"
    draw.text(middle, text, fill=ink, font=font, anchor="mm")


def _font_for(text: str, size: int) -> FreeTypeFont | None:
    """Return the first font that has every letter of a text, or None."""
    for font in (_own_font(size), *_system_fonts(size)):
        if all(_covers(font, letter) for letter in set(text)):
            return font
    return None


def _covers(font: FreeTypeFont, letter: str) -> bool:
    if letter.isspace() or unicodedata.category(letter) in {"Cf", "Mn"}:
        return True
    # Pillow does not tell which letters a font has: one that it lacks looks like a missing one.
    return not _same(_shape(font, letter), _shape(font, _MISSING))


def _shape(font: FreeTypeFont, letter: str) -> Image.Image:
    canvas = Image.new("L", (font.size * 2, font.size * 2))  # type: ignore[arg-type]
    ImageDraw.Draw(canvas).text((0, 0), letter, fill=255, font=font)
    return canvas


def _same(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is None


@lru_cache(maxsize=16)
def _own_font(size: int) -> FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, FreeTypeFont):
        raise RuntimeError("This Pillow has no FreeType support; install the one from PyPI.")
    return font


@lru_cache(maxsize=16)
def _system_fonts(size: int) -> tuple[FreeTypeFont, ...]:
    found = []
    for name in _FONTS:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue  # not on this machine
    return tuple(found)
