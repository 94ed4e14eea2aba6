"""Submissions to the proxy, with what it may ask or say before it begins.

Of the two things that code 21 says, trueai-org's proxy, and others of its kind, mean that a modal
has to be confirmed; novicezk's up to 2.6.0 meant that it has the task already.
"""

from collections.abc import Mapping

from shared.adapters.midjourney_answers import (
    HadAlready,
    ToConfirm,
    final_prompt,
    sighting,
    submit_answer,
    unconfirmed,
)
from shared.adapters.midjourney_http import NoEndpoint, ProxyHttp, TimeLimit
from shared.domain.observation import Accepted, Busy, ParentLost, Phase, Unreachable, Unsure
from shared.ports import SubmitAnswer


class Submissions:
    """Sends what is to be painted; answers what became of it."""

    def __init__(self, http: ProxyHttp) -> None:
        self._http = http

    def send(
        self,
        what: str,
        body: Mapping[str, object],
        *,
        token: str,
        hook: str | None,
        limit: TimeLimit,
    ) -> SubmitAnswer | ParentLost | NoEndpoint:
        """POST to submit/`what`, and whatever else it takes; at most one of them is paid."""
        whose = {"state": token} | ({"notifyHook": hook} if hook else {})
        answer = self._http.submit(what, {**body, **whose}, limit)
        if isinstance(answer, NoEndpoint | Busy | Unsure):
            return answer
        meaning = submit_answer(answer)
        if isinstance(meaning, ToConfirm):
            prompt = meaning.prompt or body.get("prompt")
            return self.confirm(meaning.task_id, prompt, token=token, limit=limit)
        if isinstance(meaning, HadAlready):
            return self._adopt(meaning.task_id, token, limit)
        return meaning

    def confirm(
        self, task_id: str, prompt: object, *, token: str, limit: TimeLimit
    ) -> SubmitAnswer:
        """Confirm a task that waits for it; once it is at work, a second time changes nothing.

        Without a prompt the proxy takes the parent's (`SubmitController.Modal`).
        """
        body: dict[str, object] = {"taskId": task_id, "state": token}
        if prompt:
            body["prompt"] = prompt
        answer = self._http.submit("modal", body, limit)
        if isinstance(answer, NoEndpoint):
            return Busy(reason=f"the proxy wants a confirmation and answers HTTP {answer.status}")
        if isinstance(answer, Busy | Unsure):
            return answer
        meaning = submit_answer(answer)
        if isinstance(meaning, ParentLost):
            # The task that was to be confirmed: it is gone, and never began.
            return Busy(reason=meaning.reason)
        if isinstance(meaning, ToConfirm | HadAlready):
            return Unsure(reason="the proxy asked twice for a confirmation")
        return meaning

    def _adopt(self, task_id: str, token: str, limit: TimeLimit) -> SubmitAnswer | ParentLost:
        """The proxy refers to a task that it has: look which one that is. Nothing new was taken."""
        task = self._http.task(task_id, limit)
        if task is None or isinstance(task, Unreachable):
            return Busy(reason="the proxy has such a task already, but does not show it")
        if sighting(task).phase is Phase.FAILED:
            reason = "this upscale failed once, and the proxy repeats that answer for ever"
            return ParentLost(reason=reason)
        known_by = task.get("state")
        if not known_by:
            return ParentLost(reason="the proxy has this upscale from a caller that is not us")
        if unconfirmed(task):
            prompt = final_prompt(task)
            answer = self.confirm(task_id, prompt, token=str(known_by), limit=limit)
            if not isinstance(answer, Accepted):
                return answer
        return Accepted(task_id=task_id, token=None if known_by == token else str(known_by))
