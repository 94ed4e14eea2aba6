"""Structured log lines, as Cloud Logging reads them from standard output: one JSON object each.

Never log a prompt, a name, or an id of a child: ids of ours (`jobId`, `imageId`) say enough. Every
line says by itself which call it belongs to and which job and image that is about, once `about` or
`identify` of `shared.tracing` was told
(https://cloud.google.com/logging/docs/structured-logging: special fields).
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Literal

from shared.domain.ids import job_id_of

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


@dataclass(frozen=True, kw_only=True)
class Whose:
    """What every line from here on belongs to; empty: not known."""

    project: str = ""
    trace_id: str = ""
    """32 hexadecimal digits."""
    span_id: str = ""
    """16 hexadecimal digits."""
    job_id: str = ""
    image_id: str = ""

    def of(self, *, job_id: str = "", image_id: str = "") -> "Whose":
        """The same call, about that job or that image, which names its job."""
        return replace(self, job_id=job_id or job_id_of(image_id), image_id=image_id)

    def fields(self) -> dict[str, object]:
        """As a line says it."""
        ids = {"jobId": self.job_id, "imageId": self.image_id}
        known: dict[str, object] = {name: one for name, one in ids.items() if one}
        if known:
            known["logging.googleapis.com/labels"] = dict(known)
        if self.trace_id and self.project:
            trace = f"projects/{self.project}/traces/{self.trace_id}"
            known["logging.googleapis.com/trace"] = trace
        if self.span_id:
            known["logging.googleapis.com/spanId"] = self.span_id
        return known


NOBODYS = Whose()
_whose: ContextVar[Whose] = ContextVar("whose", default=NOBODYS)


def whose() -> Whose:
    """What a line from here would belong to."""
    return _whose.get()


def belongs_to(one: Whose) -> None:
    """Have every line from here on, until the block around it is over, belong to that."""
    _whose.set(one)


@contextmanager
def belonging_to(one: Whose) -> Iterator[None]:
    """Have every line inside belong to that, or to what is told inside."""
    before = _whose.get()
    _whose.set(one)
    try:
        yield
    finally:
        _whose.set(before)


def log(severity: Severity, message: str, **fields: object) -> None:
    """Write one line; `fields` are camel-cased names with values that JSON can hold."""
    whole = {"severity": severity, "message": message, **whose().fields(), **fields}
    sys.stdout.write(json.dumps(whole, default=str) + "\n")
    sys.stdout.flush()
