"""The figures by which `decide` decides, and the moments it computes from them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.image import Image
from shared.domain.pace import Pace
from shared.domain.prompts import PromptRules

CONNECT_SECONDS = 3.05
"""That connecting to the painter takes at most, on top of its time to answer. Slightly above a
multiple of 3, TCP's own retransmission time-out."""

SAFETY_NET = 0.75
"""Of a stage's time limit: when something that should have been told of is looked at anyway."""

DRAWING_LEASES = 3
"""Leases that a claim lasts whose submission carries a drawing."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Limits, attempts and pace. The defaults are those of `shared.settings`."""

    prompts: PromptRules
    slots: int = 12
    """Images that the painter works on at once, at most."""
    ahead: int = 1
    """Images more that wait in the painter's own queue, so that it need not wait for us."""
    notified: bool = False
    """Whether the painter tells us when it ends something: looks are then a safety net only."""
    pace: Pace = field(default_factory=Pace)
    """How long the painter has lately taken; says when to look where it does not tell."""
    imagine_limit: timedelta = timedelta(seconds=120)
    """From the moment the painter began to work on it."""
    upscale_limit: timedelta = timedelta(seconds=30)
    describe_limit: timedelta = timedelta(seconds=30)
    describe_attempts: int = 2
    """0 means that drawings without words are never described."""
    describe_troubles: int = 4
    """Faults in a row after which a description is done without."""
    imagine_attempts: int = 3
    upscale_attempts: int = 3
    store_attempts: int = 5
    store_troubles: int = 30
    """Faults that pass (network, bucket) on top of these; with the longest wait some 14 minutes."""
    store_lease: timedelta = timedelta(seconds=60)
    """How long a try may take before it counts as dead; two at once would store the same."""
    image_deadline: timedelta = timedelta(minutes=30)
    """From admission to the end, waiting in the painter's queue included."""
    claim_lease: timedelta = timedelta(seconds=30)
    """After this a claim without a task id belongs to a dead call: longer than any submit takes."""
    submit_within: timedelta = timedelta(seconds=11.95)
    """How long after its claim a submission may be sent, to be answered within the lease."""
    look_min: timedelta = timedelta(seconds=1)
    look_max: timedelta = timedelta(seconds=10)
    backoff_min: timedelta = timedelta(seconds=1)
    backoff_max: timedelta = timedelta(seconds=30)
    head_start: timedelta = timedelta(minutes=30)
    """By how much references and regenerations go before other images of the same age."""
    turn: timedelta = timedelta(seconds=6)
    """How long all slots together take for an image: by so much an owner's next one stands back."""
    fan_out_grace: timedelta = timedelta(seconds=30)
    """How long after its reference a book's fan-out may take before the sweeper does it."""
    candidate: int | None = None
    """Which of the four is upscaled, 1..4; None: the one nearest to the reference in colour."""

    @property
    def capacity(self) -> int:
        """Images that may be at the painter, at work or waiting there."""
        return self.slots + self.ahead

    def lease(self, *, with_drawing: bool) -> timedelta:
        """How long a claim may stay without an answer before its call counts as dead.

        Longer with a drawing: some proxies upload it before they know of the submission.
        """
        return self.claim_lease * (DRAWING_LEASES if with_drawing else 1)

    def backoff(self, troubles: int) -> timedelta:
        """How long to wait after the n-th trouble in a row: doubles from min to max."""
        doublings = min(max(troubles - 1, 0), 16)
        return min(self.backoff_max, self.backoff_min * float(2**doublings))

    def ends_at(self, image: Image) -> datetime:
        """When the image ends, finished or not: its own deadline, or that of its time at work."""
        if image.admitted_at is None:
            return image.deadline_at
        return min(image.deadline_at, image.admitted_at + self.image_deadline)

    def next_look(self, stage: str, elapsed: timedelta, progress: int | None) -> timedelta:
        """When to look again at what has been worked on for `elapsed`; without its time limit.

        Where the painter tells us, only when it should have told long ago; else when it will most
        likely have ended.
        """
        if self.notified:
            limit: timedelta = getattr(self, f"{stage}_limit")
            return max(limit * SAFETY_NET - elapsed, self.look_max / 2)
        seconds = self.pace.next_look(stage, elapsed.total_seconds())
        if seconds is not None:
            delay = timedelta(seconds=seconds)
        elif progress:  # half of what seems to remain, so that the looks close in on the end
            delay = elapsed * ((100 - min(progress, 99)) / progress) / 2
        else:
            delay = max(self.look_max / 4, elapsed / 8)
        return max(self.look_min, min(self.look_max, delay))
