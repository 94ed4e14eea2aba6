"""The painter's news: hints that come late, doubled, out of order, or from somebody else."""

from shared.crash_points import CrashPoint, reach
from shared.domain.decide import decide
from shared.domain.image import Image, Step
from shared.domain.observation import Phase, Told
from shared.domain.stage import AT_WORK
from shared.ports import Conflict, SaveImage, Versioned
from shared.tracing import identify
from shared.usecases.services import Services

ENDS = frozenset({Phase.DONE, Phase.FAILED})


class ForgedNews(Exception):
    """Whoever sent this does not know the address that the painter was given."""


def take_news(services: Services, image_id: str, signature: str, body: object) -> str:
    """Record progress that a person would see; have a step look at once at what has ended.

    Nothing in the news is believed but that a look is worth while: the step asks the painter. At
    most one read; a write only for progress. Answers a word for the log. Raises `ForgedNews`,
    `QueueUnavailable`, `StoreUnavailable`.
    """
    news = services.painter.news(body)
    hooks = services.hooks
    if news is None or hooks is None or not hooks.is_genuine(image_id, news.token, signature):
        raise ForgedNews(image_id)
    identify(image_id=image_id)
    ended = news.seen.phase in ENDS
    if not ended and not news.seen.progress:
        return "nothing to see"
    image = services.store.image(image_id)
    if image is None:
        return "outdated"
    reach(CrashPoint.NEWS_READ)
    if not ended:
        return _show(services, image, news)
    if not _is_awaited(image.value, news):
        return "outdated"
    services.queue.ring(image.value)
    reach(CrashPoint.NEWS_RUNG)
    return "rung"


def _show(services: Services, image: Versioned[Image], news: Told) -> str:
    decision = decide(image.value, news, services.clock(), services.policy)
    if not decision.changed:
        return "nothing new"
    reach(CrashPoint.BEFORE_PROGRESS)
    try:
        services.store.commit(SaveImage(before=image, after=decision.after))
    except Conflict:  # somebody else has just written, and more news will come: not worth a read
        return "overtaken"
    reach(CrashPoint.PROGRESS_WRITTEN)
    return "progress"


def _is_awaited(image: Image, news: Told) -> bool:
    """Whether the image's step would do something about it: watch it, adopt it, or let go of it."""
    stage = AT_WORK.get(image.next_step)
    submission = stage.submission(image) if stage else None
    if image.next_step is Step.DRAIN:
        submission = image.latest_submission
    return submission is not None and submission.token == news.token
