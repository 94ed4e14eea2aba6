"""The tasks server through the official client: what Cloud Tasks promises, and the chaos."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import google.auth.transport.requests
import grpc
import pytest
import requests
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from google.oauth2 import id_token
from google.protobuf import field_mask_pb2

from infra.local.cloudtasks import QueueSettings, TasksServer
from infra.local.processes import LoopThread
from shared.adapters.token_keys import TokenKeys
from shared.adapters.tokens import Wanted, signed_claims

from .conftest import Target, eventually

PARENT = "projects/p/locations/l"
QUEUE = f"{PARENT}/queues/steps"
SERIAL = f"{PARENT}/queues/serial"
BRISK = QueueSettings(min_backoff=0.02, max_backoff=0.05, max_attempts=3)


@pytest.fixture
def server(loop: LoopThread) -> Iterator[TasksServer]:
    serial = QueueSettings(max_concurrent_dispatches=1, min_backoff=0.02, max_attempts=3)
    tasks = TasksServer({QUEUE: BRISK, SERIAL: serial})
    loop.run(tasks.start())
    yield tasks
    loop.run(tasks.stop())


@pytest.fixture
def client(server: TasksServer) -> Iterator[tasks_v2.CloudTasksClient]:
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


def task(target: Target, name: str = "", queue: str = QUEUE, **fields: Any) -> tasks_v2.Task:
    request = tasks_v2.HttpRequest(url=f"{target.url}/step", body=b"{}")
    full_name = f"{queue}/tasks/{name}" if name else ""
    return tasks_v2.Task(name=full_name, http_request=request, **fields)


def in_seconds(seconds: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)


# --- delivering -----------------------------------------------------------------------------------


def test_a_task_calls_its_url(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    wanted = task(target, "one")
    wanted.http_request.headers = {"Content-Type": "application/json", "X-CloudTasks-Forged": "1"}
    created = client.create_task(parent=QUEUE, task=wanted)
    server.wait_until_idle()
    (call,) = target.calls
    assert (call.method, call.path, call.body) == ("POST", "/step", b"{}")
    headers = call.headers
    assert headers["User-Agent"] == "Google-Cloud-Tasks"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-CloudTasks-QueueName"] == "steps"
    assert headers["X-CloudTasks-TaskName"] == "one"
    assert headers["X-CloudTasks-TaskRetryCount"] == "0"
    assert headers["X-CloudTasks-TaskExecutionCount"] == "0"
    assert float(headers["X-CloudTasks-TaskETA"]) == pytest.approx(
        created.schedule_time.timestamp(), abs=1e-5
    )
    assert "X-CloudTasks-TaskPreviousResponse" not in headers
    assert "X-CloudTasks-Forged" not in headers


def test_a_body_without_a_content_type_is_an_octet_stream(
    client: tasks_v2.CloudTasksClient, target: Target
) -> None:
    client.create_task(parent=QUEUE, task=task(target))
    (call,) = target.wait_for(1)
    assert call.headers["Content-Type"] == "application/octet-stream"


def test_a_task_without_a_name_gets_one(client: tasks_v2.CloudTasksClient, target: Target) -> None:
    names = {client.create_task(parent=QUEUE, task=task(target)).name for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith(f"{QUEUE}/tasks/") for name in names)


def test_a_scheduled_task_runs_at_its_time_and_not_before(
    client: tasks_v2.CloudTasksClient, target: Target
) -> None:
    at = in_seconds(0.3)
    client.create_task(parent=QUEUE, task=task(target, schedule_time=at))
    (call,) = target.wait_for(1)
    assert 0 <= call.at - at.timestamp() < 2.0


def test_attempts_after_a_failure_tell_what_went_before(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    target.answers = [500, 429, 200]
    client.create_task(parent=QUEUE, task=task(target))
    server.wait_until_idle()
    told = [
        (
            call.headers["X-CloudTasks-TaskRetryCount"],
            call.headers["X-CloudTasks-TaskExecutionCount"],
            call.headers.get("X-CloudTasks-TaskPreviousResponse"),
        )
        for call in target.calls
    ]
    # 5xx answers are not executions: https://cloud.google.com/tasks/docs/creating-http-target-tasks
    assert told == [("0", "0", None), ("1", "0", "500"), ("2", "1", "429")]


def test_retries_wait_for_the_backoff(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    target.answers = [500, 500]
    client.create_task(parent=QUEUE, task=task(target))
    server.wait_until_idle()
    first, second, third = (call.at for call in target.calls)
    assert second - first >= 0.02
    assert third - second >= 0.04


def test_a_task_vanishes_after_its_last_attempt(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    target.answers = [500] * 9
    client.create_task(parent=QUEUE, task=task(target, "one"))
    server.wait_until_idle()
    assert len(target.calls) == 3
    assert server.counters.gave_up == 1
    with pytest.raises(exceptions.NotFound):
        client.get_task(name=f"{QUEUE}/tasks/one")


def test_a_target_that_is_not_there_is_a_failed_attempt(
    client: tasks_v2.CloudTasksClient, server: TasksServer
) -> None:
    request = tasks_v2.HttpRequest(url="http://127.0.0.1:1/nobody")
    client.create_task(parent=QUEUE, task=tasks_v2.Task(http_request=request))
    server.wait_until_idle()
    assert [attempt.status for attempt in server.counters.attempts] == [None] * 3


# --- names ----------------------------------------------------------------------------------------


def test_a_name_is_taken_while_its_task_waits(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    later = task(target, "one", schedule_time=in_seconds(60))
    client.create_task(parent=QUEUE, task=later)
    with pytest.raises(exceptions.AlreadyExists):
        client.create_task(parent=QUEUE, task=later)
    assert server.counters.refused_names == 1


def test_a_name_stays_taken_after_its_task_has_ended(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    client.create_task(parent=QUEUE, task=task(target, "one"))
    server.wait_until_idle()
    with pytest.raises(exceptions.AlreadyExists):
        client.create_task(parent=QUEUE, task=task(target, "one"))


def test_a_name_stays_taken_after_its_task_was_deleted(
    client: tasks_v2.CloudTasksClient, target: Target
) -> None:
    later = task(target, "one", schedule_time=in_seconds(60))
    client.delete_task(name=client.create_task(parent=QUEUE, task=later).name)
    with pytest.raises(exceptions.AlreadyExists):
        client.create_task(parent=QUEUE, task=later)


# --- limits ---------------------------------------------------------------------------------------


def test_a_queue_with_concurrency_1_runs_one_task_at_a_time(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    target.gate.clear()
    for _ in range(5):
        client.create_task(parent=SERIAL, task=task(target))
    target.wait_for(1)
    assert server.counters.dispatched == {"serial": 1}
    target.gate.set()
    server.wait_until_idle()
    assert (len(target.calls), target.most_running) == (5, 1)


def test_another_queue_runs_tasks_at_the_same_time(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    target.gate.clear()
    for _ in range(5):
        client.create_task(parent=QUEUE, task=task(target))
    eventually(lambda: target.running == 5)
    target.gate.set()
    server.wait_until_idle()


def test_the_rate_limit_spreads_dispatches(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    name = f"{PARENT}/queues/slow"
    limits = tasks_v2.RateLimits(max_dispatches_per_second=20)  # a burst of 4
    client.create_queue(parent=PARENT, queue=tasks_v2.Queue(name=name, rate_limits=limits))
    client.pause_queue(name=name)
    for _ in range(8):
        client.create_task(parent=name, task=task(target))
    client.resume_queue(name=name)
    server.wait_until_idle()
    started = sorted(attempt.started for attempt in server.counters.attempts)
    assert started[7] - started[0] >= 4 / 20 - 0.005


# --- queues ---------------------------------------------------------------------------------------


def test_a_paused_queue_keeps_its_tasks_until_it_is_resumed(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    assert client.pause_queue(name=QUEUE).state == tasks_v2.Queue.State.PAUSED
    client.create_task(parent=QUEUE, task=task(target))
    client.create_task(parent=SERIAL, task=task(target))
    target.wait_for(1)
    assert (server.pending_in(QUEUE), server.counters.dispatched) == (1, {"serial": 1})
    assert client.resume_queue(name=QUEUE).state == tasks_v2.Queue.State.RUNNING
    server.wait_until_idle()
    assert len(target.calls) == 2


def test_a_purged_queue_is_empty(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    for _ in range(3):
        client.create_task(parent=QUEUE, task=task(target, schedule_time=in_seconds(60)))
    assert server.pending == 3
    assert client.purge_queue(name=QUEUE).purge_time is not None
    assert list(client.list_tasks(parent=QUEUE)) == []
    assert server.is_idle


def test_run_task_runs_a_task_before_its_time_and_in_a_paused_queue(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    client.pause_queue(name=QUEUE)
    later = task(target, schedule_time=in_seconds(60))
    client.run_task(name=client.create_task(parent=QUEUE, task=later).name)
    server.wait_until_idle()
    assert len(target.calls) == 1


def test_a_queue_can_be_made_changed_listed_and_deleted(client: tasks_v2.CloudTasksClient) -> None:
    name = f"{PARENT}/queues/new"
    made = client.create_queue(parent=PARENT, queue=tasks_v2.Queue(name=name))
    assert made.rate_limits.max_dispatches_per_second == 500
    assert made.retry_config.max_attempts == 100
    changed = client.update_queue(
        queue=tasks_v2.Queue(name=name, retry_config=tasks_v2.RetryConfig(max_attempts=7)),
        update_mask=field_mask_pb2.FieldMask(paths=["retry_config.max_attempts"]),
    )
    assert changed.retry_config.max_attempts == 7
    assert changed.retry_config.max_doublings == 16
    assert client.get_queue(name=name) == changed
    assert [queue.name for queue in client.list_queues(parent=PARENT)] == [QUEUE, SERIAL, name]
    client.delete_queue(name=name)
    with pytest.raises(exceptions.NotFound):
        client.get_queue(name=name)


def test_a_queue_exists_once(client: tasks_v2.CloudTasksClient) -> None:
    with pytest.raises(exceptions.AlreadyExists):
        client.create_queue(parent=PARENT, queue=tasks_v2.Queue(name=QUEUE))


def test_a_task_shows_its_body_in_the_full_view_only(
    client: tasks_v2.CloudTasksClient, target: Target
) -> None:
    later = task(target, "one", schedule_time=in_seconds(60))
    created = client.create_task(parent=QUEUE, task=later)
    full = client.get_task(request={"name": created.name, "response_view": tasks_v2.Task.View.FULL})
    assert created.http_request.body == b""
    assert full.http_request.body == b"{}"
    assert full.dispatch_deadline == dt.timedelta(minutes=10)


# --- refusing -------------------------------------------------------------------------------------


def test_a_queue_that_does_not_exist_is_not_found(
    client: tasks_v2.CloudTasksClient, target: Target
) -> None:
    with pytest.raises(exceptions.NotFound, match="Queue does not exist"):
        client.create_task(parent=f"{PARENT}/queues/none", task=task(target))


def _http(**fields: Any) -> dict[str, Any]:
    return {"http_request": tasks_v2.HttpRequest(**fields)}


GET = tasks_v2.HttpMethod.GET
BAD_TASKS: dict[str, dict[str, Any]] = {
    "no target": {},
    "no url": _http(),
    "no http": _http(url="ftp://x/"),
    "body of a GET": _http(url="http://x/", http_method=GET, body=b"x"),
    "too large": _http(url="http://x/", body=b"x" * ((1 << 20) + 1)),
    "short deadline": _http(url="http://x/") | {"dispatch_deadline": dt.timedelta(seconds=14)},
    "long deadline": _http(url="http://x/") | {"dispatch_deadline": dt.timedelta(minutes=31)},
    "too far away": _http(url="http://x/") | {"schedule_time": in_seconds(31 * 86400)},
    "bad name": _http(url="http://x/") | {"name": f"{QUEUE}/tasks/a b"},
    "short name": _http(url="http://x/") | {"name": "a"},
    "other queue": _http(url="http://x/") | {"name": f"{SERIAL}/tasks/a"},
}


@pytest.mark.parametrize("fields", BAD_TASKS.values(), ids=BAD_TASKS.keys())
def test_a_bad_task_is_refused(
    client: tasks_v2.CloudTasksClient, server: TasksServer, fields: dict[str, Any]
) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        client.create_task(parent=QUEUE, task=tasks_v2.Task(**fields))
    assert server.counters.created == {}


# --- tokens ---------------------------------------------------------------------------------------


def test_the_oidc_token_can_be_verified_with_the_published_certificates(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    wanted = task(target)
    wanted.http_request.oidc_token = tasks_v2.OidcToken(
        service_account_email="tasks@p.iam.gserviceaccount.com", audience="https://me"
    )
    client.create_task(parent=QUEUE, task=wanted)
    (call,) = target.wait_for(1)
    scheme, _, token = call.headers["Authorization"].partition(" ")
    assert scheme == "Bearer"
    with requests.Session() as session:
        transport = google.auth.transport.requests.Request(session)
        claims = id_token.verify_token(token, transport, "https://me", server.certs_url)
    assert claims["iss"] == "https://accounts.google.com"
    assert claims["email"] == "tasks@p.iam.gserviceaccount.com"
    assert claims["email_verified"] is True


def test_the_tokens_audience_is_the_url_unless_it_is_given(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    wanted = task(target)
    wanted.http_request.oidc_token = tasks_v2.OidcToken(service_account_email="a@b")
    client.create_task(parent=QUEUE, task=wanted)
    (call,) = target.wait_for(1)
    token = call.headers["Authorization"].removeprefix("Bearer ")
    with requests.Session() as session:
        transport = google.auth.transport.requests.Request(session)
        claims = id_token.verify_token(token, transport, certs_url=server.certs_url)
    assert claims["aud"] == f"{target.url}/step"


def test_the_published_keys_are_those_of_the_certificates(server: TasksServer) -> None:
    token = server.tokens.mint("a@b", "https://me")
    google = Wanted(issuers=frozenset({"https://accounts.google.com"}), audience="https://me")

    assert signed_claims(token, TokenKeys(server.keys_url), google)["email"] == "a@b"


# --- chaos and counters ---------------------------------------------------------------------------


def test_chaos_runs_tasks_twice_at_the_same_time(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    server.chaos.duplicate = 1.0
    target.gate.clear()
    client.create_task(parent=QUEUE, task=task(target, "one"))
    eventually(lambda: target.running == 2)
    target.gate.set()
    server.wait_until_idle()
    assert [call.headers["X-CloudTasks-TaskName"] for call in target.calls] == ["one", "one"]
    assert server.counters.duplicated == 1


def test_a_duplicate_keeps_to_the_concurrency_limit(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    server.chaos.duplicate = 1.0
    for _ in range(3):
        client.create_task(parent=SERIAL, task=task(target))
    server.wait_until_idle()
    assert (len(target.calls), target.most_running) == (6, 1)


def test_chaos_loses_tasks_and_their_names_are_taken(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    server.chaos.lose = 1.0
    client.create_task(parent=QUEUE, task=task(target, "one"))
    assert (server.is_idle, server.counters.lost, target.calls) == (True, 1, [])
    with pytest.raises(exceptions.AlreadyExists):
        client.create_task(parent=QUEUE, task=task(target, "one"))


def test_chaos_delays_tasks_and_does_not_tell_them(
    client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target
) -> None:
    server.chaos.delay = 0.3
    created = [client.create_task(parent=QUEUE, task=task(target)) for _ in range(5)]
    server.wait_until_idle()
    late = [attempt.started - attempt.eta for attempt in server.counters.attempts]
    assert max(late) > 0.05
    told = sorted(float(call.headers["X-CloudTasks-TaskETA"]) for call in target.calls)
    asked = sorted(one.schedule_time.timestamp() for one in created)
    assert told == pytest.approx(asked, abs=1e-5)


def test_counters(client: tasks_v2.CloudTasksClient, server: TasksServer, target: Target) -> None:
    target.answers = [500]
    client.create_task(parent=QUEUE, task=task(target))
    server.wait_until_idle()
    counters = server.counters
    assert counters.created == {"steps": 1}
    assert counters.created_paths == {"/step": 1}
    assert counters.dispatched == {"steps": 2}
    assert counters.dispatched_paths == {"/step": 2}
    assert counters.failed == 1
    assert [attempt.status for attempt in counters.attempts] == [500, 200]
    counters.reset()
    assert counters.dispatched == {}
