"""Storing a finished picture: the last stage, which costs time and never money."""

import hashlib
from dataclasses import replace
from datetime import datetime

from shared.domain import endings
from shared.domain.failure import FailureCode
from shared.domain.image import Image, ImageStatus, Step
from shared.domain.observation import (
    Ask,
    Look,
    Missing,
    Phase,
    Sighting,
    Stored,
    StoreFailed,
    StorePicture,
    Unreachable,
)
from shared.domain.policy import Policy

ORIGINAL = "original"
"""The name among an image's variants of the picture as the painter made it."""
CANDIDATE_VARIANTS = tuple(f"candidate{index}" for index in (1, 2, 3, 4))
"""The names among an image's variants of the previews of its four."""


def object_name(image: Image) -> str:
    """Where this generation's picture lies in the bucket, without a suffix.

    Unguessable through the nonce, the same for every try, another for every generation.
    """
    secret = hashlib.sha256(f"{image.nonce}/picture".encode()).hexdigest()[:32]
    return f"jobs/{image.job_id}/{image.image_id}-{image.generation}-{secret}"


def store(image: Image) -> tuple[Image, Ask | None]:
    """Copy the picture; after a failure first ask the painter for a fresh link, as links expire."""
    upscale = image.upscale
    if image.store_attempts > 0 and upscale is not None and upscale.task_id is not None:
        return image, Look(task_id=upscale.task_id, token=upscale.token)
    return image, look_for_picture(image, Missing(searched=False))


def look_for_picture(image: Image, seen: Sighting | Missing | Unreachable) -> Ask | None:
    """Copy from the fresh link if the painter gave one, else from the one we have."""
    url = image.source_url
    if isinstance(seen, Sighting) and seen.phase is Phase.DONE and seen.picture_url is not None:
        url = seen.picture_url
    if url is None:
        return None
    return StorePicture(source_url=url, name=object_name(image), grid_url=image.grid_url)


def stored(image: Image, result: Stored) -> Image:
    """The picture is ours: clients see it from this commit on."""
    if image.next_step is not Step.STORE:
        return image
    previews = dict(zip(CANDIDATE_VARIANTS, result.previews, strict=False))
    if not previews and image.grid_url is None:  # those of the same four are there already
        previews = {k: image.variants[k] for k in CANDIDATE_VARIANTS if k in image.variants}
    after = replace(
        image,
        image_url=result.image_url,
        variants={ORIGINAL: result.image_url, **previews},
        grid_url=None if previews else image.grid_url,
    )
    return endings.end(after, ImageStatus.SUCCEEDED)


def store_failed(image: Image, result: StoreFailed, now: datetime, policy: Policy) -> Image:
    """Try again later, a bounded number of times."""
    if image.next_step is not Step.STORE:
        return image
    attempts = image.store_attempts + 1
    after = replace(image, store_attempts=attempts)
    if attempts >= policy.store_attempts:
        message = (
            f"The picture was painted but could not be copied ({result.reason}). Regenerate it."
        )
        return endings.fail(after, FailureCode.PICTURE_UNAVAILABLE, message)
    return replace(after, due_at=now + policy.backoff(attempts))
