"""What the job store keeps beside jobs and images, and the versions of what it has read."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from shared.domain.job import Job

T = TypeVar("T")


@dataclass(frozen=True)
class Versioned(Generic[T]):
    """A document as it was read. Its version makes a later write conditional on no other write."""

    value: T
    version: object


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The document `references/{jobId}`: a book's reference can be painted after."""

    job_id: str
    image_id: str
    generation: int
    image_url: str
    """The painter's own link, which works at once and expires."""
    painting_seconds: float | None = None
    """What the painter worked on it, if it said."""
    ready_at: datetime
    expire_at: datetime
    crowded: bool = False
    """Whether images waited for a slot lately."""
    created_at: datetime | None = None
    """Of its image, and so of its whole book: one that is deleted and asked for anew has the same
    ids. None: published by an older version."""


@dataclass(frozen=True, kw_only=True)
class Fence:
    """The document `admission/fence`: what admissions have to tell each other."""

    passed: int = 0
    """How many have been; of two that overlap, the second finds it changed."""
    paused_until: datetime | None = None
    """Until then the painter is left alone, as it took nothing."""
    troubles: int = 0
    """How often in a row it took nothing; sets how long it is left alone."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(alias_generator=to_camel)


@dataclass(frozen=True, kw_only=True)
class LatestJob:
    """Which job is a student task's latest."""

    owner_uid: str
    student_task_id: str
    job_id: str
    expire_at: datetime


def latest_job(job: Job) -> LatestJob:
    """The note that this job is its task's latest."""
    return LatestJob(
        owner_uid=job.owner_uid,
        student_task_id=job.student_task_id,
        job_id=job.job_id,
        expire_at=job.expire_at,
    )
