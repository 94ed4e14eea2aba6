"""Sees jobs end through a Firestore listener, as a client app may: it costs no function call."""

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Self

from google.cloud import firestore

_EMULATOR = "FIRESTORE_EMULATOR_HOST"
_TURN = 0.5


class JobWatch:
    """Listens to all jobs of a project at an emulator, inside a `with` block."""

    def __init__(self, project: str, emulator: str) -> None:
        """`emulator` is `host:port`."""
        self._client = emulator_client(project, emulator)
        self._changed = threading.Condition()
        self._ended: dict[str, tuple[str, float]] = {}
        self._listener: Any = None

    def __enter__(self) -> Self:
        self._listener = self._client.collection("jobs").on_snapshot(self._take)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.unsubscribe()
        self._client.close()

    def _take(self, jobs: Iterable[Any], *_: object) -> None:
        # In the listener's own thread, where an exception would end it without a word.
        now = time.monotonic()
        with self._changed:
            for job in jobs:
                fields = job.to_dict() or {}
                if fields.get("completed"):
                    self._ended.setdefault(job.id, (str(fields.get("status")), now))
            self._changed.notify_all()

    def wait(
        self, job_ids: Iterable[str], seconds: float, check: Callable[[], None]
    ) -> dict[str, tuple[str, float]]:
        """Return each job's final status and when it was seen, as `time.monotonic()` tells it.

        Calls `check` about twice a second. Jobs that have not ended after `seconds` are absent.
        """
        wanted, deadline = set(job_ids), time.monotonic() + seconds
        with self._changed:
            while not wanted <= self._ended.keys() and time.monotonic() < deadline:
                self._changed.wait(_TURN)
                check()
            return {job: self._ended[job] for job in wanted if job in self._ended}


def emulator_client(project: str, emulator: str) -> firestore.Client:
    """Return the official client for an emulator at `host:port`.

    The client takes that address from the environment only, and only while it is made. It must not
    stay there: the next stack would take this one's emulator for one to use.
    """
    before = os.environ.get(_EMULATOR)
    os.environ[_EMULATOR] = emulator
    try:
        return firestore.Client(project=project)
    finally:
        if before is None:
            del os.environ[_EMULATOR]
        else:
            os.environ[_EMULATOR] = before
