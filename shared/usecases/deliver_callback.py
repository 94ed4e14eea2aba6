"""Telling a client's own server of an ending: what a callback's task does when it rings."""

from collections.abc import Callable
from datetime import timedelta

from shared.crash_points import CrashPoint, reach
from shared.domain.events import Event, EventType, ending_of
from shared.domain.image import Image
from shared.domain.job import Job
from shared.log import log
from shared.ports import CallbackFailed, CallbackRefused, Versioned
from shared.tracing import identify
from shared.usecases.services import Services
from shared.usecases.telling import set_due

TRIED_FOR = timedelta(hours=26)
"""Longer than the queue's retries take: until then there is nothing to remind of."""
TRIES = 5


def deliver_callback(
    services: Services,
    event: Event,
    body_of: Callable[[Image | Job], bytes],
    *,
    last: bool,
) -> str:
    """Tell of the event if it is still the latest ending; answers a word for the log.

    `last` says that there will be no further attempt. The callback is over once the client's
    server has taken it, whose answer is lost at times: then it is told again, with the same id.
    Raises `CallbackFailed`, `StoreUnavailable`: the task is then retried.
    """
    if event.type is EventType.IMAGE_ENDED:
        identify(image_id=event.subject_id)
    else:
        identify(job_id=event.subject_id)
    found = _read(services, event)
    if found is None or ending_of(found.value) != event:
        return "outdated"
    url, due_at = found.value.callback_url, found.value.callback_due_at
    if url is None or due_at is None:
        return "told before"
    now = services.clock()
    try:
        if services.callback_sender is None:
            raise CallbackFailed("there is nothing to sign it with (CALLBACK_SECRET)")
        services.callback_sender.send(url, event.event_id, now, body_of(found.value))
        word = "told"
    except CallbackRefused as error:
        word = "refused"
        log("WARNING", "callback refused", eventId=event.event_id, why=str(error))
    except CallbackFailed as error:
        word = "given up"
        log(
            "WARNING",
            f"callback {'given up' if last else 'failed'}",
            eventId=event.event_id,
            why=str(error),
        )
        if not last:
            if due_at <= now:  # the first time: from now on the task is known to be there
                set_due(services, found, now + TRIED_FOR)
            raise
    reach(CrashPoint.CALLED_BACK)
    _settle(services, event, found)
    return word


def _settle(services: Services, event: Event, found: Versioned[Image] | Versioned[Job]) -> None:
    """Write that nothing is to be told any more, unless it goes on or has ended anew."""
    now: Versioned[Image] | Versioned[Job] | None = found
    for _ in range(TRIES):
        if now is None or ending_of(now.value) != event or set_due(services, now, None):
            return
        now = _read(services, event)


def _read(services: Services, event: Event) -> Versioned[Image] | Versioned[Job] | None:
    if event.type is EventType.IMAGE_ENDED:
        return services.store.image(event.subject_id)
    return services.store.job(event.subject_id)
