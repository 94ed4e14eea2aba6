"""The edge between HTTP and the use cases: errors become answers, calls become log lines.

Nothing that goes wrong inside reaches a caller as text. Every call leaves one structured line with
its duration and what it cost; the benchmark and log-based metrics read those.
"""

import json
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import Any

import flask
import functions_framework
from cloudevents.http import CloudEvent
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from functions.api import cors
from functions.api.problems import Problem, internal_error, refused, unavailable
from functions.api.reading import bounded_data, drop_rest
from functions.invoker import NotInvoker, check_invoker
from shared.adapters.meter import metered
from shared.adapters.span_sender import SpanSender
from shared.log import log
from shared.ports import PictureUnavailable, QueueUnavailable, StoreError, StoreUnavailable
from shared.settings import SettingsError, settings
from shared.trace_ids import Header, no_header
from shared.tracing import traced_call
from shared.usecases.refusals import Refusal

Handler = Callable[[flask.Request], flask.Response]
EntryPoint = Callable[[flask.Request], ResponseReturnValue]

MOST_TASK_BYTES = 16 * 1024
"""Of a task's body: ours have some hundred."""
MOST_EVENT_BYTES = 1024 * 1024
"""Of an event's: Eventarc carries 512 KiB (https://cloud.google.com/eventarc/docs/quotas)."""
_NOT_OURS = frozenset({"/robots.txt", "/favicon.ico"})
"""What functions-framework answers itself, with 404."""
_SAID = {200: "ok", 401: "refused", 403: "refused", 413: "too large"}
"""What an internal caller is told: nothing that helps who should not call."""


def _drop_body() -> None:
    if flask.request.path in _NOT_OURS:
        drop_rest(flask.request)


if flask.has_app_context():  # of the one function that is deployed here: its app imports us
    flask.current_app.before_request(_drop_body)


def client_function(*methods: str, for_pages: bool = True) -> Callable[[Handler], EntryPoint]:
    """An HTTPS function for clients: its methods, problems as `application/problem+json`.

    With `for_pages` web pages of the origins in CORS_ORIGINS may call it, too.
    """

    def decorate(handler: Handler) -> EntryPoint:
        @functions_framework.http
        @wraps(handler)
        def function(request: flask.Request) -> flask.Response:
            with _logged(handler.__name__, request.headers.get) as line:
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
                drop_rest(request)
                line["status"] = response.status_code
                return response

        return function

    return decorate


def task_function(handler: Callable[[flask.Request], str]) -> EntryPoint:
    """A function for Cloud Tasks or Cloud Scheduler: 200 when done, 500 to be called again.

    Its invoker alone is admitted; anybody else is answered 401 or 403. Never 429 or 503: Cloud
    Tasks slows the whole queue down for those
    (https://cloud.google.com/tasks/docs/common-pitfalls).
    """

    @functions_framework.http
    @wraps(handler)
    def function(request: flask.Request) -> flask.Response:
        with _logged(handler.__name__, request.headers.get) as line:
            try:
                check_invoker(request, handler.__name__)
                bounded_data(request, MOST_TASK_BYTES, keep=True)
                line["did"] = handler(request)
                status = 200
            except NotInvoker as stranger:
                status = _log_stranger(handler.__name__, stranger)
            except RequestEntityTooLarge:
                status = 413
            except Problem as problem:  # a body that no retry will mend
                line["code"] = problem.code
                status = 200
            except Exception as error:  # noqa: BLE001 - the boundary: all become answers
                _log_error(error)
                status = 500
            drop_rest(request)
            line["status"] = status
            return flask.Response(_SAID.get(status, "failed"), status)

    return function


