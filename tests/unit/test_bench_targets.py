"""Which targets a run has reached, and which runs are judged at all."""

from dataclasses import replace
from typing import Any

import pytest

from infra.local.bench.plan import Plan
from infra.local.bench.report import scenario
from infra.local.bench.run import Measurement
from infra.local.bench.targets import targets
from tests.unit.test_bench_report import JUDGED, NOTIFY, STATUS, STEP, SWEEP

UNTOLD = replace(JUDGED, plan=replace(JUDGED.plan, notify=False))


def at_slot(begin: int, end: int) -> list[dict[str, Any]]:
    """An IMAGINE that began when it was submitted; both moments in milliseconds."""
    return [{"action": "IMAGINE", "submitTime": begin, "startTime": begin, "finishTime": end}]


FULL = [
    one
    for wave in range(25)
    for _ in range(12)
    for one in at_slot(1000 + wave * 100, 1100 + wave * 100)
]
CROWD = replace(
    JUDGED,
    plan=Plan(name="50 books at once", books=50, pictures=6, speed=10.0, slots=12),
    submits=FULL,
    events=50,
)


def verdicts(run: Measurement) -> dict[str, bool]:
    return {target.name: target.met for target in targets(run)}


COSTS = {
    "function calls a picture",
    "reads and writes a picture",
    "trigger events a book",
    "median own time of a step",
    "reads of a status request",
    "writes of a status request",
}


def test_a_book_alone_is_judged_by_its_time_and_its_costs() -> None:
    assert verdicts(JUDGED) == dict.fromkeys({"measured / ideal", *COSTS}, True)


def test_many_books_are_judged_by_how_full_the_slots_were() -> None:
    expected = {"slots at work while pictures waited", *COSTS}
    assert verdicts(CROWD) == dict.fromkeys(expected, True)


def test_without_notifications_a_picture_may_cost_more() -> None:
    dear = replace(UNTOLD, calls=[STEP] * 1000)
    assert verdicts(dear).keys() == {"measured / ideal", *COSTS} - {
        "function calls a picture",
        "reads and writes a picture",
    }
    assert all(verdicts(dear).values())


@pytest.mark.parametrize(
    ("run", "seconds", "met"),
    [(JUDGED, 142.7, True), (JUDGED, 142.9, False), (UNTOLD, 148.3, True), (UNTOLD, 148.5, False)],
)
def test_how_much_longer_than_ideal_a_book_may_take(
    run: Measurement, seconds: float, met: bool
) -> None:
    assert verdicts(replace(run, seconds=seconds))["measured / ideal"] is met


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({"calls": [replace(STEP, reads=0)] * 49}, "function calls a picture"),
        ({"calls": [replace(STEP, reads=97, writes=0)]}, "reads and writes a picture"),
        ({"calls": [STEP, replace(NOTIFY, reads=2)]}, "reads of a notification"),
        ({"calls": [replace(STEP, milliseconds=60.1)]}, "median own time of a step"),
        ({"events": 2}, "trigger events a book"),
        ({"events": 0}, "trigger events a book"),
        ({"status": replace(STATUS, reads=8)}, "reads of a status request"),
        ({"status": replace(STATUS, reads=7, writes=1)}, "writes of a status request"),
    ],
)
def test_a_target_is_missed(changes: dict[str, Any], missed: str) -> None:
    found = verdicts(replace(JUDGED, **changes))
    assert [name for name, met in found.items() if not met] == [missed]


def test_slots_that_stood_empty_are_seen() -> None:
    idle = [*FULL[:-12], *(one for _ in range(12) for one in at_slot(3500, 3600))]
    assert not verdicts(replace(CROWD, submits=idle))["slots at work while pictures waited"]


def test_notifications_and_sweeps_are_no_pictures() -> None:
    crowd = [*JUDGED.calls, *[NOTIFY] * 500, *[SWEEP] * 500]
    assert all(verdicts(replace(JUDGED, calls=crowd)).values())


@pytest.mark.parametrize(
    "changes", [{"speed": 10.0}, {"pictures": 5}, {"books": 10}, {"books": 50, "slots": 13}]
)
def test_other_runs_are_not_judged(changes: dict[str, Any]) -> None:
    plan = replace(JUDGED.plan, **changes)
    assert targets(replace(JUDGED, plan=plan)) == []


def test_figures_are_written_with_what_was_wanted() -> None:
    first, *_ = targets(JUDGED)
    assert (first.name, first.shown, first.wanted) == ("measured / ideal", "1.007", "at most 1.02")
    shown = {target.name: (target.shown, target.wanted) for target in targets(CROWD)}
    assert shown["median own time of a step"] == ("20 ms", "at most 60 ms")
    assert shown["slots at work while pictures waited"] == ("100.0%", "at least 98%")


def test_a_figure_that_is_judged_is_the_one_in_the_table() -> None:
    # 1.004503...: rounded to four digits first, it would be 1.0045, and then 1.004.
    run = replace(JUDGED, seconds=140.6305)
    (shown,) = (target.shown for target in targets(run) if target.name == "measured / ideal")

    assert f"{scenario(run)['measuredToIdeal']:.3f}" == shown == "1.005"
