"""What the step machine relies on in a painter: the same tests for the fakes and for MidJourney.

MidJourney is there twice, behind the simulated proxies of novicezk and of trueai-org; what only
one of them does is in `test_midjourney_proxies`, odd answers in `test_midjourney_odd_answers`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

import pytest
import requests

from infra.local.proxy import ProxyOptions, SimulatedProxy
from shared.adapters.midjourney import MidJourneyPainter
from shared.domain.failure import FailureCode
from shared.domain.observation import (
    Accepted,
    Busy,
    Missing,
    ParentLost,
    Phase,
    Refused,
    Sighting,
    Unreachable,
    Unsure,
)
from shared.ports import LookAnswer, Painter, Picture
from tests.contract.conftest import eventually
from tests.fakes.world import World
from tests.simulation.ledger import Ledger
from tests.simulation.outside import From, Outside
from tests.simulation.painter import SimulatedPainter

PROMPT = "a brave girl, full body --ar 3:4 --v 7"
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
# The smallest PNG: one grey pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63680000008200817ddb1f860000000049454e44ae426082"
)
DRAWING = Picture(data=PIXEL, content_type="image/png", suffix=".png")


class Atelier(ABC):
    """A painter, a way to let time pass, and a way to have it misbehave."""

    painter: Painter

    @abstractmethod
    def misbehave(self, word: str) -> None:
        """The next submission meets this fate."""

    @abstractmethod
    def wait_for(self, task_id: str, token: str, phases: set[Phase]) -> Sighting:
        """Let time pass until the task is in one of the phases."""

    @abstractmethod
    def cut_off(self) -> None:
        """The painter can't be reached any more."""


class FakeAtelier(Atelier):
    def __init__(self) -> None:
        self.world = World()
        self.painter = self.world.painter

    def misbehave(self, word: str) -> None:
        self.world.painter.script.append(word)

    def wait_for(self, task_id: str, token: str, phases: set[Phase]) -> Sighting:
        for _ in range(200):
            seen = self.painter.look(task_id, token=token)
            if isinstance(seen, Sighting) and seen.phase in phases:
                return seen
            self.world.now += timedelta(seconds=1)
        raise AssertionError(f"never in {phases}")

    def cut_off(self) -> None:
        self.world.painter.unreachable = True


class SimulatedAtelier(Atelier):
    def __init__(self) -> None:
        self.outside = Outside()
        moment = lambda seconds: SINCE + timedelta(days=30, seconds=seconds)  # noqa: E731
        ledger = Ledger(took=lambda _: None)
        self.simulated = SimulatedPainter(self.outside.network, ledger, moment, lambda *_: None)
        self.painter = cast("Painter", From(self.outside, self.simulated))

    def misbehave(self, word: str) -> None:
        if word == "lose":
            self.outside.kernel.after(0.2, self.simulated.forget_everything)
            return
        moment, happens = SIMULATED_FAULTS[word]
        self.outside.faults.next[moment] = [happens]

    def wait_for(self, task_id: str, token: str, phases: set[Phase]) -> Sighting:
        for _ in range(200):
            seen = self.painter.look(task_id, token=token)
            if isinstance(seen, Sighting) and seen.phase in phases:
                return seen
            self.outside.wait(1.0)
        raise AssertionError(f"never in {phases}")

    def cut_off(self) -> None:
        self.simulated.down_until = math.inf


SIMULATED_FAULTS = {
    "busy": ("submit taken", "busy"),
    "banned": ("submit taken", "banned"),
    "drop answer": ("submit taken", "answer broken off"),
    "vanish": ("submit taken", "answer 500"),
    "fail": ("painting", "failed"),
    "moderated": ("painting", "moderated"),
}
FAULTS = {
    "busy": {"kind": "queue_full"},
    "banned": {"kind": "ban"},
    "drop answer": {"kind": "drop_answer"},
    "vanish": {"kind": "error_submit"},
    "fail": {"kind": "fail"},
    "moderated": {"kind": "fail", "reason": "[Banned prompt detected] no"},
    "lose": {"kind": "lose"},
}


