"""What sets functions off beside tasks: events of the store, and the painter's news."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from shared.domain.observation import Told
from shared.usecases.fan_out import fan_out
from shared.usecases.services import Services
from shared.usecases.take_news import take_news
from tests.simulation.faults import Faults
from tests.simulation.kernel import CRASHED, Call, Kernel, Outcome
from tests.simulation.story import Tell

EVENT_AFTER, NEWS_AFTER = 0.05, 0.01
"""Seconds that they take."""
EVENT_ATTEMPTS = 4
LATE = {"1 s late": 1.0, "10 s late": 10.0, "20 s late": 20.0, "40 s late": 40.0,
        "100 s late": 100.0}  # fmt: skip


class CallFunction(Protocol):
    """Calls a function on some instance."""

    def __call__(
        self,
        name: str,
        body: Callable[[Services], object],
        on_end: Callable[[Outcome], None] = ...,
    ) -> Call:
        """`on_end` is told what came of it."""


class Messages:
    """Delivers them: late, twice, or not at all."""

    def __init__(
        self, kernel: Kernel, faults: Faults, call: CallFunction, tell: Tell | None
    ) -> None:
        self._kernel = kernel
        self._faults = faults
        self._call = call
        self._tell = tell
        self.lose_events = False
        """Whether all events are lost."""

    def publish(self, job_id: str, attempt: int = 1) -> None:
        """The event that a reference was written, or removed."""
        happens = self._faults.at("event", "")
        if happens and self._tell is not None:
            self._tell(f"event {job_id}: {happens}")
        if happens == "lost" or self.lose_events:
            return

        def ended(outcome: Outcome) -> None:
            failed = outcome is CRASHED or isinstance(outcome, Exception)
            if failed and attempt < EVENT_ATTEMPTS:
                self._kernel.after(2.0**attempt, lambda: self.publish(job_id, attempt + 1))

        def deliver() -> None:
            self._call("fan-out", lambda services: fan_out(services, job_id), ended)

        self._deliver(deliver, EVENT_AFTER, happens)

    def notify(self, hook: str, body: object) -> None:
        """The painter sends news to an address that it was given."""
        happens = self._faults.at("news", "")
        if happens and self._tell is not None:
            self._tell(f"news: {happens}")
        if happens == "lost":
            return
        _, image_id, signature = hook.rsplit("/", 2)
        assert isinstance(body, Told)
        self._deliver(partial(self.arrive, image_id, signature, body), NEWS_AFTER, happens)

    def arrive(self, image_id: str, signature: str, body: Told) -> None:
        """News come to the function that takes them."""
        name = f"news of {image_id}: {body.seen.phase} {body.seen.progress}"
        self._call(name, lambda services: take_news(services, image_id, signature, body))

    def _deliver(self, deliver: Callable[[], None], after: float, happens: str) -> None:
        self._kernel.after(after + LATE.get(happens, 0.0), deliver)
        if happens == "doubled":
            self._kernel.after(after, deliver)
