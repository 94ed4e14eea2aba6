"""Reading a request's body up to a limit, whatever it says of its length."""

import flask
from werkzeug.exceptions import RequestEntityTooLarge


def bounded_data(request: flask.Request, most_bytes: int, *, keep: bool = False) -> bytes:
    """The whole body. Raises `RequestEntityTooLarge`, and has read no more than that then.

    `keep` it for whoever reads it again: else there is nothing left.
    """
    if (request.content_length or 0) > most_bytes:
        raise RequestEntityTooLarge
    # A body that is sent in chunks has no length, and is silently cut off at the limit.
    request.max_content_length = most_bytes + 1
    data = request.get_data(cache=keep)
    if len(data) > most_bytes:
        raise RequestEntityTooLarge
    return data
