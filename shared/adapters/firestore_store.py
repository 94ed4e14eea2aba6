"""The job store in Firestore.

Hot writes are compare-and-set on the document's update time and increments, never transactions:
those lock, and a dozen images finishing at once would wait for each other.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from shared.adapters import documents
from shared.adapters.firestore_errors import at_the_boundary
from shared.adapters.firestore_writes import FirestoreWrites
from shared.adapters.google_calls import CALL_SECONDS, within
from shared.adapters.meter import count
from shared.domain.image import Image, ImageStatus
from shared.domain.job import Job, Tally
from shared.domain.pace import Pace
from shared.domain.quota import Usage
from shared.ports import (
    ChangeJob,
    Committed,
    Fence,
    LatestJob,
    Reference,
    SaveImage,
    Spend,
    Versioned,
    Write,
)
from shared.tracing import span

PAGE = 200
"""Documents per page of a sweep's query."""

R = TypeVar("R")


class FirestoreJobStore(FirestoreWrites):
    """`shared.ports.JobStore` over the official client, which is thread-safe."""

    def __init__(self, client: firestore.Client, call_seconds: float = CALL_SECONDS) -> None:
        super().__init__(client)
        self._call = within(call_seconds)

    # --- reads -----------------------------------------------------------------------------------

    @at_the_boundary
    def job(self, job_id: str) -> Versioned[Job] | None:  # noqa: D102 - see the port
        return self._read(Job, self._job_ref(job_id))

    @at_the_boundary
    def image(self, image_id: str) -> Versioned[Image] | None:  # noqa: D102
        return self._read(Image, self._image_ref(image_id))

    @at_the_boundary
    def images_of(self, job_id: str) -> list[Versioned[Image]]:  # noqa: D102
        # Ordered by id, which is the order of the request.
        return self._query_images(self._job_ref(job_id).collection("images"))

    @at_the_boundary
    def latest_job(  # noqa: D102
        self, owner_uid: str, student_task_id: str
    ) -> Versioned[LatestJob] | None:
        return self._read(LatestJob, self._latest_ref(owner_uid, student_task_id))

    @at_the_boundary
    def reference(self, job_id: str) -> Reference | None:  # noqa: D102
        found = self._read(Reference, self._reference_ref(job_id))
        return found.value if found else None

    @at_the_boundary
    def waiting_for_reference(self, job_id: str) -> list[Versioned[Image]]:  # noqa: D102
        images = self._job_ref(job_id).collection("images")
        waiting = FieldFilter("status", "==", ImageStatus.WAITING_FOR_REFERENCE.value)
        return self._query_images(images.where(filter=waiting))

    @at_the_boundary
    def open_jobs(self, owner_uid: str) -> int:  # noqa: D102
        jobs = self._client.collection("jobs")
        own = jobs.where(filter=FieldFilter("ownerUid", "==", owner_uid))
        return self._count(own.where(filter=FieldFilter("completed", "==", False)))

    @at_the_boundary
    def fence(self) -> Versioned[Fence]:  # noqa: D102
        return self._read(Fence, self._admission_ref("fence")) or Versioned(Fence(), None)

    @at_the_boundary
    def pace(self) -> Pace:  # noqa: D102
        found = self._read(Pace, self._admission_ref("pace"))
        return found.value if found else Pace()

    @at_the_boundary
    def held_slots(self) -> int:  # noqa: D102
        return self._count(self._holding())

    @at_the_boundary
    def holding(self) -> list[Versioned[Image]]:  # noqa: D102
        return self._query_images(self._holding())

    @at_the_boundary
    def waiting(self, limit: int) -> list[Versioned[Image]]:  # noqa: D102
        return self._query_images(self._all_images().order_by("admitKey").limit(limit))

    @at_the_boundary
    def count_waiting(self, most: int) -> int:  # noqa: D102
        return self._count(self._all_images().order_by("admitKey").limit(most))

    @at_the_boundary
    def ping(self, seconds: float) -> None:  # noqa: D102
        self._admission_ref("fence").get(timeout=seconds, retry=None)
        count(reads=1)

    def overdue(self, before: datetime) -> Iterator[Image]:  # noqa: D102
        return self._pages(Image, self._past(self._all_images(), "dueAt", before))

    def overdue_fan_outs(self, before: datetime) -> Iterator[Image]:  # noqa: D102
        return self._pages(Image, self._past(self._all_images(), "fanOutDueAt", before))

    def overdue_callbacks(self, before: datetime) -> Iterator[Image | Job]:  # noqa: D102
        yield from self._pages(Image, self._past(self._all_images(), "callbackDueAt", before))
        jobs = self._client.collection("jobs")
        yield from self._pages(Job, self._past(jobs, "callbackDueAt", before))

    @at_the_boundary
    def jobs_of(  # noqa: D102
        self, owner_uid: str, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[Job]:
        return self._newest_first(FieldFilter("ownerUid", "==", owner_uid), limit, after)

    @at_the_boundary
    def jobs_of_class(  # noqa: D102
        self, class_id: str, limit: int, after: tuple[datetime, str] | None = None
    ) -> list[Job]:
        return self._newest_first(FieldFilter("classId", "==", class_id), limit, after)

    def _newest_first(
        self, whose: FieldFilter, limit: int, after: tuple[datetime, str] | None
    ) -> list[Job]:
        own = self._client.collection("jobs").where(filter=whose)
        down = firestore.Query.DESCENDING
        newest_first = own.order_by("createdAt", down).order_by("__name__", down)
        if after is not None:
            created_at, job_id = after
            cursor = {"createdAt": created_at, "__name__": self._job_ref(job_id)}
            newest_first = newest_first.start_after(cursor)
        return list(islice(self._pages(Job, newest_first, limit), limit))

    def unconcluded_jobs(self) -> Iterator[Job]:  # noqa: D102
        jobs = self._client.collection("jobs")
        ended = jobs.where(filter=FieldFilter("remaining", "==", 0))
        return self._pages(Job, ended.where(filter=FieldFilter("completed", "==", False)))

    # --- writes ----------------------------------------------------------------------------------

    @at_the_boundary
    def commit(self, *writes: Write) -> Committed:  # noqa: D102
        batch = self._client.batch()
        at: list[tuple[int, Write]] = []
        for write in writes:
            at.append((len(batch), write))
            self._add(batch, write)
        with span("commit"):
            results = batch.commit(**self._call)
        count(writes=len(batch))
        versions = {w.after.image_id: results[i].update_time
                    for i, w in at if isinstance(w, SaveImage)}  # fmt: skip
        counted = {w.job_id: documents.counted(results[i])
                   for i, w in at if isinstance(w, ChangeJob) and w.tally != Tally()}  # fmt: skip
        spent = next((documents.spent(results[i]) for i, w in at if isinstance(w, Spend)), Usage())
        return Committed(versions=versions, counted=counted, spent=spent)

    # --- helpers ---------------------------------------------------------------------------------

    def _all_images(self) -> Any:
        return self._client.collection_group("images")

    def _holding(self) -> Any:
        return self._all_images().where(filter=FieldFilter("holdsSlot", "==", True))

    def _count(self, query: Any) -> int:
        found = int(query.count().get(**self._call)[0][0].value)
        count(reads=max(1, -(-found // 1000)))
        return found

    def _past(self, query: Any, field: str, before: datetime) -> Any:
        return query.where(filter=FieldFilter(field, "<", before)).order_by(field)

    def _read(self, kind: type[R], ref: firestore.DocumentReference) -> Versioned[R] | None:
        snapshot = ref.get(**self._call)
        count(reads=1)
        if not snapshot.exists:
            return None
        return Versioned(
            documents.from_document(kind, snapshot.to_dict() or {}), snapshot.update_time
        )

    def _query_images(self, query: Any) -> list[Versioned[Image]]:
        return [
            Versioned(value, snapshot.update_time)
            for snapshot in self._page(query)
            if (value := documents.readable(Image, snapshot)) is not None
        ]

    def _pages(self, kind: type[R], query: Any, size: int = PAGE) -> Iterator[R]:
        page = self._page(query.limit(size))
        while page:
            for snapshot in page:
                value = documents.readable(kind, snapshot)
                if value is not None:
                    yield value
            if len(page) < size:
                return
            page = self._page(query.limit(size).start_after(page[-1]))

    @at_the_boundary
    def _page(self, query: Any) -> list[Any]:
        snapshots = list(query.stream(**self._call))
        count(reads=max(1, len(snapshots)))
        return snapshots
