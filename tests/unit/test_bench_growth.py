"""What waits makes nothing dearer: simulated with a thousand jobs; and the figures of a run."""

import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.local.bench.calls import Call
from infra.local.bench.growth import main, time_queries
from infra.local.bench.growth_figures import (
    Growth,
    figures,
    finished,
    handovers,
    print_growth,
    verdict,
)
from infra.local.bench.run import BenchError
from infra.local.bench.waiting import IMAGES, not_begun, under_way, write
from infra.local.processes import LocalStackError
from shared.domain.job import JobStatus
from shared.ports import CreateJob
from shared.usecases.admit import admit
from shared.usecases.sweep import sweep
from tests.fakes.store import MemoryJobStore
from tests.fakes.world import POLICY, START
from tests.unit.billed import BilledWorld, bill, cost

MANY = (1, 10, 100, 1000)
SLOTS, BOOKS = 12, 10


# --- the simulation -------------------------------------------------------------------------------


def world_with(waiting: int, books: int = BOOKS) -> BilledWorld:
    """A world of which nothing has begun: books under way, and jobs that wait behind them."""
    world = BilledWorld(replace(POLICY, slots=SLOTS))
    jobs = [*under_way(books, world.now, "https://pictures.test/hero.png")]
    write(world.store, [*jobs, *not_begun(waiting, world.now)])
    return world


@pytest.fixture(scope="module")
def bills() -> Mapping[int, Mapping[Any, int]]:
    """By the jobs that wait: what 37 pictures cost that are painted before them."""
    return {waiting: painted_before(waiting) for waiting in MANY}


def painted_before(waiting: int) -> Mapping[Any, int]:
    world, enough = world_with(waiting), BOOKS * (IMAGES - 1) - SLOTS - 1
    world.queue.ask_admission()
    world.run(until=lambda: len(world.painter.of("UPSCALE")) >= enough)
    assert not any("waits" in painting.prompt for painting in world.painter.of("IMAGINE"))
    return bill(world.calls)


def test_a_picture_costs_the_same_however_many_jobs_wait(
    bills: Mapping[int, Mapping[Any, int]],
) -> None:
    alone = bills[1]
    assert all(bills[waiting] == alone for waiting in MANY)
    # Most of it are handovers: image, next in turn; image, its heir's claim, its answer.
    assert alone["step watch_upscale", 2, 3] > BOOKS


@pytest.mark.parametrize("waiting", MANY)
def test_admission_and_sweep_read_the_same_however_many_jobs_wait(waiting: int) -> None:
    world = world_with(waiting)
    # Held slots, fence, held slots again, those whose turn it is; for each its claim and its
    # answer, and the fence.
    assert cost(lambda: admit(world.services)) == (3 + SLOTS, 2 * SLOTS + 1)
    assert cost(lambda: admit(world.services)) == (1, 0)
    # Three questions that find nothing, the next that waits, the slots that are held.
    assert cost(lambda: sweep(world.services)) == (5, 0)


def test_whoever_waits_gets_a_turn_in_the_end() -> None:
    world = world_with(waiting=3, books=1)
    world.queue.ask_admission()
    world.run()
    assert {job.status for job in world.store.jobs} == {JobStatus.SUCCEEDED}
    assert len(world.painter.of("IMAGINE")) == 3 * IMAGES + IMAGES - 1


# --- the jobs -------------------------------------------------------------------------------------


