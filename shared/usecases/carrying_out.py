"""Doing what was decided: asks the world, and decides on the answer, until nothing is to be asked.

Whoever commits a decision carries it out in the same call: a step, an admission, a fan-out, the
image that hands its slot on. If that call dies, the claim that was committed before tells the next
one to find out what became of it.
"""

from dataclasses import replace
from functools import partial

from shared.domain.ask import (
    Ask,
    ChooseCandidate,
    Find,
    Look,
    StorePicture,
    SubmitDescribe,
    SubmitImagine,
    SubmitUpscale,
)
from shared.domain.failure import Failure, FailureCode
from shared.domain.observation import (
    Busy,
    Observation,
    Refused,
    Sighting,
    StoreFailed,
    Trouble,
    Unreachable,
    Unsure,
)
from shared.domain.stage import WATCHING
from shared.log import log
from shared.ports import PictureRejected, PictureUnavailable, StoreError
from shared.tracing import about
from shared.usecases.metrics import painter_refused
from shared.usecases.pausing import pause_admission
from shared.usecases.pictures import choose_candidate, store_picture
from shared.usecases.services import Services
from shared.usecases.transitions import Advanced, Stale, advance, call_off_alarms, follow_up

REFUSALS = frozenset({FailureCode.BANNED_WORD, FailureCode.MODERATED, FailureCode.PROMPT_REJECTED})
"""What the painter finds wrong with a request."""
ALARMING = frozenset(Trouble) - {Trouble.QUEUE_FULL, Trouble.UNREACHABLE, Trouble.OTHER}
"""What does not pass by itself, as far as is known."""


def carry_out(services: Services, advanced: Advanced) -> Advanced:
    """Carry a decision out, and whatever follows from it, heirs included; answers the last one.

    Raises `Stale`, `StoreUnavailable`: what was committed by then is found by the sweeper.
    """
    image = advanced.image.value
    with about(image.image_id, stage=image.next_step or "none") as told:
        after = _carry_out(services, advanced)
        told["outcome"] = after.decision.after.status
    return after


def _carry_out(services: Services, advanced: Advanced) -> Advanced:
    image_id, passed_by = advanced.image.value.image_id, [advanced.decision]
    while (ask := advanced.decision.ask) is not None:
        answer = _ask(services, image_id, ask)
        _learn(services, advanced, answer)
        if isinstance(answer, Busy | Unsure | Unreachable | StoreFailed):
            why = f"{type(ask).__name__}: {answer.reason}"
            log("WARNING", "no result; will be tried again", imageId=image_id, why=why)
        observed = (*advanced.observed, answer)
        advanced = advance(services, advanced.image, *observed, hands_slot_on=True)
        passed_by.append(advanced.decision)
        _report(answer)
        describes = isinstance(ask, SubmitDescribe)
        if isinstance(answer, Busy) and answer.everyone and not describes:
            pause_admission(services, answer.trouble)
    follow_up(services, advanced)
    if advanced.heir is not None:
        begin(services, advanced.heir)
    call_off_alarms(services, passed_by)
    return advanced


def begin(services: Services, admitted: Advanced) -> bool:
    """Carry out what an image was just admitted for; answers whether the painter took it.

    What goes wrong is nobody else's business: the image's claim has been committed.
    """
    try:
        after = carry_out(services, admitted).image.value
    except (Stale, StoreError) as error:
        log("WARNING", "admitted, but not begun; left to the sweeper", why=type(error).__name__)
        return False
    return after.next_step in WATCHING


def begin_all(services: Services, admitted: list[Advanced]) -> list[bool]:
    """The same for several at once, side by side, as each waits for the painter."""
    return services.side_by_side([partial(begin, services, one) for one in admitted])


def _ask(services: Services, image_id: str, ask: Ask) -> Observation:
    match ask:
        case SubmitDescribe() | SubmitImagine() | SubmitUpscale():
            return _submit(services, image_id, ask)
        case Look() | Find():
            return _look(services, ask)
        case ChooseCandidate():
            return choose_candidate(services, ask)
        case StorePicture():
            return store_picture(services, ask)


def _look(services: Services, ask: Look | Find) -> Observation:
    painter, asked_at = services.painter, services.clock()
    if isinstance(ask, Look):
        answer = painter.look(ask.task_id, token=ask.token)
    else:
        answer = painter.find(ask.token, since=ask.since)
    return answer if isinstance(answer, Unreachable) else replace(answer, asked_at=asked_at)


def _report(answer: Observation) -> None:
    """Say what of the painter's answer its operator has to know, once it has been acted on."""
    match answer:
        case Refused(failure=failure) if failure.code in REFUSALS:
            painter_refused(failure.code)
        case Sighting(failure=Failure() as failure, permanent=True):
            painter_refused(failure.code)
        case Sighting(trouble=Trouble() as trouble) | Busy(trouble=trouble) if trouble in ALARMING:
            painter_refused(trouble)


def _learn(services: Services, advanced: Advanced, answer: Observation) -> None:
    """Remember how long the painter took, for the moments of later looks."""
    image = advanced.image.value
    stage = WATCHING.get(image.next_step)
    if stage is not None and isinstance(answer, Sighting):
        services.paces.saw(stage, answer)


def _submit(
    services: Services, image_id: str, ask: SubmitDescribe | SubmitImagine | SubmitUpscale
) -> Observation:
    painter, drawing = services.painter, None
    hook = services.hooks.url(image_id, ask.token) if services.hooks else None
    if not isinstance(ask, SubmitUpscale) and ask.drawing is not None:
        try:
            drawing = services.picture_store.read(ask.drawing)
        except PictureUnavailable as error:
            return Busy(reason=f"the drawing could not be read: {error}", everyone=False)
        except PictureRejected:
            message = "The drawing is no longer there. Start the book again with it."
            return Refused(failure=Failure(code=FailureCode.PICTURE_UNAVAILABLE, message=message))
    if services.clock() > ask.not_after:
        reason = "the claim took too long to commit; nothing was sent"
        return Busy(reason=reason, everyone=False)
    match ask:
        case SubmitImagine():
            return painter.imagine(ask.prompt, token=ask.token, hook=hook, drawing=drawing)
        case SubmitUpscale():
            return painter.upscale(ask.parent_task_id, ask.index, token=ask.token, hook=hook)
        case SubmitDescribe() if drawing is not None:
            return painter.describe(drawing, token=ask.token, hook=hook)
    return Busy(reason="there is no drawing", everyone=False)
