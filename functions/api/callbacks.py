"""Callbacks at the edge: the address that a client sends, a callback's task, what is told."""

import json
from datetime import datetime

import flask

from functions.api.answers import (
    EndedImageModel,
    EventModel,
    ImageEndedModel,
    JobEndedModel,
)
from functions.api.problems import Fault
from functions.api.tasks import CallbackModel, task_body
from functions.api.views import image_view, listed_job_view
from shared.adapters.callback_sender import fault_of
from shared.domain.events import Event
from shared.domain.image import Image
from shared.domain.job import Job
from shared.settings import Settings, settings

POINTER = "/callbackUrl"


def callback_fault(url: str, values: Settings) -> Fault | None:
    """What is wrong with a request's `callbackUrl`; None: it will be called."""
    if not values.callback_secret:
        detail = f"This server calls nobody back. Remove {POINTER}, and watch status instead."
        return Fault(code="callback_not_allowed", detail=detail, pointer=POINTER)
    wrong = fault_of(url, values.hosts_of_callbacks())
    if wrong is None:
        return None
    detail = f"{POINTER} {wrong}. Send an https address of a host that this server knows."
    return Fault(code="callback_not_allowed", detail=detail, pointer=POINTER)


def event_in(request: flask.Request) -> Event:
    """The event that a task is for. Raises `Problem` if the task is none of ours."""
    body = task_body(request, CallbackModel)
    return Event(type=body.type, subject_id=body.subject_id, event_id=body.event_id)


def body_of(subject: Image | Job) -> bytes:
    """What is told of an ending: a JSON object in UTF-8."""
    body = event_view(subject, settings().functions_url)
    return json.dumps(body.model_dump(mode="json"), ensure_ascii=False).encode()


def event_view(subject: Image | Job, functions_url: str) -> EventModel:
    """The ending of an image or of a job, with what status and jobs answer of it."""
    if isinstance(subject, Image):
        image = image_view(subject)
        ended = EndedImageModel(job_id=subject.job_id, **image.model_dump(by_alias=False))
        return ImageEndedModel(timestamp=subject.updated_at, data=ended)
    at: datetime = subject.completed_at or subject.updated_at
    return JobEndedModel(timestamp=at, data=listed_job_view(subject, functions_url))
