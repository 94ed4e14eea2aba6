"""The seams: what the use cases need of the outside, and the errors that can come from there.

Each port has one adapter over an official client (`shared.adapters`). Whatever replaces one, in a
test or in another product, has to pass the same contract tests.

    StoreError
    ├── Conflict          somebody else wrote first: read again, decide again
    └── StoreUnavailable  transient: answer 5xx, the task is retried
    QueueUnavailable      transient: the sweeper enqueues again what was lost
    PictureUnavailable    a picture could not be fetched or stored this time
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from shared.domain.image import Image
from shared.domain.job import Job, Tally
from shared.domain.observation import (
    Accepted,
    Busy,
    Missing,
    ParentLost,
    Refused,
    Sighting,
    Unreachable,
    Unsure,
)

T = TypeVar("T")


class StoreError(Exception):
    """The job store did not do what it was asked."""


class Conflict(StoreError):
    """A document is not, or no longer, as the write expected: read it again and decide again."""


class StoreUnavailable(StoreError):
    """The job store could not be reached or did not answer in time: try again later."""


class QueueUnavailable(Exception):
    """A task could not be created: the sweeper will find what it was for and enqueue it again."""


class PictureUnavailable(Exception):
    """A picture could not be fetched or stored this time: try again later."""


# --- the job store -------------------------------------------------------------------------------


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
    ready_at: datetime
    expire_at: datetime


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
    """Add to a job's counters and set fields of it, whoever else writes: never conflicts."""

    job_id: str
    at: datetime
    tally: Tally = field(default_factory=Tally)
    fields: Mapping[str, object] = field(default_factory=dict)
    """Values by `Job` field name."""


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

    fence: Versioned[int]


Write = (
    CreateJob
    | SaveImage
    | SaveJob
    | ChangeJob
    | PublishReference
    | RetractReference
    | NoteFannedOut
    | PassFence
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

    def fence(self) -> Versioned[int]:
        """The admission fence; to be read before the slots are counted."""

    def held_slots(self) -> int:
        """How many images count against the painter's slots."""

    def waiting(self, limit: int) -> list[Versioned[Image]]:
        """The next images to admit: those with the lowest `admit_key`."""

    def overdue(self, before: datetime) -> Iterator[Image]:
        """Every image whose step was due before that moment, the longest overdue first."""

    def overdue_fan_outs(self, before: datetime) -> Iterator[Image]:
        """Every reference whose fan-out should have been done before that moment."""

    def unconcluded_jobs(self) -> Iterator[Job]:
        """Every job whose images have all ended and that does not say so."""

    def commit(self, *writes: Write) -> dict[str, object]:
        """Do all writes or none. Answers the new version of each saved image by its id.

        Raises `Conflict` if one of the writes is conditional on something that is not so.
        """


# --- the task queue ------------------------------------------------------------------------------


class TaskQueue(Protocol):
    """Cloud Tasks, or what stands in for it. Every method may raise `QueueUnavailable`."""

    def schedule(self, image: Image) -> None:
        """Ring for the image's next step when it is due, with its fencing token."""

    def ask_admission(self) -> None:
        """Have the admission run soon."""


# --- the painter ---------------------------------------------------------------------------------

SubmitAnswer = Accepted | Busy | Refused | Unsure
LookAnswer = Sighting | Missing | Unreachable


class Painter(Protocol):
    """MidJourney through a proxy, or another one that paints four and enlarges one of them.

    No method raises for what the painter does: every outcome is an observation.
    """

    def imagine(self, prompt: str, *, token: str) -> SubmitAnswer:
        """Have four pictures painted. Costs money."""

    def upscale(self, parent_task_id: str, index: int, *, token: str) -> SubmitAnswer | ParentLost:
        """Have one of the four, 1..4, enlarged. Costs money."""

    def look(self, task_id: str, *, token: str) -> LookAnswer:
        """See how a task is doing; a task that does not carry the token is not ours: `Missing`."""

    def find(self, token: str) -> LookAnswer:
        """Search everything that the painter knows for a token."""


# --- pictures ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture's bytes, and what they are."""

    data: bytes
    content_type: str
    suffix: str
    """Of a file that holds it, with the dot."""


class PictureSource(Protocol):
    """Where the painter's pictures are fetched from."""

    def fetch(self, url: str) -> Picture:
        """The picture behind a link. Raises `PictureUnavailable`."""


class PictureStore(Protocol):
    """The bucket, or what stands in for it."""

    def put(self, name: str, picture: Picture) -> str:
        """Store the picture and answer the URL at which clients get it.

        Storing under a name that is taken changes nothing and answers the same URL.
        Raises `PictureUnavailable`.
        """
