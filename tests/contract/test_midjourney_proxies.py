"""MidJourney where nobody is there or lets it in, and what only one of the proxies does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
import requests

from infra.local.ports import free_port
from infra.local.proxy import ProxyOptions, SimulatedProxy
from shared.adapters.midjourney import MidJourneyPainter
from shared.domain.observation import (
    Accepted,
    Busy,
    Missing,
    ParentLost,
    Phase,
    Sighting,
    Unreachable,
    Unsure,
)
from shared.ports import Painter, Picture
from tests.contract.conftest import eventually

PROMPT = "a brave girl, full body --ar 3:4 --v 7"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
DRAWING = Picture(data=b"drawing", content_type="image/png", suffix=".png")

Dialect = Literal["novicezk", "trueai"]
DIALECTS = pytest.mark.parametrize("dialect", ["novicezk", "trueai"])


# --- nobody there, nobody let in ------------------------------------------------------------------


@pytest.fixture
def nobody() -> MidJourneyPainter:
    return MidJourneyPainter(f"http://127.0.0.1:{free_port()}/mj")


@pytest.mark.parametrize(
    "submit",
    [
        lambda painter: painter.imagine(PROMPT, token="token"),
        lambda painter: painter.describe(DRAWING, token="token"),
        lambda painter: painter.upscale("17", 1, token="token"),
    ],
)
def test_a_proxy_that_is_down_has_certainly_taken_nothing(
    nobody: MidJourneyPainter, submit: Callable[[Painter], object]
) -> None:
    assert isinstance(submit(nobody), Busy)


def test_a_proxy_that_is_down_is_unreachable(nobody: MidJourneyPainter) -> None:
    assert isinstance(nobody.look("17", token="token"), Unreachable)
    assert isinstance(nobody.find("token", since=SINCE), Unreachable)


@DIALECTS
def test_a_wrong_secret_loses_nothing(dialect: Dialect) -> None:
    with SimulatedProxy(ProxyOptions(dialect=dialect, api_secret="right")) as proxy:
        painter = MidJourneyPainter(f"{proxy.url}/mj", "wrong")

        assert isinstance(painter.imagine(PROMPT, token="token"), Busy)
        assert isinstance(painter.upscale("17", 1, token="token"), Busy)
        assert isinstance(painter.look("17", token="token"), Unreachable)


@DIALECTS
def test_a_disabled_account_is_waited_for(dialect: Dialect) -> None:
    options = ProxyOptions(dialect=dialect, faults=({"kind": "disable_account"},))
    with SimulatedProxy(options) as proxy:
        assert isinstance(MidJourneyPainter(f"{proxy.url}/mj").imagine(PROMPT, token="token"), Busy)


def test_a_proxy_that_does_not_answer_in_time_may_have_taken_it() -> None:
    options = ProxyOptions(speed=200, faults=({"kind": "slow_submit", "seconds": 2},))
    with SimulatedProxy(options) as proxy:
        painter = MidJourneyPainter(f"{proxy.url}/mj", timeout=0.2)

        assert isinstance(painter.imagine(PROMPT, token="token"), Unsure)


# --- the simulated proxies, each with a habit -----------------------------------------------------


@contextmanager
def at_work(**options: Any) -> Iterator[tuple[SimulatedProxy, MidJourneyPainter]]:
    with SimulatedProxy(ProxyOptions(speed=200, picture_size=128, **options)) as proxy:
        yield proxy, MidJourneyPainter(f"{proxy.url}/mj")


def wait_for(painter: Painter, task_id: str, token: str, phase: Phase) -> None:
    def reached() -> bool:
        seen = painter.look(task_id, token=token)
        return isinstance(seen, Sighting) and seen.phase is phase

    eventually(reached)


def grid(painter: Painter) -> str:
    answer = painter.imagine(PROMPT, token="grid")
    assert isinstance(answer, Accepted)
    wait_for(painter, answer.task_id, "grid", Phase.DONE)
    return answer.task_id


def misbehave(proxy: SimulatedProxy, **fault: object) -> None:
    requests.post(f"{proxy.url}/control/faults", json=[fault], timeout=10).raise_for_status()


def test_an_upscale_that_was_asked_for_before_is_taken_over() -> None:
    with at_work(repeats="existed") as (_, painter):
        parent = grid(painter)
        first = painter.upscale(parent, 1, token="first")
        assert isinstance(first, Accepted)

        again = painter.upscale(parent, 1, token="second")

        assert again == Accepted(task_id=first.task_id, token="first")
        assert isinstance(painter.look(first.task_id, token="first"), Sighting)


def test_an_upscale_that_failed_is_not_asked_for_again_where_that_is_in_vain() -> None:
    with at_work(repeats="existed") as (proxy, painter):
        parent = grid(painter)
        misbehave(proxy, kind="fail")
        first = painter.upscale(parent, 1, token="first")
        assert isinstance(first, Accepted)
        wait_for(painter, first.task_id, "first", Phase.FAILED)

        assert isinstance(painter.upscale(parent, 1, token="second"), ParentLost)
        assert isinstance(painter.upscale(parent, 2, token="third"), Accepted)


def test_what_has_to_be_confirmed_is_confirmed_at_once() -> None:
    with at_work(dialect="trueai") as (proxy, painter):
        misbehave(proxy, kind="modal", times=2)
        task_id = grid(painter)

        answer = painter.upscale(task_id, 4, token="second")

        assert isinstance(answer, Accepted)
        wait_for(painter, answer.task_id, "second", Phase.DONE)


def test_what_was_not_confirmed_is_not_there_and_no_look_confirms_it() -> None:
    with at_work(dialect="trueai") as (proxy, painter):
        misbehave(proxy, kind="modal")
        body = {"prompt": PROMPT, "state": "token"}
        answer = requests.post(f"{proxy.url}/mj/submit/imagine", json=body, timeout=10).json()
        assert answer["code"] == 21

        for _ in range(3):
            assert painter.look(answer["result"], token="token") == Missing(searched=False)
            assert painter.find("token", since=SINCE) == Missing(searched=True)

        task = requests.get(f"{proxy.url}/mj/task/{answer['result']}/fetch", timeout=10).json()
        assert task["status"] == "MODAL"


def test_a_list_that_was_cut_proves_no_absence() -> None:
    with at_work(dialect="trueai", queue_size=200) as (_, painter):
        before = datetime.now(UTC)
        for i in range(101):
            assert isinstance(painter.imagine(PROMPT, token=f"token-{i}"), Accepted)

        assert isinstance(painter.find("token-0", since=before), Unreachable)
        assert isinstance(painter.find("token-100", since=before), Sighting)
        later = datetime.now(UTC) + timedelta(minutes=5)
        assert painter.find("another", since=later) == Missing(searched=True)
