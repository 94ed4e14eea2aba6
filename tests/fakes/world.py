"""A whole world in memory: clock, queue, painter and pictures, driven by the real use cases.

`World.run()` turns the clock to whatever is due next until nothing is. The painter is the one
outside thing without a contract test of its own in memory: the simulated proxy has those.
"""

import heapq
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.domain.events import Event
from shared.domain.failure import Failure, FailureCode
from shared.domain.fallbacks import Fallbacks
from shared.domain.image import BackgroundEffect, Image, Kind, Role
from shared.domain.job import Book, Job
from shared.domain.observation import (
    Accepted,
    Busy,
    Missing,
    ParentLost,
    Phase,
    Refused,
    Sighting,
    Told,
    Unreachable,
    Unsure,
)
from shared.domain.policy import Policy
from shared.notify_hooks import NotifyHooks
from shared.ports import (
    CallbackFailed,
    Finished,
    LookAnswer,
    Picture,
    PictureRejected,
    PictureUnavailable,
    Rendition,
    StoredObject,
    SubmitAnswer,
)
from shared.prompt_file import read_prompt_rules
from shared.usecases.admit import admit
from shared.usecases.deliver_callback import deliver_callback
from shared.usecases.fan_out import fan_out
from shared.usecases.paces import Paces
from shared.usecases.run_step import run_step
from shared.usecases.services import Services
from shared.usecases.start_job import NewBook, NewImage, start_job
from shared.usecases.sweep import sweep
from tests.fakes.store import MemoryJobStore

START = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
OWNER = "everybody"
SECOND = timedelta(seconds=1)
CALLBACK_ATTEMPTS = 8
POLICY = Policy(prompts=read_prompt_rules(), ahead=0)


@dataclass
class Painting:
    """One of the painter's tasks."""

    task_id: str
    token: str
    action: str
    prompt: str
    accepted_at: datetime
    drawing: Picture | None = None
    fails_with: Failure | None = None
    permanent: bool = False
    hangs: bool = False
    lost: bool = False
    drawn_at: datetime | None = None


