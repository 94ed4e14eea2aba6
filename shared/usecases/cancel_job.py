"""Canceling a book: once this has answered, nothing more is submitted for it."""

from collections.abc import Set

from shared.crash_points import CrashPoint, reach
from shared.domain.image import Image, ImageStatus
from shared.domain.job import Job
from shared.domain.observation import CancelRequested
from shared.domain.stage import submission_in_flight
from shared.ports import Versioned
from shared.usecases.conclude_job import conclude_job
from shared.usecases.read_book import NO_CLASSES, owned_job
from shared.usecases.services import Services
from shared.usecases.transitions import Stale, advance, call_off_alarms, follow_up

PAUSE_SECONDS = 0.05


def cancel_job(
    services: Services, owner_uid: str, job_id: str, teaches: Set[str] = NO_CLASSES
) -> Job:
    """End every image of the job that has not ended, and so the job; answers the job.

    An image whose submission is on its way to the painter at this moment is waited for, so that
    nothing reaches the painter after the answer: mostly some 50 ms, and never longer than the
    claim's lease. A job that has ended stays as it is. Raises `JobNotFound`, `NotOwner` for who
    may only look at it, `StoreUnavailable`.
    """
    asked_at = owned_job(services, owner_uid, job_id, teaches).value.created_at
    while True:
        left = [
            image
            for image in services.store.images_of(job_id)
            # Another one's if the job was deleted meanwhile, and asked for anew.
            if not image.value.ended and image.value.created_at == asked_at
        ]
        if not left:
            conclude_job(services, job_id)  # the last one may have ended in another process
            return owned_job(services, owner_uid, job_id).value
        gone: set[str] = set()
        for image in sorted(left, key=_in_order):
            if image.value.image_id in gone:
                continue
            try:
                advanced = advance(services, image, CancelRequested())
            except Stale:
                continue
            gone |= {one.image_id for one in advanced.gone_with_it}
            reach(CrashPoint.CANCEL_WRITTEN)
            follow_up(services, advanced)
            call_off_alarms(services, [advanced.decision])
        if any(_in_flight(services, image.value) for image in left):
            services.pause(PAUSE_SECONDS)


def _in_order(image: Versioned[Image]) -> tuple[bool, bool]:
    """The reference first, as what waits for it goes in the same commit; then what is queued.

    Else a slot that is freed here could be given to the same book.
    """
    return not image.value.is_reference, image.value.status is not ImageStatus.QUEUED


def _in_flight(services: Services, image: Image) -> bool:
    return submission_in_flight(image, services.clock(), services.policy) is not None
