"""A simulated world: instances of the functions, and everything that they work with."""

import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from shared.domain.events import Event
from shared.domain.fallbacks import Fallbacks
from shared.domain.image import Image
from shared.domain.policy import Policy
from shared.ports import (
    CallbackFailed,
    ChangeJob,
    Committed,
    CreateJob,
    PictureUnavailable,
    PublishReference,
    QueueUnavailable,
    RemoveImages,
    RemoveJob,
    RetractReference,
    SaveImage,
    SaveJob,
    StoreError,
    Write,
)
from shared.usecases.admit import admit
from shared.usecases.deliver_callback import deliver_callback
from shared.usecases.paces import Paces
from shared.usecases.refusals import Refusal
from shared.usecases.run_step import give_up, run_step
from shared.usecases.services import Services
from shared.usecases.sweep import sweep
from shared.usecases.take_news import ForgedNews
from tests.fakes.store import MemoryJobStore
from tests.fakes.world import FakeTools
from tests.simulation.callbacks import SimulatedClientServers
from tests.simulation.choices import Choices
from tests.simulation.faults import Faults, Profile
from tests.simulation.kernel import CRASHED, Call, Kernel, Outcome
from tests.simulation.ledger import Ledger, Painting
from tests.simulation.messages import Messages
from tests.simulation.network import Network
from tests.simulation.painter import SimulatedPainter
from tests.simulation.pictures import SimulatedFinisher, SimulatedPictures
from tests.simulation.queue import Bug, SimulatedQueue, Task
from tests.simulation.setup import HOOKS, PROMPTS, START, Instance, Setup
from tests.simulation.store import OldStore, SimulatedStore
from tests.simulation.story import Names, Tell, teller, told, word
from tests.simulation.watch import Watch

SWEEP_INTERVAL = 60.0
EXPECTED = (
    *(CallbackFailed, StoreError, QueueUnavailable, PictureUnavailable, Refusal, ForgedNews),
    Bug,
)
"""Errors that a call may end with."""


