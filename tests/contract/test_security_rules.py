"""The security rules as Firestore applies them: who made it or teaches it reads, nobody writes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from infra.local.firestore import Firestore, start_firestore
from infra.local.ports import free_port
from infra.local.processes import Children
from infra.local.stack import ROOT
from infra.local.stack_options import RULES
from shared.adapters.firestore_store import FirestoreJobStore
from shared.ports import CreateJob
from shared.usecases.start_job import start_job
from tests.fakes.world import World, new_book
from tests.issuing import firebase_claims, unsigned

PROJECT = "demo-rules"
OTHERS = ("references/{job}", "latestJobs/one", "admission/fence", "quotas/ann", "others/one")
"""What clients have no business with; every document is there, but for two."""
EVERYBODY: dict[str, dict[str, Any] | None] = {
    "owner": {"uid": "ann", "classId": "3b"},
    "teacher": {"uid": "ms kim", "teaches": ["2a", "3b"]},
    "stranger": {"uid": "bob", "classId": "3b", "teaches": ["3c"]},
    "anonymous": None,
}


class Rules:
    """An emulator that knows the rules, and the books that are in it: their jobs' ids."""

    def __init__(self, emulator: Firestore) -> None:
        root = f"projects/{PROJECT}/databases/(default)/documents"
        self.url = f"http://{emulator.host}/v1/{root}"
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("FIRESTORE_EMULATOR_HOST", emulator.host)
            self.db = firestore.Client(project=PROJECT, credentials=AnonymousCredentials())
        self.job = self._book("ann", "3b")
        self.alone = self._book("carl", None)
        for path in OTHERS[:-1]:
            owned = {"ownerUid": "ann", "classId": "3b"}
            self.db.document(path.format(job=self.job)).set(owned)
        self.db.document(f"jobs/{self.job}/secrets/one").set({"ownerUid": "ann", "classId": "3b"})

    def _book(self, uid: str, class_id: str | None) -> str:
        """A book as the server writes it."""
        book = replace(new_book(members=1, key=uid), owner_uid=uid, class_id=class_id)
        started, _ = start_job(World().services, book)
        new = CreateJob(job=started.job, images=tuple(started.images), replaces=None)
        FirestoreJobStore(self.db).commit(new)
        return started.job.job_id

    def client(self, who: str) -> "Client":
        claims = EVERYBODY[who]
        return Client(self.url, claims and unsigned(firebase_claims(PROJECT, **claims)))

    def signed_in(self, uid: str = "eve", **claims: Any) -> "Client":
        return Client(self.url, unsigned(firebase_claims(PROJECT, uid, **claims)))


class Client:
    """An app that is signed in as somebody, or as nobody; answers are HTTP statuses."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> int:
        return self._call("GET", f"/{path}")

    def list(self, parent: str, collection: str, where: dict[str, str] = {}, **more: Any) -> int:  # noqa: B006
        """Ask for a collection's documents, of which fields have these values."""
        return self._call("POST", f"{parent}:runQuery", {
            "structuredQuery": _query(collection, where, **more)
        })  # fmt: skip

    def count(self, parent: str, collection: str, where: dict[str, str] = {}) -> int:  # noqa: B006
        """Ask how many there are."""
        query = {"structuredQuery": _query(collection, where), "aggregations": [{"count": {}}]}
        return self._call(
            "POST", f"{parent}:runAggregationQuery", {"structuredAggregationQuery": query}
        )

    def create(self, path: str) -> int:
        collection, _, name = path.rpartition("/")
        return self._call("POST", f"/{collection}?documentId={name}", FIELDS)

    def update(self, path: str) -> int:
        return self._call("PATCH", f"/{path}?updateMask.fieldPaths=ownerUid", FIELDS)

    def delete(self, path: str) -> int:
        return self._call("DELETE", f"/{path}")

    def _call(self, method: str, path: str, body: object = None) -> int:
        url = f"{self.url}{path}"
        return requests.request(
            method, url, headers=self.headers, json=body, timeout=30
        ).status_code


FIELDS = {"fields": {"ownerUid": {"stringValue": "ann"}}}


def _query(collection: str, where: dict[str, str], **more: Any) -> dict[str, Any]:
    filters = [
        {"fieldFilter": {"field": {"fieldPath": name}, "op": "EQUAL", "value": {"stringValue": v}}}
        for name, v in where.items()
    ]
    query: dict[str, Any] = {"from": [{"collectionId": collection} | more]}
    if filters:
        query["where"] = {"compositeFilter": {"op": "AND", "filters": filters}}
    return query


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rules]:
    children = Children(Path(tmp_path_factory.mktemp("rules")))
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
        try:
            emulator = start_firestore(
                children, free_port(), rules=RULES, archive=ROOT / ".local" / "cds"
            )
            emulator.wait_until_ready()
            rules = Rules(emulator)
            yield rules
            rules.db.close()
            emulator.stop(children)
        finally:
            children.stop_all()


