"""Watching the painter at work: progress, endings, time limits, and trying again."""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain import endings
from shared.domain.ask import Ask, Find
from shared.domain.failure import Failure, FailureCode
from shared.domain.image import Image, ImageStatus, Step
from shared.domain.observation import Missing, Phase, Sighting, Told, Unreachable
from shared.domain.policy import Policy
from shared.domain.stage import DESCRIBE, IMAGINE, WATCHING, Stage

GRID_DONE, UPSCALED = 80, 95
"""Percent of the whole picture's progress at which IMAGINE and UPSCALE end."""
MOST_DESCRIBED = 1000
"""Characters of a description that are kept."""
SEEN = 10
"""Percent of progress that a person sees as a difference; less is not worth a write."""
_PROGRESS = {"describe": (0, 0), "imagine": (0, GRID_DONE), "upscale": (GRID_DONE, GRID_DONE)}
"""Percent of the whole picture's progress while a stage goes from 0 to 100; UPSCALE says none."""


def watched(image: Image, stage: Stage, seen: Sighting, now: datetime, policy: Policy) -> Image:
    """The painter's task was seen: go on with the next stage, look again, or try again."""
    match seen.phase:
        case Phase.DONE if stage is DESCRIBE:
            described = (seen.words or "").strip()[:MOST_DESCRIBED]
            return go_on(replace(image, described=described), now)
        case Phase.DONE if seen.picture_url is not None:
            return _done(_timed(image, stage, seen), stage, seen.picture_url, now, policy)
        case Phase.FAILED if seen.permanent and stage is DESCRIBE:
            return go_on(image, now)
        case Phase.FAILED if seen.failure is not None and seen.permanent:
            return endings.fail(image, seen.failure.code, seen.failure.message)
        case Phase.DONE | Phase.FAILED:
            return try_again(image, stage, seen.failure or _without_picture(), now, policy)
        case Phase.WAITING:
            later = max(policy.look_max, policy.next_look(stage.name, timedelta(), None))
            return replace(image, due_at=now + later, troubles=0)
        case Phase.WORKING:
            return _working(image, stage, seen, now, policy)


def try_again(image: Image, stage: Stage, why: Failure, now: datetime, policy: Policy) -> Image:
    """The image with a further try of the stage ahead of it, or failed if none is left."""
    attempts = stage.attempts(image)
    if attempts >= stage.most_attempts(policy):
        if stage is DESCRIBE:
            return go_on(image, now)
        message = f"{why.message} (Tried {attempts} times.)"
        return endings.fail(image, why.code, message)
    after = stage.with_submission(image, None)
    if stage is IMAGINE:
        # A new grid has all its tries of UPSCALE before it.
        after = replace(after, upscale=None, upscale_attempts=0, candidate=None, grid_url=None)
    return replace(
        after,
        status=stage.status,
        next_step=stage.submit,
        due_at=now + policy.backoff(attempts),
        troubles=0,
    )


def find_again(
    image: Image, stage: Stage, missing: Missing, now: datetime, policy: Policy
) -> tuple[Image, Ask | None]:
    """The painter does not know its task: search by token first, then take it for lost."""
    submission = stage.submission(image)
    if submission is not None and not missing.searched:
        return image, Find(token=submission.token, since=submission.claimed_at)
    lost = Failure(
        code=FailureCode.PAINTING_FAILED,
        message="The painter forgot the picture while it painted it. Regenerate it.",
    )
    return try_again(image, stage, lost, now, policy), None


def go_on(image: Image, now: datetime) -> Image:
    """Paint the drawing with the words that there are; a description is a help, never a need."""
    return replace(image, next_step=Step.IMAGINE, due_at=now, troubles=0)


def unreachable(image: Image, stage: Stage, now: datetime, policy: Policy) -> Image:
    """The painter gave no usable answer: the same again, a little later each time."""
    troubles = image.troubles + 1
    if stage is DESCRIBE and troubles > policy.describe_troubles:
        return go_on(image, now)
    return replace(image, troubles=troubles, due_at=now + policy.backoff(troubles))