class Violation(Exception):
    """An invariant that did not hold: its name, and what happened."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name}: {what}")
        self.name = name


class World:
    """Everything together; `alter` may put something else into the services of its instances."""

    def __init__(
        self,
        setup: Setup,
        choices: Choices,
        profile: Profile,
        tell: Tell | None = None,
        alter: Callable[["World", Services], Services] = lambda _, services: services,
    ) -> None:
        self.setup, self.choices = setup, choices
        self.kernel = Kernel()
        self.faults = Faults(choices, profile)
        self.names = Names()
        self.tell = None if tell is None else teller(self.kernel, self.names, tell)
        self.network = Network(self.kernel, self.faults, self.tell)
        self.violations: list[Violation] = []
        self.memory = MemoryJobStore()
        self.messages = Messages(self.kernel, self.faults, self.call, self.tell)
        self.watch = Watch(
            now=lambda: self.kernel.now,
            clocks_apart=max(0.0, *setup.skews) - min(0.0, *setup.skews),
            capacity=self._capacity,
            object_to=self.object_to,
            image=lambda image_id: found.value if (found := self.memory.image(image_id)) else None,
        )
        self.painter = SimulatedPainter(
            self.network,
            Ledger(self._took),
            lambda seconds: START + timedelta(seconds=seconds),
            self.messages.notify,
            at_once=setup.at_once,
            most_waiting=setup.most_waiting,
            repeats=setup.repeats,
            confirms=setup.confirms,
        )
        self.queue = SimulatedQueue(self.network, self.seconds, self._dispatch, self.names.short)
        self.pictures = SimulatedPictures(self.network)
        self.store = SimulatedStore(self.memory, self.network, self._commit)
        self.old_store = OldStore(self.memory, self.network, self._commit)
        self.client_servers = SimulatedClientServers(self.network)
        self.after_commit: list[Callable[[Image, Image], None]] = []
        """Told of each image that was saved: before, after."""
        self.given_up: set[str] = set()
        """Images of which a task was exhausted."""
        self.deleted: set[str] = set()
        """Jobs that were deleted; they may have been asked for anew."""
        self._nonces = 0
        self.called = 0
        """How many calls there were."""
        self.instances = [
            Instance(f"instance {n}", alter(self, self._services(skew, old=old)))
            for n, (skew, old) in enumerate(zip(setup.skews, setup.old, strict=True))
        ]
        self._sweeping = True

    # --- calls -----------------------------------------------------------------------------------

    def call(
        self,
        name: str,
        body: Callable[[Services], object],
        on_end: Callable[[Outcome], None] = lambda _: None,
        *,
        family: str = "",
        doomed: Exception | None = None,
    ) -> Call:
        """Call a function, on some instance."""
        family = self.names.short(family or name.split(" ", 1)[0])
        on = self.choices.below(f"{family} on", len(self.instances))
        instance = self.instances[on]
        services = instance.services
        self.called += 1

        def ended(outcome: Outcome) -> None:
            if isinstance(outcome, Exception) and not isinstance(outcome, EXPECTED):
                where = "".join(traceback.format_exception(outcome)[-3:])
                self.object_to("no error but known ones", f"{name}: {where}")
            if self.tell is not None:
                self.tell(f"-> {word(outcome)}")
            on_end(outcome)

        call = Call(name, family, instance, ended)
        call.doomed = doomed
        call.slots = services.policy.capacity

        def run() -> object:
            if self.tell is not None:
                self.tell(f"called on {instance.name}")
            return body(services)

        self.kernel.start(call, run)
        return call

    def _dispatch(self, task: Task, ended: Callable[[bool], None]) -> None:
        def done(outcome: Outcome) -> None:
            ended(outcome is not CRASHED and not isinstance(outcome, Exception))

        if task.what == "admit":
            self.call("admit", partial(admit, at=task.at), done)
            return
        if task.what == "callback":
            body = partial(self._callback, event=task.arguments[1], is_last=task.is_last_attempt)
            self.call(f"callback {task.arguments[0]}", body, done, doomed=task.doomed)
            return
        token = task.arguments
        body = partial(self._step, token=token, stores=task.stores, is_last=task.is_last_attempt)
        self.call(f"step {token}", body, done, family=task.family, doomed=task.doomed)

    def _step(
        self, services: Services, token: tuple[str, int, int], *, stores: bool, is_last: bool
    ) -> object:
        """As `functions.step` does it."""
        try:
            return run_step(services, *token, stores=stores)
        except StoreError:
            raise
        except Exception as error:
            if is_last:
                self.given_up.add(token[0])
                call = self.kernel.current
                assert call is not None
                call.doomed = None
                give_up(services, *token, type(error).__name__)
            raise

    def _callback(self, services: Services, event: Event, *, is_last: bool) -> object:
        """As `functions.callback` does it."""
        if is_last:
            self.client_servers.given_up.add(event.event_id)
        return deliver_callback(services, event, lambda _: b"", last=is_last)

    @staticmethod
    def seconds(at: datetime) -> float:
        """The kernel's time of a moment."""
        return (at - START).total_seconds()

    # --- the sweeper -----------------------------------------------------------------------------

    def begin_sweeping(self) -> None:
        """Have the sweeper come by each minute."""
        self.kernel.after(SWEEP_INTERVAL, self._sweep)

    def stop_sweeping(self) -> None:
        self._sweeping = False

    def _sweep(self) -> None:
        if not self._sweeping:
            return
        self.kernel.after(SWEEP_INTERVAL, self._sweep)
        happens = self.faults.at("sweep", "")
        if happens == "skipped":
            return
        self.kernel.after(20.0 if happens == "20 s late" else 0.0, self._sweep_once)
        if happens == "doubled":
            self._sweep_once()

    def _sweep_once(self) -> None:
        self.call("sweep", sweep)

    # --- inside ----------------------------------------------------------------------------------

    def object_to(self, name: str, what: str) -> None:
        """An invariant did not hold: it is over."""
        self.violations.append(Violation(name, what))
        if self.tell is not None:
            self.tell(f"VIOLATION of '{name}': {what}")
        self.kernel.stopped = True

    def _commit(self, writes: tuple[Write, ...]) -> Committed:
        touched = [image_id for write in writes for image_id in _images_of(write)]
        before = {image_id: found.value for image_id in touched
                  if (found := self.memory.image(image_id)) is not None}  # fmt: skip
        committed = self.memory.commit(*writes)
        self.watch.committed(writes, before)
        for write in writes:
            if isinstance(write, SaveJob | ChangeJob):
                job_id = write.job_id if isinstance(write, ChangeJob) else write.after.job_id
                job = self.memory.job(job_id)
                assert job is not None
                self.client_servers.ended(job.value)
            if isinstance(write, SaveImage):
                self.client_servers.ended(write.after)
                old, new = before[write.after.image_id], write.after
                if self.tell is not None:
                    self.tell(told(old, new))
                for listener in self.after_commit:
                    listener(old, new)
            else:
                self._follow(write)
        return committed

    def _follow(self, write: Write) -> None:
        """Do what follows from a write that is no image's."""
        if isinstance(write, CreateJob):
            self.names.add(write.job.job_id, write.job.request_hash.replace(" ", ""))
            if self.tell is not None:
                self.tell(f"job {write.job.job_id} with {len(write.images)} images")
        elif isinstance(write, PublishReference):
            self.messages.publish(write.reference.job_id)
        elif isinstance(write, RetractReference):
            self.messages.publish(write.job_id)
        elif isinstance(write, RemoveJob):
            self.deleted.add(write.before.value.job_id)
            if self.tell is not None:
                self.tell(f"job {write.before.value.job_id} is deleted")

    def _took(self, painting: Painting) -> None:
        self.watch.took(painting)

    def _capacity(self) -> int:
        now = [instance.services.policy.capacity for instance in self.instances]
        return max(*now, *(call.slots for call in self.kernel.calls), 0)

    def _nonce(self) -> str:
        self._nonces += 1
        return f"{self._nonces * 2654435761 % 2**32:08x}{self._nonces:024x}"

    def _services(self, skew: float, *, old: bool) -> Services:
        setup, begin, kernel = self.setup, START + timedelta(seconds=skew), self.kernel
        store = self.old_store if old else self.store
        notified = setup.notified != old  # the older version does it the other way
        policy = Policy(
            prompts=PROMPTS,
            slots=setup.old_slots if old else setup.slots,
            notified=notified,
            image_deadline=timedelta(seconds=setup.image_deadline),
        )

        def clock() -> datetime:
            return begin + timedelta(seconds=kernel.now)

        fallback = {kind: f"https://pictures.test/{kind}" for kind in ("character", "background")}
        return Services(
            store=store,
            queue=self.queue,
            painter=self.painter,
            picture_source=self.pictures,
            reference_source=self.pictures,
            drawing_source=self.pictures,
            picture_store=self.pictures,
            picture_tools=FakeTools(),
            picture_finisher=SimulatedFinisher(self.network),
            fallbacks=Fallbacks(default=fallback) if setup.fallbacks else Fallbacks(),  # type: ignore[arg-type]
            hooks=HOOKS if notified else None,
            paces=Paces(store, clock, None if notified else timedelta(minutes=1)),
            policy=policy,
            clock=clock,
            new_nonce=self._nonce,
            pause=lambda seconds: self.kernel.sleep(max(seconds, 0.2)),
            side_by_side=self.kernel.side_by_side,
            job_deadline=timedelta(seconds=setup.job_deadline),
            job_lifetime=timedelta(days=180),
            sweep_grace=timedelta(seconds=30),
            callback_sender=self.client_servers,
        )


def _images_of(write: Write) -> tuple[str, ...]:
    """The ids of the images that a write changes or removes."""
    if isinstance(write, RemoveImages):
        return write.image_ids
    return (write.after.image_id,) if isinstance(write, SaveImage) else ()
