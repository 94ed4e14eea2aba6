"""Carrying out a decision: one commit, and only then the tasks that follow from it.

Whatever ends, frees, publishes or fails with an image stands in the same commit as the image
itself. If the process dies after it, the sweeper finds what is due and enqueues it.

A slot that falls free while others wait for one is handed on in the commit that frees it: the heir
is admitted, and its submission claimed, without any counting, as one image's slot becomes the
other's. So no slot stands empty for the time of a task, and two processes can't both give it away.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from shared.crash_points import CrashPoint, reach
from shared.domain.ask import SubmitDescribe, SubmitImagine, SubmitUpscale
from shared.domain.decide import Decision, decide
from shared.domain.endings import announced
from shared.domain.image import Image, Step
from shared.domain.job import JobStatus, tally
from shared.domain.observation import (
    Accepted,
    Admitted,
    CancelRequested,
    Observation,
    ReferenceFailed,
)
from shared.domain.stage import WATCHING
from shared.log import log
from shared.ports import (
    ChangeJob,
    Committed,
    Conflict,
    Counted,
    PublishReference,
    QueueUnavailable,
    Reference,
    SaveImage,
    StoreError,
    Versioned,
    Write,
)
from shared.usecases.conclude_job import conclude_job
from shared.usecases.metrics import pictures_ended
from shared.usecases.services import Services
from shared.usecases.telling import tell_of

TRIES = 5
"""How often a commit is tried that another write to the same image got in the way of."""


class Stale(Exception):
    """Somebody else has moved the image on: what was about to be done is not wanted any more."""


@dataclass(frozen=True, kw_only=True)
class Advanced:
    """An image after a decision on it was carried out."""

    image: Versioned[Image]
    """As it is in the store."""
    decision: Decision
    observed: tuple[Observation, ...] = ()
    """What led to the decision, if it is not committed: its question is asked before."""
    heir: "Advanced | None" = None
    """The image that got its slot."""
    counted: Counted | None = None
    """Its job's counters, if it ended; None if they are not known."""
    gone_with_it: tuple[Image, ...] = ()
    """The images that ended by the same commit, because their reference did."""

    @classmethod
    def by(cls, decision: Decision, committed: Committed) -> "Advanced":
        """The image of a decision, as its commit has left it."""
        version = committed.versions[decision.after.image_id]
        return cls(image=Versioned(decision.after, version), decision=decision)


def advance(
    services: Services,
    image: Versioned[Image],
    *observed: Observation,
    hands_slot_on: bool = False,
) -> Advanced:
    """Decide on what was observed, one after the other, and commit what follows from it.

    With `hands_slot_on` a slot that falls free gets an heir, with whom the caller has to begin.

    A write that did not move the image on (progress that was told, say) only costs another try.
    Raises `Stale` if the image was moved on, `StoreUnavailable` if the store did not answer.
    """
    for attempt in range(TRIES):
        decision = _decide_all(services, image.value, observed)
        if decision.ask is not None and decision.free_of_charge:
            return Advanced(image=image, decision=decision, observed=observed)
        if not decision.changed:
            return Advanced(image=image, decision=decision)
        reach(_before(decision, observed[-1]))
        try:
            # Others may be after the same heir.
            heir = _heir(services, decision) if hands_slot_on and attempt < TRIES // 2 else None
            advanced = _commit(services, image, decision, heir)
        except Conflict:
            again = services.store.image(image.value.image_id)
            if again is not None and again.value == decision.after and not _is_paid(decision):
                # Our own commit, whose answer was lost on the way; of an heir's claim nobody
                # could say whose it is, so it is left to the sweeper.
                return Advanced(image=again, decision=decision)
            if again is None or _moved_on(image.value, again.value):
                raise Stale(image.value.image_id) from None
            image = again
            continue
        _report(services, advanced)
        reach(_after(decision, observed[-1]))
        return advanced
    raise Stale(image.value.image_id)


def _report(services: Services, advanced: Advanced) -> None:
    if advanced.decision.ended:
        ended = (advanced.decision.after, *advanced.gone_with_it)
        pictures_ended(ended, advanced.counted, services.clock())


def follow_up(services: Services, advanced: Advanced) -> None:
    """Enqueue what follows from a committed decision, and conclude the job if it was the last."""
    decision = advanced.decision
    image = decision.after
    if not decision.changed:
        return
    watched = services.policy.notified and image.next_step in WATCHING
    if image.next_step not in {None, Step.EXPIRE}:
        schedule = services.queue.schedule_alarm if watched else services.queue.schedule
        enqueue(lambda: schedule(image))
        reach(CrashPoint.TASK_CREATED)
    if decision.ended:
        for ended in (image, *advanced.gone_with_it):
            tell_of(services, ended)
        conclude_job(services, image.job_id, advanced.counted, last=image)
    if decision.hands_slot_on and advanced.heir is None and _others_wait(services):
        enqueue(services.queue.ask_admission)


