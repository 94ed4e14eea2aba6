"""A task on its way: what was asked for, and what is under way for it."""

from collections import deque
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from infra.local.proxy.clock import Timer
from infra.local.proxy.faults import Fault
from infra.local.proxy.ledger import Entry
from infra.local.proxy.notifications import Manner
from infra.local.proxy.pace import Plan
from infra.local.proxy.painting.grid import Order
from infra.local.proxy.painting.look import Look
from infra.local.proxy.task import Action, BotType, Task

F = TypeVar("F", bound=Fault)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A picture out of a data URL."""

    content: bytes
    content_type: str
    suffix: str  #: of the file, for example "png"; "null" for an unknown type


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A checked request for a task."""

    action: Action
    prompt: str | None
    description: str | None  #: for DESCRIBE and BLEND with "{id}" where the task's id belongs
    state: str | None = None
    notify_hook: str | None = None
    uploads: tuple[Upload, ...] = ()
    parent: Task | None = None
    index: int | None = None  #: which of the parent's four; any number, the proxy does not look
    ratio: tuple[int, int] | None = None  #: of a BLEND

    # what only the trueai dialect asks for
    shown_as: Action | None = None  #: the task's action, where it is another than what is done
    prompt_en: str | None = None  #: None: the prompt
    final_prompt: str | None = None  #: what MidJourney's message will say; None: it follows
    sources: tuple[str, ...] = ()  #: URLs of pictures that were uploaded before
    bot_type: BotType = BotType.MID_JOURNEY
    mode: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)  #: of the task from its start
    faults: tuple[Fault, ...] = ()  #: that strike it for certain

    @property
    def shown(self) -> Action:
        """Return the action that the task will have."""
        return self.shown_as or self.action


@dataclass(eq=False)
class Run:
    """One accepted task with all that belongs to it."""

    task: Task
    submission: Submission
    entry: Entry
    plan: Plan
    faults: tuple[Fault, ...]
    manner: Manner
    picture_id: str  #: MidJourney's own id of the picture, later `messageHash`
    order: Order | None = None  #: None for DESCRIBE
    timers: list[Timer] = field(default_factory=list)
    started: float | None = None  #: seconds since the epoch of Discord's acceptance
    sources: tuple[str, ...] = ()  #: URLs of uploaded pictures
    look: "Future[Look] | None" = None  #: at the picture of a DESCRIBE
    partial: str | None = None  #: attachment of the newest half painted picture
    looking_at_links: bool = False  #: reference pictures are still being fetched
    finish_is_due: bool = False  #: it would have ended but for the reference pictures
    endless: bool = False  #: not even the time-out ends it
    wakeup_lost: bool = False

    def fault(self, kind: type[F]) -> F | None:
        """Return the fault of a kind that struck this task, or None."""
        return next((fault for fault in self.faults if isinstance(fault, kind)), None)

    def stop_timers(self) -> None:
        """See to it that nothing planned happens any more."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()


class Slots:
    """An account's workers and the bounded queue before them (contract, section 4)."""

    def __init__(
        self,
        core_size: int,
        queue_size: int | None,
        free: Collection[Action] = frozenset(),
    ) -> None:
        """Run `core_size` tasks at once and let `queue_size` wait (None: any number).

        Tasks of the actions in `free` never wait, and take no one's slot.
        """
        self.core_size = core_size
        self.queue_size = queue_size
        self.running: list[Run] = []
        self.waiting: deque[Run] = deque()
        self._free = free

    def full(self, action: Action) -> bool:
        """Say whether one more task of this kind would be rejected."""
        if self.queue_size is None or action in self._free:
            return False
        return self.busy >= self.core_size and len(self.waiting) >= self.queue_size

    @property
    def busy(self) -> int:
        """Return how many slots are taken."""
        return sum(1 for run in self.running if run.submission.action not in self._free)

    def ahead(self, action: Action) -> int:
        """Return how many tasks wait before a new one of this kind."""
        return 0 if action in self._free else len(self.waiting)

    def everyone(self) -> list[Run]:
        """Return all tasks that run or wait, those that run first."""
        return [*self.running, *self.waiting]

    def unfinished(self) -> int:
        """Return how many tasks are accepted and not ended."""
        return sum(1 for run in self.everyone() if not run.task.ended)

    def take_next(self) -> Run | None:
        """Give a free slot to the task that has waited longest, if there are both."""
        first = next((run for run in self.waiting if self._may_run(run)), None)
        if first is not None:
            self.waiting.remove(first)
            self.running.append(first)
        return first

    def _may_run(self, run: Run) -> bool:
        return run.submission.action in self._free or self.busy < self.core_size

    def release(self, run: Run) -> None:
        """Free a task's slot, or its place in the queue."""
        if run in self.running:
            self.running.remove(run)
        elif run in self.waiting:
            self.waiting.remove(run)

    def clear(self) -> None:
        """Forget everyone."""
        self.running.clear()
        self.waiting.clear()
