"""The proxy's heart: task store, queue, slots and the life cycle of every task.

Single-threaded and driven by a clock's call-backs, so that it runs without HTTP and without
waiting (see `clock.ManualClock`). Facts: the proxy's contract, sections 2.1, 2.2 and 4.
"""

import random
from dataclasses import replace
from typing import Any

from infra.local.proxy.clock import Clock
from infra.local.proxy.dialect import NOVICEZK, Dialect
from infra.local.proxy.fault_list import FaultList
from infra.local.proxy.faults import LIFE, Lose, NotifyDouble, NotifyDrop, NotifyReorder, Stuck
from infra.local.proxy.ledger import Ledger
from infra.local.proxy.life import Life
from infra.local.proxy.midjourney import LinkReader, MidJourney
from infra.local.proxy.notifications import Manner, Notifier
from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.pace import plan_task
from infra.local.proxy.prompt import parse_prompt
from infra.local.proxy.results import SubmitResult
from infra.local.proxy.run import Run, Submission
from infra.local.proxy.task import Action, Status, Task


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
        dialect: Dialect = NOVICEZK,
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
        self._held: dict[str, Run] = {}
        self._dialect = dialect
        self.enabled = True
        self.tasks: dict[str, Task] = {}
        self.slots = dialect.slots(options)
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
        rejected = self._rejection(submission)
        if rejected is not None:
            return rejected
        run = self._new_run(submission)
        self.tasks[run.task.id] = run.task
        return self._enqueue(run)

    def hold(self, submission: Submission) -> Task:
        """Store a task that waits in status MODAL, outside of the queue, for its `confirm`."""
        run = self._new_run(submission)
        run.task.status = Status.MODAL
        self.tasks[run.task.id] = run.task
        self._held[run.task.id] = run
        return run.task

    def confirm(self, task: Task, prompt: str) -> SubmitResult:
        """Let a held task go, with a prompt that may be another than its parent's.

        A task that is under way or done already is left as it is; the answer is the same.
        """
        run = self._held.get(task.id)
        action = run.submission.action if run else task.action
        if not self.enabled:
            return self._dialect.account_lost(self._midjourney.channel_id, True)
        if self.slots.full(action):
            return self._dialect.queue_full(self._midjourney.channel_id)
        if run is None:
            return self._accepted(task, self.slots.ahead(action))
        del self._held[task.id]
        if prompt != task.prompt:
            run.submission = replace(run.submission, prompt=prompt, final_prompt=prompt)
            task.prompt = task.prompt_en = prompt
            run.order = self._midjourney.order_for(run.submission, task)
            if run.order is not None:
                run.order = replace(run.order, text=parse_prompt(prompt).words)
        return self._enqueue(run)

    def cancel(self, task: Task, reason: str) -> None:
        """End a task that is not over: FAILURE, and its slot is free."""
        if task.ended:
            return
        under_way = (*self.slots.everyone(), *self._held.values())
        run = next((run for run in under_way if run.task is task), None)
        self._held.pop(task.id, None)
        if run is not None:
            self._life.fail(run, reason)
            return
        task.status, task.progress, task.fail_reason = Status.FAILURE, "", reason
        task.finish_time = int(self._clock.time() * 1000)

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
            self._held.clear()
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
        running, unfinished = self.slots.busy, self.slots.unfinished()
        self.ledger.clear(self._clock.time(), running=running, unfinished=unfinished)

    # --- slots

    def _rejection(self, submission: Submission) -> SubmitResult | None:
        instance = self._midjourney.channel_id
        if not self.enabled:
            return self._dialect.account_lost(instance, submission.parent is not None)
        if self.slots.full(submission.action):
            return self._dialect.queue_full(instance)
        return None

    def _enqueue(self, run: Run) -> SubmitResult:
        ahead = self.slots.ahead(run.submission.action)
        self.slots.waiting.append(run)
        lose = run.fault(Lose)
        if lose is not None and lose.progress == 0:
            self._forget(run)
        self._fill_slots()
        self._start_sweeping()
        return self._accepted(run.task, ahead)

    def _accepted(self, task: Task, ahead: int) -> SubmitResult:
        return self._dialect.accepted(task.id, self._midjourney.channel_id, ahead)

    def _new_run(self, submission: Submission) -> Run:
        now = self._clock.time()
        parent = submission.parent
        task_id = self._new_id(now)
        description = submission.description
        if description and submission.action in (Action.DESCRIBE, Action.BLEND):
            description = description.replace("{id}", task_id)
        task = Task(
            id=task_id,
            action=submission.shown,
            prompt=submission.prompt,
            prompt_en=submission.prompt_en or submission.prompt,
            description=description,
            state=submission.state,
            submit_time=int(now * 1000),
            parent_id=parent.id if parent else None,
            bot_type=submission.bot_type,
            mode=submission.mode,
        )
        hook = submission.notify_hook or self._options.notify_hook or None
        task.properties.update(notifyHook=hook, discordInstanceId=self._midjourney.channel_id)
        task.properties.update(submission.properties)
        prompt = submission.prompt or ""
        struck = (self._faults.strike(kind, submission.shown, prompt) for kind in LIFE)
        faults = (*submission.faults, *(fault for fault in struck if fault is not None))
        kinds = {type(fault) for fault in faults}
        order = self._midjourney.order_for(submission, task)
        task.size = order.size() if order else None
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
            order=order,
            sources=submission.sources,
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
        running, unfinished = self.slots.busy, self.slots.unfinished()
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
                self._life.fail(run, self._dialect.timed_out(self._options.timeout_minutes))
        if self.slots.everyone():
            self._start_sweeping()
