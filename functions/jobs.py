"""jobs (HTTPS, GET): an owner's books, the newest first."""

import flask

from functions.api.paging import cursor_of, limit_of, place_of
from functions.api.views import answer, job_list_view
from functions.caller import owner_of
from functions.edge import client_function
from functions.wiring import services
from shared.settings import settings
from shared.usecases.list_jobs import list_jobs


@client_function("GET", "HEAD")
def jobs(request: flask.Request) -> flask.Response:
    """Answer with one page of the caller's jobs, without their images; writes nothing."""
    limit, after = limit_of(request), place_of(request)
    page = list_jobs(services(), owner_of(request), limit, after)
    next_cursor = None if page.last is None else cursor_of(page.last)
    view = job_list_view(page.jobs, settings().functions_url, next_cursor)
    return answer(view, headers={"Cache-Control": "private, no-cache"})
