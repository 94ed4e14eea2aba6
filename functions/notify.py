"""notify (HTTPS, POST, for the MidJourney Proxy): news of a picture that is being painted."""

import flask
from werkzeug.exceptions import RequestEntityTooLarge

from functions.api.parsing import IMAGE_ID
from functions.api.problems import Problem
from functions.api.reading import bounded_data
from functions.edge import client_function
from functions.wiring import services
from shared.usecases.take_news import ForgedNews, take_news

MOST_BYTES = 256 * 1024
"""Of a body: a task with its prompt and its pictures' links has a few thousand."""


@client_function("POST", for_pages=False)
def notify(request: flask.Request) -> flask.Response:
    """Take a notification to `/notify/<imageId>/<signature>`; what is not ours is not found.

    Answered fast, as it keeps one of the proxy's few threads busy (`NotifyServiceImpl`).
    """
    image_id, _, signature = request.path.strip("/").partition("/")
    if not IMAGE_ID.fullmatch(image_id):
        raise _not_found()
    try:
        bounded_data(request, MOST_BYTES, keep=True)
        body = request.get_json(force=True, silent=True)
    except RequestEntityTooLarge:
        detail = f"At most {MOST_BYTES} bytes are taken."
        raise Problem(413, "body_too_large", detail) from None
    except RecursionError:  # of JSON that is nested for that very purpose
        raise _not_found() from None
    try:
        return flask.Response(take_news(services(), image_id, signature, body))
    except ForgedNews:
        raise _not_found() from None


def _not_found() -> Problem:
    return Problem(404, "image_not_found", "There is no such image.")
