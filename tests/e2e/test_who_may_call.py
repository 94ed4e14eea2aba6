"""A stack that lets in whom it should, clients and its own callers, by really signed tokens."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from infra.local.cloudtasks import TokenIssuer
from infra.local.stack_addresses import INVOKER
from infra.local.stack_options import PROJECT, StackOptions
from tests.e2e.conftest import Backend, running
from tests.issuing import Issuer, firebase_claims, unsigned

INTERNAL = ("admit", "callback", "fanout", "postprocess", "step", "sweep")
EVENT = {
    "ce-id": "1",
    "ce-type": "google.cloud.firestore.document.v1.written",
    "ce-source": "//firestore.googleapis.com",
    "ce-specversion": "1.0",
    "ce-document": "references/aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "content-type": "application/protobuf",
}


@pytest.fixture(scope="module")
def firebase() -> Iterator[Issuer]:
    """Stands in for Firebase Authentication."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="module")
def guarded(firebase: Issuer) -> Iterator[Backend]:
    options = StackOptions(
        speed=120,
        proxy_args=["--picture-size", "64"],
        functions_env={
            "CUTOUT_MODEL": "none",
            "AUTH": "firebase",
            "AUTH_KEYS_URL": firebase.url,
            "SWEEP_GRACE_SECONDS": "1",
        },
        sweep_interval=1,
        check_invoker=True,
    )
    with running(options) as backend:
        yield backend


def ring(backend: Backend, function: str, token: str | None = None) -> int:
    headers = EVENT if function == "fanout" else {"content-type": "application/json"}
    if token is not None:
        headers = headers | {"Authorization": f"Bearer {token}"}
    url = f"{backend.url}/{function}"
    return requests.post(url, data=b"{}", headers=headers, timeout=30).status_code


def signed_in(issuer: Issuer, uid: str, **claims: Any) -> dict[str, str]:
    token = issuer.sign(firebase_claims(PROJECT, uid, **claims))
    return {"Authorization": f"Bearer {token}"}


def test_a_book_is_painted_by_those_who_may_call(guarded: Backend, firebase: Issuer) -> None:
    ann, bob = signed_in(firebase, "ann", classId="3b"), signed_in(firebase, "bob")
    teacher = signed_in(firebase, "ms kim", teaches=["3b"])
    forged = {"Authorization": f"Bearer {unsigned(firebase_claims(PROJECT, 'ann'))}"}
    assert guarded.generate().status_code == 401
    assert guarded.generate(headers=forged).status_code == 401

    job = guarded.generate(headers=ann).json()["jobId"]
    guarded.until(lambda: guarded.status(job, headers=ann).json()["completed"])

    book = guarded.status(job, headers=teacher).json()
    assert book["status"] == "succeeded"
    assert guarded.status(job, headers=bob).status_code == 404
    written = [guarded.db.document("jobs", job).get(), *guarded.images_of(job).stream()]
    assert {(one.get("ownerUid"), one.get("classId")) for one in written} == {("ann", "3b")}
    guarded.until(lambda: guarded.stack.scheduler.calls > 0)
    guarded.stack.sweep()
    assert guarded.stack.scheduler.failures == 0
    assert firebase.fetches <= guarded.stack.options.workers, "keys are kept by each process"
    assert guarded.stack.events.counts("fanout").failed == 0


@pytest.mark.parametrize("function", INTERNAL)
def test_nobody_else_may_call(guarded: Backend, function: str) -> None:
    tokens = guarded.stack.tasks.tokens
    url = f"{guarded.url}/{function}"
    good = tokens.mint(INVOKER, url)
    said = good.split(".")[1]
    tries = {
        "no token": (None, 401),
        "account": (tokens.mint("somebody@else.example", url), 403),
        "audience": (tokens.mint(INVOKER, f"{guarded.url}/notify"), 401),
        "expired": (tokens.mint(INVOKER, url, time.time() - 7200), 401),
        "signature": (TokenIssuer().mint(INVOKER, url), 401),
        "forged": (good.replace(said, tokens.mint("a@b", url).split(".")[1]), 401),
        "Google's literal": (f"{good.rpartition('.')[0]}.SIGNATURE_REMOVED_BY_GOOGLE", 401),
    }
    for how, (token, status) in tries.items():
        assert ring(guarded, function, token) == status, how
    assert ring(guarded, function, good) == 200

    log = guarded.stack.functions_log.read_text()
    lines = [json.loads(line) for line in log.splitlines() if '"refused caller"' in line]
    found = [line["reason"] for line in lines if line["function"] == function]
    assert {"no token", "account", "audience", "expired", "signature"} <= {*found}
    assert said not in log
