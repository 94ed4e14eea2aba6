"""What others than the step machine want of an image: admission, fan-out and clients."""

from dataclasses import replace
from datetime import datetime

from shared.domain import endings
from shared.domain.failure import Failure, FailureCode
from shared.domain.image import Image, ImageStatus, Step
from shared.domain.observation import Admitted, ReferenceReady, RegenerateRequested
from shared.domain.policy import Policy
from shared.domain.stage import (
    AT_WORK,
    DESCRIBE,
    IMAGINE,
    UPSCALE,
    Stage,
    submission_in_flight,
)
from shared.domain.variants import CANDIDATES


def admit(image: Image, admitted: Admitted, now: datetime, policy: Policy) -> Image:
    """Give a queued image a slot; its own time starts here."""
    if image.status is not ImageStatus.QUEUED:
        return image
    stage = _first_stage(image, policy)
    return replace(
        image,
        status=stage.status,
        next_step=stage.submit,
        due_at=now,
        admit_key=None,
        admitted_at=now,
        holds_slot=True,
        crowded=admitted.crowded,
    )


def queue(image: Image) -> Image:
    """Have the image wait for a slot, in its turn."""
    return replace(
        image,
        status=ImageStatus.QUEUED,
        next_step=Step.EXPIRE,
        due_at=image.deadline_at,
        admit_key=image.turn or image.created_at,
        admitted_at=None,
        holds_slot=False,
    )


def _first_stage(image: Image, policy: Policy) -> Stage:
    if image.has_grid:
        return UPSCALE
    if image.needs_words and policy.describe_attempts > 0:
        return DESCRIBE
    return IMAGINE


def start_after(image: Image, reference: ReferenceReady) -> Image:
    """Queue a member that waited for its reference."""
    if image.status is not ImageStatus.WAITING_FOR_REFERENCE:
        return image
    return queue(
        replace(
            image,
            reference_url=reference.reference_url,
            reference_seconds=reference.painting_seconds,
        )
    )


def cancel(image: Image, now: datetime, policy: Policy) -> Image:
    """End the image, unless a call is talking to the painter about it this very moment.

    What the painter is at work on, or may be, can't be stopped there: the slot stays taken until
    it is done.
    """
    if image.ended or submission_in_flight(image, now, policy):
        return image
    advice = "Regenerate it to have it painted."
    if not image.is_reference and image.reference_url is None:
        advice = "Regenerate the main character first, then this one."
    canceled = Failure(code=FailureCode.CANCELED, message=f"Canceled. {advice}")
    after = endings.end(image, ImageStatus.CANCELED, canceled)
    after = replace(after, fan_out_due_at=None)
    stage = AT_WORK.get(image.next_step)
    if stage is None or stage.submission(image) is None:
        return after
    return replace(
        after,
        holds_slot=True,
        next_step=Step.DRAIN,
        due_at=now + policy.look_max,
        deadline_at=now + stage.limit(policy),
        admitted_at=None,
    )


def regenerate(image: Image, request: RegenerateRequested) -> Image:
    """Begin the next generation of an ended image; its picture stays until it is replaced.

    With a candidate it begins with the four pictures that are painted already, if there are any.
    """
    if not image.ended or image.next_step is not None:
        return image
    candidate, grid = request.candidate, None
    if candidate is not None:
        grid = image.offered_grid
        if grid is None:
            return image
    another = grid is not None
    queued = another or image.is_reference or request.reference_url is not None
    again = replace(
        image,
        status=ImageStatus.WAITING_FOR_REFERENCE,
        generation=image.generation + 1,
        nonce=request.nonce,
        prompt=image.prompt if request.prompt is None else request.prompt,
        background_effect=request.background_effect or image.background_effect,
        option_ids=image.option_ids if request.option_ids is None else request.option_ids,
        reference_url=None if image.is_reference else request.reference_url,
        progress=0,
        error=None,
        deadline_at=request.deadline_at,
        next_step=Step.EXPIRE,
        due_at=request.deadline_at,
        turn=request.turn,
        admit_key=None,
        admitted_at=None,
        holds_slot=False,
        preview_url=None,
        # `fan_out_due_at` stays: members may still wait for the generation before this one.
        describe=None,
        imagine=grid,
        upscale=None,
        candidate=candidate,
        # The previews of the four may be there already.
        grid_url=image.grid_url if another and _lacks_previews(image) else None,
        source_url=None,
        describe_attempts=0,
        imagine_attempts=0,
        upscale_attempts=0,
        store_attempts=0,
        troubles=0,
    )
    return queue(again) if queued else again


def _lacks_previews(image: Image) -> bool:
    """Whether `grid_url` is that of the offered four, whose previews could not be kept so far."""
    return image.imagine == image.offered_grid and CANDIDATES[0] not in image.variants
