"""What of a book's way is traced: spans of functions and of what they ask of the outside.

A book's trace id follows from its `jobId`, so every function that knows the job is in its trace,
whatever woke it: a request, a task, a Firestore event, or the sweeper after a task was lost.
Whether a book is traced follows from it, too: all functions decide alike, and no client can force
it.

Spans are plain values here. OpenTelemetry's SDK is loaded by `shared.adapters.span_sender`, with
the first call that has some to send; where nothing is traced, it is never loaded.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.log import Whose, belonging_to, belongs_to, whose
from shared.trace_ids import (
    TRACEPARENT,
    Header,
    is_traced,
    origin,
    root_id_of,
    trace_id_of,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Span:
    """Something that took time, in a book's trace."""

    name: str
    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits, as are its parent's."""
    parent_id: str
    """Empty: it is the book itself, which is in no other."""
    started_ns: int
    """Nanoseconds since 1970, as is the end."""
    ended_ns: int
    attributes: Mapping[str, str]
    failed: bool = False


@dataclass(kw_only=True)
class _Call:
    """A call of a function, for as long as it runs."""

    function: str
    share: float
    started_ns: int
    came_with: tuple[str, str]
    """Trace and span of the request; empty if it named none."""
    spans: list[Span] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    parent_id: str = ""
    """Of its own span, once it is known whose trace that is in."""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where in a trace the next span is."""

    trace_id: str
    span_id: str


_call: ContextVar[_Call | None] = ContextVar("call", default=None)
_place: ContextVar[_Place | None] = ContextVar("place", default=None)


@contextmanager
def traced_call(
    function: str,
    header: Header,
    *,
    project: str,
    share: float,
    send: Callable[[Sequence[Span]], None],
) -> Iterator[dict[str, str]]:
    """Everything inside is a call of that function; yields the attributes of its span.

    What is traced of it is sent in the end, before it has answered: afterwards there is no CPU.
    """
    trace_id, span_id = origin(header)
    call = _Call(
        function=function, share=share, started_ns=time.time_ns(), came_with=(trace_id, span_id)
    )
    before = _call.get(), _place.get()
    _call.set(call)
    _place.set(None)
    try:
        with belonging_to(Whose(project=project, trace_id=trace_id, span_id=span_id)):
            try:
                yield call.attributes
            finally:
                _end(call, _place.get())
                if call.spans:
                    send(call.spans)
    finally:
        _call.set(before[0])
        _place.set(before[1])


def _end(call: _Call, place: _Place | None) -> None:
    if place is not None and call.parent_id:
        failed = call.attributes.get("outcome", "").startswith("5")
        attributes = {**_ids(), **call.attributes}
        own = _span(
            call.function, place, call.parent_id, call.started_ns, attributes, failed=failed
        )
        call.spans.append(own)


def identify(*, job_id: str = "", image_id: str = "", **attributes: str) -> None:
    """Tell what the whole call is about, as soon as it is known: its log lines and its span."""
    call, known = _call.get(), whose()
    if call is None:
        return
    if job_id and job_id == known.job_id:
        image_id = known.image_id
    belongs_to(known.of(job_id=job_id, image_id=image_id))
    call.attributes |= attributes
    job = whose().job_id
    if _place.get() is None and is_traced(job, call.share):
        call.parent_id = _parent_of(job, call)
        _enter(_Place(trace_id=trace_id_of(job), span_id=_new_span_id()))


@contextmanager
def about(image_id: str, **attributes: str) -> Iterator[dict[str, str]]:
    """What is done inside is about that image, whatever the whole call is about.

    Yields the attributes of its span: one of the function's name, in the trace of the image's book.
    """
    call, outer, here = _call.get(), _place.get(), whose()
    told = dict(attributes)
    inner = here.of(image_id=image_id)
    if inner == here or call is None:  # the call's own image
        with belonging_to(inner):
            yield told if call is None else call.attributes
        return
    if not is_traced(inner.job_id, call.share):
        with belonging_to(inner), _at(None):
            yield told
        return
    trace_id, started = trace_id_of(inner.job_id), time.time_ns()
    same = outer is not None and outer.trace_id == trace_id
    parent = outer.span_id if same and outer is not None else _parent_of(inner.job_id, call)
    place = _Place(trace_id=trace_id, span_id=_new_span_id())
    with belonging_to(inner), _at(place):
        _enter(place)
        try:
            yield told
        finally:
            call.spans.append(_span(call.function, place, parent, started, {**_ids(), **told}))


@contextmanager
def span(name: str) -> Iterator[None]:
    """Something outside is asked inside: a part of the span around it, if that is traced."""
    call, outer = _call.get(), _place.get()
    if call is None or outer is None:
        yield
        return
    place, started = _Place(trace_id=outer.trace_id, span_id=_new_span_id()), time.time_ns()
    failed = True
    try:
        yield
        failed = False
    finally:
        call.spans.append(_span(name, place, outer.span_id, started, _ids(), failed=failed))


def whole_book(job_id: str, began: datetime, ended: datetime, outcome: str) -> None:
    """The span that all others of the book are in, from its request to its first ending."""
    call = _call.get()
    if call is not None and is_traced(job_id, call.share):
        place = _Place(trace_id=trace_id_of(job_id), span_id=root_id_of(job_id))
        attributes = {"jobId": job_id, "outcome": outcome}
        book = _span("book", place, "", _ns(began), attributes, ended_ns=_ns(ended))
        call.spans.append(book)


def trace_header(job_id: str = "") -> dict[str, str]:
    """The header that a task about a job is to carry, so that its call is in the job's trace.

    Also of books that are not traced: their calls' log lines then have a trace in common. Without
    a job: the job that the call itself is about, if any.
    """
    call, place = _call.get(), _place.get()
    job_id = job_id or whose().job_id
    if not job_id:
        return {}
    trace_id = trace_id_of(job_id)
    inside = place is not None and place.trace_id == trace_id
    span_id = place.span_id if inside and place is not None else root_id_of(job_id)
    traced = call is not None and is_traced(job_id, call.share)
    return {TRACEPARENT: f"00-{trace_id}-{span_id}-{'01' if traced else '00'}"}


def _ns(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _parent_of(job_id: str, call: _Call) -> str:
    """The span that the call came from, if that is of the same book; else the book itself."""
    trace_id, span_id = call.came_with
    return span_id if span_id and trace_id == trace_id_of(job_id) else root_id_of(job_id)


def _enter(place: _Place) -> None:
    _place.set(place)
    belongs_to(replace(whose(), trace_id=place.trace_id, span_id=place.span_id))


@contextmanager
def _at(place: _Place | None) -> Iterator[None]:
    before = _place.get()
    _place.set(place)
    try:
        yield
    finally:
        _place.set(before)


def _ids() -> dict[str, str]:
    ids = {"jobId": whose().job_id, "imageId": whose().image_id}
    return {name: one for name, one in ids.items() if one}


def _new_span_id() -> str:
    return secrets.token_hex(8)


def _span(
    name: str,
    place: _Place,
    parent_id: str,
    started_ns: int,
    attributes: Mapping[str, str],
    *,
    failed: bool = False,
    ended_ns: int | None = None,
) -> Span:
    return Span(
        name=name,
        trace_id=place.trace_id,
        span_id=place.span_id,
        parent_id=parent_id,
        started_ns=started_ns,
        ended_ns=time.time_ns() if ended_ns is None else ended_ns,
        attributes=attributes,
        failed=failed,
    )
