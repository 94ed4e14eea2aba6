"""Every problem that a client function can answer with, for the API document.

Most are made by the very code that answers with them, so that the document can't tell a code, a
header or a sentence of its own. The codes of a body's faults are many; they are only named.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import flask
from pydantic import ConfigDict, Field
from werkzeug.test import EnvironBuilder

from functions.api.answers import AnswerModel, JobId
from functions.api.credentials import invalid_app_check, invalid_token, unauthenticated
from functions.api.openapi.examples import CLASS_ID, IMAGE_ID, JOB_ID
from functions.api.paging import limit_of, place_of
from functions.api.parsing import (
    MOST_BYTES_WITH_DRAWINGS,
    job_id_of_query_or_body,
    parse,
    parse_body,
    parse_body_with_drawings,
)
from functions.api.problems import Problem, internal_error, refused, unavailable
from functions.api.requests import MOST_KEY, CancelModel, GenerateModel, RegenerateModel
from shared.adapters.tokens import Wrong
from shared.domain.quota import Exceeded
from shared.usecases import refusals


class FaultModel(AnswerModel):
    """One thing that is wrong with a request."""

    code: str
    """For programs; stays stable."""
    detail: str
    """A sentence that says what to do."""
    pointer: str
    """Where in the body, as a JSON pointer (RFC 6901) such as `/characters/0/name`."""


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class ProblemModel(AnswerModel):
    """An error answer (RFC 9457); `errors` and `jobId` are there if there is something to say."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    type: Annotated[str, Field(json_schema_extra={"format": "uri"})]
    """A URN with the code in it."""
    title: str
    """The code in words."""
    status: Annotated[int, Field(json_schema_extra={"minimum": 400, "maximum": 599})]
    """The HTTP status once more."""
    code: str
    """For programs; stays stable."""
    detail: str
    """A sentence that says what to do."""
    errors: list[FaultModel] = Field([], json_schema_extra={"minItems": 1})
    """Each thing that is wrong with the body, 20 of them at most."""
    job_id: JobId = ""
    """Of `job_running`: which job is being painted."""


SEVERAL_FAULTS = "invalid_request"
"""The code of a body with faults of several codes."""
BODY_FAULTS = ("missing_field", "wrong_type", "invalid_value", "unknown_field", SEVERAL_FAULTS)
"""Codes of any wrong body."""
LOOK_FAULTS = (
    *("empty_field", "too_long", "too_many_options", "banned_word"),
    *("unknown_option", "conflicting_options", "repeated_option"),
)
"""Codes of wrong words and options."""
BOOK_FAULTS = (
    *("no_main_character", "several_main_characters", "too_many_images", "invalid_same_as"),
    *("wrong_sketch", "wrong_format", "animated_picture", "picture_too_large", "picture_too_small"),
    *("broken_picture", "empty_drawing", "link_not_allowed", "link_broken", "not_found"),
    "callback_not_allowed",
)
"""Codes of a wrong book and its drawings."""


def _raised_by(call: Callable[[], object]) -> Problem:
    try:
        call()
    except Problem as problem:
        return problem
    raise AssertionError("nothing is wrong with it")


def _asking(query: str) -> flask.Request:
    return flask.Request(EnvironBuilder(query_string=query).get_environ())


def _posting(body: str, content_type: str = "application/json", size: int = 0) -> flask.Request:
    """A request; `size`, if it is given, is what its body claims to have."""
    environ = EnvironBuilder(method="POST", data=body, content_type=content_type).get_environ()
    if size:
        environ["CONTENT_LENGTH"] = str(size)
    return flask.Request(environ)


def _of_a_body(read: Callable[[flask.Request], object]) -> tuple[Problem, ...]:
    too_large = MOST_BYTES_WITH_DRAWINGS + 1
    return (
        _raised_by(lambda: read(_posting('{"jobId": '))),
        _raised_by(lambda: read(_posting("{}", size=too_large))),
        _raised_by(lambda: read(_posting("{}", "text/plain"))),
    )


