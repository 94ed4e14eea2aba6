"""One step of one image: what a task does when it rings."""

from shared.domain.decide import Decision
from shared.domain.failure import Failure, FailureCode
from shared.domain.image import Image
from shared.domain.observation import (
    Ask,
    Busy,
    ChooseCandidate,
    Find,
    GaveUp,
    Look,
    Observation,
    Refused,
    StoreFailed,
    StorePicture,
    SubmitDescribe,
    SubmitImagine,
    SubmitUpscale,
    Unreachable,
    Unsure,
    Woken,
)
from shared.log import log
from shared.ports import PictureRejected, PictureUnavailable
from shared.usecases.pictures import choose_candidate, store_picture
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
    match ask:
        case SubmitDescribe() | SubmitImagine() | SubmitUpscale():
            return _submit(services, ask)
        case Look():
            return services.painter.look(ask.task_id, token=ask.token, confirm=ask.confirm)
        case Find():
            return services.painter.find(ask.token, since=ask.since, confirm=ask.confirm)
        case ChooseCandidate():
            return choose_candidate(services, ask)
        case StorePicture():
            return store_picture(services, ask)


def _submit(services: Services, ask: SubmitDescribe | SubmitImagine | SubmitUpscale) -> Observation:
    painter, drawing = services.painter, None
    if not isinstance(ask, SubmitUpscale) and ask.drawing is not None:
        try:
            drawing = services.picture_store.read(ask.drawing)
        except PictureUnavailable as error:
            return Busy(reason=f"the drawing could not be read: {error}")
        except PictureRejected:
            message = "The drawing is no longer there. Start the book again with it."
            return Refused(failure=Failure(code=FailureCode.PICTURE_UNAVAILABLE, message=message))
    if services.clock() > ask.not_after:
        return Busy(reason="the claim took too long to commit; nothing was sent")
    match ask:
        case SubmitImagine():
            return painter.imagine(ask.prompt, token=ask.token, drawing=drawing)
        case SubmitUpscale():
            return painter.upscale(ask.parent_task_id, ask.index, token=ask.token)
        case SubmitDescribe() if drawing is not None:
            return painter.describe(drawing, token=ask.token)
    return Busy(reason="there is no drawing")


def _word(decision: Decision) -> str:
    image: Image = decision.after
    return image.status.value if decision.changed else "nothing to do"
