"""generate (HTTPS, POST): starts a book."""

import hashlib
import json

import flask

from functions.api.models import MOST_KEY, GenerateModel
from functions.api.parsing import invalid, parse_body
from functions.api.problems import Fault, Problem
from functions.api.views import accepted_view, answer, status_url
from functions.caller import owner_of
from functions.edge import client_function
from functions.wiring import services
from shared.domain.image import Kind, Role
from shared.settings import settings
from shared.usecases.start_job import NewBook, NewImage, start_job


@client_function("POST")
def generate(request: flask.Request) -> flask.Response:
    """Write the job and all its images, ask for admission, answer 202."""
    body = parse_body(request, GenerateModel)
    key = _idempotency_key(request)
    _check(body)
    book = NewBook(
        owner_uid=owner_of(request),
        student_task_id=body.student_task_id,
        fairytale_id=body.fairytale_id,
        images=_images(body),
        content_hash=_content_hash(body),
        idempotency_key=key,
    )
    started, is_new = start_job(services(), book)
    base = settings().functions_url
    headers = {"Location": status_url(base, started.job.job_id)}
    if not is_new:
        headers["Idempotent-Replayed"] = "true"
    return answer(accepted_view(started, base), 202, headers)


def _images(body: GenerateModel) -> tuple[NewImage, ...]:
    characters = [
        NewImage(
            kind=Kind.CHARACTER,
            role=Role.REFERENCE if character.is_main else Role.MEMBER,
            name=character.name,
            prompt=character.prompt,
        )
        for character in body.characters
    ]
    backgrounds = [
        NewImage(kind=Kind.BACKGROUND, role=Role.MEMBER, name=b.name, prompt=b.prompt)
        for b in body.backgrounds
    ]
    return (*characters, *backgrounds)


def _content_hash(body: GenerateModel) -> str:
    """The same for bodies that mean the same: `7` and `"7"`, `main` and `isMain`."""
    return hashlib.sha256(json.dumps(body.model_dump(), sort_keys=True).encode()).hexdigest()


def _idempotency_key(request: flask.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key.strip()) <= MOST_KEY:
        detail = f"Idempotency-Key must have 1 to {MOST_KEY} characters."
        raise Problem(400, "invalid_idempotency_key", detail)
    return key.strip()


def _check(body: GenerateModel) -> None:
    """The rules that concern more than one field. Raises `Problem`."""
    mains = [index for index, character in enumerate(body.characters) if character.is_main]
    count, most = len(body.characters) + len(body.backgrounds), settings().max_images
    faults = []
    if not mains:
        detail = "No character is the main one. Set isMain to true for exactly one character."
        faults.append(Fault(code="no_main_character", detail=detail, pointer="/characters"))
    if len(mains) > 1:
        detail = f"{len(mains)} characters are main ones. Set isMain to true for exactly one."
        pointer = f"/characters/{mains[1]}/isMain"
        faults.append(Fault(code="several_main_characters", detail=detail, pointer=pointer))
    if count > most:
        detail = f"The book has {count} pictures; at most {most} are painted for one request."
        faults.append(Fault(code="too_many_images", detail=detail, pointer=""))
    if faults:
        raise invalid(faults)
