"""The sweep: finds what a lost task, event or process left behind, and sets it going again.

It executes no step itself. What it enqueues carries the current fencing token, so it does no harm
if the lost thing turns up after all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from shared.crash_points import CrashPoint, reach
from shared.ports import QueueUnavailable, StoreError
from shared.usecases.conclude_job import conclude_job
from shared.usecases.fan_out import fan_out
from shared.usecases.metrics import slots, sweep_found
from shared.usecases.services import Services
from shared.usecases.surplus import take_surplus_away
from shared.usecases.telling import remind

T = TypeVar("T")

COUNTED = 1000
"""Of the images that wait: as many as a count tells for the price of one read."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep found. All zero is the normal case."""

    steps: int
    """Steps that were overdue."""
    fan_outs: int
    """References whose event was lost."""
    jobs: int
    """Jobs whose images had all ended."""
    waiting: bool
    """Whether an image waits for a slot, so that admission was asked for."""
    callbacks: int = 0
    """Endings of which a client had not been told."""


def sweep(services: Services) -> Swept:
    """Look once for everything overdue.

    What fails for one job is left to the next sweep and keeps no other waiting; the first such
    error is raised in the end. Raises `StoreUnavailable`, `QueueUnavailable`.
    """
    store, now = services.store, services.clock()
    errors: list[Exception] = []
    overdue = store.overdue(now - services.sweep_grace)
    steps = _each(overdue, services.queue.schedule, errors)
    # Its due moment has the grace in it already.
    references = store.overdue_fan_outs(now)
    fan_outs = _each(references, lambda image: fan_out(services, image.job_id), errors)
    jobs = _each(store.unconcluded_jobs(), lambda job: conclude_job(services, job.job_id), errors)
    callbacks = 0
    if services.callback_sender is not None:  # else two questions that bring nothing
        untold = store.overdue_callbacks(now - services.sweep_grace)
        callbacks = _each(untold, lambda subject: remind(services, subject), errors)
    sweep_found(steps, fan_outs, jobs, callbacks)
    waiting, held = store.count_waiting(COUNTED), store.held_slots()
    slots(held, waiting, services.policy.slots)
    if waiting:
        services.queue.ask_admission()
        take_surplus_away(services, held)
    if errors:
        raise errors[0]
    return Swept(
        steps=steps, fan_outs=fan_outs, jobs=jobs, callbacks=callbacks, waiting=waiting > 0
    )


def _each(found: Iterator[T], mend: Callable[[T], object], errors: list[Exception]) -> int:
    count = 0
    for item in found:
        count += 1
        try:
            mend(item)
            reach(CrashPoint.SWEPT_ONE)
        except (StoreError, QueueUnavailable) as error:
            errors.append(error)
    return count
