"""What can happen to an image (`Observation`); `shared.domain.decide` says what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.failure import Failure
from shared.domain.image import BackgroundEffect, Variant


@dataclass(frozen=True)
class Woken:
    """A task rang: do what `next_step` says."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The painter took the submission and gave it an id."""

    task_id: str
    token: str | None = None
    """The token that the painter knows it by, if it is another one: an older proxy answers a
    repeated UPSCALE with the task that it had before."""


class Trouble(StrEnum):
    """What keeps the painter from painting for us, as far as its words tell; for who watches it."""

    QUEUE_FULL = "queue_full"
    ACCOUNT_DISABLED = "account_disabled"
    """The proxy has no account that it may use: switched off by hand, or by Discord."""
    BLOCKED = "blocked"
    """MidJourney, or the proxy, shuts the account out for some time."""
    CAPTCHA = "captcha"
    """Discord or MidJourney wants a person to show that it is one."""
    OUT_OF_CREDIT = "out_of_credit"
    """The subscription is over, or its hours are used up."""
    UNAUTHORIZED = "unauthorized"
    """The proxy does not take our secret, or Discord not the proxy's token."""
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Busy:
    """The painter certainly did not take the submission, but may later: try again after a while."""

    reason: str
    everyone: bool = True
    """Whether any other submission would have met the same: the painter's queue is full, its
    account disabled, it is out of reach."""
    trouble: Trouble = Trouble.OTHER


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The painter certainly did not take the submission, and never will."""

    failure: Failure


@dataclass(frozen=True, kw_only=True)
class Unsure:
    """The answer was lost: the painter may or may not have taken the submission."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ParentLost:
    """The painter no longer knows the grid that was to be upscaled."""

    reason: str


class Phase(StrEnum):
    """Where one of the painter's tasks stands."""

    WAITING = "waiting"
    """In the painter's own queue; the clock of the time limit has not started."""
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One of the painter's tasks as it was seen."""

    task_id: str
    phase: Phase
    progress: int | None = None
    """Percent, 0..100; None when the painter said none (its texts are not always numbers)."""
    picture_url: str | None = None
    """Partial while it works (for an UPSCALE perhaps its grid's), final when it is done."""
    words: str | None = None
    """Of a DESCRIBE that is done: what is to be seen in the drawing, in one line."""
    started_at: datetime | None = None
    """By the painter's clock; None when it did not say."""
    finished_at: datetime | None = None
    """Likewise."""
    failure: Failure | None = None
    """With phase FAILED: why."""
    permanent: bool = False
    """With phase FAILED: whether trying again is pointless."""
    trouble: Trouble | None = None
    """With phase FAILED: what is wrong with the painter itself, if its words say so."""
    asked_at: datetime | None = None
    """When the painter was asked, by our clock: of what came after, the answer knows nothing."""

    @property
    def seconds(self) -> float | None:
        """How long the painter worked on it, by its own clock; None if it did not say."""
        if self.started_at is None or self.finished_at is None:
            return None
        seconds = (self.finished_at - self.started_at).total_seconds()
        return seconds if seconds >= 0 else None


@dataclass(frozen=True, kw_only=True)
class Missing:
    """The painter answered, and knows no such task."""

    searched: bool
    """Whether the whole list was searched for the token; else only the id was asked for."""
    asked_at: datetime | None = None
    """As for a sighting."""


@dataclass(frozen=True, kw_only=True)
class Unreachable:
    """A look brought no answer."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The picture and its variants are in our bucket."""

    shown: str
    """The name of the variant that clients are shown."""
    variants: Mapping[str, Variant]
    """With the previews of its four, if they were stored too."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StoreFailed:
    """The picture could not be copied this time."""

    reason: str
    passing: bool = False
    """Whether something was out of reach, rather than the picture or its link wrong."""


@dataclass(frozen=True, kw_only=True)
class CandidateChosen:
    """Which of the four is to be upscaled."""

    index: int | None
    """1..4; None if it could not be found out."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """The painter sent news of one of its tasks: a hint, late, doubled or forged at times."""

    token: str
    """Of the submission that it speaks of."""
    seen: Sighting


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """Admission gave the image a slot."""

    crowded: bool = False
    """Whether others have to go on waiting."""


@dataclass(frozen=True, kw_only=True)
class ReferenceReady:
    """The book's reference can be painted after."""

    reference_url: str
    painting_seconds: float | None = None
    """What the painter worked on it; None if it did not say."""


@dataclass(frozen=True)
class ReferenceFailed:
    """The book's reference failed for good."""


@dataclass(frozen=True)
class CancelRequested:
    """The client wants no more of it."""


@dataclass(frozen=True, kw_only=True)
class RegenerateRequested:
    """The client wants the picture painted again; the image has ended."""

    nonce: str
    deadline_at: datetime
    reference_url: str | None
    """For a member: the book's reference; None sends it to wait for one."""
    turn: datetime
    """Its place among all that wait for a slot."""
    prompt: str | None = None
    """New words, or None for those it has."""
    background_effect: BackgroundEffect | None = None
    """Another effect for a background, or None for the one it has."""
    option_ids: tuple[str, ...] | None = None
    """Other options for a character's looks, or None for those it has."""
    candidate: int | None = None
    """Another one, 1..4, of the four that were painted: no IMAGINE, only an UPSCALE."""


@dataclass(frozen=True, kw_only=True)
class GaveUp:
    """A fault of ours outlasted every retry of the task."""

    reason: str


Observation = (
    Woken
    | Accepted
    | Busy
    | Refused
    | Unsure
    | ParentLost
    | Sighting
    | Missing
    | Unreachable
    | Stored
    | StoreFailed
    | CandidateChosen
    | Told
    | Admitted
    | ReferenceReady
    | ReferenceFailed
    | CancelRequested
    | RegenerateRequested
    | GaveUp
)
