"""The whole document, put together."""

import importlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from itertools import groupby

from functions.api import problems
from functions.api.openapi.components import Json, paragraphs, ref, schemas_of
from functions.api.openapi.describing import HEADERS, Answer, Operation, Parameter
from functions.api.openapi.examples import FUNCTIONS_URL
from functions.api.openapi.failures import SEVERAL_FAULTS, ProblemModel
from functions.api.openapi.operations import OPERATIONS
from functions.api.openapi.webhooks import EVENTS, webhooks
from functions.api.problems import Problem
from shared.domain.failure import FailureCode
from shared.domain.image import BackgroundEffect, ImageStatus, Kind, Role
from shared.domain.job import JobStatus

VERSION = "0.1.0"
_ENUMS = (JobStatus, ImageStatus, FailureCode, Kind, Role, BackgroundEffect)
_JSON = "application/json"
_WHAT_IS_WRONG = {
    400: "The request can't be understood.",
    401: "Nobody knows who calls.",
    403: "The caller may look, and not change anything.",
    404: "There is no such thing, or it is somebody else's.",
    409: "It can't be done as things stand.",
    413: "The body is too large.",
    415: "The body is not said to be JSON.",
    422: "The body says something that can't be.",
    429: "As much as may be asked for in an hour or a day has been asked for.",
    500: "The server failed.",
    503: "Something that the server needs is out of reach for a moment.",
}
_BEARER = "token"
_SECURITY_SCHEMES = {
    _BEARER: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            "An ID token of Firebase Authentication, or one of the issuer that the server is set "
            "up for. A server that asks for App Check wants the app's token as well, in the "
            "header X-Firebase-AppCheck."
        ),
    }
}
_ABOUT = """\
Children write fairy tales; this server paints them. generate starts a book, status tells how far \
it is, regenerate paints one of its pictures again.

Every error is `application/problem+json` (RFC 9457) with a stable `code` and a `detail` that says \
what to do. A method that a function does not have is 405 `method_not_allowed`, with `Allow`. New \
codes and new fields may come; what is here stays."""


def document(server: str = FUNCTIONS_URL) -> Json:
    """The whole document, the caller's own; `server` is the URL before `/<function>`."""
    paths = {f"/{operation.name}": _path(operation) for operation in OPERATIONS}
    shared = _shared_responses(paths)
    required = {name: header | {"required": True} for name, header in HEADERS.items()}
    found = {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Fairy Tale Image Server",
            "version": VERSION,
            "summary": "Paints the pictures of children's fairy tales.",
            "description": _ABOUT,
        },
        "servers": [{"url": server}],
        "paths": paths,
        "webhooks": webhooks(),
        "components": {
            "schemas": _schemas(),
            "responses": shared,
            "headers": required,
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }
    return deepcopy(found)


