"""callback (Cloud Tasks): tells a client's own server that an image or a job has ended."""

import flask

from functions.api.callbacks import body_of, event_in
from functions.api.tasks import is_last_attempt
from functions.edge import task_function
from functions.wiring import services
from shared.settings import settings
from shared.usecases.deliver_callback import deliver_callback


@task_function
def callback(request: flask.Request) -> str:
    """Post the event to the address that came with the book, unless it is outdated."""
    event = event_in(request)
    last = is_last_attempt(request, settings().callback_attempts)
    return deliver_callback(services(), event, body_of, last=last)
