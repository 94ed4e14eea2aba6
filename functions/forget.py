"""forget (HTTPS, POST): removes everything of the caller's."""

import flask

from functions.api.deleting import ForgottenModel
from functions.api.views import answer
from functions.caller import caller_of
from functions.edge import client_function
from functions.wiring import services
from shared.usecases.forget_owner import forget_owner


@client_function("POST")
def forget(request: flask.Request) -> flask.Response:
    """Cancel what is being painted, delete every job, and what the caller has put into the bucket.

    It ends in bounded time: call it again until `complete` is true.
    """
    forgotten = forget_owner(services(), caller_of(request).uid)
    headers = {} if forgotten.complete else {"Retry-After": "10"}
    view = ForgottenModel(deleted_jobs=forgotten.deleted_jobs, complete=forgotten.complete)
    return answer(view, headers=headers)
