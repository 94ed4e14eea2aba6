"""Pictures: where they come from, where they are kept, and what has to be done with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.image import BackgroundEffect


class PictureUnavailable(Exception):
    """A picture could not be fetched or stored this time: try again later."""


class PictureRejected(Exception):
    """A picture that somebody sent or named can't be taken; trying again is pointless.

    `code` is stable and machine-readable; `detail` is a sentence that says what to do.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture's bytes, and what they are."""

    data: bytes
    content_type: str
    suffix: str
    """Of a file that holds it, with the dot."""


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """A picture whose size is known."""

    picture: Picture
    width: int
    """Pixels, as is the height."""
    height: int


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What became of the painter's picture: what clients show, and a small preview of that."""

    original: Rendition
    """As the painter made it, byte for byte."""
    processed: Rendition | None
    """Cut out, blurred or paled; None if the original is to be shown as it is."""
    preview: Rendition
    """WebP of what is shown, its longer side at most 512 pixels."""
    warnings: tuple[str, ...] = ()
    """Stable codes of what did not go as wished: `no_figure`, `no_ground`."""


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object in the bucket, as it was found."""

    name: str
    version: object
    """Another one that is stored under the same name later has another."""


class PictureFinisher(Protocol):
    """Turns the painter's pictures into what story pages and block coding need."""

    def character(self, original: Picture) -> Finished:
        """Cut the figure out: PNG with alpha, cropped to the figure with a margin.

        Raises `PictureRejected` if the picture can't be opened or is too large.
        """

    def background(self, original: Picture, effect: BackgroundEffect) -> Finished:
        """Blur or pale it, so that a figure stands out on it. Raises `PictureRejected`."""


class PictureSource(Protocol):
    """Where pictures are fetched from, by link."""

    def fetch(self, url: str) -> Picture:
        """The picture behind a link.

        Raises `PictureRejected` if the link must not be followed or holds no acceptable picture,
        `PictureUnavailable` if it can't be fetched now.
        """


class PictureStore(Protocol):
    """The bucket, or what stands in for it."""

    def put(self, name: str, picture: Picture, expire_at: datetime) -> str:
        """Store the picture under its full name and answer the URL at which clients get it.

        It goes within a day or two of `expire_at`, as its book does: whoever wanted it deleted
        later would find no document that tells of it. Storing under a name that is taken changes
        nothing and answers the same URL. Raises `PictureUnavailable`.
        """

    def read(self, name: str) -> Picture:
        """The object of that full name, suffix included.

        Raises `PictureRejected` ("not_found") if there is none or it is no picture,
        `PictureUnavailable`.
        """

    def ping(self, seconds: float) -> None:
        """Find out within so many seconds whether it answers at all.

        Raises `PictureUnavailable`.
        """

    def find(self, beginning: str) -> list[StoredObject]:
        """Every object whose name begins like that. Raises `PictureUnavailable`."""

    def remove(self, found: Iterable[StoredObject]) -> None:
        """Remove those, as they were found; what is gone, or was stored anew, is left alone.

        Raises `PictureUnavailable`.
        """


class PictureTools(Protocol):
    """What has to be done with pictures' pixels."""

    def drawing(self, data: bytes) -> Picture:
        """A child's drawing as the painter can use it: PNG, upright, on white, cropped, scaled.

        Raises `PictureRejected` for anything that is no acceptable picture.
        """

    def previews(self, grid: Picture) -> list[Rendition]:
        """The four pictures of a grid, in the painter's order. Raises `PictureRejected`."""

    def nearest(self, grid: Picture, model: Picture) -> int:
        """Which of a grid's four, 1..4, has colours nearest to the model's.

        Raises `PictureRejected`.
        """
