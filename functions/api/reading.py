"""Reading a request's body up to a limit, whatever it says of its length."""

import io
from contextlib import suppress

import flask
from werkzeug.exceptions import RequestEntityTooLarge

MOST_DROPPED = 32 * 1024 * 1024
"""Bytes that the platform takes (https://cloud.google.com/run/quotas#request_limits)."""
_PIECE = 64 * 1024


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


def drop_rest(request: flask.Request) -> None:
    """Read what is left of the body, a piece at a time, and keep nothing of it.

    Before it answers, functions-framework reads all of it at once (`read_request`), so that no
    answer is lost: 32 MiB in memory of anybody's request, and a 500 if it was refused as too long.
    """
    if "wsgi.input_terminated" not in request.environ:
        return  # no server, but a test: where its body ends, nobody says
    body, left = request.environ["wsgi.input"], MOST_DROPPED
    with suppress(Exception):  # who broke off hears no answer either
        while left > 0 and (piece := body.read(_PIECE)):
            left -= len(piece)
    request.stream = io.BytesIO()
