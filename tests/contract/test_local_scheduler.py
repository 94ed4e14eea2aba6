"""The stand-in for Cloud Scheduler."""

from collections.abc import Iterator

import pytest
from google.auth import jwt

from infra.local.processes import LoopThread
from infra.local.scheduler import Scheduler

from .conftest import Target, eventually


@pytest.fixture
def brisk(loop: LoopThread, target: Target) -> Iterator[Scheduler]:
    scheduler = Scheduler(f"{target.url}/sweep", 0.02)
    loop.run(scheduler.start())
    yield scheduler
    loop.run(scheduler.stop())


def test_it_posts_again_and_again_as_cloud_scheduler(brisk: Scheduler, target: Target) -> None:
    call = target.wait_for(3)[0]
    assert (call.method, call.path) == ("POST", "/sweep")
    assert call.headers["User-Agent"] == "Google-Cloud-Scheduler"
    assert call.headers["X-CloudScheduler-JobName"] == "sweep"
    token = call.headers["Authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, verify=False)["aud"] == brisk.url


def test_calls_do_not_overlap(brisk: Scheduler, target: Target) -> None:
    target.wait_for(5)
    assert target.most_running == 1


def test_calls_overlap_if_asked(loop: LoopThread, target: Target) -> None:
    target.gate.clear()
    scheduler = Scheduler(target.url, 0.02, overlap=True)
    loop.run(scheduler.start())
    try:
        eventually(lambda: target.most_running > 1)
    finally:
        target.gate.set()
        loop.run(scheduler.stop())


def test_a_failed_call_is_counted_and_the_next_one_comes(brisk: Scheduler, target: Target) -> None:
    target.answers = [500]
    target.wait_for(2)
    eventually(lambda: brisk.failures == 1)
