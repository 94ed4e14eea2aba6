"""The sweep: finds what a lost task, event or process left behind, and sets it going again.

It executes no step itself. What it enqueues carries the current fencing token, so it does no harm
if the lost thing turns up after all.
"""

from dataclasses import dataclass

from shared.usecases.conclude_job import conclude_job
from shared.usecases.fan_out import fan_out
from shared.usecases.services import Services


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


def sweep(services: Services) -> Swept:
    """Look once for everything overdue. Raises `StoreUnavailable` and `QueueUnavailable`."""
    overdue_since = services.clock() - services.sweep_grace
    steps = fan_outs = jobs = 0
    for image in services.store.overdue(overdue_since):
        services.queue.schedule(image)
        steps += 1
    # Its due moment has the grace in it already.
    for reference in services.store.overdue_fan_outs(services.clock()):
        fan_out(services, reference.job_id)
        fan_outs += 1
    for job in services.store.unconcluded_jobs():
        jobs += conclude_job(services, job.job_id)
    waiting = bool(services.store.waiting(1))
    if waiting:
        services.queue.ask_admission()
    return Swept(steps=steps, fan_outs=fan_outs, jobs=jobs, waiting=waiting)