@dataclass
class FakePainter:
    """Paints an IMAGINE in 60 s and an UPSCALE in 10 s, and fails as it is told.

    `script` holds, for each submission to come, what happens to it: a word, or nothing special.
    """

    clock: Callable[[], datetime]
    script: list[str] = field(default_factory=list)
    paintings: dict[str, Painting] = field(default_factory=dict)
    looks: int = 0
    unreachable: bool = False
    ids: itertools.count = field(default_factory=lambda: itertools.count(1))  # type: ignore[type-arg]

    def imagine(
        self, prompt: str, *, token: str, hook: str | None = None, drawing: Picture | None = None
    ) -> SubmitAnswer:
        answer = self._submit("IMAGINE", prompt, token, drawing)
        assert not isinstance(answer, ParentLost)
        return answer

    def describe(self, drawing: Picture, *, token: str, hook: str | None = None) -> SubmitAnswer:
        answer = self._submit("DESCRIBE", "", token, drawing)
        assert not isinstance(answer, ParentLost)
        return answer

    def upscale(
        self, parent_task_id: str, index: int, *, token: str, hook: str | None = None
    ) -> SubmitAnswer | ParentLost:
        parent = self.paintings.get(parent_task_id)
        if parent is None or parent.lost:
            return ParentLost(reason="unknown")
        return self._submit("UPSCALE", f"{parent_task_id} U{index}", token)

    def look(self, task_id: str, *, token: str) -> LookAnswer:
        self.looks += 1
        if self.unreachable:
            return Unreachable(reason="told so")
        painting = self.paintings.get(task_id)
        if painting is None or painting.lost or painting.token != token:
            return Missing(searched=False)
        return self._see(painting)

    def find(self, token: str, *, since: datetime) -> LookAnswer:
        for painting in self.paintings.values():
            if painting.token == token and not painting.lost:
                return self._see(painting)
        return Missing(searched=True)

    def ping(self, seconds: float) -> Unreachable | None:
        return Unreachable(reason="told so") if self.unreachable else None

    def news(self, body: object) -> Told | None:
        return body if isinstance(body, Told) else None

    def of(self, action: str) -> list[Painting]:
        return [p for p in self.paintings.values() if p.action == action]

    def _submit(
        self, action: str, prompt: str, token: str, drawing: Picture | None = None
    ) -> SubmitAnswer | ParentLost:
        word = self.script.pop(0) if self.script else ""
        if word == "busy":
            return Busy(reason="told so")
        if word == "banned":
            return Refused(failure=Failure(code=FailureCode.BANNED_WORD, message="Banned."))
        if word == "vanish":
            return Unsure(reason="told so")
        painting = Painting(
            task_id=str(next(self.ids)),
            token=token,
            action=action,
            prompt=prompt,
            accepted_at=self.clock(),
            drawing=drawing,
        )
        if word == "fail":
            painting.fails_with = Failure(code=FailureCode.PAINTING_FAILED, message="Failed.")
        if word == "moderated":
            painting.fails_with = Failure(code=FailureCode.MODERATED, message="Refused.")
            painting.permanent = True
        painting.hangs = word == "hang"
        painting.lost = word == "lose"
        self.paintings[painting.task_id] = painting
        if word == "drop answer":
            return Unsure(reason="told so")
        return Accepted(task_id=painting.task_id)

    def _see(self, painting: Painting) -> Sighting:
        needs = timedelta(seconds=60 if painting.action == "IMAGINE" else 10)
        spent = self.clock() - painting.accepted_at
        working = Sighting(
            task_id=painting.task_id,
            phase=Phase.WORKING,
            progress=min(93, int(spent / needs * 100)) if painting.action == "IMAGINE" else None,
            picture_url=f"https://discord.test/{painting.task_id}/partial.webp",
            started_at=painting.accepted_at,
            finished_at=painting.accepted_at + needs if spent >= needs else None,
        )
        if spent < needs or painting.hangs:
            return working
        if painting.fails_with is not None:
            return replace(
                working,
                phase=Phase.FAILED,
                failure=painting.fails_with,
                permanent=painting.permanent,
            )
        url = f"https://discord.test/{painting.task_id}/done.png"
        words = "a figure in red" if painting.action == "DESCRIBE" else None
        return replace(working, phase=Phase.DONE, progress=100, picture_url=url, words=words)


@dataclass
class FakePictures:
    """Source and store of pictures; `broken` counts the fetches that will fail."""

    broken: int = 0
    stored: dict[str, Picture] = field(default_factory=dict)
    expiring: dict[str, datetime] = field(default_factory=dict)

    def fetch(self, url: str) -> Picture:
        if self.broken:
            self.broken -= 1
            raise PictureUnavailable("told so")
        return Picture(data=url.encode(), content_type="image/png", suffix=".png")

    def put(self, name: str, picture: Picture, expire_at: datetime) -> str:
        self.stored.setdefault(name, picture)
        self.expiring.setdefault(name, expire_at)
        return f"https://pictures.test/{name}"

    def ping(self, seconds: float) -> None:
        """It is there."""

    def read(self, name: str) -> Picture:
        if name not in self.stored:
            raise PictureRejected("not_found", "There is no such object.")
        return self.stored[name]

    def find(self, beginning: str) -> list[StoredObject]:
        if self.broken:
            self.broken -= 1
            raise PictureUnavailable("told so")
        return [
            StoredObject(name=name, version=picture)
            for name, picture in self.stored.items()
            if name.startswith(beginning)
        ]

    def remove(self, found: Iterable[StoredObject]) -> None:
        for one in found:
            if self.stored.get(one.name) is one.version:
                del self.stored[one.name]


def webp(data: bytes) -> Rendition:
    picture = Picture(data=data, content_type="image/webp", suffix=".webp")
    return Rendition(picture=picture, width=512, height=512)


