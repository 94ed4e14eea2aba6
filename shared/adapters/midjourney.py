"""The painter: MidJourney through a MidJourney Proxy.

Works with novicezk/midjourney-proxy 2.6.x and with trueai-org/midjourney-proxy v11; which one it
has before it shows in the proxy's answers. Sources: novicezk's `SubmitController`,
`TaskController`, `ReturnCode`; trueai-org's controllers of the same names, `WorkContext`.
"""

from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from shared.adapters.host_lists import covered
from shared.adapters.midjourney_answers import (
    news,
    reaches_back,
    sighting,
    unconfirmed,
)
from shared.adapters.midjourney_http import NoEndpoint, ProxyHttp
from shared.adapters.midjourney_submit import Submissions
from shared.adapters.midjourney_upscale import Upscaler
from shared.domain.failure import Failure, FailureCode
from shared.domain.observation import (
    Busy,
    Missing,
    ParentLost,
    Refused,
    Told,
    Trouble,
    Unreachable,
)
from shared.ports import LookAnswer, Picture, SubmitAnswer


class MidJourneyPainter:
    """`shared.ports.Painter` over the proxy's HTTP interface."""

    def __init__(
        self,
        url: str,
        secret: str = "",
        timeout: float = 10.0,
        picture_hosts: tuple[str, ...] = (),
    ) -> None:
        """`timeout` in seconds; with the time to connect it must stay below the claim's lease.

        `picture_hosts` are those of the painter's links: pictures elsewhere are not taken from
        news, which children see unchecked.
        """
        self._picture_hosts = picture_hosts
        self._http = ProxyHttp(url, secret, timeout)
        self._submissions = Submissions(self._http)
        self._upscaler = Upscaler(self._http, self._submissions)

    def imagine(  # noqa: D102 - see the port
        self, prompt: str, *, token: str, hook: str | None = None, drawing: Picture | None = None
    ) -> SubmitAnswer:
        body: dict[str, object] = {"prompt": prompt}
        if drawing is not None:
            body["base64Array"] = [_data_url(drawing)]
        if "--niji" in prompt:
            body["botType"] = "NIJI_JOURNEY"
        answer = self._without_parent("imagine", body, token, hook)
        if isinstance(answer, NoEndpoint):
            return Busy(reason=f"the proxy answered HTTP {answer.status}")
        return answer

    def describe(  # noqa: D102
        self, drawing: Picture, *, token: str, hook: str | None = None
    ) -> SubmitAnswer:
        answer = self._without_parent("describe", {"base64": _data_url(drawing)}, token, hook)
        if isinstance(answer, NoEndpoint):
            message = "The painter does not describe pictures."
            return Refused(failure=Failure(code=FailureCode.PROMPT_REJECTED, message=message))
        return answer

    def upscale(  # noqa: D102
        self, parent_task_id: str, index: int, *, token: str, hook: str | None = None
    ) -> SubmitAnswer | ParentLost:
        return self._upscaler.upscale(parent_task_id, index, token, hook)

    def news(self, body: object) -> Told | None:  # noqa: D102
        told = news(body)
        if told is None or told.seen.picture_url is None:
            return told
        if covered(_host(told.seen.picture_url), self._picture_hosts):
            return told
        return replace(told, seen=replace(told.seen, picture_url=None))

    def look(self, task_id: str, *, token: str) -> LookAnswer:  # noqa: D102
        task = self._http.task(task_id)
        if isinstance(task, Unreachable):
            return task
        # Ids are a millisecond and three digits, so two tasks can collide and one overwrite the
        # other: what carries another token is not ours.
        if task is None or task.get("state", token) != token or unconfirmed(task):
            return Missing(searched=False)
        return sighting(task)

    def find(self, token: str, *, since: datetime) -> LookAnswer:  # noqa: D102
        tasks = self._http.tasks()
        if isinstance(tasks, Unreachable):
            return tasks
        for task in tasks:
            ours = isinstance(task, dict) and task.get("state") == token
            if ours and not unconfirmed(task):
                return sighting(task)
        if not reaches_back(tasks, since):
            return Unreachable(reason="the proxy's list of tasks does not reach back far enough")
        return Missing(searched=True)

    def ping(self, seconds: float) -> Unreachable | None:  # noqa: D102
        return self._http.ping(seconds)

    def _without_parent(
        self, what: str, body: dict[str, object], token: str, hook: str | None
    ) -> SubmitAnswer | NoEndpoint:
        limit = self._http.time_limit()
        answer = self._submissions.send(what, body, token=token, hook=hook, limit=limit)
        # Without a parent to be lost, code 3 says that no account is enabled: that may change.
        if isinstance(answer, ParentLost):
            return Busy(reason=answer.reason, trouble=Trouble.ACCOUNT_DISABLED)
        return answer


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _data_url(picture: Picture) -> str:
    return f"data:{picture.content_type};base64,{b64encode(picture.data).decode('ascii')}"
