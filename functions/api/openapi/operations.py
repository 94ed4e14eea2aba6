"""The client functions as the API document tells of them."""

from dataclasses import replace

from functions.api.answers import (
    AcceptedModel,
    BookModel,
    CatalogueModel,
    ImageModel,
    JobListModel,
    JobModel,
)
from functions.api.credentials import MOST_UID
from functions.api.deleting import DeletedModel, ForgottenModel
from functions.api.openapi import examples, failures
from functions.api.openapi.components import Json
from functions.api.openapi.describing import Answer, Operation, Parameter
from functions.api.paging import CURSOR_PATTERN, DEFAULT_JOBS, MOST_JOBS
from functions.api.requests import (
    JOB_ID_PATTERN,
    MOST_KEY,
    CancelModel,
    GenerateModel,
    RegenerateModel,
)

_JOB_ID = Parameter(
    name="jobId",
    where="query",
    description="Which job.",
    schema={"type": "string", "pattern": f"^{JOB_ID_PATTERN}$"},
    example=examples.JOB_ID,
)
_IF_NONE_MATCH = Parameter(
    name="If-None-Match",
    where="header",
    description="The ETag of an answer that the client has: 304 if it is still the same.",
    schema={"type": "string"},
    example=examples.ETAG,
)
_NOT_MODIFIED = Answer(
    status=304, description="Nothing has changed.", headers=("ETag", "Cache-Control")
)


def _to(operation: str, description: str, parameters: Json) -> Json:
    return {"operationId": operation, "description": description, "parameters": parameters}


_JOB = {"jobId": "$response.body#/jobId"}

