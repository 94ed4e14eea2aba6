"""What must hold at every commit, and whenever the painter takes something.

**Paid twice**, precisely. The painter's ledger holds each IMAGINE, UPSCALE and DESCRIBE that it
took, each for one generation of one image, known by its token. Whenever it takes one, then for
each earlier one of the same kind, image and generation one of these must be true at that moment:

- forgotten: the painter does not know it any more (it was restarted);
- failed: the painter has said that it failed, or that it is done without a picture;
- too slow: it was not done when its time limit, counted from when the painter began with it, was
  over (up to the difference between the instances' clocks);
- disowned: it is a finished IMAGINE, and the painter has refused to enlarge any of its four.

Else the picture was paid for twice by mistake. A new generation may be painted however the one
before ended: a person asked for it, as a regeneration, or as the same book anew after it was
deleted. What ended may not be painted at all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from shared.domain.failure import FailureCode
from shared.domain.image import Image, ImageStatus, Step
from shared.ports import CreateJob, RemoveImages, SaveImage, Write
from tests.simulation.ledger import Painting
from tests.simulation.workshop import LIMITS

Generation = tuple[str, str]
"""An image's id, and its nonce: a book that is deleted and asked for anew has the same ids."""
ANSWER = 0.1
"""Seconds that the painter's word on a task may be old when it is acted on, at least."""


@dataclass
class Watch:
    """Takes note of everything, and objects."""

    now: Callable[[], float]
    clocks_apart: float
    """Seconds between the instances' clocks, at most."""
    capacity: Callable[[], int]
    """The greatest number of slots that is in force for anybody."""
    object_to: Callable[[str, str], None]
    """Told of a violation: the name of the invariant, and what happened."""
    held: int = 0
    most_held: int = 0
    generations: dict[str, Generation] = field(default_factory=dict)
    """By nonce."""
    canceled: dict[Generation, float] = field(default_factory=dict)
    """When the cancel was answered."""
    claims: set[str] = field(default_factory=set)
    image: Callable[[str], Image | None] = lambda _: None
    """The image of an id as it is stored."""
    paid: dict[tuple[Generation, str], list[Painting]] = field(default_factory=dict)

    # --- commits ---------------------------------------------------------------------------------

    def committed(self, writes: Iterable[Write], before: dict[str, Image]) -> None:
        """Everything that one commit wrote, and the images as they were before it."""
        held = self.held
        for write in writes:
            if isinstance(write, CreateJob):
                for image in write.images:
                    self._came(None, image)
            elif isinstance(write, SaveImage):
                self._came(before[write.after.image_id], write.after)
            elif isinstance(write, RemoveImages):
                self._went(before[one] for one in write.image_ids if one in before)
        if self.held > held and self.held > self.capacity():
            self.object_to("slots", f"{self.held} are held, of {self.capacity()} in force")
        self.most_held = max(self.most_held, self.held)

    def _came(self, before: Image | None, after: Image) -> None:
        self.held += after.holds_slot - (before.holds_slot if before is not None else False)
        for submission in (after.describe, after.imagine, after.upscale):
            if submission is not None:
                self.claims.add(submission.token)
        if before is None or before.nonce != after.nonce:
            self.generations[after.nonce] = after.image_id, after.nonce
        fault = unreachable_state(after)
        if before is not None and fault is None:
            fault = forbidden_change(before, after)
        if fault is not None:
            name, what = fault
            self.object_to(name, f"{after.image_id} {what}")

    def _went(self, images: Iterable[Image]) -> None:
        for image in images:
            if image.holds_slot or image.next_step is not None:
                self.object_to("nothing is deleted under way", f"{image.image_id} is")

    # --- money -----------------------------------------------------------------------------------

    def took(self, painting: Painting) -> None:
        """The painter takes something."""
        nonce = painting.token.rsplit("-", 1)[0]
        if painting.token not in self.claims or nonce not in self.generations:
            self.object_to("claimed first", f"{painting.action} {painting.token} had no claim")
            return
        generation = self.generations[nonce]
        earlier = self.paid.setdefault((generation, painting.action), [])
        for one in earlier:
            if not self._may_be_repeated(one):
                what = f"{painting.action} {painting.token} after {one.token}, of {generation}"
                self.object_to("paid twice", what)
        earlier.append(painting)
        if not self._may_be_at_work(generation):
            self.object_to("who holds a slot", f"{painting.token} is taken without one")
        answered = self.canceled.get(generation)
        if answered is not None and painting.arrived_at > answered:
            late = painting.arrived_at - answered
            what = f"{painting.action} {painting.token} came {late:.2f} s after the answer"
            self.object_to("canceled means canceled", what)

    def _may_be_at_work(self, generation: Generation) -> bool:
        """Whether it has a slot; what ran out of time, or was given up, has lost its own."""
        image = self.image(generation[0])
        if image is None or (image.image_id, image.nonce) != generation:
            return True
        canceled = image.error is not None and image.error.code is FailureCode.CANCELED
        return image.holds_slot or (image.ended and not canceled)

    def _may_be_repeated(self, one: Painting) -> bool:
        now = self.now()
        if one.forgotten_at is not None or one.failed is not None:
            return True
        if one.action == "IMAGINE" and one.disowned_at is not None and one.ended_at is not None:
            return True
        if one.began_at is None:
            return False
        limit = one.began_at + LIMITS[one.action] - self.clocks_apart - ANSWER
        return now >= limit and (one.ended_at is None or one.ended_at >= limit)


def unreachable_state(image: Image) -> tuple[str, str] | None:
    """What is wrong with a state that an image was written in, if anything."""
    if (image.next_step is None) != (image.due_at is None):
        return "a step and its moment", f"has next_step {image.next_step}, due_at {image.due_at}"
    if not image.ended and image.next_step is None:
        return "nothing ends by itself", f"is {image.status} with no step ahead"
    if image.ended and image.next_step not in {None, Step.DRAIN}:
        return "an ending is an ending", f"is {image.status} and shall {image.next_step}"
    if (image.admit_key is not None) != (image.status is ImageStatus.QUEUED):
        return "who waits for a slot", f"is {image.status}, its admit_key {image.admit_key}"
    at_painter = image.status in {ImageStatus.PAINTING, ImageStatus.UPSCALING}
    if image.holds_slot != (at_painter or image.next_step is Step.DRAIN):
        return "who holds a slot", f"is {image.status}, holds_slot {image.holds_slot}"
    if image.status is ImageStatus.SUCCEEDED and image.image_url is None:
        return "accounted for", "succeeded without a picture"
    if image.status in {ImageStatus.FAILED, ImageStatus.CANCELED} and not image.error:
        return "accounted for", f"is {image.status} without a reason"
    return None


def forbidden_change(before: Image, after: Image) -> tuple[str, str] | None:
    """What is wrong with a change of an image, if anything."""
    if (after.generation, after.seq) < (before.generation, before.seq):
        return "fencing", "went back in its numbers"
    if after.generation == before.generation and after.progress < before.progress:
        return "progress", f"fell from {before.progress} to {after.progress}"
    if before.has_picture and not after.has_picture:
        return "a picture stays", f"lost {before.image_url}"
    stored = before.next_step is Step.STORE and after.status is ImageStatus.SUCCEEDED
    if before.has_picture and after.image_url != before.image_url and not stored:
        return "a picture stays", f"got {after.image_url} without having it stored"
    if before.ended and not after.ended and after.generation == before.generation:
        return "an ending is an ending", f"was {before.status} and is {after.status}"
    return None
