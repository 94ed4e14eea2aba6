"""What a month is said to cost: the page has what the arithmetic gives, from what was counted."""

import json

import pytest

from infra.deploy_costs import (
    BEGIN,
    CHECKS,
    DEPLOY,
    END,
    PERFORMANCE,
    PROXY,
    SMALL_THINGS,
    book_by_service,
    metrics_of,
    month,
    table,
)
from infra.local.bench.prices import SIZES, SMALL, Size
from infra.local.stack_options import ROOT
from tests.fakes.terraform import plan

COUNTED = PERFORMANCE.read_text()


def test_the_page_has_the_table_that_the_arithmetic_gives():
    between = DEPLOY.read_text().split(BEGIN)[1].split(END)[0]
    assert between.strip() == table(COUNTED), "python -m infra.deploy_costs writes it anew"


def test_a_book_costs_what_the_benchmark_counted():
    services = book_by_service(COUNTED)
    said = COUNTED.split("| all of the server | $")[1].split(" ")[0]
    # Each row is rounded to a hundred-thousandth.
    assert sum(services.values()) == pytest.approx(float(said), abs=len(services) * 0.5e-5)


def test_more_books_cost_more_by_the_price_of_a_book():
    book = sum(book_by_service(COUNTED).values())
    grown = sum(month(COUNTED, 1_000).values()) - sum(month(COUNTED, 10).values())
    assert grown == pytest.approx(990 * book + metrics_of(1_000) - metrics_of(10))


def test_metrics_cost_most_when_something_happens_each_minute():
    assert metrics_of(0) == 0
    assert metrics_of(100_000) == metrics_of(1_000_000) == pytest.approx(25.5, abs=0.1)


def test_a_health_check_is_paid_for_with_what_it_asks():
    standing = month(COUNTED, 0)
    assert standing["Cloud Storage"] == pytest.approx(CHECKS * 0.005 / 1000)  # the bucket is listed
    assert standing["Cloud Tasks"] == pytest.approx(CHECKS * 0.40 / 1_000_000)


def test_a_month_without_a_book_costs_what_stands_there_all_the_same():
    standing = month(COUNTED, 0)
    assert 5 < sum(standing.values()) < 12
    assert standing["Cloud Scheduler"] == pytest.approx(0.10)


def test_a_proxy_of_ours_costs_an_instance_that_never_sleeps():
    cpu, memory, connector = (one.total for one in PROXY)
    assert cpu == pytest.approx(46.656)
    assert memory == pytest.approx(5.184)
    assert connector == pytest.approx(12.0672)


def test_what_is_counted_is_what_is_deployed(tmp_path):
    planned = plan(tmp_path)
    counted = {one.what: one.quantity for one in SMALL_THINGS}
    alerts = planned.of("google_monitoring_alert_policy")
    assert counted["alert conditions"] == sum(len(a.values["conditions"]) for a in alerts)
    assert counted["secret versions"] == len(planned.of("google_secret_manager_secret"))


def test_functions_are_as_large_as_the_arithmetic_takes_them_for():
    table = json.loads((ROOT / "infra" / "functions.json").read_text())
    gib = {"512Mi": 0.5, "1Gi": 1, "2Gi": 2}
    for name, function in table.items():
        if name != "download":  # whole books as archives are not counted
            size = Size(vcpu=float(function["cpu"]), gib=gib[function["memory"]])
            assert size == SIZES.get(name, SMALL), name
