"""How trueai-org/midjourney-proxy v11 differs behind its endpoints (contract, section 7)."""

from collections.abc import Callable
from dataclasses import replace

from infra.local.proxy import results
from infra.local.proxy.dialect import Dialect
from infra.local.proxy.faults import Fail
from infra.local.proxy.notifications import RankMemory
from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.results import Code, SubmitResult
from infra.local.proxy.run import Slots
from infra.local.proxy.task import Action, Status, Task
from infra.local.proxy.trueai_task import task_json

#: failReason of a task that was cancelled.
CANCELLED = "取消任务"

#: failReason of a prompt with a word of the proxy's list, which is read only once it has a slot.
_BANNED = "可能包含敏感词"


def unknown_parent() -> SubmitResult:
    """Return code 3; this proxy sends it with HTTP 404."""
    return results.not_found("关联任务不存在或已失效")


def awaits_confirmation(task: Task) -> SubmitResult:
    """Return code 21 as this proxy means it: submit/modal has to follow."""
    return SubmitResult(
        code=Code.EXISTED,
        description="Waiting for window confirm",
        result=task.id,
        properties={"finalPrompt": task.prompt_en, "remix": True},
    )


def image_seed(seed: str) -> SubmitResult:
    """Return code 1 with a seed for its result."""
    return SubmitResult(code=Code.SUCCESS, description="成功", result=seed)


def _with_channel(result: SubmitResult) -> SubmitResult:
    channel = result.properties["discordInstanceId"]
    return replace(result, properties={**result.properties, "discordChannelId": channel})


def _queue_full(instance_id: str) -> SubmitResult:
    return _with_channel(
        SubmitResult(
            code=Code.FAILURE,
            description="提交失败，队列已满，请稍后重试",
            properties={"discordInstanceId": instance_id},
        )
    )


def _submit_failed(instance_id: str) -> SubmitResult:
    result = results.submit_failed(instance_id)
    return _with_channel(replace(result, description="提交失败，系统异常"))


def _slots(options: ProxyOptions) -> Slots:
    return Slots(options.core_size, options.queue_size or None, free={Action.UPSCALE})


class StrictRankMemory(RankMemory):
    """Drops equal ranks, too, and forgets a task once its end was told."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self._last: dict[str, float] = {}

    def admits(self, task: Task) -> bool:
        """Say whether news are newer than the last ones; remember them."""
        rank = rank_of(task.status, task.progress)
        if rank <= self._last.get(task.id, -1.0):
            return False
        self._last[task.id] = rank
        if task.ended:
            # So a second SUCCESS passes, and so would a late "93%".
            del self._last[task.id]
        return True

    def clear(self) -> None:
        """Forget everything."""
        self._last.clear()


def rank_of(status: Status, progress: str | None) -> float:
    """Return the rank of news; MODAL and CANCEL have none."""
    if status is Status.IN_PROGRESS:
        text = progress or ""
        return 3.0 + (float(text[:-1]) / 100 if text.endswith("%") else 0.0)
    return {Status.SUBMITTED: 1.0, Status.FAILURE: 4.0, Status.SUCCESS: 5.0}.get(status, 0.0)


TRUEAI = Dialect(
    accepted=lambda *details: _with_channel(results.accepted(*details)),
    queue_full=_queue_full,
    submit_failed=_submit_failed,
    account_lost=lambda _, __: results.not_found("无可用的账号实例"),
    banned=lambda _, __: Fail(kind="fail", reason=_BANNED),
    timed_out=lambda minutes: f"执行超时 {minutes:g} 分钟",
    slots=_slots,
    memory=StrictRankMemory,
    task_json=task_json,
)
