"""Leaving the painter alone for a while when it takes nothing from anybody."""

from dataclasses import replace

from shared.ports import Conflict, PassFence
from shared.usecases.services import Services
from shared.usecases.transitions import enqueue


def pause_admission(services: Services) -> None:
    """Admit nothing for a while, longer each time in a row; then admission tries with one image.

    Several images that meet the same trouble at once count once. Raises `StoreUnavailable`.
    """
    now, policy = services.clock(), services.policy
    fence = services.store.fence()
    if fence.value.paused_until is not None and now < fence.value.paused_until:
        return
    troubles = fence.value.troubles + 1
    until = now + policy.backoff(troubles)
    after = replace(
        fence.value, passed=fence.value.passed + 1, troubles=troubles, paused_until=until
    )
    try:
        services.store.commit(PassFence(before=fence, after=after))
    except Conflict:  # an admission or another pause; if nothing is taken still, the next one is it
        return
    enqueue(lambda: services.queue.ask_admission(until))