GENERATE = Operation(
    name="generate",
    method="post",
    notes=(
        "The same request sent again answers with the same job and paints nothing more: same is "
        "the same Idempotency-Key or, without one, the same content. Exactly one character is "
        "the main one; each needs a prompt, options or a drawing. The whole body has at most "
        "12 MiB, and 256 KiB beside the drawings."
    ),
    parameters=(
        Parameter(
            name="Idempotency-Key",
            where="header",
            description="Names the request: a new one has the same tale painted anew.",
            schema={"type": "string", "minLength": 1, "maxLength": MOST_KEY, "pattern": r"\S"},
            example=examples.IDEMPOTENCY_KEY,
        ),
    ),
    body=GenerateModel,
    bodies=examples.BOOKS,
    answers=(
        Answer(
            status=202,
            description="The book will be painted.",
            model=AcceptedModel,
            example=examples.ACCEPTED,
            headers=("Location",),
            sometimes=("Idempotent-Replayed",),
            links={
                "status": _to("status", "How far it is.", _JOB),
                "cancel": _to("cancel", "End it.", _JOB),
                "download": _to("download", "Fetch what is painted.", _JOB),
            },
        ),
    ),
    problems=failures.GENERATE,
    faults=(*failures.BODY_FAULTS, *failures.LOOK_FAULTS, *failures.BOOK_FAULTS),
)
STATUS = Operation(
    name="status",
    method="get",
    head=True,
    notes="Send either jobId or studentTaskId. Ask again after Retry-After seconds.",
    parameters=(
        _JOB_ID,
        Parameter(
            name="studentTaskId",
            where="query",
            description="The assignment whose latest job is meant.",
            schema={"type": "string", "minLength": 1},
            example="7",
        ),
        _IF_NONE_MATCH,
    ),
    answers=(
        Answer(
            status=200,
            description="The job and its images.",
            model=BookModel,
            example=examples.BOOK,
            headers=("ETag", "Cache-Control"),
            sometimes=("Retry-After",),
            links={
                "regenerate": {
                    "operationId": "regenerate",
                    "description": "Paint one of its images again.",
                    "requestBody": {"imageId": "$response.body#/images/0/imageId"},
                }
            },
        ),
        _NOT_MODIFIED,
    ),
    problems=failures.STATUS,
)
REGENERATE = Operation(
    name="regenerate",
    method="post",
    notes=(
        "Only the imageId is needed. With a candidate nothing is painted anew: another one of "
        "the four is enlarged; it goes with neither prompt nor optionIds."
    ),
    body=RegenerateModel,
    bodies=examples.WISHES,
    answers=(
        Answer(
            status=202,
            description="The image will be painted again.",
            model=ImageModel,
            example=examples.REGENERATED,
            headers=("Location",),
        ),
    ),
    problems=failures.REGENERATE,
    faults=(*failures.BODY_FAULTS, *failures.LOOK_FAULTS),
)
CANCEL = Operation(
    name="cancel",
    method="post",
    notes="A job that has ended stays as it is.",
    parameters=(_JOB_ID,),
    body=CancelModel,
    body_required=False,
    bodies={"job": {"jobId": examples.JOB_ID}},
    answers=(
        Answer(
            status=200,
            description="The job, ended.",
            model=JobModel,
            example=examples.CANCELED,
        ),
    ),
    problems=failures.CANCEL,
    faults=failures.BODY_FAULTS,
)
DELETE = replace(
    CANCEL,
    name="delete",
    notes=(
        "A job that is being painted is not deleted: cancel it first. Deleted again it is not "
        "found, so 404 after a call without an answer says that it is done."
    ),
    answers=(
        Answer(
            status=200,
            description="The job is no longer there.",
            model=DeletedModel,
            example=examples.DELETED,
        ),
    ),
    problems=failures.DELETE,
)
FORGET = Operation(
    name="forget",
    method="post",
    notes="What is counted for quotas stays until the day after the next.",
    answers=(
        Answer(
            status=200,
            description="What was deleted, and whether that was all.",
            model=ForgottenModel,
            example=examples.FORGOTTEN,
            sometimes=("Retry-After",),
        ),
    ),
    problems=failures.FORGET,
)
DOWNLOAD = Operation(
    name="download",
    method="get",
    notes="If a picture can't be read on the way, the connection breaks off.",
    parameters=(replace(_JOB_ID, required=True),),
    answers=(
        Answer(
            status=200,
            description="The archive.",
            other_type="application/zip",
            headers=("Content-Disposition", "Cache-Control"),
        ),
    ),
    problems=failures.DOWNLOAD,
)
JOBS = Operation(
    name="jobs",
    method="get",
    head=True,
    notes=(
        "A classId asks for the jobs of a class that the caller teaches. Jobs that are made "
        "meanwhile move no page: none comes twice, none is left out."
    ),
    parameters=(
        Parameter(
            name="limit",
            where="query",
            description="How many jobs to answer with, at most.",
            schema={"type": "integer", "minimum": 1, "maximum": MOST_JOBS, "default": DEFAULT_JOBS},
            example=DEFAULT_JOBS,
        ),
        Parameter(
            name="cursor",
            where="query",
            description="The nextCursor of the page before; without it the list begins.",
            schema={"type": "string", "pattern": f"^{CURSOR_PATTERN}$"},
            example=examples.JOBS.next_cursor,
        ),
        Parameter(
            name="classId",
            where="query",
            description="A class that the caller teaches.",
            schema={"type": "string", "minLength": 1, "maxLength": MOST_UID},
            example=examples.CLASS_ID,
        ),
    ),
    answers=(
        Answer(
            status=200,
            description="One page.",
            model=JobListModel,
            example=examples.JOBS,
            headers=("Cache-Control",),
            links={
                "next": _to("jobs", "The next page.", {"cursor": "$response.body#/nextCursor"}),
                "status": _to("status", "One of them.", {"jobId": "$response.body#/jobs/0/jobId"}),
            },
        ),
    ),
    problems=failures.JOBS,
)
STYLES = Operation(
    name="styles",
    open_to_all=True,
    method="get",
    head=True,
    parameters=(
        Parameter(
            name="Accept-Language",
            where="header",
            description="English and Korean are there; English is what others get.",
            schema={"type": "string"},
            example="ko",
        ),
        _IF_NONE_MATCH,
    ),
    answers=(
        Answer(
            status=200,
            description="The catalogue.",
            model=CatalogueModel,
            example=examples.CATALOGUE,
            headers=("ETag", "Cache-Control", "Content-Language", "Vary"),
        ),
        _NOT_MODIFIED,
    ),
    problems=failures.STYLES,
)
OPERATIONS = (
    *(GENERATE, STATUS, REGENERATE, CANCEL, JOBS, STYLES, DOWNLOAD),
    *(DELETE, FORGET),
)
