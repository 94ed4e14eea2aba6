"""What clients are told: every wrong request has its own clear answer and creates nothing."""

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from google.cloud.firestore_v1.base_query import FieldFilter

from functions.api.requests import MOST_NAME, MOST_PROMPT
from tests.e2e.conftest import Backend

PROBLEM = "application/problem+json"


def changed(tale, **changes):
    tale = copy.deepcopy(tale)
    tale.update(changes)
    return {name: value for name, value in tale.items() if value is not None}


def hero(**changes):
    return [changed({"name": "Mina", "prompt": "a brave girl", "isMain": True}, **changes)]


WRONG_BODIES = {
    "no studentTaskId": ({"studentTaskId": None}, "missing_field", "/studentTaskId"),
    "a list for an id": ({"fairytaleId": []}, "wrong_type", "/fairytaleId"),
    "true for an id": ({"fairytaleId": True}, "wrong_type", "/fairytaleId"),
    "half an id": ({"fairytaleId": 1.5}, "wrong_type", "/fairytaleId"),
    "an empty id": ({"fairytaleId": "  "}, "empty_field", "/fairytaleId"),
    "an overlong id": ({"fairytaleId": "x" * 129}, "too_long", "/fairytaleId"),
    "no characters": ({"characters": None}, "missing_field", "/characters"),
    "characters not a list": ({"characters": {}}, "wrong_type", "/characters"),
    "a character not an object": ({"characters": [7]}, "wrong_type", "/characters/0"),
    "a number for a name": ({"characters": hero(name=7)}, "wrong_type", "/characters/0/name"),
    "an empty name": ({"characters": hero(name=" ")}, "empty_field", "/characters/0/name"),
    "an overlong name": (
        {"characters": hero(name="x" * (MOST_NAME + 1))}, "too_long", "/characters/0/name",
    ),
    "an empty prompt": ({"characters": hero(prompt="")}, "empty_field", "/characters/0/prompt"),
    "an overlong prompt": (
        {"characters": hero(prompt="x" * (MOST_PROMPT + 1))}, "too_long", "/characters/0/prompt",
    ),
    "no prompt": ({"characters": hero(prompt=None)}, "missing_field", "/characters/0/prompt"),
    "a word for isMain": ({"characters": hero(isMain="yes")}, "wrong_type", "/characters/0/isMain"),
    "no main character": (
        {"characters": hero(isMain=False)}, "no_main_character", "/characters",
    ),
    "two main characters": (
        {"characters": hero() + hero()}, "several_main_characters", "/characters/1/isMain",
    ),
    "no character at all": ({"characters": []}, "no_main_character", "/characters"),
    "too many pictures": (
        {"backgrounds": [{"name": "a", "prompt": "b"}] * 20}, "too_many_images", "",
    ),
    "a typo": ({"studenttaskid": 5}, "unknown_field", "/studenttaskid"),
    "a typo inside": ({"characters": hero(promt="x")}, "unknown_field", "/characters/0/promt"),
    "a prompt of signs": (
        {"characters": hero(prompt="--- --")}, "empty_field", "/characters/0/prompt",
    ),
    "a list without end": ({"backgrounds": [{}] * 9000}, "too_many_images", "/backgrounds"),
    "a field with a slash": ({"a/b~c": 1}, "unknown_field", "/a~1b~0c"),
    "main and isMain at once": (
        {"characters": hero(main=True)}, "unknown_field", "/characters/0/main",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG_BODIES)
def test_a_wrong_body_is_told_what_is_wrong_with_it_and_creates_nothing(backend, wrong):
    changes, code, pointer = WRONG_BODIES[wrong]
    tale = changed(backend.tale(), **changes)

    answer = backend.generate(tale)

    problem = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    assert (problem["code"], problem["errors"][0]["pointer"]) == (code, pointer)
    assert problem["status"] == 422
    assert len(problem["detail"]) > 15
    assert created_nothing(backend, tale)


def created_nothing(backend: Backend, tale) -> bool:
    if "studentTaskId" not in tale:
        return True
    found = backend.db.collection("jobs").where(
        filter=FieldFilter("studentTaskId", "==", tale["studentTaskId"])
    )
    return not list(found.stream())


def test_a_typo_is_told_what_was_meant(backend):
    tale = backend.tale()
    tale["characters"][0]["is_main"] = tale["characters"][0].pop("isMain")

    assert "Did you mean isMain?" in backend.generate(tale).json()["detail"]


def test_several_faults_are_all_named(backend):
    answer = backend.generate({"characters": [{"name": "", "prompt": 5}]}).json()

    assert answer["code"] == "invalid_request"
    assert {error["pointer"] for error in answer["errors"]} == {
        "/studentTaskId", "/fairytaleId", "/characters/0/name", "/characters/0/prompt",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ("{", {"Content-Type": "application/json"}, 400, "invalid_json"),
        ("", {"Content-Type": "application/json"}, 400, "invalid_json"),
        (b"\xff\xfe", {"Content-Type": "application/json"}, 400, "invalid_json"),
        ('{"a": NaN}', {"Content-Type": "application/json"}, 400, "invalid_json"),
        ("[" * 100_000, {"Content-Type": "application/json"}, 400, "invalid_json"),
        ("[]", {"Content-Type": "application/json"}, 422, "wrong_type"),
        ("null", {"Content-Type": "application/json"}, 422, "wrong_type"),
        ("{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        ("{}", {}, 415, "unsupported_media_type"),
        ("x" * 13_000_000, {"Content-Type": "application/json"}, 413, "body_too_large"),
    ],
)
@pytest.mark.parametrize("function", ["generate", "regenerate", "cancel"])
def test_what_is_not_a_json_object_is_refused(backend, function, body, headers, status, code):
    if function == "cancel" and body == "":
        code = "missing_id"  # the job may stand in the query instead
    answer = requests.post(f"{backend.url}/{function}", data=body, headers=headers, timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(
    ("function", "allowed"),
    [("generate", "POST"), ("status", "GET, HEAD"), ("regenerate", "POST"), ("cancel", "POST")],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_another_method_is_told_the_right_one(backend, function, allowed, method):
    if method in allowed:
        return
    answer = requests.request(method, f"{backend.url}/{function}", timeout=30)

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_bad_idempotency_key_is_refused(backend, key):
    answer = backend.generate(headers={"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


@pytest.mark.parametrize(
    ("query", "code"),
    [("", "missing_id"), ("?jobId=", "missing_id"), ("?jobId=a&studentTaskId=b", "ambiguous_id")],
)
def test_status_has_to_be_told_which_job(backend, query, code):
    answer = requests.get(f"{backend.url}/status{query}", timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_cancel_names_one_job(backend):
    url = f"{backend.url}/cancel?jobId={'a' * 26}"

    assert requests.post(url, timeout=30).json()["code"] == "job_not_found"
    chunks = iter([b'{"jobId":', b'"%s"}' % (b"a" * 26)])
    json = {"Content-Type": "application/json"}
    chunked = requests.post(f"{backend.url}/cancel", data=chunks, headers=json, timeout=30)
    assert chunked.json()["code"] == "job_not_found"
    other = requests.post(url, json={"jobId": "b" * 26}, timeout=30)
    assert (other.status_code, other.json()["code"]) == (400, "ambiguous_id")


def test_an_answer_lists_so_many_faults_and_counts_the_rest(backend):
    answer = backend.generate({**backend.tale(), **{f"typo {n}": 1 for n in range(9000)}})

    assert (answer.status_code, len(answer.json()["errors"])) == (422, 20)
    assert "And 8997 more" in answer.json()["detail"]


@pytest.mark.parametrize("job_id", ["unknown", "a" * 26, "../../etc/passwd", "%00", "잡"])
def test_unknown_jobs_are_not_found(backend, job_id):
    for answer in (backend.status(job_id), backend.cancel(job_id)):
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_a_task_without_a_job_is_not_found(backend):
    answer = requests.get(f"{backend.url}/status?studentTaskId=never", timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


@pytest.mark.parametrize("image_id", ["unknown", f"{'a' * 26}-000", "a/b", ""])
def test_unknown_images_are_not_found(backend, image_id):
    answer = backend.regenerate(image_id)

    assert (answer.status_code, answer.json()["code"]) == (404, "image_not_found")


# --- generate: one request, one job --------------------------------------------------------------


def test_generate_answers_with_the_job_and_its_images(backend):
    tale = backend.tale(characters=3, backgrounds=2)

    answer = backend.generate(tale)

    body = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == body["statusUrl"]
    assert [image["kind"] for image in body["images"]] == ["character"] * 3 + ["background"] * 2
    assert body["images"][0].keys() == {"imageId", "kind", "name", "status"}
    assert body["images"][0]["status"] == "queued"
    assert {image["status"] for image in body["images"][1:]} == {"waiting_for_reference"}
    assert requests.get(body["statusUrl"], timeout=30).json()["jobId"] == body["jobId"]
    assert requests.post(body["cancelUrl"], timeout=60).json()["status"] == "canceled"


def test_the_same_content_is_the_same_job(backend):
    tale = backend.tale()
    first = backend.generate(tale)

    tale["fairytaleId"] = str(tale["fairytaleId"])  # numbers and strings mean the same
    tale["characters"][0]["main"] = tale["characters"][0].pop("isMain")  # so do main and isMain
    again = backend.generate(tale)

    assert again.status_code == 202
    assert again.json()["jobId"] == first.json()["jobId"]
    assert again.headers["Idempotent-Replayed"] == "true"
    backend.cancel(first.json()["jobId"])


def test_the_same_request_many_times_at_once_is_one_job(backend):
    tale = backend.tale(characters=1, backgrounds=0)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: backend.generate(tale), range(8)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["jobId"] for answer in answers}) == 1
    job_id = answers[0].json()["jobId"]
    assert backend.wait(job_id)["status"] == "succeeded"
    assert len(backend.submits(job_id)) == 2


def test_the_same_key_with_other_content_is_refused(backend):
    tale = backend.tale()
    key = {"Idempotency-Key": f"key {tale['studentTaskId']}"}
    first = backend.generate(tale, headers=key)

    other = changed(tale, studentTaskId="another", fairytaleId="another")
    refused = backend.generate(other, headers=key)

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert backend.generate(tale, headers=key).json()["jobId"] == first.json()["jobId"]
    backend.cancel(first.json()["jobId"])


def test_another_request_for_a_running_task_is_refused_and_names_the_job(backend):
    tale = backend.tale()
    first = backend.generate(tale).json()

    answer = backend.generate(changed(tale, fairytaleId="another tale"))

    assert (answer.status_code, answer.json()["code"]) == (409, "job_running")
    assert answer.json()["jobId"] == first["jobId"]
    backend.cancel(first["jobId"])
    second = backend.generate(changed(tale, fairytaleId="another tale"))
    assert second.status_code == 202
    latest = requests.get(
        f"{backend.url}/status", params={"studentTaskId": tale["studentTaskId"]}, timeout=30
    )
    assert latest.json()["jobId"] == second.json()["jobId"]
    backend.cancel(second.json()["jobId"])


# --- status --------------------------------------------------------------------------------------


def test_status_is_cached_by_etag_and_asks_for_patience_while_it_runs(backend):
    backend.faults({"kind": "queue_full", "times": None})
    job_id = backend.generate().json()["jobId"]
    backend.until(lambda: backend.status(job_id).json()["status"] == "running")
    first = backend.status(job_id)

    again = backend.status(job_id, headers={"If-None-Match": first.headers["ETag"]})

    assert int(first.headers["Retry-After"]) >= 1
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    backend.cancel(job_id)
    ended = backend.status(job_id, headers={"If-None-Match": first.headers["ETag"]})
    assert ended.status_code == 200
    assert "Retry-After" not in ended.headers


def test_status_says_everything_that_is_promised(backend):
    job_id = backend.generate(backend.tale(characters=1, backgrounds=0)).json()["jobId"]

    book = backend.wait(job_id)

    assert {"status", "progress", "completed", "error", "images"} <= book.keys()
    assert book["images"][0].keys() >= {
        "imageId", "kind", "name", "prompt", "status", "progress", "imageUrl", "completed", "error",
    }  # fmt: skip
    assert (book["progress"], book["completed"], book["error"]) == (100, True, None)
