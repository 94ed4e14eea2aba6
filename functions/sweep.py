"""sweep (Cloud Scheduler, every minute): finds what was lost."""

import flask

from functions.edge import task_function
from functions.wiring import services
from shared.usecases import sweep as use_case


@task_function
def sweep(request: flask.Request) -> str:  # noqa: ARG001 - the scheduler has nothing to say
    """Set everything overdue going again."""
    found = use_case.sweep(services())
    words = f"steps {found.steps}, fan-outs {found.fan_outs}, jobs {found.jobs}"
    if found.callbacks:
        words += f", callbacks {found.callbacks}"
    return f"{words}, asked for admission" if found.waiting else words
