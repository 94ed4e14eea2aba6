"""A child's drawing, as a client sends it, becomes an object in our bucket that can be painted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.log import log
from shared.ports import Picture, PictureRejected, PictureUnavailable, StoreError
from shared.usecases.refusals import DrawingRefused, DrawingUnavailable
from shared.usecases.services import Services

UPLOADS = "uploads"
"""Where in the bucket clients put drawings of their own: `uploads/{ownerUid}/...`."""
DRAWINGS_WITHIN = timedelta(seconds=30)
"""For all of a request's drawings; what has begun by then is still taken."""


@dataclass(frozen=True, kw_only=True)
class DrawingData:
    """A drawing that came with the request."""

    data: bytes


@dataclass(frozen=True, kw_only=True)
class DrawingLink:
    """A drawing behind an https link."""

    url: str


@dataclass(frozen=True, kw_only=True)
class DrawingObject:
    """A drawing that the client has put into our bucket."""

    name: str


Drawing = DrawingData | DrawingLink | DrawingObject


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """A drawing, and what the client calls it."""

    drawing: Drawing
    where: str
    """A JSON pointer, for an error about it."""


class Drawings:
    """A request's drawings: taken in once, and removed again if no book comes of it.

    Each request stores its own under names that nobody else has, so what one that failed takes
    back is never another's, such as the same request's that was sent again meanwhile.
    """

    def __init__(
        self, services: Services, owner_uid: str, sketches: Sequence[Sketch | None]
    ) -> None:
        """`sketches`: of each image of the book in turn; None: it has none."""
        self._services = services
        self._owner_uid = owner_uid
        self._sketches = sketches
        self._names: list[str | None] | None = None
        self._job_id = ""
        self._put: list[str] = []

    def take(self, job_id: str) -> list[str | None]:
        """Open, clean and store them one after another in bounded time, unless that was done.

        Answers the names of their objects. Raises `DrawingRefused`, `DrawingUnavailable`.
        """
        if self._names is None:
            self._job_id = job_id
            last = self._services.clock() + DRAWINGS_WITHIN
            self._names = [self._taken(sketch, last) for sketch in self._sketches]
        return self._names

    def take_back(self) -> None:
        """Remove them: nobody would ever find them, neither to paint nor to delete them.

        A book that holds them keeps them: its commit may have been done, and the answer lost.
        """
        if not self._put:
            return
        store, pictures = self._services.store, self._services.picture_store
        try:
            held = {image.value.drawing for image in store.images_of(self._job_id)}
            for name in self._put:
                if name not in held:
                    pictures.remove(pictures.find(name))
        except (StoreError, PictureUnavailable) as error:
            log("WARNING", "drawings without a book were not removed", why=type(error).__name__)

    def _taken(self, sketch: Sketch | None, last: datetime) -> str | None:
        if sketch is None:
            return None
        services, where = self._services, sketch.where
        if services.clock() > last:
            raise DrawingUnavailable(where)
        try:
            data = _bytes(services, self._owner_uid, sketch.drawing)
            picture = services.picture_tools.drawing(data)
            name = f"{self._job_id}-drawing-{services.new_nonce()}{picture.suffix}"
            self._put.append(name)  # before: what seems to fail may have been done
            expire_at = services.clock() + services.job_lifetime  # with its book, or just before
            services.picture_store.put(name, picture, expire_at)
        except PictureRejected as rejected:
            raise DrawingRefused(rejected.code, rejected.detail, where) from rejected
        except PictureUnavailable as unavailable:
            raise DrawingUnavailable(where) from unavailable
        return name


def _bytes(services: Services, owner_uid: str, drawing: Drawing) -> bytes:
    match drawing:
        case DrawingData():
            return drawing.data
        case DrawingLink():
            return services.drawing_source.fetch(drawing.url).data
        case DrawingObject():
            return _own_object(services, owner_uid, drawing.name).data


def uploads_of(owner_uid: str) -> str:
    """What the names of an owner's own uploads begin with."""
    # A uid with a slash must not be a folder of somebody else's.
    return f"{UPLOADS}/{owner_uid.replace('%', '%25').replace('/', '%2F')}/"


def _own_object(services: Services, owner_uid: str, name: str) -> Picture:
    folder = uploads_of(owner_uid)
    if not name.startswith(folder):
        detail = f"Only objects below {folder} can be used. Upload the drawing there."
        raise PictureRejected("link_not_allowed", detail)
    return services.picture_store.read(name)
