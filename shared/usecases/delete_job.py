"""Deleting a job: for everybody at once, and then what is in the bucket.

The first commit removes all that tells of a child (words, names, links) and marks the job as
deleted, so that nobody finds it any more; its id stays taken until its objects are gone, so that
the same request, which makes the same id, can't store new ones among them. Who dies half-way
leaves a job that is marked: deleting it again, forgetting its owner, or the same request made anew
does the rest.
"""

from collections.abc import Set
from dataclasses import replace
from datetime import datetime

from shared.crash_points import CrashPoint, reach
from shared.domain.ids import new_image_id
from shared.domain.job import Job
from shared.ports import (
    Conflict,
    RemoveImages,
    RemoveJob,
    RemoveLatest,
    RetractReference,
    SaveJob,
    Versioned,
    Write,
)
from shared.tracing import identify
from shared.usecases.read_book import NO_CLASSES, must_own
from shared.usecases.refusals import JobNotFound, NotCompleted
from shared.usecases.services import Services

TRIES = 5


def delete_job(
    services: Services, owner_uid: str, job_id: str, teaches: Set[str] = NO_CLASSES
) -> None:
    """Delete a job that has ended: its documents, and everything of it in the bucket.

    Tasks and news that come later find no image and do nothing; a picture that was being stored
    meanwhile is removed by who stored it (see `run_step`).

    Raises `JobNotFound`, `NotOwner` for who may only look at it, `NotCompleted`,
    `PictureUnavailable`, `StoreUnavailable`; after the latter two it can be called again.
    """
    identify(job_id=job_id)
    asked_at: datetime | None = None
    for _ in range(TRIES):
        job = services.store.job(job_id)
        if asked_at is not None and (job is None or job.value.created_at != asked_at):
            return  # somebody else has deleted it; the same request may have made it anew
        if job is None:
            raise JobNotFound(job_id)
        must_own(job.value, owner_uid, teaches, JobNotFound(job_id))
        asked_at = job.value.created_at
        try:
            remove(services, job)
        except Conflict:  # it is painted again, or somebody else deletes it
            continue
        return
    raise NotCompleted(job_id)


def remove(services: Services, job: Versioned[Job]) -> None:
    """Remove a job, whatever of it is still there. Raises as `delete_job`, and `Conflict`."""
    job_id, pictures = job.value.job_id, services.picture_store
    if job.value.deleted_at is None:
        _mark(services, job)
    beginnings = (f"{job_id}-", f"jobs/{job_id}/")  # the latter of the very first versions
    found = [one for beginning in beginnings for one in pictures.find(beginning)]
    # While it is marked nothing new is stored. If somebody else has just done the rest, the same
    # request may have made it anew, and what was found may be of that one.
    marked = services.store.job(job_id)
    if marked is None or not _is_marked(marked.value, job.value):
        raise Conflict(job_id)
    pictures.remove(found)
    reach(CrashPoint.OBJECTS_REMOVED)
    services.store.commit(RemoveJob(before=marked))


def _is_marked(now: Job, before: Job) -> bool:
    return now.deleted_at is not None and now.created_at == before.created_at


def _mark(services: Services, job: Versioned[Job]) -> None:
    """Mark a job as deleted, with which its images go. Raises `NotCompleted`, `Conflict`."""
    job_id = job.value.job_id
    if not job.value.completed:
        raise NotCompleted(job_id)
    if any(image.value.holds_slot for image in services.store.images_of(job_id)):
        # A slot that nobody counts any more would be given away while the painter is at work.
        raise NotCompleted(job_id, draining=True)
    now = services.clock()
    deleted = replace(job.value, deleted_at=now, updated_at=now, callback_due_at=None)
    # By their numbers, so that one goes that can't be read, too.
    image_ids = tuple(new_image_id(job_id, index) for index in range(job.value.image_count))
    writes: list[Write] = [
        # No image of it is begun anew without changing the job.
        SaveJob(before=job, after=deleted),
        RemoveImages(image_ids=image_ids),
        RetractReference(job_id=job_id),
    ]
    latest = services.store.latest_job(job.value.owner_uid, job.value.student_task_id)
    if latest is not None and latest.value.job_id == job_id:
        writes.append(RemoveLatest(before=latest))
    services.store.commit(*writes)
    reach(CrashPoint.DELETION_WRITTEN)
