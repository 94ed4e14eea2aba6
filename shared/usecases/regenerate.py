"""Painting one image again: its next generation, after the job's reference."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta

from shared.crash_points import CrashPoint, reach
from shared.domain.decide import decide
from shared.domain.image import BackgroundEffect, Image, Kind, Step
from shared.domain.job import Job, JobStatus, Tally, tally
from shared.domain.observation import RegenerateRequested
from shared.domain.variants import ORIGINAL
from shared.ports import ChangeJob, Conflict, RetractReference, SaveImage, Versioned, Write
from shared.tracing import identify
from shared.usecases.read_book import NO_CLASSES, must_own, owned_job
from shared.usecases.refusals import (
    CandidateShown,
    CandidatesUnknown,
    ImageBusy,
    ImageNotFound,
    NotABackground,
    NotACharacter,
    NothingToPaint,
    ReferenceMissing,
    Refusal,
)
from shared.usecases.reserving import Reservation
from shared.usecases.services import Services
from shared.usecases.transitions import enqueue
from shared.usecases.turns import turn_of_next

TRIES = 5
LINK_LIFE = timedelta(hours=12)
"""How long the painter's own link to a reference is relied on; Discord's live a day or more."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be different this time; all None: nothing, it is just painted again."""

    prompt: str | None = None
    option_ids: tuple[str, ...] | None = None
    background_effect: BackgroundEffect | None = None
    candidate: int | None = None
    """Another one, 1..4, of the four that were painted last; costs no IMAGINE."""


def regenerate(
    services: Services,
    owner_uid: str,
    image_id: str,
    wish: Wish = Wish(),
    teaches: Set[str] = NO_CLASSES,
) -> Image:
    """Start an image's next generation; answers the image.

    No other image is touched, but for those that failed only because this one, their reference,
    did. Raises `ImageNotFound`, `NotOwner` for who may only look at it, `ImageBusy`,
    `ReferenceMissing`, `CandidatesUnknown`, `CandidateShown`, `NotACharacter`, `NotABackground`,
    `NothingToPaint`, `TooMuchAsked`, `StoreUnavailable`.
    """
    identify(image_id=image_id)
    # Another one of the four counts, too: to take them in turns for ever would hold slots, ahead of
    # all others, and store new objects. What failed with its reference was never painted.
    reservation = Reservation(services, owner_uid, pictures=1)
    try:
        return _regenerate(services, owner_uid, image_id, wish, reservation, teaches)
    except Refusal:
        reservation.give_back()
        raise


def _regenerate(
    services: Services,
    owner_uid: str,
    image_id: str,
    wish: Wish,
    reservation: Reservation,
    teaches: Set[str],
) -> Image:
    for _ in range(TRIES):
        image = services.store.image(image_id)
        if image is None:
            raise ImageNotFound(image_id)
        must_own(image.value, owner_uid, teaches, ImageNotFound(image_id))
        if not image.value.ended or image.value.next_step is Step.DRAIN:
            raise ImageBusy(image_id)
        _check(image.value, wish)
        job = owned_job(services, owner_uid, image.value.job_id).value
        writes = _writes(services, image, job, wish)
        reservation.make()
        try:
            services.store.commit(*writes)
        except Conflict:
            continue
        reach(CrashPoint.REGENERATION_WRITTEN)
        enqueue(services.queue.ask_admission)
        return next(write.after for write in writes if isinstance(write, SaveImage))
    raise ImageBusy(image_id)


def _check(image: Image, wish: Wish) -> None:
    if wish.option_ids is not None and image.kind is not Kind.CHARACTER:
        raise NotACharacter(image.image_id)
    if wish.background_effect is not None and image.kind is not Kind.BACKGROUND:
        raise NotABackground(image.image_id)
    prompt = image.prompt if wish.prompt is None else wish.prompt
    option_ids = image.option_ids if wish.option_ids is None else wish.option_ids
    if not (prompt or option_ids or image.drawing):
        raise NothingToPaint(image.image_id)
    if wish.candidate is None:
        return
    if image.offered_grid is None:
        raise CandidatesUnknown(image.image_id)
    if image.shown is not None and image.shown.candidate == wish.candidate:
        raise CandidateShown(image.image_id)


def _writes(services: Services, image: Versioned[Image], job: Job, wish: Wish) -> list[Write]:
    now = services.clock()
    deadline = now + services.job_deadline
    turn = turn_of_next(services, job.owner_uid, job.image_count) - services.policy.head_start
    again = [(image, wish, _reference_url(services, image.value, job, wish))]
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
            (member, Wish(), None)
            for member in services.store.images_of(job.job_id)
            if member.value.failed_with_reference
        ]
    counted = Tally()
    writes: list[Write] = []
    if image.value.is_reference and not image.value.has_picture:
        # What was published has failed since: a late event must not start members after it.
        writes.append(RetractReference(job_id=job.job_id))
    for old, wanted, reference_url in again:
        request = RegenerateRequested(
            nonce=services.new_nonce(),
            deadline_at=deadline,
            reference_url=reference_url,
            turn=turn if old is image else turn + services.policy.head_start,
            prompt=wanted.prompt,
            option_ids=wanted.option_ids,
            background_effect=wanted.background_effect,
            candidate=wanted.candidate,
        )
        after = decide(old.value, request, now, services.policy).after
        writes.append(SaveImage(before=old, after=after))
        counted += tally(old.value, after)
    return [*writes, ChangeJob(job_id=job.job_id, at=now, fields=fields, tally=counted)]


def _reference_url(services: Services, image: Image, job: Job, wish: Wish) -> str | None:
    """The picture to paint a member after: our own copy, or the painter's link while it lasts."""
    if image.is_reference:
        return None
    if wish.candidate is not None:  # nothing is painted
        return image.reference_url
    reference_image = services.store.image(job.reference_image_id)
    if reference_image is not None and reference_image.value.has_picture:
        return reference_image.value.variants[ORIGINAL].url
    reference = services.store.reference(job.job_id)
    if reference is None or services.clock() - reference.ready_at > LINK_LIFE:
        raise ReferenceMissing(job.job_id)
    return reference.image_url
