"""status (HTTPS, GET): where a book stands."""

import flask

from functions.api.parsing import checked_job_id
from functions.api.problems import Problem
from functions.api.views import PRIVATE, RETRY_AFTER_SECONDS, answer, book_view, with_etag
from functions.caller import Caller, caller_of
from functions.edge import client_function
from functions.wiring import services
from shared.domain.job import Book
from shared.usecases.read_book import read_book, read_latest_book


@client_function("GET", "HEAD")
def status(request: flask.Request) -> flask.Response:
    """Answer with the job and its images; 304 if nothing changed; writes nothing."""
    book = _book(request, caller_of(request))
    wait = {} if book.job.completed else {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return with_etag(request, answer(book_view(book), headers=PRIVATE | wait))


def _book(request: flask.Request, caller: Caller) -> Book:
    job_id, task_id = request.args.get("jobId"), request.args.get("studentTaskId")
    if job_id and task_id:
        raise Problem(400, "ambiguous_id", "Send jobId or studentTaskId, not both.")
    if task_id:
        return read_latest_book(services(), caller.uid, task_id.strip())
    if job_id:
        return read_book(services(), caller.uid, checked_job_id(job_id), caller.teaches)
    detail = "Say which job: status?jobId=... or, for its latest, status?studentTaskId=..."
    raise Problem(400, "missing_id", detail)
