"""Tasks of the simulated proxy over HTTP (the proxy's contract, sections 1 and 2)."""

import re
from collections.abc import Iterator

import pytest

from tests.contract.proxy_client import Client, data_url, proxy_client

FIELDS = {
    "id", "action", "status", "prompt", "promptEn", "description", "state", "submitTime",
    "startTime", "finishTime", "imageUrl", "progress", "failReason", "properties",
}  # fmt: skip


@pytest.fixture(scope="module")
def proxy() -> Iterator[Client]:
    with proxy_client(core_size=50) as client:
        yield client


def test_an_unknown_task_is_200_with_an_empty_body(proxy: Client) -> None:
    answer = proxy.get("/mj/task/1234567890123456/fetch")

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_fresh_task_has_all_fields_with_nulls(proxy: Client) -> None:
    proxy.faults({"kind": "stuck"})
    task = proxy.task(proxy.imagine("a red fox", state="mine"))

    assert task.keys() == FIELDS
    assert (task["status"], task["progress"], task["startTime"]) == ("NOT_START", None, None)
    assert (task["finishTime"], task["imageUrl"], task["failReason"]) == (None, None, None)
    assert (task["action"], task["state"]) == ("IMAGINE", "mine")
    assert (task["prompt"], task["promptEn"]) == ("a red fox", "a red fox")
    assert task["description"] == "/imagine a red fox"


def test_a_finished_imagine_has_picture_times_and_message(proxy: Client) -> None:
    task = proxy.finished("a red fox --seed 3")

    assert (task["status"], task["progress"], task["failReason"]) == ("SUCCESS", "100%", None)
    assert task["submitTime"] <= task["startTime"] <= task["finishTime"]
    assert task["properties"].keys() == {
        "notifyHook", "nonce", "discordInstanceId", "finalPrompt", "messageId", "messageHash",
        "flags", "progressMessageId",
    }  # fmt: skip
    assert task["properties"]["finalPrompt"] == "a red fox --seed 3"
    assert task["properties"]["messageHash"] in task["imageUrl"]


def test_an_upscale_refers_to_its_parent_by_description_and_message(proxy: Client) -> None:
    parent = proxy.finished("a red fox")
    task = proxy.ended(proxy.upscale(parent["id"], 2))

    assert task["description"] == f"/up {parent['id']} U2"
    assert task["prompt"] == parent["prompt"]
    own, theirs = task["properties"], parent["properties"]
    assert own["referencedMessageId"] == theirs["messageId"]
    assert own["finalPrompt"] == theirs["finalPrompt"]
    assert own["discordInstanceId"] == theirs["discordInstanceId"]


def test_a_repeated_upscale_is_a_new_task_and_a_second_click(proxy: Client) -> None:
    parent = proxy.finished()["id"]

    first, second = proxy.change(parent), proxy.change(parent)

    assert (first["code"], second["code"]) == (1, 1)
    assert first["result"] != second["result"]
    urls = {proxy.ended(answer["result"])["imageUrl"] for answer in (first, second)}
    assert len(urls) == 2


def test_uploads_are_put_in_front_of_prompt_and_description(proxy: Client) -> None:
    task = proxy.finished("a red fox --v 7", base64Array=[data_url(), data_url((1, 2, 3))])

    first, second, rest = task["prompt"].split(" ", 2)
    assert rest == "a red fox --v 7"
    assert first.startswith(f"{proxy.url}/attachments/")
    assert second.startswith(f"{proxy.url}/attachments/")
    assert task["promptEn"] == task["prompt"]
    assert task["description"] == f"/imagine {task['prompt']}"
    assert proxy.picture(first).getpixel((5, 5)) == (200, 40, 40)


def test_the_old_single_base64_still_works(proxy: Client) -> None:
    assert "/attachments/" in proxy.finished("a fox", base64=data_url())["prompt"]


def test_double_spaces_are_squeezed_in_the_final_prompt_only(proxy: Client) -> None:
    task = proxy.finished("  a  red   fox ")

    assert task["prompt"] == "a  red   fox"
    assert task["properties"]["finalPrompt"] == "a red fox"


