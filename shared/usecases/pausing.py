"""Leaving the painter alone for a while when it takes nothing from anybody."""

from contextlib import suppress
from dataclasses import replace

from shared.crash_points import CrashPoint, reach
from shared.domain.observation import Trouble
from shared.log import log
from shared.ports import Conflict, PassFence, StoreError
from shared.usecases.metrics import painter_paused
from shared.usecases.services import Services
from shared.usecases.transitions import enqueue


def pause_admission(services: Services, trouble: Trouble) -> None:
    """Admit nothing for a while, longer each time in a row; then admission tries with one image.

    Several images that meet the same trouble at once count once. If it can't be written, the next
    image meets the same.
    """
    try:
        _pause(services, trouble)
    except StoreError as error:
        log("WARNING", "admission was not paused", why=type(error).__name__)


def _pause(services: Services, trouble: Trouble) -> None:
    now, policy = services.clock(), services.policy
    fence = services.store.fence()
    if fence.value.paused_until is not None and now < fence.value.paused_until:
        return
    troubles = fence.value.troubles + 1
    until = now + policy.backoff(troubles)
    after = replace(
        fence.value, passed=fence.value.passed + 1, troubles=troubles, paused_until=until
    )
    with suppress(Conflict):  # an admission or another pause; the next one to meet this pauses
        services.store.commit(PassFence(before=fence, after=after))
        painter_paused(trouble, (until - now).total_seconds())
    reach(CrashPoint.PAUSED)
    enqueue(lambda: services.queue.ask_admission(until))
