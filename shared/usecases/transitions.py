"""Carrying out a decision: one commit, and only then the tasks that follow from it.

Whatever ends, frees, publishes or fails with an image stands in the same commit as the image
itself. If the process dies after it, the sweeper finds what is due and enqueues it.
"""

from collections.abc import Callable

from shared.domain.decide import Decision, decide
from shared.domain.image import Image, Step
from shared.domain.job import tally
from shared.domain.observation import (
    CancelRequested,
    Observation,
    ReferenceFailed,
    SubmitDescribe,
    SubmitImagine,
    SubmitUpscale,
)
from shared.log import log
from shared.ports import (
    ChangeJob,
    Conflict,
    PublishReference,
    QueueUnavailable,
    Reference,
    SaveImage,
    Versioned,
    Write,
)
from shared.usecases.conclude_job import conclude_job
from shared.usecases.services import Services

TRIES = 5
"""How often a commit is tried that another write to the same image got in the way of."""


class Stale(Exception):
    """Somebody else has moved the image on: what was about to be done is not wanted any more."""


def advance(
    services: Services, image: Versioned[Image], observation: Observation
) -> tuple[Versioned[Image], Decision]:
    """Decide on an observation and commit what follows from it.

    A write that did not move the image on (its fan-out noted, say) only costs another try. Raises
    `Stale` if the image was moved on, `StoreUnavailable` if the store did not answer.
    """
    for _ in range(TRIES):
        decision = decide(image.value, observation, services.clock(), services.policy)
        if not decision.changed:
            return image, decision
        try:
            versions = services.store.commit(*_writes(services, image, decision))
        except Conflict:
            again = services.store.image(image.value.image_id)
            if again is not None and again.value == decision.after and not _is_paid(decision):
                return again, decision  # our own commit, whose answer was lost on the way
            if again is None or fencing_token(again.value) != fencing_token(image.value):
                raise Stale(image.value.image_id) from None
            image = again
            continue
        return Versioned(decision.after, versions[decision.after.image_id]), decision
    raise Stale(image.value.image_id)


def follow_up(services: Services, decision: Decision) -> None:
    """Enqueue what follows from a committed decision, and conclude the job if it was the last."""
    image = decision.after
    if decision.changed and image.next_step not in {None, Step.EXPIRE}:
        enqueue(lambda: services.queue.schedule(image))
    if decision.slot_freed:
        enqueue(services.queue.ask_admission)
    if decision.ended:
        conclude_job(services, image.job_id)


def _is_paid(decision: Decision) -> bool:
    return isinstance(decision.ask, SubmitDescribe | SubmitImagine | SubmitUpscale)


def fencing_token(image: Image) -> tuple[int, int]:
    """Generation and sequence number: equal as long as nobody has moved the image on."""
    return image.generation, image.seq


def _writes(services: Services, image: Versioned[Image], decision: Decision) -> list[Write]:
    after, now = decision.after, services.clock()
    writes: list[Write] = [SaveImage(before=image, after=after)]
    if decision.reference_ready and after.source_url is not None:
        reference = Reference(
            job_id=after.job_id,
            image_id=after.image_id,
            generation=after.generation,
            image_url=after.source_url,
            ready_at=now,
            expire_at=after.expire_at,
        )
        writes.append(PublishReference(reference=reference))
    if not decision.ended:
        return writes
    change, fields = tally(image.value, after), {}
    if decision.reference_failed:
        fields["reference_error"] = after.error
    if decision.reference_failed or decision.reference_canceled:
        # Nothing else would ever come for those that wait for it.
        fate = ReferenceFailed() if decision.reference_failed else CancelRequested()
        for member in services.store.waiting_for_reference(after.job_id):
            gone = decide(member.value, fate, now, services.policy).after
            writes.append(SaveImage(before=member, after=gone))
            change += tally(member.value, gone)
    writes.append(ChangeJob(job_id=after.job_id, at=now, tally=change, fields=fields))
    return writes


def enqueue(create: Callable[[], None]) -> None:
    """Create a task; if it can't be created, the sweeper will, so what was done still stands."""
    try:
        create()
    except QueueUnavailable as error:
        log("WARNING", "task not created; left to the sweeper", why=str(error))
