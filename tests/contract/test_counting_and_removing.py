"""Quotas and deletion in a job store and a bucket: the same tests for the real ones and in memory.

Real are the official emulator of Firestore, and fake-gcs-server through the official client.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from google.cloud import firestore

from infra.local.bucket import start_bucket
from infra.local.ports import free_port
from infra.local.processes import Children
from shared.adapters.firestore_store import FirestoreJobStore
from shared.adapters.picture_store import BucketPictureStore
from shared.domain.ids import quota_key
from shared.domain.quota import Quotas, Usage
from shared.ports import (
    Conflict,
    CreateJob,
    JobStore,
    Picture,
    PictureRejected,
    PictureStore,
    PictureUnavailable,
    RemoveImages,
    RemoveJob,
    RemoveLatest,
    SaveJob,
    Spend,
)
from shared.usecases.delete_job import delete_job
from shared.usecases.forget_owner import forget_owner
from shared.usecases.refusals import TooMuchAsked
from shared.usecases.start_job import Book, start_job
from tests.contract.test_job_store import NOW, _client, book, made, store  # noqa: F401 - fixtures
from tests.fakes.world import FakePictures, World, new_book

# --- counting -------------------------------------------------------------------------------------


def spend(owner: str = "mina", hours: int = 0, **usage: int) -> Spend:
    at = NOW + timedelta(hours=hours)
    return Spend(owner_uid=owner, at=at, usage=Usage(**usage), expire_at=at + timedelta(days=2))


def test_a_commit_answers_what_an_owners_count_comes_to(store: JobStore) -> None:  # noqa: F811
    assert store.commit(spend(jobs=1, pictures=6)).spent == Usage(jobs=1, pictures=6)
    assert store.commit(spend(jobs=1, pictures=2)).spent == Usage(jobs=2, pictures=8)
    assert store.commit(spend(jobs=-1, pictures=-2)).spent == Usage(jobs=1, pictures=6)
    assert store.commit(spend(pictures=1)).spent == Usage(jobs=1, pictures=7)


def test_hours_days_and_owners_are_counted_apart(store: JobStore) -> None:  # noqa: F811
    store.commit(spend("minho", jobs=1, pictures=6))

    assert store.commit(spend("minho", hours=1, jobs=1)).spent == Usage(jobs=1, pictures=6)
    assert store.commit(spend("minho", hours=24, jobs=1)).spent == Usage(jobs=1)
    assert store.commit(spend("other", jobs=1)).spent == Usage(jobs=1)


def test_of_fifty_at_once_just_as_many_pass_as_may(store: JobStore) -> None:  # noqa: F811
    world = World()
    quotas = Quotas(jobs_per_hour=7)
    services = replace(world.services, store=store, quotas=quotas)

    def ask(number: int) -> bool:
        try:
            asked = replace(new_book(0, task=str(number)), owner_uid="a class")
            return start_job(services, asked)[1]
        except TooMuchAsked:
            return False

    with ThreadPoolExecutor(50) as threads:
        passed = sum(threads.map(ask, range(50)))

    assert passed == 7
    assert len(store.jobs_of("a class", 100)) == 7
    counted = Spend(owner_uid="a class", at=world.now, usage=Usage(), expire_at=world.now)
    assert store.commit(counted).spent == Usage(jobs=7, pictures=7)


def test_a_count_names_nobody_and_expires(request: pytest.FixtureRequest) -> None:
    client = _client(request.getfixturevalue("emulator"))
    FirestoreJobStore(client).commit(spend("mina@school.test", jobs=1, pictures=6))

    found = client.collection("quotas").document(quota_key("mina@school.test", NOW)).get()

    assert found.to_dict() == {
        "jobs09": 1,
        "pictures": 6,
        "expireAt": NOW + timedelta(days=2),
        "schema": 1,
    }
    client.close()


# --- removing -------------------------------------------------------------------------------------


def test_images_are_removed_and_those_that_are_not_there_do_not_matter(
    store: JobStore,  # noqa: F811
    book: Book,  # noqa: F811
) -> None:
    ids = tuple(image.image_id for image in book.images[1:])

    store.commit(RemoveImages(image_ids=(*ids, f"{book.job.job_id}-077")))

    left = [image.value.image_id for image in store.images_of(book.job.job_id)]
    assert left == [book.images[0].image_id]


def test_a_job_is_removed_as_it_was_read_or_not_at_all(
    store: JobStore,  # noqa: F811
    book: Book,  # noqa: F811
) -> None:
    old = store.job(book.job.job_id)
    assert old is not None
    store.commit(SaveJob(before=old, after=replace(old.value, deleted_at=NOW)))
    new = store.job(book.job.job_id)
    assert new is not None
    assert new.value.deleted_at == NOW

    with pytest.raises(Conflict):
        store.commit(RemoveJob(before=old))
    store.commit(RemoveJob(before=new))

    assert store.job(book.job.job_id) is None
    with pytest.raises(Conflict):
        store.commit(RemoveJob(before=new))


def test_a_note_is_removed_unless_it_is_another_one_by_now(
    store: JobStore,  # noqa: F811
    book: Book,  # noqa: F811
) -> None:
    owner = book.job.owner_uid
    old = store.latest_job(owner, "7")
    assert old is not None
    other = made("two")
    store.commit(CreateJob(job=other.job, images=tuple(other.images), replaces=old))

    with pytest.raises(Conflict):
        store.commit(RemoveLatest(before=old))
    new = store.latest_job(owner, "7")
    assert new is not None
    store.commit(RemoveLatest(before=new))

    assert store.latest_job(owner, "7") is None


# --- the bucket -----------------------------------------------------------------------------------

PNG = Picture(data=b"\x89PNG\r\n\x1a\n" + bytes(100), content_type="image/png", suffix=".png")
LATER = NOW + timedelta(days=180)


@pytest.fixture(scope="module")
def bucket_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    children = Children(Path(tmp_path_factory.mktemp("bucket")))
    bucket = start_bucket(children, free_port())
    bucket.wait_until_ready()
    bucket.create("pictures", "demo")
    yield bucket.url
    children.stop_all()


def real_pictures(url: str, monkeypatch: pytest.MonkeyPatch) -> BucketPictureStore:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    return BucketPictureStore("demo", "pictures", f"{url}/pictures/{{name}}", call_seconds=5)


@pytest.fixture(params=["memory", "bucket"])
def pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> PictureStore:
    if request.param == "memory":
        return FakePictures()
    return real_pictures(request.getfixturevalue("bucket_url"), monkeypatch)


def is_there(pictures: PictureStore, name: str) -> bool:
    try:
        return bool(pictures.read(name))
    except PictureRejected:
        return False


def test_what_begins_alike_is_removed_and_nothing_else(pictures: PictureStore) -> None:
    gone = [f"abc-00{n}-1-x.png" for n in range(30)] + ["abc-drawing-1.png"]
    stay = ["abcd-000.png", "ab", "xabc-000.png", "uploads/abc-/x.png"]
    for name in gone + stay:
        pictures.put(name, PNG, LATER)

    found = pictures.find("abc-")
    assert sorted(one.name for one in found) == sorted(gone)
    pictures.remove(found)
    pictures.remove(found)  # as somebody else may have done

    assert [name for name in gone if is_there(pictures, name)] == []
    assert [name for name in stay if is_there(pictures, name)] == stay
    assert pictures.find("abc-") == []


def test_a_folder_of_an_owner_is_removed(pictures: PictureStore) -> None:
    for name in ("uploads/mina/a b/1.png", "uploads/mina/2.png", "uploads/mina2/3.png"):
        pictures.put(name, PNG, LATER)

    pictures.remove(pictures.find("uploads/mina/"))

    assert pictures.find("uploads/mina/") == []
    assert is_there(pictures, "uploads/mina2/3.png")


def test_a_bucket_out_of_reach_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(PictureUnavailable):
        BucketPictureStore("demo", "pictures", "http://x/{name}", call_seconds=0.5).find("a-")


# --- both together --------------------------------------------------------------------------------


def everything_in(client: firestore.Client) -> list[str]:
    """The paths of all documents, but for those that are about nobody."""

    def below(collections) -> Iterator[str]:  # type: ignore[no-untyped-def]
        for collection in collections:
            for document in collection.list_documents():
                yield document.path
                yield from below(document.collections())

    return sorted(path for path in below(client.collections()) if not path.startswith("admission/"))


def test_nothing_is_left_of_what_is_deleted_and_of_who_is_forgotten(
    request: pytest.FixtureRequest, bucket_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way, in the emulator and the bucket."""
    client = _client(request.getfixturevalue("emulator"))
    pictures = real_pictures(bucket_url, monkeypatch)
    pictures.remove(pictures.find(""))
    world = World()
    documents = FirestoreJobStore(client)
    world.services = replace(world.services, store=documents, picture_store=pictures)
    name = hashlib.sha256(b"x").hexdigest()
    jobs = []
    for task in "123":
        started, _ = start_job(world.services, new_book(1, task=task))
        job = documents.job(started.job.job_id)
        assert job is not None
        done = replace(job.value, completed=True, remaining=0)
        documents.commit(SaveJob(before=job, after=done))
        pictures.put(f"{job.value.job_id}-000-1-{name}-original.png", PNG, LATER)
        jobs.append(job.value)
    owner = jobs[0].owner_uid
    link = pictures.put(f"uploads/{owner}/drawing.png", PNG, LATER)
    assert requests.get(link, timeout=5).status_code == 200

    delete_job(world.services, owner, jobs[0].job_id)
    left = everything_in(client)
    assert not any(jobs[0].job_id in path for path in left)
    assert sum("/images/" in path for path in left) == 4
    assert sum(path.startswith("latestJobs/") for path in left) == 2

    assert forget_owner(world.services, owner).complete
    assert everything_in(client) == []
    assert pictures.find("") == []
    assert requests.get(link, timeout=5).status_code == 404
    client.close()
