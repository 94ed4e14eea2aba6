"""Jobs and images as clients get them, without the step machine's own fields."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import flask

from functions.api.answers import (
    AcceptedImageModel,
    AcceptedModel,
    AnswerModel,
    BookModel,
    CandidateModel,
    CatalogueModel,
    CategoryModel,
    FailureModel,
    ImageModel,
    JobListModel,
    JobModel,
    ListedJobModel,
    OptionModel,
    VariantModel,
)
from shared.domain.failure import Failure
from shared.domain.image import BackgroundEffect, Image, Kind, Variant
from shared.domain.job import Book, Job, overall_progress
from shared.domain.prompts import Category, Option, PromptRules
from shared.domain.variants import CANDIDATES, OF_EFFECT

PRIVATE = {"Cache-Control": "private, no-cache"}
"""Of an answer that is one client's own, and to be asked for anew each time."""
RETRY_AFTER_SECONDS = 2
"""How long a client that polls should wait: no picture changes faster than a look a second."""


def accepted_view(book: Book, functions_url: str) -> AcceptedModel:
    """The answer of generate."""
    return AcceptedModel(
        job_id=book.job.job_id,
        status=book.job.status,
        status_url=status_url(functions_url, book.job.job_id),
        cancel_url=f"{functions_url}/cancel?jobId={book.job.job_id}",
        images=[
            AcceptedImageModel(
                image_id=image.image_id, kind=image.kind, name=image.name, status=image.status
            )
            for image in book.images
        ],
    )


def status_url(functions_url: str, job_id: str) -> str:
    """Where a job's status is read."""
    return f"{functions_url}/status?jobId={job_id}"


def book_view(book: Book) -> BookModel:
    """The answer of status."""
    job = book.job
    return BookModel(
        job_id=job.job_id,
        student_task_id=job.student_task_id,
        fairytale_id=job.fairytale_id,
        status=job.status,
        progress=overall_progress(book.images),
        completed=job.completed,
        error=_error(job.error),
        created_at=job.created_at,
        completed_at=job.completed_at,
        images=[image_view(image) for image in book.images],
    )


def image_view(image: Image) -> ImageModel:
    """An image as clients see it."""
    return ImageModel(
        image_id=image.image_id,
        kind=image.kind,
        role=image.role,
        name=image.name,
        prompt=image.prompt,
        status=image.status,
        progress=image.progress,
        image_url=image.image_url,
        preview_url=image.preview_url,
        generation=image.generation,
        option_ids=list(image.option_ids),
        description=image.described or None,
        is_fallback=image.is_fallback,
        warnings=list(image.warnings),
        background_effect=_effect(image) if image.kind is Kind.BACKGROUND else None,
        variants={
            name: _variant(variant)
            for name, variant in image.variants.items()
            if name not in CANDIDATES
        },
        candidate=image.shown.candidate if image.shown else None,
        candidates=[
            CandidateModel(candidate=index, preview_url=image.variants[name].url)
            for index, name in enumerate(CANDIDATES, start=1)
            if name in image.variants
        ],
        completed=image.ended,
        error=_error(image.error),
    )


def job_view(job: Job) -> JobModel:
    """A job without its images: the answer of cancel."""
    return JobModel(
        job_id=job.job_id, status=job.status, completed=job.completed, error=_error(job.error)
    )


def listed_job_view(job: Job, functions_url: str) -> ListedJobModel:
    """A job without its images, with all that is known of it."""
    return ListedJobModel(
        job_id=job.job_id,
        status=job.status,
        completed=job.completed,
        error=_error(job.error),
        student_task_id=job.student_task_id,
        fairytale_id=job.fairytale_id,
        image_count=job.image_count,
        remaining=job.remaining,
        succeeded=job.succeeded,
        failed=job.failed,
        canceled=job.canceled,
        created_at=job.created_at,
        updated_at=job.updated_at,
        completed_at=job.completed_at,
        status_url=status_url(functions_url, job.job_id),
    )


def job_list_view(jobs: Sequence[Job], functions_url: str, next_cursor: str | None) -> JobListModel:
    """The answer of jobs: one page."""
    listed = [listed_job_view(job, functions_url) for job in jobs]
    return JobListModel(jobs=listed, next_cursor=next_cursor)


def catalogue_view(rules: PromptRules, language: str) -> CatalogueModel:
    """The answer of styles: what a hero's looks can be chosen from, in one language."""
    return CatalogueModel(
        version=rules.version,
        language=language,
        categories=[
            CategoryModel(
                id=category.id,
                label=_label(category, language),
                exclusive=category.exclusive,
                most=category.limit,
                options=[
                    OptionModel(id=option.id, label=_label(option, language))
                    for option in category.options
                ],
            )
            for category in rules.catalogue.categories
        ],
    )


def answer(
    body: AnswerModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> flask.Response:
    """A JSON answer."""
    text = json.dumps(body.model_dump(mode="json"), ensure_ascii=False) + "\n"
    return flask.Response(text, status, headers, content_type="application/json")


def with_etag(request: flask.Request, response: flask.Response) -> flask.Response:
    """The answer with its `ETag`, or 304 if the client has this very one (RFC 9110, 13.1.2)."""
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.make_conditional(request)
    return response


def _effect(image: Image) -> BackgroundEffect:
    """Of the picture that is shown, which may be of an earlier generation."""
    if not image.has_picture:
        return image.background_effect
    found = (effect for effect, name in OF_EFFECT.items() if name in image.variants)
    return next(found, BackgroundEffect.NONE)


def _variant(variant: Variant) -> VariantModel:
    return VariantModel(
        url=variant.url,
        content_type=variant.content_type,
        width=variant.width,
        height=variant.height,
    )


def _label(named: Category | Option, language: str) -> str:
    return named.ko if language == "ko" else named.en


def _error(failure: Failure | None) -> FailureModel | None:
    return None if failure is None else FailureModel(code=failure.code, message=failure.message)
