"""What tasks carry; apart from the other models, which task functions need not import."""

from typing import TypeVar

import flask
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from functions.api.problems import Problem
from shared.domain.events import EventType


class TaskModel(BaseModel):
    """The body of a task; fields of a newer version pass."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)


class StepModel(TaskModel):
    """An image and its fencing token."""

    image_id: str
    generation: int
    seq: int


class CallbackModel(TaskModel):
    """Which ending to tell of."""

    type: EventType
    subject_id: str
    event_id: str


T = TypeVar("T", bound=TaskModel)


def task_body(request: flask.Request, model: type[T]) -> T:
    """A task's body. Raises `Problem` if it is none of ours."""
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValueError:
        raise Problem(400, "invalid_task", "This is not a task of ours.") from None


def is_last_attempt(request: flask.Request, attempts: int) -> bool:
    """Whether Cloud Tasks will drop this task if it fails once more: it keeps no dead letters.

    `attempts` is how often its queue tries a task.
    """
    retries = request.headers.get("X-CloudTasks-TaskRetryCount", "0")
    return retries.isdecimal() and int(retries) + 1 >= attempts
