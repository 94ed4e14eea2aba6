"""What the job store is asked to write, and what a commit of it brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.image import Image
from shared.domain.job import Job, Tally
from shared.domain.pace import Pace
from shared.domain.quota import Usage
from shared.ports.records import Fence, LatestJob, Reference, Versioned


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


@dataclass(frozen=True, kw_only=True)
class Spend:
    """Add to what an owner has asked for in an hour and a day, whoever else does: never conflicts.

    The commit answers what it comes to. At most one in a commit.
    """

    owner_uid: str
    at: datetime
    """Whose hour and day, in UTC, it counts for."""
    usage: Usage
    expire_at: datetime


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
