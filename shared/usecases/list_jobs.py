"""Listing an owner's jobs, page by page: each is read once, nothing is written."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.job import Job
from shared.usecases.services import Services


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a list a job stands: it is sorted by these, the newest first."""

    created_at: datetime
    job_id: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some jobs of a list, in its order."""

    jobs: tuple[Job, ...]
    last: Place | None
    """Where it ends; None if nothing follows.

    What follows a full page may be nothing: to know that would cost a read of every page.
    """


def list_jobs(services: Services, owner_uid: str, limit: int, after: Place | None = None) -> Page:
    """At most `limit` of the owner's jobs, the newest first, from behind `after` on.

    Jobs that are made meanwhile stand before what is still to come, so none comes twice and none
    is left out. Raises `StoreUnavailable`.
    """
    place = None if after is None else (after.created_at, after.job_id)
    jobs = services.store.jobs_of(owner_uid, limit, place)
    shown = tuple(job for job in jobs if job.deleted_at is None)
    if len(jobs) < limit:
        return Page(jobs=shown, last=None)
    last = Place(created_at=jobs[-1].created_at, job_id=jobs[-1].job_id)
    return Page(jobs=shown, last=last)
