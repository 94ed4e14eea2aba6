"""A child's drawing, as a client sends it, becomes an object in our bucket that can be painted."""

import hashlib
from dataclasses import dataclass

from shared.ports import Picture, PictureRejected, PictureUnavailable
from shared.usecases.refusals import DrawingRefused, DrawingUnavailable
from shared.usecases.services import Services

UPLOADS = "uploads"
"""Where in the bucket clients put drawings of their own: `uploads/{ownerUid}/...`."""


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


def take_drawing(services: Services, owner_uid: str, job_id: str, sketch: Sketch) -> str:
    """Open, clean and store a drawing; answers the name of its object.

    The name follows from the drawing, so that the same request stores it once. Raises
    `DrawingRefused`, `DrawingUnavailable`.
    """
    where = sketch.where
    try:
        picture = services.picture_tools.drawing(_bytes(services, owner_uid, sketch.drawing))
        digest = hashlib.sha256(picture.data).hexdigest()[:32]
        name = f"{job_id}-drawing-{digest}{picture.suffix}"
        services.picture_store.put(name, picture)
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
