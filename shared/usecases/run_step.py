"""One step of one image: what a task does when it rings."""

from shared.domain.decide import Decision
from shared.domain.image import Image
from shared.domain.observation import (
    Ask,
    Busy,
    Find,
    GaveUp,
    Look,
    Observation,
    Stored,
    StoreFailed,
    StorePicture,
    SubmitImagine,
    SubmitUpscale,
    Unreachable,
    Unsure,
    Woken,
)
from shared.log import log
from shared.ports import PictureUnavailable
from shared.usecases.services import Services
from shared.usecases.transitions import Stale, advance, fencing_token, follow_up


def run_step(services: Services, image_id: str, generation: int, seq: int) -> str:
    """Do what is due for an image, if the fencing token still fits; answers a word for the log.

    Reads the image, decides, commits, asks the world, and decides on the answer; a submission's
    claim is thus committed before it is sent. Tasks that come twice, late or out of order find
    their token outdated and do nothing. Raises `StoreUnavailable`: the task is then retried.
    """
    image = services.store.image(image_id)
    if image is None or fencing_token(image.value) != (generation, seq):
        return "outdated"
    observation: Observation = Woken()
    try:
        while True:
            image, decision = advance(services, image, observation)
            if decision.ask is None:
                follow_up(services, decision)
                return _word(decision)
            observation = _carry_out(services, decision.ask)
            if isinstance(observation, Busy | Unsure | Unreachable | StoreFailed):
                why = f"{type(decision.ask).__name__}: {observation.reason}"
                log("WARNING", "no result; will be tried again", imageId=image_id, why=why)
    except Stale:
        return "overtaken"


def give_up(services: Services, image_id: str, generation: int, seq: int, reason: str) -> None:
    """End an image because a fault of ours outlasted every retry of its task.

    Only if the task's fencing token still fits: an image that was moved on is somebody else's, and
    a claim without an answer is the sweeper's.
    """
    image = services.store.image(image_id)
    if image is None or fencing_token(image.value) != (generation, seq):
        return
    try:
        _, decision = advance(services, image, GaveUp(reason=reason))
    except Stale:
        return
    follow_up(services, decision)


def _carry_out(services: Services, ask: Ask) -> Observation:
    painter = services.painter
    if isinstance(ask, SubmitImagine | SubmitUpscale) and services.clock() > ask.not_after:
        return Busy(reason="the claim took too long to commit; nothing was sent")
    match ask:
        case SubmitImagine():
            return painter.imagine(ask.prompt, token=ask.token)
        case SubmitUpscale():
            return painter.upscale(ask.parent_task_id, ask.index, token=ask.token)
        case Look():
            return painter.look(ask.task_id, token=ask.token)
        case Find():
            return painter.find(ask.token)
        case StorePicture():
            try:
                picture = services.picture_source.fetch(ask.source_url)
                return Stored(image_url=services.picture_store.put(ask.name, picture))
            except PictureUnavailable as error:
                return StoreFailed(reason=str(error))


def _word(decision: Decision) -> str:
    image: Image = decision.after
    return image.status.value if decision.changed else "nothing to do"
