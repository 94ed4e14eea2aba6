"""What the MidJourney Proxy's answers mean: pure, one function for each of its two objects.

The proxy answers nearly everything with HTTP 200 and tells by `code`. Sources: novicezk's
midjourney-proxy v2.6.3, `ReturnCode`, `SubmitResultVO`, `Task`, `ErrorMessageHandler`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.domain.failure import Failure, FailureCode
from shared.domain.observation import Accepted, Busy, ParentLost, Phase, Refused, Sighting, Unsure
from shared.ports import SubmitAnswer

ACCEPTED, NOT_FOUND, INVALID, FAILED = 1, 3, 4, 9
QUEUED, QUEUE_FULL, BANNED_WORD = 22, 23, 24

_PHASES = {
    "NOT_START": Phase.WAITING,
    "SUBMITTED": Phase.WORKING,
    "IN_PROGRESS": Phase.WORKING,
    "SUCCESS": Phase.DONE,
    "FAILURE": Phase.FAILED,
    "CANCEL": Phase.FAILED,
}
_REFUSALS = (
    # What MidJourney's messages begin with, once the proxy has put their title in brackets.
    ("[banned prompt", FailureCode.MODERATED),
    ("[image denied", FailureCode.MODERATED),
    ("[action needed", FailureCode.MODERATED),
    ("[invalid parameter", FailureCode.PROMPT_REJECTED),
    ("[invalid link", FailureCode.PROMPT_REJECTED),
    ("invalid form body", FailureCode.PROMPT_REJECTED),
)


def submit_answer(answer: Mapping[str, Any]) -> SubmitAnswer | ParentLost:
    """What a SubmitResult means; its HTTP status is 200 whatever it says."""
    code, task_id = answer["code"], answer.get("result")
    description = str(answer.get("description") or f"code {code}")
    properties = answer.get("properties") or {}
    if code in {ACCEPTED, QUEUED}:
        # Taken, it says; without an id only a search can tell.
        return Accepted(task_id=str(task_id)) if task_id else Unsure(reason="no id in the answer")
    if code == NOT_FOUND:
        return ParentLost(reason=description)
    if code in {QUEUE_FULL, FAILED}:
        return Busy(reason=description)
    if code == BANNED_WORD:
        word = properties.get("bannedWord")
        message = f"The word “{word}” is on the painter's list of banned words. Use another one."
        return Refused(failure=Failure(code=FailureCode.BANNED_WORD, message=message))
    if code == INVALID and "状态" in description:
        # "The parent task's state is wrong": its SUCCESS has not reached the proxy's store yet.
        return Busy(reason=description)
    message = f"The painter refused the request (code {code}). Change the prompt."
    return Refused(failure=Failure(code=FailureCode.PROMPT_REJECTED, message=message))


def sighting(task: Mapping[str, Any]) -> Sighting:
    """What a Task says of its painting."""
    phase = _PHASES.get(str(task.get("status")), Phase.WAITING)
    started = task.get("startTime")
    failure, permanent = None, False
    if phase is Phase.FAILED:
        failure, permanent = _failure(str(task.get("failReason") or ""))
    return Sighting(
        task_id=str(task["id"]),
        phase=phase,
        progress=_percent(task.get("progress")),
        picture_url=task.get("imageUrl") or None,
        started_at=datetime.fromtimestamp(started / 1000, UTC) if started else None,
        failure=failure,
        permanent=permanent,
    )


def _percent(progress: object) -> int | None:
    """The figure in texts such as "31%"; None for "", "fast", "Waiting to start" and the like."""
    text = str(progress or "")
    if text.endswith("%") and text[:-1].isdecimal():
        return min(100, int(text[:-1]))
    return None


def _failure(reason: str) -> tuple[Failure, bool]:
    for beginning, code in _REFUSALS:
        if reason.lower().startswith(beginning):
            message = "MidJourney refused the picture. Change the prompt."
            return Failure(code=code, message=message), True
    message = "MidJourney failed to paint the picture. Regenerate it."
    return Failure(code=FailureCode.PAINTING_FAILED, message=message), False
