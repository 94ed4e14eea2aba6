"""Internal functions that admit their own callers alone, by tokens that are really signed."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from infra.local.cloudtasks import TokenIssuer
from infra.local.stack import INVOKER, StackOptions
from tests.e2e.conftest import Backend, running
from tests.issuing import firebase_claims, unsigned

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
def guarded() -> Iterator[Backend]:
    options = StackOptions(
        speed=120,
        proxy_args=["--picture-size", "64"],
        functions_env={"CUTOUT_MODEL": "none", "AUTH": "emulator", "SWEEP_GRACE_SECONDS": "1"},
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


def signed_in(backend: Backend, uid: str, **claims: Any) -> dict[str, str]:
    token = unsigned(firebase_claims(backend.stack.project, uid, **claims))
    return {"Authorization": f"Bearer {token}"}


def test_a_book_is_painted_by_those_who_may_call(guarded: Backend) -> None:
    ann, bob = signed_in(guarded, "ann", classId="3b"), signed_in(guarded, "bob")
    teacher = signed_in(guarded, "ms kim", teaches=["3b"])
    assert guarded.generate().status_code == 401

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
