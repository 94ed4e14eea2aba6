"""Whether a run was sound: a figure of a run that was not says nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infra.local.bench.plan import mark_in, marks
from infra.local.bench.run import Measurement

_UNKNOWN = "of nobody"


def problems(run: Measurement) -> list[str]:
    """Return what went wrong, a phrase each; empty for a sound run.

    Every book succeeded; each picture had one IMAGINE and one UPSCALE, which ended well; no more
    slots were taken than there are; no call failed; and the log holds every call that the tasks
    server made.
    """
    return [
        *_books(run.books),
        *painting_problems(marks(run.plan), run.submits),
        *_slots(run),
        *_calls(run),
    ]


def painting_problems(wanted: set[str], submits: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with the submissions of the proxy's `GET /control/stats`.

    `wanted` are the marks of the pictures; each is in the prompt of its IMAGINE.
    """
    parents = {str(s["id"]): mark_in(str(s["prompt"])) for s in _of("IMAGINE", submits)}
    imagines = Counter(mark or _UNKNOWN for mark in parents.values())
    upscales = Counter(parents.get(str(s["parentId"])) or _UNKNOWN for s in _of("UPSCALE", submits))
    others = Counter(str(s["action"]) for s in submits if s["action"] not in ("IMAGINE", "UPSCALE"))
    unsuccessful = Counter(
        f"{s['action']} ended {s['status']} at the proxy"
        for s in submits
        if s["status"] != "SUCCESS"
    )
    return [
        *_not_once("IMAGINE", wanted, imagines),
        *_not_once("UPSCALE", wanted, upscales),
        *(f"{count} times {action} at the proxy" for action, count in others.items()),
        *(f"{count} times {what}" for what, count in unsuccessful.items()),
    ]


def _of(action: str, submits: Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return (submit for submit in submits if submit["action"] == action)


def _not_once(action: str, wanted: set[str], found: Mapping[str, int]) -> Iterable[str]:
    for mark in sorted(wanted | set(found)):
        count, expected = found.get(mark, 0), int(mark in wanted)
        if count != expected:
            yield f"{action} of picture {mark} was submitted {count} times, not {expected}"


def _books(statuses: Sequence[str]) -> Iterable[str]:
    for status, count in Counter(statuses).items():
        if status != "succeeded":
            yield f"{count} of {len(statuses)} books ended {status}"


def _slots(run: Measurement) -> Iterable[str]:
    if run.peak_slots > run.plan.slots:
        yield f"{run.peak_slots} slots were taken at once, of {run.plan.slots}"


def _calls(run: Measurement) -> Iterable[str]:
    for function, count in Counter(c.function for c in run.calls if c.status >= 400).items():
        yield f"{count} calls of {function} failed"
    logged = Counter(call.function for call in run.calls)
    for function, count in run.dispatched.items():
        if logged[function] != count:
            yield f"the log tells of {logged[function]} calls of {function}, {count} were made"
