"""What is read from the functions' log."""

import io
import json
from contextlib import redirect_stdout

import pytest

from infra.local.bench.calls import (
    Call,
    UnreadableLog,
    add_up,
    by_function,
    nearest_rank,
    read_calls,
)
from shared.log import log


def line(**changes: object) -> str:
    fields = {
        "severity": "INFO",
        "message": "call",
        "function": "step",
        "durationMs": 12.5,
        "reads": 1,
        "writes": 2,
        "tasks": 1,
        "status": 200,
    }
    return json.dumps(fields | changes)


def call(milliseconds: float = 10.0, function: str = "step", **changes: object) -> Call:
    return read_calls([line(durationMs=milliseconds, function=function, **changes)])[0]


def test_a_call_is_read() -> None:
    [found] = read_calls([line(did="painting")])
    assert found == Call(
        function="step", milliseconds=12.5, reads=1, writes=2, tasks=1, status=200, did="painting"
    )


def test_other_lines_are_passed_over() -> None:
    other = ["", "[INFO] Booting worker", json.dumps({"severity": "ERROR", "message": "Oh"})]
    assert read_calls(other) == []


def test_what_the_functions_write_is_read() -> None:
    with redirect_stdout(io.StringIO()) as output:
        log(
            "INFO", "call", function="admit", durationMs=1.0, reads=0, writes=0, tasks=0,
            did="admitted 1", status=200,
        )  # fmt: skip
    assert [found.did for found in read_calls(output.getvalue().splitlines())] == ["admitted 1"]


@pytest.mark.parametrize(
    "broken", [line()[:-9], json.dumps({"message": "call", "function": "step"})]
)
def test_a_broken_line_is_an_error(broken: str) -> None:
    with pytest.raises(UnreadableLog, match="line 2"):
        read_calls([line(), broken])


def test_calls_are_added_up() -> None:
    cost = add_up([call(10, did="painting"), call(30, did="painting"), call(20, status=500)])
    assert (cost.calls, cost.reads, cost.writes, cost.tasks) == (3, 3, 6, 3)
    assert (cost.median_ms, cost.p95_ms) == (20, 30)
    assert cost.did == {"painting": 2}
    assert cost.failures == 1


def test_nothing_cannot_be_added_up() -> None:
    with pytest.raises(ValueError, match="no calls"):
        add_up([])


def test_functions_are_told_apart_most_called_first() -> None:
    costs = by_function([call(), call(function="step"), call(function="admit")])
    assert [(name, cost.calls) for name, cost in costs.items()] == [("step", 2), ("admit", 1)]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([5.0], 95, 5.0), ([float(n) for n in range(1, 101)], 95, 95.0), ([1.0, 2.0], 50, 1.0)],
)
def test_nearest_rank(values: list[float], percent: float, expected: float) -> None:
    assert nearest_rank(values, percent) == expected
