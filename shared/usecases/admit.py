"""Admission: keeps the painter's slots full, and no fuller."""

from functools import partial

from shared.domain.decide import decide
from shared.domain.image import Image
from shared.domain.job import JobStatus
from shared.domain.observation import Admitted
from shared.ports import ChangeJob, Conflict, PassFence, QueueUnavailable, SaveImage, Write
from shared.usecases.services import Services
from shared.usecases.transitions import enqueue

TRIES = 10


def admit(services: Services) -> int:
    """Give the free slots to the images that wait with the lowest `admit_key`; answers how many.

    Its queue dispatches one at a time, but a task can still come twice. So the fence is read
    before the slots are counted and passed in the same commit: of two admissions that overlap,
    the second conflicts and counts anew. Raises `StoreUnavailable`.
    """
    for _ in range(TRIES):
        try:
            admitted = _admit_once(services)
        except Conflict:  # another admission, or an image was canceled meanwhile
            continue
        for image in admitted:
            enqueue(partial(services.queue.schedule, image))
        return len(admitted)
    raise QueueUnavailable("admission was overtaken each time; the task is tried again")


def _admit_once(services: Services) -> list[Image]:
    store, policy, now = services.store, services.policy, services.clock()
    fence = store.fence()
    free = policy.slots - store.held_slots()
    waiting = store.waiting(free) if free > 0 else []
    if not waiting:
        return []
    writes: list[Write] = [PassFence(fence=fence)]
    admitted = []
    for image in waiting:
        after = decide(image.value, Admitted(), now, policy).after
        writes.append(SaveImage(before=image, after=after))
        admitted.append(after)
        if after.is_reference:
            running = {"status": JobStatus.RUNNING}
            writes.append(ChangeJob(job_id=after.job_id, at=now, fields=running))
    store.commit(*writes)
    return admitted
