"""What clients get: jobs and images as JSON objects, without the step machine's own fields."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

import flask

from shared.domain.failure import Failure
from shared.domain.image import BackgroundEffect, Image, Kind, Variant
from shared.domain.job import Book, Job, overall_progress
from shared.domain.prompts import Category, Option, PromptRules
from shared.domain.variants import BLURRED, CANDIDATES, PALED

RETRY_AFTER_SECONDS = 2
"""How long a client that polls should wait: no picture changes faster than a look a second."""


def accepted_view(book: Book, functions_url: str) -> dict[str, object]:
    """The answer of generate."""
    return {
        "jobId": book.job.job_id,
        "status": book.job.status.value,
        "statusUrl": status_url(functions_url, book.job.job_id),
        "cancelUrl": f"{functions_url}/cancel?jobId={book.job.job_id}",
        "images": [
            {
                "imageId": image.image_id,
                "kind": image.kind.value,
                "name": image.name,
                "status": image.status.value,
            }
            for image in book.images
        ],
    }


def status_url(functions_url: str, job_id: str) -> str:
    """Where a job's status is read."""
    return f"{functions_url}/status?jobId={job_id}"


def book_view(book: Book) -> dict[str, object]:
    """The answer of status."""
    job = book.job
    return {
        "jobId": job.job_id,
        "studentTaskId": job.student_task_id,
        "fairytaleId": job.fairytale_id,
        "status": job.status.value,
        "progress": overall_progress(book.images),
        "completed": job.completed,
        "error": _error(job.error),
        "createdAt": _time(job.created_at),
        "completedAt": _time(job.completed_at),
        "images": [image_view(image) for image in book.images],
    }


def image_view(image: Image) -> dict[str, object]:
    """An image as clients see it."""
    background = image.kind is Kind.BACKGROUND
    return {
        "imageId": image.image_id,
        "kind": image.kind.value,
        "role": image.role.value,
        "name": image.name,
        "prompt": image.prompt,
        "status": image.status.value,
        "progress": image.progress,
        "imageUrl": image.image_url,
        "previewUrl": image.preview_url,
        "generation": image.generation,
        "optionIds": list(image.option_ids),
        "description": image.described or None,
        "isFallback": image.is_fallback,
        "warnings": list(image.warnings),
        "backgroundEffect": _effect(image) if background else None,
        "variants": {
            name: _variant(variant)
            for name, variant in image.variants.items()
            if name not in CANDIDATES
        },
        "candidate": image.shown.candidate if image.shown else None,
        "candidates": [
            {"candidate": index, "previewUrl": image.variants[name].url}
            for index, name in enumerate(CANDIDATES, start=1)
            if name in image.variants
        ],
        "completed": image.ended,
        "error": _error(image.error),
    }


def job_view(job: Job) -> dict[str, object]:
    """A job without its images: the answer of cancel."""
    return {
        "jobId": job.job_id,
        "status": job.status.value,
        "completed": job.completed,
        "error": _error(job.error),
    }


def catalogue_view(rules: PromptRules, language: str) -> dict[str, object]:
    """The answer of styles: what a hero's looks can be chosen from, in one language."""
    return {
        "version": rules.version,
        "language": language,
        "categories": [
            {
                "id": category.id,
                "label": _label(category, language),
                "exclusive": category.exclusive,
                "most": category.limit,
                "options": [
                    {"id": option.id, "label": _label(option, language)}
                    for option in category.options
                ],
            }
            for category in rules.catalogue.categories
        ],
    }


def answer(
    body: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> flask.Response:
    """A JSON answer."""
    text = json.dumps(body, ensure_ascii=False) + "\n"
    return flask.Response(text, status, headers, content_type="application/json")


def cached_answer(
    request: flask.Request, body: Mapping[str, object], headers: Mapping[str, str]
) -> flask.Response:
    """A JSON answer of one client's own, to be asked for anew each time; see `with_etag`."""
    private = {**headers, "Cache-Control": "private, no-cache"}
    return with_etag(request, answer(body, headers=private))


def with_etag(request: flask.Request, response: flask.Response) -> flask.Response:
    """The answer with its `ETag`, or 304 if the client has this very one (RFC 9110, 13.1.2)."""
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.make_conditional(request)
    return response


def _effect(image: Image) -> str:
    """Of the picture that is shown, which may be of an earlier generation."""
    if not image.has_picture:
        return image.background_effect.value
    effects = {BLURRED: BackgroundEffect.BLUR, PALED: BackgroundEffect.PALE}
    found = (effect for name, effect in effects.items() if name in image.variants)
    return next(found, BackgroundEffect.NONE).value


def _variant(variant: Variant) -> dict[str, object]:
    return {
        "url": variant.url,
        "contentType": variant.content_type,
        "width": variant.width,
        "height": variant.height,
    }


def _label(named: Category | Option, language: str) -> str:
    return named.ko if language == "ko" else named.en


def _error(failure: Failure | None) -> dict[str, str] | None:
    if failure is None:
        return None
    return {"code": failure.code.value, "message": failure.message}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
