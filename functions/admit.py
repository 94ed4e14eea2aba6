"""admit (Cloud Tasks, one at a time): gives free slots to what waits."""

import json
from datetime import datetime

import flask

from functions.edge import task_function
from functions.wiring import services
from shared.usecases import admit as use_case


@task_function
def admit(request: flask.Request) -> str:
    """Admit as many images as there are free slots."""
    return f"admitted {use_case.admit(services(), _at(request))}"


def _at(request: flask.Request) -> datetime | None:
    """When the task was to ring, if it says so: those that ring at once don't, nor do old ones."""
    try:
        at = datetime.fromisoformat(json.loads(request.get_data(cache=False))["at"])
    except (KeyError, TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None
