"""Requests by the thousand kinds, made from the API document: no answer is outside it, none is 5xx.

schemathesis makes them: what the schemas just allow and just forbid, the examples, other methods
and content types, and random ones by a fixed seed. It checks each answer's status, content type,
headers and body against the document, that what is forbidden is refused, and that what is allowed
is accepted (`RULES` are what a schema can't say).
"""

import itertools
import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import Case

from functions.api.openapi import document
from functions.api.requests import MOST_PROMPT
from infra.local.stack import LocalStack, StackOptions
from tests.issuing import firebase_claims, unsigned

EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "20"))
"""Random requests of each kind. The books among them are painted: a few pictures each."""
PATIENCE = 30.0

ACCEPTED = ["2xx", "304", "404", "409"]
RULES = {
    "POST /generate": "422",  # exactly one main character, options and words that there are
    "POST /regenerate": "422",
    "POST /cancel": "400",  # the job in the query or in the body
    "POST /delete": "400",
    "GET /status": "400",  # jobId or studentTaskId
    "HEAD /status": "400",
    "GET /jobs": "400",  # a cursor that was given
    "HEAD /jobs": "400",
}
LABELS = sorted([*RULES, "GET /download"], key="POST /delete".__eq__)
"""What deletes books comes last."""
schema = schemathesis.openapi.from_dict(
    document(),
    config=schemathesis.Config.from_dict(
        {
            # Tokens of our own go along; without any, or with a wrong one, is a check of its own.
            "generation": {"deterministic": True, "with-security-parameters": False},
            "operations": [
                {
                    "include-name": name,
                    "checks": {
                        "positive_data_acceptance": {"expected-statuses": [*ACCEPTED, refused]}
                    },
                }
                for name, refused in RULES.items()
            ],
        }
    ),
)
bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
numbers = itertools.count(1)


class Server:
    """The functions of a stack of their own, that paint six hundred times faster than life."""

    def __init__(self, url: str, project: str) -> None:
        self.url = url
        self.session, self.stranger = requests.Session(), requests.Session()
        token = unsigned(firebase_claims(project, "ann", teaches=["class-3b"]))
        self.known = {"Authorization": f"Bearer {token}"}
        self.session.headers.update(self.known)

    def book(self) -> dict[str, Any]:
        """A new book of two pictures."""
        tale = {
            "studentTaskId": f"known {next(numbers)}",
            "fairytaleId": 1,
            "characters": [{"name": "Mina", "prompt": "a brave girl", "isMain": True}],
            "backgrounds": [{"name": "Forest", "prompt": "a misty forest"}],
        }
        answer = self.session.post(f"{self.url}/generate", json=tale, timeout=30)
        found: dict[str, Any] = answer.json()
        return found

    def painted(self, job_id: str) -> None:
        """Return once the job has ended."""
        deadline = time.monotonic() + PATIENCE
        while not self.status(job_id)["completed"]:
            assert time.monotonic() < deadline, "the book was not painted in time"
            time.sleep(0.05)

    def status(self, job_id: str) -> dict[str, Any]:
        answer = self.session.get(f"{self.url}/status", params={"jobId": job_id}, timeout=30)
        found: dict[str, Any] = answer.json()
        return found

    def check(self, case: Case) -> requests.Response:
        """Send a request, and hold the answer against the document."""
        # The web server itself refuses longer lines, with a 414 of its own.
        assume(len(urlencode(case.query, doseq=True)) < 4000)
        # Named for each call, so that it is tried, too, whether others are let in.
        return case.call_and_validate(
            base_url=self.url, session=self.stranger, headers=self.known, timeout=60
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    options = StackOptions(
        speed=600,
        proxy_args=["--picture-size", "64"],
        functions_env={"CUTOUT_MODEL": "none", "AUTH": "emulator"},
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
        with LocalStack(options) as stack:
            server = Server(stack.functions_url, stack.project)
            yield server
            server.session.close()
            server.stranger.close()


@pytest.fixture(scope="module")
def books(server: Server) -> list[dict[str, Any]]:
    """One that is painted, one that is canceled, and one that is being painted."""
    painted, canceled = server.book(), server.book()
    server.session.post(canceled["cancelUrl"], timeout=30).raise_for_status()
    server.painted(painted["jobId"])
    return [painted, canceled, server.book()]


@schema.parametrize()
@bounded
def test_no_answer_is_outside_the_document(case: Case, server: Server) -> None:
    server.check(case)


@pytest.mark.parametrize("label", LABELS)
def test_no_answer_to_what_makes_sense_is_outside_the_document(
    label: str, server: Server, books: list[dict[str, Any]]
) -> None:
    operation = schema.find_operation_by_label(label)
    assert operation is not None
    first = server.session.get(f"{server.url}/jobs", params={"limit": 1}, timeout=30).json()
    known = {
        "jobId": [book["jobId"] for book in books],
        "imageId": [image["imageId"] for book in books for image in book["images"]],
        "cursor": [first["nextCursor"]],
    }
    seen = set()

    @bounded
    @given(case=operation.as_strategy(), data=st.data())
    def run(case: Case, data: st.DataObject) -> None:
        body = case.body if isinstance(case.body, dict) else {}
        if case.path == "/status":
            case.query.pop("studentTaskId", None)
            case.query["jobId"] = "any"
        if case.path == "/generate":
            make_sense_of(body)
        for place, name in itertools.product([case.query, body], known):
            if name in place:
                place[name] = data.draw(st.sampled_from(known[name]))
        seen.add(server.check(case).status_code)

    run()
    assert seen & {200, 202}


def make_sense_of(body: dict[str, Any]) -> None:
    """Mend what no schema says, so that the book is painted."""
    body.pop("callbackUrl", None)
    for part in [body, *body["characters"]]:
        part.pop("sketchImage", None)
        part.pop("optionIds", None)
    for index, character in enumerate(body["characters"]):
        character.pop("main", None)
        character.pop("sameAs", None)
        character["isMain"] = index == 0
    for picture in [*body["characters"], *body.get("backgrounds", [])]:
        # Words of signs alone are refused.
        picture["prompt"] = f"a figure, {picture.get('prompt') or ''}"[:MOST_PROMPT]
    body["optionIds"] = ["age_six"]


def test_the_stack_serves_the_document_with_its_own_address(server: Server) -> None:
    answer = server.session.get(f"{server.url}/openapi.json", timeout=10)

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == document(server.url)
