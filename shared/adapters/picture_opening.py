"""Pictures opened without trusting them, and laid on white.

Importing this module imports Pillow.
"""

import math
from contextlib import suppress
from io import BytesIO

from PIL import (
    Image,
    ImageFile,
    ImageOps,
    WebPImagePlugin,  # noqa: F401 - named, or Pillow would import all its plugins to find it
)

from shared.adapters.picture_formats import picture_of
from shared.ports import PictureRejected

LEAST_SIDE = 32
"""Pixels; below it there is nothing to recognise."""
WEBP_SHARE = 3
"""WebP gets a third of the pixels: decoding holds 16 bytes of each, PNG 4 (measured at 40
million: 631 and 168 MB). JPEG is decoded at a reduced size."""

MOST_SCANS = 100
"""Of a JPEG, its thumbnails' included; encoders write ten or so. Each goes over the whole picture,
and 40 bytes suffice for one: 6 MiB of them would keep a processor busy for a quarter of an hour."""

_SCAN = b"\xff\xda"
"""How a scan begins; no data inside of one looks like that."""
_BAND = 64
"""Rows that are laid on white at a time, so that a large picture is never held twice."""


def opened(data: bytes, *, most_bytes: int, most_pixels: int, enough: int) -> Image.Image:
    """The picture, decoded and turned upright.

    `enough` pixels a side will do: a JPEG may be decoded at a half, a quarter or an eighth of its
    size as long as neither side gets shorter than that.

    Raises `PictureRejected` (`wrong_format`, `picture_too_large`, `picture_too_small`,
    `animated_picture`, `broken_picture`), and nothing else whatever the bytes are.
    """
    if len(data) > most_bytes:
        raise PictureRejected(
            "picture_too_large",
            f"The picture has more than {most_bytes / 2**20:.3g} MiB; send a smaller one.",
        )
    if picture_of(data) is None:
        raise PictureRejected("wrong_format", "Send the picture as PNG, JPEG or WebP.")
    if data.startswith(b"\xff\xd8") and data.count(_SCAN) > MOST_SCANS:
        raise _broken()
    # Whoever turned it on in this process would have half pictures pass.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        image = Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP"))
        _check(image, most_pixels)
        image.draft(None, (enough, enough))
        image.load()
    except PictureRejected:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many(most_pixels) from error
    except Exception as error:
        # Its decoders raise OSError, SyntaxError, ValueError, struct.error, EOFError and more.
        raise _broken() from error
    return _upright(image)


def _check(image: Image.Image, most_pixels: int) -> None:
    width, height = image.size
    most = most_pixels // WEBP_SHARE if image.format == "WEBP" else most_pixels
    if width * height > most:
        raise _too_many(most)
    if min(width, height) < LEAST_SIDE:
        raise PictureRejected(
            "picture_too_small", f"Send a picture of at least {LEAST_SIDE} pixels a side."
        )
    # A phone's photo may carry a second one for depth or brightness (MPO): that is no animation.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise PictureRejected("animated_picture", "Send a still picture, not an animation.")


def _broken() -> PictureRejected:
    return PictureRejected(
        "broken_picture", "The picture is damaged or incomplete; save it anew and send that."
    )


def _too_many(most_pixels: int) -> PictureRejected:
    return PictureRejected(
        "picture_too_large",
        f"The picture has more than {most_pixels // 1_000_000} million pixels; send a smaller one.",
    )


def _upright(image: Image.Image) -> Image.Image:
    # Broken metadata is no reason to refuse a good picture.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)  # else it copies even what is upright
    return image


def flattened(image: Image.Image, most_side: int) -> Image.Image:
    """The picture as RGB on white, without metadata, its longer side below 2 x `most_side` pixels.

    It is made smaller by whole factors only, which is quick; 1 if it is not longer than that.
    """
    factor = max(1, max(image.size) // most_side)
    width, height = image.size
    size = (math.ceil(width / factor), math.ceil(height / factor))
    flat = Image.new("RGB", size)
    for top in range(0, height, _BAND * factor):
        band = image.crop((0, top, width, min(height, top + _BAND * factor)))
        rgb = _on_white(band)
        flat.paste(rgb.reduce(factor) if factor > 1 else rgb, (0, top // factor))
    return flat


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits of grey: `convert` alone would cut off what is above 255.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")
