# mypy: allow-untyped-calls
"""Between the API's messages and the queue's own values, with the API's checks."""

import datetime as dt
import re
import uuid
from typing import Any

import grpc
from google.cloud.tasks_v2 import types

from infra.local.cloudtasks.queue import Entry, HttpCall, Queue, QueueSettings

_QUEUE_NAME = re.compile(r"projects/[^/]+/locations/[^/]+/queues/[A-Za-z0-9-]{1,100}")
_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,500}")
_MAX_TASK_BYTES = 1 << 20
_MAX_AHEAD = dt.timedelta(days=30)
_DEFAULT_DEADLINE = 600.0
_SHORTEST_DEADLINE, _LONGEST_DEADLINE = 15.0, 1800.0
_MAX_RATE, _MAX_CONCURRENT = 500.0, 5000


class RefusedError(Exception):
    """A request that the API refuses, with the status and the message of its answer."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> RefusedError:
    """Return the error for a request with a bad field."""
    return RefusedError(grpc.StatusCode.INVALID_ARGUMENT, message)


def instant(seconds: float) -> dt.datetime:
    """Return the time of so many Unix seconds, in UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _seconds(duration: Any, default: float = 0.0) -> float:
    # The stubs say Duration; what the library hands out is a timedelta, of 0 for an unset field.
    return float(duration.total_seconds()) if duration else default


def check_queue_name(name: str, parent: str) -> None:
    """Raise RefusedError unless it is the full name of a queue below `parent`."""
    if not _QUEUE_NAME.fullmatch(name) or not name.startswith(f"{parent}/queues/"):
        raise invalid(
            f'Queue name "{name}" must be formatted: '
            '"projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>"'
        )


def queue_settings(queue: types.Queue) -> QueueSettings:
    """Return a message's limits, with the API's defaults for what it leaves out."""
    default = QueueSettings()
    rate, retry = queue.rate_limits, queue.retry_config
    settings = QueueSettings(
        max_dispatches_per_second=rate.max_dispatches_per_second
        or default.max_dispatches_per_second,
        max_concurrent_dispatches=rate.max_concurrent_dispatches
        or default.max_concurrent_dispatches,
        max_attempts=retry.max_attempts or default.max_attempts,
        max_retry_duration=_seconds(retry.max_retry_duration),
        min_backoff=_seconds(retry.min_backoff) or default.min_backoff,
        max_backoff=_seconds(retry.max_backoff) or default.max_backoff,
        max_doublings=retry.max_doublings or default.max_doublings,
    )
    if not 0 < settings.max_dispatches_per_second <= _MAX_RATE:
        raise invalid(f"RateLimits.max_dispatches_per_second must be between 0 and {_MAX_RATE:g}")
    if not 0 < settings.max_concurrent_dispatches <= _MAX_CONCURRENT:
        raise invalid(f"RateLimits.max_concurrent_dispatches must be at most {_MAX_CONCURRENT}")
    if settings.max_attempts < -1:
        raise invalid("RetryConfig.max_attempts must be -1 or positive")
    if settings.min_backoff > settings.max_backoff:
        raise invalid("RetryConfig.min_backoff must not be greater than RetryConfig.max_backoff")
    return settings


def queue_message(queue: Queue) -> types.Queue:
    """Return a queue as the API shows it."""
    settings = queue.settings
    state = types.Queue.State.PAUSED if queue.is_paused else types.Queue.State.RUNNING
    return types.Queue(
        name=queue.name,
        state=state,
        rate_limits=types.RateLimits(
            max_dispatches_per_second=settings.max_dispatches_per_second,
            max_burst_size=settings.max_burst_size,
            max_concurrent_dispatches=settings.max_concurrent_dispatches,
        ),
        retry_config=types.RetryConfig(
            max_attempts=settings.max_attempts,
            max_retry_duration=dt.timedelta(seconds=settings.max_retry_duration),
            min_backoff=dt.timedelta(seconds=settings.min_backoff),
            max_backoff=dt.timedelta(seconds=settings.max_backoff),
            max_doublings=settings.max_doublings,
        ),
        purge_time=None if queue.purged is None else instant(queue.purged),
    )