def event_function(handler: Callable[[CloudEvent], str]) -> Callable[[CloudEvent], None]:
    """A function for Eventarc: returns when done, raises to be called again.

    Its invoker alone is admitted.
    """

    @functions_framework.cloud_event
    @wraps(handler)
    def function(event: CloudEvent) -> None:
        with _logged(handler.__name__, _header_of_event()) as line:
            try:
                check_invoker(flask.request, handler.__name__)
                _limit_event(event)
                line["did"] = handler(event)
                line["status"] = 200
            except NotInvoker as stranger:
                line["status"] = _log_stranger(handler.__name__, stranger)
            except RequestEntityTooLarge:
                line["status"] = 413
            except Exception as error:  # noqa: BLE001 - the boundary
                _log_error(error)
                line["status"] = 500
                raise EventFailed("the event will be delivered again") from None
            if line["status"] != 200:
                flask.abort(flask.Response(_SAID[line["status"]], line["status"]))

    return function


def operator_function(handler: Callable[[], tuple[bool, Mapping[str, object]]]) -> EntryPoint:
    """A function for who watches over the server (GET): 200 if all is well, 503 if not; as JSON.

    Its invoker alone is admitted. The handler answers whether it is, and what there is to tell.
    """

    @functions_framework.http
    @wraps(handler)
    def function(request: flask.Request) -> flask.Response:
        with _logged(handler.__name__, request.headers.get) as line:
            try:
                check_invoker(request, handler.__name__)
                if request.method not in {"GET", "HEAD"}:
                    raise Problem(405, "method_not_allowed", "Use GET.", headers={"Allow": "GET"})
                well, told = handler()
                line["checks"] = told["checks"]
                response = flask.Response(
                    json.dumps(told) + "\n", 200 if well else 503, content_type="application/json"
                )
            except NotInvoker as stranger:
                status = _log_stranger(handler.__name__, stranger)
                response = flask.Response(_SAID[status], status)
            except Exception as error:  # noqa: BLE001 - the boundary: all become answers
                problem = _problem(error)
                line["code"] = problem.code
                response = problem.response()
            response.headers["Cache-Control"] = "no-store"
            drop_rest(request)
            line["status"] = response.status_code
            return response

    return function


def _origins() -> tuple[str, ...]:
    """Whose pages may call; without settings nobody's: the function says what is wrong."""
    try:
        return settings().origins()
    except SettingsError:
        return ()


class EventFailed(Exception):
    """The event could not be worked on; all there is to say is in the log."""


def _limit_event(event: CloudEvent) -> None:
    if isinstance(event.data, bytes) and len(event.data) > MOST_EVENT_BYTES:
        raise RequestEntityTooLarge


def _log_stranger(function: str, stranger: NotInvoker) -> int:
    log("WARNING", "refused caller", function=function, reason=stranger.reason)
    return stranger.status


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
def _logged(function: str, header: Header) -> Iterator[dict[str, Any]]:
    started = time.perf_counter()
    line: dict[str, Any] = {}
    with _traced(function, header) as attributes, metered() as meter:
        try:
            yield line
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            status = line.get("status", 500)
            log(
                "INFO" if status < 500 else "ERROR",
                "call",
                function=function,
                durationMs=milliseconds,
                reads=meter.reads,
                writes=meter.writes,
                tasks=meter.tasks,
                **line,
            )
            attributes["outcome"] = str(line.get("did") or status)


@contextmanager
def _traced(function: str, header: Header) -> Iterator[dict[str, str]]:
    try:
        project, share = settings().project, settings().trace_share
    except SettingsError:  # which is the handler's to tell
        project, share = "", 0.0
    with traced_call(
        function, header, project=project, share=share, send=lambda spans: _sender().send(spans)
    ) as attributes:
        yield attributes


@lru_cache(maxsize=1)
def _sender() -> SpanSender:
    """Asked for only where something is traced."""
    values = settings()
    # The local stack is one process for all functions.
    service = values.service or "fairy-tale-images"
    return SpanSender(values.trace_url, project=values.project, service=service)


def _header_of_event() -> Header:
    """An event's request came with a trace, too, if it is a request that brought it."""
    return flask.request.headers.get if flask.has_request_context() else no_header
