"""A benchmark's results: as a JSON object, and as tables for people."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.local.bench.calls import Cost, add_up, by_function
from infra.local.bench.checks import problems
from infra.local.bench.plan import Plan, ideal_seconds, schedule_seconds
from infra.local.bench.prices import (
    MONTHS,
    PICTURES,
    cost_of_book,
    cost_of_month,
    counts_of,
)
from infra.local.bench.prices import NOTES as NOTES_ON_PRICES
from infra.local.bench.run import PICTURE_SIZE, SWEEP_SECONDS, Measurement
from infra.local.bench.slots import utilisation_while_waiting
from infra.local.bench.targets import APART, targets

PACKAGES = (
    *("functions-framework", "gunicorn", "google-cloud-firestore", "google-cloud-tasks"),
    *("google-cloud-storage", "grpcio", "protobuf", "requests", "pydantic", "pillow"),
)
"""The packages whose versions a report names."""

NOTES = (
    "Times are single runs on a noisy machine.",
    "Before each run, a book of two was painted to warm up; it is not counted.",
    "Books were watched with a Firestore listener, which costs no call of a function.",
    "Above speed 1 painting, looks and sweeps are sped up, and the functions' own",
    "work is not, so that its share of the time is larger than in life.",
    "Own times hold the local stand-ins' latencies, not Google Cloud's.",
)


def environment(now: datetime) -> dict[str, Any]:
    """Return where and with what the benchmark ran; `now` is aware."""
    return {
        "date": now.isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "architecture": platform.machine(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "packages": {name: _version(name) for name in PACKAGES},
        "notes": list(NOTES),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def scenario(run: Measurement) -> dict[str, Any]:
    """Return all figures of one run: seconds, milliseconds, ratios (1 is 100 %) and counts."""
    plan, total = run.plan, run.plan.total
    ideal, schedule = ideal_seconds(plan), schedule_seconds(plan)
    everything = add_up(run.calls)
    steps = add_up([call for call in run.calls if call.function not in APART])
    news = [call for call in run.calls if call.function == "notify"]
    return {
        "name": plan.name,
        "books": plan.books,
        "picturesPerBook": plan.pictures,
        "slots": plan.slots,
        "speed": plan.speed,
        "notify": plan.notify,
        "imagineSeconds": plan.imagine,
        "upscaleSeconds": plan.upscale,
        "sweepSeconds": SWEEP_SECONDS / plan.speed,
        "pictureSize": PICTURE_SIZE,
        "loadBefore": run.load_before,
        "idealSeconds": round(ideal, 3),
        "scheduleSeconds": round(schedule, 3),
        "measuredSeconds": round(run.seconds, 3),
        "paintingSeconds": round(run.painting_seconds, 3),
        "measuredToIdeal": round(run.seconds / ideal, 3),
        "measuredToSchedule": round(run.seconds / schedule, 3),
        "busySlotSeconds": round(run.busy_slot_seconds, 3),
        "slotUtilisation": round(run.busy_slot_seconds / (plan.slots * run.seconds), 4),
        "slotUtilisationWhileWaiting": _rounded(utilisation_while_waiting(run.submits, plan.slots)),
        "slotUtilisationAtBest": round(plan.work / (plan.slots * schedule), 4),
        "peakSlots": run.peak_slots,
        "submits": _by_action(run),
        "tasksLeft": run.tasks_left,
        "perPicture": {
            "calls": _each(everything.calls, total),
            "callsApart": _each(steps.calls, total),
            "operationsApart": _each(steps.reads + steps.writes, total),
            "notifications": _each(len(news), total),
            "notificationReads": _each(sum(call.reads for call in news), total),
            "progressWrites": _each(sum(call.writes for call in news), total),
            "callsByFunction": {
                name: _each(cost.calls, total) for name, cost in by_function(run.calls).items()
            },
            "firestoreReads": _each(everything.reads, total),
            "firestoreWrites": _each(everything.writes, total),
            "tasksCreated": _each(run.tasks_created, total),
            "triggerEvents": _each(run.events, total),
            "proxyRequests": _each(run.proxy_requests, total),
        },
        "functions": {name: _cost(cost) for name, cost in by_function(run.calls).items()},
        "statusRequest": {"reads": run.status.reads, "writes": run.status.writes},
        "targets": [asdict(target) | {"shown": target.shown} for target in targets(run)],
        "listPrices": _list_prices(run),
        "problems": problems(run),
    }


def _by_action(run: Measurement) -> dict[str, int]:
    actions = sorted({str(submit["action"]) for submit in run.submits})
    return {a: sum(submit["action"] == a for submit in run.submits) for a in actions}


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _each(count: int, pictures: int) -> float:
    return round(count / pictures, 3)


def _cost(cost: Cost) -> dict[str, Any]:
    fields = asdict(cost)
    milliseconds = {"medianMs": fields.pop("median_ms"), "p95Ms": fields.pop("p95_ms")}
    return fields | {name: round(value, 1) for name, value in milliseconds.items()}


def _list_prices(run: Measurement) -> dict[str, Any]:
    """US dollars: of a book by service, and of a month with so many such books."""
    book = cost_of_book(counts_of(run))
    return {
        "book": round(book.dollars, 6),
        "painter": round(book.painter, 6),
        "server": round(book.dollars - book.painter, 6),
        "services": {
            name: round(dollars, 6)
            for name, dollars in book.by_service().items()
            if name != PICTURES.service
        },
        "month": {str(n): round(cost_of_month(book, n).dollars, 2) for n in MONTHS},
    }


# --- for people -----------------------------------------------------------------------------------

_TIMES: Sequence[tuple[str, str, str]] = (
    ("ideal: no server can beat it", "idealSeconds", "{:.1f} s"),
    ("a perfect schedule of whole pictures", "scheduleSeconds", "{:.1f} s"),
    ("measured, by the client", "measuredSeconds", "{:.1f} s"),
    ("measured, by the proxy", "paintingSeconds", "{:.1f} s"),
    ("measured / ideal", "measuredToIdeal", "{:.3f}"),
    ("measured / perfect schedule", "measuredToSchedule", "{:.3f}"),
    ("slots at work while pictures waited", "slotUtilisationWhileWaiting", "{:.1%}"),
    ("slots at work over the whole run", "slotUtilisation", "{:.1%}"),
    ("slots at work in the perfect schedule", "slotUtilisationAtBest", "{:.1%}"),
    ("slots taken at once, at most", "peakSlots", "{}"),
)
_COSTS: Sequence[tuple[str, str, str]] = (
    ("calls, besides notify and sweep", "callsApart", "{:.2f}"),
    ("  their Firestore reads and writes", "operationsApart", "{:.2f}"),
    ("notifications by the proxy", "notifications", "{:.2f}"),
    ("  their reads", "notificationReads", "{:.2f}"),
    ("  their writes: progress that is seen", "progressWrites", "{:.2f}"),
    ("function calls in all", "calls", "{:.2f}"),
    ("Firestore reads in all", "firestoreReads", "{:.2f}"),
    ("Firestore writes in all", "firestoreWrites", "{:.2f}"),
    ("tasks created", "tasksCreated", "{:.2f}"),
    ("trigger events", "triggerEvents", "{:.2f}"),
    ("requests to the proxy", "proxyRequests", "{:.2f}"),
    ("a status request, not counted: reads", "reads", "{}"),
    ("  its writes", "writes", "{}"),
)


def print_report(console: Console, report: Mapping[str, Any]) -> None:
    """Print a report: `environment()` with a list of `scenario()` as `scenarios`."""
    scenarios = report["scenarios"]
    costs = [
        {**one["perPicture"], **one["statusRequest"], "name": one["name"]} for one in scenarios
    ]
    for table in (
        _side_by_side("How long it took", scenarios, _TIMES),
        _side_by_side("What each picture cost", costs, _COSTS),
        *(_functions(one) for one in scenarios),
        *_targets(scenarios),
        _book(scenarios),
    ):
        console.print()
        console.print(table)
    for line in NOTES_ON_PRICES:
        console.print(line)
    console.print()
    machine = report["machine"]
    console.print(
        f"{report['date']}: {machine['cores']} cores, {machine['system']} "
        f"{machine['architecture']}, Python {machine['python']}"
    )
    loads = ("unknown" if one["loadBefore"] is None else f"{one['loadBefore']:.1f}"
             for one in scenarios)  # fmt: skip
    console.print(f"Load average of the minute before each run: {', '.join(loads)}")
    console.print(", ".join(f"{name} {known}" for name, known in report["packages"].items()))
    for note in report["notes"]:
        console.print(note)


def describe(plan: Plan) -> str:
    """Return what is about to be run, in a line."""
    return (
        f"{plan.name}: {plan.books} x {plan.pictures} pictures, {plan.slots} slots, IMAGINE "
        f"{plan.imagine:g} s, UPSCALE {plan.upscale:g} s ..."
    )


def _side_by_side(
    title: str, columns: Sequence[Mapping[str, Any]], rows: Sequence[tuple[str, str, str]]
) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column["name"], justify="right")
    for label, key, form in rows:
        cells = (column[key] for column in columns)
        table.add_row(label, *("" if cell is None else form.format(cell) for cell in cells))
    return table


def _targets(scenarios: Sequence[Mapping[str, Any]]) -> Sequence[Table]:
    """What is to be reached, and whether it was; nothing if none of the runs is judged."""
    table = Table(title="Targets", title_justify="left", title_style="bold")
    for heading in ("", "wanted", "figure", ""):
        table.add_column(heading, justify="right" if heading == "figure" else "left")
    for one in scenarios:
        if one["targets"]:
            table.add_row(one["name"])
        for target in one["targets"]:
            verdict = "met" if target["met"] else "missed"
            table.add_row(f"  {target['name']}", target["wanted"], target["shown"], verdict)
    return [table] if table.row_count else []


def _functions(one: Mapping[str, Any]) -> Table:
    pictures = one["books"] * one["picturesPerBook"]
    title = f"The functions, {one['name']}: calls, and the counts per picture"
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in ("function", "calls", "calls", "reads", "writes", "tasks", "median", "p95"):
        table.add_column(heading, justify="left" if heading == "function" else "right")
    for name, cost in one["functions"].items():
        counts = (cost[key] / pictures for key in ("calls", "reads", "writes", "tasks"))
        table.add_row(
            name,
            str(cost["calls"]),
            *(f"{count:.2f}" for count in counts),
            f"{cost['medianMs']:.0f} ms",
            f"{cost['p95Ms']:.0f} ms",
        )
    return table


def _book(scenarios: Sequence[Mapping[str, Any]]) -> Table:
    """Dollars; the painter's share stands beside what is the server's."""
    prices = [one["listPrices"] for one in scenarios]
    flat = [
        {
            "name": one["name"],
            **price["services"],
            **{key: price[key] for key in ("server", "painter", "book")},
            **{f"month {books}": dollars for books, dollars in price["month"].items()},
        }
        for one, price in zip(scenarios, prices, strict=True)
    ]
    rows = [
        *((name, name, "${:.5f}") for name in prices[0]["services"]),
        ("all of the server", "server", "${:.5f}"),
        ("the painter, about", "painter", "${:.5f}"),
        ("one book", "book", "${:.5f}"),
        *(
            (f"{int(books):,} books a month", f"month {books}", "${:,.2f}")
            for books in prices[0]["month"]
        ),
    ]
    return _side_by_side("What a book costs at list prices", flat, rows)
