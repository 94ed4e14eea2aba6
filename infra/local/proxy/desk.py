"""The front desk: checks submissions in the real proxy's order and hands them to the engine.

Facts: the proxy's contract, sections 1 (codes, statuses) and 2.4. Descriptions are the proxy's.
"""

from enum import StrEnum
from typing import Any

from infra.local.proxy import bodies, results
from infra.local.proxy.banned import find_banned_word
from infra.local.proxy.engine import Engine
from infra.local.proxy.fault_list import FaultList
from infra.local.proxy.faults import ParentLag
from infra.local.proxy.reception import Answer, Reception, plain
from infra.local.proxy.results import ServerError, SubmitResult
from infra.local.proxy.run import Submission, Upload
from infra.local.proxy.task import CHANGES, GRIDS, Action, Status, Task


class Dimensions(StrEnum):
    """Shapes of a blended picture."""

    PORTRAIT = "PORTRAIT"
    SQUARE = "SQUARE"
    LANDSCAPE = "LANDSCAPE"


#: Width to height of each shape.
RATIOS = {Dimensions.PORTRAIT: (2, 3), Dimensions.SQUARE: (1, 1), Dimensions.LANDSCAPE: (3, 2)}

BROKEN_DATA_URL = "base64格式错误"


class Desk:
    """One method for each submit endpoint; each takes the JSON body."""

    def __init__(
        self, engine: Engine, faults: FaultList, reception: Reception, *, repeats: str = "new"
    ) -> None:
        """Look parents up in `engine`, and hand submissions in at `reception`."""
        self._engine = engine
        self._faults = faults
        self._reception = reception
        self._repeats = repeats

    def imagine(self, body: dict[str, Any]) -> Answer:
        """POST submit/imagine."""
        prompt = bodies.text(body, "prompt")
        pictures = list(bodies.texts(body, "base64Array") or [])
        single = bodies.text(body, "base64")
        common = _common(body)
        if prompt is None or not prompt.strip():
            return plain(results.invalid("prompt不能为空"))
        prompt = prompt.strip()
        word = find_banned_word(prompt)
        if word is not None:
            return plain(results.banned(prompt, word))
        uploads = _uploads([*pictures, single] if single else pictures)
        if uploads is None:
            return plain(results.invalid(BROKEN_DATA_URL))
        return self._reception.submit(
            Submission(
                action=Action.IMAGINE,
                prompt=prompt,
                description=f"/imagine {prompt}",
                uploads=uploads,
                **common,
            )
        )

    def change(self, body: dict[str, Any]) -> Answer:
        """POST submit/change."""
        task_id = bodies.text(body, "taskId")
        action = bodies.choice(body, "action", Action)
        return self._change(task_id, action, bodies.whole(body, "index"), body)

    def simple_change(self, body: dict[str, Any]) -> Answer:
        """POST submit/simple-change."""
        parts = (bodies.text(body, "content") or "").split(" ")
        bodies.text(body, "state")
        if len(parts) != 2:
            return plain(results.invalid("content参数错误"))
        task_id, word = parts[0], parts[1].upper()
        if not word:
            raise ServerError("content ends in a space")
        action = {"U": Action.UPSCALE, "V": Action.VARIATION, "R": Action.REROLL}.get(word[0])
        if action is Action.REROLL:
            return self._change(task_id, action, None, body)
        if action is None or word[1:2] not in ("1", "2", "3", "4"):
            return plain(results.invalid("content参数错误"))
        return self._change(task_id, action, int(word[1]), body)

    def describe(self, body: dict[str, Any]) -> Answer:
        """POST submit/describe."""
        picture = bodies.text(body, "base64")
        common = _common(body)
        if picture is None or not picture.strip():
            return plain(results.invalid("base64不能为空"))
        uploads = _uploads([picture])
        if uploads is None:
            return plain(results.invalid(BROKEN_DATA_URL))
        description = f"/describe {{id}}.{uploads[0].suffix}"
        return self._reception.submit(
            Submission(
                action=Action.DESCRIBE,
                prompt=None,
                description=description,
                uploads=uploads,
                **common,
            )
        )

    def blend(self, body: dict[str, Any]) -> Answer:
        """POST submit/blend."""
        pictures = bodies.texts(body, "base64Array") or []
        dimensions = bodies.choice(body, "dimensions", Dimensions) or Dimensions.SQUARE
        common = _common(body)
        if not 2 <= len(pictures) <= 5:
            return plain(results.invalid("base64List参数错误"))
        uploads = _uploads(pictures)
        if uploads is None:
            return plain(results.invalid(BROKEN_DATA_URL))
        return self._reception.submit(
            Submission(
                action=Action.BLEND,
                prompt=None,
                description=f"/blend {{id}} {len(uploads)}",
                uploads=uploads,
                ratio=RATIOS[dimensions],
                **common,
            )
        )

    def _change(
        self, task_id: str | None, action: Action | None, index: int | None, body: dict[str, Any]
    ) -> Answer:
        common = _common(body)
        if task_id is None or not task_id.strip():
            return plain(results.invalid("taskId不能为空"))
        if action is None:
            raise ServerError("action is null")
        if action not in CHANGES:
            return plain(results.invalid("action参数错误"))
        suffix = "R" if action is Action.REROLL else f"{action.value[0]}{index}"
        description = f"/up {task_id} {suffix}"
        if action is Action.UPSCALE and self._repeats == "existed":
            twin = self._described(description)
            if twin is not None:
                return plain(results.existed(twin.id, twin.status.value, twin.image_url))
        parent = self._engine.tasks.get(task_id)
        problem = self._parent_problem(parent, action)
        if parent is None or problem is not None:
            return plain(problem or results.not_found("关联任务不存在或已失效"))
        if action is not Action.REROLL and index is None:
            raise ServerError("index is null")
        return self._reception.submit(
            Submission(
                action=action,
                prompt=parent.prompt,
                description=description,
                parent=parent,
                index=index if action is not Action.REROLL else None,
                **common,
            )
        )

    def _described(self, description: str) -> Task | None:
        """Return a task of the store with this description, whatever its status is."""
        tasks = self._engine.tasks.values()
        return next((task for task in tasks if task.description == description), None)

    def _parent_problem(self, parent: Task | None, action: Action) -> SubmitResult | None:
        if parent is None:
            return results.not_found("关联任务不存在或已失效")
        lag = self._faults.strike(ParentLag, action, parent.prompt or "")
        if parent.status is not Status.SUCCESS or lag is not None:
            return results.invalid("关联任务状态错误")
        if parent.action not in GRIDS:
            return results.invalid("关联任务不允许执行变化")
        return None


def _common(body: dict[str, Any]) -> dict[str, Any]:
    """Return what every submission has: `state`, which is only echoed, and `notifyHook`."""
    hook = (bodies.text(body, "notifyHook") or "").strip()
    return {"state": bodies.text(body, "state"), "notify_hook": hook or None}


def _uploads(data_urls: list[str]) -> tuple[Upload, ...] | None:
    """Return the pictures of data URLs; None if one of them is none."""
    uploads = [bodies.read_data_url(data_url) for data_url in data_urls]
    known = tuple(upload for upload in uploads if upload is not None)
    return known if len(known) == len(uploads) else None
