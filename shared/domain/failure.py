"""Why an image or a job did not come to a good end, in words for programs and for people."""

from dataclasses import dataclass
from enum import StrEnum


class FailureCode(StrEnum):
    """Stable, machine-readable reasons. Clients branch on these; add, never rename."""

    BANNED_WORD = "banned_word"
    """The proxy's word list holds a word of the prompt; nothing was painted or paid."""
    MODERATED = "moderated"
    """MidJourney refused the prompt or the picture."""
    PROMPT_REJECTED = "prompt_rejected"
    """The proxy or MidJourney found the request malformed: parameter, link or form."""
    PAINTING_FAILED = "painting_failed"
    """MidJourney failed, and failed again on every further try."""
    PAINTING_TIMED_OUT = "painting_timed_out"
    """MidJourney began and did not finish in its time, on every try."""
    CANDIDATE_LOST = "candidate_lost"
    """The painter no longer knows the four pictures of which another one was wanted."""
    PICTURE_UNAVAILABLE = "picture_unavailable"
    """MidJourney painted the picture, but it could not be copied to our bucket."""
    REFERENCE_FAILED = "reference_failed"
    """The main character failed, so there is no reference to paint this one after."""
    DEADLINE_EXCEEDED = "deadline_exceeded"
    """The time allowed for the whole picture, waiting included, has passed."""
    CANCELED = "canceled"
    """The client canceled."""
    INTERNAL_ERROR = "internal_error"
    """A fault of ours, repeated until there was no try left."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A reason: a code that stays stable, and a sentence that says what to do."""

    code: FailureCode
    message: str
