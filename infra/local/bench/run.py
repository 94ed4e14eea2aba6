"""Runs one scenario on a fresh local stack, and takes down what happened."""

import os
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from infra.local.bench.calls import Call, read_calls
from infra.local.bench.plan import IMAGINE_SECONDS, UPSCALE_SECONDS, Plan, schedule_seconds, tale
from infra.local.bench.watch import JobWatch
from infra.local.client import Client
from infra.local.stack import LocalStack, StackOptions
from infra.local.stack_options import TRIGGER

PICTURE_SIZE = 128
"""Pixels of a picture's longer side: painting must not take the machine's time from the server."""

SWEEP_SECONDS = 60.0
"""Between two sweeps at speed 1, as Cloud Scheduler makes them; divided by the speed, too."""

_SETTLE_SECONDS = 20.0
_QUIET_SECONDS = 0.3
_FINISH_SECONDS = 60.0


class BenchError(Exception):
    """The benchmark has no result; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What one run of a plan took and cost. Nothing in here is estimated."""

    plan: Plan
    seconds: float
    """From the first request's sending to the last job's completion, as a client sees both."""
    painting_seconds: float
    """From the first submission to the end of the last picture, as the proxy sees both."""
    busy_slot_seconds: float
    """Sum of the seconds for which each of the proxy's slots was taken."""
    peak_slots: int
    """Slots taken at once, at most."""
    submits: Sequence[Mapping[str, Any]]
    """The proxy's accepted submissions, as `GET /control/stats` tells them."""
    proxy_requests: int
    """HTTP requests that the proxy got."""
    books: Sequence[str]
    """The final status of each book."""
    calls: Sequence[Call]
    """Every call of a function, the benchmark's own requests included."""
    dispatched: Mapping[str, int]
    """Calls that the tasks server made, by function."""
    tasks_created: int
    tasks_left: int
    """Tasks that had not rung when everything was quiet."""
    events: int
    """Trigger events, those not counted that changed nothing."""
    status: Call
    """One status request for a finished book, made when all was counted: no part of `calls`."""
    load_before: float | None
    """The machine's load average over the minute before the run; None if it tells none."""


def measure(plan: Plan, log_folder: Path) -> Measurement:
    """Start a stack, paint a book of two to warm it up, run the plan, and stop everything.

    Raises BenchError if a book does not end, ClientError if one is refused, and LocalStackError.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    options = stack_options(plan, log_folder, SWEEP_SECONDS / plan.speed)
    with LocalStack(options) as stack, JobWatch(stack.project, stack.firestore_host) as watch:
        paint(stack, watch, warm_up(plan))
        return _measure(stack, watch, plan, load)


def stack_options(
    plan: Plan, log_folder: Path, sweep_interval: float, jitter: float = 0.0
) -> StackOptions:
    """Return what a stack that is to be measured is like.

    `sweep_interval` in seconds, 0: never; `jitter`: the share, 0..1, by which what a picture takes
    may differ.
    """
    return StackOptions(
        speed=plan.speed,
        sweep_interval=sweep_interval,
        # What cutting out costs has a benchmark of its own.
        functions_env={
            "SLOTS": str(plan.slots),
            "SLOTS_AHEAD": str(plan.ahead),
            "CUTOUT_MODEL": "none",
        },
        notify=plan.notify,
        proxy_args=_proxy_args(plan, jitter),
        log_folder=log_folder,
    )


def _proxy_args(plan: Plan, jitter: float) -> list[str]:
    """Every picture takes the same time but for the jitter, and takes it for painting alone."""
    options = {
        "imagine-seconds": IMAGINE_SECONDS,
        "upscale-seconds": UPSCALE_SECONDS,
        "start-seconds": 0,
        "jitter": jitter,
        "picture-size": PICTURE_SIZE,
        "core-size": plan.slots,
    }
    return [part for name, value in options.items() for part in (f"--{name}", f"{value:g}")]


def warm_up(plan: Plan) -> Plan:
    """Return the book after which every process has done everything once."""
    return replace(plan, name="warm-up", books=1, pictures=2)


def _measure(stack: LocalStack, watch: JobWatch, plan: Plan, load: float | None) -> Measurement:
    requests.delete(f"{stack.proxy_control_url}/stats", timeout=10).raise_for_status()
    counters, trigger = stack.tasks.counters, stack.events.counts(TRIGGER)
    counters.reset()
    log_begin, events_before = stack.functions_log.stat().st_size, _changes(trigger)
    painted = paint(stack, watch, plan)
    answer = requests.get(f"{stack.proxy_control_url}/stats", timeout=10)
    answer.raise_for_status()
    stats: dict[str, Any] = answer.json()
    calls = calls_since(stack.functions_log, log_begin)
    return Measurement(
        plan=plan,
        seconds=painted.seconds,
        painting_seconds=_painting_seconds(stats["submits"]),
        busy_slot_seconds=stats["busySlotSeconds"],
        peak_slots=stats["peakRunning"],
        submits=stats["submits"],
        proxy_requests=_contract_requests(stats["requests"]),
        books=painted.statuses,
        calls=calls,
        dispatched={path.strip("/"): n for path, n in counters.dispatched_paths.items()},
        tasks_created=sum(counters.created.values()),
        tasks_left=stack.tasks.pending,
        events=_changes(trigger) - events_before,
        status=_ask_for(painted.jobs[0], stack),
        load_before=load,
    )


def calls_since(log: Path, position: int) -> list[Call]:
    """Return the calls that a log tells of from a position in bytes on. Raises UnreadableLog."""
    with log.open("rb") as file:
        file.seek(position)
        return read_calls(file.read().decode(errors="replace").splitlines())


def _ask_for(job: str, stack: LocalStack) -> Call:
    """Ask for a book's status, as a client does, and return what that cost."""
    begin = stack.functions_log.stat().st_size
    with Client(stack.functions_url) as client:
        client.status(job)
    settle(stack)  # the line may be written after the answer
    asked = [call for call in calls_since(stack.functions_log, begin) if call.function == "status"]
    if len(asked) != 1:
        raise BenchError(f"the log tells of {len(asked)} status requests, 1 was made")
    return asked[0]


