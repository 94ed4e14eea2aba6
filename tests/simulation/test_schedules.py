"""The schedules themselves, and that they would find mistakes.

SIMULATION_SCHEDULES says how many (10,000 if it says nothing), SIMULATION_BASE what their seeds
begin with (the same each time, so that a change is judged by itself).
"""

import os

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.running import play_all, report, run

SCHEDULES = int(os.environ.get("SIMULATION_SCHEDULES", "10000"))
BASE = os.environ.get("SIMULATION_BASE") or "once upon a time"
PROCESSES = max(1, min(4, os.cpu_count() or 1))
ENOUGH = 1000
"""Schedules in which a mistake must show."""


def test_whatever_goes_wrong_all_comes_to_a_good_end() -> None:
    summary = run(BASE, SCHEDULES, PROCESSES)

    assert not summary.failed, report(summary.failed[0])
    assert summary.schedules == SCHEDULES
    print(f"{SCHEDULES} schedules, base {BASE}: {summary.calls} calls")


@pytest.mark.parametrize("mistake", MUTANTS)
def test_a_mistake_is_found(mistake: str) -> None:
    alter, shown_by = MUTANTS[mistake]

    summary = play_all([f"mistakes-{number}" for number in range(ENOUGH)], alter)

    assert summary.failed, f"{ENOUGH} schedules did not show it"
    if shown_by:
        assert summary.broken in shown_by
