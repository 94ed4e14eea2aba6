"""What was found out about growth: figures of a run, and tables for people."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.local.bench.calls import Call, nearest_rank
from infra.local.bench.run import BenchError

NOTES = (
    "A picture is a member of a book whose main character is done; what admissions,",
    "sweeps and notifications cost is not in its figures. Reads and writes of admit,",
    "sweep, generate and status are the most that one call had.",
    "Times are the emulator's: it looks at every document of a collection, even for a",
    "query that finds nothing; one by its id it finds at once. In Firestore a query",
    "with an index of its own takes as long as what it returns",
    "(https://firebase.google.com/docs/firestore/query-data/index-overview).",
    "Slow queries make handovers meet: each that comes second reads once more.",
    "generate counts its owner's open jobs, a read for each 1,000 of them.",
)
"""What a reader should know of the figures."""

_OF_PICTURES = ("step", "postprocess", "fanout")
_NONE = "admitted 0"


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What one run took and cost."""

    waiting: int
    """Jobs that waited all the time, of which nothing was painted."""
    pictures: int
    """That were finished while `calls` were made."""
    calls: Sequence[Call]
    """While all slots were busy: what was under way at first makes up for what was at last."""
    first_calls: Sequence[Call]
    """Before that, while the slots were filled."""
    asked: Sequence[Call]
    """Of generate and status, while the jobs waited."""
    capacity: int
    """Pictures that were at the proxy at once."""
    submits: Sequence[Mapping[str, Any]]
    """The proxy's accepted submissions, as `GET /control/stats` tells them."""
    queries: Mapping[str, float]
    """Milliseconds of the store's queries while nothing else was done, medians."""


# --- figures --------------------------------------------------------------------------------------


def figures(run: Growth) -> dict[str, Any]:
    """Return the figures of a run; times in milliseconds, None where there was nothing to time.

    Raises BenchError if a call failed or if anything was painted of what was to wait.
    """
    _check(run)
    own = [call for call in run.calls if call.function in _OF_PICTURES]
    done = run.pictures
    admits = [call for call in run.calls if call.function == "admit"]
    full = [call for call in admits if call.did == _NONE]
    sweeps = [call for call in run.calls if call.function == "sweep"]
    found: dict[str, Any] = {
        "waiting": run.waiting,
        "pictures": done,
        "calls": round(len(own) / done, 3),
        "reads": round(sum(call.reads for call in own) / done, 3),
        "writes": round(sum(call.writes for call in own) / done, 3),
        "admissionsThatFoundSlots": len(admits) - len(full),
    }
    groups = {
        "step": [call for call in run.calls if call.function == "step"],
        "admission": [c for c in run.first_calls if c.function == "admit" and c.did != _NONE],
        "admitFull": full,
        "sweep": sweeps,
        **{name: [c for c in run.asked if c.function == name] for name in ("generate", "status")},
    }
    for name, calls in groups.items():
        found |= _each(name, calls)
    found |= _times("handover", handovers(run.submits, run.capacity))
    return found | {f"query {name}": round(ms, 1) for name, ms in run.queries.items()}


def finished(submits: Sequence[Mapping[str, Any]]) -> int:
    """Return how many pictures the proxy has painted to the end."""
    return sum(one["action"] == "UPSCALE" and bool(one["finishTime"]) for one in submits)


def handovers(submits: Sequence[Mapping[str, Any]], capacity: int) -> list[float]:
    """Return the milliseconds from the end of each picture to the IMAGINE that took its place.

    The first `capacity` IMAGINEs took nobody's; after them the n-th follows the n-th end.
    """
    ends = sorted(s["finishTime"] for s in submits if s["action"] == "UPSCALE" and s["finishTime"])
    begins = sorted(s["submitTime"] for s in submits if s["action"] == "IMAGINE")[capacity:]
    return [float(begin - end) for end, begin in zip(ends, begins, strict=False)]


def _each(name: str, calls: Sequence[Call]) -> dict[str, Any]:
    """The calls of one kind: how many, the most that one read and wrote, and their own times."""
    most = {
        f"{name}Reads": max((call.reads for call in calls), default=None),
        f"{name}Writes": max((call.writes for call in calls), default=None),
    }
    times = _times(name, [call.milliseconds for call in calls])
    return {f"{name}Calls": len(calls)} | most | times


