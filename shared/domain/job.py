"""A job: one book, that is one request of one client, with its counters of ended images."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from shared.domain.failure import Failure, FailureCode
from shared.domain.image import Image


class JobStatus(StrEnum):
    """Where a book stands, as clients see it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIALLY_SUCCEEDED = "partially_succeeded"
    """Some pictures are there, some failed; a bad picture never hides the good ones."""
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One book. The document `jobs/{jobId}` holds just this."""

    job_id: str
    owner_uid: str
    student_task_id: str
    fairytale_id: str
    request_hash: str
    """Of the request's content: tells a repetition from another request under the same key."""
    reference_image_id: str
    image_count: int
    created_at: datetime
    updated_at: datetime
    deadline_at: datetime
    expire_at: datetime
    """When Firestore's TTL policy may delete the document."""
    class_id: str | None = None
    """The owner's class when it was made; its teachers may look at it."""
    status: JobStatus = JobStatus.QUEUED
    completed: bool = False
    completed_at: datetime | None = None
    error: Failure | None = None
    reference_error: Failure | None = None
    """Why the main character failed, and with it the whole book; written by that very commit."""
    remaining: int = 0
    """Images that have not ended. This and the next three change by `Increment` only."""
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    callback_url: str | None = None
    """Where the client's own server is told of endings."""
    callback_due_at: datetime | None = None
    """Since when it should have been told of this ending; None once it has been."""
    deleted_at: datetime | None = None
    """Since when it is deleted for everybody: only what is in the bucket has yet to go."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(alias_generator=to_camel)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """A change of a job's counters, to be added to whatever they are."""

    remaining: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            remaining=self.remaining + other.remaining,
            succeeded=self.succeeded + other.succeeded,
            failed=self.failed + other.failed,
            canceled=self.canceled + other.canceled,
        )


def tally(before: Image, after: Image) -> Tally:
    """What an image's transition adds to its job's counters."""

    def counted(image: Image, sign: int) -> Tally:
        if not image.ended:
            return Tally(remaining=sign)
        return Tally(**{image.status.value: sign})

    return counted(before, -1) + counted(after, +1)


def conclude(job: Job, now: datetime) -> Job:
    """The job with its ending written, if all its images have ended; else the job as it is."""
    if job.completed or job.remaining > 0:
        return job
    if job.canceled:
        status = JobStatus.CANCELED
    elif job.failed == 0:
        status = JobStatus.SUCCEEDED
    elif job.succeeded == 0:
        status = JobStatus.FAILED
    else:
        status = JobStatus.PARTIALLY_SUCCEEDED
    return replace(
        job,
        status=status,
        completed=True,
        completed_at=now,
        updated_at=now,
        error=_why(job),
        callback_due_at=now if job.callback_url else None,
    )


def _why(job: Job) -> Failure | None:
    if job.canceled:
        message = "The job was canceled; pictures that were finished stay."
        return Failure(code=FailureCode.CANCELED, message=message)
    if job.failed == 0:
        return None
    if job.reference_error is not None and job.succeeded == 0:
        message = (
            "The main character failed, and with it what was to be painted after it: "
            f"{job.reference_error.message} Painting the main character again revives the book."
        )
        return Failure(code=FailureCode.REFERENCE_FAILED, message=message)
    message = (
        f"{job.failed} of {job.image_count} pictures could not be painted. Each image's error "
        "says why; paint them again with regenerate."
    )
    return Failure(code=FailureCode.PAINTING_FAILED, message=message)


def overall_progress(images: list[Image]) -> int:
    """The book's progress in percent: the mean of its pictures, an ended one counting as 100."""
    if not images:
        return 0
    return sum(100 if image.ended else image.progress for image in images) // len(images)


@dataclass(frozen=True, kw_only=True)
class Book:
    """A job with its images, in the order of the request."""

    job: Job
    images: list[Image]