def test_a_describe_gives_four_prompts(proxy: Client) -> None:
    answer = proxy.post("/mj/submit/describe", {"base64": data_url(kind="jpeg")}).json()
    task = proxy.ended(answer["result"])

    assert task["description"] == f"/describe {task['id']}.jpg"
    assert len(re.findall(r"[1-4]️⃣", task["properties"]["finalPrompt"])) == 4
    assert task["status"] == "SUCCESS"


def test_a_blend_becomes_a_grid_of_its_shape(proxy: Client) -> None:
    body = {"base64Array": [data_url(), data_url((20, 90, 200))], "dimensions": "PORTRAIT"}
    task = proxy.ended(proxy.post("/mj/submit/blend", body).json()["result"])

    assert task["description"] == f"/blend {task['id']} 2"
    width, height = proxy.picture(task["imageUrl"]).size
    assert width / height == pytest.approx(2 / 3, abs=0.03)
    assert proxy.change(task["id"])["code"] == 1


def test_list_shows_all_newest_first_and_by_condition_only_the_known(proxy: Client) -> None:
    ids = [proxy.imagine(f"fox number {number}") for number in range(3)]

    listed = [task["submitTime"] for task in proxy.get("/mj/task/list").json()]
    assert listed == sorted(listed, reverse=True)
    found = proxy.post("/mj/task/list-by-condition", {"ids": [*ids, "1"]}).json()
    assert {task["id"] for task in found} == set(ids)
    assert proxy.post("/mj/task/list-by-condition", {"ids": None}).json() == []
    assert proxy.post("/mj/task/list-by-condition", {}).json() == []


def test_the_account_is_shown_with_its_token(proxy: Client) -> None:
    (account,) = proxy.get("/mj/account/list").json()

    assert account["userToken"]
    assert (account["coreSize"], account["queueSize"], account["enable"]) == (50, 10, True)
    assert proxy.get(f"/mj/account/{account['id']}/fetch").json() == account
    unknown = proxy.get("/mj/account/1/fetch")
    assert (unknown.status_code, unknown.content) == (200, b"")


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("a fox --xyz 3", "[Invalid parameter]"),
        ("a fox --ar wide", "[Invalid parameter]"),
        ("a fox --s 1001", "[Invalid parameter]"),
        ("a fox --v 99", "[Invalid parameter]"),
        ("a fox --cref http://a.example/a.png --v 7", "[Invalid parameter]"),
        ("--ar 1:1", "[Invalid parameter]"),
        ("a gory fox", "[Banned prompt detected]"),
        ("a fox --sref http://127.0.0.1:9/none.png", "[Invalid link!]"),
        ("http://127.0.0.1:9/none.png a fox", "[Invalid link!]"),
    ],
)
def test_midjourneys_own_refusal_comes_after_acceptance(
    proxy: Client, prompt: str, reason: str
) -> None:
    answer = proxy.post("/mj/submit/imagine", {"prompt": prompt}).json()
    assert answer["code"] == 1

    task = proxy.ended(answer["result"])
    assert (task["status"], task["progress"]) == ("FAILURE", "")
    assert task["failReason"].startswith(reason)
    assert task["startTime"] < task["finishTime"]


def test_an_uploaded_file_that_is_no_picture_is_an_invalid_link(proxy: Client) -> None:
    task_id = proxy.imagine("a fox", base64Array=["data:application/pdf;base64,JVBERg=="])

    task = proxy.ended(task_id)
    assert task["failReason"].startswith("[Invalid link!]")
    assert ".null?" in task["prompt"]


def test_every_usual_parameter_is_accepted(proxy: Client) -> None:
    prompt = (
        "a fox --ar 16:9 --style raw --s 50 --c 0 --seed 7 --no people, text --v 7 --sw 150 --iw 2 "
        "--sref 123456 --ow 200 --tile --q 1 --weird 10"
    )
    assert proxy.finished(prompt)["status"] == "SUCCESS"


def test_an_index_outside_of_the_four_is_accepted_and_fails(proxy: Client) -> None:
    answer = proxy.change(proxy.finished()["id"], "UPSCALE", 7)

    assert answer["code"] == 1
    assert proxy.ended(answer["result"])["status"] == "FAILURE"
