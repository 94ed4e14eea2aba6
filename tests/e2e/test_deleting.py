"""Quotas, deleting a book and forgetting an owner, through a whole stack whose tasks come twice."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import requests

from infra.local.stack import BUCKET, StackOptions
from tests.e2e.conftest import Backend, options_for, running
from tests.e2e.test_looks import drawing

JOBS = 6


@pytest.fixture(scope="module")
def limited() -> Iterator[Backend]:
    """A stack of its own, as forgetting everybody would take the books of other tests."""
    options: StackOptions = options_for("novicezk")
    limits = {"JOBS_PER_HOUR": str(JOBS), "PICTURES_PER_DAY": "1000"}
    with running(replace(options, functions_env={**options.functions_env, **limits})) as backend:
        # An hour that ends in the middle of a test would begin the count anew.
        backend.until(lambda: time.time() % 3600 < 3600 - 90, seconds=120)
        yield backend


def post(backend: Backend, function: str, **body: object) -> requests.Response:
    return requests.post(f"{backend.url}/{function}", json=body or None, timeout=60)


def objects(backend: Backend) -> list[str]:
    """The names of everything in the bucket."""
    listing = f"{backend.stack.bucket.url}/storage/v1/b/{BUCKET}/o"
    return [item["name"] for item in requests.get(listing, timeout=10).json().get("items", [])]


def test_a_book_goes_with_its_pictures_its_drawing_and_its_words(limited: Backend) -> None:
    tale = {**limited.tale(), "sketchImage": drawing()}
    job_id = limited.generate(tale).json()["jobId"]
    early = post(limited, "delete", jobId=job_id)
    book = limited.wait(job_id)
    links = [variant["url"] for i in book["images"] for variant in i["variants"].values()]
    assert {requests.get(link, timeout=10).status_code for link in links} == {200}
    assert any(name.startswith(f"{job_id}-drawing-") for name in objects(limited))

    deleted = post(limited, "delete", jobId=job_id)

    assert (early.status_code, early.json()["code"]) == (409, "job_not_completed")
    assert (deleted.status_code, deleted.json()) == (200, {"jobId": job_id})
    assert post(limited, "delete", jobId=job_id).status_code == 404
    assert limited.status(job_id).status_code == 404
    assert {requests.get(link, timeout=10).status_code for link in links} == {404}
    assert [name for name in objects(limited) if job_id in name] == []
    assert list(limited.images_of(job_id).stream()) == []
    again = limited.generate(tale)
    assert (again.status_code, again.json()["jobId"]) == (202, job_id)
    assert "Idempotent-Replayed" not in again.headers
    assert limited.wait(job_id)["status"] == "succeeded"


def test_of_many_at_once_so_many_pass_and_everything_can_be_forgotten(limited: Backend) -> None:
    """After the test before, which has started two."""
    tales = [limited.tale(1, 0) for _ in range(3 * JOBS)]
    with ThreadPoolExecutor(len(tales)) as threads:
        answers = list(threads.map(limited.generate, tales))

    refused = [one for one in answers if one.status_code == 429]
    assert len(answers) - len(refused) == JOBS - 2
    assert {one.json()["code"] for one in refused} == {"too_many_jobs"}
    assert all(0 < int(one.headers["Retry-After"]) <= 3600 for one in refused)
    first = next(tale for tale, one in zip(tales, answers, strict=True) if one.status_code == 202)
    assert limited.generate(first).headers["Idempotent-Replayed"] == "true"

    def forgotten() -> bool:
        answer = post(limited, "forget")
        assert answer.status_code == 200
        return bool(answer.json()["complete"])

    limited.until(forgotten)

    assert objects(limited) == []
    left = [document.id for document in limited.db.collection_group("images").stream()]
    assert left == []
    for kind in ("jobs", "references", "latestJobs"):
        assert list(limited.db.collection(kind).stream()) == []
    assert limited.generate().status_code == 429
