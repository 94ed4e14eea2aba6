"""The security rules as Firestore applies them: the owner reads, nobody writes."""

import base64
import json
from typing import Any

import pytest
import requests

from functions.caller import EVERYBODY
from tests.browser.conftest import Studio


class Client:
    """An app that is signed in as somebody, or as nobody."""

    def __init__(self, studio: Studio, uid: str | None) -> None:
        project = studio.stack.project
        root = f"projects/{project}/databases/(default)/documents"
        self.documents = f"http://{studio.stack.firestore_host}/v1/{root}"
        self.headers = {"Authorization": f"Bearer {_token(project, uid)}"} if uid else {}

    def get(self, path: str) -> int:
        return self._call("GET", f"/{path}")

    def list(self, parent: str, collection: str, owner: str | None = None, **more: Any) -> int:
        """Ask for a collection's documents, those of one owner only if it is given."""
        query: dict[str, Any] = {"from": [{"collectionId": collection} | more]}
        if owner is not None:
            field, value = {"fieldPath": "ownerUid"}, {"stringValue": owner}
            query["where"] = {"fieldFilter": {"field": field, "op": "EQUAL", "value": value}}
        return self._call("POST", f"{parent}:runQuery", {"structuredQuery": query})

    def write(self, path: str) -> int:
        return self._call("PATCH", f"/{path}", {"fields": {"ownerUid": {"stringValue": EVERYBODY}}})

    def delete(self, path: str) -> int:
        return self._call("DELETE", f"/{path}")

    def _call(self, method: str, path: str, body: object = None) -> int:
        answer = requests.request(
            method, f"{self.documents}{path}", headers=self.headers, json=body, timeout=30
        )
        return answer.status_code


def _token(project: str, uid: str) -> str:
    """An unsigned token, as the emulator takes it (and production does not)."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": uid,
        "user_id": uid,
        "iat": 0,
        "exp": 4_000_000_000,
        "auth_time": 0,
        "firebase": {"sign_in_provider": "custom", "identities": {}},
    }
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


@pytest.fixture
def paths(book: str) -> list[str]:
    return [f"jobs/{book}", f"jobs/{book}/images/{book}-001"]


def test_the_owner_reads_a_job_and_its_images(studio: Studio, book: str, paths: list[str]) -> None:
    owner = Client(studio, EVERYBODY)
    assert [owner.get(path) for path in paths] == [200, 200]
    assert owner.list("", "jobs", EVERYBODY) == 200
    assert owner.list(f"/jobs/{book}", "images", EVERYBODY) == 200


def test_a_list_must_ask_for_the_callers_own(studio: Studio, book: str) -> None:
    owner = Client(studio, EVERYBODY)
    assert owner.list("", "jobs") == 403
    assert owner.list("", "jobs", "somebody else") == 403
    assert owner.list(f"/jobs/{book}", "images") == 403


@pytest.mark.parametrize("uid", ["somebody else", None])
def test_others_read_nothing(studio: Studio, book: str, paths: list[str], uid: str | None) -> None:
    other = Client(studio, uid)
    assert [other.get(path) for path in paths] == [403, 403]
    assert other.list("", "jobs", EVERYBODY) == 403
    assert other.list(f"/jobs/{book}", "images", EVERYBODY) == 403


@pytest.mark.parametrize("uid", [EVERYBODY, "somebody else", None])
def test_nobody_writes(studio: Studio, paths: list[str], uid: str | None) -> None:
    client = Client(studio, uid)
    for path in [*paths, "jobs/new", "jobs/new/images/new", "references/new", "others/new"]:
        assert client.write(path) == 403
        assert client.delete(path) == 403


def test_everything_else_is_closed(studio: Studio, book: str) -> None:
    owner = Client(studio, EVERYBODY)
    assert owner.get(f"references/{book}") == 403
    assert owner.get("jobs/none-of-that-name") == 403
    assert owner.list("", "references", EVERYBODY) == 403
    assert owner.list("", "images", EVERYBODY, allDescendants=True) == 403
    assert owner.get(f"jobs/{book}/secrets/one") == 403