def as_text(content: Json) -> str:
    """The document as a file holds it."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _schemas() -> Json:
    answers = [answer.model for o in OPERATIONS for answer in o.answers if answer.model]
    bodies = [operation.body for operation in OPERATIONS if operation.body]
    return schemas_of(bodies, [*answers, *EVENTS, ProblemModel], _ENUMS)


# --- operations ----------------------------------------------------------------------------------


def _path(operation: Operation) -> Json:
    path = {operation.method: _described(operation)}
    if operation.head:
        path["head"] = _head(path[operation.method])
    return path


def _described(operation: Operation) -> Json:
    module = importlib.import_module(f"functions.{operation.name}")
    _, _, summary = (module.__doc__ or "").partition(": ")
    docs = paragraphs(getattr(module, operation.name).__doc__)
    found: Json = {
        "operationId": operation.name,
        "summary": summary[:1].upper() + summary[1:].rstrip("."),
        "description": f"{docs}\n\n{operation.notes}".rstrip(),
    }
    found["security"] = [] if operation.open_to_all else [{_BEARER: []}]
    if operation.parameters:
        found["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body:
        found["requestBody"] = {
            "required": operation.body_required,
            "content": {_JSON: {"schema": ref(operation.body), "examples": _bodies(operation)}},
        }
    answers = {str(answer.status): _answer(answer) for answer in operation.answers}
    found["responses"] = answers | _problems(operation)
    return found


def _head(get: Json) -> Json:
    """The same without contents."""
    responses = {
        status: {k: v for k, v in response.items() if k in {"description", "headers"}}
        for status, response in get["responses"].items()
    }
    return {
        "operationId": f"{get['operationId']}Head",
        "summary": "The headers of GET",
        "security": get["security"],
        "parameters": get["parameters"],
        "responses": responses,
    }


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
        "example": parameter.example,
    }


def _bodies(operation: Operation) -> Json:
    return {name: {"value": body} for name, body in (operation.bodies or {}).items()}


# --- answers -------------------------------------------------------------------------------------


def _answer(answer: Answer) -> Json:
    found: Json = {"description": answer.description}
    headers = _headers(answer.headers, required=True) | _headers(answer.sometimes, required=False)
    if headers:
        found["headers"] = headers
    if answer.model and answer.example:
        example = answer.example.model_dump(mode="json")
        found["content"] = {_JSON: {"schema": ref(answer.model), "example": example}}
    if answer.other_type:
        found["content"] = {answer.other_type: {}}
    if answer.links:
        found["links"] = dict(answer.links)
    return found


def _headers(names: Iterable[str], *, required: bool) -> Json:
    return {
        name: {"$ref": f"#/components/headers/{name}"} if required else HEADERS[name]
        for name in names
    }


def _problems(operation: Operation) -> Json:
    """An operation's error answers, by status."""
    by_status = groupby(sorted(operation.problems, key=_status), key=_status)
    return {
        str(status): _problem(status, list(found), operation.faults if status == 422 else ())
        for status, found in by_status
    }


def _status(problem: Problem) -> int:
    return problem.status


def _problem(status: int, found: Sequence[Problem], faults: Sequence[str]) -> Json:
    codes = list(dict.fromkeys([*(problem.code for problem in found), *faults]))
    says: Json = {"status": {"const": status}, "code": {"enum": codes}}
    if any(problem.faults for problem in found):
        inside = [*(fault.code for problem in found for fault in problem.faults), *faults]
        each = [code for code in dict.fromkeys(inside) if code != SEVERAL_FAULTS]
        one = {"properties": {"code": {"enum": each}}}
        says["errors"] = {"items": one}
    schema = {"allOf": [ref(ProblemModel), {"properties": says}]}
    response: Json = {
        "description": _WHAT_IS_WRONG[status],
        "content": {
            problems.CONTENT_TYPE: {
                "schema": schema,
                "examples": {problem.code: {"value": problem.body()} for problem in found},
            }
        },
    }
    always = [n for n in HEADERS if all(n in problem.headers for problem in found)]
    sometimes = [n for n in HEADERS if n not in always and any(n in p.headers for p in found)]
    headers = _headers(always, required=True) | _headers(sometimes, required=False)
    return response | ({"headers": headers} if headers else {})


def _shared_responses(paths: Mapping[str, Json]) -> Json:
    """The error answers that several operations have; references are put into their places."""
    everywhere = [
        (operation["responses"], status)
        for path in paths.values()
        for operation in path.values()
        for status in operation["responses"]
        if int(status) >= 400
    ]
    counts = Counter(json.dumps(responses[status]) for responses, status in everywhere)
    shared: Json = {}
    for responses, status in everywhere:
        response = responses[status]
        if counts[json.dumps(response)] < 2 or "content" not in response:
            continue
        (content,) = response["content"].values()
        name = "Or".join(code.title().replace("_", "") for code in content["examples"])
        shared[name] = response
        responses[status] = {"$ref": f"#/components/responses/{name}"}
    return {name: shared[name] for name in sorted(shared)}
