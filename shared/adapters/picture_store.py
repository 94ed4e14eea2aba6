"""Pictures kept in our bucket, in Cloud Storage."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from google.api_core import exceptions as google_errors
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError

from shared.adapters.picture_formats import MOST_BYTES, picture_of
from shared.ports import Picture, PictureRejected, PictureUnavailable, StoredObject
from shared.tracing import span

if TYPE_CHECKING:
    import google.cloud.storage as storage

CALL_SECONDS = 30.0
"""Of one upload or download, its retries included."""

REMOVED_AT_ONCE = 8
"""Objects, each in a call of its own, of some 50 ms; the client keeps ten connections."""

TOKEN_FIELD = "firebaseStorageDownloadTokens"  # noqa: S105 - the name of a field
"""Metadata that lets whoever has the token read an object of a private bucket through Firebase
(https://firebase.google.com/docs/storage/web/download-files; `getDownloadURL` reads it)."""


def download_token(name: str) -> str:
    """The token of an object, the same for every try; as hard to guess as its name.

    Without hyphens: a part of it must not be one of the proxy's banned words ("dead").
    """
    return hashlib.sha256(f"token of {name}".encode()).hexdigest()[:32]


_FAULTS = (google_errors.GoogleAPIError, GoogleAuthError, requests.RequestException)


class BucketPictureStore:
    """`shared.ports.PictureStore` over the official Cloud Storage client."""

    def __init__(
        self, project: str, bucket: str, link: str, call_seconds: float = CALL_SECONDS
    ) -> None:
        """`link` is how clients get at an object: `{bucket}`, `{name}`, `{token}` are filled in."""
        self._call_seconds = call_seconds
        self._project = project
        self._bucket = bucket
        self._link = link.replace("{bucket}", bucket)

    @cached_property
    def _client(self) -> "storage.Client":
        # Imported here: it takes a third of a second that the other functions need not spend.
        import google.cloud.storage as storage

        # Else a thread asks what the bucket is like, for traces that it does not make, with a
        # right that we have not been given, and tries again for minutes.
        os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
        if os.environ.get("STORAGE_EMULATOR_HOST"):
            return storage.Client(project=self._project, credentials=AnonymousCredentials())
        return storage.Client(project=self._project)

    @cached_property
    def _retry(self) -> Retry:
        # The library's own list of what passes: a fault in the middle of a transfer comes as
        # one of half a dozen unrelated exceptions.
        from google.cloud.storage.retry import DEFAULT_RETRY

        retry: Retry = DEFAULT_RETRY.with_timeout(self._call_seconds).with_delay(0.1, 2.0)
        return retry

    def put(self, name: str, picture: Picture, expire_at: datetime) -> str:  # noqa: D102
        token = download_token(name)
        blob = self._client.bucket(self._bucket).blob(name)
        blob.custom_time = expire_at  # by which infra/bucket-lifecycle.json takes it
        blob.cache_control = "public, max-age=31536000, immutable"
        blob.metadata = {TOKEN_FIELD: token}
        # If an earlier try stored it: names are unique to a generation.
        stored = suppress(google_errors.PreconditionFailed)
        with _at_the_boundary(), stored, span("put picture"):
            blob.upload_from_string(
                picture.data,
                content_type=picture.content_type,
                if_generation_match=0,
                timeout=self._call_seconds,
                retry=self._retry,
            )
        return self._link.replace("{name}", quote(name, safe="")).replace("{token}", token)

    def ping(self, seconds: float) -> None:  # noqa: D102
        # Half for the connection, half for the answer.
        within = (seconds / 2, seconds / 2)
        with _at_the_boundary():
            list(self._client.list_blobs(self._bucket, max_results=1, timeout=within, retry=None))

    def read(self, name: str) -> Picture:  # noqa: D102
        blob = self._client.bucket(self._bucket).blob(name)
        with _at_the_boundary():
            try:
                data = blob.download_as_bytes(
                    end=MOST_BYTES,  # inclusive: a byte too many tells that there are too many
                    raw_download=True,
                    checksum=None,  # there is none of a part
                    timeout=self._call_seconds,
                    retry=self._retry,
                )
            except (google_errors.NotFound, google_errors.RequestRangeNotSatisfiable) as error:
                # No such object, or one without a single byte.
                raise PictureRejected("not_found", "There is no such picture.") from error
        if len(data) > MOST_BYTES:
            raise PictureRejected("picture_too_large", "The picture has too many bytes.")
        picture = picture_of(data)
        if picture is None:
            raise PictureRejected("not_found", "What has that name is no picture.")
        return picture

    def find(self, beginning: str) -> list[StoredObject]:  # noqa: D102
        call: dict[str, Any] = {"timeout": self._call_seconds, "retry": self._retry}
        with _at_the_boundary():
            found = list(self._client.list_blobs(self._bucket, prefix=beginning, **call))
        return [StoredObject(name=blob.name, version=blob.generation) for blob in found]

    def remove(self, found: Iterable[StoredObject]) -> None:  # noqa: D102
        bucket = self._client.bucket(self._bucket)
        call: dict[str, Any] = {"timeout": self._call_seconds, "retry": self._retry}
        with _at_the_boundary(), ThreadPoolExecutor(REMOVED_AT_ONCE) as threads:
            list(threads.map(lambda one: _remove(bucket, one, call), found))


@contextmanager
def _at_the_boundary() -> Iterator[None]:
    """Turn the client library's errors, and those of what it uses, into ours."""
    try:
        yield
    except _FAULTS as error:
        raise PictureUnavailable(f"the bucket failed ({type(error).__name__})") from error


def _remove(bucket: "storage.Bucket", found: StoredObject, call: dict[str, Any]) -> None:
    with suppress(google_errors.NotFound, google_errors.PreconditionFailed):
        bucket.blob(found.name).delete(if_generation_match=found.version, **call)
