"""UPSCALE, which the proxies take in two ways.

novicezk's takes `submit/change` with an index; trueai-org's took that away in v10 and wants the
custom id of the grid's button at `submit/action`, which novicezk's does not have.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.adapters.midjourney_answers import sighting, upscale_button
from shared.adapters.midjourney_http import NoEndpoint, ProxyHttp, TimeLimit
from shared.adapters.midjourney_submit import Submissions
from shared.domain.observation import Busy, ParentLost, Phase, Unreachable
from shared.ports import SubmitAnswer


class Upscaler:
    """Finds out from the grid itself which way its proxy takes.

    A grid is looked at before anything is sent: looking is free, and one that shows buttons says
    all that `submit/action` needs. Once `submit/change` has been there for a grid without buttons,
    it is used without a look. The other way is tried only if an endpoint turns out not to exist,
    when certainly nothing was taken; an answer that was lost is never followed by another try.
    """

    def __init__(self, http: ProxyHttp, submissions: Submissions) -> None:
        self._http = http
        self._submissions = submissions
        self._change_exists = False

    def upscale(
        self, parent_task_id: str, index: int, token: str, hook: str | None
    ) -> SubmitAnswer | ParentLost:
        """Have one of a grid's four, 1..4, enlarged."""
        limit = self._http.time_limit()
        whose = _Whose(token, hook)
        if self._change_exists:
            answer = self._change(parent_task_id, index, whose, limit)
            if not isinstance(answer, NoEndpoint):
                return answer
        grid = self._http.task(parent_task_id, limit)
        if grid is None:
            return ParentLost(reason="the proxy knows no such grid")
        if isinstance(grid, Unreachable):
            return Busy(reason=f"the grid could not be looked at ({grid.reason})")
        answer = self._with(grid, parent_task_id, index, whose, limit)
        if isinstance(answer, NoEndpoint):
            return Busy(reason=f"the proxy answered HTTP {answer.status}")
        return answer

    def _with(
        self, grid: Mapping[str, Any], task_id: str, index: int, whose: "_Whose", limit: TimeLimit
    ) -> SubmitAnswer | ParentLost | NoEndpoint:
        button = upscale_button(grid, index)
        if button is not None:
            body = {"taskId": task_id, "customId": button}
            answer = self._submissions.send(
                "action", body, token=whose.token, hook=whose.hook, limit=limit
            )
            if not isinstance(answer, NoEndpoint):
                return answer
        elif isinstance(grid.get("buttons"), list):
            return _without_button(grid, index)
        return self._change(task_id, index, whose, limit)

    def _change(
        self, task_id: str, index: int, whose: "_Whose", limit: TimeLimit
    ) -> SubmitAnswer | ParentLost | NoEndpoint:
        body = {"taskId": task_id, "action": "UPSCALE", "index": index}
        answer = self._submissions.send(
            "change", body, token=whose.token, hook=whose.hook, limit=limit
        )
        self._change_exists = not isinstance(answer, NoEndpoint)
        return answer


class _Whose(NamedTuple):
    """By what we know an upscale again, and where its news go."""

    token: str
    hook: str | None


def _without_button(grid: Mapping[str, Any], index: int) -> Busy | ParentLost:
    phase = sighting(grid).phase
    if phase in {Phase.DONE, Phase.FAILED}:
        return ParentLost(reason=f"the grid is {phase} and has no button for U{index}")
    return Busy(reason="the grid is not finished in the proxy's store yet")
