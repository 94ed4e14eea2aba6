"""Whole books over HTTP and listeners, while every event and many a task comes twice or late."""

import io
import threading
import zipfile
from collections import Counter

import pytest
import requests
from google.cloud.firestore_v1.base_query import FieldFilter
from PIL import Image as Picture

from tests.e2e.conftest import Backend


def once_each(backend: Backend, book) -> bool:
    """Each picture was submitted exactly once to be imagined and once to be upscaled."""
    actions = Counter(submit["action"] for submit in backend.submits(book["jobId"]))
    pictures = len(book["images"])
    return actions == {"IMAGINE": pictures, "UPSCALE": pictures}


def codes(book) -> list[str | None]:
    return [image["error"] and image["error"]["code"] for image in book["images"]]


def test_books_at_once_each_picture_submitted_exactly_once(backend):
    jobs = [backend.generate(backend.tale(3, 2)).json()["jobId"] for _ in range(4)]

    books = [backend.wait(job_id) for job_id in jobs]

    for book in books:
        assert (book["status"], book["progress"], book["error"]) == ("succeeded", 100, None)
        assert once_each(backend, book)
        for image in book["images"]:
            assert (image["status"], image["completed"]) == ("succeeded", True)
            assert_is_picture(image["imageUrl"])


def assert_is_picture(url: str) -> None:
    answer = requests.get(url, timeout=30)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] in {"image/png", "image/jpeg"}
    assert "immutable" in answer.headers["Cache-Control"]
    with Picture.open(io.BytesIO(answer.content)) as picture:
        picture.load()
        assert max(picture.size) == 128


def test_a_book_is_downloaded_as_an_archive(backend):
    tale = backend.tale(2, 1)
    tale["characters"][1]["name"] = "여우 / fox"
    job_id = backend.generate(tale).json()["jobId"]
    book = backend.wait(job_id)

    answer = requests.get(f"{backend.url}/download", params={"jobId": job_id}, timeout=30)

    assert answer.headers["Transfer-Encoding"] == "chunked"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        stems = [name.rsplit(".", 1)[0] for name in archive.namelist()]
        assert stems == ["01 Mina", "02 여우 fox", "03 place 0"]
        shown = requests.get(book["images"][1]["imageUrl"], timeout=30).content
        assert archive.read(archive.namelist()[1]) == shown


def test_members_begin_after_the_references_upscale_and_then_in_parallel(backend):
    job_id = backend.generate(backend.tale(3, 2)).json()["jobId"]

    book = backend.wait(job_id)

    submits = backend.submits(job_id)
    hero, *members = [submit for submit in submits if submit["action"] == "IMAGINE"]
    hero_upscale = next(s for s in submits if s["parentId"] == hero["id"])
    assert len(members) == 4
    assert all(member["submitTime"] >= hero_upscale["finishTime"] for member in members)
    # In parallel: all have begun before the first of them is done.
    assert max(m["startTime"] for m in members) < min(m["finishTime"] for m in members)
    assert all("--sref http" in member["prompt"] for member in members)
    assert "--sref" not in hero["prompt"]
    assert book["status"] == "succeeded"


def test_a_listener_sees_progress_that_never_falls_and_the_partial_pictures(backend):
    job_id = backend.generate(backend.tale(2, 1)).json()["jobId"]
    seen: dict[str, list[int]] = {}
    previews, job_states, done = set(), [], threading.Event()

    def on_images(_, changes, __):
        for change in changes:
            image = change.document.to_dict()
            seen.setdefault(change.document.id, []).append(image["progress"])
            previews.add(image["previewUrl"])

    def on_job(documents, _, __):
        job = documents[0].to_dict()
        job_states.append(job["status"])
        if job["completed"]:
            done.set()

    images = backend.images_of(job_id).on_snapshot(on_images)
    job = backend.db.document("jobs", job_id).on_snapshot(on_job)
    assert done.wait(60)
    backend.until(lambda: all(progress[-1] == 100 for progress in seen.values()))
    images.unsubscribe()
    job.unsubscribe()

    assert len(seen) == 3
    assert all(progress == sorted(progress) for progress in seen.values())
    assert any(len(set(progress)) > 3 for progress in seen.values())
    assert len(previews - {None}) >= 3
    in_order = ["queued", "running", "succeeded"]  # the listener may come late for the first
    assert list(dict.fromkeys(job_states)) in (in_order, in_order[1:])


