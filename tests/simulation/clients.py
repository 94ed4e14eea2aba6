"""The clients: they ask for books, ask again, cancel, have pictures painted again, and look."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

from shared.domain.image import BackgroundEffect, Image, Kind, Role
from shared.domain.job import Book, Job
from shared.domain.stage import SUBMITTING
from shared.usecases.cancel_job import cancel_job
from shared.usecases.delete_job import delete_job
from shared.usecases.read_book import read_book
from shared.usecases.refusals import JobNotFound, NotCompleted, Refusal
from shared.usecases.regenerate import Wish, regenerate
from shared.usecases.services import Services
from shared.usecases.start_job import NewBook, NewImage, start_job
from shared.usecases.take_drawing import DrawingData, Sketch
from tests.fakes.world import new_members
from tests.simulation.kernel import Outcome
from tests.simulation.world import World

Life = tuple[str, datetime]
"""An image's id, and when it was created: a book that is asked for anew has the same ids."""
TRIES = 20
"""How often a client asks for a book that it got no answer about."""
AGAIN_AFTER = 1.5
"""Seconds."""
WISHES = (
    Wish(),
    Wish(candidate=1),
    Wish(candidate=2),
    Wish(candidate=4),
    Wish(prompt="something else"),
    Wish(background_effect=BackgroundEffect.PALE),
)


