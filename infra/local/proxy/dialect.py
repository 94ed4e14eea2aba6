"""What the engine says and allows, in the words of one proxy or another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.local.proxy import results
from infra.local.proxy.faults import Fail
from infra.local.proxy.notifications import RankMemory
from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.results import SubmitResult
from infra.local.proxy.run import Slots
from infra.local.proxy.task import Task


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one real proxy differs from another behind its endpoints."""

    accepted: Callable[[str, str, int], SubmitResult]  #: task's id, account, tasks ahead of it
    queue_full: Callable[[str], SubmitResult]  #: account
    submit_failed: Callable[[str], SubmitResult]  #: account
    account_lost: Callable[[str, bool], SubmitResult]  #: account; whether there is a parent task
    banned: Callable[[str, str], SubmitResult | Fail]  #: prompt, word -> the end at once, or later
    timed_out: Callable[[float], str]  #: minutes -> failReason of a task that was given up
    slots: Callable[[ProxyOptions], Slots]
    memory: Callable[[Callable[[], float]], RankMemory]  #: clock -> what orders notifications
    task_json: Callable[[Task], dict[str, Any]]


def _account_lost(instance_id: str, has_parent: bool) -> SubmitResult:
    return results.not_found(f"账号不可用: {instance_id}" if has_parent else "无可用的账号实例")


#: novicezk/midjourney-proxy v2.6.3.
NOVICEZK = Dialect(
    accepted=results.accepted,
    queue_full=results.queue_rejected,
    submit_failed=results.submit_failed,
    account_lost=_account_lost,
    banned=results.banned,
    timed_out=lambda _: "任务超时",
    slots=lambda options: Slots(options.core_size, options.queue_size),
    memory=RankMemory,
    task_json=Task.to_json,
)
