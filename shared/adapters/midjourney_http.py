"""How the proxy is spoken to: one POST for each submission, GETs for looks, and their time limits.

Nearly every answer is HTTP 200 with a `code`, but not all: trueai-org's proxy answers an unknown
parent with 404 and such a body, a gateway (new-api) its own refusals with 400 or 429.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from shared.adapters.midjourney_answers import CERTAIN_REFUSALS, NOT_FOUND, task_of
from shared.domain.observation import Busy, Trouble, Unreachable, Unsure
from shared.domain.policy import CONNECT_SECONDS
from shared.tracing import span

SHORTEST_SECONDS = 1.0
"""With less time left than this nothing is sent any more."""


@dataclass(frozen=True, kw_only=True)
class NoEndpoint:
    """The proxy has no such endpoint, so it has certainly not taken anything."""

    status: int


@dataclass(frozen=True, kw_only=True)
class TimeLimit:
    """When a submission has to be over, with every request that it takes."""

    ends_at: float
    """Seconds of the `monotonic` clock."""
    monotonic: Callable[[], float]

    def left(self) -> float:
        """Seconds that remain."""
        return self.ends_at - self.monotonic()


class ProxyHttp:
    """The proxy's HTTP interface, for any number of threads."""

    def __init__(
        self,
        url: str,
        secret: str,
        timeout: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timeout` in seconds, from the request to its answer."""
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._monotonic = monotonic
        # The first is novicezk's; of the second trueai-org's takes the bare token.
        self._headers = {"mj-api-secret": secret, "Authorization": secret} if secret else {}
        self._local = threading.local()

    def time_limit(self) -> TimeLimit:
        """For a submission that begins now: as long as one slow request, however many it takes.

        A claim's lease outlives one request only. What was sent after it would be paid twice.
        """
        return TimeLimit(
            ends_at=self._monotonic() + CONNECT_SECONDS + self._timeout, monotonic=self._monotonic
        )

    # --- submitting ------------------------------------------------------------------------------

    def submit(
        self, what: str, body: Mapping[str, object], limit: TimeLimit
    ) -> Mapping[str, Any] | NoEndpoint | Busy | Unsure:
        """The SubmitResult; `Busy` if certainly nothing was taken, `Unsure` if nobody can say."""
        left = limit.left()
        if left < SHORTEST_SECONDS:
            return Busy(reason="no time was left to submit in; nothing was sent")
        connect = min(CONNECT_SECONDS, left / 2)
        try:
            # A connection of its own: on a kept one that the proxy has just closed, nobody could
            # say whether the submission arrived.
            with span("submit"):
                response = requests.post(
                    f"{self._url}/submit/{what}",
                    json=body,
                    headers={**self._headers, "Connection": "close"},
                    timeout=(connect, min(self._timeout, left - connect)),
                    allow_redirects=False,
                )
        except requests.ConnectTimeout:
            return _out_of_reach("the proxy did not answer the connection")
        except requests.ConnectionError as error:
            if _never_connected(error):
                return _out_of_reach("the proxy refused the connection")
            return Unsure(reason="the connection broke before the answer")
        except requests.RequestException as error:
            return Unsure(reason=f"no answer ({type(error).__name__})")
        return _judged(response)

    # --- looking ---------------------------------------------------------------------------------

    def ping(self, seconds: float) -> Unreachable | None:
        """Ask for a task that can't be; `Unreachable` unless the proxy answers, and lets us in."""
        # Half for the connection, half for the answer.
        answer = task_of(self._get("/task/0/fetch", (seconds / 2, seconds / 2)))
        return answer if isinstance(answer, Unreachable) else None

    def task(
        self, task_id: str, limit: TimeLimit | None = None
    ) -> Mapping[str, Any] | Unreachable | None:
        """One of the proxy's tasks; None if it knows no such task."""
        return task_of(self._get(f"/task/{task_id}/fetch", self._timeouts(limit)))

    def tasks(self) -> list[Any] | Unreachable:
        """The proxy's list of tasks, newest first."""
        answer = self._get("/task/list", self._timeouts(None))
        if isinstance(answer, list | Unreachable):
            return answer
        return Unreachable(reason="the proxy's task list is not a list")

    def _timeouts(self, limit: TimeLimit | None) -> tuple[float, float]:
        """Of the connection and of the answer."""
        # Before a submission: half of the time stays for the submission itself.
        most = max(limit.left(), SHORTEST_SECONDS) / 4 if limit is not None else self._timeout
        return min(CONNECT_SECONDS, most), min(self._timeout, most)

    def _get(self, path: str, timeouts: tuple[float, float]) -> Any:
        """The decoded answer; None for nothing; `Unreachable` for any trouble."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.headers.update(self._headers)
        try:
            with span("look"):
                response = session.get(self._url + path, timeout=timeouts, allow_redirects=False)
        except requests.RequestException as error:
            return Unreachable(reason=type(error).__name__)
        status = response.status_code
        if status in {204, 404} or (status == 200 and response.content.strip() in {b"", b"null"}):
            return None
        answer = _json(response)
        # A gateway (new-api) says with 400 and a `code` that it knows no such task.
        if answer is not None and status in {200, 400}:
            return answer
        return Unreachable(reason=f"the proxy answered HTTP {status}")


def _out_of_reach(reason: str) -> Busy:
    return Busy(reason=reason, trouble=Trouble.UNREACHABLE)


def _judged(response: requests.Response) -> Mapping[str, Any] | NoEndpoint | Busy | Unsure:
    status = response.status_code
    if status in {401, 403, 429}:
        trouble = Trouble.RATE_LIMITED if status == 429 else Trouble.UNAUTHORIZED
        return Busy(reason=f"the proxy answered HTTP {status}", trouble=trouble)
    answer = _json(response)
    code = answer.get("code") if isinstance(answer, dict) else None
    means_it = (
        (status == 200 and code is not None)
        or (status == 404 and code == NOT_FOUND)
        or (status == 400 and code in CERTAIN_REFUSALS)
    )
    if means_it:
        found: Mapping[str, Any] = answer
        return found
    if status in {404, 405}:
        return NoEndpoint(status=status)
    return Unsure(reason=f"the proxy answered HTTP {status}")


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except requests.JSONDecodeError:
        return None


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
