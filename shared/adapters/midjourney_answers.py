"""What the MidJourney Proxy's answers mean: pure, one function for each of its two objects.

Two proxies are understood, and what gateways make of them. Sources: novicezk's midjourney-proxy
v2.6.3, `ReturnCode`, `SubmitResultVO`, `Task`, `ErrorMessageHandler`; trueai-org's v11,
`SubmitController`, `TaskService`, `DiscordService.RedisEnqueue`, `DiscordWebSocketService`;
new-api, `relay/mjproxy_handler.go`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.failure import Failure, FailureCode
from shared.domain.observation import (
    Accepted,
    Busy,
    ParentLost,
    Phase,
    Refused,
    Sighting,
    Told,
    Trouble,
    Unreachable,
    Unsure,
)
from shared.ports import SubmitAnswer

ACCEPTED, NOT_FOUND, INVALID, FAILED = 1, 3, 4, 9
EXISTED, QUEUED, QUEUE_FULL, BANNED_WORD, RATE_LIMITED = 21, 22, 23, 24, 30
CERTAIN_REFUSALS = frozenset((NOT_FOUND, INVALID, QUEUE_FULL, BANNED_WORD, RATE_LIMITED))
"""Codes that a gateway sends only if it has passed nothing on, whatever its HTTP status."""

_LAST_MOMENT = 1e14
"""Milliseconds since 1970: beyond it no date can be made of it."""

NEWEST = 100
"""Tasks in trueai-org's list, which is cut there; novicezk's holds all (`TaskController`)."""
CLOCKS_APART = timedelta(seconds=60)
"""By how much the proxy's clock may be behind ours."""

