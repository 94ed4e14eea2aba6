"""Images in every state of their life, and every observation, by name: the axes of the table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.domain.decide import Decision
from shared.domain.failure import Failure, FailureCode
from shared.domain.image import Image, ImageStatus, Kind, Role, Step, Submission, Variant
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
    Unreachable,
    Unsure,
    Woken,
)


def variant(name: str) -> Variant:
    """A picture in our bucket."""
    return Variant(
        url=f"https://ours/{name}.png", name=name, content_type="image/png", width=8, height=8
    )


NOW = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=6)
FAILURE = Failure(code=FailureCode.PAINTING_FAILED, message="Failed.")
REFUSAL = Failure(code=FailureCode.MODERATED, message="Refused.")

WAITING = Image(
    image_id="jobjobjobjobjobjobjobjobjo-001",
    job_id="jobjobjobjobjobjobjobjobjo",
    owner_uid="owner",
    kind=Kind.CHARACTER,
    role=Role.MEMBER,
    name="fox",
    prompt="a fox",
    status=ImageStatus.WAITING_FOR_REFERENCE,
    created_at=NOW - timedelta(minutes=5),
    updated_at=NOW,
    deadline_at=LATER,
    expire_at=LATER,
    nonce="0" * 32,
    seq=3,
    next_step=Step.EXPIRE,
    due_at=LATER,
)
QUEUED = replace(
    WAITING, status=ImageStatus.QUEUED, reference_url="https://x/ref.png", admit_key=NOW
)
IMAGINE = replace(
    QUEUED,
    status=ImageStatus.PAINTING,
    next_step=Step.IMAGINE,
    due_at=NOW,
    admit_key=None,
    holds_slot=True,
)
CLAIM = Submission(token="token", claimed_at=NOW - timedelta(seconds=1), seed=7)
IMAGINE_CLAIMED = replace(IMAGINE, imagine=CLAIM, imagine_attempts=1)
OLD_CLAIM = replace(CLAIM, claimed_at=NOW - timedelta(minutes=2))
IMAGINE_ABANDONED = replace(IMAGINE_CLAIMED, imagine=OLD_CLAIM)
ACCEPTED = replace(CLAIM, task_id="17")
WATCH_IMAGINE = replace(IMAGINE_CLAIMED, imagine=ACCEPTED, next_step=Step.WATCH_IMAGINE)
DESCRIBE = replace(IMAGINE, prompt="", drawing="jobs/x/drawing.png", next_step=Step.DESCRIBE)
DESCRIBE_CLAIMED = replace(DESCRIBE, describe=replace(CLAIM, seed=None), describe_attempts=1)
WATCH_DESCRIBE = replace(
    DESCRIBE_CLAIMED, describe=replace(ACCEPTED, seed=None), next_step=Step.WATCH_DESCRIBE
)
UPSCALE_UNDECIDED = replace(
    WATCH_IMAGINE,
    imagine=replace(ACCEPTED, done=True),
    status=ImageStatus.UPSCALING,
    next_step=Step.UPSCALE,
    progress=80,
    grid_url="https://x/grid.png",
)
UPSCALE = replace(UPSCALE_UNDECIDED, candidate=2)
UPSCALE_CLAIMED = replace(UPSCALE, upscale=replace(CLAIM, token="token 2"), upscale_attempts=1)
WATCH_UPSCALE = replace(
    UPSCALE_CLAIMED,
    upscale=replace(ACCEPTED, token="token 2", task_id="18"),
    next_step=Step.WATCH_UPSCALE,
)
STORE = replace(
    WATCH_UPSCALE,
    status=ImageStatus.POST_PROCESSING,
    next_step=Step.STORE,
    holds_slot=False,
    progress=95,
    source_url="https://x/done.png",
)
_ENDED = replace(STORE, next_step=None, due_at=None)
SUCCEEDED = replace(
    _ENDED, status=ImageStatus.SUCCEEDED, progress=100, image_url="https://ours/picture.png"
)
FAILED = replace(_ENDED, status=ImageStatus.FAILED, error=FAILURE)
ANOTHER_CLAIMED = replace(UPSCALE_CLAIMED, imagine_attempts=0, image_url="https://ours/old.png")
CANCELED = replace(_ENDED, status=ImageStatus.CANCELED)
DRAIN = replace(WATCH_IMAGINE, status=ImageStatus.CANCELED, next_step=Step.DRAIN)

STATES: dict[str, Image] = {
    "waiting": WAITING,
    "queued": QUEUED,
    "imagine": IMAGINE,
    "imagine claimed": IMAGINE_CLAIMED,
    "imagine abandoned": IMAGINE_ABANDONED,
    "watch imagine": WATCH_IMAGINE,
    "describe": DESCRIBE,
    "describe claimed": DESCRIBE_CLAIMED,
    "watch describe": WATCH_DESCRIBE,
    "upscale, undecided": UPSCALE_UNDECIDED,
    "upscale": UPSCALE,
    "upscale claimed": UPSCALE_CLAIMED,
    "another one claimed": ANOTHER_CLAIMED,
    "watch upscale": WATCH_UPSCALE,
    "store": STORE,
    "drain": DRAIN,
    "succeeded": SUCCEEDED,
    "failed": FAILED,
    "canceled": CANCELED,
}

_SEEN = Sighting(task_id="17", phase=Phase.WORKING, progress=40, picture_url="https://x/part.webp")

OBSERVATIONS: dict[str, Observation] = {
    "woken": Woken(),
    "accepted": Accepted(task_id="99"),
    "busy": Busy(reason="full"),
    "refused": Refused(failure=REFUSAL),
    "unsure": Unsure(reason="time-out"),
    "parent lost": ParentLost(reason="restarted"),
    "seen waiting": replace(_SEEN, phase=Phase.WAITING),
    "seen working": _SEEN,
    "seen done": replace(_SEEN, phase=Phase.DONE, picture_url="https://x/done.png"),
    "seen done, no picture": replace(_SEEN, phase=Phase.DONE, picture_url=None),
    "seen failed": replace(_SEEN, phase=Phase.FAILED, failure=FAILURE),
    "seen refused": replace(_SEEN, phase=Phase.FAILED, failure=REFUSAL, permanent=True),
    "missing": Missing(searched=False),
    "missing, searched": Missing(searched=True),
    "unreachable": Unreachable(reason="time-out"),
    "stored": Stored(shown="original", variants={"original": variant("new")}),
    "store failed": StoreFailed(reason="404"),
    "candidate chosen": CandidateChosen(index=3),
    "candidate unknown": CandidateChosen(index=None),
    "admitted": Admitted(),
    "reference ready": ReferenceReady(reference_url="https://x/ref.png"),
    "reference failed": ReferenceFailed(),
    "cancel": CancelRequested(),
    "regenerate": RegenerateRequested(
        nonce="1" * 32, deadline_at=LATER, reference_url="https://ours/ref.png", turn=NOW
    ),
    "another one": RegenerateRequested(
        nonce="1" * 32, deadline_at=LATER, reference_url=None, turn=NOW, candidate=4
    ),
    "gave up": GaveUp(reason="a bug"),
}


def told(decision: Decision) -> str:
    """A decision in a few words: what the image becomes, and what the world is asked."""
    after = decision.after
    words = []
    if decision.changed:
        step = after.next_step.value if after.next_step else "end"
        words.append(f"{after.status.value}, {step}")
    if decision.ask is not None:
        words.append(type(decision.ask).__name__)
    return " + ".join(words) or "-"
