"""One step of one image: what a task does when it rings."""

from shared.crash_points import CrashPoint, reach
from shared.domain.decide import Decision
from shared.domain.image import Image, Step
from shared.domain.observation import GaveUp, Woken
from shared.domain.storing import object_name
from shared.tracing import identify
from shared.usecases.carrying_out import carry_out
from shared.usecases.services import Services
from shared.usecases.transitions import Stale, advance, fencing_token, follow_up


def run_step(
    services: Services, image_id: str, generation: int, seq: int, *, stores: bool = False
) -> str:
    """Do what is due for an image, if the fencing token still fits; answers a word for the log.

    Reads the image, decides, commits, asks the world, and decides on the answer; a submission's
    claim is thus committed before it is sent. Tasks that come twice, late or out of order find
    their token outdated and do nothing. `stores`: the task is one of those that store pictures.

    Raises `StoreUnavailable`, and `PictureUnavailable` if a deleted picture can't be removed: the
    task is then retried.
    """
    identify(image_id=image_id)
    image = services.store.image(image_id)
    if image is None and stores:
        _remove_leftovers(services, image_id, generation)
    if image is None or fencing_token(image.value) != (generation, seq):
        return "outdated"
    identify(image_id=image_id, stage=image.value.next_step or "none")
    reach(CrashPoint.STEP_READ)
    try:
        return _word(carry_out(services, advance(services, image, Woken())).decision)
    except Stale:
        if image.value.next_step is Step.STORE:
            _remove_if_deleted(services, image.value)
        return "overtaken"


def _remove_if_deleted(services: Services, image: Image) -> None:
    """Remove what was just stored of a picture whose book was deleted meanwhile."""
    now = services.store.image(image.image_id)
    if now is not None and now.value.created_at == image.created_at:
        return  # else its book was asked for anew, with the same ids
    services.picture_store.remove(services.picture_store.find(object_name(image)))


def _remove_leftovers(services: Services, image_id: str, generation: int) -> None:
    """Remove what an earlier attempt may have stored of a picture whose book was deleted."""
    found = services.picture_store.find(f"{image_id}-{generation}-")
    # Looked up once more: what is found may be of the same book, asked for anew just now.
    if services.store.image(image_id) is None:
        services.picture_store.remove(found)


def give_up(services: Services, image_id: str, generation: int, seq: int, reason: str) -> None:
    """End an image because a fault of ours outlasted every retry of its task.

    Only if the task's fencing token still fits: an image that was moved on is somebody else's, and
    a claim without an answer is the sweeper's.
    """
    image = services.store.image(image_id)
    if image is None or fencing_token(image.value) != (generation, seq):
        return
    try:
        advanced = advance(services, image, GaveUp(reason=reason))
    except Stale:
        return
    follow_up(services, advanced)


def _word(decision: Decision) -> str:
    return decision.after.status.value if decision.changed else "nothing to do"
