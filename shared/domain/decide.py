"""The life of an image: one pure function from what is, and what happened, to what follows.

`decide` is called with the image as its document says, one observation, and the moment. It answers
with the image as it shall be written and, if the world has to be asked something before the step
is over, with that. Committing, asking, scheduling are the business of the use cases.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain import endings
from shared.domain.ask import Ask, ChooseCandidate, Look
from shared.domain.commands import admit, cancel, regenerate, start_after
from shared.domain.image import Image, ImageStatus, Step
from shared.domain.observation import (
    Accepted,
    Admitted,
    Busy,
    CancelRequested,
    CandidateChosen,
    GaveUp,
    Missing,
    Observation,
    ParentLost,
    Phase,
    ReferenceFailed,
    ReferenceReady,
    Refused,
    RegenerateRequested,
    Sighting,
    Stored,
    StoreFailed,
    Told,
    Unreachable,
    Unsure,
    Woken,
)
from shared.domain.policy import Policy
from shared.domain.stage import STAGES, SUBMITTING, WATCHING
from shared.domain.storing import look_for_picture, store, store_failed, stored
from shared.domain.submitting import answered, candidate_chosen, find, recovered, submit
from shared.domain.watching import drained, find_again, told, unreachable, watched


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What follows: the image to write, and what to ask the world before the step is over."""

    before: Image
    after: Image
    ask: Ask | None = None

    @property
    def changed(self) -> bool:
        """Whether there is anything to commit."""
        return self.after is not self.before

    @property
    def ended(self) -> bool:
        """Whether the image came to its end just now."""
        return self.after.ended and not self.before.ended

    @property
    def free_of_charge(self) -> bool:
        """Whether the question may be asked before anything is committed: it changes nothing."""
        return isinstance(self.ask, ChooseCandidate)

    @property
    def slot_freed(self) -> bool:
        """Whether another image can be admitted now."""
        return self.before.holds_slot and not self.after.holds_slot

    @property
    def hands_slot_on(self) -> bool:
        """Whether it is for another image; what goes back to the queue has found none usable."""
        return self.slot_freed and self.after.admit_key is None

    @property
    def reference_ready(self) -> bool:
        """Whether this is the reference, and the others can be painted after it from now on."""
        return self.after.is_reference and self._became(ImageStatus.POST_PROCESSING)

    @property
    def reference_failed(self) -> bool:
        """Whether this is the reference, and the others will have none to be painted after."""
        return self.after.is_reference and self._became(ImageStatus.FAILED)

    @property
    def reference_canceled(self) -> bool:
        """Whether this is the reference, and the others go with it."""
        return self.after.is_reference and self._became(ImageStatus.CANCELED)

    def _became(self, status: ImageStatus) -> bool:
        return self.after.status is status and self.before.status is not status


def decide(image: Image, observation: Observation, now: datetime, policy: Policy) -> Decision:
    """What follows from `observation` for `image` at the moment `now`.

    Total and pure: whatever does not concern an image in its state changes nothing, so that late,
    doubled and reordered messages are harmless. Raises nothing.
    """
    after, ask = _respond(image, observation, now, policy)
    if after == image:
        return Decision(before=image, after=image, ask=ask)
    if isinstance(observation, Told):  # no transition: every task that rings is still right
        return Decision(before=image, after=replace(after, updated_at=now))
    # A drawing takes the painter seconds to receive: who admits shall not wait for that.
    if not (isinstance(observation, Admitted) and image.drawing is not None):
        after, ask = _go_on(after, ask, now, policy)
    after = replace(after, seq=image.seq + 1, updated_at=now)
    return Decision(before=image, after=after, ask=ask)


def _respond(
    image: Image, observation: Observation, now: datetime, policy: Policy
) -> tuple[Image, Ask | None]:
    match observation:
        case Woken():
            return _wake(image, now, policy)
        case Accepted() | Busy() | Refused() | Unsure() | ParentLost():
            return answered(image, observation, now, policy), None
        case Told():
            return told(image, observation), None
        case Sighting() | Missing() | Unreachable():
            return _see(image, observation, now, policy)
        case Stored():
            return stored(image, observation), None
        case StoreFailed():
            return store_failed(image, observation, now, policy), None
        case CandidateChosen():
            return candidate_chosen(image, observation, now, policy)
        case GaveUp():
            return endings.fail_internally(image), None
        case _:
            return _obey(image, observation, now, policy), None


def _go_on(
    image: Image, ask: Ask | None, now: datetime, policy: Policy
) -> tuple[Image, Ask | None]:
    """Begin at once with a submission that has become due: it shares the commit of what made it so.

    At most once for each stage, as each of them claims, asks, or goes on to the next. Ends nothing:
    who admits an image does not count what has ended.
    """
    for _ in STAGES:
        stage = SUBMITTING.get(image.next_step)
        due = image.due_at is not None and image.due_at <= now < policy.ends_at(image)
        if ask is not None or stage is None or stage.submission(image) is not None or not due:
            break
        image, ask = _wake(image, now, policy)
    return image, ask


def _wake(image: Image, now: datetime, policy: Policy) -> tuple[Image, Ask | None]:
    """A task rang: begin with what `next_step` says, unless the deadline has passed."""
    step = image.next_step
    if step is Step.STORE:  # bounded by its attempts: a picture that is paid for is not let go
        return store(image, now, policy)
    if step in WATCHING or _is_claimed(image):  # a look first: it may be done, however late we are
        return image, _look(image)
    if step is not None and now >= policy.ends_at(image):
        return endings.expire(image), None
    if step in SUBMITTING:
        return submit(image, SUBMITTING[step], now, policy)
    return image, _look(image) if step is Step.DRAIN else None


def _is_claimed(image: Image) -> bool:
    """Whether a submission may be at the painter of which nobody had an answer."""
    stage = SUBMITTING.get(image.next_step) if image.next_step else None
    return stage is not None and stage.submission(image) is not None


def _look(image: Image) -> Ask | None:
    submission = image.latest_submission
    if submission is None:
        return None
    if submission.task_id is None:
        return find(submission)
    return Look(task_id=submission.task_id, token=submission.token)


def _see(
    image: Image, seen: Sighting | Missing | Unreachable, now: datetime, policy: Policy
) -> tuple[Image, Ask | None]:
    """A look, or a search for a lost answer, brought something."""
    step = image.next_step
    if step in SUBMITTING or step in WATCHING:
        done = isinstance(seen, Sighting) and seen.phase is Phase.DONE
        if now >= policy.ends_at(image) and not done:
            return endings.expire(image), None
    if step in SUBMITTING:
        return recovered(image, SUBMITTING[step], seen, now, policy), None
    if step in WATCHING:
        match seen:
            case Sighting():
                return watched(image, WATCHING[step], seen, now, policy), None
            case Missing():
                return find_again(image, WATCHING[step], seen, now, policy)
            case Unreachable():
                return unreachable(image, WATCHING[step], now, policy), None
    if step is Step.DRAIN:
        return drained(image, seen, now, policy), None
    if step is Step.STORE:
        return image, look_for_picture(image, seen, policy)
    return image, None


def _obey(image: Image, request: Observation, now: datetime, policy: Policy) -> Image:
    """Somebody outside the step machine wants something of the image."""
    match request:
        case Admitted():
            return admit(image, request, now, policy)
        case ReferenceReady():
            return start_after(image, request)
        case ReferenceFailed():
            return endings.fail_with_reference(image)
        case CancelRequested():
            return cancel(image, now, policy)
        case RegenerateRequested():
            return regenerate(image, request)
    return image
