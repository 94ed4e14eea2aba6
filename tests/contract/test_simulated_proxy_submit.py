"""Submitting to the simulated proxy: codes and statuses (the proxy's contract, section 1)."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.proxy.banned import banned_words
from tests.contract.proxy_client import Client, data_url, proxy_client


@pytest.fixture(scope="module")
def proxy() -> Iterator[Client]:
    with proxy_client(core_size=50) as client:
        yield client


def test_an_accepted_imagine_answers_code_1_with_id_and_instance(proxy: Client) -> None:
    answer = proxy.post("/mj/submit/imagine", {"prompt": "a fox"})

    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() == {"code", "description", "result", "properties"}
    assert (body["code"], body["description"]) == (1, "提交成功")
    assert body["result"].isdigit()
    assert len(body["result"]) == 16
    assert body["properties"].keys() == {"discordInstanceId"}


@pytest.mark.parametrize("prompt", [None, "", "   ", "\n"])
def test_a_blank_prompt_is_code_4(proxy: Client, prompt: str | None) -> None:
    body = proxy.post("/mj/submit/imagine", {"prompt": prompt}).json()

    assert body == {"code": 4, "description": "prompt不能为空", "result": None, "properties": {}}


@pytest.mark.parametrize(
    "picture", ["http://example.com/a.png", "iVBORw0KGgo=", "data:image/png,x"]
)
def test_what_is_no_data_url_is_code_4(proxy: Client, picture: str) -> None:
    for path, body in (
        ("imagine", {"prompt": "a fox", "base64Array": [picture]}),
        ("imagine", {"prompt": "a fox", "base64": picture}),
        ("describe", {"base64": picture}),
        ("blend", {"base64Array": [picture, data_url()]}),
    ):
        answer = proxy.post(f"/mj/submit/{path}", body).json()
        assert (answer["code"], answer["description"]) == (4, "base64格式错误")


def test_a_banned_word_is_code_24_and_is_told(proxy: Client) -> None:
    body = proxy.post("/mj/submit/imagine", {"prompt": "a Thick forest"}).json()

    assert body["code"] == 24
    assert body["result"] is None
    assert body["properties"] == {"promptEn": "a Thick forest", "bannedWord": "Thick"}


def test_a_banned_word_inside_a_url_counts(proxy: Client) -> None:
    body = proxy.post("/mj/submit/imagine", {"prompt": "http://a.example/bare/x.png a fox"}).json()

    assert body["properties"]["bannedWord"] == "bare"


@pytest.mark.parametrize("prompt", ["a grass hill", "a skilled knight", "a brass bell"])
def test_only_whole_words_are_banned(proxy: Client, prompt: str) -> None:
    assert proxy.post("/mj/submit/imagine", {"prompt": prompt}).json()["code"] == 1


def test_the_list_of_banned_words_has_the_ones_that_fairy_tales_use() -> None:
    named = (
        "thick bare slave kill bloody crack petite wound guts jail arrest warts corpse torture "
        "bathing naked pleasure vein ass bra"
    )
    assert set(named.split()) <= set(banned_words())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff"])
def test_malformed_json_is_400_with_springs_error(proxy: Client, content: bytes) -> None:
    answer = proxy.session.post(
        f"{proxy.url}/mj/submit/imagine", data=content, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    error = answer.json()
    assert error.keys() == {"timestamp", "status", "error", "path"}
    assert (error["status"], error["error"]) == (400, "Bad Request")
    assert error["path"] == "/mj/submit/imagine"


def test_an_unknown_enum_value_is_400(proxy: Client) -> None:
    body = {"taskId": "1", "action": "FOO", "index": 1}

    assert proxy.post("/mj/submit/change", body).status_code == 400
    blend = {"base64Array": [data_url(), data_url()], "dimensions": "ROUND"}
    assert proxy.post("/mj/submit/blend", blend).status_code == 400


def test_wrong_types_are_400_and_numbers_become_text(proxy: Client) -> None:
    assert proxy.post("/mj/submit/imagine", {"prompt": ["a"]}).status_code == 400
    assert proxy.post("/mj/submit/imagine", {"prompt": "a", "base64Array": "x"}).status_code == 400
    task_id = proxy.imagine("a fox", state=17)
    assert proxy.task(task_id)["state"] == "17"


def test_unknown_fields_are_ignored(proxy: Client) -> None:
    assert (
        proxy.post("/mj/submit/imagine", {"prompt": "a fox", "botType": "MJ"}).json()["code"] == 1
    )


def test_springs_defaults_for_path_method_and_content_type(proxy: Client) -> None:
    assert proxy.post("/mj/submit/action", {}).status_code == 404
    assert proxy.get("/mj/submit/imagine").status_code == 405
    wrong = proxy.session.post(f"{proxy.url}/mj/submit/imagine", data="prompt=a")
    assert wrong.status_code == 415
    for answer in (proxy.post("/mj/submit/action", {}), proxy.get("/mj/submit/imagine"), wrong):
        assert answer.json()["status"] == answer.status_code


def test_a_change_without_action_is_500(proxy: Client) -> None:
    answer = proxy.post("/mj/submit/change", {"taskId": "1", "index": 1})

    assert (answer.status_code, answer.json()["error"]) == (500, "Internal Server Error")


def test_a_change_without_index_is_500_and_stores_nothing(proxy: Client) -> None:
    parent = proxy.finished()
    before = len(proxy.stats()["submits"])

    for action in ("UPSCALE", "VARIATION"):
        answer = proxy.post("/mj/submit/change", {"taskId": parent["id"], "action": action})
        assert answer.status_code == 500
    assert len(proxy.stats()["submits"]) == before


def test_a_change_of_an_unknown_parent_is_code_3(proxy: Client) -> None:
    assert proxy.change("1234567890123456")["code"] == 3


@pytest.mark.parametrize(
    ("body", "description"),
    [
        ({"taskId": " ", "action": "UPSCALE", "index": 1}, "taskId不能为空"),
        ({"taskId": "1", "action": "IMAGINE", "index": 1}, "action参数错误"),
    ],
)
def test_a_wrong_change_is_code_4(proxy: Client, body: dict[str, Any], description: str) -> None:
    answer = proxy.post("/mj/submit/change", body).json()

    assert (answer["code"], answer["description"]) == (4, description)


def test_a_parent_that_is_not_done_is_code_4(proxy: Client) -> None:
    proxy.faults({"kind": "hang"})
    answer = proxy.change(proxy.imagine())

    assert (answer["code"], answer["description"]) == (4, "关联任务状态错误")


def test_a_parent_that_is_an_upscale_is_code_4(proxy: Client) -> None:
    upscaled = proxy.ended(proxy.upscale(proxy.finished()["id"]))

    answer = proxy.change(upscaled["id"])
    assert (answer["code"], answer["description"]) == (4, "关联任务不允许执行变化")


def test_simple_change_knows_u_v_and_r_in_any_case(proxy: Client) -> None:
    parent = proxy.finished()["id"]

    for word, action, suffix in (
        ("U2", "UPSCALE", "U2"),
        ("v3", "VARIATION", "V3"),
        ("r", "REROLL", "R"),
    ):
        answer = proxy.post("/mj/submit/simple-change", {"content": f"{parent} {word}"}).json()
        task = proxy.task(answer["result"])
        assert (task["action"], task["description"]) == (action, f"/up {parent} {suffix}")


@pytest.mark.parametrize("content", ["1", "1  U1", "1 U5", "1 U", "1 X1", "", None])
def test_a_wrong_simple_change_is_code_4(proxy: Client, content: str | None) -> None:
    answer = proxy.post("/mj/submit/simple-change", {"content": content}).json()

    assert (answer["code"], answer["description"]) == (4, "content参数错误")


def test_a_simple_change_that_ends_in_a_space_is_500(proxy: Client) -> None:
    assert proxy.post("/mj/submit/simple-change", {"content": "1 "}).status_code == 500


@pytest.mark.parametrize("count", [0, 1, 6])
def test_a_blend_takes_two_to_five_pictures(proxy: Client, count: int) -> None:
    answer = proxy.post("/mj/submit/blend", {"base64Array": [data_url()] * count}).json()

    assert (answer["code"], answer["description"]) == (4, "base64List参数错误")


def test_a_describe_needs_a_picture(proxy: Client) -> None:
    answer = proxy.post("/mj/submit/describe", {}).json()

    assert (answer["code"], answer["description"]) == (4, "base64不能为空")


def test_the_secret_guards_submit_task_and_account_with_an_empty_401() -> None:
    with proxy_client(api_secret="s3cret") as proxy:
        for method, path in (
            ("POST", "/mj/submit/imagine"),
            ("GET", "/mj/task/list"),
            ("GET", "/mj/account/list"),
        ):
            for headers in ({}, {"mj-api-secret": "wrong"}, {"Authorization": "s3cret"}):
                answer = proxy.session.request(method, f"{proxy.url}{path}", headers=headers)
                assert (answer.status_code, answer.content) == (401, b"")
        right = {"mj-api-secret": "s3cret"}
        assert (
            proxy.post("/mj/submit/imagine", {"prompt": "a fox"}, headers=right).json()["code"] == 1
        )
        assert proxy.get("/mj/task/list", headers=right).status_code == 200
        assert proxy.get("/mj/unknown").status_code == 404


def test_old_versions_answer_a_repeated_upscale_with_the_first_whatever_became_of_it() -> None:
    with proxy_client(repeats="existed") as proxy:
        parent = proxy.finished()["id"]
        proxy.faults({"kind": "fail", "action": "UPSCALE"})
        first = proxy.ended(proxy.upscale(parent, 2))
        assert first["status"] == "FAILURE"

        again = proxy.change(parent, "UPSCALE", 2)
        assert (again["code"], again["result"]) == (21, first["id"])
        assert again["properties"] == {"status": "FAILURE", "imageUrl": first["imageUrl"]}
        assert proxy.change(parent, "UPSCALE", 3)["code"] == 1
        assert [proxy.change(parent, "VARIATION", 2)["code"] for _ in range(2)] == [1, 1]


def test_by_default_a_repeated_upscale_is_a_new_task(proxy: Client) -> None:
    parent = proxy.finished()["id"]

    assert proxy.upscale(parent, 2) != proxy.upscale(parent, 2)
