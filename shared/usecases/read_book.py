"""Reading a book for its owner: each document once, nothing written."""

from shared.domain.job import Book, Job
from shared.ports import Versioned
from shared.usecases.refusals import JobNotFound
from shared.usecases.services import Services


def read_book(services: Services, owner_uid: str, job_id: str) -> Book:
    """The job of that id with its images. Raises `JobNotFound`, `StoreUnavailable`."""
    job = owned_job(services, owner_uid, job_id).value
    images = [image.value for image in services.store.images_of(job_id)]
    return Book(job=job, images=images)


def read_latest_book(services: Services, owner_uid: str, student_task_id: str) -> Book:
    """The latest book of a student task. Raises `JobNotFound`, `StoreUnavailable`."""
    latest = services.store.latest_job(owner_uid, student_task_id)
    if latest is None:
        raise JobNotFound(student_task_id)
    return read_book(services, owner_uid, latest.value.job_id)


def owned_job(services: Services, owner_uid: str, job_id: str) -> Versioned[Job]:
    """The job of that id if it is the owner's. Raises `JobNotFound`, `StoreUnavailable`."""
    job = services.store.job(job_id)
    if job is None or job.value.owner_uid != owner_uid or job.value.deleted_at is not None:
        raise JobNotFound(job_id)
    return job
