"""The front desk of trueai's proxy: checks submissions in its order (contract, section 7)."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from infra.local.proxy import bodies, results
from infra.local.proxy.desk import BROKEN_DATA_URL, RATIOS, Dimensions
from infra.local.proxy.engine import Engine
from infra.local.proxy.fault_list import FaultList
from infra.local.proxy.faults import Modal, ParentLag
from infra.local.proxy.reception import Answer, Reception, plain
from infra.local.proxy.results import SubmitResult
from infra.local.proxy.run import Submission, Upload
from infra.local.proxy.task import Action, BotType, Status, Task
from infra.local.proxy.trueai import awaits_confirmation, unknown_parent

_LONGEST_STATE = 255
_LONGEST_HOOK = 2000

_SPEED = re.compile(r"--(?:fast|relax|turbo)")

_CHANGE = re.compile(r"MJ::JOB::(upsample|variation|reroll)::(\d+)(?:::([^:]*))?")

#: What a reroll of each kind of task is; the others can't be rerolled.
_AGAIN = {
    Action.IMAGINE: Action.IMAGINE, Action.VARIATION: Action.VARIATION, Action.BLEND: Action.BLEND,
    Action.DESCRIBE: Action.DESCRIBE, Action.UPSCALE: Action.IMAGINE,
}  # fmt: skip


class Mode(StrEnum):
    """How fast MidJourney paints; what it costs."""

    RELAX = "RELAX"
    FAST = "FAST"
    TURBO = "TURBO"


class LogicError(Exception):
    """A submission is refused where no SubmitResult is foreseen: HTTP 200 with an error body."""


class TrueAiDesk:
    """One method for each submit endpoint; each takes the JSON body and the path's speed."""

    def __init__(
        self,
        engine: Engine,
        faults: FaultList,
        reception: Reception,
        channel_id: str,
        upload: Callable[[Upload], str],
    ) -> None:
        """Look parents up in `engine`, hand submissions in, and store pictures with `upload`."""
        self._engine = engine
        self._faults = faults
        self._reception = reception
        self._channel_id = channel_id
        self._upload = upload

    def imagine(self, body: dict[str, Any], mode: Mode | None = None) -> Answer:
        """POST submit/imagine."""
        prompt = bodies.strict_text(body, "prompt")
        pictures = bodies.texts(body, "base64Array") or []
        if prompt is None or not prompt.strip():
            return plain(results.invalid("prompt不能为空"))
        prompt = prompt.strip()
        try:
            common = self._new(body, mode, prompt)
        except LogicError as error:
            return plain(results.invalid(str(error)))
        urls = self._urls(pictures)
        if urls is None:
            return plain(results.invalid(BROKEN_DATA_URL))
        prompt = " ".join((*urls, prompt))
        return self._submit(
            Submission(
                action=Action.IMAGINE, prompt=prompt, description=f"/imagine {prompt}", **common
            ),
            body,
        )  # fmt: skip

    def describe(self, body: dict[str, Any], mode: Mode | None = None) -> Answer:
        """POST submit/describe."""
        picture = bodies.strict_text(body, "base64") or ""
        link = bodies.strict_text(body, "link") or ""
        if not picture.strip() and not link.strip():
            return plain(results.invalid("base64或link不能为空"))
        if link.strip() and re.match(r"https?://.+", link) is None:
            return plain(results.invalid("链接格式错误"))
        picture = picture if picture.strip() else link
        known = _picture(picture)
        if known is None:
            return plain(results.invalid(BROKEN_DATA_URL))
        return self._submit(
            Submission(
                action=Action.DESCRIBE,
                prompt=None,
                description="/describe",
                uploads=(known,) if isinstance(known, Upload) else (),
                sources=(known,) if isinstance(known, str) else (),
                **self._new(body, mode),
            ),
            body,
        )

    def blend(self, body: dict[str, Any], mode: Mode | None = None) -> Answer:
        """POST submit/blend."""
        pictures = bodies.texts(body, "base64Array") or []
        dimensions = bodies.choice(body, "dimensions", Dimensions)
        if not 2 <= len(pictures) <= 5:
            return plain(results.invalid("图片参数错误，2~5张图片"))
        if dimensions is None:
            return plain(results.invalid("dimensions参数错误"))
        urls = self._urls(pictures)
        if urls is None:
            return plain(results.invalid(BROKEN_DATA_URL))
        return self._submit(
            Submission(
                action=Action.BLEND,
                prompt=None,
                description=f"/blend {{id}} {len(urls)}",
                sources=urls,
                ratio=RATIOS[dimensions],
                **self._new(body, mode),
            ),
            body,
        )

    def action(self, body: dict[str, Any], mode: Mode | None = None) -> Answer:
        """POST submit/action: a click on a button."""
        task_id = bodies.strict_text(body, "taskId") or ""
        custom_id = bodies.strict_text(body, "customId") or ""
        if not task_id.strip() or not custom_id.strip():
            return plain(results.invalid("参数错误"))
        parent = self._engine.tasks.get(task_id)
        if parent is None:
            return plain(unknown_parent(), status=404)
        clicked = _CHANGE.match(custom_id)
        action = _action(clicked, parent)
        lag = action and self._faults.strike(ParentLag, action, parent.prompt or "")
        if parent.status is not Status.SUCCESS or lag:
            return plain(results.invalid("关联任务状态错误"))
        common = self._new(body, mode)
        if clicked is None:
            return plain(results.invalid("未知的 Action 类型"))
        if action is None:
            return plain(results.invalid("该任务不支持重新生成"))
        if body.get("enableRemix") is True:
            return plain(results.invalid("当前账号不支持 remix，请开启 remix 功能"))
        return self._submit(_click(clicked, action, parent, common), body)

    def modal(self, body: dict[str, Any]) -> Answer:
        """POST submit/modal: lets a task go that waits in status MODAL."""
        task_id = bodies.strict_text(body, "taskId") or ""
        prompt = bodies.strict_text(body, "prompt") or ""
        bodies.strict_text(body, "maskBase64")
        if not task_id.strip():
            return plain(results.invalid("参数错误"))
        task = self._engine.tasks.get(task_id)
        if task is None:
            return plain(unknown_parent(), status=404)
        parent = self._engine.tasks.get(task.parent_id or "")
        if not prompt.strip() and parent is not None:
            prompt = parent.prompt or str(parent.properties.get("finalPrompt") or "")
        if not prompt.strip():
            return plain(results.invalid("prompt不能为空"))
        if parent is None and task.status is not Status.MODAL:
            return plain(results.not_found("目标任务不存在"))
        return plain(self._engine.confirm(task, prompt))

    def _submit(self, submission: Submission, body: dict[str, Any]) -> Answer:
        """Hand a submission in; a fault may make it wait for a confirmation."""
        if not self._may_paint(body):
            return plain(results.not_found("无可用的账号实例"))
        held = submission.action is not Action.DESCRIBE and self._faults.strike(
            Modal, submission.shown, submission.prompt or ""
        )
        return self._reception.submit(submission, self._hold if held else None)

    def _hold(self, submission: Submission) -> SubmitResult:
        if not self._engine.enabled:
            return results.not_found("无可用的账号实例")
        return awaits_confirmation(self._engine.hold(submission))

    def _may_paint(self, body: dict[str, Any]) -> bool:
        asked = _account_filter(body).get("instanceId")
        return not asked or asked == self._channel_id

    def _new(
        self, body: dict[str, Any], mode: Mode | None, prompt: str | None = None
    ) -> dict[str, Any]:
        """Return what every submission has; raises `LogicError` for texts that are too long."""
        state = bodies.strict_text(body, "state")
        hook = bodies.strict_text(body, "notifyHook") or ""
        if state is not None and len(state) > _LONGEST_STATE:
            raise LogicError(f"State参数过长，最大{_LONGEST_STATE}字符")
        if len(hook) > _LONGEST_HOOK:
            raise LogicError(f"NotifyHook参数过长，最大{_LONGEST_HOOK}字符")
        niji = bodies.strict_text(body, "botType") in ("NIJI_JOURNEY", "niji")
        bot = BotType.NIJI_JOURNEY if niji else BotType.MID_JOURNEY
        return {
            "state": state,
            "notify_hook": hook.strip() or None,
            "bot_type": bot,
            "mode": _mode(body, mode, prompt or "").value,
            "properties": {"botType": bot.value, "discordChannelId": self._channel_id},
        }

    def _urls(self, pictures: Iterable[str]) -> tuple[str, ...] | None:
        """Return a URL of each picture, which is an URL already or is stored now; blanks fall out.

        None if one of them is neither URL nor base64.
        """
        known = [_picture(picture) for picture in pictures if picture.strip()]
        if None in known:
            return None
        return tuple(
            self._upload(item) if isinstance(item, Upload) else item for item in known if item
        )


