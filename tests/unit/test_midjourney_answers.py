"""What the proxy's answers mean, row by row."""

from datetime import UTC, datetime

import pytest

from shared.adapters.midjourney_answers import sighting, submit_answer
from shared.domain.failure import FailureCode
from shared.domain.observation import Accepted, Busy, ParentLost, Phase, Refused, Unsure


def answer(code, result=None, description="提交失败", **properties):
    return submit_answer(
        {"code": code, "result": result, "description": description, "properties": properties}
    )


@pytest.mark.parametrize("code", [1, 22])
def test_submitted_and_queued_are_both_accepted(code):
    assert answer(code, "1717", numberOfQueues=3) == Accepted(task_id="1717")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(3, ParentLost), (9, Busy), (23, Busy), (24, Refused), (4, Refused), (21, Refused)],
)  # fmt: skip
def test_every_other_code_has_its_meaning(code, kind):
    assert type(answer(code)) is kind


def test_accepted_without_an_id_has_to_be_searched_for():
    assert isinstance(answer(1), Unsure)


def test_a_banned_word_is_named():
    refused = answer(24, bannedWord="corpse", promptEn="a corpse")

    assert refused.failure.code is FailureCode.BANNED_WORD
    assert "corpse" in refused.failure.message


def test_a_parent_that_is_not_stored_yet_is_asked_for_again():
    assert isinstance(answer(4, description="关联任务状态错误"), Busy)


def task(**fields):
    blank = {"id": "1717", "status": "IN_PROGRESS", "progress": "0%", "imageUrl": None,
             "startTime": None, "failReason": None, "state": "token"}  # fmt: skip
    return sighting({**blank, **fields})


@pytest.mark.parametrize(
    ("progress", "percent"),
    [
        ("0%", 0), ("31%", 31), ("100%", 100), ("", None), (None, None), ("fast", None),
        ("Waiting to start", None), ("paused", None), ("fast, stealth", None), ("999%", 100),
    ],
)  # fmt: skip
def test_progress_is_not_always_a_percentage(progress, percent):
    assert task(progress=progress).progress == percent


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("NOT_START", Phase.WAITING), ("SUBMITTED", Phase.WORKING), ("IN_PROGRESS", Phase.WORKING),
        ("SUCCESS", Phase.DONE), ("FAILURE", Phase.FAILED), ("CANCEL", Phase.FAILED),
        ("MODAL", Phase.WAITING), ("SOMETHING_NEW", Phase.WAITING),
    ],
)  # fmt: skip
def test_every_status_is_a_phase(status, phase):
    assert task(status=status).phase is phase


def test_times_are_milliseconds():
    assert task(startTime=1_700_000_000_500).started_at == datetime(
        2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("reason", "code", "permanent"),
    [
        ("[Banned prompt detected] no", FailureCode.MODERATED, True),
        ("[Image denied] no", FailureCode.MODERATED, True),
        ("[Invalid parameter] --x", FailureCode.PROMPT_REJECTED, True),
        ("[Invalid link!] 404", FailureCode.PROMPT_REJECTED, True),
        ("Invalid Form Body", FailureCode.PROMPT_REJECTED, True),
        ("任务超时", FailureCode.PAINTING_FAILED, False),
        ("Failed to process your command", FailureCode.PAINTING_FAILED, False),
        ("The resource is being rate limited.", FailureCode.PAINTING_FAILED, False),
        (None, FailureCode.PAINTING_FAILED, False),
    ],
)
def test_reasons_tell_whether_trying_again_helps(reason, code, permanent):
    seen = task(status="FAILURE", failReason=reason, progress="")

    assert (seen.failure.code, seen.permanent) == (code, permanent)
