"""The proxy's heart: task store, queue, slots and the life cycle of every task.

Single-threaded and driven by a clock's call-backs, so that it runs without HTTP and without
waiting (see `clock.ManualClock`). Facts: the proxy's contract, sections 2.1, 2.2 and 4.
"""

import random
from typing import Any

from infra.local.proxy import results
from infra.local.proxy.clock import Clock
from infra.local.proxy.faults import (
    LIFE,
    FaultList,
    Lose,
    NotifyDouble,
    NotifyDrop,
    NotifyReorder,
    Stuck,
)
from infra.local.proxy.ledger import Ledger
from infra.local.proxy.life import Life
from infra.local.proxy.midjourney import LinkReader, MidJourney
from infra.local.proxy.notifications import Manner, Notifier
from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.pace import plan_task
from infra.local.proxy.results import SubmitResult
from infra.local.proxy.run import Run, Slots, Submission
from infra.local.proxy.task import Action, Task

#: failReason of a task that the sweeper gave up.
TIMED_OUT = "任务超时"


class Engine:
    """One account's tasks, from submission to the end."""

    def __init__(
        self,
        options: ProxyOptions,
        clock: Clock,
        faults: FaultList,
        midjourney: MidJourney,
        notifier: Notifier,
        read_links: LinkReader,
    ) -> None:
        """Take the parts that it works with; nothing happens before the first submission."""
        self._options = options
        self._clock = clock
        self._faults = faults
        self._midjourney = midjourney
        self._notifier = notifier
        self._rng = random.Random(f"engine {options.seed}")
        self._ids: set[str] = set()
        self._sweeping = False
        self.enabled = True
        self.tasks: dict[str, Task] = {}
        self.slots = Slots(options.core_size, options.queue_size)
        self.ledger = Ledger(clock.time())
        self._life = Life(
            options,
            clock,
            midjourney,
            notifier,
            read_links,
            self.slots,
            release=self._release,
            forget=self._forget,
            account_works=lambda: self.enabled,
        )

    # --- what callers ask for

    def submit(self, submission: Submission) -> SubmitResult:
        """Accept a task or reject it for want of an account or of room."""
        instance = self._midjourney.channel_id
        if not self.enabled:
            lost = submission.parent is not None
            return results.not_found(f"账号不可用: {instance}" if lost else "无可用的账号实例")
        if self.slots.full:
            return results.queue_rejected(instance)
        waiting = len(self.slots.waiting)
        run = self._new_run(submission)
        self.tasks[run.task.id] = run.task
        self.slots.waiting.append(run)
        lose = run.fault(Lose)
        if lose is not None and lose.progress == 0:
            self._forget(run)
        self._fill_slots()
        self._start_sweeping()
        return results.accepted(run.task.id, instance, waiting)

    def queue(self) -> list[Task]:
        """Return the tasks of enabled accounts that run or wait, oldest first."""
        if not self.enabled:
            return []
        known = [run.task for run in self.slots.everyone() if run.task.id in self.tasks]
        return sorted((task for task in known if not task.ended), key=lambda task: task.submit_time)

    def restart(self, *, keep: bool = False) -> None:
        """Forget all tasks as the in-memory store does; `keep` the rows as redis does.

        Kept tasks that were under way stay as they are for ever. The account is enabled again.
        """
        for run in self.slots.everyone():
            run.stop_timers()
        self.slots.clear()
        if not keep:
            for entry in self.ledger.entries:
                entry.forgotten = True
            self.tasks.clear()
        self._notifier.forget()
        self.enabled = True
        self._count()

    def stats(self) -> dict[str, Any]:
        """Return what GET /control/stats answers."""
        self._count()
        return self.ledger.to_json(self._clock.time())

    def disable(self) -> None:
        """Lose the account, as when Discord resets its token.

        What runs stays as it is and keeps its slot; what is only about to start will fail.
        """
        self.enabled = False
        for run in self.slots.running:
            if run.started is not None:
                run.stop_timers()

    def enable(self) -> None:
        """Bring the account back; the sweeper then gives up what was running."""
        self.enabled = True

    def clear_ledger(self) -> None:
        """Begin the statistics anew."""
        running, unfinished = len(self.slots.running), self.slots.unfinished()
        self.ledger.clear(self._clock.time(), running=running, unfinished=unfinished)

    # --- slots

    def _new_run(self, submission: Submission) -> Run:
        now = self._clock.time()
        parent = submission.parent
        task_id = self._new_id(now)
        description = submission.description
        if submission.action in (Action.DESCRIBE, Action.BLEND):
            description = description.replace("{id}", task_id)
        task = Task(
            id=task_id,
            action=submission.action,
            prompt=submission.prompt,
            prompt_en=submission.prompt,
            description=description,
            state=submission.state,
            submit_time=int(now * 1000),
        )
        hook = submission.notify_hook or self._options.notify_hook or None
        task.properties.update(notifyHook=hook, discordInstanceId=self._midjourney.channel_id)
        prompt = submission.prompt or ""
        struck = (self._faults.strike(kind, submission.action, prompt) for kind in LIFE)
        faults = tuple(fault for fault in struck if fault is not None)
        kinds = {type(fault) for fault in faults}
        key = f"{prompt}|{submission.index}|{submission.action}"
        return Run(
            task=task,
            submission=submission,
            entry=self.ledger.add(task, parent.id if parent else None, submission.index),
            plan=plan_task(submission.action, self._options, key),
            faults=faults,
            manner=Manner(
                drop=NotifyDrop in kinds,
                double=NotifyDouble in kinds,
                reorder=NotifyReorder in kinds,
            ),
            picture_id=self._midjourney.new_picture_id(),
            order=self._midjourney.order_for(submission, task),
        )

    def _new_id(self, now: float) -> str:
        """Return epoch milliseconds and three digits; unlike the real proxy's never twice."""
        moment = int(now * 1000)
        while True:
            task_id = f"{moment}{self._rng.randrange(1000):03d}"
            if task_id not in self._ids:
                self._ids.add(task_id)
                return task_id
            moment += 1

    def _fill_slots(self) -> None:
        while (run := self.slots.take_next()) is not None:
            if run.fault(Stuck) is None:
                self._life.begin(run)
        self._count()

    def _release(self, run: Run) -> None:
        run.stop_timers()
        self.slots.release(run)
        self._fill_slots()

    def _count(self) -> None:
        running, unfinished = len(self.slots.running), self.slots.unfinished()
        self.ledger.change(self._clock.time(), running=running, unfinished=unfinished)

    def _forget(self, run: Run) -> None:
        """Lose a task's row; its slot stays busy until it would have ended."""
        run.entry.forgotten = True
        run.manner = Manner(drop=True)
        self.tasks.pop(run.task.id, None)

    # --- time-outs

    def _start_sweeping(self) -> None:
        if not self._sweeping:
            self._sweeping = True
            pause = max(0.02, self._options.scaled(self._options.sweep_seconds))
            due = self._clock.time() + pause
            self._clock.call_later(pause, lambda: self._sweep(due))

    def _sweep(self, due: float) -> None:
        """Give up what is past its time-out; only tasks that Discord accepted count.

        It judges by the moment at which it was due: on a busy machine, where all of the
        simulation is late, being late must not look like a task's fault. For the same reason a
        task is spared whose reference pictures are really being fetched and painted.
        """
        self._sweeping = False
        limit = due - self._options.scaled(self._options.timeout_minutes * 60)
        for run in list(self.slots.running) if self.enabled else ():
            if run.started is None or run.started > limit or run.endless or run.looking_at_links:
                continue
            if run.wakeup_lost:
                self._life.tell(run)
                self._release(run)
            else:
                self._life.fail(run, TIMED_OUT)
        if self.slots.everyone():
            self._start_sweeping()