def _picture(text: str) -> Upload | str | None:
    """Return what a caller sent as a picture: a URL as it is; None if it is no picture at all."""
    return text if text.lower().startswith("http") else bodies.read_picture(text)


def _action(clicked: re.Match[str] | None, parent: Task) -> Action | None:
    """Return what a click asks for; None if that can't be had."""
    if clicked is None:
        return None
    if clicked[1] == "reroll":
        return _AGAIN.get(parent.action)
    return Action.UPSCALE if clicked[1] == "upsample" else Action.VARIATION


def _click(
    clicked: re.Match[str], action: Action, parent: Task, common: dict[str, Any]
) -> Submission:
    known = parent.properties
    again = clicked[1] == "reroll"
    index = None if again else int(clicked[2])
    final = str(known.get("finalPrompt") or parent.prompt_en or "")
    properties = {
        **common["properties"],
        "botType": parent.bot_type.value,
        "custom_id": clicked.string,
        "messageId": known.get("messageId"),
        "flags": known.get("flags"),
    }
    if index is not None:
        properties["action_index"] = index
    if action is Action.UPSCALE:
        properties["remix_u_custom_id"] = clicked.string
    # Discord knows no button with another picture's id: the click is accepted and then fails.
    fits = clicked[3] == known.get("messageHash")
    return Submission(
        **{**common, "properties": properties, "bot_type": parent.bot_type},
        action=Action.REROLL if again and action is Action.VARIATION else action,
        shown_as=action,
        prompt=parent.prompt,
        prompt_en=_SPEED.sub("", final).strip(),
        description=None,
        parent=parent,
        index=index if fits else None,
        ratio=parent.size if action is Action.BLEND else None,
        sources=(parent.image_url,) if action is Action.DESCRIBE and parent.image_url else (),
    )


def _account_filter(body: dict[str, Any]) -> dict[str, Any]:
    asked = body.get("accountFilter")
    return asked if isinstance(asked, dict) else {}


def _mode(body: dict[str, Any], path: Mode | None, prompt: str) -> Mode:
    """Return the speed: the path's, or the filter's first, or the prompt's, or FAST."""
    asked = _account_filter(body)
    modes = [bodies.choice({"modes": mode}, "modes", Mode) for mode in asked.get("modes") or []]
    flags = (mode for mode in (Mode.FAST, Mode.RELAX, Mode.TURBO) if f"--{mode.lower()}" in prompt)
    return next((mode for mode in (path, *modes, *flags) if mode is not None), Mode.FAST)
