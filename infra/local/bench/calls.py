"""What the functions' calls cost, out of their own structured log lines."""

import json
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_NUMBERS = ("durationMs", "reads", "writes", "tasks", "status")


class UnreadableLog(Exception):
    """A log line is broken, so that whatever would be counted is wrong."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a function."""

    function: str
    milliseconds: float
    """The call's own time, in the function."""
    reads: int
    """Firestore reads, as they are billed."""
    writes: int
    tasks: int
    """Tasks that it created."""
    status: int
    """The HTTP status of its answer."""
    did: str
    """What it did, in its own word; empty if it does not say."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The calls of one function, or of all, added up."""

    calls: int
    reads: int
    writes: int
    tasks: int
    median_ms: float
    """Milliseconds; the median of the calls' own times."""
    p95_ms: float
    """Milliseconds; at least 95 % of the calls took no longer (nearest rank)."""
    did: Mapping[str, int]
    """Calls by what they did."""
    failures: int
    """Calls that answered 400 or more."""


def read_calls(lines: Iterable[str]) -> list[Call]:
    """Return the calls in a log of the functions, in their order.

    Lines that are no JSON objects (of the server that runs the functions) and objects that tell of
    no call are passed over. Raises UnreadableLog for half a JSON object, or a call without figures.
    """
    calls = []
    for number, line in enumerate(lines, start=1):
        if not line.lstrip().startswith("{"):
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            raise UnreadableLog(f"line {number} of the log is half a JSON object") from None
        if entry.get("message") == "call":
            calls.append(_call(entry, number))
    return calls


def _call(entry: Mapping[str, Any], number: int) -> Call:
    missing = [name for name in ("function", *_NUMBERS) if name not in entry]
    if missing:
        raise UnreadableLog(f"line {number} of the log is a call without {', '.join(missing)}")
    return Call(
        function=entry["function"],
        milliseconds=float(entry["durationMs"]),
        reads=int(entry["reads"]),
        writes=int(entry["writes"]),
        tasks=int(entry["tasks"]),
        status=int(entry["status"]),
        did=str(entry.get("did") or ""),
    )


def add_up(calls: Iterable[Call]) -> Cost:
    """Return the cost of at least one call. Raises ValueError for none."""
    known = list(calls)
    times = sorted(call.milliseconds for call in known)
    if not times:
        raise ValueError("no calls to add up")
    return Cost(
        calls=len(known),
        reads=sum(call.reads for call in known),
        writes=sum(call.writes for call in known),
        tasks=sum(call.tasks for call in known),
        median_ms=statistics.median(times),
        p95_ms=nearest_rank(times, 95),
        did=dict(Counter(call.did for call in known if call.did).most_common()),
        failures=sum(call.status >= 400 for call in known),
    )


def by_function(calls: Iterable[Call]) -> dict[str, Cost]:
    """Return the cost of each function that was called, those called most first."""
    groups: dict[str, list[Call]] = {}
    for call in calls:
        groups.setdefault(call.function, []).append(call)
    names = sorted(groups, key=lambda name: (-len(groups[name]), name))
    return {name: add_up(groups[name]) for name in names}


def nearest_rank(ordered: list[float], percent: float) -> float:
    """Return the smallest of the ordered values that `percent` of them do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
