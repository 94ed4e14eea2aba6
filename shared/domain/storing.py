"""Storing a finished picture: the last stage, which costs time and never money."""

import hashlib
from dataclasses import replace
from datetime import datetime

from shared.domain import endings
from shared.domain.ask import Ask, Look, StorePicture
from shared.domain.failure import FailureCode
from shared.domain.image import Image, ImageStatus, Shown, Step
from shared.domain.observation import Missing, Phase, Sighting, Stored, StoreFailed, Unreachable
from shared.domain.policy import Policy
from shared.domain.variants import CANDIDATES


def object_name(image: Image) -> str:
    """What the names of this generation's objects in the bucket begin with.

    Unguessable through the nonce, the same for every try, another for every generation. No slash:
    a link to it shall need no escapes, which the proxy would escape once more.
    """
    secret = hashlib.sha256(f"{image.nonce}/picture".encode()).hexdigest()[:32]
    return f"{image.image_id}-{image.generation}-{secret}"


def store(image: Image, now: datetime, policy: Policy) -> tuple[Image, Ask | None]:
    """Claim a try, so that one that dies counts and is not run twice at once; then do it.

    The first needs no claim of its own: the commit that made it due is its claim, for a lease's
    time. After a failure first ask the painter for a fresh link, as links expire.
    """
    if _is_first_try(image) and image.due_at and now < image.due_at + policy.store_lease:
        return image, look_for_picture(image, Missing(searched=False), policy)
    attempts = image.store_attempts + 1
    if attempts > policy.store_attempts:
        message = "The picture was painted but could not be finished. Regenerate it."
        return endings.fail(image, FailureCode.PICTURE_UNAVAILABLE, message), None
    after = replace(image, store_attempts=attempts, due_at=now + policy.store_lease)
    upscale = image.upscale
    if not _is_first_try(image) and upscale is not None and upscale.task_id is not None:
        return after, Look(task_id=upscale.task_id, token=upscale.token)
    return after, look_for_picture(after, Missing(searched=False), policy)


def _is_first_try(image: Image) -> bool:
    return image.store_attempts + image.troubles == 0


def look_for_picture(
    image: Image, seen: Sighting | Missing | Unreachable, policy: Policy
) -> Ask | None:
    """Copy from the fresh link if the painter gave one, else from the one we have."""
    url = image.source_url
    if isinstance(seen, Sighting) and seen.phase is Phase.DONE and seen.picture_url is not None:
        url = seen.picture_url
    if url is None:
        return None
    last_try = image.store_attempts >= policy.store_attempts
    return StorePicture(
        kind=image.kind,
        background_effect=image.background_effect,
        source_url=url,
        # Earlier tries may have left objects behind, of the finished picture.
        name=object_name(image) + ("-painted" if last_try else ""),
        expire_at=image.expire_at,
        grid_url=image.grid_url,
        last_try=last_try,
    )


def stored(image: Image, result: Stored) -> Image:
    """The picture is ours: clients see it from this commit on."""
    if image.next_step is not Step.STORE:
        return image
    variants = dict(result.variants)
    if not image.grid_url:  # the previews of the same four are there already
        variants |= {name: image.variants[name] for name in CANDIDATES if name in image.variants}
    after = replace(
        image,
        image_url=variants[result.shown].url,
        is_fallback=False,
        shown=Shown(imagine=image.imagine, candidate=image.candidate or 1)
        if image.imagine
        else None,
        variants=variants,
        warnings=result.warnings,
        grid_url=None if CANDIDATES[0] in variants else image.grid_url,
    )
    return endings.end(after, ImageStatus.SUCCEEDED)


def store_failed(image: Image, result: StoreFailed, now: datetime, policy: Policy) -> Image:
    """Try again later: a bounded number of times, and longer if something is out of reach."""
    if image.next_step is not Step.STORE:
        return image
    if result.passing and image.troubles < policy.store_troubles:
        troubles = image.troubles + 1
        attempts = max(0, image.store_attempts - 1)
        due_at = now + policy.backoff(troubles)
        return replace(image, store_attempts=attempts, troubles=troubles, due_at=due_at)
    image = replace(image, store_attempts=max(1, image.store_attempts))
    if result.passing or image.store_attempts >= policy.store_attempts:
        message = (
            f"The picture was painted but could not be copied ({result.reason}). Regenerate it."
        )
        return endings.fail(image, FailureCode.PICTURE_UNAVAILABLE, message)
    return replace(image, due_at=now + policy.backoff(image.store_attempts))
