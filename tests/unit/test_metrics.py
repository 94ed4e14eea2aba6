"""The lines that metrics are made of: their shapes as documented, and when they are written."""

import inspect
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.domain.failure import Failure, FailureCode
from shared.domain.observation import Busy, Refused, Trouble
from shared.ports import Conflict, PassFence, SaveImage
from shared.usecases import metrics
from shared.usecases.admit import admit
from shared.usecases.cancel_job import cancel_job
from shared.usecases.regenerate import regenerate
from shared.usecases.run_step import run_step
from shared.usecases.sweep import sweep
from tests.fakes.world import OWNER, POLICY, World

DOCUMENT = Path(__file__).parents[2] / "docs" / "observability.md"


def lines(capsys, message: str | None = None) -> list[dict[str, object]]:
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in found if message in {None, line["message"]}]


def told(line: dict[str, object]) -> dict[str, object]:
    """What a line says besides whose it is."""
    whose = {"severity", "message", "jobId", "imageId", "logging.googleapis.com/labels"}
    return {name: value for name, value in line.items() if name not in whose}


# --- the contract ---------------------------------------------------------------------------------


def documented() -> dict[str, set[str]]:
    """The lines by their message, with their fields, as the table in the document has them."""
    rows = re.findall(r"^\| `([a-z ]+)` \| ([^|]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    return {message: set(re.findall(r"`(\w+)`", fields)) for message, fields in rows}


def written() -> dict[str, set[str]]:
    a_call = r'log\(\s*"[A-Z]+",\s*"([a-z ]+)",(.*?)\n?\s*\)\n'
    calls = re.findall(a_call, inspect.getsource(metrics), re.DOTALL)
    return {message: set(re.findall(r"\b([a-zA-Z]+)=", fields)) for message, fields in calls}


def test_the_documented_lines_are_those_that_are_written() -> None:
    assert documented() == written()
    assert written() == {
        "first picture": {"seconds"},
        "book ended": {"status", "seconds", "overheadSeconds", "pictures"},
        "picture ended": {"status", "code", "paintingSeconds", "kind"},
        "slots": {"inUse", "waiting", "slots"},
        "sweep found": {"steps", "fanOuts", "jobs", "callbacks"},
        "painter paused": {"reason", "seconds"},
        "painter refused": {"code"},
    }


# --- pictures and books ---------------------------------------------------------------------------


def test_a_book_tells_of_its_first_picture_of_each_picture_and_of_its_end(capsys) -> None:
    world = World()
    book = world.start(members=2)
    world.run()

    found = lines(capsys)
    ended = [line for line in found if line["message"] == "picture ended"]
    assert [told(line) for line in ended] == [
        {"status": "succeeded", "code": None, "kind": kind, "paintingSeconds": 70.0}
        for kind in ("character", "character", "background")
    ]
    assert {line["imageId"] for line in ended} == {image.image_id for image in book.images}
    (first,) = (line for line in found if line["message"] == "first picture")
    assert first["imageId"] == book.images[0].image_id
    assert 70 <= first["seconds"] < 75
    (whole,) = (line for line in found if line["message"] == "book ended")
    assert whole["jobId"] == book.job.job_id
    assert (whole["status"], whole["pictures"]) == ("succeeded", 3)
    # The painter was at work for 70 s on the main character, and then for 70 s on the others.
    assert whole["overheadSeconds"] == pytest.approx(whole["seconds"] - 140, abs=0.002)
    assert 0 <= whole["overheadSeconds"] < 8


def test_waiting_for_a_slot_counts_as_overhead(capsys) -> None:
    world = World(replace(POLICY, slots=1))
    world.start(members=2)
    world.run()

    (whole,) = lines(capsys, "book ended")
    assert 70 <= whole["overheadSeconds"] < 78


def test_a_failure_is_told_by_its_code_once_and_takes_the_others_with_it(capsys) -> None:
    world = World()
    world.painter.script = ["moderated"]
    world.start(members=1)
    world.run()

    found = lines(capsys)
    ended = [told(line) for line in found if line["message"] == "picture ended"]
    assert [line["code"] for line in ended] == ["moderated", "reference_failed"]
    assert [line["paintingSeconds"] for line in ended] == [None, None]
    assert [told(line) for line in found if line["message"] == "painter refused"] == [
        {"code": "moderated"}
    ]
    (whole,) = (told(line) for line in found if line["message"] == "book ended")
    assert (whole["status"], whole["overheadSeconds"]) == ("failed", None)


def test_what_is_painted_again_ends_as_a_picture_and_not_as_a_book(capsys) -> None:
    world = World()
    book = world.start(members=0)
    world.run()
    lines(capsys)

    regenerate(world.services, OWNER, book.images[0].image_id)
    world.run()

    messages = [line["message"] for line in lines(capsys)]
    assert messages == ["picture ended"]


def test_what_fails_again_does_not_end_the_book_anew(capsys) -> None:
    world = World()
    book = world.start(members=0)
    world.painter.script = ["banned"]
    world.run()
    assert len(lines(capsys, "book ended")) == 1

    world.now += timedelta(minutes=1)
    world.painter.script = ["banned"]
    regenerate(world.services, OWNER, book.images[0].image_id)
    world.run()

    assert lines(capsys, "book ended") == []


def test_a_canceled_book_tells_of_each_picture(capsys) -> None:
    world = World()
    book = world.start(members=1)

    cancel_job(world.services, OWNER, book.job.job_id)

    found = lines(capsys)
    assert [(line["message"], line["status"]) for line in found] == [
        ("picture ended", "canceled"),
        ("picture ended", "canceled"),
        ("book ended", "canceled"),
    ]


def test_a_commit_that_conflicts_tells_nothing_and_its_next_try_once(capsys) -> None:
    world = World()
    world.start(members=0)
    commit, failed = world.store.commit, []

    def conflicting(*writes):
        ends = any(isinstance(write, SaveImage) and write.after.ended for write in writes)
        if ends and not failed:
            failed.append(True)
            raise Conflict("told so")
        return commit(*writes)

    world.store.commit = conflicting
    world.run()

    assert failed
    assert len(lines(capsys, "picture ended")) == 1


def test_every_task_twice_tells_nothing_twice(capsys) -> None:
    world = World()
    world.queue.copies = 2
    world.start(members=2)
    world.run()

    messages = [line["message"] for line in lines(capsys)]
    assert (messages.count("picture ended"), messages.count("book ended")) == (3, 1)
    assert messages.count("first picture") == 1


# --- the painter ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "refused"),
    [
        (Trouble.CAPTCHA, ["captcha"]),
        (Trouble.ACCOUNT_DISABLED, ["account_disabled"]),
        (Trouble.UNREACHABLE, []),
        (Trouble.QUEUE_FULL, []),
    ],
)
def test_a_painter_that_takes_nothing_is_told_of_by_its_trouble(capsys, trouble, refused) -> None:
    world = World()
    world.start(members=0)
    answer = Busy(reason="told so", trouble=trouble)
    world.painter.imagine = lambda *_, **__: answer

    admit(world.services)

    found = lines(capsys)
    (paused,) = (told(line) for line in found if line["message"] == "painter paused")
    assert paused == {"reason": trouble.value, "seconds": 1.0}
    assert [line["code"] for line in found if line["message"] == "painter refused"] == refused


