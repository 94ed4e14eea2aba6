"""A client of the functions, as an app would have one: starts a book, watches it, fetches pictures.

All errors are `ClientError`: `Refused` (the functions answered, with a problem), `Unreachable`
(they did not) and `NoPicture` (a picture's URL gave none).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

_TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and between two bytes of an answer."""

_RETRIES = 3


class ClientError(Exception):
    """A call failed; the message is a sentence for people."""


class Refused(ClientError):
    """The functions answered with a problem (RFC 9457)."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        problem: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{detail} ({code}, HTTP {status})")
        self.status = status
        """The HTTP status."""
        self.code = code
        """The problem's stable code, for programs."""
        self.detail = detail
        """What to do about it, for people."""
        self.problem = problem or {}
        """The whole answer, such as `errors` with a JSON pointer for each; empty if it is none."""
        self.retry_after = retry_after
        """Seconds to wait before another try, if the answer says so."""


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


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look at a book brought."""

    book: Book | None
    """None if nothing has changed since the look whose ETag was sent."""
    answer: Mapping[str, Any]
    """All that status says, as JSON has it; empty if nothing has changed."""
    etag: str | None
    retry_after: float | None
    """Seconds until the next look is worth its while; None if the answer does not say."""


class _Bearer(AuthBase):
    """A token for the functions alone: pictures come from elsewhere, and never see it."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


class Client:
    """Calls the functions at `<functions_url>/<name>`; one for each thread, closed by `with`."""

    def __init__(
        self,
        functions_url: str,
        *,
        token: str | None = None,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`token` says who calls; `sleep` waits for so many seconds between two looks."""
        self._url = functions_url.rstrip("/")
        # As `auth` and not as a header, which a `.netrc` would take the place of.
        self._auth = _Bearer(token) if token else None
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
        look = self.look(job_id, etag)
        return look.book, look.etag

    def look(self, job_id: str, etag: str | None = None) -> Look:
        """Return how a book stands, or that it still is the one of `etag`."""
        headers = {"If-None-Match": etag} if etag else {}
        answer = self._call("GET", "status", params={"jobId": job_id}, headers=headers)
        retry_after = _retry_after(answer)
        if answer.status_code == 304:
            return Look(book=None, answer={}, etag=etag, retry_after=retry_after)
        view = self._json(answer)
        try:
            book = Book.read(view)
        except (KeyError, TypeError):
            raise Unreachable(f"{self._url}/status is none of the functions.") from None
        etag = answer.headers.get("ETag")
        return Look(book=book, answer=view, etag=etag, retry_after=retry_after)

    def cancel(self, job_id: str) -> str:
        """Have nothing further painted of a book; return its status."""
        answer = self._json(self._call("POST", "cancel", json={"jobId": job_id}))
        return str(answer.get("status"))

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
            answer = self._session.request(
                method, url, auth=self._auth, timeout=_TIMEOUT, allow_redirects=False, **rest
            )
        except requests.RequestException as error:
            raise Unreachable(f"{url} does not answer: {type(error).__name__}.") from None
        if answer.status_code >= 400:
            raise _refusal(answer)
        if answer.is_redirect:  # which would turn a POST into a GET
            raise Unreachable(f"{url} is none of the functions: it leads elsewhere.")
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
    status, wait = answer.status_code, _retry_after(answer)
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        detail = "The functions answered with an error."
        return Refused(status, "unknown", detail, retry_after=wait)
    return Refused(status, code, detail, problem=problem, retry_after=wait)


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds from now; None without the header, or if it is neither seconds nor a date.

    The functions send seconds; what stands before them may send a date (RFC 9110, 10.2.3). That is
    counted from the answer's own `Date`, as the clock here may be another one.
    """
    text = answer.headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text)
    then, now = _date(text), _date(answer.headers.get("Date", "")) or datetime.now(UTC)
    return None if then is None else max(0.0, (then - now).total_seconds())


def _date(text: str) -> datetime | None:
    """An HTTP-date (RFC 9110, 5.6.7), which is always in GMT; None if it is none."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)


def _sentence(error: Mapping[str, str] | None) -> str | None:
    return None if error is None else error["message"]
