"""Forgetting an owner: everything that is theirs, in bounded time, to be repeated until it is done.

What was counted for their quotas stays until the next day or the one after: it holds no more than
numbers under a hash, and who could have it forgotten could ask for any number of pictures.
"""

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.job import Job
from shared.usecases.cancel_job import cancel_job
from shared.usecases.delete_job import delete_job
from shared.usecases.refusals import JobNotFound, NotCompleted
from shared.usecases.services import Services
from shared.usecases.take_drawing import uploads_of

WITHIN = timedelta(seconds=20)
"""In which jobs are begun with; one that is canceled may wait for a claim's lease on top."""
PAGE = 20


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What came of it."""

    deleted_jobs: int
    complete: bool
    """Whether nothing is left; else ask again."""


def forget_owner(services: Services, owner_uid: str) -> Forgotten:
    """Cancel what is open, delete every job, and what the owner has put into the bucket.

    A job that the painter has not let go of, or for which there was no time, is left for the next
    call. Raises `PictureUnavailable`, `StoreUnavailable`: then it can be called again, too.
    """
    last = services.clock() + WITHIN
    deleted, after = 0, None
    while page := services.store.jobs_of(owner_uid, PAGE, after):
        for job in page:  # before anything else: what is not canceled is paid for
            if not job.completed and services.clock() < last:
                _cancel(services, job)
        for job in page:
            if services.clock() >= last:
                return Forgotten(deleted_jobs=deleted, complete=False)
            deleted += _delete(services, job)
        after = (page[-1].created_at, page[-1].job_id)
    uploads = services.picture_store.find(uploads_of(owner_uid))
    services.picture_store.remove(uploads)
    left = services.store.jobs_of(owner_uid, 1)
    return Forgotten(deleted_jobs=deleted, complete=not left)


def _cancel(services: Services, job: Job) -> None:
    try:
        cancel_job(services, job.owner_uid, job.job_id)
    except JobNotFound:  # it has gone meanwhile
        return


def _delete(services: Services, job: Job) -> bool:
    try:
        delete_job(services, job.owner_uid, job.job_id)
    except (JobNotFound, NotCompleted):
        return False
    return True
