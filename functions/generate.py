"""generate (HTTPS, POST): starts a book."""

import hashlib
import json

import flask

from functions.api.callbacks import callback_fault
from functions.api.looks import look_faults, options_of
from functions.api.parsing import MOST_FAULTS, invalid, parse_body_with_drawings
from functions.api.problems import Fault, Problem
from functions.api.requests import MOST_KEY, GenerateModel
from functions.api.sketches import drawing_of
from functions.api.views import accepted_view, answer, status_url
from functions.caller import caller_of
from functions.edge import client_function
from functions.wiring import services
from shared.domain.image import Kind, Role
from shared.settings import settings
from shared.usecases.start_job import NewBook, NewImage, start_job
from shared.usecases.take_drawing import Sketch


@client_function("POST")
def generate(request: flask.Request) -> flask.Response:
    """Write the job and all its images, ask for admission, answer 202."""
    caller = caller_of(request)
    body = parse_body_with_drawings(request)
    key = _idempotency_key(request)
    drawings = _check(body)
    book = NewBook(
        owner_uid=caller.uid,
        class_id=caller.class_id,
        student_task_id=body.student_task_id,
        fairytale_id=body.fairytale_id,
        images=_images(body, drawings),
        background_effect=body.background_effect or settings().background_effect,
        content_hash=_content_hash(body),
        idempotency_key=key,
        callback_url=body.callback_url,
    )
    started, is_new = start_job(services(), book)
    base = settings().functions_url
    headers = {"Location": status_url(base, started.job.job_id)}
    if not is_new:
        headers["Idempotent-Replayed"] = "true"
    return answer(accepted_view(started, base), 202, headers)


def _images(body: GenerateModel, drawings: dict[int, Sketch]) -> tuple[NewImage, ...]:
    characters = [
        NewImage(
            kind=Kind.CHARACTER,
            role=Role.REFERENCE if character.is_main else Role.MEMBER,
            name=character.name,
            prompt=character.prompt or "",
            option_ids=options_of(body, character),
            same_as_reference=character.same_as is not None,
            sketch=drawings.get(index),
        )
        for index, character in enumerate(body.characters)
    ]
    backgrounds = [
        NewImage(kind=Kind.BACKGROUND, role=Role.MEMBER, name=b.name, prompt=b.prompt)
        for b in body.backgrounds
    ]
    return (*characters, *backgrounds)


def _content_hash(body: GenerateModel) -> str:
    """The same for bodies that mean the same: `7` and `"7"`, `main` and `isMain`.

    Where to call back is no part of what is painted: a new address alone must not pay for it again.
    """
    content = body.model_dump(exclude={"callback_url"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _idempotency_key(request: flask.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key.strip()) <= MOST_KEY:
        detail = f"Idempotency-Key must have 1 to {MOST_KEY} characters."
        raise Problem(400, "invalid_idempotency_key", detail)
    return key.strip()


def _sketches(body: GenerateModel) -> dict[int, tuple[str, str]]:
    """Of each character that has a drawing: what the client sent, and where."""
    found = {}
    for index, character in enumerate(body.characters):
        if character.sketch_image is not None:
            found[index] = (character.sketch_image, f"/characters/{index}/sketchImage")
        elif character.is_main and body.sketch_image is not None:
            found[index] = (body.sketch_image, "/sketchImage")
    return found


def _check(body: GenerateModel) -> dict[int, Sketch]:
    """The rules that concern more than one field; answers the drawings. Raises `Problem`."""
    mains = [index for index, character in enumerate(body.characters) if character.is_main]
    count, most = len(body.characters) + len(body.backgrounds), settings().max_images
    faults: list[Fault] = []
    drawings: dict[int, Sketch] = {}
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
    else:  # which bounds the work, too
        faults += look_faults(body, services().policy.prompts)
    if body.callback_url is not None:
        wrong = callback_fault(body.callback_url, settings())
        faults += [wrong] if wrong else []
    for index, (text, pointer) in _sketches(body).items():
        drawing = drawing_of(text, settings().bucket, pointer)
        if isinstance(drawing, Fault):
            faults.append(drawing)
        else:
            drawings[index] = Sketch(drawing=drawing, where=pointer)
    if faults:
        raise invalid(faults[:MOST_FAULTS], more=max(0, len(faults) - MOST_FAULTS))
    return drawings