class Clients:
    """All of them; each has an owner's name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._choices = world.choices
        self.wanted: set[str] = set()
        """Contents that were asked for."""
        self.refused: set[str] = set()
        """Contents for which a book was refused, or nobody could be reached."""
        self.canceled: set[str] = set()
        """Jobs."""
        self.deleted: set[str] = set()
        """Contents of which a book may have been deleted, and was not asked for since."""
        self.regenerations = 0
        self.deletions = 0
        self.plans = 0
        """What they still want to do, and what they wait for."""
        self._books: dict[str, NewBook] = {}
        """By content: what was asked for."""
        self._begun: Counter[str] = Counter()
        """Deletions of what has that content, and how many of them are over."""
        self._over: Counter[str] = Counter()
        self._seen: dict[Life, tuple[int, int]] = {}
        self._cancel_after: dict[str, tuple[int, bool]] = {}
        """By task: after how many more commits, and whether only claims count."""
        world.after_commit.append(self._saw_commit)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something so many seconds from now."""
        self.plans += 1

        def do() -> None:
            self.plans -= 1
            act()

        self._world.kernel.after(seconds, do)

    def _call(
        self,
        name: str,
        body: Callable[[Services], object],
        ended: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        self.plans += 1

        def end(outcome: Outcome) -> None:
            self.plans -= 1
            ended(outcome)

        self._world.call(name, body, end)

    # --- asking for a book -----------------------------------------------------------------------

    def ask(self, book: NewBook, *, cancel_after: int = 0, claims_only: bool = False) -> None:
        """Ask for a book until there is an answer; cancel it after so many of its commits.

        `claims_only`: of those by which something is about to be submitted.
        """
        self.wanted.add(book.content_hash)
        self._books[book.content_hash] = book
        if cancel_after:
            self._cancel_after[book.student_task_id] = cancel_after, claims_only
        self._ask(book, 1)

    def _ask(self, book: NewBook, attempt: int) -> None:
        content = book.content_hash
        before = self._begun[content], self._over[content]

        def ended(outcome: Outcome) -> None:
            if isinstance(outcome, tuple):
                if before == (self._over[content], self._begun[content]):  # no deletion meanwhile
                    self.deleted.discard(content)
                return
            if isinstance(outcome, Refusal) or attempt >= TRIES:
                self.refused.add(book.content_hash)
                return
            again = partial(self._ask, book, attempt + 1)
            self.later(AGAIN_AFTER, again)

        self._call(
            f"generate {book.student_task_id}", lambda services: start_job(services, book), ended
        )

    # --- everything else -------------------------------------------------------------------------

    def cancel(self, owner: str, job_id: str, attempt: int = 1) -> None:
        """Cancel a book, until it is answered."""
        known = self._world.memory.images_of(job_id)
        self.canceled.add(job_id)

        def ended(outcome: Outcome) -> None:
            if isinstance(outcome, Job):
                now = self._world.kernel.now
                if self._world.tell is not None:
                    self._world.tell(f"cancel of {job_id} is answered")
                for image in known:
                    generation = image.value.image_id, image.value.nonce
                    self._world.watch.canceled.setdefault(generation, now)
            elif attempt < TRIES and not isinstance(outcome, Refusal):
                again = partial(self.cancel, owner, job_id, attempt + 1)
                self.later(AGAIN_AFTER, again)

        body = partial(cancel_job, owner_uid=owner, job_id=job_id)
        self._call(f"cancel {job_id}", lambda services: body(services), ended)

    def regenerate(self, image: Image, wish: Wish) -> None:
        """Have a picture painted again; whoever gets no answer does not know what became of it."""
        self.regenerations += 1
        name = f"regenerate {image.image_id} {wish.candidate or ''}"
        owner, image_id = image.owner_uid, image.image_id
        self._call(name, lambda services: regenerate(services, owner, image_id, wish))

    def delete(self, owner: str, job_id: str, *, anew: bool) -> None:
        """Delete a book, until it is gone or said to be under way; `anew`: and ask for it again."""
        job = self._world.memory.job(job_id)
        if job is None:
            return
        content = job.value.request_hash
        self.deletions += 1
        self._begun[content] += 1
        self.deleted.add(content)
        self._delete(owner, job_id, content, anew, 1)

    def _delete(self, owner: str, job_id: str, content: str, anew: bool, attempt: int) -> None:
        def ended(outcome: Outcome) -> None:
            gone = outcome is None or isinstance(outcome, JobNotFound)
            if not gone and not (isinstance(outcome, NotCompleted) and attempt >= TRIES):
                again = partial(self._delete, owner, job_id, content, anew, attempt + 1)
                self.later(AGAIN_AFTER, again)
                return
            self._over[content] += 1
            if gone and anew:
                self._ask(self._books[content], 1)

        self._call(f"delete {job_id}", lambda services: delete_job(services, owner, job_id), ended)

    def look(self) -> None:
        """See how all books are doing: what was seen once is never less again."""
        for job in self._world.memory.jobs:
            seen = dict(self._seen)
            body = partial(read_book, reader_uid=job.owner_uid, job_id=job.job_id)
            ended = partial(self._saw, seen)
            self._call(f"status {job.job_id}", lambda s, body=body: body(s), ended)  # type: ignore[misc]

    # --- inside ----------------------------------------------------------------------------------

    def _saw(self, before: dict[Life, tuple[int, int]], outcome: Outcome) -> None:
        """`before`: what had been seen when the look began, as looks may overtake each other."""
        for image in outcome.images if isinstance(outcome, Book) else ():
            now, life = (image.generation, image.progress), (image.image_id, image.created_at)
            if now < before.get(life, now):
                self._world.object_to("progress", f"{image.image_id} is seen to fall back to {now}")
            self._seen[life] = max(now, self._seen.get(life, now))

    def _saw_commit(self, before: Image, after: Image) -> None:
        if not self._cancel_after or self._choices.calm:
            return
        job = self._world.memory.job(after.job_id)
        task = job.value.student_task_id if job else ""
        left, claims_only = self._cancel_after.get(task, (0, False))
        if not left or (claims_only and after.next_step not in SUBMITTING):
            return
        self._cancel_after[task] = left - 1, claims_only
        if left == 1:
            cancel = partial(self.cancel, after.owner_uid, after.job_id)
            self.later((0.0, 0.02, 1.0)[self._choices.below("cancel at", 3)], cancel)


def new_book(
    number: int,
    members: int,
    *,
    owner: str = "ann",
    drawing: bool = False,
    task: int | None = None,
    calls_back: bool = False,
) -> NewBook:
    """A request for a main character and some members, every second one a background.

    Each is for a `task` of its own, if it is not said.
    """
    sketch = Sketch(drawing=DrawingData(data=b"drawing"), where="/sketchImage") if drawing else None
    hero = NewImage(
        kind=Kind.CHARACTER,
        role=Role.REFERENCE,
        name="Mina",
        prompt="" if drawing else "a girl",
        sketch=sketch,
    )
    return NewBook(
        owner_uid=owner,
        student_task_id=f"task {number if task is None else task}",
        fairytale_id="42",
        images=(hero, *new_members(members)),
        content_hash=f"book {number}",
        idempotency_key=None,
        callback_url=f"https://school.test/{number}" if calls_back else None,
    )
