"""Submitting an IMAGINE or an UPSCALE: the steps that cost money.

The rule that keeps a picture from being paid for twice: the claim is committed before anything is
sent. Whoever finds a claim without a task id searches the painter's own list for its token, adopts
what it finds, and submits again only what is absent after the claim's lease, when the call that
made the claim can no longer be talking to the painter.

    claim committed ──> submit sent ──> answer ──> task id committed
                    │               │          │
                    └───────────────┴──────────┴── a crash here leaves the claim; `recovered` mends
"""

from dataclasses import replace
from datetime import datetime

from shared.domain import endings
from shared.domain.failure import Failure, FailureCode
from shared.domain.image import Image, Submission
from shared.domain.observation import (
    Accepted,
    Ask,
    Busy,
    Find,
    Missing,
    ParentLost,
    Refused,
    Sighting,
    SubmitImagine,
    SubmitUpscale,
    Unreachable,
    Unsure,
)
from shared.domain.policy import Policy
from shared.domain.prompt import build_prompt, seed_for
from shared.domain.stage import IMAGINE, SUBMITTING, Stage
from shared.domain.watching import try_again, unreachable, watched

Answer = Accepted | Busy | Refused | Unsure | ParentLost


def submit(image: Image, stage: Stage, now: datetime, policy: Policy) -> tuple[Image, Ask | None]:
    """Claim a submission and ask for it to be sent; with a claim there already, search for it."""
    claimed = stage.submission(image)
    if claimed is not None:
        return image, Find(token=claimed.token)
    token = f"{image.nonce}-{image.seq + 1}"
    seed = seed_for(token) if stage is IMAGINE else None
    submission = Submission(token=token, claimed_at=now, seed=seed)
    after = stage.with_submission(image, submission, attempts=+1)
    # Until the lease is over only this call may go on; after that the sweeper finds it.
    after = replace(after, status=stage.status, due_at=now + policy.claim_lease)
    not_after = now + policy.submit_within
    if seed is not None:
        prompt = build_prompt(image, seed, policy.prompts)
        return after, SubmitImagine(prompt=prompt, token=token, not_after=not_after)
    if image.imagine is None or image.imagine.task_id is None:
        return try_again(image, IMAGINE, _grid_lost("no grid is known"), now, policy), None
    parent = image.imagine.task_id
    return after, SubmitUpscale(
        parent_task_id=parent, index=image.candidate, token=token, not_after=not_after
    )


def answered(image: Image, answer: Answer, now: datetime, policy: Policy) -> Image:
    """The painter's answer to the submission that this call sent."""
    stage = SUBMITTING.get(image.next_step) if image.next_step else None
    submission = stage.submission(image) if stage else None
    if stage is None or submission is None:
        return image
    match answer:
        case Accepted():
            return _accepted(image, stage, replace(submission, task_id=answer.task_id), now, policy)
        case Busy():
            return _released(image, stage, now, policy)
        case Refused():
            return endings.fail(image, answer.failure.code, answer.failure.message)
        case Unsure():
            lost = stage.with_submission(image, replace(submission, answer_lost=True))
            return unreachable(lost, now, policy)
        case ParentLost():
            return try_again(image, IMAGINE, _grid_lost(answer.reason), now, policy)


def recovered(
    image: Image,
    stage: Stage,
    seen: Sighting | Missing | Unreachable,
    now: datetime,
    policy: Policy,
) -> Image:
    """What the search for a lost answer brought."""
    submission = stage.submission(image)
    if submission is None:
        return image
    match seen:
        case Sighting():
            adopted = replace(submission, task_id=seen.task_id, answer_lost=False)
            after = _accepted(image, stage, adopted, now, policy)
            return watched(after, stage, seen, now, policy)
        case Missing():
            lease_ends = submission.claimed_at + policy.claim_lease
            if now < lease_ends:
                return replace(image, due_at=max(lease_ends, now + policy.look_min))
            return _released(image, stage, now, policy)
        case Unreachable():
            return unreachable(image, now, policy)


def _accepted(
    image: Image, stage: Stage, submission: Submission, now: datetime, policy: Policy
) -> Image:
    first_look = policy.look_max / 2 if stage is IMAGINE else policy.look_max / 4
    return replace(
        stage.with_submission(image, submission),
        next_step=stage.watch,
        due_at=now + first_look,
        troubles=0,
    )


def _released(image: Image, stage: Stage, now: datetime, policy: Policy) -> Image:
    """The painter certainly has no such submission: it cost no attempt, and is sent again later."""
    troubles = image.troubles + 1
    return replace(
        stage.with_submission(image, None, attempts=-1),
        troubles=troubles,
        due_at=now + policy.backoff(troubles),
    )


def _grid_lost(reason: str) -> Failure:
    return Failure(
        code=FailureCode.PAINTING_FAILED,
        message=f"The painter lost the picture between its two stages ({reason}). Regenerate it.",
    )
