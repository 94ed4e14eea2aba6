"""What a book costs: each line by hand, and where each price comes from."""

import json
from dataclasses import replace
from datetime import date

import pytest

import main
from infra.local.bench import prices
from infra.local.bench.prices import (
    PRICES,
    SIZES,
    Cost,
    Counts,
    Price,
    cost_of_book,
    cost_of_month,
    counts_of,
)
from infra.local.stack import ROOT
from shared.settings import Settings
from tests.unit.test_bench_report import GENERATE, RUN, STEP

GIB = 2**30
COUNTS = Counts(
    books=2,
    pictures=12,
    calls={"step": [0.0, 101.0, 200.0], "postprocess": [1950.0]},
    reads=100,
    writes=60,
    task_calls=40,
    tasks_dispatched=42,
    events=2,
    stored_bytes=6 * GIB,
    shown_bytes=2 * GIB,
)


def quantity(cost: Cost, price: Price) -> float:
    (line,) = (line for line in cost.lines if line.price is price)
    return line.quantity


# --- the table ------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", PRICES, ids=lambda price: f"{price.service}: {price.what}")
def test_each_price_says_where_it_is_from(price: Price) -> None:
    assert price.source.startswith("https://")
    assert date(2026, 9, 1) <= price.read
    assert price.per >= 1
    assert price.unit
    assert price.free
    assert price.dollars > 0 or price is prices.EVENTS


def test_no_price_is_there_twice() -> None:
    assert len({(price.service, price.what) for price in PRICES}) == len(PRICES)


# --- one book -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        # A client that listens reads each document that is written.
        (prices.READS, (100 + 60) / 2),
        (prices.WRITES, 30),
        (prices.DELETES, 6 + 3),
        (prices.DOCUMENTS, 9 * 8192 / GIB * 181 / 30),
        (prices.TASKS, (40 + 42) / 2),
        (prices.REQUESTS, 2),
        # 0.1, 0.2 and 0.2 seconds of one vCPU, and 2.0 of two.
        (prices.CPU, (0.5 + 4.0) / 2),
        # The same of half a GiB and of two.
        (prices.MEMORY, (0.25 + 4.0) / 2),
        (prices.EVENTS, 1),
        (prices.UPLOADS, 6 * 7),
        (prices.DOWNLOADS, 6 * 2),
        (prices.OBJECTS, 3 * 181 / 30),
        (prices.TRANSFER, 1 + 30 * 4096 / GIB),
        (prices.LOGS, 2 * 2048 / GIB),
        (prices.PICTURES, 6),
    ],
    ids=lambda value: value.what if isinstance(value, Price) else "",
)
def test_so_much_of_each_price_is_in_a_book(price: Price, expected: float) -> None:
    assert quantity(cost_of_book(COUNTS), price) == pytest.approx(expected)


def test_a_line_is_its_quantity_at_its_price() -> None:
    dollars = {line.price: line.dollars for line in cost_of_book(COUNTS).lines}
    assert dollars[prices.WRITES] == pytest.approx(30 * 0.0000009)
    assert dollars[prices.TASKS] == pytest.approx(41 * 0.0000004)
    assert dollars[prices.UPLOADS] == pytest.approx(42 * 0.000005)


def test_a_book_costs_the_sum_of_its_lines_and_the_painter_has_its_share() -> None:
    cost = cost_of_book(COUNTS)
    assert cost.dollars == pytest.approx(sum(line.dollars for line in cost.lines))
    assert cost.dollars == pytest.approx(sum(cost.by_service().values()))
    assert cost.painter == pytest.approx(0.18)


def test_every_price_but_that_of_the_timer_is_in_a_book() -> None:
    assert {line.price for line in cost_of_book(COUNTS).lines} == {*PRICES} - {prices.SCHEDULER}


def test_no_book_has_no_cost() -> None:
    with pytest.raises(ValueError, match="none"):
        cost_of_book(replace(COUNTS, books=0))


# --- a month --------------------------------------------------------------------------------------


def test_a_month_without_books_costs_its_sweeps_and_their_timer() -> None:
    cost = cost_of_month(cost_of_book(COUNTS), 0)
    assert cost.painter == 0
    assert quantity(cost, prices.REQUESTS) == 30 * 24 * 60
    assert quantity(cost, prices.CPU) == pytest.approx(30 * 24 * 60 * 0.1)
    assert quantity(cost, prices.READS) == 30 * 24 * 60 * 5
    assert cost.by_service()["Cloud Scheduler"] == pytest.approx(0.10)


def test_a_month_grows_by_the_cost_of_each_book() -> None:
    book = cost_of_book(COUNTS)
    idle = cost_of_month(book, 0).dollars
    for books in prices.MONTHS:
        grown = cost_of_month(book, books).dollars - idle
        assert grown == pytest.approx(books * book.dollars)


# --- counts of a run ------------------------------------------------------------------------------


def test_counts_are_the_runs_own() -> None:
    counts = counts_of(RUN)
    assert (counts.books, counts.pictures) == (RUN.plan.books, RUN.plan.total)
    assert counts.calls == {"generate": [20], "step": [20] * 5}
    assert (counts.reads, counts.writes) == (7, 9)
    assert (counts.task_calls, counts.tasks_dispatched, counts.events) == (6, 5, 2)


def test_a_sweep_is_no_part_of_a_book() -> None:
    sweep = replace(STEP, function="sweep", reads=4)
    assert counts_of(replace(RUN, calls=[*RUN.calls, sweep])) == counts_of(RUN)


def test_the_cutting_out_that_a_run_leaves_out_is_put_back_in() -> None:
    store = replace(GENERATE, function="postprocess", milliseconds=50)
    assert counts_of(replace(RUN, calls=[store])).calls == {"postprocess": [1950]}


# --- what is assumed is what is deployed ----------------------------------------------------------


def test_a_book_is_kept_for_as_long_as_the_bucket_keeps_it() -> None:
    rules = json.loads((ROOT / "infra" / "bucket-lifecycle.json").read_text())["rule"]
    (days,) = (
        rule["condition"]["age"]
        for rule in rules
        if "matchesPrefix" not in rule["condition"] and "age" in rule["condition"]
    )
    assert days == prices.KEPT_DAYS
    assert Settings.model_fields["job_lifetime_days"].default <= prices.KEPT_DAYS


def test_sizes_are_of_functions_that_exist() -> None:
    assert SIZES.keys() <= {*main.__all__}