class ProxyAtelier(Atelier):
    def __init__(self, proxy: SimulatedProxy) -> None:
        self.control = f"{proxy.url}/control"
        self.painter = MidJourneyPainter(f"{proxy.url}/mj", "secret", timeout=5)

    def misbehave(self, word: str) -> None:
        answer = requests.post(f"{self.control}/faults", json=[FAULTS[word]], timeout=10)
        answer.raise_for_status()

    def wait_for(self, task_id: str, token: str, phases: set[Phase]) -> Sighting:
        found: list[Sighting] = []

        def seen() -> bool:
            sighting = self.painter.look(task_id, token=token)
            if isinstance(sighting, Sighting) and sighting.phase in phases:
                found.append(sighting)
            return bool(found)

        eventually(seen)
        return found[0]

    def cut_off(self) -> None:
        fault = {"kind": "error_fetch", "times": None}
        requests.post(f"{self.control}/faults", json=[fault], timeout=10).raise_for_status()


@pytest.fixture(params=["fake", "simulated", "novicezk", "trueai"])
def atelier(request: pytest.FixtureRequest) -> Iterator[Atelier]:
    if request.param == "fake":
        yield FakeAtelier()
        return
    if request.param == "simulated":
        yield SimulatedAtelier()
        return
    dialect: Literal["novicezk", "trueai"] = request.param
    options = ProxyOptions(dialect=dialect, speed=200, picture_size=128, api_secret="secret")
    with SimulatedProxy(options) as proxy:
        yield ProxyAtelier(proxy)


def accepted(answer: object) -> str:
    assert isinstance(answer, Accepted)
    return answer.task_id


def painted(atelier: Atelier) -> str:
    task_id = accepted(atelier.painter.imagine(PROMPT, token="token"))
    atelier.wait_for(task_id, "token", {Phase.DONE})
    return task_id


def test_a_painting_is_seen_at_work_and_then_done(atelier: Atelier) -> None:
    task_id = accepted(atelier.painter.imagine(PROMPT, token="token"))

    working = atelier.wait_for(task_id, "token", {Phase.WORKING})
    done = atelier.wait_for(task_id, "token", {Phase.DONE})

    assert working.started_at is not None
    assert (done.task_id, done.failure) == (task_id, None)
    assert done.picture_url is not None
    assert done.picture_url.startswith("http")


def test_one_of_four_is_enlarged(atelier: Atelier) -> None:
    parent = painted(atelier)

    task_id = accepted(atelier.painter.upscale(parent, 3, token="second"))

    done = atelier.wait_for(task_id, "second", {Phase.DONE})
    assert task_id != parent
    assert done.picture_url is not None


def test_each_of_the_four_can_be_enlarged(atelier: Atelier) -> None:
    parent = painted(atelier)

    task_ids = {accepted(atelier.painter.upscale(parent, i, token=f"u{i}")) for i in (1, 2, 3, 4)}

    assert len(task_ids) == 4


def test_a_picture_is_painted_after_a_drawing(atelier: Atelier) -> None:
    task_id = accepted(atelier.painter.imagine(PROMPT, token="token", drawing=DRAWING))

    assert atelier.wait_for(task_id, "token", {Phase.DONE}).words is None


def test_a_drawing_is_put_into_words(atelier: Atelier) -> None:
    task_id = accepted(atelier.painter.describe(DRAWING, token="token"))

    done = atelier.wait_for(task_id, "token", {Phase.DONE})

    assert done.words
    assert done.words.isprintable()
    assert "--" not in done.words
    assert not done.words[0].isdigit()


def test_a_submission_is_found_by_its_token(atelier: Atelier) -> None:
    task_id = accepted(atelier.painter.imagine(PROMPT, token="token"))

    found = atelier.painter.find("token", since=SINCE)

    assert isinstance(found, Sighting)
    assert found.task_id == task_id
    assert atelier.painter.find("another", since=SINCE) == Missing(searched=True)


def test_an_unknown_task_is_missing(atelier: Atelier) -> None:
    assert atelier.painter.look("1700000000000000", token="token") == Missing(searched=False)


