"""Painting one image again: its next generation, after the job's reference."""

from shared.domain.decide import decide
from shared.domain.image import Image, Step
from shared.domain.job import Job, JobStatus, tally
from shared.domain.observation import RegenerateRequested
from shared.ports import ChangeJob, Conflict, RetractReference, SaveImage, Versioned, Write
from shared.usecases.read_book import owned_job
from shared.usecases.refusals import ImageBusy, ImageNotFound, ReferenceMissing
from shared.usecases.services import Services
from shared.usecases.transitions import enqueue

TRIES = 5


def regenerate(
    services: Services, owner_uid: str, image_id: str, prompt: str | None = None
) -> Image:
    """Start an image's next generation, with new words if given; answers the image.

    No other image is touched, but for those that failed only because this one, their reference,
    did. Raises `ImageNotFound`, `ImageBusy`, `ReferenceMissing`, `StoreUnavailable`.
    """
    for _ in range(TRIES):
        image = services.store.image(image_id)
        if image is None or image.value.owner_uid != owner_uid:
            raise ImageNotFound(image_id)
        if not image.value.ended or image.value.next_step is Step.DRAIN:
            raise ImageBusy(image_id)
        job = owned_job(services, owner_uid, image.value.job_id).value
        writes = _writes(services, image, job, prompt)
        try:
            services.store.commit(*writes)
        except Conflict:
            continue
        enqueue(services.queue.ask_admission)
        return next(write.after for write in writes if isinstance(write, SaveImage))
    raise ImageBusy(image_id)


def _writes(
    services: Services, image: Versioned[Image], job: Job, prompt: str | None
) -> list[Write]:
    now = services.clock()
    deadline = now + services.job_deadline
    again: list[tuple[Versioned[Image], str | None, str | None]]
    again = [(image, prompt, _reference_url(services, image.value, job))]
    fields: dict[str, object] = {
        "status": JobStatus.RUNNING,
        "completed": False,
        "completed_at": None,
        "error": None,
        "deadline_at": deadline,
    }
    if image.value.is_reference:
        fields["reference_error"] = None
        again += [
            (member, None, None)
            for member in services.store.images_of(job.job_id)
            if member.value.failed_with_reference
        ]
    change = ChangeJob(job_id=job.job_id, at=now, fields=fields)
    writes: list[Write] = []
    if image.value.is_reference and image.value.image_url is None:
        # What was published has failed since: a late event must not start members after it.
        writes.append(RetractReference(job_id=job.job_id))
    for old, words, reference_url in again:
        request = RegenerateRequested(
            nonce=services.new_nonce(),
            deadline_at=deadline,
            reference_url=reference_url,
            prompt=words,
        )
        after = decide(old.value, request, now, services.policy).after
        writes.append(SaveImage(before=old, after=after))
        counted = change.tally + tally(old.value, after)
        change = ChangeJob(job_id=job.job_id, at=now, fields=fields, tally=counted)
    return [*writes, change]


def _reference_url(services: Services, image: Image, job: Job) -> str | None:
    """The picture to paint a member after: our own copy, or the painter's link while it lasts."""
    if image.is_reference:
        return None
    reference_image = services.store.image(job.reference_image_id)
    if reference_image is not None and reference_image.value.image_url is not None:
        return reference_image.value.image_url
    reference = services.store.reference(job.job_id)
    if reference is None:
        raise ReferenceMissing(job.job_id)
    return reference.image_url
