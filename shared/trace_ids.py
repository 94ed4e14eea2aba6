"""The ids of traces: those of books, which follow from their jobs, and those of requests.

W3C Trace Context (https://www.w3.org/TR/trace-context/): a trace has 32 hexadecimal digits, a span
16.
"""

import hashlib
import re
from collections.abc import Callable

TRACEPARENT = "traceparent"
"""The header of W3C Trace Context (https://www.w3.org/TR/trace-context/)."""
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/([0-9]{1,20}))?(?:;.*)?")
"""Google's older one, whose span id is a decimal number
(https://cloud.google.com/trace/docs/trace-context)."""

_SHARES = 1 << 64


def trace_id_of(job_id: str) -> str:
    """The trace of a book: 32 hexadecimal digits."""
    return _digest(job_id)[:32]


def root_id_of(job_id: str) -> str:
    """The span that stands for the whole book: 16 hexadecimal digits."""
    return _digest(job_id)[32:48]


def is_traced(job_id: str, share: float) -> bool:
    """Whether a book is among the share, 0 to 1, that is traced."""
    # As OpenTelemetry's TraceIdRatioBased: the lower half of the id is a number below 2^64.
    return int(trace_id_of(job_id)[16:], 16) < round(share * _SHARES)


def _digest(job_id: str) -> str:
    return hashlib.sha256(job_id.encode()).hexdigest()


Header = Callable[[str], str | None]
"""Answers a request's header of that name, if it has one."""


def no_header(_: str) -> None:
    """Of a call that no request brought."""


def origin(header: Header) -> tuple[str, str]:
    """Trace and span that a request came with, by `traceparent` or Google's header; or empty."""
    if found := _TRACEPARENT.fullmatch(header(TRACEPARENT) or ""):
        return found[1], found[2]
    if found := _CLOUD_TRACE.fullmatch(header("X-Cloud-Trace-Context") or ""):
        span = int(found[2] or 0)
        return found[1], f"{span:016x}" if 0 < span < _SHARES else ""
    return "", ""