def test_regenerating_one_image_touches_no_other(backend):
    job_id = backend.generate(backend.tale(2, 1)).json()["jobId"]
    before = backend.wait(job_id)
    hero, old, place = before["images"]

    answer = backend.regenerate(old["imageId"], prompt="a purple dragon")

    assert answer.status_code == 202
    assert answer.json()["imageUrl"] == old["imageUrl"]
    assert (answer.json()["generation"], answer.json()["completed"]) == (2, False)
    assert backend.regenerate(old["imageId"]).json()["code"] == "image_busy"
    after = backend.wait(job_id)
    new = after["images"][1]
    assert (after["images"][0], after["images"][2]) == (hero, place)
    assert (new["imageId"], new["prompt"]) == (old["imageId"], "a purple dragon")
    assert new["imageUrl"] != old["imageUrl"]
    assert_is_picture(new["imageUrl"])
    assert requests.get(old["imageUrl"], timeout=30).status_code == 200
    submit = backend.submits(job_id)  # only the new generation has the image's current nonce
    again = [s for s in submit if s["action"] == "IMAGINE" and "purple dragon" in s["prompt"]]
    assert len(again) == 1
    assert hero["imageUrl"] in again[0]["prompt"]  # the job's reference, in our own bucket


REFUSED = {"kind": "ban", "word": "corpse", "prompt_contains": "refused", "times": None}
"""What the proxy says to a word of its list that is not on ours."""


def test_a_regeneration_that_fails_keeps_the_old_picture(backend):
    job_id = backend.generate(backend.tale(2, 0)).json()["jobId"]
    old = backend.wait(job_id)["images"][1]

    backend.faults(REFUSED)

    backend.regenerate(old["imageId"], prompt="a dragon, refused")

    book = backend.wait(job_id)
    new = book["images"][1]
    assert (new["status"], new["imageUrl"]) == ("succeeded", old["imageUrl"])
    assert new["error"]["code"] == "banned_word"
    assert book["status"] == "succeeded"


def test_canceling_stops_what_waits_and_keeps_what_is_finished(backend):
    job_id = backend.generate(backend.tale(4, 3)).json()["jobId"]
    hero_done = lambda: backend.status(job_id).json()["images"][0]["completed"]  # noqa: E731
    backend.until(hero_done)

    answer = backend.cancel(job_id)
    submitted = len(backend.submits(job_id))

    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    book = backend.wait(job_id)
    assert book["images"][0]["status"] == "succeeded"
    assert {image["status"] for image in book["images"][1:]} <= {"canceled", "succeeded"}
    assert backend.cancel(job_id).json()["status"] == "canceled"
    backend.until(lambda: held_slots(backend) == 0)
    assert len(backend.submits(job_id)) == submitted


def held_slots(backend: Backend) -> int:
    holding = backend.db.collection_group("images").where(
        filter=FieldFilter("holdsSlot", "==", True)
    )
    return int(holding.count().get()[0][0].value)


def test_no_more_than_the_slots_are_ever_used(backend):
    jobs = [backend.generate(backend.tale(4, 4)).json()["jobId"] for _ in range(4)]
    for job_id in jobs:
        assert backend.wait(job_id)["status"] == "succeeded"

    stats = requests.get(f"{backend.stack.proxy_control_url}/stats", timeout=10).json()
    assert stats["peakRunning"] == 12
    assert stats["peakUnfinished"] <= 13  # one more waits in the proxy's own queue


def test_a_bad_member_never_hides_the_good_ones(backend):
    tale = backend.tale(3, 1)
    tale["characters"][2]["prompt"] = "a dragon, refused"
    backend.faults(REFUSED)
    job_id = backend.generate(tale).json()["jobId"]

    book = backend.wait(job_id)

    assert (book["status"], book["error"]["code"]) == ("partially_succeeded", "painting_failed")
    assert codes(book) == [None, None, "banned_word", None]
    assert "corpse" in book["images"][2]["error"]["message"]


def test_a_reference_that_fails_ends_its_book_and_regenerating_it_revives_it(backend):
    tale = backend.tale(2, 1)
    tale["characters"][0]["prompt"] = "an ogre, refused"
    backend.faults(REFUSED)
    job_id = backend.generate(tale).json()["jobId"]
    book = backend.wait(job_id)
    assert (book["status"], book["error"]["code"]) == ("failed", "reference_failed")
    assert codes(book) == ["banned_word", "reference_failed", "reference_failed"]
    member = backend.regenerate(book["images"][1]["imageId"])
    assert (member.status_code, member.json()["code"]) == (409, "reference_missing")

    backend.regenerate(book["images"][0]["imageId"], prompt="a kind ogre")

    book = backend.wait(job_id)
    assert (book["status"], book["error"], codes(book)) == ("succeeded", None, [None] * 3)