def test_a_pause_that_another_one_wrote_is_not_told_of(capsys) -> None:
    world = World()
    world.start(members=0)
    world.painter.script = ["busy"]
    commit = world.store.commit

    def conflicting(*writes):
        if any(isinstance(write, PassFence) and write.after.troubles for write in writes):
            raise Conflict("told so")
        return commit(*writes)

    world.store.commit = conflicting
    admit(world.services)

    assert lines(capsys, "painter paused") == []


def test_a_word_that_the_proxy_bans_is_a_refusal_and_a_lost_drawing_is_none(capsys) -> None:
    world = World()
    for code in (FailureCode.BANNED_WORD, FailureCode.PICTURE_UNAVAILABLE):
        refused = Refused(failure=Failure(code=code, message="told so"))
        world.painter.imagine = lambda *_, refused=refused, **__: refused
        world.start(members=0, task=code)
        world.run()

    assert [line["code"] for line in lines(capsys, "painter refused")] == ["banned_word"]


# --- the sweep ------------------------------------------------------------------------------------


def test_a_sweep_tells_of_the_slots_each_time_and_of_what_it_found_only_then(capsys) -> None:
    world = World(replace(POLICY, slots=2))
    for number in range(5):
        world.start(members=0, task=str(number))
    admit(world.services)
    lines(capsys)

    sweep(world.services)
    (slots,) = lines(capsys)
    assert told(slots) == {"inUse": 2, "waiting": 3, "slots": 2}

    world.queue.due.clear()
    world.now += timedelta(minutes=5)
    sweep(world.services)
    (found,) = lines(capsys, "sweep found")
    assert told(found) == {"steps": 2, "fanOuts": 0, "jobs": 0, "callbacks": 0}
    assert found["severity"] == "WARNING"


def test_outdated_tasks_tell_nothing(capsys) -> None:
    world = World()
    book = world.start(members=0)
    world.run()
    lines(capsys)

    run_step(world.services, book.images[0].image_id, 1, 1)

    assert lines(capsys) == []
