"""The painter behind its proxy: what it takes, what becomes of it, and how it is asked about it.

It paints a few at once, the others wait in its own queue. It answers late, not at all, or twice;
it forgets, gets stuck, has its account disabled. What it took is on its ledger, for ever.
"""

from collections.abc import Callable
from datetime import datetime

from shared.domain.failure import Failure, FailureCode
from shared.domain.observation import (
    Accepted,
    Busy,
    Missing,
    ParentLost,
    Phase,
    Refused,
    Told,
    Unreachable,
    Unsure,
)
from shared.ports import LookAnswer, Picture, SubmitAnswer
from tests.simulation.ledger import Ledger, Painting
from tests.simulation.network import Network
from tests.simulation.workshop import Workshop

WAY = 0.05
"""Seconds that a request, or its answer, takes."""
TIME_LIMIT = 10.0
"""Seconds after which a caller waits no longer for an answer."""
LATEST = 13.0
"""Seconds from its beginning that a submission may take, with the time to connect: a claim's lease
is made to outlast that."""
LATE = {"taken after the time-out": 2.4, "taken at the last moment": 0.1}
"""How long before that moment."""
TAKEN_AFTER = {"after 1.5 s": 1.5, "after 8 s": 8.0, "no answer": TIME_LIMIT} | dict.fromkeys(
    LATE, TIME_LIMIT
)
"""Seconds that the caller waits."""


