"""admit (Cloud Tasks, one at a time): gives free slots to what waits."""

import flask

from functions.edge import task_function
from functions.wiring import services
from shared.usecases import admit as use_case


@task_function
def admit(request: flask.Request) -> str:  # noqa: ARG001 - the task has nothing to say
    """Admit as many images as there are free slots."""
    return f"admitted {use_case.admit(services())}"
