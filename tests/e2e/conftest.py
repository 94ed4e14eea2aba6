"""One whole local stack for all e2e tests: every event and many a task comes twice or late."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from infra.local.cloudtasks import Chaos
from infra.local.events import EventChaos
from infra.local.stack import LocalStack, StackOptions

SPEED = 60
"""An IMAGINE takes 1 s and an UPSCALE a sixth of one."""
PATIENCE = 60.0

SETTINGS = {
    # Short enough that a test sees what in life takes minutes.
    "SWEEP_GRACE_SECONDS": "1",
    "CLAIM_LEASE_SECONDS": "8",
    "CLOCKS_APART_SECONDS": "0.9",
    "STORE_LEASE_SECONDS": "5",
    "PROXY_TIMEOUT_SECONDS": "2",
    "IMAGINE_TIMEOUT_SECONDS": "4",
    "UPSCALE_TIMEOUT_SECONDS": "3",
    "BACKOFF_MIN_SECONDS": "0.1",
    "BACKOFF_MAX_SECONDS": "1",
}
CUTOUTS = {"novicezk": "none", "trueai": "u2netp"}
"""Hundreds of books before the one proxy would spend minutes on it; those before the other do it
for real, with the small model."""


class Backend:
    """The stack as a client and an operator see it."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.url = stack.functions_url
        self.db = firestore.Client(project=stack.project, credentials=AnonymousCredentials())
        self._tasks = itertools.count(1)

    def generate(self, body: object = None, **arguments: Any) -> requests.Response:
        if body is None:
            body = self.tale()
        return requests.post(f"{self.url}/generate", json=body, timeout=30, **arguments)

    def tale(self, characters: int = 2, backgrounds: int = 1, word: str = "fox") -> dict[str, Any]:
        """A request of its own; `word` stands in each prompt but the main character's."""
        number = next(self._tasks)
        return {
            "studentTaskId": f"task {number} {time.monotonic_ns()}",
            "fairytaleId": 42,
            "characters": [
                {"name": "Mina", "prompt": f"a brave girl, tale {number}", "isMain": True},
                *(
                    {"name": f"friend {i}", "prompt": f"a {word}, friend {i}, tale {number}"}
                    for i in range(characters - 1)
                ),
            ],
            "backgrounds": [
                {"name": f"place {i}", "prompt": f"a {word} forest, place {i}, tale {number}"}
                for i in range(backgrounds)
            ],
        }

    def status(self, job_id: str, **arguments: Any) -> requests.Response:
        url = f"{self.url}/status"
        return requests.get(url, params={"jobId": job_id}, timeout=30, **arguments)

    def regenerate(self, image_id: str, **fields: Any) -> requests.Response:
        body = {"imageId": image_id, **fields}
        return requests.post(f"{self.url}/regenerate", json=body, timeout=30)

    def cancel(self, job_id: str) -> requests.Response:
        return requests.post(f"{self.url}/cancel", json={"jobId": job_id}, timeout=60)

    def wait(self, job_id: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """The job's status once it is completed; listens to Firestore as an app does."""
        self.until(lambda: self.db.document("jobs", job_id).get().get("completed"), seconds)
        answer: dict[str, Any] = self.status(job_id).json()
        return answer

    def until(self, holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Return once the condition holds; fail if it does not in time."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not come to pass in time"
            time.sleep(0.02)

    def faults(self, *faults: dict[str, Any]) -> None:
        """Have the simulated proxy misbehave from now on; with none, behave again."""
        url = f"{self.stack.proxy_control_url}/faults"
        requests.delete(url, timeout=10).raise_for_status()
        if faults:
            requests.post(url, json=list(faults), timeout=10).raise_for_status()

    def submits(self, job_id: str) -> list[dict[str, Any]]:
        """Everything that the proxy ever accepted for a job's images, known by their nonces."""
        nonces = [s.get("nonce") for s in self.images_of(job_id).stream()]
        stats = requests.get(f"{self.stack.proxy_control_url}/stats", timeout=10).json()
        return [s for s in stats["submits"] if s["state"].split("-")[0] in nonces]

    def images_of(self, job_id: str) -> firestore.CollectionReference:
        return self.db.collection("jobs", job_id, "images")


@pytest.fixture(scope="session")
def backend() -> Iterator[Backend]:
    with running(options_for("novicezk")) as backend:
        yield backend


@pytest.fixture(scope="module")
def trueai_backend() -> Iterator[Backend]:
    """The same stack before the other proxy."""
    with running(options_for("trueai")) as backend:
        yield backend


def options_for(dialect: str) -> StackOptions:
    """A fast stack that sends its tasks and events twice or late at times."""
    return StackOptions(
        speed=SPEED,
        proxy_args=["--picture-size", "128", "--jitter", "0.3", "--dialect", dialect],
        tasks_chaos=Chaos(duplicate=0.3, delay=0.05, seed=1),
        events_chaos=EventChaos(duplicate=1.0, delay=0.05, reorder=0.3, seed=1),
        functions_env={**SETTINGS, "CUTOUT_MODEL": CUTOUTS[dialect]},
        sweep_interval=2,
    )


@contextmanager
def running(options: StackOptions) -> Iterator[Backend]:
    """A stack like that, for the length of a `with` block."""
    with ExitStack() as started:
        with pytest.MonkeyPatch.context() as environment:
            # A stack would take what stands there for an emulator to be used with others.
            environment.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
            stack = started.enter_context(LocalStack(options))
            environment.setenv("FIRESTORE_EMULATOR_HOST", stack.firestore_host)
            backend = Backend(stack)
        yield backend
        backend.db.close()


@pytest.fixture(autouse=True)
def _behaving(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test leaves faults behind."""
    yield
    for name in {"backend", "trueai_backend"} & set(request.fixturenames):
        request.getfixturevalue(name).faults()