class FakeFinisher:
    """Finishes pictures by a word; `warnings` are what it has to say of the next ones."""

    def __init__(self) -> None:
        self.warnings: tuple[str, ...] = ()

    def character(self, original: Picture) -> Finished:
        return self._finished(original, None if self.warnings else b"cut out ")

    def background(self, original: Picture, effect: BackgroundEffect) -> Finished:
        nothing = effect is BackgroundEffect.NONE
        return self._finished(original, None if nothing else effect.value.encode())

    def _finished(self, original: Picture, how: bytes | None) -> Finished:
        processed = None if how is None else webp(how + original.data)
        return Finished(
            original=Rendition(picture=original, width=1024, height=1024),
            processed=processed,
            preview=webp(b"small " + original.data),
            warnings=self.warnings,
        )


class FakeTools:
    """Pixels that are none: a picture's bytes stand for it."""

    def drawing(self, data: bytes) -> Picture:
        if not data.startswith(b"drawing"):
            raise PictureRejected("broken_picture", "This is no drawing.")
        return Picture(data=data, content_type="image/png", suffix=".png")

    def previews(self, grid: Picture) -> list[Rendition]:
        return [webp(grid.data + bytes([i])) for i in range(4)]

    def nearest(self, grid: Picture, model: Picture) -> int:
        return 3


@dataclass
class FakeQueue:
    """Tasks by the moment they are due; `lose` drops all that are created."""

    clock: Callable[[], datetime]
    due: list[tuple[datetime, int, str, tuple[object, ...]]] = field(default_factory=list)
    order: itertools.count = field(default_factory=itertools.count)  # type: ignore[type-arg]
    copies: int = 1
    created: int = 0
    called_off: int = 0
    """Alarms asked to be taken back, whether there are any or not."""
    _named: set[tuple[str, tuple[object, ...]]] = field(default_factory=set)

    def schedule(self, image: Image) -> None:
        assert image.due_at is not None
        self._add(image.due_at, "step", image.image_id, image.generation, image.seq)

    def ring(self, image: Image) -> None:
        self._once(image, "now", self.clock())

    def schedule_alarm(self, image: Image) -> None:
        assert image.due_at is not None
        self._once(image, "alarm", image.due_at)

    def call_off(self, image: Image) -> None:
        self.called_off += 1
        token = (image.image_id, image.generation, image.seq)
        gone = [one for one in self.due if one[2] == "alarm" and one[3] == token]
        self.due = [one for one in self.due if one not in gone]
        heapq.heapify(self.due)

    def call_back(self, event: Event) -> None:
        if ("callback", (event,)) not in self._named:
            self._named.add(("callback", (event,)))
            self._add(self.clock(), "callback", event, 1)

    def call_back_again(self, event: Event, attempt: int) -> None:
        """As the queue does after an attempt that failed."""
        self._add(self.clock() + min(timedelta(hours=1), 2**attempt * SECOND), "callback",
                  event, attempt + 1)  # fmt: skip

    def ask_admission(self, at: datetime | None = None) -> None:
        self._add(at or self.clock(), "admit", at)

    def ping(self, seconds: float) -> None:
        """It is there."""

    def _once(self, image: Image, kind: str, at: datetime) -> None:
        token = (image.image_id, image.generation, image.seq)
        name = (kind, (*token, image.nonce))
        if name not in self._named:
            self._named.add(name)
            self._add(at, kind, *token)

    def _add(self, at: datetime, kind: str, *arguments: object) -> None:
        self.created += 1
        for _ in range(self.copies):
            heapq.heappush(self.due, (at, next(self.order), kind, arguments))


