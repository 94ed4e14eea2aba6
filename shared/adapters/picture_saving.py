"""Pictures written as files, and the small ones that clients see of them.

Importing this module imports Pillow.
"""

from io import BytesIO

from PIL import Image

from shared.adapters.picture_formats import picture_of
from shared.ports import Rendition

PREVIEW_SIDE = 512
"""Pixels of a preview's longer side, at most."""


def saved(image: Image.Image, form: str, **options: int) -> Rendition:
    """The image as a file: PNG, JPEG or WEBP, with Pillow's options for that."""
    file = BytesIO()
    image.save(file, form, **options)
    picture = picture_of(file.getvalue())
    assert picture is not None  # noqa: S101 - we have just written it
    return Rendition(picture=picture, width=image.width, height=image.height)


def preview(image: Image.Image) -> Rendition:
    """The image small, as WebP."""
    return saved(within(image, PREVIEW_SIDE), "WEBP", quality=82, method=2, alpha_quality=80)


def within(image: Image.Image, side: int) -> Image.Image:
    """The image, made smaller if its longer side has more pixels than that."""
    factor = side / max(image.size)
    if factor >= 1:
        return image
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