class Commits(MemoryJobStore):
    """Remembers how many jobs each commit wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def commit(self, *writes: Any) -> Any:
        self.sizes.append(sum(isinstance(write, CreateJob) for write in writes))
        return super().commit(*writes)


def test_jobs_are_written_many_at_a_time() -> None:
    store = Commits()
    write(store, [*not_begun(120, START)])
    assert store.sizes == [50, 50, 20]
    assert len(store.waiting(1000)) == 120


def test_what_is_under_way_comes_before_all_that_has_not_begun() -> None:
    store = MemoryJobStore()
    write(store, [*not_begun(5, START), *under_way(2, START, "https://pictures.test/hero.png")])
    names = [image.value.prompt.split(", ")[1] for image in store.waiting(100)]
    assert names == [*["under way 0"] * 5, *["under way 1"] * 5, *(f"waits {n}" for n in range(5))]


# --- the figures ----------------------------------------------------------------------------------

STEP = Call(function="step", milliseconds=20, reads=2, writes=3, tasks=1, status=200, did="x")
STORE = replace(STEP, function="postprocess", reads=1, writes=2)
SWEEP = replace(STEP, function="sweep", milliseconds=9, reads=5, writes=0)
FULL = replace(STEP, function="admit", milliseconds=5, reads=1, writes=0, did="admitted 0")
ADMISSION = replace(FULL, milliseconds=90, reads=16, writes=27, did="admitted 13")
NOTIFY = replace(STEP, function="notify", reads=1, writes=1)


def submit(action: str, at: int, end: int | None, prompt: str = "a fox, under way 0") -> Any:
    return {"action": action, "submitTime": at, "finishTime": end, "prompt": prompt}


SUBMITS = [
    submit("IMAGINE", 0, 60),
    submit("IMAGINE", 0, 61),
    submit("UPSCALE", 62, 70),
    submit("UPSCALE", 62, 80),
    submit("IMAGINE", 84, 140),
    submit("IMAGINE", 75, 130),
    submit("UPSCALE", 141, None),
]
RUN = Growth(
    waiting=10,
    pictures=2,
    calls=[STEP, STEP, STEP, STORE, SWEEP, SWEEP, FULL, *[NOTIFY] * 9],
    first_calls=[ADMISSION, SWEEP],
    asked=[replace(STEP, function="generate", reads=1), replace(STEP, function="status", reads=7)],
    capacity=2,
    submits=SUBMITS,
    queries={"held slots": 2.345, "overdue": 1.0},
)


def test_a_slot_is_handed_on_from_the_end_of_a_picture_to_the_next() -> None:
    assert finished(SUBMITS) == 2
    assert handovers(SUBMITS, capacity=2) == [5.0, 4.0]
    assert handovers(SUBMITS[:4], capacity=2) == []


def test_a_picture_is_what_its_own_calls_cost() -> None:
    found = figures(RUN)
    assert (found["calls"], found["reads"], found["writes"]) == (2.0, 3.5, 5.5)
    assert (found["handoverMs"], found["handoverP95Ms"]) == (4.5, 5.0)
    assert found["stepMs"] == 20
    assert found["query held slots"] == 2.3


def test_each_kind_of_call_is_counted_by_itself() -> None:
    found = figures(RUN)
    assert (found["admitFullReads"], found["admitFullWrites"], found["admitFullMs"]) == (1, 0, 5)
    assert (found["admissionReads"], found["admissionWrites"], found["admissionMs"]) == (16, 27, 90)
    assert (found["sweepCalls"], found["sweepReads"], found["sweepMs"]) == (2, 5, 9)
    assert (found["generateReads"], found["statusReads"]) == (1, 7)
    assert found["admissionsThatFoundSlots"] == 0


def test_an_admission_that_had_to_give_slots_is_seen() -> None:
    found = figures(replace(RUN, calls=[*RUN.calls, ADMISSION]))
    assert found["admissionsThatFoundSlots"] == 1
    assert found["admitFullReads"] == 1


def test_the_most_that_a_call_read_is_told() -> None:
    assert figures(replace(RUN, calls=[*RUN.calls, replace(SWEEP, reads=6)]))["sweepReads"] == 6


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"calls": [*RUN.calls, replace(STEP, status=500)]}, "1 calls failed"),
        ({"asked": [replace(STEP, status=503)]}, "1 calls failed"),
        ({"submits": [*SUBMITS, submit("IMAGINE", 0, 1, "a fox, waits 3")]}, "was to wait"),
    ],
)
def test_an_unsound_run_has_no_figures(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(BenchError, match=why):
        figures(replace(RUN, **changes))


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        ("reads", [4.0, 4.3, 4.4], "flat"),
        ("reads", [4.0, 4.0, 4.6], "grows"),
        ("sweepWrites", [0, 0, 1], "grows"),
        ("sweepMs", [10.0, 30.0, 19.0], "flat"),
        ("sweepMs", [10.0, 10.0, 21.0], "grows"),
        ("query overdue", [2.0, 7.9], "flat"),
        ("admissionMs", [None, 3.0], ""),
        ("reads", [4.0], ""),
    ],
)
def test_what_counts_as_growing(key: str, values: list[float | None], expected: str) -> None:
    assert verdict(key, values) == expected


def test_each_query_is_timed() -> None:
    store = MemoryJobStore()
    write(store, [*not_begun(1, START)])
    times = time_queries(store)
    assert Counter(times.keys())["held slots"] == 1
    assert all(ms > 0 for ms in times.values())


# --- the command ----------------------------------------------------------------------------------


def measure(waiting: int, _: Path) -> Growth:
    return replace(RUN, waiting=waiting)


def test_each_number_of_jobs_is_run_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "growth.json"
    assert main(["--waiting", "100", "1", "--json", str(file)], measure, {}) == 0
    report = json.loads(file.read_text())
    assert [run["waiting"] for run in report["runs"]] == [1, 100]
    assert report["machine"]["cores"] >= 1
    assert "flat" in capsys.readouterr().out


def test_the_report_fits_a_terminal() -> None:
    report = {"date": "2026-11-23", "machine": {"cores": 2, "python": "3.11"}, "notes": ["Note."]}
    runs = [figures(replace(RUN, waiting=waiting)) for waiting in MANY]
    console = Console(file=io.StringIO(), width=80)
    print_growth(console, report | {"runs": runs})
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in printed
    assert max(len(text) for text in printed.splitlines()) <= 80
    for text in ("1,000", "admit, all slots taken: reads", "held slots", "2.3 ms", "Note."):
        assert text in printed


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (BenchError("36 pictures were not painted"), 1, "36 pictures were not painted."),
        (LocalStackError("Java is missing."), 2, "Java is missing."),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_what_goes_wrong_is_said(
    error: BaseException, code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> Growth:
        raise error

    assert main([], fail, {}) == code
    assert text in capsys.readouterr().err


def test_a_foreign_service_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], measure, {"FIRESTORE_EMULATOR_HOST": "somewhere"}) == 2
    assert "Unset FIRESTORE_EMULATOR_HOST" in capsys.readouterr().err
