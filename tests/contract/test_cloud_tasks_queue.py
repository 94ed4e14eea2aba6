"""The queue's own decisions, with the time as an argument."""

import math

import pytest

from infra.local.cloudtasks.queue import (
    NAME_STAYS_TAKEN,
    Entry,
    HttpCall,
    NameTakenError,
    Outcome,
    Queue,
    QueueSettings,
)

QUEUE = "projects/p/locations/l/queues/q"


def entry(name: str = "a", due: float = 0.0) -> Entry:
    call = HttpCall(method="POST", url="http://x/", headers={}, body=b"", deadline=600.0)
    return Entry(name=f"{QUEUE}/tasks/{name}", call=call, created=0.0, eta=due, due=due)


def queue(**settings: float) -> Queue:
    return Queue(QUEUE, QueueSettings(**settings))  # type: ignore[arg-type]


def taken(queue: Queue, now: float) -> Entry:
    found = queue.take(now)
    assert isinstance(found, Entry)
    return found


def test_backoff_doubles_then_grows_linearly_up_to_the_maximum() -> None:
    settings = QueueSettings(min_backoff=10, max_backoff=300, max_doublings=3)
    waits = [settings.backoff(attempts) for attempts in range(1, 9)]
    assert waits == [10, 20, 40, 80, 160, 240, 300, 300]


@pytest.mark.parametrize(
    ("attempts", "age", "limit", "duration", "expected"),
    [
        (2, 0, 3, 0, False),
        (3, 0, 3, 0, True),
        (3, 5, 3, 10, False),  # both limits have to be reached
        (3, 10, 3, 10, True),
        (2, 99, 3, 10, False),
        (9999, 1e9, -1, 0, False),
        (9999, 1e9, -1, 10, True),
    ],
)
def test_gives_up(attempts: int, age: float, limit: int, duration: float, expected: bool) -> None:
    settings = QueueSettings(max_attempts=limit, max_retry_duration=duration)
    assert settings.gives_up(attempts, age) is expected


def test_a_task_waits_for_its_time() -> None:
    q = queue()
    q.add(entry(due=10.0), 0.0)
    assert q.take(4.0) == 6.0
    assert taken(q, 10.0).attempts == 1


def test_tasks_run_in_the_order_of_their_times() -> None:
    q = queue()
    for name, due in (("late", 2.0), ("early", 1.0)):
        q.add(entry(name, due), 0.0)
    assert [taken(q, 5.0).name[-5:], taken(q, 5.0).name[-4:]] == ["early", "late"]


def test_an_empty_queue_waits_for_something_to_happen() -> None:
    assert queue().take(0.0) == math.inf


def test_a_paused_queue_gives_nothing() -> None:
    q = queue()
    q.add(entry(), 0.0)
    q.is_paused = True
    assert q.take(1.0) == math.inf
    q.is_paused = False
    assert isinstance(q.take(1.0), Entry)


def test_concurrency_limit() -> None:
    q = queue(max_concurrent_dispatches=1)
    q.add(entry("a"), 0.0)
    q.add(entry("b"), 0.0)
    first = taken(q, 0.0)
    assert q.take(0.0) == math.inf
    q.finish(first, 1.0, 200)
    assert isinstance(q.take(1.0), Entry)


def test_rate_limit() -> None:
    q = queue(max_dispatches_per_second=10)  # a burst of 2
    for name in "abcd":
        q.add(entry(name), 0.0)
    assert isinstance(q.take(0.0), Entry)
    assert isinstance(q.take(0.0), Entry)
    assert q.take(0.0) == pytest.approx(0.1)
    assert isinstance(q.take(0.1), Entry)
    assert q.take(0.1) == pytest.approx(0.1)


def test_a_name_stays_taken_after_its_task_has_ended() -> None:
    q = queue()
    q.add(entry(), 0.0)
    assert q.finish(taken(q, 0.0), 1.0, 200) is Outcome.DONE
    with pytest.raises(NameTakenError):
        q.add(entry(), 2.0)
    q.add(entry(), 1.0 + NAME_STAYS_TAKEN)


def test_a_lost_task_takes_its_name_and_never_runs() -> None:
    q = queue()
    q.lose(entry(), 0.0)
    assert q.take(1e6) == math.inf
    assert q.is_taken(entry().name, 1.0)


def test_a_failed_attempt_is_repeated_after_the_backoff() -> None:
    q = queue(min_backoff=4.0)
    q.add(entry(), 0.0)
    assert q.finish(taken(q, 0.0), 1.0, 503) is Outcome.RETRY
    assert q.take(1.0) == 4.0
    assert taken(q, 5.0).attempts == 2


def test_a_task_vanishes_when_its_attempts_are_used_up() -> None:
    q = queue(max_attempts=1)
    q.add(entry(), 0.0)
    assert q.finish(taken(q, 0.0), 1.0, None) is Outcome.GAVE_UP
    assert q.pending == 0


def test_answers_of_5xx_are_no_executions() -> None:
    q = queue()
    task = entry()
    q.add(task, 0.0)
    for now, status in ((0.0, 500), (100.0, 429), (200.0, None)):
        q.finish(taken(q, now), now, status)
    assert (task.attempts, task.responses, task.executions) == (3, 2, 1)


def test_purging_forgets_tasks_and_duplicates_but_not_names() -> None:
    q = queue()
    task = entry()
    q.add(task, 0.0)
    q.duplicate(task, 0.0)
    q.purge(1.0)
    assert q.pending == 0
    assert q.take(2.0) == math.inf
    assert q.is_taken(task.name, 2.0)


def test_a_deleted_tasks_running_attempt_changes_nothing() -> None:
    q = queue()
    q.add(entry(), 0.0)
    running = taken(q, 0.0)
    q.remove(running.name, 0.5)
    assert q.finish(running, 1.0, 500) is Outcome.IGNORED
    assert q.running == 0


def test_a_duplicate_runs_even_after_the_task_has_ended() -> None:
    q = queue(max_concurrent_dispatches=1)
    q.add(entry(), 0.0)
    original = taken(q, 0.0)
    q.duplicate(original, 0.0)
    assert q.take(0.0) == math.inf  # a duplicate keeps to the limit
    q.finish(original, 1.0, 200)
    twin = taken(q, 1.0)
    assert (twin.name, twin.attempts, twin.is_duplicate) == (original.name, 1, True)
    assert q.finish(twin, 2.0, 500) is Outcome.IGNORED
    assert q.pending == 0
