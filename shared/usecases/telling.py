"""Having a client's own server told of an ending: a task for each, after the commit that ended it.

That commit says since when the callback is due. So if the task is lost, the sweeper has it made
again, under the same name: while there is one already, that changes nothing.
"""

from dataclasses import replace
from datetime import datetime

from shared.domain.events import Event, ending_of
from shared.domain.image import Image
from shared.domain.job import Job
from shared.log import log
from shared.ports import Conflict, QueueUnavailable, SaveImage, SaveJob, Versioned
from shared.usecases.services import Services


def tell_of(services: Services, subject: Image | Job) -> None:
    """Have it told that an image or a job has ended, if somebody wants to know."""
    event = ending_of(subject)
    if event is not None and subject.callback_url is not None:
        tell(services, event)


def tell(services: Services, event: Event) -> None:
    """Create the callback's task; if it can't be created, the sweeper will."""
    try:
        services.queue.call_back(event)
    except QueueUnavailable as error:
        log("WARNING", "callback not enqueued; left to the sweeper", why=str(error))


def remind(services: Services, subject: Image | Job) -> None:
    """Create the task of an overdue callback once more; what goes on meanwhile wants none.

    Raises `QueueUnavailable`, `StoreUnavailable`.
    """
    event = ending_of(subject)
    if event is not None:
        services.queue.call_back(event)
        return
    # It is painted again, so the ending that nobody was told of is none any more.
    found: Versioned[Image] | Versioned[Job] | None
    if isinstance(subject, Image):
        found = services.store.image(subject.image_id)
    else:
        found = services.store.job(subject.job_id)
    if found is not None and ending_of(found.value) is None:
        set_due(services, found, None)


def set_due(
    services: Services, found: Versioned[Image] | Versioned[Job], at: datetime | None
) -> bool:
    """Write since when its callback is due, None: no more; answers False if it was changed since.

    Raises `StoreUnavailable`.
    """
    value, version = found.value, found.version
    write: SaveImage | SaveJob
    if isinstance(value, Image):
        after = replace(value, callback_due_at=at)
        write = SaveImage(before=Versioned(value, version), after=after)
    else:
        write = SaveJob(before=Versioned(value, version), after=replace(value, callback_due_at=at))
    try:
        services.store.commit(write)
    except Conflict:
        return False
    return True
