"""Reading a book for its owner or a teacher: each document once, nothing written."""

from collections.abc import Set

from shared.domain.image import Image
from shared.domain.job import Book, Job
from shared.ports import Versioned
from shared.tracing import identify
from shared.usecases.refusals import JobNotFound, NotOwner, Refusal
from shared.usecases.services import Services

NO_CLASSES: Set[str] = frozenset()
"""Of who teaches nobody."""


def read_book(
    services: Services, reader_uid: str, job_id: str, teaches: Set[str] = NO_CLASSES
) -> Book:
    """The job of that id with its images, if it is the reader's or of a class that they teach.

    Raises `JobNotFound`, `StoreUnavailable`.
    """
    job = _there(services, job_id).value
    if job.owner_uid != reader_uid and job.class_id not in teaches:
        raise JobNotFound(job_id)
    images = [image.value for image in services.store.images_of(job_id)]
    return Book(job=job, images=images)


def read_latest_book(services: Services, owner_uid: str, student_task_id: str) -> Book:
    """The latest book of a student task. Raises `JobNotFound`, `StoreUnavailable`."""
    latest = services.store.latest_job(owner_uid, student_task_id)
    if latest is None:
        raise JobNotFound(student_task_id)
    return read_book(services, owner_uid, latest.value.job_id)


def owned_job(
    services: Services, owner_uid: str, job_id: str, teaches: Set[str] = NO_CLASSES
) -> Versioned[Job]:
    """The job of that id if it is the owner's.

    Raises `NotOwner` for who may only look at it, else `JobNotFound`, and `StoreUnavailable`.
    """
    job = _there(services, job_id)
    must_own(job.value, owner_uid, teaches, JobNotFound(job_id))
    return job


def _there(services: Services, job_id: str) -> Versioned[Job]:
    """The job of that id, whosever it is; a deleted one is not there. Raises `JobNotFound`."""
    identify(job_id=job_id)
    job = services.store.job(job_id)
    if job is None or job.value.deleted_at is not None:
        raise JobNotFound(job_id)
    return job


def must_own(thing: Job | Image, owner_uid: str, teaches: Set[str], missing: Refusal) -> None:
    """Return if it is the owner's; raise `NotOwner` for who may only look at it, else `missing`."""
    if thing.owner_uid == owner_uid:
        return
    if thing.class_id in teaches:
        raise NotOwner(*missing.args)
    raise missing
