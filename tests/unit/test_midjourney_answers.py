"""What the proxy's answers mean, row by row."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.midjourney_answers import (
    HadAlready,
    ToConfirm,
    reaches_back,
    sighting,
    submit_answer,
    task_of,
    unconfirmed,
    upscale_button,
)
from shared.domain.failure import FailureCode
from shared.domain.observation import (
    Accepted,
    Busy,
    ParentLost,
    Phase,
    Refused,
    Trouble,
    Unreachable,
    Unsure,
)


def answer(code, result=None, description="提交失败", **properties):
    return submit_answer(
        {"code": code, "result": result, "description": description, "properties": properties}
    )


@pytest.mark.parametrize("code", [1, 22])
def test_submitted_and_queued_are_both_accepted(code):
    assert answer(code, "1717", numberOfQueues=3) == Accepted(task_id="1717")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (3, ParentLost), (9, Busy), (23, Busy), (30, Busy), (24, Refused), (4, Refused),
        (21, Refused), (77, Refused),
    ],
)  # fmt: skip
def test_every_other_code_has_its_meaning(code, kind):
    assert type(answer(code)) is kind


def test_accepted_without_an_id_has_to_be_searched_for():
    assert isinstance(answer(1), Unsure)


def test_a_banned_word_is_named():
    refused = answer(24, bannedWord="corpse", promptEn="a corpse")

    assert refused.failure.code is FailureCode.BANNED_WORD
    assert "corpse" in refused.failure.message


@pytest.mark.parametrize(
    ("code", "description", "kind"),
    [
        (4, "关联任务状态错误", Busy), (4, "task_status_not_success", Busy),
        (4, "并发数已达上限", Busy), (4, "服务暂不可用，请联系管理员", Busy),
        (4, "账号已被临时封锁，请勿使用违规词作图", Busy), (4, "提交Imagine任务异常", Unsure),
        (4, "task_not_found", ParentLost), (4, "prompt不能为空", Refused),
        (3, "关联任务不存在或已失效", ParentLost), (3, "目标任务不存在", ParentLost),
        (3, "账号不可用: 1118", Busy), (3, "无可用的账号实例", Busy),
        (9, "提交失败，队列已满，请稍后重试", Busy), (9, "提交失败，系统异常", Busy),
    ],
)  # fmt: skip
def test_some_codes_mean_several_things(code, description, kind):
    assert type(answer(code, description=description)) is kind


def test_what_is_stopped_before_a_task_is_made_may_be_sent_again():
    envelope = {"success": False, "code": -1, "message": "队列数已达上限", "timestamp": "63"}

    # Its words are not passed on: they may quote what they were sent.
    assert submit_answer(envelope) == Busy(
        reason="the proxy answered code -1", trouble=Trouble.RATE_LIMITED
    )


def test_a_proxy_that_takes_no_drawings_says_so():
    refused = answer(4, description="禁止上传")

    assert refused.failure.code is FailureCode.PROMPT_REJECTED
    assert "drawings" in refused.failure.message


@pytest.mark.parametrize(
    ("description", "properties", "meaning"),
    [
        ("任务已存在", {"status": "SUCCESS", "imageUrl": "https://x"}, HadAlready(task_id="1717")),
        ("任务已存在", {"status": "FAILURE", "imageUrl": None}, HadAlready(task_id="1717")),
        ("Waiting for window confirm", {"remix": True, "finalPrompt": "a girl"},
         ToConfirm(task_id="1717", prompt="a girl")),
        ("Waiting for window confirm", {}, ToConfirm(task_id="1717", prompt=None)),
        ("", {"remix": True, "finalPrompt": None}, ToConfirm(task_id="1717", prompt=None)),
        ("?", {}, HadAlready(task_id="1717")),
    ],
)  # fmt: skip
def test_code_21_is_never_taken_for_itself(description, properties, meaning):
    assert answer(21, "1717", description, **properties) == meaning


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
        ("Banned prompt detected, no", FailureCode.MODERATED, True),
        ("Image denied, no", FailureCode.MODERATED, True),
        ("Request cancelled due to output filters, no", FailureCode.MODERATED, True),
        ("Invalid prompt, empty", FailureCode.PROMPT_REJECTED, True),
        ("可能包含敏感词", FailureCode.BANNED_WORD, True),
        ("Queue full, wait", FailureCode.PAINTING_FAILED, False),
        ("Pending mod message", FailureCode.PAINTING_FAILED, False),
        ("取消任务", FailureCode.PAINTING_FAILED, False),
        (None, FailureCode.PAINTING_FAILED, False),
    ],
)
def test_reasons_tell_whether_trying_again_helps(reason, code, permanent):
    seen = task(status="FAILURE", failReason=reason, progress="")

    assert (seen.failure.code, seen.permanent) == (code, permanent)


def test_a_canceled_task_may_be_tried_again():
    seen = task(status="CANCEL", failReason=None, progress="")

    assert (seen.failure.code, seen.permanent) == (FailureCode.PAINTING_FAILED, False)


FOUR = (
    "1️⃣ a girl with a red [hood](https://mj/x),\n   in a wood --ar 3:4 --v 7\n\n"
    "2️⃣ another\n\n3️⃣ a third\n\n4️⃣ a fourth"
)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"properties": {"finalPrompt": FOUR}}, "a girl with a red hood, in a wood"),
        ({"promptEn": "1. a girl\n2. a boy"}, "a girl"),
        ({"prompt": "Here they are\n1) a girl, 1.5 m tall\n2) a boy"}, "a girl, 1.5 m tall"),
        ({"properties": None, "prompt": "a girl —ar 3:4\n\nanother"}, "a girl"),
        ({"properties": {"finalPrompt": "1️⃣ --ar 3:4"}}, None),
        ({}, None),
    ],
)
def test_the_first_of_four_descriptions_is_the_words(fields, words):
    done = task(status="SUCCESS", action="DESCRIBE", progress="100%", **fields)

    assert (done.phase, done.picture_url, done.words) == (Phase.DONE, None, words)


def test_only_a_description_that_is_done_has_words():
    properties = {"finalPrompt": "1️⃣ a girl"}

    assert task(status="SUCCESS", action="IMAGINE", properties=properties).words is None
    assert task(status="SUBMITTED", action="DESCRIBE", properties=properties).words is None


def test_a_confirmation_is_given_once():
    assert unconfirmed({"status": "MODAL"})
    assert not unconfirmed({"status": "MODAL", "remixAutoSubmit": True})
    assert not unconfirmed({"status": "NOT_START"})


@pytest.mark.parametrize(
    ("fetched", "known"),
    [
        (None, None), ({"code": 4, "description": "task_no_found"}, None),
        ({"code": 3, "description": "关联任务不存在或已失效"}, None),
        ({"id": "1", "status": "MODAL", "code": 4}, {"id": "1", "status": "MODAL", "code": 4}),
    ],
)  # fmt: skip
def test_a_proxy_has_several_ways_to_know_no_task(fetched, known):
    assert task_of(fetched) == known


@pytest.mark.parametrize("odd", [{"code": -1, "success": False}, {"status": 400}, [], "?"])
def test_an_answer_that_is_no_task_proves_nothing(odd):
    assert isinstance(task_of(odd), Unreachable)


def test_a_button_is_found_by_its_custom_id():
    buttons = [
        {"customId": "MJ::JOB::variation::2::hash"}, {"label": "?"}, "?",
        {"customId": "MJ::JOB::upsample::12::hash"}, {"customId": "MJ::JOB::upsample::2::hash"},
    ]  # fmt: skip

    assert upscale_button({"buttons": buttons}, 2) == "MJ::JOB::upsample::2::hash"
    assert upscale_button({"buttons": buttons}, 1) is None
    assert upscale_button({"buttons": None}, 1) is None
    assert upscale_button({}, 1) is None


SINCE = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "oldest", "enough"),
    [
        (0, timedelta(0), True),
        (99, timedelta(hours=1), True),
        (100, timedelta(hours=1), False),
        (100, timedelta(seconds=-59), False),
        (100, timedelta(seconds=-60), True),
        (101, timedelta(hours=1), True),
    ],
)
def test_a_list_that_may_be_cut_has_to_reach_back(count, oldest, enough):
    first = (SINCE + oldest).timestamp() * 1000
    tasks = [{"submitTime": int(first) + 1000 * n} for n in reversed(range(count))]

    assert reaches_back(tasks, SINCE) is enough


def test_a_list_without_times_does_not_reach_back():
    assert not reaches_back([{"submitTime": None}] * 100, SINCE)


@pytest.mark.parametrize(
    ("code", "description", "trouble"),
    [
        (3, "无可用的账号实例", Trouble.ACCOUNT_DISABLED),
        (9, "提交失败，系统异常", Trouble.OTHER),
        (9, "[discord error] /captcha/embedded/1", Trouble.CAPTCHA),
        (9, "401: Unauthorized", Trouble.UNAUTHORIZED),
        (23, "队列已满，请稍后尝试", Trouble.QUEUE_FULL),
        (30, "too many requests", Trouble.RATE_LIMITED),
        (4, "账号已被临时封锁", Trouble.BLOCKED),
    ],
)
def test_what_is_wrong_with_the_painter_itself_is_told_by_a_code_and_not_in_its_words(
    code, description, trouble
):
    busy = answer(code, description=description)

    assert isinstance(busy, Busy)
    assert busy.trouble is trouble
    assert description not in busy.reason


@pytest.mark.parametrize(
    ("reason", "trouble"),
    [
        ("[Please verify] https://x.test/captcha/embedded/abc", Trouble.CAPTCHA),
        ("401: Unauthorized", Trouble.UNAUTHORIZED),
        ("The resource is being rate limited.", Trouble.RATE_LIMITED),
        ("[Subscription required] ...", Trouble.OUT_OF_CREDIT),
        ("[Blocked] You have been blocked from accessing Midjourney", Trouble.BLOCKED),
        ("任务超时", None),
        # A refusal of this one prompt is no trouble of the painter's.
        ("[Banned prompt detected] a captcha", None),
    ],
)
def test_a_task_that_failed_says_whether_the_painter_itself_is_in_trouble(reason, trouble):
    assert task(status="FAILURE", failReason=reason).trouble is trouble


@pytest.mark.parametrize(
    ("started", "finished", "seconds"),
    [(1000, 61500, 60.5), (1000, None, None), (None, 1000, None), (2000, 1000, None)],
)
def test_how_long_it_took_is_told_by_the_painters_own_clock(started, finished, seconds):
    found = task(status="SUCCESS", startTime=started, finishTime=finished)

    assert found.seconds == seconds
