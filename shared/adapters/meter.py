"""Counts what a function call costs: Firestore reads and writes, calls to Cloud Tasks.

The adapters count, the edge writes the sums into the call's one log line, and from there the
benchmark and a log-based metric read them. Billing rules: a query costs a read per document and at
least one; a count costs one per thousand index entries (https://cloud.google.com/firestore/pricing).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Meter:
    """What one function call has cost so far."""

    reads: int = 0
    writes: int = 0
    tasks: int = 0
    lock: Lock = field(default_factory=Lock)
    """A call does several things side by side at times."""


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metered() -> Iterator[Meter]:
    """Count everything that happens inside."""
    meter = Meter()
    token = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(token)


def count(*, reads: int = 0, writes: int = 0, tasks: int = 0) -> None:
    """Add to the call's counts; outside of a call it does nothing."""
    meter = _current.get()
    if meter is not None:
        with meter.lock:
            meter.reads += reads
            meter.writes += writes
            meter.tasks += tasks
