"""The fan-out: everything that waited for the reference begins, in parallel."""

from shared.domain.decide import decide
from shared.domain.observation import ReferenceReady
from shared.ports import Conflict, NoteFannedOut, QueueUnavailable, SaveImage, Write
from shared.usecases.services import Services

TRIES = 10


def fan_out(services: Services, job_id: str) -> int:
    """Queue every image of the job that waits for its reference; answers how many.

    The event that sets this off is not believed: the reference is read again. Running it twice
    changes nothing. Raises `StoreUnavailable` and `QueueUnavailable`: the event is then retried.
    """
    reference = services.store.reference(job_id)
    if reference is None:
        return 0
    ready = ReferenceReady(reference_url=reference.image_url)
    for _ in range(TRIES):
        now = services.clock()
        members = services.store.waiting_for_reference(job_id)
        writes: list[Write] = [NoteFannedOut(image_id=reference.image_id)]
        for member in members:
            after = decide(member.value, ready, now, services.policy).after
            writes.append(SaveImage(before=member, after=after))
        try:
            services.store.commit(*writes)
        except Conflict:  # one of them was canceled meanwhile
            continue
        # Also when none waited: an earlier delivery may have failed just here.
        services.queue.ask_admission()
        return len(members)
    raise QueueUnavailable("the fan-out was overtaken each time; the event is tried again")
