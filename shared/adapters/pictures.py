"""Pictures: fetched from the painter's expiring links, kept in our bucket."""

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

import requests
from google.api_core import exceptions as google_errors
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials

from shared.ports import Picture, PictureUnavailable

if TYPE_CHECKING:
    import google.cloud.storage as storage

CONNECT_SECONDS, READ_SECONDS = 3.05, 20.0
UPLOAD_SECONDS = 30.0
"""Of one upload, its retries included."""
MOST_BYTES = 25 * 1024 * 1024
"""An upscaled picture of MidJourney has some 2 MiB; PNGs of the largest size stay below 16."""

_KINDS = (
    # First bytes -> content type and suffix; what the server says of it is not trusted.
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", ".png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", ".jpg"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp", ".webp"),
)


def _is_transient(error: Exception) -> bool:
    return isinstance(error, google_errors.ServerError | requests.ConnectionError)


class HttpPictureSource:
    """`shared.ports.PictureSource` over plain HTTP."""

    def fetch(self, url: str) -> Picture:  # noqa: D102 - see the port
        try:
            with requests.get(
                url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)
            ) as response:
                if response.status_code != 200:
                    raise PictureUnavailable(f"its link answered HTTP {response.status_code}")
                data = bytearray()
                for chunk in response.iter_content(64 * 1024):
                    data += chunk
                    if len(data) > MOST_BYTES:
                        raise PictureUnavailable(f"it has more than {MOST_BYTES} bytes")
        except requests.RequestException as error:
            raise PictureUnavailable(f"its link broke ({type(error).__name__})") from error
        for beginning, content_type, suffix in _KINDS:
            if beginning.match(data):
                return Picture(data=bytes(data), content_type=content_type, suffix=suffix)
        raise PictureUnavailable("what its link answered is no picture")


class BucketPictureStore:
    """`shared.ports.PictureStore` over the official Cloud Storage client."""

    def __init__(
        self, project: str, bucket: str, public_url: str, call_seconds: float = UPLOAD_SECONDS
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
                retry=Retry(predicate=_is_transient, timeout=self._call_seconds),
            )
        except google_errors.PreconditionFailed:
            pass  # an earlier try stored it: names are unique to a generation
        except (google_errors.GoogleAPIError, requests.RequestException) as error:
            raise PictureUnavailable(f"the bucket failed ({type(error).__name__})") from error
        return f"{self._public_url}/{quote(full_name)}"
