"""Children end for certain, and say why they died."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.ports import free_port
from infra.local.processes import (
    Children,
    LocalStackError,
    answers,
    children_of,
)

from .conftest import eventually

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "http.server", sys.argv[1], "--bind", "127.0.0.1"])
time.sleep(600)
"""


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    children = Children(tmp_path)
    yield children
    children.stop_all()


def test_a_child_that_dies_at_the_start_shows_its_log(children: Children) -> None:
    child = children.start("painter", ["/bin/sh", "-c", "echo no brush; exit 3"])
    with pytest.raises(LocalStackError, match=r"(?s)painter ended with exit code 3.*no brush"):
        child.wait_until(lambda: False)


def test_a_child_that_is_never_ready_shows_its_log(children: Children) -> None:
    child = children.start("painter", ["/bin/sh", "-c", "echo thinking; sleep 600"])
    with pytest.raises(LocalStackError, match="not ready within"):
        child.wait_until(lambda: False, seconds=0.05)


def test_a_whole_group_is_ended(children: Children) -> None:
    port = free_port()
    child = children.start("family", [sys.executable, "-c", PARENT, str(port)])
    child.wait_until(lambda: answers(port))
    assert len(children_of(child.pid)) == 1
    child.stop(grace=0)
    assert not child.is_running()
    eventually(lambda: not answers(port))


def test_a_child_that_ignores_sigterm_is_killed(children: Children) -> None:
    child = children.start("stubborn", ["/bin/sh", "-c", "trap '' TERM; echo on; sleep 600"])
    child.wait_until(lambda: "on" in child.tail())
    child.stop(grace=0.05)
    assert child.wait() == -signal.SIGKILL


def test_stopping_twice_is_fine(children: Children) -> None:
    children.start("sleeper", SLEEP)
    children.stop_all()
    children.stop_all()
