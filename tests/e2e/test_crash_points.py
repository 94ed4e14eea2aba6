"""Function processes that die, for real, at every crash point; what they left ends right.

The process that comes by an armed point kills itself with SIGKILL, and with it whatever else it was
about to do at that moment. Some points are armed at once, and again when somebody has died there.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.local.processes import children_of
from shared.crash_points import CrashPoint
from tests.e2e.conftest import SETTINGS, SPEED, Backend, options_for, running
from tests.e2e.test_books import held_slots, once_each

DEATHS = 2
"""How often somebody may die at each armed point."""
PICTURES = 3
"""In each book."""
QUICK = {
    # What a death costs: mostly the rest of its claim's lease.
    "PROXY_TIMEOUT_SECONDS": "0.5",
    "CLAIM_LEASE_SECONDS": "5.5",
    "STORE_LEASE_SECONDS": "3",
    "SWEEP_GRACE_SECONDS": "0.5",
    "CUTOUT_MODEL": "none",
    # Few, so that pictures wait for each other and hand their slots on.
    "SLOTS": "3",
    "SLOTS_AHEAD": "0",
}


class Stage:
    """A stack whose function processes can be made to die, and what became of them."""

    def __init__(self, backend: Backend, folder: Path) -> None:
        self.backend = backend
        self.folder = folder
        self.left: dict[CrashPoint, int] = {}
        """How often each point is to be armed again."""

    def arm(self, *points: CrashPoint) -> None:
        self.left = dict.fromkeys(points, DEATHS - 1)
        for point in points:
            (self.folder / point).touch()

    def arm_again(self) -> None:
        for point, left in self.left.items():
            if left and not self.is_armed(point):
                self.left[point] -= 1
                (self.folder / point).touch()

    def is_armed(self, point: CrashPoint) -> bool:
        return (self.folder / point).exists()

    def disarm(self) -> None:
        for file in self.folder.iterdir():
            file.unlink()

    def survivors(self) -> set[int]:
        return set(children_of(self.backend.stack.functions.pid))

    def killed(self) -> list[int]:
        """The processes that SIGKILL ended so far, by the server that starts new ones."""
        log = self.backend.stack.functions_log.read_text()
        return [int(pid) for pid in re.findall(r"Worker \(pid:(\d+)\) was sent SIGKILL", log)]


@pytest.fixture(scope="module")
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """The stack of all these tests, whose proxy tells of what it has painted, or does not."""
    crashes = tmp_path_factory.mktemp("crashes")
    options = replace(
        options_for("novicezk"),
        speed=2 * SPEED,
        tasks_chaos=None,
        events_chaos=None,
        functions_env={**SETTINGS, **QUICK, "CRASH_FOLDER": str(crashes)},
        sweep_interval=1,
        workers=4,
        log_folder=tmp_path_factory.mktemp("logs"),
        notify=request.param == "told",
    )
    with running(options) as backend:
        stage = Stage(backend, crashes)
        backend.until(lambda: len(stage.survivors()) == options.workers)
        yield stage


@pytest.fixture(autouse=True)
def _all_is_well_again(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "stage" in request.fixturenames:
        stage: Stage = request.getfixturevalue("stage")
        stage.disarm()
        stage.backend.faults()


def stubborn(call: Callable[[], requests.Response]) -> requests.Response:
    """The answer to a client that asks again when nobody answers."""
    for _ in range(2 * DEATHS):
        try:
            return call()
        except requests.ConnectionError:
            continue
    return call()


def book(stage: Stage, word: str = "fox") -> str:
    tale = stage.backend.tale(PICTURES - 1, 1, word)
    answer = stubborn(lambda: stage.backend.generate(tale))
    assert answer.status_code == 202
    return str(answer.json()["jobId"])


@contextmanager
def watched(stage: Stage, jobs: list[str]) -> Iterator[None]:
    """Fails if a picture's progress falls within a generation."""
    seen: dict[tuple[str, int], list[int]] = {}

    def on_images(_: Any, changes: Any, __: Any) -> None:
        for change in changes:
            image = change.document.to_dict()
            key = image["imageId"], image["generation"]
            seen.setdefault(key, []).append(image["progress"])

    listening = [stage.backend.images_of(job).on_snapshot(on_images) for job in jobs]
    try:
        yield
    finally:
        for one in listening:
            one.unsubscribe()
    assert len(seen) >= PICTURES * len(jobs)
    assert all(progress == sorted(progress) for progress in seen.values())


def completed(stage: Stage, jobs: list[str]) -> bool:
    stage.arm_again()
    documents = stage.backend.db.get_all([stage.backend.db.document("jobs", j) for j in jobs])
    return all(document.get("completed") for document in documents)


# --- what passes by the points --------------------------------------------------------------------


def books(stage: Stage, *points: CrashPoint, number: int = 3) -> list[str]:
    """Some books at once, of more pictures than there are slots."""
    stage.arm(*points)
    jobs = [book(stage) for _ in range(number)]
    with watched(stage, jobs):
        stage.backend.until(lambda: completed(stage, jobs))
    return jobs


def lost_events(stage: Stage, *points: CrashPoint) -> list[str]:
    """The sweep has something to find: the members of two books."""
    stage.backend.stack.events.chaos.lose = 1.0
    try:
        return books(stage, *points, number=2)
    finally:
        stage.backend.stack.events.chaos.lose = 0.0


def busy(stage: Stage, *points: CrashPoint) -> list[str]:
    """The proxy takes nothing at first, so that admission pauses: each time somebody may die."""
    stage.backend.faults({"kind": "queue_full", "times": DEATHS})
    return books(stage, *points, number=1)


