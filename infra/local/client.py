"""A client of the functions, as an app would have one: starts a book, watches it, fetches pictures.

All errors are `ClientError`: `Refused` (the functions answered, with a problem), `Unreachable`
(they did not) and `NoPicture` (a picture's URL gave none).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

_TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and between two bytes of an answer."""

_RETRIES = 3


class ClientError(Exception):
    """A call failed; the message is a sentence for people."""


class Refused(ClientError):
    """The functions answered with a problem (RFC 9457)."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({code}, HTTP {status})")
        self.status = status
        """The HTTP status."""
        self.code = code
        """The problem's stable code, for programs."""


class Unreachable(ClientError):
    """Nothing answered, or something that is none of the functions."""


class NoPicture(ClientError):
    """The URL of a picture did not give one."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of a book, as status tells it."""

    image_id: str
    kind: str
    """`character` or `background`."""
    role: str
    """`reference` for the main character, after which the others are painted, else `member`."""
    name: str
    status: str
    progress: int
    """Percent, 0 to 100."""
    url: str | None
    """Where the finished picture is; None before."""
    error: str | None
    """Why it failed, as a sentence; None if it did not."""

    @classmethod
    def read(cls, view: Mapping[str, Any]) -> Self:
        """Take a picture out of an answer of status."""
        return cls(
            image_id=view["imageId"],
            kind=view["kind"],
            role=view["role"],
            name=view["name"],
            status=view["status"],
            progress=view["progress"],
            url=view["imageUrl"],
            error=_sentence(view["error"]),
        )


@dataclass(frozen=True, kw_only=True)
class Book:
    """A job with its pictures, as status tells it."""

    job_id: str
    status: str
    progress: int
    """Percent, 0 to 100, of the whole book."""
    completed: bool
    error: str | None
    pictures: tuple[Picture, ...]
    """In the request's order: characters, then backgrounds."""

    @classmethod
    def read(cls, view: Mapping[str, Any]) -> Self:
        """Take a book out of an answer of status."""
        return cls(
            job_id=view["jobId"],
            status=view["status"],
            progress=view["progress"],
            completed=view["completed"],
            error=_sentence(view["error"]),
            pictures=tuple(Picture.read(image) for image in view["images"]),
        )


class Client:
    """Calls the functions at `<functions_url>/<name>`; one for each thread, closed by `with`."""

    def __init__(
        self,
        functions_url: str,
        *,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`sleep` waits for so many seconds between two looks."""
        self._url = functions_url.rstrip("/")
        self._session = session or _new_session()
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def generate(self, tale: Mapping[str, Any], key: str) -> str:
        """Start a book; return its job id.

        `key` is the Idempotency-Key: the same tale sent again under it is the same job, so that
        retrying is safe.
        """
        answer = self._call("POST", "generate", json=dict(tale), headers={"Idempotency-Key": key})
        job_id = self._json(answer).get("jobId")
        if not isinstance(job_id, str):
            raise Unreachable(f"{self._url}/generate is none of the functions.")
        return job_id

    def status(self, job_id: str, etag: str | None = None) -> tuple[Book | None, str | None]:
        """Return a book and its ETag; None instead of the book if it still is the one of `etag`."""
        headers = {"If-None-Match": etag} if etag else {}
        answer = self._call("GET", "status", params={"jobId": job_id}, headers=headers)
        if answer.status_code == 304:
            return None, etag
        return Book.read(self._json(answer)), answer.headers.get("ETag")

    def watch(self, job_id: str, seconds: float) -> Iterator[Book]:
        """Look every `seconds`, yield the book after each look, and end once it is completed."""
        book, etag = None, None
        while book is None or not book.completed:
            if book is not None:
                self._sleep(seconds)
            changed, etag = self.status(job_id, etag)
            book = changed or book
            if book is None:
                raise Unreachable(f"{self._url}/status answers 304 to a client that has nothing.")
            yield book

    def download(self, url: str) -> bytes:
        """Return a finished picture's bytes."""
        try:
            answer = self._session.get(url, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise NoPicture(f"{url} gave no picture: {type(error).__name__}.") from None
        if answer.status_code != 200 or not answer.content:
            raise NoPicture(f"{url} gave no picture: HTTP {answer.status_code}.")
        return answer.content

    def _call(self, method: str, name: str, **rest: Any) -> requests.Response:
        url = f"{self._url}/{name}"
        try:
            answer = self._session.request(method, url, timeout=_TIMEOUT, **rest)
        except requests.RequestException as error:
            raise Unreachable(f"{url} does not answer: {type(error).__name__}.") from None
        if answer.status_code >= 400:
            raise _refusal(answer)
        return answer

    def _json(self, answer: requests.Response) -> dict[str, Any]:
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Unreachable(f"{answer.url} is none of the functions.")
        return body


def _new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment cannot reach this machine's own ports
    retry = Retry(
        total=_RETRIES,
        backoff_factor=0.2,
        status_forcelist=(502, 503, 504),
        allowed_methods=("GET", "POST"),  # generate carries its key
        raise_on_status=False,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _refusal(answer: requests.Response) -> Refused:
    try:
        problem = answer.json()
        return Refused(answer.status_code, problem["code"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        return Refused(answer.status_code, "unknown", "The functions answered with an error.")


def _sentence(error: Mapping[str, str] | None) -> str | None:
    return None if error is None else error["message"]
