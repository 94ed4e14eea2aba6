"""Starting a book: one commit for the job and its images; the same request is the same job."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared.crash_points import CrashPoint, reach
from shared.domain.commands import queue
from shared.domain.ids import job_id_of, new_image_id, new_job_id
from shared.domain.image import BackgroundEffect, Image, ImageStatus, Kind, Role, Step
from shared.domain.job import Book, Job, JobStatus
from shared.ports import Conflict, CreateJob, LatestJob
from shared.tracing import identify
from shared.usecases.delete_job import remove
from shared.usecases.refusals import (
    AlreadyRunning,
    KeyReused,
    Refusal,
    TooMuchAsked,
)
from shared.usecases.reserving import Reservation
from shared.usecases.services import Services
from shared.usecases.take_drawing import Drawings, Sketch
from shared.usecases.transitions import enqueue
from shared.usecases.turns import turn_of_next

TRIES = 5


@dataclass(frozen=True, kw_only=True)
class NewImage:
    """One picture that a client wants."""

    kind: Kind
    role: Role
    name: str
    prompt: str
    option_ids: tuple[str, ...] = ()
    same_as_reference: bool = False
    sketch: Sketch | None = None


@dataclass(frozen=True, kw_only=True)
class NewBook:
    """A client's request for a book; exactly one of its images is the reference."""

    owner_uid: str
    class_id: str | None = None
    """The owner's class, if they belong to one."""
    student_task_id: str
    fairytale_id: str
    images: tuple[NewImage, ...]
    background_effect: BackgroundEffect = BackgroundEffect.BLUR
    content_hash: str
    """Of everything in the request."""
    idempotency_key: str | None
    """The client's own; None makes the content its own key."""
    callback_url: str | None = None
    """Where to tell of endings; no part of what makes a request the same."""


def start_job(services: Services, book: NewBook) -> tuple[Book, bool]:
    """Start a book, or find the one that the same request started; answers whether it is new.

    Drawings are taken in before anything is written, so that a bad one costs nothing. Raises
    `KeyReused`, `AlreadyRunning`, `TooMuchAsked`, `DrawingRefused`, `DrawingUnavailable`,
    `StoreUnavailable`.
    """
    reservation = Reservation(services, book.owner_uid, jobs=1, pictures=len(book.images))
    drawings = Drawings(services, book.owner_uid, [new.sketch for new in book.images])
    try:
        started, is_new = _start(services, book, reservation, drawings)
    except Refusal:
        reservation.give_back()
        drawings.take_back()
        raise
    if not is_new:
        reservation.give_back()
        drawings.take_back()
    return started, is_new


def _start(
    services: Services, book: NewBook, reservation: Reservation, drawings: Drawings
) -> tuple[Book, bool]:
    key = book.content_hash if book.idempotency_key is None else f"key {book.idempotency_key}"
    job_id = new_job_id(book.owner_uid, key)
    identify(job_id=job_id)
    for attempt in range(TRIES):
        latest = None
        # A first book, without drawings, is written at once: the store says if it is not new.
        if attempt > 0 or any(new.sketch for new in book.images):
            found = _known(services, job_id, book)
            if found is not None:
                return found, False
            latest = services.store.latest_job(book.owner_uid, book.student_task_id)
            if latest is not None and not _may_follow(services, latest.value, job_id):
                continue  # the same request was written between our reads
        try:
            reservation.make()
        except TooMuchAsked:
            found = _known(services, job_id, book)
            if found is None:
                raise
            return found, False
        new = _new(services, book, job_id, drawings.take(job_id))
        creation = CreateJob(job=new.job, images=tuple(new.images), replaces=latest)
        try:
            services.store.commit(creation)
        except Conflict:  # the same request, or another one for this task, came before
            continue
        reach(CrashPoint.JOB_WRITTEN)
        enqueue(services.queue.ask_admission)
        return new, True
    raise AlreadyRunning(job_id)


def _known(services: Services, job_id: str, book: NewBook) -> Book | None:
    """The book that the same request started before, if any. Raises `KeyReused`."""
    known = services.store.job(job_id)
    if known is None:
        return None
    if known.value.deleted_at is not None:  # by a call that died half-way, or is at it
        with suppress(Conflict):
            remove(services, known)
        return None
    return _found(services, known.value, book)


def _found(services: Services, job: Job, book: NewBook) -> Book:
    if job.request_hash != book.content_hash:
        raise KeyReused(job.job_id)
    if job.status is JobStatus.QUEUED:  # its first call may have died before this
        enqueue(services.queue.ask_admission)
    images = [image.value for image in services.store.images_of(job.job_id)]
    return Book(job=job, images=images)


def _may_follow(services: Services, latest: LatestJob, job_id: str) -> bool:
    """Whether a new job may be its task's latest. Raises `AlreadyRunning`."""
    previous = services.store.job(latest.job_id)
    if previous is None:  # expired
        return True
    if latest.job_id == job_id:
        return False
    if not previous.value.completed:
        raise AlreadyRunning(previous.value.job_id)
    return True


def _new(services: Services, book: NewBook, job_id: str, drawings: list[str | None]) -> Book:
    now = services.clock()
    deadline = now + services.job_deadline
    turn = turn_of_next(services, book.owner_uid, len(book.images))
    images = [
        _new_image(services, book, new, new_image_id(job_id, index), drawing, now, turn)
        for index, (new, drawing) in enumerate(zip(book.images, drawings, strict=True))
    ]
    job = Job(
        job_id=job_id,
        owner_uid=book.owner_uid,
        class_id=book.class_id,
        student_task_id=book.student_task_id,
        fairytale_id=book.fairytale_id,
        request_hash=book.content_hash,
        reference_image_id=next(image.image_id for image in images if image.is_reference),
        image_count=len(images),
        created_at=now,
        updated_at=now,
        deadline_at=deadline,
        expire_at=now + services.job_lifetime,
        remaining=len(images),
        callback_url=book.callback_url,
    )
    return Book(job=job, images=images)


def _new_image(
    services: Services,
    book: NewBook,
    new: NewImage,
    image_id: str,
    drawing: str | None,
    now: datetime,
    turn: datetime,
) -> Image:
    deadline = now + services.job_deadline
    first = new.role is Role.REFERENCE
    image = Image(
        image_id=image_id,
        job_id=job_id_of(image_id),
        owner_uid=book.owner_uid,
        class_id=book.class_id,
        kind=new.kind,
        role=new.role,
        name=new.name,
        prompt=new.prompt,
        option_ids=new.option_ids,
        same_as_reference=new.same_as_reference,
        drawing=drawing,
        background_effect=book.background_effect,
        fallback_url=services.fallbacks.url_for(book.fairytale_id, new.kind),
        status=ImageStatus.WAITING_FOR_REFERENCE,
        created_at=now,
        updated_at=now,
        deadline_at=deadline,
        expire_at=now + services.job_lifetime,
        nonce=services.new_nonce(),
        next_step=Step.EXPIRE,
        due_at=deadline,
        turn=turn - services.policy.head_start if first else turn,
        callback_url=book.callback_url,
    )
    return queue(image) if first else image