def drained(
    image: Image, seen: Sighting | Missing | Unreachable, now: datetime, policy: Policy
) -> Image:
    """A canceled image keeps its slot for as long as the painter is, or may be, at work on it."""
    submission = image.latest_submission
    carries_drawing = image.drawing is not None and image.upscale is None
    lease = policy.lease(with_drawing=carries_drawing)
    match seen:
        case Sighting():
            at_work = seen.phase in {Phase.WAITING, Phase.WORKING}
        case Missing():
            # A submission whose answer was lost may yet arrive, until its lease is over.
            at_work = (
                submission is not None
                and submission.task_id is None
                and (seen.asked_at or now) < submission.claimed_at + lease
            )
        case Unreachable():
            at_work = True
    if at_work:
        return replace(image, due_at=now + policy.look_max)
    return replace(image, next_step=None, due_at=None, admitted_at=None, holds_slot=False)


def _timed(image: Image, stage: Stage, seen: Sighting) -> Image:
    submission = stage.submission(image)
    if submission is None:
        return image
    return stage.with_submission(image, replace(submission, seconds=seen.seconds))


def _done(image: Image, stage: Stage, url: str, now: datetime, policy: Policy) -> Image:
    if stage is IMAGINE:
        return replace(
            image,
            imagine=replace(image.imagine, done=True) if image.imagine else None,
            status=ImageStatus.UPSCALING,
            progress=max(image.progress, GRID_DONE),
            preview_url=url,
            grid_url=url,
            next_step=Step.UPSCALE,
            due_at=now,
            troubles=0,
        )
    return replace(
        image,
        status=ImageStatus.POST_PROCESSING,
        progress=max(image.progress, UPSCALED),
        source_url=url,
        admitted_at=None,
        holds_slot=False,
        next_step=Step.STORE,
        due_at=now,
        troubles=0,
        fan_out_due_at=now + policy.fan_out_grace if image.is_reference else None,
    )


def _working(image: Image, stage: Stage, seen: Sighting, now: datetime, policy: Policy) -> Image:
    submission = stage.submission(image)
    if submission is None:
        return image
    if submission.started_at is None:
        # The painter's clock may be off: its word counts only between our claim and now.
        started_at = max(submission.claimed_at, min(seen.started_at or now, now))
        submission = replace(submission, started_at=started_at)
        image = stage.with_submission(image, submission)
    # What it has done since it was asked nobody knows: it may have been done in time.
    asked_at = min(now, seen.asked_at or now)
    elapsed = max(timedelta(), asked_at - (submission.started_at or asked_at))
    limit = stage.limit(policy)
    if elapsed >= limit:
        return try_again(image, stage, _too_slow(stage, policy), now, policy)
    delay = min(policy.next_look(stage.name, elapsed, seen.progress), limit - elapsed)
    return replace(
        shown_progress(image, stage, seen), due_at=max(now, asked_at + delay), troubles=0
    )


def shown_progress(image: Image, stage: Stage, seen: Sighting) -> Image:
    """The image with the progress and the partial picture that were seen; both only go forward."""
    begins, ends = _PROGRESS[stage.name]
    progress = begins + (seen.progress or 0) * (ends - begins) // 100
    return replace(
        image,
        progress=max(image.progress, progress),
        # While it upscales, the painter may still show the grid: keep what we have.
        preview_url=(seen.picture_url if stage is IMAGINE else None) or image.preview_url,
    )


def told(image: Image, news: Told) -> Image:
    """What a person would see change by the painter's news; the step machine stays where it is."""
    stage = WATCHING.get(image.next_step)
    submission = stage.submission(image) if stage else None
    if stage is None or submission is None or submission.token != news.token:
        return image
    if news.seen.phase is not Phase.WORKING:
        return image
    after = shown_progress(image, stage, news.seen)
    first_picture = image.preview_url is None and after.preview_url is not None
    # News come in any order: a partial picture is taken only with progress.
    return after if first_picture or after.progress - image.progress >= SEEN else image


def _too_slow(stage: Stage, policy: Policy) -> Failure:
    seconds = int(stage.limit(policy).total_seconds())
    return Failure(
        code=FailureCode.PAINTING_TIMED_OUT,
        message=f"MidJourney did not finish the {stage.name} in {seconds} s. Regenerate the image.",
    )


def _without_picture() -> Failure:
    return Failure(
        code=FailureCode.PAINTING_FAILED,
        message="MidJourney ended without a picture. Regenerate the image.",
    )
