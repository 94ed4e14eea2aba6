"""The job store in memory. It passes the contract tests that the Firestore adapter passes."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime

from shared.domain.ids import latest_key, quota_key
from shared.domain.image import Image, ImageStatus
from shared.domain.job import Job, Tally
from shared.domain.pace import Pace
from shared.domain.quota import Usage
from shared.ports import (
    ChangeJob,
    Committed,
    Conflict,
    Counted,
    CreateJob,
    Fence,
    LatestJob,
    NoteFannedOut,
    PassFence,
    PublishReference,
    Reference,
    RemoveImages,
    RemoveJob,
    RemoveLatest,
    RetractReference,
    SaveImage,
    SaveJob,
    SavePace,
    Spend,
    Versioned,
    Write,
    latest_job,
)

FENCE, PACE = "admission/fence", "admission/pace"


class MemoryJobStore:
    """`shared.ports.JobStore` over a dict from path to value; every write makes a new version."""

    def __init__(self) -> None:
        self._documents: dict[str, Versioned[object]] = {}
        self._versions = itertools.count(1)
        self._lock = threading.RLock()
        self.published: list[Reference] = []
        """What the trigger would have been told, in order."""

    @property
    def jobs(self) -> list[Job]:
        """Every job there is."""
        return [v.value for v in self._documents.values() if isinstance(v.value, Job)]

    # --- reads -----------------------------------------------------------------------------------

    def job(self, job_id: str) -> Versioned[Job] | None:
        return self._documents.get(f"jobs/{job_id}")  # type: ignore[return-value]

    def image(self, image_id: str) -> Versioned[Image] | None:
        return self._documents.get(f"images/{image_id}")  # type: ignore[return-value]

    def images_of(self, job_id: str) -> list[Versioned[Image]]:
        found = [image for image in self._images() if image.value.job_id == job_id]
        return sorted(found, key=lambda image: image.value.image_id)

    def latest_job(self, owner_uid: str, student_task_id: str) -> Versioned[LatestJob] | None:
        return self._documents.get(f"latest/{latest_key(owner_uid, student_task_id)}")  # type: ignore[return-value]

    def reference(self, job_id: str) -> Reference | None:
        found = self._documents.get(f"references/{job_id}")
        return found.value if found else None  # type: ignore[return-value]

    def waiting_for_reference(self, job_id: str) -> list[Versioned[Image]]:
        status = ImageStatus.WAITING_FOR_REFERENCE
        return [image for image in self.images_of(job_id) if image.value.status is status]

    def open_jobs(self, owner_uid: str) -> int:
        return sum(job.owner_uid == owner_uid and not job.completed for job in self.jobs)

    def fence(self) -> Versioned[Fence]:
        return self._documents.get(FENCE, Versioned(Fence(), None))  # type: ignore[return-value]

    def pace(self) -> Pace:
        found = self._documents.get(PACE)
        return found.value if found else Pace()  # type: ignore[return-value]

    def held_slots(self) -> int:
        return sum(image.value.holds_slot for image in self._images())

    def holding(self) -> list[Versioned[Image]]:
        return [image for image in self._images() if image.value.holds_slot]

    def waiting(self, limit: int) -> list[Versioned[Image]]:
        found = [image for image in self._images() if image.value.admit_key is not None]
        found.sort(key=lambda image: (image.value.admit_key, image.value.image_id))
        return found[:limit]

    def count_waiting(self, most: int) -> int:
        return len(self.waiting(most))

    def ping(self, seconds: float) -> None:
        """It is there."""

    def overdue(self, before: datetime) -> Iterator[Image]:
        return self._past("due_at", before)

    def overdue_fan_outs(self, before: datetime) -> Iterator[Image]:
        return self._past("fan_out_due_at", before)

    def overdue_callbacks(self, before: datetime) -> Iterator[Image | Job]:
        yield from self._past("callback_due_at", before)
        due = [job for job in self.jobs if job.callback_due_at and job.callback_due_at < before]
        yield from sorted(due, key=lambda job: job.callback_due_at)

    def jobs_of(
        self, owner_uid: str, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[Job]:
        return self._newest_first([j for j in self.jobs if j.owner_uid == owner_uid], limit, after)

    def jobs_of_class(
        self, class_id: str, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[Job]:
        return self._newest_first([j for j in self.jobs if j.class_id == class_id], limit, after)

    def _newest_first(
        self, jobs: list[Job], limit: int, after: tuple[datetime, str] | None
    ) -> list[Job]:
        places = {(job.created_at, job.job_id): job for job in jobs}
        found = [places[p] for p in sorted(places, reverse=True) if after is None or p < after]
        return found[:limit]

    def unconcluded_jobs(self) -> Iterator[Job]:
        jobs = [d.value for d in self._documents.values() if isinstance(d.value, Job)]
        return iter([job for job in jobs if job.remaining == 0 and not job.completed])

    # --- writes ----------------------------------------------------------------------------------

    def commit(self, *writes: Write) -> Committed:
        with self._lock:
            documents, published = dict(self._documents), []
            for write in writes:
                self._apply(documents, write)
                if isinstance(write, PublishReference):
                    published.append(write.reference)
            self._documents = documents
            self.published += published
            saved = [write.after.image_id for write in writes if isinstance(write, SaveImage)]
            counted = [w.job_id for w in writes if isinstance(w, ChangeJob) and w.tally != Tally()]
            return Committed(
                versions={image_id: documents[f"images/{image_id}"].version for image_id in saved},
                counted={job: _counted(documents[f"jobs/{job}"]) for job in counted},
                spent=next((_spent(documents, w) for w in writes if isinstance(w, Spend)), Usage()),
            )

    def _apply(  # noqa: C901 - a table
        self, documents: dict[str, Versioned[object]], write: Write
    ) -> None:
        match write:
            case CreateJob():
                self._create(documents, f"jobs/{write.job.job_id}", write.job)
                for image in write.images:
                    self._put(documents, f"images/{image.image_id}", image)
                latest = latest_job(write.job)
                path = f"latest/{latest_key(latest.owner_uid, latest.student_task_id)}"
                self._replace(documents, path, latest, write.replaces)
            case SaveImage():
                path = f"images/{write.after.image_id}"
                self._replace(documents, path, write.after, write.before)
            case SaveJob():
                self._replace(documents, f"jobs/{write.after.job_id}", write.after, write.before)
            case ChangeJob():
                path = f"jobs/{write.job_id}"
                job = self._existing(documents, path)
                if write.version not in {None, documents[path].version}:
                    raise Conflict(path)
                assert isinstance(job, Job)
                counters = {f.name: getattr(job, f.name) + getattr(write.tally, f.name)
                            for f in fields(Tally)}  # fmt: skip
                after = replace(job, updated_at=write.at, **counters, **write.fields)  # type: ignore[arg-type]
                self._put(documents, f"jobs/{write.job_id}", after)
            case PublishReference():
                self._put(documents, f"references/{write.reference.job_id}", write.reference)
            case RetractReference():
                documents.pop(f"references/{write.job_id}", None)
            case NoteFannedOut():
                image = self._existing(documents, f"images/{write.image_id}")
                assert isinstance(image, Image)
                after_image = replace(image, fan_out_due_at=None)
                self._put(documents, f"images/{write.image_id}", after_image)
            case PassFence():
                before = write.before if write.before.version is not None else None
                self._replace(documents, FENCE, write.after, before)
            case SavePace():
                self._put(documents, PACE, write.pace)
            case Spend():
                self._spend(documents, write)
            case RemoveImages():
                for image_id in write.image_ids:
                    documents.pop(f"images/{image_id}", None)
            case RemoveLatest():
                latest = write.before.value
                path = f"latest/{latest_key(latest.owner_uid, latest.student_task_id)}"
                self._remove(documents, path, write.before)
            case RemoveJob():
                self._remove(documents, f"jobs/{write.before.value.job_id}", write.before)

    def _create(self, documents: dict[str, Versioned[object]], path: str, value: object) -> None:
        self._replace(documents, path, value, None)

    def _replace(
        self,
        documents: dict[str, Versioned[object]],
        path: str,
        value: object,
        before: Versioned[object] | None,
    ) -> None:
        now = documents.get(path)
        if (now.version if now else None) != (before.version if before else None):
            raise Conflict(path)
        self._put(documents, path, value)

    def _put(self, documents: dict[str, Versioned[object]], path: str, value: object) -> None:
        documents[path] = Versioned(value, next(self._versions))

    def _remove(
        self, documents: dict[str, Versioned[object]], path: str, before: Versioned[object]
    ) -> None:
        if path not in documents or documents[path].version != before.version:
            raise Conflict(path)
        del documents[path]

    def _spend(self, documents: dict[str, Versioned[object]], write: Spend) -> None:
        for path, by in _counts(write).items():
            old = documents.get(path)
            self._put(documents, path, (old.value if old else 0) + by)  # type: ignore[operator]

    def _existing(self, documents: dict[str, Versioned[object]], path: str) -> object:
        if path not in documents:
            raise Conflict(path)
        return documents[path].value

    def _images(self) -> list[Versioned[Image]]:
        return [d for d in self._documents.values() if isinstance(d.value, Image)]  # type: ignore[misc]

    def _past(self, field: str, before: datetime) -> Iterator[Image]:
        found = [
            image.value
            for image in self._images()
            if getattr(image.value, field) is not None and getattr(image.value, field) < before
        ]
        return iter(sorted(found, key=lambda image: getattr(image, field)))


def _counted(job: Versioned[object]) -> Counted:
    counters = {f.name: getattr(job.value, f.name) for f in fields(Tally)}
    return Counted(counters=Tally(**counters), version=job.version)


def _counts(write: Spend) -> dict[str, int]:
    """What a day's document holds: the day's pictures, and the books of each hour."""
    path = f"quotas/{quota_key(write.owner_uid, write.at)}"
    hour = f"{write.at.astimezone(UTC):%H}"
    return {f"{path}/jobs{hour}": write.usage.jobs, f"{path}/pictures": write.usage.pictures}


def _spent(documents: dict[str, Versioned[object]], write: Spend) -> Usage:
    jobs, pictures = (documents[path].value for path in _counts(write))
    return Usage(jobs=jobs, pictures=pictures)  # type: ignore[arg-type]
