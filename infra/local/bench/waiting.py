"""Jobs as they lie in the store while others are painted, written without a call of a function."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from functions.caller import EVERYBODY
from shared.domain.commands import queue, start_after
from shared.domain.ids import new_image_id, new_job_id
from shared.domain.image import Image, ImageStatus, Kind, Role, Step
from shared.domain.job import Job, JobStatus
from shared.domain.observation import ReferenceReady
from shared.domain.policy import Policy
from shared.ports import CreateJob, JobStore

IMAGES = 6
"""Of each job: the main character and the members that are painted after it."""
AT_ONCE = 50
"""Jobs a commit; with all that belongs to each, 400 documents."""

_DEADLINE, _LIFETIME = timedelta(hours=6), timedelta(days=180)
_EARLIER = timedelta(hours=1)
"""By how much what is under way comes before the rest: more than any head start."""


def not_begun(count: int, now: datetime) -> Iterator[CreateJob]:
    """Yield jobs of which only the main character can begin; asked for a second apart."""
    for number in range(count):
        yield _job(f"waits {number}", now + timedelta(seconds=number), None)


def under_way(count: int, now: datetime, reference_url: str) -> Iterator[CreateJob]:
    """Yield jobs whose main character is done and whose members wait, before all of `not_begun`.

    `reference_url` is that of a picture that the painter has made.
    """
    for number in range(count):
        asked_at = now - _EARLIER + timedelta(seconds=number)
        yield _job(f"under way {number}", asked_at, reference_url)


def write(store: JobStore, jobs: Sequence[CreateJob]) -> None:
    """Write jobs, many a commit. Raises `StoreError`."""
    for begin in range(0, len(jobs), AT_ONCE):
        store.commit(*jobs[begin : begin + AT_ONCE])


def _job(name: str, at: datetime, reference_url: str | None) -> CreateJob:
    job_id = new_job_id(EVERYBODY, name)
    images = [_image(job_id, index, name, at, reference_url) for index in range(IMAGES)]
    ended = sum(image.ended for image in images)
    job = Job(
        job_id=job_id,
        owner_uid=EVERYBODY,
        student_task_id=name,
        fairytale_id="growth",
        request_hash=name,
        reference_image_id=images[0].image_id,
        image_count=IMAGES,
        created_at=at,
        updated_at=at,
        deadline_at=at + _DEADLINE,
        expire_at=at + _LIFETIME,
        status=JobStatus.RUNNING if ended else JobStatus.QUEUED,
        remaining=IMAGES - ended,
        succeeded=ended,
    )
    return CreateJob(job=job, images=tuple(images), replaces=None)


def _image(job_id: str, index: int, name: str, at: datetime, reference_url: str | None) -> Image:
    first = index == 0
    image = Image(
        image_id=new_image_id(job_id, index),
        job_id=job_id,
        owner_uid=EVERYBODY,
        kind=Kind.CHARACTER if index < IMAGES / 2 else Kind.BACKGROUND,
        role=Role.REFERENCE if first else Role.MEMBER,
        name=f"picture {index}",
        prompt=f"a fox with a red scarf, {name}",
        status=ImageStatus.WAITING_FOR_REFERENCE,
        created_at=at,
        updated_at=at,
        deadline_at=at + _DEADLINE,
        expire_at=at + _LIFETIME,
        nonce=f"{job_id}{index}",
        next_step=Step.EXPIRE,
        due_at=at + _DEADLINE,
        turn=at - Policy.head_start if first else at,
    )
    if reference_url is None:
        return queue(image) if first else image
    return (
        _ended(image, reference_url)
        if first
        else start_after(image, ReferenceReady(reference_url=reference_url))
    )


def _ended(image: Image, url: str) -> Image:
    return replace(
        image,
        status=ImageStatus.SUCCEEDED,
        progress=100,
        image_url=url,
        next_step=None,
        due_at=None,
    )