_JOB_NOT_FOUND = refused(refusals.JobNotFound(JOB_ID))
_NOT_OWNER = refused(refusals.NotOwner(JOB_ID))
_STRANGERS = (
    unauthenticated("an ID token of Firebase Authentication for the project my-project"),
    invalid_token(
        Wrong.EXPIRED, "an ID token of Firebase Authentication for the project my-project"
    ),
    invalid_app_check(None),
)

_NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_TOO_MUCH_ASKED = [
    refused(refusals.TooMuchAsked(over, _NOON - timedelta(minutes=10)))
    for over in (
        Exceeded(limit=10, used=10, again_at=_NOON, of_jobs=True),
        Exceeded(limit=100, used=95, again_at=_NOON + timedelta(hours=12), of_jobs=False),
    )
]

GENERATE = (
    *_STRANGERS,
    *_of_a_body(parse_body_with_drawings),
    Problem(
        400, "invalid_idempotency_key", f"Idempotency-Key must have 1 to {MOST_KEY} characters."
    ),
    refused(refusals.AlreadyRunning(JOB_ID)),
    refused(refusals.KeyReused(JOB_ID)),
    *_TOO_MUCH_ASKED,
    _raised_by(lambda: parse({"studentTaskId": 7, "characters": [{"name": ""}]}, GenerateModel)),
    refused(
        refusals.DrawingRefused(
            "empty_drawing", "Nothing is drawn in the picture; draw something.", "/sketchImage"
        )
    ),
    internal_error(),
    unavailable(),
    refused(refusals.DrawingUnavailable("/sketchImage")),
)
REGENERATE = (
    *_STRANGERS,
    *_of_a_body(lambda request: parse_body(request, RegenerateModel)),
    _NOT_OWNER,
    refused(refusals.ImageNotFound(IMAGE_ID)),
    refused(refusals.ImageBusy(IMAGE_ID)),
    _TOO_MUCH_ASKED[1],
    refused(refusals.ReferenceMissing(IMAGE_ID)),
    refused(refusals.CandidatesUnknown(IMAGE_ID)),
    refused(refusals.CandidateShown(IMAGE_ID)),
    _raised_by(lambda: parse({"imageId": IMAGE_ID, "candidate": 5}, RegenerateModel)),
    refused(refusals.NothingToPaint(IMAGE_ID)),
    refused(refusals.NotACharacter(IMAGE_ID)),
    refused(refusals.NotABackground(IMAGE_ID)),
    internal_error(),
    unavailable(),
)
_OF_QUERY_OR_BODY = (
    *_STRANGERS,
    *_of_a_body(lambda request: parse_body(request, CancelModel)),
    _raised_by(lambda: job_id_of_query_or_body(_asking(""))),
    Problem(400, "ambiguous_id", "Name one job: the query and the body differ."),
    _NOT_OWNER,
    _JOB_NOT_FOUND,
    _raised_by(lambda: parse({"id": JOB_ID, "jobId": JOB_ID}, CancelModel)),
)
CANCEL = (*_OF_QUERY_OR_BODY, internal_error(), unavailable())
DELETE = (
    *_OF_QUERY_OR_BODY,
    refused(refusals.NotCompleted(JOB_ID)),
    internal_error(),
    unavailable(),
)
FORGET = (*_STRANGERS, internal_error(), unavailable())
STATUS = (
    *_STRANGERS,
    Problem(
        400,
        "missing_id",
        "Say which job: status?jobId=... or, for its latest, status?studentTaskId=...",
    ),
    Problem(400, "ambiguous_id", "Send jobId or studentTaskId, not both."),
    _JOB_NOT_FOUND,
    internal_error(),
    unavailable(),
)
DOWNLOAD = (
    *_STRANGERS,
    Problem(400, "missing_id", "Say which job: download?jobId=..."),
    _JOB_NOT_FOUND,
    refused(refusals.NoPictures(JOB_ID)),
    internal_error(),
    unavailable(),
)
JOBS = (
    *_STRANGERS,
    _raised_by(lambda: limit_of(_asking("limit=0"))),
    _raised_by(lambda: place_of(_asking("cursor=x"))),
    refused(refusals.ClassNotFound(CLASS_ID)),
    internal_error(),
    unavailable(),
)
STYLES = (internal_error(),)