@pytest.fixture
def paths(rules: Rules) -> list[str]:
    return [f"jobs/{rules.job}", f"jobs/{rules.job}/images/{rules.job}-001"]


def lists(rules: Rules, client: Client, where: dict[str, str]) -> set[int]:
    """What a client is answered who asks for jobs and images, and how many there are."""
    places = [("", "jobs"), (f"/jobs/{rules.job}", "images")]
    return {ask(*place, where) for place in places for ask in (client.list, client.count)}


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "where"), [
    ("owner", {"ownerUid": "ann"}), ("teacher", {"classId": "3b"}),
])  # fmt: skip
def test_who_made_it_and_who_teaches_it_reads(
    rules: Rules, paths: list[str], who: str, where: dict[str, str]
) -> None:
    client = rules.client(who)
    assert [client.get(path) for path in paths] == [200, 200]
    assert lists(rules, client, where) == {200}


@pytest.mark.parametrize("who", ["stranger", "anonymous"])
def test_others_read_nothing(rules: Rules, paths: list[str], who: str) -> None:
    client = rules.client(who)
    assert [client.get(path) for path in paths] == [403, 403]
    for where in ({}, {"ownerUid": "ann"}, {"classId": "3b"}):
        assert lists(rules, client, where) == {403}


def test_a_list_must_ask_for_what_the_caller_may_read(rules: Rules) -> None:
    owner, teacher = rules.client("owner"), rules.client("teacher")
    assert lists(rules, owner, {}) == lists(rules, teacher, {}) == {403}
    assert lists(rules, owner, {"ownerUid": "carl"}) == {403}
    assert lists(rules, owner, {"classId": "3b"}) == {403}  # a class is not its teacher
    assert lists(rules, teacher, {"classId": "3c"}) == {403}
    assert lists(rules, teacher, {"ownerUid": "ann"}) == {403}


def test_a_teacher_reads_nobody_who_is_in_no_class_of_hers(rules: Rules) -> None:
    for client in (rules.client("teacher"), rules.signed_in(teaches=["", "null", None])):
        assert client.get(f"jobs/{rules.alone}") == 403
        assert client.get(f"jobs/{rules.alone}/images/{rules.alone}-000") == 403


@pytest.mark.parametrize(
    "teaches", ["3b", {"3b": True}, True, None, [["3b"]], [], ["3b", *map(str, range(50))]]
)
def test_a_wrong_claim_gives_no_right(rules: Rules, paths: list[str], teaches: object) -> None:
    client = rules.signed_in(teaches=teaches)
    assert [client.get(path) for path in paths] == [403, 403]
    assert lists(rules, client, {"classId": "3b"}) == {403}


def test_a_teacher_has_fifty_classes(rules: Rules, paths: list[str]) -> None:
    client = rules.signed_in(teaches=["3b", *map(str, range(49))])
    assert [client.get(path) for path in paths] == [200, 200]


def test_a_teachers_own_are_hers_whatever_the_claim(rules: Rules, paths: list[str]) -> None:
    assert rules.signed_in("ann", teaches="nonsense").get(paths[0]) == 200


# --- writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_nobody_writes(rules: Rules, paths: list[str], who: str) -> None:
    client = rules.client(who)
    there = [*paths, *(path.format(job=rules.job) for path in OTHERS)]
    new = [f"{path.rpartition('/')[0]}/new" for path in [*there, "jobs/new/images/new"]]
    for path in there:
        assert (client.update(path), client.delete(path)) == (403, 403), path
    for path in [*there, *new]:
        assert (client.create(path), client.update(path)) == (403, 403), path


# --- everything else ------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_everything_else_is_closed(rules: Rules, who: str) -> None:
    client = rules.client(who)
    for path in (*OTHERS, "jobs/{job}/secrets/one"):
        assert client.get(path.format(job=rules.job)) == 403, path
        parent, _, collection = path.format(job=rules.job).rpartition("/")[0].rpartition("/")
        for where in ({}, {"ownerUid": "ann"}, {"classId": "3b"}):
            assert client.list(parent and f"/{parent}", collection, where) == 403, path
    for where in ({}, {"ownerUid": "ann"}, {"classId": "3b"}):
        for collection in ("images", "jobs", "references"):
            # A group of collections, wherever they are.
            assert client.list("", collection, where, allDescendants=True) == 403, collection


@pytest.mark.parametrize("who", EVERYBODY)
def test_nobody_learns_which_jobs_there_are(rules: Rules, who: str) -> None:
    assert rules.client(who).get("jobs/none-of-that-name") == 403
