"""In which terms the API document tells of a function: what goes in, what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from functions.api.answers import AnswerModel
from functions.api.openapi.components import Json
from functions.api.problems import Problem


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """What goes into an operation beside the body."""

    name: str
    where: str
    """`query` or `header`."""
    description: str
    schema: Json
    example: object
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What comes out when all is well."""

    status: int
    description: str
    model: type[AnswerModel] | None = None
    example: AnswerModel | None = None
    other_type: str | None = None
    """Its content type if it is no JSON."""
    headers: tuple[str, ...] = ()
    """Those that it always has, by their names in `HEADERS`."""
    sometimes: tuple[str, ...] = ()
    """Those that it can have."""
    links: Mapping[str, Json] | None = None
    """What can follow, as OpenAPI's link objects."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A client function."""

    name: str
    """Of the function, its module and its path."""
    method: str
    head: bool = False
    """Whether HEAD is answered, too."""
    notes: str = ""
    """What its docstring does not say."""
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    body_required: bool = True
    bodies: Mapping[str, Mapping[str, object]] | None = None
    """Examples of the body."""
    answers: tuple[Answer, ...]
    problems: tuple[Problem, ...]
    faults: tuple[str, ...] = ()
    """Codes of a 422."""
    open_to_all: bool = False
    """Whether nobody is asked who they are."""


HEADERS: Mapping[str, Json] = {
    "Location": {
        "description": "Where to see how far the job is.",
        "schema": {"type": "string", "format": "uri"},
    },
    "Idempotent-Replayed": {
        "description": "There if the same request had started this job before.",
        "schema": {"const": "true", "type": "string"},
    },
    "ETag": {
        "description": "Send it back as If-None-Match.",
        "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
    },
    "Retry-After": {
        "description": "How many seconds to wait before asking again.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "Cache-Control": {
        "description": "Who may keep the answer.",
        "schema": {"type": "string"},
    },
    "Content-Language": {
        "description": "Of the labels.",
        "schema": {"type": "string", "enum": ["en", "ko"]},
    },
    "Vary": {
        "description": "What else the answer depends on.",
        "schema": {"type": "string", "pattern": "^Accept-Language"},
    },
    "Content-Disposition": {
        "description": "The archive's file name.",
        "schema": {"type": "string", "pattern": "^attachment; filename="},
    },
    "WWW-Authenticate": {
        "description": "How to say who calls.",
        "schema": {"type": "string", "pattern": "^Bearer"},
    },
    "Accept": {
        "description": "What the body has to be.",
        "schema": {"const": "application/json", "type": "string"},
    },
}
