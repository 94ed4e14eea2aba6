"""Listing an owner's jobs or a class's, page by page: each is read once, nothing is written."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from shared.domain.job import Job
from shared.usecases.refusals import ClassNotFound
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
    return _page(services.store.jobs_of(owner_uid, limit, _place(after)), limit)


def list_class_jobs(
    services: Services, teaches: Set[str], class_id: str, limit: int, after: Place | None = None
) -> Page:
    """The same for the jobs of a class, by whomever of it they are.

    Raises `ClassNotFound` if it is none of those that the caller teaches, and `StoreUnavailable`.
    """
    if class_id not in teaches:
        raise ClassNotFound(class_id)
    return _page(services.store.jobs_of_class(class_id, limit, _place(after)), limit)


def _place(after: Place | None) -> tuple[datetime, str] | None:
    return None if after is None else (after.created_at, after.job_id)


def _page(jobs: Sequence[Job], limit: int) -> Page:
    shown = tuple(job for job in jobs if job.deleted_at is None)
    if len(jobs) < limit:
        return Page(jobs=shown, last=None)
    last = Place(created_at=jobs[-1].created_at, job_id=jobs[-1].job_id)
    return Page(jobs=shown, last=last)
