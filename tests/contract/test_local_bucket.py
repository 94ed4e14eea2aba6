"""The stand-in for Cloud Storage, through the official client."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from google.api_core.exceptions import PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from infra.local.bucket import Bucket, start_bucket
from infra.local.ports import free_port
from infra.local.processes import Children

IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    children = Children(Path(tmp_path_factory.mktemp("bucket")))
    bucket = start_bucket(children, free_port())
    bucket.wait_until_ready()
    yield bucket
    children.stop_all()


@pytest.fixture
def pictures(server: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[storage.Bucket]:
    server.create("pictures", "demo")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
    client = storage.Client(project="demo", credentials=AnonymousCredentials())
    yield client.bucket("pictures")
    client.close()


def test_an_object_is_served_plainly_with_its_type_and_caching(
    server: Bucket, pictures: storage.Bucket
) -> None:
    picture = pictures.blob("jobs/a b/1.png")
    picture.cache_control = IMMUTABLE
    picture.upload_from_string(b"picture", content_type="image/png")
    answer = requests.get(f"{server.url}/pictures/jobs/a%20b/1.png", timeout=10)
    assert answer.content == b"picture"
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == IMMUTABLE


def test_a_browser_may_read_an_object_of_another_origin(
    server: Bucket, pictures: storage.Bucket
) -> None:
    pictures.blob("x.png").upload_from_string(b"picture", content_type="image/png")
    answer = requests.get(
        f"{server.url}/pictures/x.png", headers={"Origin": "http://localhost:3000"}, timeout=10
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_object_is_created_once(pictures: storage.Bucket) -> None:
    picture = pictures.blob("once.png")
    picture.upload_from_string(b"first", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        picture.upload_from_string(b"second", if_generation_match=0)


def test_creating_a_bucket_again_changes_nothing(server: Bucket) -> None:
    assert server.create("again", "demo") == server.create("again", "demo")


def test_objects_can_be_files(tmp_path: Path) -> None:
    children = Children(tmp_path / "logs")
    try:
        bucket = start_bucket(children, free_port(), tmp_path / "objects")
        bucket.wait_until_ready()
        bucket.create("pictures", "demo")
        url = f"{bucket.url}/upload/storage/v1/b/pictures/o?uploadType=media&name=a.png"
        requests.post(url, data=b"picture", timeout=10).raise_for_status()
        assert (tmp_path / "objects" / "pictures" / "a.png").read_bytes() == b"picture"
    finally:
        children.stop_all()