def _times(name: str, milliseconds: Sequence[float]) -> dict[str, Any]:
    if not milliseconds:
        return {f"{name}Ms": None, f"{name}P95Ms": None}
    return {
        f"{name}Ms": round(statistics.median(milliseconds), 1),
        f"{name}P95Ms": round(nearest_rank(sorted(milliseconds), 95), 1),
    }


def _check(run: Growth) -> None:
    failed = sum(call.status >= 400 for call in (*run.calls, *run.asked))
    if failed:
        raise BenchError(f"{failed} calls failed")
    if any("waits" in str(one["prompt"]) for one in run.submits):
        raise BenchError("a job was painted that was to wait")


# --- for people -----------------------------------------------------------------------------------

_Row = tuple[str, str, str]

_PICTURE: Sequence[_Row] = (
    ("function calls", "calls", "{:.2f}"),
    ("Firestore reads", "reads", "{:.2f}"),
    ("Firestore writes", "writes", "{:.2f}"),
    ("admissions that gave slots, all", "admissionsThatFoundSlots", "{}"),
    ("own time of a step", "stepMs", "{:.0f} ms"),
    ("  95 %", "stepP95Ms", "{:.0f} ms"),
    ("a slot is handed on within", "handoverMs", "{:.0f} ms"),
    ("  95 %", "handoverP95Ms", "{:.0f} ms"),
)
_CALLS: Sequence[_Row] = (
    ("admit, all slots taken: reads", "admitFullReads", "{}"),
    ("  writes", "admitFullWrites", "{}"),
    ("  own time", "admitFullMs", "{:.0f} ms"),
    ("  95 %", "admitFullP95Ms", "{:.0f} ms"),
    ("admit, all slots free: reads", "admissionReads", "{}"),
    ("  writes", "admissionWrites", "{}"),
    ("  own time, of one call", "admissionMs", "{:.0f} ms"),
    ("sweep: reads", "sweepReads", "{}"),
    ("  writes", "sweepWrites", "{}"),
    ("  own time", "sweepMs", "{:.0f} ms"),
    ("  95 %", "sweepP95Ms", "{:.0f} ms"),
    ("generate: reads", "generateReads", "{}"),
    ("  own time", "generateMs", "{:.0f} ms"),
    ("status: reads", "statusReads", "{}"),
    ("  own time", "statusMs", "{:.0f} ms"),
)
_MORE, _MORE_MS = 1.1, 1.5
"""Times as much as with the fewest waiting: below that it is flat; times are noisy."""
_NOISE, _NOISE_MS = 0.05, 5.0


def verdict(key: str, values: Sequence[float | None]) -> str:
    """Return whether a figure grows from the run with the fewest waiting to that with the most."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    is_time = key.endswith("Ms") or key.startswith("query")
    most, noise = (_MORE_MS, _NOISE_MS) if is_time else (_MORE, _NOISE)
    return "grows" if known[-1] > most * known[0] + noise else "flat"


def print_growth(console: Console, report: Mapping[str, Any]) -> None:
    """Print a report: `environment()` with a list of `figures()` as `runs`, the fewest first."""
    runs = report["runs"]
    queries = [(key.removeprefix("query "), key, "{:.1f} ms") for key in runs[0] if "query" in key]
    for title, rows in (
        (
            f"A picture, of {min(run['pictures'] for run in runs)} or more; times are medians",
            _PICTURE,
        ),
        ("A call; times are medians", _CALLS),
        ("A query of the emulator while nothing is painted, medians", queries),
    ):
        table = Table(title=title, title_justify="left", title_style="bold")
        table.add_column("jobs waiting", no_wrap=True)
        for run in runs:
            table.add_column(f"{run['waiting']:,}", justify="right")
        table.add_column("")
        for label, key, form in rows:
            values = [run[key] for run in runs]
            cells = ("" if value is None else form.format(value) for value in values)
            table.add_row(label, *cells, verdict(key, values))
        console.print()
        console.print(table)
    machine = report["machine"]
    console.print(f"{report['date']}: {machine['cores']} cores, Python {machine['python']}")
    for note in report["notes"]:
        console.print(note)