def test_a_task_with_another_token_is_not_ours(atelier: Atelier) -> None:
    task_id = accepted(atelier.painter.imagine(PROMPT, token="token"))

    assert atelier.painter.look(task_id, token="another") == Missing(searched=False)


def test_a_grid_that_is_unknown_cannot_be_enlarged(atelier: Atelier) -> None:
    answer = atelier.painter.upscale("1700000000000000", 1, token="token")

    assert isinstance(answer, ParentLost)


def test_a_busy_painter_has_not_taken_the_submission(atelier: Atelier) -> None:
    atelier.misbehave("busy")

    assert isinstance(atelier.painter.imagine(PROMPT, token="token"), Busy)
    assert atelier.painter.find("token", since=SINCE) == Missing(searched=True)
    accepted(atelier.painter.imagine(PROMPT, token="token"))


def test_a_banned_word_is_refused_at_once_or_a_little_later(atelier: Atelier) -> None:
    atelier.misbehave("banned")

    answer: object = atelier.painter.imagine(PROMPT, token="token")

    if isinstance(answer, Accepted):
        answer = atelier.wait_for(answer.task_id, "token", {Phase.FAILED})
        assert answer.permanent
    assert isinstance(answer, Refused | Sighting)
    assert answer.failure is not None
    assert answer.failure.code is FailureCode.BANNED_WORD


def test_a_lost_answer_leaves_a_submission_that_can_be_found(atelier: Atelier) -> None:
    atelier.misbehave("drop answer")

    assert isinstance(atelier.painter.imagine(PROMPT, token="token"), Unsure)
    assert isinstance(atelier.painter.find("token", since=SINCE), Sighting)


def test_a_submission_that_vanished_is_not_found(atelier: Atelier) -> None:
    atelier.misbehave("vanish")

    assert isinstance(atelier.painter.imagine(PROMPT, token="token"), Unsure)
    assert atelier.painter.find("token", since=SINCE) == Missing(searched=True)


@pytest.mark.parametrize(
    ("word", "code", "permanent"),
    [
        ("fail", FailureCode.PAINTING_FAILED, False),
        ("moderated", FailureCode.MODERATED, True),
    ],
)
def test_a_failure_says_whether_trying_again_helps(
    atelier: Atelier, word: str, code: FailureCode, permanent: bool
) -> None:
    atelier.misbehave(word)
    task_id = accepted(atelier.painter.imagine(PROMPT, token="token"))

    failed = atelier.wait_for(task_id, "token", {Phase.FAILED})

    assert failed.failure is not None
    assert (failed.failure.code, failed.permanent) == (code, permanent)


def test_a_task_that_the_painter_forgot_is_missing(atelier: Atelier) -> None:
    atelier.misbehave("lose")
    task_id = accepted(atelier.painter.imagine(PROMPT, token="token"))
    answers: list[LookAnswer] = []

    def forgotten() -> bool:
        answers.append(atelier.painter.look(task_id, token="token"))
        return isinstance(answers[-1], Missing)

    eventually(forgotten)
    assert atelier.painter.find("token", since=SINCE) == Missing(searched=True)


def test_a_painter_out_of_reach_is_told_from_one_that_does_not_know(atelier: Atelier) -> None:
    task_id = accepted(atelier.painter.imagine(PROMPT, token="token"))
    atelier.cut_off()

    assert isinstance(atelier.painter.look(task_id, token="token"), Unreachable)


def test_a_painter_says_that_it_is_there_and_begins_nothing(atelier: Atelier) -> None:
    assert atelier.painter.ping(3) is None
    assert atelier.painter.find("token", since=SINCE) == Missing(searched=True)


# MidJourney's adapter, before servers that fail in many ways, is in tests/unit/test_health.py.
@pytest.mark.parametrize("atelier", ["fake", "simulated"], indirect=True)
def test_a_painter_out_of_reach_says_so(atelier: Atelier) -> None:
    atelier.cut_off()

    assert isinstance(atelier.painter.ping(3), Unreachable)
