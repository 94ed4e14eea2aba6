"""What is done with pictures' pixels, by Pillow.

Pillow is imported on first use: most functions never touch a pixel.
"""

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from shared.adapters.picture_formats import MOST_BYTES, MOST_DRAWING_BYTES
from shared.ports import Picture, PictureRejected, Rendition

if TYPE_CHECKING:
    from PIL import Image

    from shared.adapters.picture_colours import Signature

MOST_PIXELS = 40_000_000
DRAWING_SIDES = (512, 1024)
"""Pixels, shortest and longest, of a drawing's longer side as the painter gets it."""
KEPT_SIGNATURES = 32
"""Of models, each 4 KiB: a book has one model, and a process serves several books."""

_WORKING_SIDE = 2048
"""Pixels: what a drawing is shrunken to before it is cropped."""


class PillowTools:
    """`shared.ports.PictureTools` over Pillow. Safe to share between threads."""

    def __init__(
        self, most_drawing_bytes: int = MOST_DRAWING_BYTES, *, most_pixels: int = MOST_PIXELS
    ) -> None:
        self._most_drawing_bytes = most_drawing_bytes
        self._most_pixels = most_pixels
        self._signatures: OrderedDict[bytes, Signature] = OrderedDict()
        self._lock = threading.Lock()
        self._decoding = threading.Lock()

    def drawing(self, data: bytes) -> Picture:
        """A child's drawing as the painter can use it: an RGB PNG without any metadata.

        Upright, laid on white, cropped to what is drawn if its ground is plain, its longer side
        512 to 1024 pixels. The same bytes in give the same bytes out.

        Raises `PictureRejected`: `wrong_format`, `picture_too_large`, `picture_too_small`,
        `animated_picture`, `broken_picture`, `empty_drawing`.
        """
        from shared.adapters.picture_cropping import drawn_box
        from shared.adapters.picture_saving import saved

        flat = self._flat(data, self._most_drawing_bytes, _WORKING_SIDE)
        box = drawn_box(flat)
        if box is None:
            raise PictureRejected(
                "empty_drawing",
                "Nothing is drawn in the picture; draw something, or darker, and send it again.",
            )
        return saved(_scaled(flat.crop(box)), "PNG", compress_level=3).picture

    def previews(self, grid: Picture) -> list[Rendition]:
        """The four pictures of a grid as WebP, in the painter's order (row by row).

        Their longer side has at most 512 pixels. Raises `PictureRejected`.
        """
        from shared.adapters.picture_saving import PREVIEW_SIDE, preview

        flat = self._flat(grid.data, MOST_BYTES, 4 * PREVIEW_SIDE)
        return [preview(flat.crop(box)) for box in _quarters(flat.size)]

    def nearest(self, grid: Picture, model: Picture) -> int:
        """Which of a grid's four, 1..4, has colours nearest to the model's.

        Each picture becomes an RGB histogram of 8 x 8 x 8 bins over a copy of 128 x 128 pixels.
        Its ground is left out if it is plain (most of the border has one colour): the pastel that
        a character stands on is not the character's. Colours are spread over neighbouring bins,
        so that a little more light moves little. The greatest histogram intersection wins, the
        first of equals. It sees colours, neither faces nor shapes: see the design note on
        choosing one of the four.

        Raises `PictureRejected`.
        """
        from shared.adapters.picture_colours import SIDE, likeness, signature

        wanted = self._signature_of(model)
        flat = self._flat(grid.data, MOST_BYTES, 2 * SIDE)
        found = [likeness(signature(flat, box), wanted) for box in _quarters(flat.size)]
        return found.index(max(found)) + 1

    def _signature_of(self, model: Picture) -> "Signature":
        from shared.adapters.picture_colours import SIDE, signature

        digest = hashlib.sha256(model.data).digest()
        with self._lock:
            if digest in self._signatures:
                self._signatures.move_to_end(digest)
                return self._signatures[digest]
        computed = signature(self._flat(model.data, MOST_BYTES, SIDE))
        with self._lock:
            self._signatures[digest] = computed
            if len(self._signatures) > KEPT_SIGNATURES:
                self._signatures.popitem(last=False)
        return computed

    def _flat(self, data: bytes, most_bytes: int, side: int) -> "Image.Image":
        """The picture as RGB on white, not much larger than `side` pixels if it was."""
        from shared.adapters.picture_opening import flattened, opened

        # One at a time: a few kilobytes can unpack to 160 MB, and an instance has many calls.
        with self._decoding:
            image = opened(data, most_bytes=most_bytes, most_pixels=self._most_pixels, enough=side)
            return flattened(image, side)


def _quarters(size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """The boxes of the four; an odd last column or row belongs to none."""
    width, height = size[0] // 2, size[1] // 2
    return [
        (left, upper, left + width, upper + height) for upper in (0, height) for left in (0, width)
    ]


def _scaled(image: "Image.Image") -> "Image.Image":
    from PIL import Image

    from shared.adapters.picture_opening import LEAST_SIDE

    longer = max(image.size)
    least, most = DRAWING_SIDES
    factor = min(max(longer, least), most) / longer
    size = (round(image.width * factor), round(image.height * factor))
    if min(size) < LEAST_SIDE:
        raise PictureRejected(
            "picture_too_small", "The picture is too narrow; send one that is less of a strip."
        )
    return image.resize(size, Image.Resampling.LANCZOS) if factor != 1 else image