def new_entry(parent: str, task: types.Task, now: float) -> Entry:
    """Return the queue's entry for a task to create; raises RefusedError."""
    scheduled: Any = task.schedule_time  # a datetime, whatever the stubs say
    eta = now if scheduled is None else float(scheduled.timestamp())
    if eta > now + _MAX_AHEAD.total_seconds():
        raise invalid("Task.scheduleTime must not be more than 30 days in the future")
    return Entry(
        name=_task_name(parent, task.name),
        call=_http_call(task),
        created=now,
        eta=max(eta, now),
        due=max(eta, now),
    )


def _task_name(parent: str, name: str) -> str:
    if not name:
        return f"{parent}/tasks/{uuid.uuid4().int % 10**20:020d}"
    queue, _, task_id = name.rpartition("/tasks/")
    if not _TASK_ID.fullmatch(task_id) or not _QUEUE_NAME.fullmatch(queue):
        raise invalid(
            f'Task name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/'
            f'<QUEUE_ID>/tasks/<TASK_ID>", not "{name}"'
        )
    if queue != parent:
        raise invalid("The queue name from request must be the same as the queue of the task name")
    return name


def _http_call(task: types.Task) -> HttpCall:
    request = task.http_request
    if "http_request" not in task:
        raise invalid("Task.http_request must be set: this server knows HTTP targets only")
    if not re.match(r"https?://[^/]", request.url):
        raise invalid("HttpRequest.url must begin with http:// or https://")
    if len(request.body) > _MAX_TASK_BYTES:
        raise invalid(f"Task size too large: at most {_MAX_TASK_BYTES} bytes")
    method = types.HttpMethod(request.http_method or types.HttpMethod.POST)
    bodiless = (types.HttpMethod.GET, types.HttpMethod.HEAD, types.HttpMethod.DELETE)
    if request.body and method in bodiless:
        raise invalid("HTTP request body is only allowed for POST, PUT and PATCH")
    deadline = _seconds(task.dispatch_deadline, _DEFAULT_DEADLINE)
    if not _SHORTEST_DEADLINE <= deadline <= _LONGEST_DEADLINE:
        raise invalid("Task.dispatchDeadline must be between [15s, 30m]")
    return HttpCall(
        method=method.name,
        url=request.url,
        headers=dict(request.headers),
        body=request.body,
        deadline=deadline,
        oidc_email=request.oidc_token.service_account_email,
        oidc_audience=request.oidc_token.audience,
    )


def task_message(entry: Entry, view: types.Task.View) -> types.Task:
    """Return a task as the API shows it: without its body, unless the FULL view is asked for."""
    call = entry.call
    is_full = view == types.Task.View.FULL
    request = types.HttpRequest(
        url=call.url,
        http_method=getattr(types.HttpMethod, call.method),
        headers=call.headers,
        body=call.body if is_full else b"",
    )
    if call.oidc_email:
        request.oidc_token = types.OidcToken(
            service_account_email=call.oidc_email, audience=call.oidc_audience
        )
    task = types.Task(
        name=entry.name,
        http_request=request,
        schedule_time=instant(entry.eta),
        create_time=instant(entry.created),
        dispatch_deadline=dt.timedelta(seconds=call.deadline),
        dispatch_count=entry.attempts,
        response_count=entry.responses,
        view=types.Task.View.FULL if is_full else types.Task.View.BASIC,
    )
    if entry.first_attempt is not None:
        task.first_attempt = types.Attempt(dispatch_time=instant(entry.first_attempt))
    if entry.last_attempt is not None:
        task.last_attempt = _attempt_message(entry, entry.last_attempt)
    return task


def _attempt_message(entry: Entry, dispatched: float) -> Any:
    attempt: Any = types.Attempt(dispatch_time=instant(dispatched))
    if entry.last_response is not None and not entry.is_running:
        attempt.response_time = instant(entry.last_response)
        code = (
            grpc.StatusCode.UNAVAILABLE if entry.last_status is None else grpc.StatusCode.INTERNAL
        )
        answer = "no answer" if entry.last_status is None else f"HTTP status {entry.last_status}"
        attempt.response_status = {"code": code.value[0], "message": answer}
    return attempt