MENDED = {
    "MidJourney fails once": {"kind": "fail", "action": "IMAGINE"},
    "an upscale fails once": {"kind": "fail", "action": "UPSCALE"},
    "a painting hangs": {"kind": "hang", "action": "IMAGINE"},
    "an upscale hangs": {"kind": "hang", "action": "UPSCALE"},
    "the proxy loses a task": {"kind": "lose", "action": "IMAGINE"},
    "the queue is full": {"kind": "queue_full", "times": 3},
    "an HTTP 500 instead of a submit": {"kind": "error_submit"},
    "an HTTP 500 after a submit": {"kind": "error_after_submit"},
    "an answer lost": {"kind": "drop_answer"},
    "an upscale's answer lost": {"kind": "drop_answer", "action": "UPSCALE"},
    "looks answered with HTTP 500": {"kind": "error_fetch", "times": 3},
    "a picture cut off": {"kind": "truncate_picture", "action": "UPSCALE"},
    "a page instead of a picture": {"kind": "not_a_picture", "action": "UPSCALE"},
}


@pytest.mark.parametrize("fault", MENDED)
def test_a_fault_of_the_proxy_is_mended(backend, fault):
    tale = backend.tale(1, 0)
    word = tale["studentTaskId"].split()[1]
    tale["characters"][0]["prompt"] = f"a girl of fault {word}"
    backend.faults({"prompt_contains": f"fault {word}", **MENDED[fault]})
    job_id = backend.generate(tale).json()["jobId"]

    book = backend.wait(job_id)

    assert (book["status"], codes(book)) == ("succeeded", [None])
    if "lost" in fault or "after a submit" in fault:
        assert once_each(backend, book)  # found again, not paid again


HOPELESS = {
    "MidJourney always fails": ({"kind": "fail", "times": None}, "painting_failed"),
    "paintings always hang": ({"kind": "hang", "times": None}, "painting_timed_out"),
    "MidJourney refuses": (
        {"kind": "fail", "reason": "[Banned prompt detected] no"}, "moderated",
    ),
    "the picture never arrives": (
        {"kind": "not_a_picture", "action": "UPSCALE", "times": None}, "picture_unavailable",
    ),
    "the picture's link has expired": (
        {"kind": "expire_url", "action": "UPSCALE", "times": None}, "picture_unavailable",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", HOPELESS)
def test_a_fault_that_stays_ends_the_image_with_its_code(backend, fault):
    tale = backend.tale(1, 0)
    word = tale["studentTaskId"].split()[1]
    tale["characters"][0]["prompt"] = f"a girl of fault {word}"
    definition, code = HOPELESS[fault]
    backend.faults({"prompt_contains": f"fault {word}", **definition})
    job_id = backend.generate(tale).json()["jobId"]

    book = backend.wait(job_id)

    assert codes(book) == [code]
    assert book["images"][0]["error"]["message"].endswith((".", ")"))


def test_lost_tasks_and_events_are_found_by_the_sweeper(backend):
    chaos, events = backend.stack.tasks.chaos, backend.stack.events.chaos
    chaos.lose, events.lose = 0.2, 1.0
    try:
        job_id = backend.generate(backend.tale(2, 1)).json()["jobId"]
        book = backend.wait(job_id)
    finally:
        chaos.lose, events.lose = 0.0, 0.0

    assert book["status"] == "succeeded"
    assert once_each(backend, book)


def test_a_proxy_that_is_restarted_empty_loses_no_picture(backend):
    job_id = backend.generate(backend.tale(3, 0)).json()["jobId"]
    backend.until(lambda: len(backend.submits(job_id)) == 4)

    requests.post(f"{backend.stack.proxy_control_url}/restart", timeout=10).raise_for_status()

    assert backend.wait(job_id)["status"] == "succeeded"


def test_killed_function_processes_lose_nothing(backend):
    jobs = [backend.generate(backend.tale(3, 1)).json()["jobId"] for _ in range(2)]
    for painted in (1, 4, 7):
        backend.until(lambda: sum(len(backend.submits(j)) for j in jobs) >= painted)  # noqa: B023
        backend.stack.kill_function_workers()

    for job_id in jobs:
        book = backend.wait(job_id)
        assert book["status"] == "succeeded"
        assert once_each(backend, book)
