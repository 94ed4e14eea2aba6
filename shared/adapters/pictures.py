"""Pictures: fetched by links (the painter's expire), kept in our bucket."""

import os
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

import requests
from google.api_core import exceptions as google_errors
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError

from shared.adapters.download import Rules, download
from shared.adapters.picture_formats import MOST_BYTES, picture_of
from shared.ports import Picture, PictureRejected, PictureUnavailable

if TYPE_CHECKING:
    import google.cloud.storage as storage

CALL_SECONDS = 30.0
"""Of one upload or download, its retries included."""

_OF_THE_PAINTER = Rules(
    schemes=("https", "http"), ports=None, is_allowed=lambda _: True, total_seconds=60.0
)


_FAULTS = (google_errors.GoogleAPIError, GoogleAuthError, requests.RequestException)


class HttpPictureSource:
    """`shared.ports.PictureSource` over HTTP.

    With `hosts`, for links that clients send: only such hosts, https, public addresses; see
    `shared.adapters.download`. Without, for the painter's own links: any host, http as well, and
    whatever goes wrong is `PictureUnavailable`, for the painter may come up with another link.
    """

    def __init__(self, hosts: tuple[str, ...] | None = None, *, rules: Rules | None = None) -> None:
        """`hosts`: exact names, or `.example.org` for those below it. `rules`: all the others."""
        self._strict = hosts is not None
        self._rules = replace(
            rules or (Rules() if self._strict else _OF_THE_PAINTER),
            hosts=hosts and tuple(host.lower() for host in hosts),
        )

    def fetch(self, url: str) -> Picture:  # noqa: D102 - see the port
        try:
            picture = picture_of(download(url, self._rules))
            if picture is None:
                raise PictureRejected(
                    "wrong_format", "What the link answers is no PNG, JPEG or WebP picture."
                )
        except PictureRejected as error:
            if self._strict:
                raise
            raise PictureUnavailable(error.detail) from error
        return picture


class BucketPictureStore:
    """`shared.ports.PictureStore` over the official Cloud Storage client."""

    def __init__(
        self, project: str, bucket: str, public_url: str, call_seconds: float = CALL_SECONDS
    ) -> None:
        self._call_seconds = call_seconds
        self._project = project
        self._bucket = bucket
        self._public_url = public_url.replace("{bucket}", bucket).rstrip("/")

    @cached_property
    def _client(self) -> "storage.Client":
        # Imported here: it takes a third of a second that the other functions need not spend.
        import google.cloud.storage as storage

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

    def put(self, name: str, picture: Picture) -> str:  # noqa: D102
        full_name = name + picture.suffix
        blob = self._client.bucket(self._bucket).blob(full_name)
        blob.cache_control = "public, max-age=31536000, immutable"
        try:
            blob.upload_from_string(
                picture.data,
                content_type=picture.content_type,
                if_generation_match=0,
                timeout=self._call_seconds,
                retry=self._retry,
            )
        except google_errors.PreconditionFailed:
            pass  # an earlier try stored it: names are unique to a generation
        except _FAULTS as error:
            raise PictureUnavailable(f"the bucket failed ({type(error).__name__})") from error
        return f"{self._public_url}/{quote(full_name)}"

    def read(self, name: str) -> Picture:  # noqa: D102
        blob = self._client.bucket(self._bucket).blob(name)
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
        except _FAULTS as error:
            raise PictureUnavailable(f"the bucket failed ({type(error).__name__})") from error
        if len(data) > MOST_BYTES:
            raise PictureRejected("picture_too_large", "The picture has too many bytes.")
        picture = picture_of(data)
        if picture is None:
            raise PictureRejected("not_found", "What has that name is no picture.")
        return picture
