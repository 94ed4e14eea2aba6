"""The job store: Firestore, or what stands in for it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from shared.domain.image import Image
from shared.domain.job import Job
from shared.domain.pace import Pace
from shared.ports.records import Fence, LatestJob, Reference, Versioned
from shared.ports.writes import Committed, Write


class StoreError(Exception):
    """The job store did not do what it was asked."""


class Conflict(StoreError):
    """A document is not, or no longer, as the write expected: read it again and decide again."""


class StoreUnavailable(StoreError):
    """The job store could not be reached or did not answer in time: try again later."""


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
