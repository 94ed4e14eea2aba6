"""The life of one task, from Discord's acceptance to its end (contract, sections 2.1 and 2.2)."""

import functools
from collections.abc import Callable

from infra.local.proxy.clock import Clock
from infra.local.proxy.faults import Backwards, Fail, Hang, Lose, LostWakeup, Swap
from infra.local.proxy.midjourney import (
    LinkReader,
    LinkReport,
    MidJourney,
    described,
    with_references,
)
from infra.local.proxy.notifications import Notifier
from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.pace import Tick, share_of
from infra.local.proxy.prompt import parse_prompt, refusal
from infra.local.proxy.run import Run, Slots
from infra.local.proxy.task import Action, Status

#: What MidJourney says to a click on a button that it does not know.
_NO_SUCH_BUTTON = "Failed to process your command"


class Life:
    """What happens to a task that holds a slot."""

    def __init__(
        self,
        options: ProxyOptions,
        clock: Clock,
        midjourney: MidJourney,
        notifier: Notifier,
        read_links: LinkReader,
        slots: Slots,
        *,
        release: Callable[[Run], None],
        forget: Callable[[Run], None],
        account_works: Callable[[], bool],
    ) -> None:
        """Call `release` when a slot falls free, `forget` when the store is to lose a row."""
        self._options = options
        self._clock = clock
        self._midjourney = midjourney
        self._notifier = notifier
        self._read_links = read_links
        self._slots = slots
        self._release = release
        self._forget = forget
        self._account_works = account_works

    def begin(self, run: Run) -> None:
        """Start a task that was just given a slot."""
        run.task.properties["nonce"] = self._midjourney.new_message_id()
        self._later(run, self._options.scaled(self._options.start_seconds), self._accept)

    def fail(self, run: Run, reason: str) -> None:
        """End a task: FAILURE."""
        run.stop_timers()
        task = run.task
        task.status, task.progress, task.fail_reason = Status.FAILURE, "", reason
        task.finish_time = int(self._clock.time() * 1000)
        self.tell(run)
        self._release(run)

    def tell(self, run: Run) -> None:
        """Notify the task's hook."""
        self._notifier.notify(run.task, run.manner)

    def _later(self, run: Run, seconds: float, step: Callable[[Run], None]) -> None:
        run.timers.append(self._clock.call_later(seconds, functools.partial(step, run)))

    def _accept(self, run: Run) -> None:
        """Discord accepted the submission: SUBMITTED, "0%"."""
        if not self._account_works():
            self.fail(run, "401: Unauthorized")
            return
        task = run.task
        if run.submission.uploads:
            self._upload(run)
        run.started = self._clock.time()
        task.start_time = int(run.started * 1000)
        task.status, task.progress = Status.SUBMITTED, "0%"
        self.tell(run)
        reason = self._refusal_of(run)
        if reason is not None:
            self._plan_end(run, reason)
        elif "\n" not in (task.prompt or ""):
            self._plan_painting(run)

    def _upload(self, run: Run) -> None:
        """Put the uploaded pictures' URLs in front of prompt and description."""
        task = run.task
        run.sources = tuple(self._midjourney.upload(upload) for upload in run.submission.uploads)
        if task.action is Action.IMAGINE:
            task.prompt = task.prompt_en = " ".join((*run.sources, task.prompt or ""))
            task.description = f"/imagine {task.prompt}"
        elif task.action is Action.DESCRIBE:
            run.look = self._midjourney.look_at(run.submission.uploads[0])

    def _refusal_of(self, run: Run) -> str | None:
        if run.task.action is Action.IMAGINE:
            return refusal(parse_prompt(run.task.prompt or ""))
        if run.task.action is not Action.DESCRIBE and run.order is None:
            return _NO_SUCH_BUTTON
        return None

    def _plan_end(self, run: Run, reason: str) -> None:
        delay = self._options.scaled(self._options.refusal_seconds)
        self._later(run, delay, lambda run: self.fail(run, reason))

    def _plan_painting(self, run: Run) -> None:
        urls = run.sources if run.task.action is not Action.IMAGINE else ()
        urls = urls or parse_prompt(run.task.prompt or "").urls()
        if urls and run.task.action in (Action.IMAGINE, Action.BLEND):
            run.looking_at_links = True
            self._read_links(urls, functools.partial(self._links_read, run))
        for tick in run.plan.ticks:
            self._later(run, tick.at, functools.partial(self._tick, tick=tick))
        self._plan_faults(run)
        self._later(run, run.plan.finish, self._finish)

    def _plan_faults(self, run: Run) -> None:
        fail, hang, lose = run.fault(Fail), run.fault(Hang), run.fault(Lose)
        if fail is not None:
            reason = fail.reason
            self._later(run, self._moment(run, fail.progress), lambda run: self.fail(run, reason))
        if hang is not None:
            self._later(run, self._moment(run, hang.progress), self._hang)
        if lose is not None and lose.progress > 0:
            self._later(run, self._moment(run, lose.progress), self._forget)

    @staticmethod
    def _moment(run: Run, percent: int) -> float:
        """Return the moment just after the message showed so many percent."""
        return run.plan.finish * min(0.995, 0.081 + 0.90 * percent / 100)

    def _links_read(self, run: Run, report: LinkReport) -> None:
        run.looking_at_links = False
        if run.task.ended or run not in self._slots.running:
            return
        if report.bad_url is not None:
            run.stop_timers()
            self._plan_end(run, f"[Invalid link!] Could not fetch image {report.bad_url}")
            return
        if run.order is not None:
            prompt = parse_prompt(run.task.prompt or "")
            run.order = with_references(run.order, prompt, report)
        if run.finish_is_due:
            self._finish(run)

    def _tick(self, run: Run, tick: Tick) -> None:
        """MidJourney's message appeared or was edited."""
        task = run.task
        task.status, task.progress = Status.IN_PROGRESS, tick.text
        task.properties.setdefault("progressMessageId", self._midjourney.new_message_id())
        self._describe_prompt(run)
        parent = run.submission.parent
        if tick.grid and parent is not None:
            task.image_url = parent.image_url
        elif tick.percent is not None:
            task.image_url = self._midjourney.show_partial(run, tick.percent)
        backwards = run.fault(Backwards)
        if backwards is not None and tick is run.plan.ticks[0]:
            task.status, task.progress = Status.SUBMITTED, "0%"
            if task.action is Action.UPSCALE:
                run.stop_timers()
        self.tell(run)

    def _describe_prompt(self, run: Run) -> None:
        """Fill in what the proxy reads from MidJourney's message."""
        task, parent = run.task, run.submission.parent
        if parent is not None:
            task.properties["referencedMessageId"] = parent.properties.get("messageId")
            final = run.submission.final_prompt or parent.properties.get("finalPrompt")
        else:
            final = " ".join((task.prompt_en or " ".join(run.sources)).split())
        task.properties["finalPrompt"] = final
        if task.action is Action.BLEND:
            task.prompt = task.prompt_en = final

    def _finish(self, run: Run) -> None:
        """The final message was seen: SUCCESS."""
        if run.looking_at_links:
            run.finish_is_due = True
            return
        task = run.task
        if run.fault(Swap) is not None:
            self._swap(run)
        if task.action is Action.DESCRIBE:
            task.prompt = task.prompt_en = described(run.look)
            task.properties["finalPrompt"] = task.prompt
            task.image_url = run.sources[0]
        else:
            self._describe_prompt(run)
        self._midjourney.deliver(run)
        task.status, task.progress = Status.SUCCESS, "100%"
        task.finish_time = int(self._clock.time() * 1000)
        if run.fault(LostWakeup) is not None:
            run.wakeup_lost = True
            run.stop_timers()
            return
        self.tell(run)
        if share_of(self._options.seed, "twice", task.id) < self._options.notify_duplicates:
            self.tell(run)
        self._release(run)

    def _swap(self, run: Run) -> None:
        """Give and take the picture of the oldest equal prompt in flight."""
        for other in self._slots.running:
            same = other.task.prompt == run.task.prompt and other.task.action is run.task.action
            if same and other is not run and other.task.status is Status.IN_PROGRESS:
                run.order, other.order = other.order, run.order
                run.picture_id, other.picture_id = other.picture_id, run.picture_id
                other.faults = tuple(f for f in other.faults if not isinstance(f, Swap))
                return

    def _hang(self, run: Run) -> None:
        hang = run.fault(Hang)
        run.stop_timers()
        if hang is not None:
            run.endless = not hang.timeout
            run.task.status, run.task.progress = Status.IN_PROGRESS, f"{hang.progress}%"
            self.tell(run)
