"""The job store: Firestore, or what stands in for it, and the writes that it is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from shared.domain.image import Image
from shared.domain.job import Job, Tally
from shared.domain.pace import Pace
from shared.domain.quota import Usage
from shared.ports.quotas import Spend

T = TypeVar("T")


class StoreError(Exception):
    """The job store did not do what it was asked."""


class Conflict(StoreError):
    """A document is not, or no longer, as the write expected: read it again and decide again."""


class StoreUnavailable(StoreError):
    """The job store could not be reached or did not answer in time: try again later."""


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


@dataclass(frozen=True, kw_only=True)
class CreateJob:
    """Write a new job with all its images, and make it its task's latest.

    Images that an expired job of the same id left behind are overwritten. Conflicts if the job
    exists, or if the task's latest job is no longer `replaces`.
    """

    job: Job
    images: tuple[Image, ...]
    replaces: Versioned[LatestJob] | None


@dataclass(frozen=True, kw_only=True)
class SaveImage:
    """Write what differs between two states of an image, if nobody wrote since it was read."""

    before: Versioned[Image]
    after: Image


@dataclass(frozen=True, kw_only=True)
class SaveJob:
    """Write what differs between two states of a job, if nobody wrote since it was read."""

    before: Versioned[Job]
    after: Job


@dataclass(frozen=True, kw_only=True)
class ChangeJob:
    """Add to a job's counters and set fields of it, whoever else writes: never conflicts.

    But for one with a version: that conflicts if anybody wrote since.
    """

    job_id: str
    at: datetime
    tally: Tally = field(default_factory=Tally)
    fields: Mapping[str, object] = field(default_factory=dict)
    """Values by `Job` field name."""
    version: object = None


@dataclass(frozen=True, kw_only=True)
class PublishReference:
    """Write `references/{jobId}`, which sets off the fan-out."""

    reference: Reference


@dataclass(frozen=True, kw_only=True)
class RetractReference:
    """Remove `references/{jobId}`: what it spoke of has failed and is painted again."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class NoteFannedOut:
    """Tell the sweeper that a reference's fan-out has been done: never conflicts."""

    image_id: str


@dataclass(frozen=True, kw_only=True)
class PassFence:
    """Let this admission be the only one since the fence was read: overlapping ones conflict."""

    before: Versioned[Fence]
    after: Fence


@dataclass(frozen=True, kw_only=True)
class SavePace:
    """Keep how long the painter has lately taken: never conflicts, the last one wins."""

    pace: Pace


@dataclass(frozen=True, kw_only=True)
class RemoveImages:
    """Remove images of a job, whoever wrote to them; those that are not there don't matter."""

    image_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RemoveLatest:
    """Remove the note which job is a task's latest, if it is still that one."""

    before: Versioned[LatestJob]


@dataclass(frozen=True, kw_only=True)
class RemoveJob:
    """Remove a job's document, if nobody wrote since it was read."""

    before: Versioned[Job]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A job's counters after a commit that changed them."""

    counters: Tally
    version: object
    """Of the job, for a write that is conditional on it."""


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a commit brought."""

    versions: Mapping[str, object]
    """The new version of each saved image, by its id."""
    counted: Mapping[str, Counted]
    """The counters of each job whose counters were changed, by its id."""
    spent: Usage = field(default_factory=Usage)
    """What an owner's count comes to, if one was added to."""


Write = (
    CreateJob
    | SaveImage
    | SaveJob
    | ChangeJob
    | PublishReference
    | RetractReference
    | NoteFannedOut
    | PassFence
    | SavePace
    | Spend
    | RemoveImages
    | RemoveLatest
    | RemoveJob
)


class JobStore(Protocol):
    """Firestore, or what stands in for it. Every method may raise `StoreUnavailable`."""

    def job(self, job_id: str) -> Versioned[Job] | None:
        """The job of that id, if there is one."""

    def image(self, image_id: str) -> Versioned[Image] | None:
        """The image of that id, if there is one."""

    def images_of(self, job_id: str) -> list[Versioned[Image]]:
        """All images of a job, in the order of the request."""

    def latest_job(self, owner_uid: str, student_task_id: str) -> Versioned[LatestJob] | None:
        """Which job is the latest of an owner's student task."""

    def reference(self, job_id: str) -> Reference | None:
        """The job's reference, once it can be painted after."""

    def waiting_for_reference(self, job_id: str) -> list[Versioned[Image]]:
        """The job's images that wait for its reference."""

    def open_jobs(self, owner_uid: str) -> int:
        """How many jobs of an owner have not ended."""

    def fence(self) -> Versioned[Fence]:
        """The admission fence; to be read before the slots are counted."""

    def pace(self) -> Pace:
        """How long the painter has lately taken."""

    def held_slots(self) -> int:
        """How many images count against the painter's slots."""

    def holding(self) -> list[Versioned[Image]]:
        """The images that count against the painter's slots."""

    def waiting(self, limit: int) -> list[Versioned[Image]]:
        """The next images to admit: those with the lowest `admit_key`."""

    def count_waiting(self, most: int) -> int:
        """How many images wait for a slot; counts no more than `most`."""

    def ping(self, seconds: float) -> None:
        """Find out within so many seconds whether it answers at all. Raises `StoreUnavailable`."""

    def overdue(self, before: datetime) -> Iterator[Image]:
        """Every image whose step was due before that moment, the longest overdue first."""

    def overdue_fan_outs(self, before: datetime) -> Iterator[Image]:
        """Every reference whose fan-out should have been done before that moment."""

    def overdue_callbacks(self, before: datetime) -> Iterator[Image | Job]:
        """Every image, then every job, whose client should have been told before that moment."""

    def jobs_of(
        self, owner_uid: str, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[Job]:
        """An owner's jobs, the newest first, at most `limit` of them.

        `after` is where the page before ended: the creation and the id of its last job.
        """

    def jobs_of_class(
        self, class_id: str, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[Job]:
        """The same for the jobs that the children of a class have made."""

    def unconcluded_jobs(self) -> Iterator[Job]:
        """Every job whose images have all ended and that does not say so."""

    def commit(self, *writes: Write) -> Committed:
        """Do all writes or none.

        Raises `Conflict` if one of the writes is conditional on something that is not so.
        """
