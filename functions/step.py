"""step (Cloud Tasks): one submit or one look for one image."""

import flask

from functions.api.tasks import StepModel, is_last_attempt, task_body
from functions.edge import task_function
from functions.wiring import services
from shared.ports import StoreError
from shared.settings import settings
from shared.usecases.run_step import give_up, run_step


@task_function
def step(request: flask.Request) -> str:
    """Do what is due for the image, and schedule what comes next."""
    return do_step(request)


def do_step(request: flask.Request, *, stores: bool = False) -> str:
    """The same for every step, whichever function has the memory for it."""
    body = task_body(request, StepModel)
    try:
        return run_step(services(), body.image_id, body.generation, body.seq, stores=stores)
    except StoreError:
        # It passes, and then the sweeper rings again: what was paid for is not given up for that.
        raise
    except Exception as error:
        if is_last_attempt(request, settings().task_attempts):
            give_up(services(), body.image_id, body.generation, body.seq, type(error).__name__)
        raise
