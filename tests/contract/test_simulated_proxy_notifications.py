"""notifyHook of the simulated proxy (the proxy's contract, section 3)."""

from collections.abc import Iterator

import pytest

from infra.local.proxy.notifications import RankMemory, rank_of
from infra.local.proxy.task import Action, Status, Task
from tests.contract.proxy_client import Client, Hook, hook_receiver, proxy_client


@pytest.fixture(scope="module")
def proxy() -> Iterator[Client]:
    with proxy_client(core_size=50) as client:
        yield client


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hook_receiver() as receiver:
        yield receiver


def test_the_body_is_the_task_and_nothing_secret_is_sent(proxy: Client, hook: Hook) -> None:
    task_id = proxy.imagine(notifyHook=hook.url)
    news = hook.wait_for_end(task_id)

    final = next(body for body in news if body["status"] == "SUCCESS")
    assert final == proxy.task(task_id)
    assert final["properties"]["notifyHook"] == hook.url
    assert all(headers["Content-Type"] == "application/json" for headers in hook.headers)
    assert "mj-api-secret" not in {name.lower() for name in hook.headers[0]}


def test_an_imagine_is_told_some_five_to_fifteen_times_and_never_while_it_waits(
    proxy: Client, hook: Hook
) -> None:
    news = hook.wait_for_end(proxy.imagine(notifyHook=hook.url))

    assert 5 <= len(news) <= 16
    assert {body["status"] for body in news} <= {"SUBMITTED", "IN_PROGRESS", "SUCCESS"}


def test_a_failure_is_told(proxy: Client, hook: Hook) -> None:
    news = hook.wait_for_end(proxy.imagine("a fox --xyz", notifyHook=hook.url))

    end = next(body for body in news if body["status"] == "FAILURE")
    assert end["failReason"].startswith("[Invalid parameter]")


def test_the_proxys_own_hook_is_used_for_tasks_without_one(hook: Hook) -> None:
    with proxy_client(notify_hook=hook.url) as proxy:
        hook.wait_for_end(proxy.imagine())


def test_there_is_no_retry(proxy: Client, hook: Hook) -> None:
    hook.status = 500
    proxy.faults({"kind": "fail", "progress": 0})
    task_id = proxy.imagine(notifyHook=hook.url)
    hook.wait_for_end(task_id)

    proxy.finished()
    news = [(body["status"], body["progress"]) for body in hook.of(task_id)]
    assert len(news) == len(set(news))


def test_an_unreachable_hook_changes_nothing(proxy: Client) -> None:
    assert proxy.finished(notifyHook="http://127.0.0.1:9/none")["status"] == "SUCCESS"
    assert proxy.finished(notifyHook="no url at all")["status"] == "SUCCESS"


def test_success_may_be_told_twice(hook: Hook) -> None:
    with proxy_client(notify_duplicates=1.0) as proxy:
        hook.wait_for_end(proxy.imagine(notifyHook=hook.url), count=2)


def test_fault_drop_loses_all_news_of_a_task(proxy: Client, hook: Hook) -> None:
    proxy.faults({"kind": "notify_drop"})
    silent = proxy.imagine(notifyHook=hook.url)
    loud = proxy.imagine(notifyHook=hook.url)
    hook.wait_for_end(loud)
    proxy.ended(silent)

    assert hook.of(silent) == []


def test_fault_double_tells_everything_twice(proxy: Client, hook: Hook) -> None:
    proxy.faults({"kind": "notify_double"})
    news = hook.wait_for_end(proxy.imagine(notifyHook=hook.url), count=2)

    assert len([body for body in news if body["progress"] == "54%"]) == 2


def test_fault_reorder_lets_older_news_arrive_after_newer(proxy: Client, hook: Hook) -> None:
    proxy.faults({"kind": "notify_reorder"})
    task_id = proxy.imagine(notifyHook=hook.url)
    proxy.ended(task_id)
    hook.wait_for_end(task_id)

    ranks = [rank_of(Status(body["status"]), body["progress"]) for body in hook.of(task_id)]
    assert ranks != sorted(ranks)


def _task(status: Status, progress: str | None) -> Task:
    return Task("1", Action.IMAGINE, "", "", "", None, 0, status=status, progress=progress)


def test_lower_ranks_are_dropped_and_equal_ones_pass_for_an_hour() -> None:
    now = [0.0]
    memory = RankMemory(lambda: now[0])

    assert not memory.admits(_task(Status.NOT_START, None))
    assert memory.admits(_task(Status.IN_PROGRESS, "31%"))
    assert memory.admits(_task(Status.IN_PROGRESS, "31%"))
    assert not memory.admits(_task(Status.IN_PROGRESS, "15%"))
    assert not memory.admits(_task(Status.IN_PROGRESS, "Waiting to start"))
    assert not memory.admits(_task(Status.SUBMITTED, "0%"))
    assert memory.admits(_task(Status.FAILURE, ""))
    assert memory.admits(_task(Status.SUCCESS, "100%"))
    assert memory.admits(_task(Status.FAILURE, ""))
    now[0] = 3601
    assert memory.admits(_task(Status.SUBMITTED, "0%"))
