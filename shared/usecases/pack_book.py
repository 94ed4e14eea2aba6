"""A whole book as one archive: the pictures that clients are shown, by readable names."""

import io
import itertools
import zipfile
from collections.abc import Iterator, Set
from datetime import datetime

from shared.domain.file_names import file_stem
from shared.domain.image import Image
from shared.domain.job import Book
from shared.ports import Picture, PictureRejected
from shared.usecases.read_book import NO_CLASSES, read_book
from shared.usecases.refusals import NoPictures
from shared.usecases.services import Services


def pack_book(
    services: Services, reader_uid: str, job_id: str, teaches: Set[str] = NO_CLASSES
) -> Iterator[bytes]:
    """The book's pictures as a ZIP archive, piece by piece, never more than a picture in memory.

    Pictures that are not there are left out; one that stands in for a failed one is not the
    book's. The first is read before anything is answered, so that a bucket out of reach is an
    error and not half an archive. Raises `JobNotFound`, `NoPictures`, `PictureUnavailable`,
    `StoreUnavailable`; later pieces raise `PictureUnavailable`.
    """
    book = read_book(services, reader_uid, job_id, teaches)
    found = _pictures(services, book)
    first = next(found, None)
    if first is None:
        raise NoPictures(job_id)
    return _archive(first, found, book.job.created_at)


def _pictures(services: Services, book: Book) -> Iterator[tuple[str, Picture]]:
    for number, image in enumerate(book.images, start=1):
        name = _shown_object(image)
        if name is None:
            continue
        try:
            picture = services.picture_store.read(name)
        except PictureRejected:  # deleted from the bucket meanwhile
            continue
        yield file_stem(number, image.name) + picture.suffix, picture


def _shown_object(image: Image) -> str | None:
    """The name of the object behind `image_url`."""
    if not image.has_picture:
        return None
    names = (v.name for v in image.variants.values() if v.url == image.image_url)
    return next(names, None)


def _archive(
    first: tuple[str, Picture], rest: Iterator[tuple[str, Picture]], at: datetime
) -> Iterator[bytes]:
    written = _Pieces()
    with zipfile.ZipFile(written, "w") as archive:
        for name, picture in itertools.chain([first], rest):
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            archive.writestr(entry, picture.data, zipfile.ZIP_DEFLATED, compresslevel=1)
            yield written.taken()
    yield written.taken()


class _Pieces(io.RawIOBase):
    """What has been written since it was last taken; `zipfile` sees a stream it can't seek in."""

    def __init__(self) -> None:
        self._data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._data += piece
        return len(piece)

    def taken(self) -> bytes:
        data, self._data = bytes(self._data), bytearray()
        return data
