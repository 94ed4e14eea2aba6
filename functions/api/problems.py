"""Error answers: `application/problem+json` (RFC 9457) with a stable `code`.

Every answer says what to do. What went wrong inside is in the log, never in the answer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import flask

from shared.usecases import refusals

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with a request."""

    code: str
    detail: str
    pointer: str
    """Where, as a JSON pointer (RFC 6901) into the body, such as `/characters/0/name`."""


class Problem(Exception):
    """An error answer. `code` is stable, `detail` says what to do about it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
        **extra: object,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = headers or {}
        self.extra = extra

    def body(self) -> dict[str, object]:
        """What the answer says, as the API document's `Problem` has it."""
        body: dict[str, object] = {
            "type": f"urn:fairy-tale:problem:{self.code}",
            "title": self.code.replace("_", " ").capitalize().replace("json", "JSON"),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }
        if self.faults:
            body["errors"] = [
                {"code": f.code, "detail": f.detail, "pointer": f.pointer} for f in self.faults
            ]
        return body

    def response(self) -> flask.Response:
        """The answer as HTTP."""
        # What a client sent may be quoted, and half of a surrogate pair can't be encoded.
        text = (json.dumps(self.body(), ensure_ascii=False) + "\n").encode(errors="replace")
        return flask.Response(text, self.status, self.headers, content_type=CONTENT_TYPE)


def internal_error() -> Problem:
    """A fault of ours that the client can do nothing about but try again."""
    detail = "The server failed. Nothing was lost; try again in a minute."
    return Problem(500, "internal_error", detail, headers={"Retry-After": "60"})


def unavailable() -> Problem:
    """Something we need is out of reach for a moment."""
    detail = "The server can't reach its data just now. Try again in a few seconds."
    return Problem(503, "temporarily_unavailable", detail, headers={"Retry-After": "5"})


def refused(refusal: refusals.Refusal) -> Problem:
    """The answer to a refusal of a use case."""
    found = _about_a_job(refusal) or _about_an_image(refusal) or _about_the_owner(refusal)
    return found or internal_error()


def _about_the_owner(refusal: refusals.Refusal) -> Problem | None:
    match refusal:
        case refusals.TooMuchAsked():
            return _too_much_asked(refusal)
        case refusals.NotCompleted(draining=True):
            detail = (
                "The job has ended, but MidJourney is still at work on a picture of it. Try again "
                "in a minute."
            )
            return Problem(409, "job_not_completed", detail, headers={"Retry-After": "10"})
        case refusals.NotCompleted():
            detail = "The job is still being painted. Cancel it first, or wait until it has ended."
            return Problem(409, "job_not_completed", detail, headers={"Retry-After": "10"})
    return None


def _too_much_asked(refusal: refusals.TooMuchAsked) -> Problem:
    over, headers = refusal.over, {"Retry-After": str(refusal.retry_after)}
    so_far = f"{over.used} have been asked for. Ask again from {over.again_at:%Y-%m-%d %H:%M} UTC."
    if over.of_jobs:
        detail = f"At most {over.limit} books may be started in an hour, and {so_far}"
        return Problem(429, "too_many_jobs", detail, headers=headers)
    detail = f"At most {over.limit} pictures may be painted in a day, and {so_far}"
    return Problem(429, "too_many_pictures", detail, headers=headers)


def _about_a_job(refusal: refusals.Refusal) -> Problem | None:
    match refusal:
        case refusals.JobNotFound():
            return Problem(404, "job_not_found", "There is no such job. Check the id.")
        case refusals.NotOwner():
            detail = "You may look at this book. Only the child who made it can change it."
            return Problem(403, "not_owner", detail)
        case refusals.ClassNotFound():
            detail = "You teach no such class. Check classId, or sign in again."
            return Problem(404, "class_not_found", detail)
        case refusals.KeyReused():
            detail = (
                "This Idempotency-Key came with another content before. Use a new key for a new "
                "request, or send the old content again to get its job."
            )
            return Problem(422, "idempotency_key_reused", detail)
        case refusals.AlreadyRunning():
            detail = (
                f"The book of this studentTaskId is still being painted as job {refusal.job_id}. "
                "Wait until it is completed, or cancel it."
            )
            headers = {"Retry-After": "10"}
            return Problem(409, "job_running", detail, headers=headers, jobId=refusal.job_id)
        case refusals.NoPictures():
            detail = "The book has no pictures yet. Wait until some are there."
            return Problem(409, "no_pictures", detail, headers={"Retry-After": "10"})
        case refusals.DrawingRefused():
            fault = Fault(code=refusal.code, detail=refusal.detail, pointer=refusal.where)
            return Problem(422, refusal.code, refusal.detail, faults=[fault])
        case refusals.DrawingUnavailable():
            detail = "The drawing could not be fetched just now. Send the request again."
            fault = Fault(code="drawing_unavailable", detail=detail, pointer=refusal.where)
            headers = {"Retry-After": "5"}
            return Problem(503, "drawing_unavailable", detail, faults=[fault], headers=headers)
    return None


def _about_an_image(refusal: refusals.Refusal) -> Problem | None:
    match refusal:
        case refusals.ImageNotFound():
            return Problem(404, "image_not_found", "There is no such image. Check the imageId.")
        case refusals.ImageBusy():
            detail = "The image is still being painted. Wait until it is completed."
            return Problem(409, "image_busy", detail, headers={"Retry-After": "10"})
        case refusals.ReferenceMissing():
            detail = (
                "The main character has no picture yet that this one could be painted after. "
                "Regenerate the main character first."
            )
            return Problem(409, "reference_missing", detail)
        case refusals.CandidatesUnknown():
            detail = (
                "There are no four pictures of this image to choose from. Regenerate it without "
                "candidate to have four new ones painted."
            )
            return Problem(409, "no_candidates", detail)
        case refusals.CandidateShown():
            detail = "The image shows this candidate already. Choose another one of 1 to 4."
            return Problem(409, "candidate_shown", detail)
        case refusals.NothingToPaint():
            detail = (
                "Nothing would be left to paint: send a prompt, or optionIds that say its looks."
            )
            fault = Fault(code="missing_field", detail=detail, pointer="/prompt")
            return Problem(422, "missing_field", detail, faults=[fault])
        case refusals.NotABackground():
            detail = "backgroundEffect is for backgrounds; this image is a character. Remove it."
            fault = Fault(code="not_a_background", detail=detail, pointer="/backgroundEffect")
            return Problem(422, "not_a_background", detail, faults=[fault])
        case refusals.NotACharacter():
            detail = "optionIds are for characters; this image is a background. Send a prompt."
            fault = Fault(code="not_a_character", detail=detail, pointer="/optionIds")
            return Problem(422, "not_a_character", detail, faults=[fault])
    return None