class World:
    """The services over fakes, and a clock that jumps."""

    def __init__(self, policy: Policy | None = None, hooks: NotifyHooks | None = None) -> None:
        self.now = START
        self.store = MemoryJobStore()
        self.painter = FakePainter(lambda: self.now)
        self.pictures = FakePictures()
        self.finisher = FakeFinisher()
        self.queue = FakeQueue(lambda: self.now)
        self.triggers = True
        self._seen_references = 0
        nonces = itertools.count(1)
        self.services = Services(
            store=self.store,
            queue=self.queue,
            painter=self.painter,
            picture_source=self.pictures,
            reference_source=self.pictures,
            drawing_source=self.pictures,
            picture_store=self.pictures,
            picture_tools=FakeTools(),
            picture_finisher=self.finisher,
            fallbacks=Fallbacks(),
            hooks=hooks,
            paces=Paces(self.store, lambda: self.now, None if hooks else timedelta(minutes=1)),
            policy=replace(policy or POLICY, notified=hooks is not None),
            clock=lambda: self.now,
            new_nonce=lambda: f"{next(nonces):032x}",
            pause=self._pause,
            side_by_side=lambda things: [thing() for thing in things],
            job_deadline=timedelta(hours=6),
            job_lifetime=timedelta(days=180),
            sweep_grace=timedelta(seconds=30),
        )

    def start(
        self,
        members: int = 3,
        key: str | None = None,
        task: str = "7",
        callback_url: str | None = None,
    ) -> Book:
        """Start a book of one main character and some members."""
        book, _ = start_job(self.services, new_book(members, key, task, callback_url))
        return book

    def run(self, until: Callable[[], bool] = lambda: False, most: int = 20_000) -> None:
        """Let everything that is due happen, in its order, until there is nothing left."""
        for _ in range(most):
            if until() or not self._next():
                return
        raise AssertionError("the world does not come to rest")

    def run_with_sweeps(self, minutes: int) -> None:
        """The same for so many minutes, with the sweeper coming by each minute."""
        for _ in range(minutes):
            end = self.now + timedelta(minutes=1)
            self.run(until=lambda end=end: not self.queue.due or self.queue.due[0][0] > end)  # type: ignore[misc]
            self.now = end
            sweep(self.services)
        self.run()

    def images(self, book: Book) -> list[Image]:
        return [image.value for image in self.store.images_of(book.job.job_id)]

    def job(self, book: Book):  # type: ignore[no-untyped-def]
        found = self.store.job(book.job.job_id)
        assert found is not None
        return found.value

    def _next(self) -> bool:
        self._fire_triggers()
        if not self.queue.due:
            return False
        at, _, kind, arguments = heapq.heappop(self.queue.due)
        self.now = max(self.now, at)
        if kind == "admit":
            admit(self.services, *arguments)  # type: ignore[arg-type]
        elif kind == "callback":
            self._call_back(*arguments)  # type: ignore[arg-type]
        else:
            run_step(self.services, *arguments)  # type: ignore[arg-type]
        self._fire_triggers()
        return True

    def _call_back(self, event: Event, attempt: int) -> None:
        last = attempt >= CALLBACK_ATTEMPTS
        try:
            deliver_callback(self.services, event, told_of, last=last)
        except CallbackFailed:
            if not last:
                self.queue.call_back_again(event, attempt)

    def _fire_triggers(self) -> None:
        while self._seen_references < len(self.store.published):
            reference = self.store.published[self._seen_references]
            self._seen_references += 1
            if self.triggers:
                fan_out(self.services, reference.job_id)

    def _pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def told_of(subject: Image | Job) -> bytes:
    """What a client's own server gets in this world."""
    return json.dumps([getattr(subject, "image_id", subject.job_id), subject.status]).encode()


def new_members(count: int) -> list[NewImage]:
    """The others of a book: characters, and, every second one, backgrounds."""
    return [
        NewImage(
            kind=Kind.BACKGROUND if index % 2 else Kind.CHARACTER,
            role=Role.MEMBER,
            name=f"picture {index}",
            prompt=f"a picture of number {index}",
        )
        for index in range(count)
    ]


def new_book(
    members: int = 3, key: str | None = None, task: str = "7", callback_url: str | None = None
) -> NewBook:
    """A request for a main character and some members, every second one a background."""
    hero = NewImage(kind=Kind.CHARACTER, role=Role.REFERENCE, name="Mina", prompt="a brave girl")
    return NewBook(
        owner_uid=OWNER,
        student_task_id=task,
        fairytale_id="42",
        images=(hero, *new_members(members)),
        content_hash=f"{task}/{members}",
        idempotency_key=key,
        callback_url=callback_url,
    )
