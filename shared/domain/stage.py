"""The painter's stages of a picture: DESCRIBE (of a drawing without words), IMAGINE, UPSCALE.

Each is claimed, submitted, watched, and tried again when it fails. What differs stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.domain.image import Image, ImageStatus, Step, Submission
from shared.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Which fields, steps and limits of an image a stage uses."""

    name: Literal["describe", "imagine", "upscale"]
    submit: Step
    watch: Step
    status: ImageStatus

    def submission(self, image: Image) -> Submission | None:
        """The stage's submission under way, if there is one."""
        found: Submission | None = getattr(image, self.name)
        return found

    def attempts(self, image: Image) -> int:
        """How many submissions of this stage have been tried, the one under way included."""
        count: int = getattr(image, f"{self.name}_attempts")
        return count

    def most_attempts(self, policy: Policy) -> int:
        """How many may be tried."""
        most: int = getattr(policy, f"{self.name}_attempts")
        return most

    def limit(self, policy: Policy) -> timedelta:
        """How long the painter may work on one."""
        limit: timedelta = getattr(policy, f"{self.name}_limit")
        return limit

    def lease(self, image: Image, policy: Policy) -> timedelta:
        """How long its claim may stay without an answer; an UPSCALE carries no drawing."""
        return policy.lease(with_drawing=self is not UPSCALE and image.drawing is not None)

    def with_submission(
        self, image: Image, submission: Submission | None, *, attempts: int = 0
    ) -> Image:
        """The image with another submission, and `attempts` added to their count."""
        changes: dict[str, Any] = {
            self.name: submission,
            f"{self.name}_attempts": self.attempts(image) + attempts,
        }
        return replace(image, **changes)


DESCRIBE = Stage(
    name="describe",
    submit=Step.DESCRIBE,
    watch=Step.WATCH_DESCRIBE,
    status=ImageStatus.PAINTING,
)
IMAGINE = Stage(
    name="imagine",
    submit=Step.IMAGINE,
    watch=Step.WATCH_IMAGINE,
    status=ImageStatus.PAINTING,
)
UPSCALE = Stage(
    name="upscale",
    submit=Step.UPSCALE,
    watch=Step.WATCH_UPSCALE,
    status=ImageStatus.UPSCALING,
)
STAGES = (DESCRIBE, IMAGINE, UPSCALE)
SUBMITTING: Mapping[Step | None, Stage] = {stage.submit: stage for stage in STAGES}
WATCHING: Mapping[Step | None, Stage] = {stage.watch: stage for stage in STAGES}
AT_WORK: Mapping[Step | None, Stage] = {**SUBMITTING, **WATCHING}
"""By an image's next step: the stage that it submits, that it watches, or either."""


def submission_in_flight(image: Image, now: datetime, policy: Policy) -> Submission | None:
    """The claim of a call that may be talking to the painter at this very moment, if there is one.

    A cancel has to wait for it. It is over when the call has come back, even without an answer,
    and at the latest with the claim's lease.
    """
    stage = SUBMITTING.get(image.next_step)
    submission = stage.submission(image) if stage else None
    if stage is None or submission is None or submission.answer_lost:
        return None
    return submission if now < submission.claimed_at + stage.lease(image, policy) else None