class SimulatedPainter:
    """`shared.ports.Painter`, with the world behind it."""

    def __init__(
        self,
        network: Network,
        ledger: Ledger,
        moment: Callable[[float], datetime],
        notify: Callable[[str, object], None],
        *,
        at_once: int = 12,
        most_waiting: int = 100,
        repeats: bool = False,
        confirms: bool = False,
    ) -> None:
        """`moment` is the wall clock's reading at a time of the kernel; `notify` sends news.

        It paints so many `at_once`, and lets others wait. If it `repeats`, a repeated UPSCALE is
        answered with the task that it has; if it `confirms`, nothing begins without a second
        request.
        """
        self._network = network
        self._kernel = network.kernel
        self.ledger = ledger
        self._workshop = Workshop(network, ledger, moment, notify, at_once)
        self._most_waiting = most_waiting
        self._repeats, self._confirms = repeats, confirms
        self._ids = 0
        self.down_until = 0.0
        self.disabled_until = 0.0

    # --- the port --------------------------------------------------------------------------------

    def imagine(
        self, prompt: str, *, token: str, hook: str | None = None, drawing: Picture | None = None
    ) -> SubmitAnswer:
        answer = self._submit("IMAGINE", token, hook, None, 0)
        return Busy(reason=answer.reason) if isinstance(answer, ParentLost) else answer

    def describe(self, drawing: Picture, *, token: str, hook: str | None = None) -> SubmitAnswer:
        answer = self._submit("DESCRIBE", token, hook, None, 0)
        return Busy(reason=answer.reason) if isinstance(answer, ParentLost) else answer

    def upscale(
        self, parent_task_id: str, index: int, *, token: str, hook: str | None = None
    ) -> SubmitAnswer | ParentLost:
        return self._submit("UPSCALE", token, hook, parent_task_id, index)

    def news(self, body: object) -> Told | None:
        return body if isinstance(body, Told) else None

    def look(self, task_id: str, *, token: str) -> LookAnswer:
        asked = self._ask("look ask")
        if asked is not None:
            return asked
        painting = self.ledger.known(task_id)
        answer: LookAnswer = Missing(searched=False)
        begun = painting is not None and painting.accepted_at is not None
        if painting is not None and begun and painting.token == token:
            answer = self._workshop.sighting(painting)
        return self._answered(answer)

    def find(self, token: str, *, since: datetime) -> LookAnswer:
        asked = self._ask("look ask")
        if asked is not None:
            return asked
        painting = self.ledger.known_by(token)
        answer: LookAnswer = Missing(searched=True)
        if painting is not None and painting.accepted_at is not None:
            answer = self._workshop.sighting(painting)
        elif self._network.at("list"):
            answer = Unreachable(reason="the list does not reach back far enough")
        return self._answered(answer)

    def ping(self, seconds: float) -> Unreachable | None:
        return self._ask("look ask")

    # --- what befalls it -------------------------------------------------------------------------

    def forget_everything(self) -> None:
        """Start anew, without anything that was there."""
        self._workshop.start_anew()
        for painting in self.ledger.all_known():
            painting.forgotten_at = self._kernel.now

    def get_stuck(self) -> None:
        """Start anew, with tasks that stay for ever as they are."""
        self._workshop.start_anew()

    # --- submitting ------------------------------------------------------------------------------

    def _submit(
        self, action: str, token: str, hook: str | None, parent: str | None, index: int
    ) -> SubmitAnswer | ParentLost:
        painting = self._new(action, token, hook, parent, index)
        limit = self._kernel.now + LATEST
        if self._sent(painting) is None:
            return Busy(reason="no connection")
        happens = self._network.at("submit taken")
        if happens and self._network.tell is not None:
            self._network.tell(f"{action} {token}: {happens}")
        life = self._workshop.life
        if happens in LATE:
            left = max(0.0, limit - LATE[happens] - self._kernel.now)
            self._kernel.after(left, lambda: self._took_late(painting, life))
        self._kernel.sleep(TAKEN_AFTER.get(happens, 0.0))
        if happens in LATE or happens == "no answer":
            return Unsure(reason="no answer in time")
        if self._workshop.life != life or happens == "answer 500":
            return Unsure(reason="HTTP 500")
        answer = self._judged(painting, happens)
        if happens in {"answer 500 though taken", "answer broken off"}:
            return Unsure(reason=happens)
        taken = self.ledger.known(answer.task_id) if isinstance(answer, Accepted) else None
        if taken is not None and self._confirms and taken.accepted_at is None:
            confirmed = self._confirmed(taken)
            answer = answer if isinstance(confirmed, Accepted) else confirmed
        self._network.travel("submit answer", WAY)
        return answer

    def _sent(self, painting: Painting) -> Painting | None:
        """A submission on its way; None if there was no connection. Raises `Killed`."""
        sent = self._network.travel("submit ask", WAY)
        painting.arrived_at = self._kernel.now
        if sent == "no connection" or self._kernel.now < self.down_until:
            return None
        if sent.startswith("crash"):
            if sent != "crash before":
                late, life = (2.5 if sent.endswith("later") else 0.0), self._workshop.life
                painting.arrived_at += late
                self._kernel.after(late, lambda: self._took_late(painting, life))
            self._network.die()
        return painting

    def _new(
        self, action: str, token: str, hook: str | None, parent: str | None, index: int
    ) -> Painting:
        self._ids += 1
        return Painting(
            task_id=f"{1700000000000000 + self._ids}",
            action=action,
            token=token,
            hook=hook,
            parent=parent,
            index=index,
        )

    def _judged(self, painting: Painting, happens: str) -> SubmitAnswer | ParentLost:
        """The answer to a submission that has come to the painter."""
        if happens == "busy" or self._kernel.now < self.disabled_until:
            return Busy(reason="told so")
        if happens == "busy with this one":
            return Busy(reason="told so", everyone=False)
        if happens == "banned":
            failure = Failure(code=FailureCode.BANNED_WORD, message="A word is banned.")
            return Refused(failure=failure)
        if painting.parent is not None:
            grid = self.ledger.known(painting.parent)
            if grid is None or grid.phase is not Phase.DONE:
                return self._without(painting.parent, "the grid is unknown")
            there = self.ledger.repeated(painting) if self._repeats else None
            if there is not None and there.phase is Phase.FAILED:
                return self._without(painting.parent, "this upscale has failed for ever")
            if there is not None:
                return Accepted(task_id=there.task_id, token=there.token)
        if self._workshop.is_full(self._most_waiting):
            return Busy(reason="the queue is full")
        painting.known_at = self._kernel.now
        self.ledger.write(painting)
        if not self._confirms:
            self._workshop.take(painting)
        return Accepted(task_id=painting.task_id)

    def _without(self, task_id: str, reason: str) -> ParentLost:
        parent = self.ledger.ever(task_id)
        if parent is not None:
            parent.disowned_at = self._kernel.now
        return ParentLost(reason=reason)

    def _took_late(self, painting: Painting, life: int) -> None:
        """A submission whose caller waits no longer for the answer."""
        if self._workshop.life == life and self._kernel.now >= self.down_until:
            self._judged(painting, "")

    def _confirmed(self, painting: Painting) -> SubmitAnswer:
        """The second of the two requests that a submission takes."""
        self._network.travel("submit answer", WAY)
        sent = self._network.travel("submit ask", WAY)
        if sent.startswith("crash"):
            self._network.die()
        if sent == "no connection":
            return Busy(reason="no connection")  # as the adapter has it; the task stays unconfirmed
        if self.ledger.known(painting.task_id) is None:
            return Busy(reason="the task is gone")
        self._confirm(painting)
        return Accepted(task_id=painting.task_id)

    def _confirm(self, painting: Painting) -> None:
        if painting.accepted_at is None:
            painting.arrived_at = self._kernel.now
            self._workshop.take(painting)

    # --- looking ---------------------------------------------------------------------------------

    def _ask(self, moment: str) -> Unreachable | None:
        happens = self._network.travel(moment, WAY)
        if happens == "unreachable" or self._kernel.now < self.down_until:
            return Unreachable(reason="told so")
        return None

    def _answered(self, answer: LookAnswer) -> LookAnswer:
        happens = self._network.travel("look answer", WAY)
        return Unreachable(reason="no answer") if happens == "unreachable" else answer