def regeneration(stage: Stage, *points: CrashPoint) -> list[str]:
    """A picture is painted again; whoever asks once more is told that it is."""
    job = book(stage)
    old = stage.backend.wait(job)["images"][1]
    stage.arm(*points)
    with watched(stage, [job]):
        answer = stubborn(lambda: stage.backend.regenerate(old["imageId"]))
        assert answer.json().get("code") in {None, "image_busy"}
        stage.backend.until(lambda: completed(stage, [job]))
    new = stage.backend.status(job).json()["images"][1]
    assert (new["generation"], new["status"]) == (2, "succeeded")
    assert new["imageUrl"] != old["imageUrl"]
    return [job]


# --- what comes of it -----------------------------------------------------------------------------


@contextmanager
def deaths(stage: Stage, *points: CrashPoint) -> Iterator[None]:
    """Each of the points is armed and come by in this block, and processes are killed there."""
    before, killed = stage.survivors(), len(stage.killed())
    yield
    assert not [point for point in points if stage.left[point] == DEATHS - 1], "not come by"
    stage.disarm()
    died = set(stage.killed()[killed:])
    assert died & before
    assert not died & stage.survivors()


def assert_painted_and_paid_once(stage: Stage, job: str) -> None:
    told = stage.backend.status(job).json()
    assert (told["status"], told["progress"], told["error"]) == ("succeeded", 100, None)
    assert counters(stage, job) == {
        "remaining": 0,
        "succeeded": PICTURES,
        "failed": 0,
        "canceled": 0,
    }
    assert once_each(stage.backend, told)


def counters(stage: Stage, job: str) -> dict[str, int]:
    document = stage.backend.db.document("jobs", job).get()
    return {name: document.get(name) for name in ("remaining", "succeeded", "failed", "canceled")}


P = CrashPoint
PAYING = (P.BEFORE_CLAIM, P.CLAIM_WRITTEN, P.SUBMITTED, P.ANSWER_WRITTEN)
WATCHING = (P.STEP_READ, P.BEFORE_PROGRESS, P.PROGRESS_WRITTEN, P.TASK_CREATED)
HANDING_ON = (P.BEFORE_SLOT_FREED, P.SLOT_FREED)
STORING = (P.BEFORE_UPLOAD, P.UPLOADED)
ENDING = (P.BEFORE_END, P.END_WRITTEN, P.BEFORE_CONCLUSION, P.CONCLUDED)
TOLD = {
    "starting and paying": (books, P.JOB_WRITTEN, P.SLOTS_COUNTED, P.ADMISSION_WRITTEN, *PAYING),
    "watching": (books, *WATCHING, P.NEWS_READ, P.NEWS_RUNG),
    "handing on": (books, *HANDING_ON, P.FAN_OUT_READ, P.FAN_OUT_WRITTEN),
    "ending": (books, *STORING, *ENDING),
    "sweeping": (lost_events, P.SWEPT_ONE),
    "pausing": (busy, P.PAUSED),
    "regenerating": (regeneration, P.REGENERATION_WRITTEN),
}
UNTOLD = (P.SUBMITTED, P.ANSWER_WRITTEN, *WATCHING)
"""Where it makes a difference whether the proxy tells of what it has painted."""


@pytest.mark.parametrize("scene", TOLD)
@pytest.mark.parametrize("stage", ["told"], indirect=True, scope="module")
def test_what_dead_processes_leave_behind_ends_right(stage, scene):
    run, *points = TOLD[scene]
    ends_right(stage, run, *points)


@pytest.mark.parametrize("stage", ["told"], indirect=True, scope="module")
def test_a_cancel_that_dies_half_way_is_asked_for_again_and_then_nothing_is_submitted(stage):
    hang = {"kind": "hang", "action": "IMAGINE", "prompt_contains": "statue", "times": None}
    stage.backend.faults(hang)
    job = book(stage, "statue")
    stage.backend.until(lambda: counters(stage, job)["succeeded"] == 1)
    stage.backend.until(lambda: len(stage.backend.submits(job)) == 2 + PICTURES - 1)
    with deaths(stage, P.CANCEL_WRITTEN):
        stage.arm(P.CANCEL_WRITTEN)
        answer = stubborn(lambda: stage.backend.cancel(job))
        submitted = len(stage.backend.submits(job))
        stage.arm_again()
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")

    stage.backend.until(lambda: held_slots(stage.backend) == 0)

    assert len(stage.backend.submits(job)) == submitted
    assert counters(stage, job) == {"remaining": 0, "succeeded": 1, "failed": 0, "canceled": 2}


@pytest.mark.parametrize("stage", ["not told"], indirect=True, scope="module")
def test_so_it_does_where_the_proxy_tells_nothing(stage):
    ends_right(stage, books, *UNTOLD)


def ends_right(stage: Stage, run: Callable[..., list[str]], *points: CrashPoint) -> None:
    with deaths(stage, *points):
        jobs = run(stage, *points)
    for job in jobs:
        assert_painted_and_paid_once(stage, job)
    assert held_slots(stage.backend) == 0


def test_there_is_a_test_of_every_crash_point():
    tested = {point for _, *points in TOLD.values() for point in points}
    elsewhere = {P.CANCEL_WRITTEN, P.DELETION_WRITTEN, P.OBJECTS_REMOVED, P.CALLED_BACK}
    assert tested | elsewhere == set(CrashPoint)
