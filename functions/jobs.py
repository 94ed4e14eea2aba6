"""jobs (HTTPS, GET): an owner's books, the newest first."""

import flask

from functions.api.paging import cursor_of, limit_of, place_of
from functions.api.views import PRIVATE, answer, job_list_view
from functions.caller import caller_of
from functions.edge import client_function
from functions.wiring import services
from shared.settings import settings
from shared.usecases.list_jobs import list_class_jobs, list_jobs


@client_function("GET", "HEAD")
def jobs(request: flask.Request) -> flask.Response:
    """Answer with one page of the caller's jobs, without their images; writes nothing.

    Or, for a teacher who asks for it, with those of a class.
    """
    caller = caller_of(request)
    limit, after = limit_of(request), place_of(request)
    class_id = request.args.get("classId")
    if class_id is None:
        page = list_jobs(services(), caller.uid, limit, after)
    else:
        page = list_class_jobs(services(), caller.teaches, class_id, limit, after)
    next_cursor = None if page.last is None else cursor_of(page.last)
    view = job_list_view(page.jobs, settings().functions_url, next_cursor)
    return answer(view, headers=PRIVATE)
