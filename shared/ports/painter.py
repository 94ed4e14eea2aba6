"""The painter: MidJourney through a proxy, or another one."""

from datetime import datetime
from typing import Protocol

from shared.domain.observation import (
    Accepted,
    Busy,
    Missing,
    ParentLost,
    Refused,
    Sighting,
    Told,
    Unreachable,
    Unsure,
)
from shared.ports.pictures import Picture

SubmitAnswer = Accepted | Busy | Refused | Unsure
LookAnswer = Sighting | Missing | Unreachable


class Painter(Protocol):
    """MidJourney through a proxy, or another one that paints four and enlarges one of them.

    No method raises for what the painter does: every outcome is an observation.
    """

    def imagine(
        self, prompt: str, *, token: str, hook: str | None = None, drawing: Picture | None = None
    ) -> SubmitAnswer:
        """Have four pictures painted, after a drawing if one is given. Costs money.

        `hook` is where the painter sends its news of it, if it can, for `news`.
        """

    def describe(self, drawing: Picture, *, token: str, hook: str | None = None) -> SubmitAnswer:
        """Have a drawing put into words, which come as the `words` of a `Sighting`."""

    def upscale(
        self, parent_task_id: str, index: int, *, token: str, hook: str | None = None
    ) -> SubmitAnswer | ParentLost:
        """Have one of the four, 1..4, enlarged. Costs money."""

    def news(self, body: object) -> Told | None:
        """What the painter sent to a hook, given as parsed JSON; None if it says nothing."""

    def look(self, task_id: str, *, token: str) -> LookAnswer:
        """See how a task is doing; a task that does not carry the token is not ours: `Missing`.

        So is one that the painter does not begin before it is confirmed: only who submits confirms,
        as looking must never begin anything, and without that it costs nothing.
        """

    def find(self, token: str, *, since: datetime) -> LookAnswer:
        """Search everything that the painter knows for a token.

        `Missing` is a proof: of everything that the painter was sent from `since` on, nothing
        carries the token. A list that does not reach back that far proves nothing: `Unreachable`.
        """

    def ping(self, seconds: float) -> Unreachable | None:
        """Find out within so many seconds whether it answers at all; begins and costs nothing."""
