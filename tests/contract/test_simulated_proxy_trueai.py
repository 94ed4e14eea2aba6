"""The simulated proxy in the trueai dialect (the proxy's contract, section 7)."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.proxy.task import Action, Status, Task
from infra.local.proxy.trueai import StrictRankMemory
from tests.contract.proxy_client import Client, data_url, hook_receiver, proxy_client
from tests.contract.test_simulated_proxy_tasks import FIELDS


@pytest.fixture(scope="module")
def proxy() -> Iterator[Client]:
    with proxy_client(dialect="trueai", core_size=50) as client:
        yield client


@pytest.fixture(scope="module")
def parent(proxy: Client) -> dict[str, Any]:
    return proxy.finished("a red fox")


# --- who may ask


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"mj-api-secret": "wrong"}, 401),
        ({"Authorization": "Bearer s3cret"}, 401),
        ({"Authorization": "wrong", "mj-api-secret": "s3cret"}, 401),
        ({"mj-api-secret": "s3cret"}, 200),
        ({"Authorization": "s3cret"}, 200),
        ({"Authorization": "s3cret", "mj-api-secret": "wrong"}, 200),
    ],
)
def test_either_header_brings_the_secret_and_authorization_comes_first(
    headers: dict[str, str], status: int
) -> None:
    with proxy_client(dialect="trueai", api_secret="s3cret") as proxy:
        answers = [
            proxy.get("/mj/task/list", headers=headers),
            proxy.post("/mj-fast/mj/submit/imagine", {"prompt": "a fox"}, headers=headers),
        ]
        assert [answer.status_code for answer in answers] == [status, status]
        if status == 401:
            assert answers[0].text == "Authorization header missing."
        assert proxy.get("/health").json()["status"] == "Healthy"


def test_what_version_10_removed_is_gone(proxy: Client) -> None:
    for path in ("submit/change", "submit/simple-change"):
        answer = proxy.post(f"/mj/{path}", {})
        assert (answer.status_code, answer.content) == (404, b"")
    for path in ("task/queue", "account/list"):
        assert proxy.get(f"/mj/{path}").status_code == 404
    assert proxy.get("/mj/submit/action").status_code == 405


# --- tasks and their buttons


def test_a_finished_imagine_has_novicezks_fields_and_more(parent: dict[str, Any]) -> None:
    more = {
        "buttons", "parentId", "botType", "imageUrls", "thumbnailUrl", "seed", "jobId", "mode",
        "imageWidth", "imageHeight", "videoUrls", "instanceId", "isCompleted", "displays",
    }  # fmt: skip
    assert parent.keys() >= FIELDS | more
    assert (parent["botType"], parent["mode"]) == ("MID_JOURNEY", "FAST")
    assert (parent["state"], parent["failReason"], parent["parentId"]) == ("", "", None)
    assert (parent["imageWidth"], parent["imageHeight"]) == (128, 128)
    assert parent["jobId"] == parent["properties"]["messageHash"]
    assert parent["properties"]["discordChannelId"] == parent["properties"]["discordInstanceId"]


def test_its_buttons_are_those_of_midjourneys_message(parent: dict[str, Any]) -> None:
    picture = parent["properties"]["messageHash"]

    assert [button["customId"] for button in parent["buttons"]] == [
        *(f"MJ::JOB::upsample::{i}::{picture}" for i in (1, 2, 3, 4)),
        f"MJ::JOB::reroll::0::{picture}::SOLO",
        *(f"MJ::JOB::variation::{i}::{picture}" for i in (1, 2, 3, 4)),
    ]
    assert parent["buttons"][1].keys() == {"customId", "emoji", "label", "style", "type"}
    assert parent["buttons"][1]["label"] == "U2"


def test_a_task_that_is_not_done_has_no_buttons(proxy: Client) -> None:
    proxy.faults({"kind": "hang"})
    task = proxy.wait(proxy.imagine(), lambda task: task["status"] == "IN_PROGRESS")

    assert (task["buttons"], task["imageWidth"], task["isCompleted"]) == ([], None, False)


def test_an_upscale_is_a_click_and_refers_to_its_parent(
    proxy: Client, parent: dict[str, Any]
) -> None:
    answer = proxy.act(parent["id"], "U2", state="mine")
    assert (answer["code"], answer["properties"].keys()) == (
        1,
        {"discordInstanceId", "discordChannelId"},
    )
    task = proxy.ended(answer["result"])

    assert (task["status"], task["action"], task["state"]) == ("SUCCESS", "UPSCALE", "mine")
    assert (task["parentId"], task["description"]) == (parent["id"], "Submit success")
    assert task["properties"]["action_index"] == 2
    assert task["properties"]["custom_id"] == parent["buttons"][1]["customId"]
    assert proxy.picture(task["imageUrl"]).size == (128, 128)
    assert task["buttons"] == []


def test_an_upscale_is_the_quarter_that_was_asked_for(
    proxy: Client, parent: dict[str, Any]
) -> None:
    tasks = [proxy.ended(proxy.act(parent["id"], label)["result"]) for label in ("U1", "U2", "U2")]
    first, second, again = (proxy.picture(task["imageUrl"]).tobytes() for task in tasks)

    assert first != second
    assert second == again


def test_variations_and_rerolls_are_new_grids_that_can_be_upscaled(
    proxy: Client, parent: dict[str, Any]
) -> None:
    varied = proxy.ended(proxy.act(parent["id"], "V3")["result"])
    rerolled = proxy.ended(proxy.act(parent["id"], "")["result"])
    both = proxy.ended(proxy.act(varied["id"], "")["result"])

    assert [task["action"] for task in (varied, rerolled, both)] == [
        "VARIATION",
        "IMAGINE",
        "VARIATION",
    ]
    pictures = {
        proxy.picture(task["imageUrl"]).tobytes() for task in (parent, varied, rerolled, both)
    }
    assert len(pictures) == 4
    assert proxy.ended(proxy.act(both["id"], "U4")["result"])["status"] == "SUCCESS"


def test_a_button_of_another_picture_is_accepted_and_fails(
    proxy: Client, parent: dict[str, Any]
) -> None:
    other = proxy.finished("a blue hen")
    body = {"taskId": parent["id"], "customId": other["buttons"][0]["customId"]}
    answer = proxy.post("/mj/submit/action", body).json()

    assert answer["code"] == 1
    assert proxy.ended(answer["result"])["status"] == "FAILURE"


@pytest.mark.parametrize(
    ("body", "status", "code", "text"),
    [
        ({"taskId": "1"}, 200, 4, "参数错误"),
        ({"taskId": "1", "customId": "MJ::JOB::upsample::1::x"}, 404, 3, "关联任务不存在或已失效"),
        ({"taskId": "{parent}", "customId": "MJ::Nonsense"}, 200, 4, "未知的 Action 类型"),
    ],
)
def test_wrong_actions(
    proxy: Client,
    parent: dict[str, Any],
    body: dict[str, str],
    status: int,
    code: int,
    text: str,
) -> None:
    body = json.loads(json.dumps(body).replace("{parent}", parent["id"]))
    answer = proxy.post("/mj/submit/action", body)

    assert answer.status_code == status
    assert answer.json() == {"code": code, "description": text, "result": None, "properties": {}}


def test_a_parent_that_is_not_done_is_code_4(proxy: Client) -> None:
    proxy.faults({"kind": "hang"})
    body = {"taskId": proxy.imagine(), "customId": "MJ::JOB::upsample::1::x"}
    answer = proxy.post("/mj/submit/action", body).json()

    assert (answer["code"], answer["description"]) == (4, "关联任务状态错误")


# --- submitting


def test_banned_words_are_accepted_and_midjourney_may_refuse_later(proxy: Client) -> None:
    assert proxy.ended(proxy.imagine("a thick forest"))["status"] == "SUCCESS"
    assert proxy.ended(proxy.imagine("much gore"))["failReason"].startswith(
        "Banned prompt detected, "
    )


def test_the_fault_ban_strikes_in_the_queue_and_not_at_the_submission(proxy: Client) -> None:
    proxy.faults({"kind": "ban", "prompt_contains": "owl"})
    task = proxy.ended(proxy.imagine("an owl"))

    assert (task["status"], task["failReason"]) == ("FAILURE", "可能包含敏感词")


def test_a_full_queue_is_code_9_and_an_upscale_never_waits() -> None:
    with proxy_client(dialect="trueai", core_size=1, queue_size=1) as proxy:
        parent = proxy.finished()
        proxy.faults({"kind": "hang", "action": "IMAGINE", "times": None})
        codes = [proxy.post("/mj/submit/imagine", {"prompt": "a"}).json() for _ in range(3)]

        assert [answer["code"] for answer in codes] == [1, 1, 9]
        assert "队列已满" in codes[2]["description"]
        assert codes[2]["result"] is None
        upscaled = proxy.act(parent["id"], "U1")
        assert upscaled["code"] == 1
        assert proxy.ended(upscaled["result"])["status"] == "SUCCESS"


def test_the_fault_queue_full_is_code_9(proxy: Client) -> None:
    proxy.faults({"kind": "queue_full"})
    answer = proxy.post("/mj/submit/imagine", {"prompt": "a fox"}).json()

    assert (answer["code"], "队列已满" in answer["description"]) == (9, True)


def test_an_image_is_a_data_url_or_bare_base64_or_a_url(proxy: Client) -> None:
    whole = data_url()
    link = proxy.finished()["imageUrl"]
    pictures = [whole, whole.partition(",")[2], link]
    task = proxy.task(proxy.imagine("a fox", base64Array=pictures))

    *urls, last = task["prompt"].split(" a fox")[0].split(" ")
    assert (len(urls), last) == (2, link)
    content = base64.b64decode(pictures[1])
    assert [proxy.session.get(url, timeout=30).content for url in urls] == [content, content]
    assert proxy.ended(task["id"])["status"] == "SUCCESS"


def test_what_is_no_image_is_code_4(proxy: Client) -> None:
    answer = proxy.post("/mj/submit/imagine", {"prompt": "a", "base64Array": ["%%%"]}).json()

    assert (answer["code"], answer["description"]) == (4, "base64格式错误")


def test_describe_takes_a_link_and_blend_needs_dimensions(proxy: Client) -> None:
    link = proxy.finished()["imageUrl"]
    described = proxy.post("/mj/submit/describe", {"link": link}).json()
    shown = proxy.post("/mj/submit/describe", {"base64": data_url()}).json()
    pictures = {"base64Array": [data_url(), data_url((0, 0, 200))]}
    shapeless = proxy.post("/mj/submit/blend", pictures).json()
    blended = proxy.post("/mj/submit/blend", {**pictures, "dimensions": "PORTRAIT"}).json()

    assert proxy.ended(described["result"])["imageUrl"] == link
    uploaded = proxy.ended(shown["result"])
    assert proxy.picture(uploaded["imageUrl"]).getpixel((0, 0)) == (200, 40, 40)
    assert uploaded["properties"]["finalPrompt"].startswith("1️⃣")
    assert (shapeless["code"], shapeless["description"]) == (4, "dimensions参数错误")
    first = proxy.ended(blended["result"])
    again = proxy.ended(proxy.act(first["id"], "")["result"])
    assert (first["imageWidth"], first["imageHeight"]) == (86, 128)
    assert (again["action"], again["imageWidth"]) == ("BLEND", 86)


def test_long_states_are_refused_in_two_ways(proxy: Client, parent: dict[str, Any]) -> None:
    assert proxy.post("/mj/submit/imagine", {"prompt": "a", "state": "x" * 255}).json()["code"] == 1
    imagine = proxy.post("/mj/submit/imagine", {"prompt": "a", "state": "x" * 256})
    action = {"taskId": parent["id"], "customId": "MJ::JOB::upsample::1::x", "state": "x" * 256}
    answer = proxy.post("/mj/submit/action", action)

    assert (imagine.status_code, imagine.json()["code"]) == (200, 4)
    assert (answer.status_code, answer.json()["code"]) == (200, -1)
    assert answer.json()["message"] == imagine.json()["description"]


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"prompt": 3}', b'{"base64Array": "x"}'])
def test_a_body_that_cannot_be_read_is_200_with_an_error(proxy: Client, content: bytes) -> None:
    answer = proxy.session.post(
        f"{proxy.url}/mj/submit/imagine", data=content, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 200
    assert answer.json().keys() == {"success", "code", "message", "timestamp"}
    assert (answer.json()["success"], answer.json()["code"]) == (False, -1)


def test_a_server_error_is_500_with_the_same_body(proxy: Client) -> None:
    proxy.faults({"kind": "error_submit"})
    answer = proxy.post("/mj/submit/imagine", {"prompt": "a"})

    assert (answer.status_code, answer.json()["success"]) == (500, False)


def test_bot_and_speed_are_taken_over(proxy: Client) -> None:
    niji = proxy.task(proxy.imagine("a fox", botType="NIJI_JOURNEY"))
    body = {"prompt": "a fox --fast", "accountFilter": {"modes": ["RELAX"]}}
    turbo = proxy.post("/mj-turbo/mj/submit/imagine", body).json()["result"]
    relax = proxy.post("/mj/submit/imagine", body).json()["result"]

    assert (niji["botType"], niji["properties"]["botType"]) == ("NIJI_JOURNEY", "NIJI_JOURNEY")
    assert [proxy.task(task)["mode"] for task in (turbo, relax)] == ["TURBO", "RELAX"]
    elsewhere = {"prompt": "a", "accountFilter": {"instanceId": "1"}}
    assert proxy.post("/mj/submit/imagine", elsewhere).json()["code"] == 3


# --- modal


def test_a_modal_task_waits_until_it_is_confirmed(proxy: Client, parent: dict[str, Any]) -> None:
    proxy.faults({"kind": "modal", "action": "UPSCALE"})
    answer = proxy.act(parent["id"], "U2", state="mine")

    assert answer["code"] == 21
    assert answer["description"] == "Waiting for window confirm"
    assert answer["properties"] == {"finalPrompt": "a red fox", "remix": True}
    waiting = proxy.task(answer["result"])
    assert (waiting["status"], waiting["progress"], waiting["state"]) == ("MODAL", None, "mine")
    confirmed = proxy.post("/mj/submit/modal", {"taskId": waiting["id"], "maskBase64": ""}).json()
    assert (confirmed["code"], confirmed["result"]) == (1, waiting["id"])
    done = proxy.ended(waiting["id"])
    assert (done["status"], done["state"], done["parentId"]) == ("SUCCESS", "mine", parent["id"])


def test_a_second_confirmation_is_answered_alike_and_does_nothing(
    proxy: Client, parent: dict[str, Any]
) -> None:
    proxy.faults({"kind": "modal"})
    task_id = proxy.act(parent["id"], "V1")["result"]
    body = {"taskId": task_id, "prompt": "a red fox"}
    first = proxy.post("/mj/submit/modal", body).json()
    done = proxy.ended(task_id)
    again = proxy.post("/mj/submit/modal", {**body, "prompt": "a blue hen"}).json()

    assert (first["code"], again) == (1, first)
    assert proxy.task(task_id) == done
    assert [entry["id"] for entry in proxy.stats()["submits"]].count(task_id) == 1


def test_an_imagine_can_be_modal_and_needs_its_prompt_again(proxy: Client) -> None:
    proxy.faults({"kind": "modal", "action": "IMAGINE", "prompt_contains": "goose"})
    answer = proxy.post("/mj/submit/imagine", {"prompt": "a goose"}).json()
    task_id = answer["result"]

    assert (answer["code"], answer["properties"]["finalPrompt"]) == (21, "a goose")
    assert proxy.post("/mj/submit/modal", {"taskId": task_id}).json()["code"] == 4
    confirm = {"taskId": task_id, "prompt": "a white goose"}
    assert proxy.post("/mj/submit/modal", confirm).json()["code"] == 1
    done = proxy.ended(task_id)
    assert (done["status"], done["prompt"]) == ("SUCCESS", "a white goose")
    assert done["properties"]["finalPrompt"] == "a white goose"
    assert proxy.post("/mj/submit/modal", confirm).json()["code"] == 3


def test_a_prompt_of_its_own_changes_the_variation(proxy: Client, parent: dict[str, Any]) -> None:
    proxy.faults({"kind": "modal", "times": 2})
    same, other = (proxy.act(parent["id"], "V1")["result"] for _ in range(2))
    proxy.post("/mj/submit/modal", {"taskId": same})
    proxy.post("/mj/submit/modal", {"taskId": other, "prompt": "a blue hen"})

    assert proxy.ended(same)["properties"]["finalPrompt"] == "a red fox"
    changed = proxy.ended(other)
    assert (changed["prompt"], changed["properties"]["finalPrompt"]) == ("a blue hen",) * 2


def test_modal_of_nothing(proxy: Client) -> None:
    unknown = proxy.post("/mj/submit/modal", {"taskId": "1", "prompt": "a"})

    assert (unknown.status_code, unknown.json()["code"]) == (404, 3)
    assert proxy.post("/mj/submit/modal", {"prompt": "a"}).json()["description"] == "参数错误"


# --- looking, cancelling, seeds


def test_an_unknown_task_is_204(proxy: Client) -> None:
    answer = proxy.get("/mj/task/1234567890123456/fetch")

    assert (answer.status_code, answer.content) == (204, b"")


def test_the_list_ends_after_the_newest_hundred() -> None:
    with proxy_client(dialect="trueai", core_size=200) as proxy:
        ids = [proxy.imagine("a fox") for _ in range(103)]
        listed = [task["id"] for task in proxy.get("/mj/task/list").json()]

        assert len(listed) == 100
        assert ids[0] not in listed
        assert ids[-1] in listed
        for path in ("list-by-condition", "list-by-ids"):
            found = proxy.post(f"/mj/task/{path}", {"ids": [f" {ids[0]} ", "1"]}).json()
            assert [task["id"] for task in found] == [ids[0]]


@pytest.mark.parametrize("state", ["running", "waiting", "modal", "kept"])
def test_a_cancelled_task_is_a_failure_and_frees_its_slot(state: str) -> None:
    with proxy_client(dialect="trueai", core_size=1) as proxy:
        kind = "modal" if state == "modal" else "hang"
        proxy.faults({"kind": kind})
        task_id = proxy.post("/mj/submit/imagine", {"prompt": "a fox"}).json()["result"]
        if state == "waiting":
            task_id = proxy.imagine("a hen")
        if state == "kept":
            proxy.post("/control/restart", {"keep": True})

        answer = proxy.post(f"/mj/task/{task_id}/cancel")
        assert (answer.status_code, answer.content) == (200, b"")
        task = proxy.task(task_id)
        assert (task["status"], task["failReason"]) == ("FAILURE", "取消任务")
        assert task["isCompleted"] is True
        if state != "waiting":
            assert proxy.finished("a cat")["status"] == "SUCCESS"


def test_a_task_that_is_over_cannot_be_cancelled(proxy: Client, parent: dict[str, Any]) -> None:
    proxy.post(f"/mj/task/{parent['id']}/cancel")

    assert proxy.task(parent["id"])["status"] == "SUCCESS"
    assert proxy.post("/mj/task/1/cancel").status_code == 200


def test_the_seed_is_told_once_there_is_a_picture(proxy: Client) -> None:
    asked = proxy.finished("a fox --seed 77")["id"]
    answer = proxy.get(f"/mj/task/{asked}/image-seed")
    assert (answer.status_code, answer.json()["code"], answer.json()["result"]) == (200, 1, "77")
    assert proxy.task(asked)["seed"] == "77"

    proxy.faults({"kind": "hang"})
    early = proxy.get(f"/mj/task/{proxy.imagine()}/image-seed")
    assert (early.status_code, early.json()["code"]) == (400, 4)
    unknown = proxy.get("/mj/task/1/image-seed")
    assert (unknown.status_code, unknown.json()["code"]) == (404, 3)


def test_a_time_out_names_its_minutes() -> None:
    with proxy_client(dialect="trueai", timeout_minutes=2) as proxy:
        proxy.faults({"kind": "hang", "timeout": True})

        assert proxy.ended(proxy.imagine())["failReason"] == "执行超时 2 分钟"


# --- notifications


def test_notifications_show_the_task_as_fetch_does(proxy: Client) -> None:
    with hook_receiver() as hook:
        task_id = proxy.imagine(notifyHook=hook.url)
        news = hook.wait_for_end(task_id)

    assert next(body for body in news if body["status"] == "SUCCESS") == proxy.task(task_id)


def test_equal_and_older_news_are_dropped_until_the_end_was_told() -> None:
    memory = StrictRankMemory(lambda: 0.0)
    task = Task("1", Action.IMAGINE, "a", "a", None, None, submit_time=0)

    def admits(status: Status, progress: str) -> bool:
        task.status, task.progress = status, progress
        return memory.admits(task)

    assert admits(Status.SUBMITTED, "0%")
    assert admits(Status.IN_PROGRESS, "31%")
    assert not admits(Status.IN_PROGRESS, "31%")
    assert not admits(Status.IN_PROGRESS, "Waiting to start")
    assert not admits(Status.MODAL, "")
    assert admits(Status.SUCCESS, "100%")
    assert admits(Status.SUCCESS, "100%")
    assert admits(Status.IN_PROGRESS, "93%")
