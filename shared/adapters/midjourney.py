"""The painter: MidJourney through a MidJourney Proxy (novicezk/midjourney-proxy, v2.6.x).

The proxy answers nearly everything with HTTP 200 and tells by `code`; an unknown task is a 200
with an empty body. Sources: its `SubmitController`, `TaskController`, `ReturnCode`.
"""

import threading
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from shared.adapters.midjourney_answers import sighting, submit_answer
from shared.domain.observation import (
    Busy,
    Missing,
    ParentLost,
    Unreachable,
    Unsure,
)
from shared.ports import LookAnswer, SubmitAnswer

CONNECT_SECONDS = 3.05
"""Slightly above a multiple of 3, TCP's own retransmission time-out."""


class MidJourneyPainter:
    """`shared.ports.Painter` over the proxy's HTTP interface."""

    def __init__(self, url: str, secret: str = "", timeout: float = 10.0) -> None:
        """`timeout` in seconds; with the time to connect it must stay below the claim's lease."""
        self._url = url.rstrip("/")
        self._timeout = (CONNECT_SECONDS, timeout)
        self._headers = {"mj-api-secret": secret} if secret else {}
        self._local = threading.local()

    def imagine(self, prompt: str, *, token: str) -> SubmitAnswer:  # noqa: D102 - see the port
        answer = self._submit("imagine", {"prompt": prompt, "state": token})
        # Without a parent to be lost, code 3 says that no account is enabled: that may change.
        return Busy(reason=answer.reason) if isinstance(answer, ParentLost) else answer

    def upscale(  # noqa: D102
        self, parent_task_id: str, index: int, *, token: str
    ) -> SubmitAnswer | ParentLost:
        body = {"taskId": parent_task_id, "action": "UPSCALE", "index": index, "state": token}
        return self._submit("change", body)

    def look(self, task_id: str, *, token: str) -> LookAnswer:  # noqa: D102
        task = self._get(f"/task/{task_id}/fetch")
        if isinstance(task, Unreachable):
            return task
        # Ids are a millisecond and three digits, so two tasks can collide and one overwrite the
        # other: what carries another token is not ours.
        if not isinstance(task, dict) or task.get("state", token) != token:
            return Missing(searched=False)
        return sighting(task)

    def find(self, token: str) -> LookAnswer:  # noqa: D102
        tasks = self._get("/task/list")
        if isinstance(tasks, Unreachable):
            return tasks
        if not isinstance(tasks, list):
            return Unreachable(reason="the proxy's task list is not a list")
        for task in tasks:
            if isinstance(task, dict) and task.get("state") == token:
                return sighting(task)
        return Missing(searched=True)

    # --- submitting ------------------------------------------------------------------------------

    def _submit(self, what: str, body: dict[str, object]) -> SubmitAnswer | ParentLost:
        try:
            # A connection of its own: on a kept one that the proxy has just closed, nobody could
            # say whether the submission arrived.
            response = requests.post(
                f"{self._url}/submit/{what}",
                json=body,
                headers={**self._headers, "Connection": "close"},
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.ConnectTimeout:
            return Busy(reason="the proxy did not answer the connection")
        except requests.ConnectionError as error:
            if _never_connected(error):
                return Busy(reason="the proxy refused the connection")
            return Unsure(reason="the connection broke before the answer")
        except requests.RequestException as error:
            return Unsure(reason=f"no answer ({type(error).__name__})")
        if response.status_code in {401, 403, 404, 405, 429}:
            return Busy(reason=f"the proxy answered HTTP {response.status_code}")
        try:
            answer = response.json()
        except requests.JSONDecodeError:
            answer = None
        if response.status_code != 200 or not isinstance(answer, dict) or "code" not in answer:
            return Unsure(reason=f"the proxy answered HTTP {response.status_code}")
        return submit_answer(answer)

    # --- looking ---------------------------------------------------------------------------------

    def _get(self, path: str) -> Any:
        """The decoded answer; None for an empty body; `Unreachable` for any trouble."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.headers.update(self._headers)
        try:
            response = session.get(self._url + path, timeout=self._timeout, allow_redirects=False)
        except requests.RequestException as error:
            return Unreachable(reason=type(error).__name__)
        if response.status_code == 404 or (response.status_code == 200 and not response.content):
            return None
        if response.status_code != 200:
            return Unreachable(reason=f"the proxy answered HTTP {response.status_code}")
        try:
            return response.json()
        except requests.JSONDecodeError:
            return Unreachable(reason="the proxy's answer is not JSON")


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
