"""Admission: keeps the painter's slots full, and no fuller."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shared.crash_points import CrashPoint, reach
from shared.domain.decide import decide
from shared.domain.image import Image
from shared.domain.observation import Admitted
from shared.ports import Conflict, Fence, PassFence, QueueUnavailable, SaveImage, Versioned, Write
from shared.usecases.carrying_out import begin_all
from shared.usecases.services import Services
from shared.usecases.transitions import Advanced, admission

TRIES = 10


def admit(services: Services, at: datetime | None = None) -> int:
    """Give the free slots to the images whose turn it is, and begin with them; answers how many.

    Its queue dispatches one at a time, but a task can still come twice, and fan-outs admit, too. So
    the fence is read before the slots are counted and passed in the same commit: of two that
    overlap, the second conflicts and counts anew. After a pause one image tries whether the painter
    takes anything again.

    `at` is the moment that the task was to ring at. It is over, whatever the clock says here: that
    may be behind the clock of who paused, and a pause not seen to end lasts until the next sweep.
    Raises `StoreUnavailable`, `QueueUnavailable`.
    """
    if services.store.held_slots() >= services.policy.capacity:
        return 0  # whoever gives a slot back sees what waits
    count = 0
    for _ in range(TRIES):
        fence = services.store.fence()
        if _is_paused(services, fence.value, at):
            return count
        try:
            admitted = admit_among(services, fence, at=at)
        except Conflict:  # another admission, or an image was canceled meanwhile
            continue
        begun = begin_all(services, admitted)
        count += len(admitted)
        if fence.value.troubles == 0 or not any(begun):
            return count
        _resume(services)
    raise QueueUnavailable("admission was overtaken each time; the task is tried again")


def admit_among(
    services: Services,
    fence: Versioned[Fence],
    others: Sequence[SaveImage] = (),
    more_writes: Sequence[Write] = (),
    *,
    at: datetime | None = None,
) -> list[Advanced]:
    """Give the free slots to those whose turn it is, among all that wait and `others`.

    `others` begin to wait with this very commit: those that get no slot are written as they come.
    The commit has `more_writes` in it, too. `at` is as for `admit`. Raises `Conflict`,
    `StoreUnavailable`.
    """
    store, now, policy = services.store, services.clock(), services.current_policy()
    paused = _is_paused(services, fence.value, at)
    most = 0 if paused else policy.capacity - store.held_slots()
    if fence.value.troubles:
        most = min(most, 1)
    reach(CrashPoint.SLOTS_COUNTED)
    waiting = store.waiting(most) if most > 0 else []
    candidates = [(one, one.value) for one in waiting] + [(one.before, one.after) for one in others]
    candidates.sort(key=lambda candidate: _turn(candidate[1]))
    chosen, left = candidates[: max(most, 0)], candidates[max(most, 0) :]
    writes = [
        *more_writes,
        *(
            SaveImage(before=before, after=after)
            for before, after in left
            if after is not before.value
        ),
    ]
    crowded = bool(left) or len(waiting) == most
    decisions = []
    for before, queued in chosen:
        admitted = decide(queued, Admitted(crowded=crowded), now, policy)
        decisions.append(admitted)
        writes += admission(services, before, admitted)
    if chosen:
        passed = replace(fence.value, passed=fence.value.passed + 1)
        writes.append(PassFence(before=fence, after=passed))
    if not writes:
        return []
    committed = store.commit(*writes)
    reach(CrashPoint.ADMISSION_WRITTEN)
    return [Advanced.by(decision, committed) for decision in decisions]


def _turn(image: Image) -> tuple[datetime, str]:
    return image.admit_key or image.created_at, image.image_id


def _is_paused(services: Services, fence: Fence, at: datetime | None) -> bool:
    now = services.clock()
    return fence.paused_until is not None and max(now, at or now) < fence.paused_until


def _resume(services: Services) -> None:
    """The painter takes something again."""
    fence = services.store.fence()
    after = replace(fence.value, passed=fence.value.passed + 1, troubles=0, paused_until=None)
    try:
        services.store.commit(PassFence(before=fence, after=after))
    except Conflict:
        return
