"""From a run to its figures, its checks and its tables."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from infra.local.bench.calls import Call
from infra.local.bench.checks import painting_problems, problems
from infra.local.bench.plan import Plan
from infra.local.bench.report import environment, print_report, scenario
from infra.local.bench.run import Measurement

PLAN = Plan(name="one book", books=1, pictures=2, speed=10.0, slots=12)


def imagine(task: str, mark: str, status: str = "SUCCESS") -> dict[str, Any]:
    prompt = f"a fox with a red scarf {mark}, soft watercolor --ar 3:4"
    return {"id": task, "action": "IMAGINE", "prompt": prompt, "parentId": None, "status": status}


def upscale(task: str, parent: str, status: str = "SUCCESS") -> dict[str, Any]:
    # The prompt of an UPSCALE is its parent's, and must not count as a second IMAGINE's.
    return {"id": task, "action": "UPSCALE", "prompt": "x b0p0", "parentId": parent,
            "status": status}  # fmt: skip


SOUND = [imagine("1", "b0p0"), upscale("2", "1"), imagine("3", "b0p1"), upscale("4", "3")]
STEP = Call(
    function="step", milliseconds=20, reads=1, writes=1, tasks=1, status=200, did="painting"
)
GENERATE = replace(STEP, function="generate", reads=2, writes=4, status=202, did="")
STATUS = replace(STEP, function="status", reads=3, writes=0, tasks=0, did="")
NOTIFY = replace(STEP, function="notify", reads=1, writes=1, tasks=0)
SWEEP = replace(STEP, function="sweep", reads=4, writes=0, tasks=0)
RUN = Measurement(
    plan=PLAN,
    seconds=15.4,
    painting_seconds=14.7,
    busy_slot_seconds=14.0,
    peak_slots=1,
    submits=SOUND,
    proxy_requests=20,
    books=["succeeded"],
    calls=[GENERATE, *[STEP] * 5],
    dispatched={"step": 5},
    tasks_created=6,
    tasks_left=0,
    events=2,
    status=STATUS,
    load_before=0.5,
)


def of_book(pictures: int) -> list[dict[str, Any]]:
    """All submissions for one book."""
    pairs = [(imagine(f"i{n}", f"b0p{n}"), upscale(f"u{n}", f"i{n}")) for n in range(pictures)]
    return [one for pair in pairs for one in pair]


JUDGED = replace(
    RUN,
    plan=Plan(name="one book", books=1, pictures=6, speed=1.0, slots=12),
    seconds=141.0,
    submits=of_book(6),
    events=1,
    status=replace(STATUS, reads=7),
)
"""A book for which there are targets, all of them met."""


# --- checks ---------------------------------------------------------------------------------------


def test_a_sound_run_has_no_problems() -> None:
    assert problems(RUN) == []


@pytest.mark.parametrize(
    ("submits", "problem"),
    [
        ([*SOUND, imagine("5", "b0p0")], "IMAGINE of picture b0p0 was submitted 2 times, not 1"),
        ([*SOUND, upscale("5", "1")], "UPSCALE of picture b0p0 was submitted 2 times, not 1"),
        (SOUND[:3], "UPSCALE of picture b0p1 was submitted 0 times, not 1"),
        (SOUND[:2], "IMAGINE of picture b0p1 was submitted 0 times, not 1"),
        ([*SOUND, imagine("5", "")], "IMAGINE of picture of nobody was submitted 1 times, not 0"),
        ([*SOUND, upscale("5", "9")], "UPSCALE of picture of nobody was submitted 1 times, not 0"),
        ([*SOUND, SOUND[0] | {"action": "REROLL"}], "1 times REROLL at the proxy"),
        (
            [*SOUND[:3], upscale("4", "3", "FAILURE")],
            "1 times UPSCALE ended FAILURE at the proxy",
        ),
    ],
)
def test_each_picture_is_submitted_once(submits: list[dict[str, Any]], problem: str) -> None:
    assert problem in painting_problems({"b0p0", "b0p1"}, submits)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"books": ["failed"]}, "1 of 1 books ended failed"),
        ({"peak_slots": 13}, "13 slots were taken at once, of 12"),
        ({"calls": [*RUN.calls[1:], replace(GENERATE, status=500)]}, "1 calls of generate failed"),
        ({"calls": RUN.calls[:-1]}, "the log tells of 4 calls of step, 5 were made"),
    ],
)
def test_an_unsound_run_has_a_problem(changes: dict[str, Any], problem: str) -> None:
    assert problems(replace(RUN, **changes)) == [problem]


# --- figures --------------------------------------------------------------------------------------


def test_figures_are_the_runs_own() -> None:
    figures = scenario(RUN)
    assert figures["idealSeconds"] == 14.0
    assert figures["measuredSeconds"] == 15.4
    assert figures["measuredToIdeal"] == pytest.approx(1.1)
    assert figures["slotUtilisation"] == pytest.approx(14.0 / (12 * 15.4), abs=1e-4)
    assert figures["slotUtilisationAtBest"] == pytest.approx(14.0 / (12 * 14.0), abs=1e-4)
    assert figures["submits"] == {"IMAGINE": 2, "UPSCALE": 2}


def test_costs_are_per_picture() -> None:
    assert scenario(RUN)["perPicture"] == {
        "calls": 3.0,
        "callsApart": 3.0,
        "operationsApart": 8.0,
        "notifications": 0.0,
        "notificationReads": 0.0,
        "progressWrites": 0.0,
        "callsByFunction": {"step": 2.5, "generate": 0.5},
        "firestoreReads": 3.5,
        "firestoreWrites": 4.5,
        "tasksCreated": 3.0,
        "triggerEvents": 1.0,
        "proxyRequests": 10.0,
    }


def test_notifications_and_sweeps_are_counted_apart() -> None:
    extra = [*[NOTIFY] * 3, replace(NOTIFY, writes=0), SWEEP]
    before, after = (
        scenario(replace(RUN, calls=calls))["perPicture"]
        for calls in (RUN.calls, [*RUN.calls, *extra])
    )
    assert (after["notifications"], after["notificationReads"]) == (2.0, 2.0)
    assert after["progressWrites"] == 1.5
    assert after["callsApart"] == before["callsApart"]
    assert after["operationsApart"] == before["operationsApart"]
    assert after["calls"] == before["calls"] + 2.5
    assert after["firestoreReads"] == before["firestoreReads"] + 4.0


def test_a_status_request_is_no_part_of_what_the_books_cost() -> None:
    figures = scenario(RUN)
    assert figures["statusRequest"] == {"reads": 3, "writes": 0}
    assert "status" not in figures["functions"]


def test_functions_have_their_own_times() -> None:
    step = scenario(RUN)["functions"]["step"]
    assert (step["calls"], step["medianMs"], step["p95Ms"]) == (5, 20, 20)
    assert step["did"] == {"painting": 5}


def test_a_book_has_its_price_with_the_painters_share_beside_it() -> None:
    prices = scenario(RUN)["listPrices"]
    assert prices["painter"] == pytest.approx(2 * 0.03)
    assert prices["server"] == pytest.approx(sum(prices["services"].values()), abs=1e-5)
    assert prices["book"] == pytest.approx(prices["painter"] + prices["server"], abs=1e-5)
    # Two pictures of 3 MiB, for 181 days, are most of it.
    assert prices["services"]["Cloud Storage"] > prices["server"] / 2
    assert prices["month"].keys() == {"10", "1000", "100000"}
    assert prices["month"]["100000"] == pytest.approx(100_000 * prices["book"], rel=0.01)


def test_the_surroundings_are_named() -> None:
    known = environment(datetime(2026, 5, 1, 9, 0, tzinfo=UTC))
    assert known["date"] == "2026-05-01T09:00:00+00:00"
    assert known["machine"]["cores"] >= 1
    assert known["packages"]["pillow"]


def test_the_report_is_json_and_fits_a_terminal() -> None:
    many = replace(RUN, plan=replace(PLAN, name="10 books at once"), load_before=None)
    runs = [RUN, many, replace(JUDGED, status=replace(STATUS, reads=7, writes=1))]
    report = environment(datetime.now(UTC)) | {"scenarios": [scenario(run) for run in runs]}
    console = Console(file=io.StringIO(), width=80)
    print_report(console, json.loads(json.dumps(report)))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(len(text) for text in printed.splitlines()) <= 80
    assert "…" not in printed
    prices = ("one book", "$0.06000", "100,000 books a month", "Not counted:")
    for text in ("15.4 s", "14.0 s", "1.100", "7.6%", "each run: 0.5, unknown", *prices):
        assert text in printed
    for target in (
        r"measured / ideal +│ at most 1.02 +│ +1.007 +│ met",
        "status request .* missed",
    ):
        assert re.search(target, printed)
