"""Submitting a DESCRIBE, an IMAGINE or an UPSCALE: the steps that cost money.

The rule that keeps a picture from being paid for twice: the claim is committed before anything is
sent. Whoever finds a claim without a task id searches the painter's own list for its token, adopts
what it finds, and submits again only what is absent after the claim's lease, when the call that
made the claim can no longer be talking to the painter.

    claim committed ──> submit sent ──> answer ──> task id committed
                    │               │          │
                    └───────────────┴──────────┴── a crash here leaves the claim; `recovered` mends
"""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain import endings
from shared.domain.ask import (
    Ask,
    ChooseCandidate,
    Find,
    SubmitDescribe,
    SubmitImagine,
    SubmitUpscale,
)
from shared.domain.commands import queue
from shared.domain.failure import Failure, FailureCode
from shared.domain.image import Image, Step, Submission
from shared.domain.observation import (
    Accepted,
    Busy,
    CandidateChosen,
    Missing,
    ParentLost,
    Refused,
    Sighting,
    Unreachable,
    Unsure,
)
from shared.domain.policy import Policy
from shared.domain.prompts import build_prompt, seed_for
from shared.domain.stage import DESCRIBE, IMAGINE, SUBMITTING, UPSCALE, Stage
from shared.domain.watching import go_on, try_again, unreachable, watched

Answer = Accepted | Busy | Refused | Unsure | ParentLost


def submit(image: Image, stage: Stage, now: datetime, policy: Policy) -> tuple[Image, Ask | None]:
    """Claim a submission and ask for it to be sent; with a claim there already, search for it."""
    claimed = stage.submission(image)
    if claimed is not None:
        return image, find(claimed)
    if stage is UPSCALE:
        return _submit_upscale(image, now, policy)
    after, claim = _claim(image, stage, now, policy)
    not_after = now + policy.submit_within
    if stage is DESCRIBE:
        if image.drawing is None:
            return go_on(image, now), None
        return after, SubmitDescribe(drawing=image.drawing, token=claim.token, not_after=not_after)
    seed = seed_for(claim.token)
    claim = replace(claim, seed=seed, rules=policy.prompts.version)
    return IMAGINE.with_submission(after, claim), SubmitImagine(
        prompt=build_prompt(image, seed, policy.prompts),
        drawing=image.drawing,
        token=claim.token,
        not_after=not_after,
    )


def candidate_chosen(
    image: Image, chosen: CandidateChosen, now: datetime, policy: Policy
) -> tuple[Image, Ask | None]:
    """Upscale the chosen one of the four; the first if the choice could not be made."""
    if image.next_step is not Step.UPSCALE or image.upscale or image.candidate is not None:
        return image, None
    return _submit_upscale(replace(image, candidate=chosen.index or 1), now, policy)


def find(submission: Submission) -> Find:
    """The question what became of a submission."""
    return Find(token=submission.token, since=submission.claimed_at)


def _submit_upscale(image: Image, now: datetime, policy: Policy) -> tuple[Image, Ask | None]:
    parent = image.imagine.task_id if image.imagine else None
    if parent is None:
        return _without_grid(image, "no grid is known", now, policy), None
    candidate = image.candidate or policy.candidate
    if candidate is None:
        compared = image.reference_url or image.drawing
        if image.grid_url is not None and compared is not None:
            return image, ChooseCandidate(
                grid_url=image.grid_url, reference_url=image.reference_url, drawing=image.drawing
            )
        candidate = 1
    image = replace(image, candidate=candidate)
    after, claim = _claim(image, UPSCALE, now, policy)
    return after, SubmitUpscale(
        parent_task_id=parent,
        index=candidate,
        token=claim.token,
        not_after=now + policy.submit_within,
    )


def _claim(image: Image, stage: Stage, now: datetime, policy: Policy) -> tuple[Image, Submission]:
    claim = Submission(token=f"{image.nonce}-{image.seq + 1}", claimed_at=now)
    after = stage.with_submission(image, claim, attempts=+1)
    # Until the lease is over only this call may go on; after that the sweeper finds it.
    return replace(after, status=stage.status, due_at=now + stage.lease(image, policy)), claim


def answered(image: Image, answer: Answer, now: datetime, policy: Policy) -> Image:
    """The painter's answer to the submission that this call sent."""
    stage = SUBMITTING.get(image.next_step)
    submission = stage.submission(image) if stage else None
    if stage is None or submission is None:
        return image
    match answer:
        case Accepted():
            known = replace(
                submission, task_id=answer.task_id, token=answer.token or submission.token
            )
            return _accepted(image, stage, known, now, policy)
        case Busy():
            return _not_taken(image, stage, answer, now, policy)
        case Refused() if stage is DESCRIBE:
            return go_on(image, now)
        case Refused():
            return endings.fail(image, answer.failure.code, answer.failure.message)
        case Unsure():
            lost = stage.with_submission(image, replace(submission, answer_lost=True))
            return unreachable(lost, stage, now, policy)
        case ParentLost():
            return _without_grid(image, answer.reason, now, policy)


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
            lease_ends = submission.claimed_at + stage.lease(image, policy)
            if (seen.asked_at or now) < lease_ends:  # it may have arrived since
                return replace(image, due_at=max(lease_ends, now + policy.look_min))
            return _released(image, stage, now, policy)
        case Unreachable():
            return unreachable(image, stage, now, policy)


def _accepted(
    image: Image, stage: Stage, submission: Submission, now: datetime, policy: Policy
) -> Image:
    return replace(
        stage.with_submission(image, submission),
        next_step=stage.watch,
        due_at=now + policy.next_look(stage.name, timedelta(), None),
        troubles=0,
    )


def _not_taken(image: Image, stage: Stage, busy: Busy, now: datetime, policy: Policy) -> Image:
    """Wait: in the queue if all have to, so that no slot and no time at work is lost by it.

    What has four pictures already keeps its slot: nobody else can be given the painter's half.
    A drawing that can't be described yet is nobody else's trouble, and bounded.
    """
    if not busy.everyone or stage is not IMAGINE:
        # While nobody is served, nobody's time at work passes; that of the whole does.
        waits = busy.everyone and image.admitted_at is not None
        image = replace(image, admitted_at=now) if waits else image
        return _released(image, stage, now, policy)
    return queue(stage.with_submission(image, None, attempts=-1))


def _released(image: Image, stage: Stage, now: datetime, policy: Policy) -> Image:
    """The painter certainly has no such submission: it cost no attempt, and is sent again later."""
    after = stage.with_submission(image, None, attempts=-1)
    return unreachable(after, stage, now, policy)


def _without_grid(image: Image, reason: str, now: datetime, policy: Policy) -> Image:
    """The painter lost the four pictures: paint four new ones, unless one of those was wanted."""
    if image.keeps_its_grid:
        message = (
            f"The painter no longer knows the four pictures ({reason}). Regenerate the image "
            "without candidate to have four new ones painted."
        )
        return endings.fail(image, FailureCode.CANDIDATE_LOST, message)
    message = f"The painter lost the picture between its two stages ({reason}). Regenerate it."
    failure = Failure(code=FailureCode.PAINTING_FAILED, message=message)
    return try_again(image, IMAGINE, failure, now, policy)
