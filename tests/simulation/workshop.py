"""Where the painter paints: a few at once, the others wait their turn."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from shared.domain.failure import Failure, FailureCode
from shared.domain.observation import Phase, Sighting, Told
from tests.simulation.ledger import Ledger, Painting
from tests.simulation.network import Network

TAKES = {"IMAGINE": 60.0, "UPSCALE": 10.0, "DESCRIBE": 5.0}
LIMITS = {"IMAGINE": 120.0, "UPSCALE": 30.0, "DESCRIBE": 30.0}
"""Seconds; the policy's."""
GIVES_PLACE_AFTER = 240.0
"""Seconds after which something that hangs keeps nothing else waiting."""


class Workshop:
    """Takes tasks, and works on them; some fail, some hang."""

    def __init__(
        self,
        network: Network,
        ledger: Ledger,
        moment: Callable[[float], datetime],
        notify: Callable[[str, object], None],
        at_once: int,
    ) -> None:
        """`moment` is the wall clock's reading at a time of the kernel; `notify` sends news."""
        self._network = network
        self._kernel = network.kernel
        self._ledger = ledger
        self._moment = moment
        self._notify = notify
        self._at_once = at_once
        self._waiting: deque[Painting] = deque()
        self._at_work: set[str] = set()
        self.life = 0
        """How often it has been started anew: nothing of an earlier life goes on."""

    def start_anew(self) -> None:
        """Leave everything as it is, for ever."""
        self.life += 1
        self._waiting.clear()
        self._at_work.clear()

    def is_full(self, most_waiting: int) -> bool:
        """Whether nothing more fits in, with so many that may wait."""
        return len(self._at_work) >= self._at_once and len(self._waiting) >= most_waiting

    def take(self, painting: Painting) -> None:
        """A task begins, or waits; from now on it costs money."""
        painting.accepted_at = self._kernel.now
        self._ledger.took(painting)
        if self._network.tell is not None:
            self._network.tell(f"the painter takes {painting.action} {painting.token}")
        if len(self._at_work) < self._at_once:
            self._begin(painting)
        else:
            self._waiting.append(painting)

    def _begin(self, painting: Painting) -> None:
        painting.began_at = self._kernel.now
        self._at_work.add(painting.task_id)
        happens = self._network.faults.at("painting", painting.action)
        if happens and self._network.tell is not None:
            self._network.tell(f"{painting.action} {painting.token}: {happens}")
        limit, takes = LIMITS[painting.action], TAKES[painting.action]
        seconds = {
            "quick": takes / 5,
            "half as long again": takes * 1.5,
            "nearly at the limit": limit * 0.985,
            "beyond the limit": limit * 1.2,
        }.get(happens, takes)
        life = self.life
        if happens == "for ever":
            painting.stuck_at = self._kernel.now
            self._kernel.after(GIVES_PLACE_AFTER, lambda: self._give_place(painting, life))
        else:
            self._kernel.after(seconds, lambda: self._end(painting, happens, life))
        self._tell(painting)
        if painting.hook is not None and painting.action == "IMAGINE":
            self._kernel.after(seconds / 2, lambda: self._tell(painting, progress=50))

    def _end(self, painting: Painting, happens: str, life: int) -> None:
        if self.life != life:
            if painting.stuck_at is None:
                painting.stuck_at = self._kernel.now
            return
        painting.ended_at = self._kernel.now
        if happens in {"failed", "failed without a picture", "moderated"}:
            painting.failed = happens
        self._tell(painting)
        self._give_place(painting, life)

    def _give_place(self, painting: Painting, life: int) -> None:
        if self.life != life:
            return
        self._at_work.discard(painting.task_id)
        if self._waiting:
            self._begin(self._waiting.popleft())

    def _tell(self, painting: Painting, progress: int | None = None) -> None:
        if painting.hook is None or painting.forgotten_at is not None:
            return
        seen = replace(self.sighting(painting), progress=progress)
        self._notify(painting.hook, Told(token=painting.token, seen=seen))

    def sighting(self, painting: Painting) -> Sighting:
        """A task as it can be seen now."""
        began, ended, phase = painting.began_at, painting.ended_at, painting.phase
        spent = 0.0 if began is None else self._kernel.now - began
        done = phase is Phase.DONE and painting.failed is None
        link = f"https://discord.test/{painting.task_id}/{'done' if done else 'part'}.png"
        return Sighting(
            task_id=painting.task_id,
            phase=phase,
            progress=min(93, int(spent / TAKES[painting.action] * 100)) if began else None,
            picture_url=link if began is not None and painting.failed is None else None,
            words="a figure in red" if painting.action == "DESCRIBE" and done else None,
            started_at=None if began is None else self._moment(began),
            finished_at=None if ended is None else self._moment(ended),
            failure=_failure(painting),
            permanent=painting.failed == "moderated",
        )


def _failure(painting: Painting) -> Failure | None:
    if painting.phase is not Phase.FAILED:
        return None
    if painting.failed == "moderated":
        return Failure(code=FailureCode.MODERATED, message="Moderated.")
    return Failure(code=FailureCode.PAINTING_FAILED, message="Failed.")
