"""The painter's pictures made ready for story pages and block coding.

Pillow is imported on first use, numpy and scipy with the first character.
"""

from typing import TYPE_CHECKING

from shared.adapters.picture_formats import MOST_BYTES, picture_of
from shared.domain.image import BackgroundEffect
from shared.ports import Finished, Picture, PictureRejected, Rendition

if TYPE_CHECKING:
    from PIL import Image

    from shared.adapters.cutting_out import Masks

MOST_PIXELS = 20_000_000
"""MidJourney's largest upscale has 4096 x 4096."""
MOST_SIDE = 2048
"""Pixels of a processed picture's longer side: a page needs no more, the original has them all."""
BLUR = 0.008
"""Of the longer side, the blur's radius: the place stays known, no detail catches the eye."""
PALE = 0.5
"""How dense the white veil is, of 1."""


class PillowFinisher:
    """`shared.ports.PictureFinisher`. Safe to share between threads.

    `masks` tells a figure from its ground; without it characters stay as they are. `blur` is the
    radius as a share of the longer side, `pale` the white veil's density (0 to 1), `most_bytes` and
    `most_pixels` are what a picture may have.
    """

    def __init__(
        self,
        masks: "Masks | None",
        *,
        blur: float = BLUR,
        pale: float = PALE,
        most_bytes: int = MOST_BYTES,
        most_pixels: int = MOST_PIXELS,
    ) -> None:
        if not 0 <= pale <= 1 or not 0 <= blur <= 1:
            raise ValueError("Blur and pale are shares between 0 and 1.")
        self._masks = masks
        self._blur = blur
        self._pale = pale
        self._most_bytes = most_bytes
        self._most_pixels = most_pixels

    def character(self, original: Picture) -> Finished:
        """The figure cut out: PNG with alpha, with a margin of 3 %, its longer side at most 2048.

        `warnings` holds `no_figure` or `no_ground`, and nothing is processed, if the figure can't
        be told from its ground. The same bytes in give the same bytes out.

        Raises `PictureRejected`: `wrong_format`, `picture_too_large`, `picture_too_small`,
        `animated_picture`, `broken_picture`.
        """
        from shared.adapters.picture_saving import preview, saved

        source, picture = self._opened(original)
        if self._masks is None:
            return Finished(original=source, processed=None, preview=preview(picture))
        from shared.adapters.cutting_out import cut_out

        cut = cut_out(picture, self._masks)
        if cut.image is None:
            warnings = (cut.warning,) if cut.warning else ()
            return Finished(
                original=source, processed=None, preview=preview(picture), warnings=warnings
            )
        processed = saved(cut.image, "PNG", compress_level=3)
        return Finished(original=source, processed=processed, preview=preview(cut.image))

    def background(self, original: Picture, effect: BackgroundEffect) -> Finished:
        """A place blurred or paled: JPEG, its longer side at most 2048 pixels.

        JPEG, as there is no transparency: it takes a tenth of PNG's bytes and time, and every page
        and every block-coding environment shows it, which is not true of WebP.
        Raises `PictureRejected` as `character` does.
        """
        from shared.adapters.picture_saving import preview, saved

        source, picture = self._opened(original)
        if effect is BackgroundEffect.NONE:
            return Finished(original=source, processed=None, preview=preview(picture))
        effects = {BackgroundEffect.BLUR: self._blurred, BackgroundEffect.PALE: self._paled}
        shown = effects[effect](picture)
        # Without the usual halving of the colours' resolution: soft skies show bands otherwise.
        processed = saved(shown, "JPEG", quality=92, subsampling=0)
        return Finished(original=source, processed=processed, preview=preview(shown))

    def _opened(self, original: Picture) -> "tuple[Rendition, Image.Image]":
        """The original with its size, and its pixels: RGB, no side longer than 2048."""
        from shared.adapters.picture_opening import WEBP_SHARE, flattened, opened
        from shared.adapters.picture_saving import within

        known = picture_of(original.data)
        webp = known is not None and known.suffix == ".webp"
        image = opened(
            original.data,
            most_bytes=self._most_bytes,
            # Its limit is for functions of 512 MiB; here is room for a WebP of the largest size.
            most_pixels=self._most_pixels * (WEBP_SHARE if webp else 1),
            enough=self._most_pixels,  # never reduced: the original's own size is told
        )
        source = Rendition(picture=original, width=image.width, height=image.height)
        try:
            flat = flattened(image, MOST_SIDE)
        except Exception as error:
            raise PictureRejected(
                "broken_picture", "The picture's pixels can't be read; have it painted again."
            ) from error
        return source, within(flat, MOST_SIDE)

    def _blurred(self, picture: "Image.Image") -> "Image.Image":
        from PIL import ImageFilter

        return picture.filter(ImageFilter.GaussianBlur(self._blur * max(picture.size)))

    def _paled(self, picture: "Image.Image") -> "Image.Image":
        veil = self._pale
        return picture.point(lambda value: value + (255 - value) * veil)