_PHASES = {
    "NOT_START": Phase.WAITING,
    "MODAL": Phase.WAITING,
    "SUBMITTED": Phase.WORKING,
    "IN_PROGRESS": Phase.WORKING,
    "SUCCESS": Phase.DONE,
    "FAILURE": Phase.FAILED,
    "CANCEL": Phase.FAILED,
}
_REFUSALS = (
    # What MidJourney's messages begin with. novicezk puts their title in brackets, trueai-org
    # ends it with a comma; the last one is trueai-org's own word list, which works in its queue.
    ("banned prompt", FailureCode.MODERATED),
    ("image denied", FailureCode.MODERATED),
    ("action needed", FailureCode.MODERATED),
    ("request cancelled due to output filters", FailureCode.MODERATED),
    ("invalid prompt", FailureCode.PROMPT_REJECTED),
    ("invalid parameter", FailureCode.PROMPT_REJECTED),
    ("invalid link", FailureCode.PROMPT_REJECTED),
    ("invalid form body", FailureCode.PROMPT_REJECTED),
    ("可能包含敏感词", FailureCode.BANNED_WORD),
)
_NOT_YET = (
    # With code 4: "the parent task's state is wrong", as its SUCCESS is not in the store yet; the
    # same of new-api; trueai-org's limits of a caller, its missing redis, and a lock for minutes.
    "状态",
    "task_status_not_success",
    "已达上限",
    "暂不可用",
    "临时封锁",
)
_TROUBLE_OF_CODE = {
    QUEUE_FULL: Trouble.QUEUE_FULL,
    RATE_LIMITED: Trouble.RATE_LIMITED,
}
_TROUBLES = (
    # What is looked for in a proxy's words, in lower case; the first that is there. novicezk's
    # `CaptchaEmbeddedHandler`, Discord's and MidJourney's own words, trueai-org's in Chinese.
    ("captcha", Trouble.CAPTCHA),
    ("人机", Trouble.CAPTCHA),
    ("unauthorized", Trouble.UNAUTHORIZED),
    ("rate limit", Trouble.RATE_LIMITED),
    ("已达上限", Trouble.RATE_LIMITED),
    ("blocked", Trouble.BLOCKED),
    ("封锁", Trouble.BLOCKED),
    ("pending mod message", Trouble.BLOCKED),
    ("subscription", Trouble.OUT_OF_CREDIT),
    ("credits", Trouble.OUT_OF_CREDIT),
    ("账号", Trouble.ACCOUNT_DISABLED),
)
_NUMBER = re.compile(r"^\s*(?:\d\ufe0f?\u20e3|\d[.)]\s)\s*", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_PARAMETERS = re.compile(r"(?:^|\s)(?:--|—)[A-Za-z].*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class ToConfirm:
    """Taken, but nothing is done before it has been confirmed (a modal, in Discord's words)."""

    task_id: str
    prompt: str | None
    """With these words; None for those that it came with."""


@dataclass(frozen=True, kw_only=True)
class HadAlready:
    """Not taken: the proxy has this task already (novicezk up to 2.6.0, of a repeated UPSCALE)."""

    task_id: str


def submit_answer(answer: Mapping[str, Any]) -> SubmitAnswer | ParentLost | ToConfirm | HadAlready:
    """What a SubmitResult means.

    Its words are read and not passed on: they end in logs, and may quote what they were sent.
    """
    code, task_id = answer["code"], answer.get("result")
    description = str(answer.get("description") or answer.get("message") or f"code {code}")
    reason, properties = f"the proxy answered code {code}", answer.get("properties") or {}
    if code in {ACCEPTED, QUEUED}:
        # Taken, it says; without an id only a search can tell.
        return Accepted(task_id=str(task_id)) if task_id else Unsure(reason="no id in the answer")
    if code == EXISTED and task_id:
        return _existed(str(task_id), description, properties)
    if code == NOT_FOUND or "task_not_found" in description:
        # "No such account": of an upscale its grid's, which may come back.
        account = "账号" in description or "account" in description
        lost = ParentLost(reason=reason)
        return Busy(reason=reason, trouble=Trouble.ACCOUNT_DISABLED) if account else lost
    if code in {QUEUE_FULL, FAILED, RATE_LIMITED}:
        trouble = _TROUBLE_OF_CODE.get(code) or trouble_of(description) or Trouble.OTHER
        return Busy(reason=reason, trouble=trouble)
    if code == BANNED_WORD:
        word = properties.get("bannedWord")
        message = f"The word “{word}” is on the painter's list of banned words. Use another one."
        return Refused(failure=Failure(code=FailureCode.BANNED_WORD, message=message))
    not_yet = code == INVALID and any(words in description for words in _NOT_YET)
    # trueai-org's other envelope, for what its filters stop before a task is made: limits.
    if not_yet or answer.get("success") is False:
        return Busy(reason=reason, trouble=trouble_of(description) or Trouble.OTHER)
    if code == INVALID and "异常" in description and "提交" in description:
        # trueai-org: an unexpected exception somewhere in the submission.
        return Unsure(reason=reason)
    message = f"The painter refused the request (code {code}). Change the prompt."
    if "禁止上传" in description:
        message = "The painter takes no drawings: uploads are switched off there. Leave it out."
    return Refused(failure=Failure(code=FailureCode.PROMPT_REJECTED, message=message))


def _existed(
    task_id: str, description: str, properties: Mapping[str, Any]
) -> ToConfirm | HadAlready:
    """Code 21 has two meanings; whatever is not clearly the one is looked at before it is used."""
    had = "status" in properties or "imageUrl" in properties
    modal = "remix" in properties or "finalPrompt" in properties or "confirm" in description.lower()
    if modal and not had:
        return ToConfirm(task_id=task_id, prompt=properties.get("finalPrompt") or None)
    return HadAlready(task_id=task_id)


def task_of(answer: object) -> Mapping[str, Any] | Unreachable | None:
    """The Task of an answer to a fetch; None if the proxy has none."""
    if answer is None or isinstance(answer, Unreachable):
        return answer
    if isinstance(answer, Mapping) and "id" in answer and "status" in answer:
        return answer
    if isinstance(answer, Mapping) and answer.get("code") in {NOT_FOUND, INVALID}:
        return None
    return Unreachable(reason="the proxy's answer is not a task")


def sighting(task: Mapping[str, Any]) -> Sighting:
    """What a Task says of its painting."""
    phase = _PHASES.get(str(task.get("status")), Phase.WAITING)
    failure, permanent, trouble = None, False, None
    if phase is Phase.FAILED:
        reason = str(task.get("failReason") or "")
        failure, permanent = _failure(reason)
        trouble = None if permanent else trouble_of(reason)
    described = phase is Phase.DONE and task.get("action") == "DESCRIBE"
    return Sighting(
        task_id=str(task["id"]),
        phase=phase,
        progress=_percent(task.get("progress")),
        picture_url=_link(task.get("imageUrl")),
        words=_words(task) if described else None,
        started_at=_moment(task.get("startTime")),
        finished_at=_moment(task.get("finishTime")),
        failure=failure,
        permanent=permanent,
        trouble=trouble,
    )


def news(body: object) -> Told | None:
    """What a notification says: its body is a Task; None if it is none, or not one of ours."""
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        return None
    token = body.get("state")
    return Told(token=token, seen=sighting(body)) if isinstance(token, str) and token else None


def _link(url: object) -> str | None:
    return url if isinstance(url, str) and url.startswith(("http://", "https://")) else None


def _moment(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int | float) or not 0 < milliseconds < _LAST_MOMENT:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def unconfirmed(task: Mapping[str, Any]) -> bool:
    """Whether it waits for a confirmation that it never got.

    trueai-org leaves it in MODAL until its turn comes, but marks it when it is confirmed.
    """
    return task.get("status") == "MODAL" and not task.get("remixAutoSubmit")


def final_prompt(task: Mapping[str, Any]) -> str | None:
    """The words that a task is painted with, as far as it tells."""
    properties = task.get("properties") or {}
    words = properties.get("finalPrompt") or task.get("promptEn") or task.get("prompt")
    return str(words) if words else None


def upscale_button(task: Mapping[str, Any], index: int) -> str | None:
    """What to click for one of the four, 1..4; None if the task shows no such button."""
    beginning = f"MJ::JOB::upsample::{index}::"
    buttons = task.get("buttons")
    for button in buttons if isinstance(buttons, list) else []:
        custom_id = button.get("customId") if isinstance(button, dict) else None
        if isinstance(custom_id, str) and custom_id.startswith(beginning):
            return custom_id
    return None


def reaches_back(tasks: Sequence[Any], since: datetime) -> bool:
    """Whether a list of tasks holds all that was submitted from `since` on."""
    if len(tasks) != NEWEST:
        return True
    times = [task["submitTime"] for task in tasks if isinstance(task, dict) if "submitTime" in task]
    known = [milliseconds for milliseconds in times if isinstance(milliseconds, int | float)]
    oldest = datetime.fromtimestamp(min(known) / 1000, UTC) if known else None
    return oldest is not None and oldest <= since - CLOCKS_APART


def _words(task: Mapping[str, Any]) -> str | None:
    """The first of the four descriptions, without its number, links and parameters."""
    whole = final_prompt(task) or ""
    texts = _NUMBER.split(whole)[1:] or whole.splitlines()
    first = next((text for text in texts if text.strip()), "")
    words = _PARAMETERS.sub("", _LINK.sub(r"\1", first))
    return " ".join(words.split()) or None


def _percent(progress: object) -> int | None:
    """The figure in texts such as "31%"; None for "", "fast", "Waiting to start" and the like."""
    text = str(progress or "")
    if text.endswith("%") and text[:-1].isdecimal() and len(text) <= len("100%"):
        return min(100, int(text[:-1]))
    return None


def trouble_of(words: str) -> Trouble | None:
    """What is wrong with the painter itself, if its words say so."""
    lower = words.lower()
    return next((trouble for sign, trouble in _TROUBLES if sign in lower), None)


def _failure(reason: str) -> tuple[Failure, bool]:
    for beginning, code in _REFUSALS:
        if reason.lower().lstrip("[ ").startswith(beginning):
            message = "MidJourney refused the picture. Change the prompt."
            if code is FailureCode.BANNED_WORD:
                message = "The prompt holds a word that the painter has banned. Use another one."
            return Failure(code=code, message=message), True
    message = "MidJourney failed to paint the picture. Regenerate it."
    return Failure(code=FailureCode.PAINTING_FAILED, message=message), False