def _changes(trigger: Any) -> int:
    return int(trigger.received - trigger.unchanged)


def _contract_requests(requests_by_endpoint: Mapping[str, int]) -> int:
    """Return the requests to the proxy's API, without those for pictures and to its control."""
    return sum(n for endpoint, n in requests_by_endpoint.items() if " /mj/" in endpoint)


def _painting_seconds(submits: Sequence[Mapping[str, Any]]) -> float:
    finished = [submit["finishTime"] for submit in submits if submit["finishTime"]]
    if not finished:
        raise BenchError("the proxy has finished nothing")
    began: int = min(submit["submitTime"] for submit in submits)
    ended: int = max(finished)
    return (ended - began) / 1000


@dataclass(frozen=True, kw_only=True)
class Painted:
    """Books that were painted."""

    seconds: float
    """From the first request until the last one ended."""
    jobs: Sequence[str]
    """Their ids."""
    statuses: Sequence[str]
    """How each of them ended."""


def paint(stack: LocalStack, watch: JobWatch, plan: Plan) -> Painted:
    """Ask for all books at once, and wait until they have ended.

    Returns when the server is quiet again, so that all that the books cost can be counted. Raises
    BenchError if a book does not end, ClientError if one is refused, and LocalStackError.
    """
    with ExitStack() as cleanup:
        clients = [cleanup.enter_context(Client(stack.functions_url)) for _ in range(plan.books)]
        pool = cleanup.enter_context(ThreadPoolExecutor(plan.books))
        tales = [tale(plan, book) for book in range(plan.books)]
        keys = [uuid.uuid4().hex for _ in tales]
        began = time.monotonic()
        jobs = list(pool.map(lambda c, t, k: c.generate(t, k), clients, tales, keys))
    patience = 3 * schedule_seconds(plan) + _FINISH_SECONDS
    ended = watch.wait(jobs, patience, stack.check)
    if len(ended) < plan.books:
        late = plan.books - len(ended)
        raise BenchError(f"{late} of {plan.books} books did not end within {patience:.0f} s")
    settle(stack)
    return Painted(
        seconds=max(seen for _, seen in ended.values()) - began,
        jobs=jobs,
        statuses=[ended[job][0] for job in jobs],
    )


def settle(stack: LocalStack) -> None:
    """Wait until no task is due, no event is under way, and the log has stopped growing."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    size, since = -1, time.monotonic()
    while time.monotonic() < deadline:
        now, grown = time.monotonic(), stack.functions_log.stat().st_size
        if grown != size or stack.events.pending:
            size, since = grown, now
        if now - since >= _QUIET_SECONDS and stack.tasks.is_idle:
            return
        time.sleep(0.02)
