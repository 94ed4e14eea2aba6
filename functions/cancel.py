"""cancel (HTTPS, POST): ends a book as it is."""

import flask

from functions.api.parsing import job_id_of_query_or_body
from functions.api.views import answer, job_view
from functions.caller import caller_of
from functions.edge import client_function
from functions.wiring import services
from shared.usecases.cancel_job import cancel_job


@client_function("POST")
def cancel(request: flask.Request) -> flask.Response:
    """Submit nothing further for the job; what is finished stays.

    The job is named in the body, or in the query as in the `cancelUrl` that generate answers.
    """
    caller = caller_of(request)
    job_id = job_id_of_query_or_body(request)
    return answer(job_view(cancel_job(services(), caller.uid, job_id, caller.teaches)))
