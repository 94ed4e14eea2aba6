"""One step of one image: what a task does when it rings."""

from shared.crash_points import CrashPoint, reach
from shared.domain.decide import Decision
from shared.domain.image import Image, Step
from shared.domain.observation import GaveUp, Woken
from shared.domain.storing import object_name
from shared.log import log
from shared.ports import PictureUnavailable
from shared.tracing import identify
from shared.usecases.carrying_out import carry_out
from shared.usecases.services import Services
from shared.usecases.transitions import Stale, advance, fencing_token, follow_up


def run_step(services: Services, image_id: str, generation: int, seq: int) -> str:
    """Do what is due for an image, if the fencing token still fits; answers a word for the log.

    Reads the image, decides, commits, asks the world, and decides on the answer; a submission's
    claim is thus committed before it is sent. Tasks that come twice, late or out of order find
    their token outdated and do nothing. Raises `StoreUnavailable`: the task is then retried.
    """
    identify(image_id=image_id)
    image = services.store.image(image_id)
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
    if services.store.image(image.image_id) is not None:
        return
    try:
        services.picture_store.remove(object_name(image))
    except PictureUnavailable as error:
        log("WARNING", "left to the bucket's lifecycle rule", why=str(error))


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
