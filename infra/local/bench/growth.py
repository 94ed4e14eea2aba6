"""`make bench-growth`: what a picture, an admission and a sweep cost while ever more jobs wait.

For each number of jobs a stack of its own. Members of books whose main character is done are
painted, always as many; behind them wait jobs of which nothing has begun, and wait to the end. So
whatever differs between two runs is what waits. The queue is not painted to its end.
Exit codes: as of `command`.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from functions.caller import EVERYBODY
from infra.local.bench.calls import UnreadableLog
from infra.local.bench.command import LOGS, NARROW, check_surroundings, write_json
from infra.local.bench.growth_figures import NOTES, Growth, figures, finished, print_growth
from infra.local.bench.plan import Plan, tale
from infra.local.bench.report import environment
from infra.local.bench.run import BenchError, calls_since, paint, stack_options, warm_up
from infra.local.bench.waiting import IMAGES, not_begun, under_way, write
from infra.local.bench.watch import JobWatch, emulator_client
from infra.local.client import Client, ClientError
from infra.local.processes import LocalStackError
from infra.local.stack import LocalStack
from shared.adapters.firestore_store import FirestoreJobStore
from shared.ports import JobStore

WAITING = (1, 10, 100, 1000)
"""Jobs that wait."""
PICTURES = 36
"""Pictures that are counted, at least; before them as many are painted as there are slots."""
SPARE = 15
"""Pictures that may be painted until it is seen that it is enough."""
SPEED, SLOTS, AHEAD = 10.0, 12, 1
JITTER = 0.3
"""Share by which a picture may take longer or shorter: else all would end in the same moment."""
SWEEP_SECONDS = 3.0
"""Between two sweeps, each of which asks for an admission: twice as often as in life."""
ASKED = 5
"""Requests by clients, of each kind."""
TIMES = 11
"""How often each query is timed."""

_PATIENCE = 120.0


# --- the run --------------------------------------------------------------------------------------


def measure(waiting: int, log_folder: Path) -> Growth:
    """Start a stack, have so many jobs wait, paint some pictures before them, and stop everything.

    Raises BenchError, ClientError, LocalStackError, UnreadableLog.
    """
    plan = Plan(name="growth", books=1, pictures=1, speed=SPEED, slots=SLOTS, ahead=AHEAD)
    with LocalStack(stack_options(plan, log_folder, sweep_interval=0, jitter=JITTER)) as stack:
        store = FirestoreJobStore(emulator_client(stack.project, stack.firestore_host))
        _fill(stack, store, plan, waiting)
        queries = time_queries(store)
        requests.delete(f"{stack.proxy_control_url}/stats", timeout=10).raise_for_status()
        log = stack.functions_log
        begin = log.stat().st_size
        before = finished(_paint_until(stack, SLOTS))
        steady = log.stat().st_size
        submits = _paint_until(stack, before + PICTURES)
        calls, all_calls = calls_since(log, steady), calls_since(log, begin)
        end = log.stat().st_size
        _ask(stack)
        asked = calls_since(log, end)
    return Growth(
        waiting=waiting,
        pictures=finished(submits) - before,
        calls=calls,
        first_calls=all_calls[: len(all_calls) - len(calls)],
        asked=asked,
        capacity=SLOTS + AHEAD,
        submits=submits,
        queries=queries,
    )


def _fill(stack: LocalStack, store: JobStore, plan: Plan, waiting: int) -> None:
    """Warm everything up, and write the jobs."""
    with JobWatch(stack.project, stack.firestore_host) as watch:
        [job] = paint(stack, watch, warm_up(plan)).jobs
    reference = store.reference(job)
    if reference is None:
        raise BenchError("the book to warm up has no reference")
    # Others hold every slot while the last pictures that count are painted, and some are over.
    books = -(-(SLOTS + PICTURES + SLOTS + AHEAD + SPARE) // (IMAGES - 1))
    now = datetime.now(UTC)
    write(store, [*under_way(books, now, reference.image_url), *not_begun(waiting, now)])


def time_queries(store: JobStore) -> dict[str, float]:
    """Return the milliseconds of each query that an admission, a sweep and generate make."""
    now = datetime.now(UTC)
    [any_image] = store.waiting(1)
    queries: dict[str, Callable[[], object]] = {
        "held slots": store.held_slots,
        "next 1 waiting": lambda: store.waiting(1),
        f"next {SLOTS + AHEAD} waiting": lambda: store.waiting(SLOTS + AHEAD),
        "overdue": lambda: list(store.overdue(now)),
        "overdue fan-outs": lambda: list(store.overdue_fan_outs(now)),
        "unconcluded jobs": lambda: list(store.unconcluded_jobs()),
        "open jobs of an owner": lambda: store.open_jobs(EVERYBODY),
        "one image by its id": lambda: store.image(any_image.value.image_id),
    }
    return {name: _median_of(query) for name, query in queries.items()}


def _median_of(query: Callable[[], object]) -> float:
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        query()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _paint_until(stack: LocalStack, pictures: int) -> Sequence[Mapping[str, Any]]:
    """Sweep until so many pictures are finished; return the proxy's submissions by then."""
    began, sweeps = time.monotonic(), 0
    while time.monotonic() - began < _PATIENCE:
        stack.check()
        stack.sweep()
        sweeps += 1
        time.sleep(max(0.0, began + sweeps * SWEEP_SECONDS - time.monotonic()))
        answer = requests.get(f"{stack.proxy_control_url}/stats", timeout=10)
        answer.raise_for_status()
        submits: list[Mapping[str, Any]] = answer.json()["submits"]
        if finished(submits) >= pictures:
            return submits
    raise BenchError(f"{pictures} pictures were not painted within {_PATIENCE:.0f} s")


def _ask(stack: LocalStack) -> None:
    """Start some more books, and ask for each."""
    plan = Plan(name="asked", books=ASKED, pictures=IMAGES, speed=SPEED, slots=SLOTS)
    with Client(stack.functions_url) as client:
        for number in range(ASKED):
            client.status(client.generate(tale(plan, number), f"asked {number}"))
    time.sleep(1.0)  # the last line may be written after its answer


# --- the command ----------------------------------------------------------------------------------


def main(
    argv: Sequence[str],
    measure: Callable[[int, Path], Growth] = measure,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Measure, print, and return the exit code."""
    options = _parser().parse_args(argv)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, NARROW)
    report: dict[str, Any] = environment(datetime.now(UTC)) | {"runs": [], "notes": list(NOTES)}
    try:
        check_surroundings(os.environ if environ is None else environ)
        for waiting in sorted(options.waiting):
            console.print(f"{waiting:,} jobs wait ...")
            report["runs"].append(figures(measure(waiting, LOGS / f"growth-{waiting}")))
        if options.json is not None:
            write_json(options.json, report)
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 2
    except (BenchError, ClientError, UnreadableLog) as error:
        print(f"\nThe benchmark failed: {str(error).rstrip('.')}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    print_growth(console, report)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.bench.growth",
        description="Measures what a picture, an admission and a sweep cost while jobs wait.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--waiting", type=int, nargs="+", default=WAITING, metavar="N", help="how many jobs wait"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all figures there as well, as JSON"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
