"""The edge between HTTP and the use cases: errors become answers, calls become log lines.

Nothing that goes wrong inside reaches a caller as text. Every call leaves one structured line with
its duration and what it cost; the benchmark and log-based metrics read those.
"""

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import flask
import functions_framework
from cloudevents.http import CloudEvent
from flask.typing import ResponseReturnValue

from functions.api import cors
from functions.api.models import StepModel
from functions.api.problems import Problem, internal_error, refused, unavailable
from shared.adapters.meter import metered
from shared.log import log
from shared.ports import PictureUnavailable, QueueUnavailable, StoreError, StoreUnavailable
from shared.settings import SettingsError, settings
from shared.usecases.refusals import Refusal

Handler = Callable[[flask.Request], flask.Response]
EntryPoint = Callable[[flask.Request], ResponseReturnValue]


def client_function(*methods: str, for_pages: bool = True) -> Callable[[Handler], EntryPoint]:
    """An HTTPS function for clients: its methods, problems as `application/problem+json`.

    With `for_pages` web pages of the origins in CORS_ORIGINS may call it, too.
    """

    def decorate(handler: Handler) -> EntryPoint:
        @functions_framework.http
        @wraps(handler)
        def function(request: flask.Request) -> flask.Response:
            with _logged(handler.__name__) as line:
                origins = _origins() if for_pages else ()
                try:
                    response = cors.preflight(request, origins, methods)
                    if response is None and request.method not in methods:
                        detail = f"Use {methods[0]}."
                        headers = {"Allow": ", ".join(methods)}
                        raise Problem(405, "method_not_allowed", detail, headers=headers)
                    if response is None:
                        response = handler(request)
                except Exception as error:  # noqa: BLE001 - the boundary: all become answers
                    problem = _problem(error)
                    line["code"] = problem.code
                    response = problem.response()
                cors.let_read(request, response, origins)
                line["status"] = response.status_code
                return response

        return function

    return decorate


def task_function(handler: Callable[[flask.Request], str]) -> EntryPoint:
    """A function for Cloud Tasks or Cloud Scheduler: 200 when done, 500 to be called again.

    Never 429 or 503: Cloud Tasks slows the whole queue down for those
    (https://cloud.google.com/tasks/docs/common-pitfalls).
    """

    @functions_framework.http
    @wraps(handler)
    def function(request: flask.Request) -> flask.Response:
        with _logged(handler.__name__) as line:
            try:
                line["did"] = handler(request)
                status = 200
            except Problem as problem:  # a body that no retry will mend
                line["code"] = problem.code
                status = 200
            except Exception as error:  # noqa: BLE001 - the boundary: all become answers
                _log_error(error)
                status = 500
            line["status"] = status
            return flask.Response("ok" if status == 200 else "failed", status)

    return function


def event_function(handler: Callable[[CloudEvent], str]) -> Callable[[CloudEvent], None]:
    """A function for Eventarc: returns when done, raises to be called again."""

    @functions_framework.cloud_event
    @wraps(handler)
    def function(event: CloudEvent) -> None:
        with _logged(handler.__name__) as line:
            try:
                line["did"] = handler(event)
                line["status"] = 200
            except Exception as error:  # noqa: BLE001 - the boundary
                _log_error(error)
                line["status"] = 500
                raise EventFailed("the event will be delivered again") from None

    return function


def _origins() -> tuple[str, ...]:
    """Whose pages may call; without settings nobody's: the function says what is wrong."""
    try:
        return settings().origins()
    except SettingsError:
        return ()


class EventFailed(Exception):
    """The event could not be worked on; all there is to say is in the log."""


def is_last_attempt(request: flask.Request) -> bool:
    """Whether Cloud Tasks will drop this task if it fails once more: it keeps no dead letters."""
    retries = request.headers.get("X-CloudTasks-TaskRetryCount", "0")
    return retries.isdecimal() and int(retries) + 1 >= settings().task_attempts


def step_body(request: flask.Request) -> StepModel:
    """A task's body. Raises `Problem` if it is none of ours."""
    try:
        return StepModel.model_validate_json(request.get_data(cache=False))
    except ValueError:
        raise Problem(400, "invalid_task", "This is not a task of ours.") from None


def _problem(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case Refusal():
            return refused(error)
        case StoreUnavailable() | QueueUnavailable() | PictureUnavailable():
            _log_error(error)
            return unavailable()
    _log_error(error)
    return internal_error()


def _log_error(error: Exception) -> None:
    """Log where it happened; what it says only if it is an error of ours.

    Others may quote what they stumbled over, and that may be a child's words.
    """
    ours = isinstance(error, StoreError | QueueUnavailable | SettingsError)
    text = f"{type(error).__name__}: {error}" if ours else type(error).__name__
    log("ERROR", text, stack="".join(traceback.format_tb(error.__traceback__)))


@contextmanager
def _logged(function: str) -> Iterator[dict[str, Any]]:
    started = time.perf_counter()
    line: dict[str, Any] = {}
    with metered() as meter:
        try:
            yield line
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            severity = "INFO" if line.get("status", 500) < 500 else "ERROR"
            log(
                severity,  # type: ignore[arg-type]
                "call",
                function=function,
                durationMs=milliseconds,
                reads=meter.reads,
                writes=meter.writes,
                tasks=meter.tasks,
                **line,
            )
