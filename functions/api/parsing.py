"""From an HTTP request to a checked model, or to a problem that names every fault in it."""

import difflib
import json
import re
from typing import TypeVar

import flask
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import RequestEntityTooLarge

from functions.api.problems import Fault, Problem
from functions.api.reading import bounded_data
from functions.api.requests import (
    IMAGE_ID_PATTERN,
    JOB_ID_PATTERN,
    MOST_NAME,
    MOST_PICTURES,
    BackgroundModel,
    CancelModel,
    CharacterModel,
    GenerateModel,
    RegenerateModel,
    field_names,
)
from shared.domain.image import BackgroundEffect
from shared.usecases.refusals import JobNotFound

M = TypeVar("M", bound=BaseModel)

MOST_BYTES = 256 * 1024
"""Of a request's body: twenty of the longest prompts in four-byte letters are some 170 KiB."""
MOST_BYTES_WITH_DRAWINGS = 12 * 1024 * 1024
"""Of a body that may hold drawings; the platform takes 32 MiB."""

MOST_FAULTS = 20
"""Faults that an answer lists."""
IMAGE_ID = re.compile(IMAGE_ID_PATTERN)
_JOB_ID = re.compile(JOB_ID_PATTERN)

_TYPES = {
    "string_type": "a string",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "enum": " or ".join(", ".join(BackgroundEffect).rsplit(", ", 1)),
    "greater_than_equal": "1, 2, 3 or 4",
    "less_than_equal": "1, 2, 3 or 4",
    "model_type": "an object",
    "dict_type": "an object",
    "model_attributes_type": "an object",
}
_KNOWN_FIELDS = sorted(
    {
        name
        for model in (GenerateModel, CharacterModel, BackgroundModel, RegenerateModel, CancelModel)
        for name in field_names(model)
    }
)


def parse_body(request: flask.Request, model: type[M]) -> M:
    """The body as `model`. Raises `Problem` 400, 413, 415 or 422."""
    return parse(_decoded(_json_data(request, MOST_BYTES)), model)


def parse_body_with_drawings(request: flask.Request) -> GenerateModel:
    """The body of generate, whose drawings may take up more. Raises as `parse_body`."""
    data = _json_data(request, MOST_BYTES_WITH_DRAWINGS)
    body = _decoded(data)
    # Else one request of a million little fields would keep an instance busy for seconds.
    if len(data) > MOST_BYTES and len(data) - _drawn_bytes(body) > MOST_BYTES:
        raise _too_large_beside_drawings()
    return parse(body, GenerateModel)


def _drawn_bytes(body: object) -> int:
    if not isinstance(body, dict):
        return 0
    characters = body.get("characters")
    holders = [body, *(characters[:MOST_PICTURES] if isinstance(characters, list) else ())]
    sketches = (holder.get("sketchImage") for holder in holders if isinstance(holder, dict))
    return sum(len(sketch) for sketch in sketches if isinstance(sketch, str))


