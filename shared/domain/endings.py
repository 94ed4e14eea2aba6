"""The ways in which an image ends. Each is a pure change of the image."""

from dataclasses import replace
from datetime import datetime

from shared.domain.failure import Failure, FailureCode
from shared.domain.image import Image, ImageStatus
from shared.domain.variants import PREVIEW


def end(image: Image, status: ImageStatus, failure: Failure | None = None) -> Image:
    """The image at its end, with no step left and no slot held.

    A picture from an earlier generation is never lost: where there is one, an unhappy ending makes
    the image `succeeded` with that picture again, and `error` says why nothing new came. The prompt
    stays the new one, to be tried again.
    """
    if status is not ImageStatus.SUCCEEDED and image.has_picture:
        status = ImageStatus.SUCCEEDED
    if status is ImageStatus.FAILED and image.fallback_url is not None:
        image = replace(image, image_url=image.fallback_url, is_fallback=True)
    if status is ImageStatus.CANCELED and image.is_fallback:
        image = replace(image, image_url=None, is_fallback=False)
    preview = image.variants.get(PREVIEW)
    return replace(
        image,
        status=status,
        error=failure,
        progress=100 if status is ImageStatus.SUCCEEDED else image.progress,
        next_step=None,
        due_at=None,
        admit_key=None,
        admitted_at=None,
        holds_slot=False,
        preview_url=preview.url if preview and image.has_picture else None,
        fan_out_due_at=None if status is ImageStatus.FAILED else image.fan_out_due_at,
    )


def announced(before: Image, after: Image, now: datetime) -> Image:
    """The image after a change; if that ended it, with the callback that somebody wants of it."""
    if before.ended or not after.ended or after.callback_url is None:
        return after
    return replace(after, callback_due_at=now)


def fail(image: Image, code: FailureCode, message: str) -> Image:
    """The image, failed for the reason given."""
    return end(image, ImageStatus.FAILED, Failure(code=code, message=message))


def expire(image: Image) -> Image:
    """The image at its deadline; one that was draining just gives its slot back."""
    if image.ended:
        return replace(image, next_step=None, due_at=None, admitted_at=None, holds_slot=False)
    message = (
        "The time for the whole picture, waiting included, has passed. Regenerate it; if this "
        "happens often, the painter is overloaded."
    )
    return fail(image, FailureCode.DEADLINE_EXCEEDED, message)


def fail_with_reference(image: Image) -> Image:
    """A member whose reference failed for good; others are not concerned."""
    if image.status is not ImageStatus.WAITING_FOR_REFERENCE:
        return image
    message = (
        "The main character, after which this picture would have been painted, failed. "
        "Regenerate the main character: this picture then follows by itself."
    )
    return fail(image, FailureCode.REFERENCE_FAILED, message)


def fail_internally(image: Image) -> Image:
    """The image after a fault of ours that no retry mended."""
    if image.ended:
        return image
    message = "A fault of the server kept this picture from being painted. Regenerate it later."
    return fail(image, FailureCode.INTERNAL_ERROR, message)
