"""The fan-out: everything that waited for the reference begins, in parallel."""

from shared.crash_points import CrashPoint, reach
from shared.domain.decide import decide
from shared.domain.observation import ReferenceReady
from shared.ports import Conflict, NoteFannedOut, QueueUnavailable, SaveImage
from shared.usecases.admit import admit_among
from shared.usecases.carrying_out import begin_all
from shared.usecases.services import Services
from shared.usecases.transitions import Advanced

TRIES = 10


def fan_out(services: Services, job_id: str) -> int:
    """Start every image of the job that waits for its reference; answers how many there were.

    Those for which there are slots begin in this call, the others wait in their turn; so do all if
    others waited lately, as there will hardly be a slot, and counting them costs. The event
    that sets this off is not believed: the reference is read again. Running it twice changes
    nothing. Raises `StoreUnavailable` and `QueueUnavailable`: the event is then retried.
    """
    reference = services.store.reference(job_id)
    if reference is None:
        return 0
    ready = ReferenceReady(
        reference_url=reference.image_url, painting_seconds=reference.painting_seconds
    )
    for _ in range(TRIES):
        now = services.clock()
        members = services.store.waiting_for_reference(job_id)
        if members and reference.created_at not in {None, members[0].value.created_at}:
            return 0  # the book was deleted since, and asked for anew: they wait for another one
        reach(CrashPoint.FAN_OUT_READ)
        queued = [
            SaveImage(before=one, after=decide(one.value, ready, now, services.policy).after)
            for one in members
        ]
        noted = NoteFannedOut(image_id=reference.image_id)
        begun: list[Advanced] = []
        try:
            if reference.crowded:
                services.store.commit(*queued, noted)
            else:
                begun = admit_among(services, services.store.fence(), queued, [noted])
        except Conflict:  # another admission, or one of them was canceled meanwhile
            continue
        reach(CrashPoint.FAN_OUT_WRITTEN)
        begin_all(services, begun)
        # Also when none waited: an earlier delivery may have failed just here.
        if len(begun) < len(members) or not members:
            _ask_admission(services)
        return len(members)
    raise QueueUnavailable("the fan-out was overtaken each time; the event is tried again")


def _ask_admission(services: Services) -> None:
    """Unless all slots are taken: whoever gives one back from now on sees that somebody waits."""
    if services.store.held_slots() < services.policy.capacity:
        services.queue.ask_admission()