def parse(body: object, model: type[M]) -> M:
    """A decoded body as `model`. Raises `Problem` 422 with a fault for each thing wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        names = field_names(model)
        faults = [_fault(details, names) for details in errors[:MOST_FAULTS]]
        raise invalid(faults, more=len(errors) - len(faults)) from None


def invalid(faults: list[Fault], more: int = 0) -> Problem:
    """The problem of a body that is JSON and does not say what it should; `more` are not listed."""
    codes = {fault.code for fault in faults}
    code = codes.pop() if len(codes) == 1 else "invalid_request"
    detail = " ".join(fault.detail for fault in faults[:3])
    if len(faults) + more > 3:
        detail += f" And {len(faults) + more - 3} more, see errors."
    return Problem(422, code, detail, faults=faults)


def checked_job_id(text: str) -> str:
    """The id of a job, if it can be one. Raises `JobNotFound`: nothing else is looked up."""
    if not _JOB_ID.fullmatch(text):
        raise JobNotFound(text)
    return text


def job_id_of_query_or_body(request: flask.Request) -> str:
    """The job that a request names in its query, in its body, or alike in both.

    Raises `Problem` 400, or as `parse_body`, and `JobNotFound` for what can be no job's id.
    """
    return checked_job_id(_said_in_query_or_body(request))


def _said_in_query_or_body(request: flask.Request) -> str:
    in_query = request.args.get("jobId")
    # A body that is sent in chunks has no length.
    if not request.content_length and "Transfer-Encoding" not in request.headers:
        if in_query is None:
            raise Problem(400, "missing_id", 'Say which job: {"jobId": "..."} or ?jobId=...')
        return in_query
    in_body = parse_body(request, CancelModel).job_id
    if in_query not in {None, in_body}:
        raise Problem(400, "ambiguous_id", "Name one job: the query and the body differ.")
    return in_body


def _json_data(request: flask.Request, most_bytes: int) -> bytes:
    if request.mimetype != "application/json":
        detail = "Send the body as JSON, with the header Content-Type: application/json."
        raise Problem(415, "unsupported_media_type", detail, headers={"Accept": "application/json"})
    try:
        return bounded_data(request, most_bytes)
    except RequestEntityTooLarge:
        raise _too_large(most_bytes) from None


def _decoded(data: bytes) -> object:
    # Each value but the first comes after one of these, and none of them is in a drawing's base64.
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > MOST_BYTES:
        raise _too_large_beside_drawings()  # four million `{}` would be 300 MB of objects
    try:
        return json.loads(data, parse_constant=_no_such_number)
    except json.JSONDecodeError as error:
        detail = f"The body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        raise Problem(400, "invalid_json", detail) from None
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Problem(400, "invalid_json", "The body is not JSON in UTF-8.") from None


def _too_large(most_bytes: int) -> Problem:
    detail = f"Send at most {most_bytes // 1024} KiB."
    if most_bytes > MOST_BYTES:
        detail += " Put large drawings into the bucket, and send their gs:// names."
    return Problem(413, "body_too_large", detail)


def _too_large_beside_drawings() -> Problem:
    detail = f"Send at most {MOST_BYTES // 1024} KiB beside the drawings."
    return Problem(413, "body_too_large", detail)


def _no_such_number(name: str) -> float:
    raise ValueError(name)


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _fault(details: ErrorDetails, names: list[str]) -> Fault:
    kind, context = details["type"], details.get("ctx", {})
    pointer = _pointer(details["loc"])
    where = pointer or "The body"
    match kind:
        case "missing":
            return Fault(code="missing_field", detail=f"{where} is missing.", pointer=pointer)
        case "extra_forbidden":
            return _unknown_field(details["loc"], pointer, names)
        case "string_too_short":
            detail = f"{where} is empty; write something."
            return Fault(code="empty_field", detail=detail, pointer=pointer)
        case "string_unicode":
            detail = f"{where} has letters that are none (half of a surrogate pair)."
            return Fault(code="invalid_value", detail=detail, pointer=pointer)
        case "too_long":
            most = context.get("max_length")
            detail = f"{where} has too many items; at most {most}."
            options = details["loc"][-1] == "optionIds"
            code = "too_many_options" if options else "too_many_images"
            return Fault(code=code, detail=detail, pointer=pointer)
        case "string_too_long":
            most = context.get("max_length")
            detail = f"{where} is too long; at most {most} characters."
            return Fault(code="too_long", detail=detail, pointer=pointer)
    if kind in _TYPES:
        numbers_too = pointer in {"/studentTaskId", "/fairytaleId"}
        expected = _TYPES[kind] + (" or a whole number" if numbers_too else "")
        return Fault(code="wrong_type", detail=f"{where} must be {expected}.", pointer=pointer)
    return Fault(code="invalid_value", detail=f"{where}: {details['msg']}.", pointer=pointer)


def _unknown_field(location: tuple[int | str, ...], pointer: str, names: list[str]) -> Fault:
    name = str(location[-1])
    candidates = _KNOWN_FIELDS if len(location) > 1 else names
    if name == "main" and len(location) > 1:
        detail = f"{pointer}: main is another word for isMain; send one of the two."
        return Fault(code="unknown_field", detail=detail, pointer=pointer)
    close = difflib.get_close_matches(name[:MOST_NAME], candidates, n=1)
    same = [c for c in candidates if c.lower() == name.replace("_", "").lower()]
    hint = f" Did you mean {(same or close)[0]}?" if same or close else " Remove it."
    detail = f"{pointer} is not a field of this request.{hint}"
    return Fault(code="unknown_field", detail=detail, pointer=pointer)
