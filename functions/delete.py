"""delete (HTTPS, POST): removes a book with all its pictures."""

import flask

from functions.api.deleting import DeletedModel
from functions.api.parsing import job_id_of_query_or_body
from functions.api.views import answer
from functions.caller import caller_of
from functions.edge import client_function
from functions.wiring import services
from shared.usecases.delete_job import delete_job


@client_function("POST")
def delete(request: flask.Request) -> flask.Response:
    """Delete a job that has ended: its words, its images, and every picture of it.

    The job is named in the body, or in the query. Once it is deleted, nobody finds it any more.
    """
    caller = caller_of(request)
    job_id = job_id_of_query_or_body(request)
    delete_job(services(), caller.uid, job_id, caller.teaches)
    return answer(DeletedModel(job_id=job_id))