def call_off_alarms(services: Services, decisions: Iterable[Decision]) -> None:
    """Take back the alarms of looks that are not wanted any more; one that rings does no harm."""
    if not services.policy.notified:
        return
    looks = [one.before for one in decisions if one.changed and one.before.next_step in WATCHING]
    # Two decisions begin with one look where the first asks something and commits nothing.
    for image in {(look.nonce, look.seq): look for look in looks}.values():
        enqueue(partial(services.queue.call_off, image))


def fencing_token(image: Image) -> tuple[int, int]:
    """Generation and sequence number: what a task carries, and finds unless it comes too late."""
    return image.generation, image.seq


def _moved_on(before: Image, now: Image) -> bool:
    """Whether it is another step's by now, or another image.

    By the nonce: in a book that was deleted and asked for anew, ids and numbers come again. What
    was seen of the one before, taken for news of the new one, would have it painted twice.
    """
    return (now.nonce, now.seq) != (before.nonce, before.seq)


def enqueue(create: Callable[[], None]) -> None:
    """Create a task; if it can't be created, the sweeper will, so what was done still stands."""
    try:
        create()
    except QueueUnavailable as error:
        log("WARNING", "task not created; left to the sweeper", why=str(error))


def _decide_all(services: Services, image: Image, observed: tuple[Observation, ...]) -> Decision:
    now, policy = services.clock(), services.current_policy()
    decision = Decision(before=image, after=image)
    for observation in observed:
        decision = decide(decision.after, observation, now, policy)
    return replace(decision, before=image, after=announced(image, decision.after, now))


def _commit(
    services: Services,
    image: Versioned[Image],
    decision: Decision,
    heir: tuple[Versioned[Image], Decision] | None,
) -> Advanced:
    writes = _writes(services, image, decision)
    gone = tuple(write.after for write in writes[1:] if isinstance(write, SaveImage))
    if heir is not None:
        writes += admission(services, *heir)
    committed = services.store.commit(*writes)
    return replace(
        Advanced.by(decision, committed),
        heir=None if heir is None else Advanced.by(heir[1], committed),
        counted=committed.counted.get(decision.after.job_id),
        gone_with_it=gone,
    )


def admission(services: Services, waiting: Versioned[Image], admitted: Decision) -> list[Write]:
    """What is written when an image gets a slot; with a reference's its job's painting begins."""
    after = admitted.after
    writes: list[Write] = [SaveImage(before=waiting, after=after)]
    if after.is_reference:
        fields = {"status": JobStatus.RUNNING}
        writes.append(ChangeJob(job_id=after.job_id, at=services.clock(), fields=fields))
    return writes


def _heir(services: Services, decision: Decision) -> tuple[Versioned[Image], Decision] | None:
    """Who is to have the slot of an image that leaves it, if any, and what is decided for it."""
    leaving = decision.before
    if not (decision.hands_slot_on and leaving.crowded):
        return None
    for waiting in services.store.waiting(1):
        if waiting.value.image_id == leaving.image_id:
            return None
        now, policy = services.clock(), services.current_policy()
        return waiting, decide(waiting.value, Admitted(crowded=True), now, policy)
    return None


def _others_wait(services: Services) -> bool:
    """Asked after the commit that frees a slot: whoever waits from now on asks for admission."""
    try:
        return bool(services.store.waiting(1))
    except StoreError:
        return True


def _is_paid(decision: Decision) -> bool:
    return isinstance(decision.ask, SubmitDescribe | SubmitImagine | SubmitUpscale)


def _before(decision: Decision, observation: Observation) -> CrashPoint:
    if _is_paid(decision):
        return CrashPoint.BEFORE_CLAIM
    if isinstance(observation, Accepted):
        return CrashPoint.SUBMITTED
    if decision.ended:
        return CrashPoint.BEFORE_END
    return CrashPoint.BEFORE_SLOT_FREED if decision.slot_freed else CrashPoint.BEFORE_PROGRESS


def _after(decision: Decision, observation: Observation) -> CrashPoint:
    if _is_paid(decision):
        return CrashPoint.CLAIM_WRITTEN
    if isinstance(observation, Accepted):
        return CrashPoint.ANSWER_WRITTEN
    if decision.ended:
        return CrashPoint.END_WRITTEN
    return CrashPoint.SLOT_FREED if decision.slot_freed else CrashPoint.PROGRESS_WRITTEN


def _writes(services: Services, image: Versioned[Image], decision: Decision) -> list[Write]:
    after, now = decision.after, services.clock()
    writes: list[Write] = [SaveImage(before=image, after=after)]
    if decision.reference_ready and after.source_url is not None:
        reference = Reference(
            job_id=after.job_id,
            image_id=after.image_id,
            generation=after.generation,
            created_at=after.created_at,
            image_url=after.source_url,
            painting_seconds=after.painting_seconds,
            ready_at=now,
            expire_at=after.expire_at,
            crowded=image.value.crowded,
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
            after_it = decide(member.value, fate, now, services.policy).after
            gone = announced(member.value, after_it, now)
            writes.append(SaveImage(before=member, after=gone))
            change += tally(member.value, gone)
    writes.append(ChangeJob(job_id=after.job_id, at=now, tally=change, fields=fields))
    return writes
