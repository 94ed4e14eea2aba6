"""What a benchmark paints, and how fast it could be painted at best: arithmetic only."""

import heapq
import re
from dataclasses import dataclass
from typing import Any

IMAGINE_SECONDS = 60.0
"""What MidJourney takes for an IMAGINE in the benchmark, at speed 1."""

UPSCALE_SECONDS = 10.0
"""The same for an UPSCALE."""

_MARK = re.compile(r"\bb(\d+)p(\d+)\b")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One scenario: books that are all asked for at once, each with as many pictures."""

    name: str
    books: int
    pictures: int
    """Per book: one main character, and the members that are painted after it."""
    speed: float
    """How many times faster than MidJourney the simulated proxy paints."""
    slots: int
    """Pictures that the proxy works on at once."""
    ahead: int = 1
    """Pictures more that may wait in the proxy's own queue."""
    notify: bool = True
    """Whether the proxy tells the server what it has painted; else the server looks."""

    @property
    def imagine(self) -> float:
        """Seconds of an IMAGINE."""
        return IMAGINE_SECONDS / self.speed

    @property
    def upscale(self) -> float:
        """Seconds of an UPSCALE."""
        return UPSCALE_SECONDS / self.speed

    @property
    def painting(self) -> float:
        """Seconds that one picture is painted: IMAGINE, then UPSCALE."""
        return self.imagine + self.upscale

    @property
    def total(self) -> int:
        """Pictures of all books."""
        return self.books * self.pictures

    @property
    def work(self) -> float:
        """Slot-seconds of painting of all books."""
        return self.total * self.painting


def ideal_seconds(plan: Plan) -> float:
    """Return a time in seconds that no server can beat: the larger of two lower bounds.

    - The critical path: a member begins when its reference has ended, so a book takes
      2 x (IMAGINE + UPSCALE), or one of them if it is its main character alone.
    - The slots: all painting, books x pictures x (IMAGINE + UPSCALE), divided by the slots.

    One book of 6 at 6 s + 1 s with 12 slots: max(2 x 7, 6 x 7 / 12 = 3.5) = 14 s.
    Ten of them: max(14, 60 x 7 / 12 = 35) = 35 s. The second bound is not always within reach, see
    `schedule_seconds`.
    """
    path = plan.painting * (1 if plan.pictures == 1 else 2)
    return max(path, plan.work / plan.slots)


def schedule_seconds(plan: Plan) -> float:
    """Return the seconds that a server without any overhead of its own takes with whole pictures.

    A picture holds its slot from IMAGINE to the end of its UPSCALE; references go first, members
    follow in the order in which their references end. What the bound of the slots leaves out shows
    here: slots idle while the references are painted, and the last wave rarely fills all of them.

    Ten books of 6 at 7 s a picture with 12 slots: the 10 references end after 7 s, the 50 members
    take 5 waves of up to 12, so 7 + 5 x 7 = 42 s.
    """
    free = [0.0] * plan.slots  # when each slot is free again
    ready: list[float] = []  # when each member can begin
    for _ in range(plan.books):
        end = heapq.heappop(free) + plan.painting
        heapq.heappush(free, end)
        ready += [end] * (plan.pictures - 1)
    last = max(free)
    for begin in sorted(ready):
        end = max(begin, heapq.heappop(free)) + plan.painting
        heapq.heappush(free, end)
        last = max(last, end)
    return last


def tale(plan: Plan, book: int) -> dict[str, Any]:
    """Return the body of generate for book 0, 1, ...; each picture's prompt carries its mark."""
    prompts = [f"a fox with a red scarf {_mark(book, page)}" for page in range(plan.pictures)]
    characters = 1 + plan.pictures // 3
    return {
        "studentTaskId": f"{plan.name}, {book}",
        "fairytaleId": "bench",
        "characters": [
            {"name": f"character {page}", "prompt": prompt, "isMain": page == 0}
            for page, prompt in enumerate(prompts[:characters])
        ],
        "backgrounds": [
            {"name": f"background {page}", "prompt": prompt}
            for page, prompt in enumerate(prompts[characters:], start=characters)
        ],
    }


def marks(plan: Plan) -> set[str]:
    """Return the mark of every picture of a plan."""
    return {_mark(book, page) for book in range(plan.books) for page in range(plan.pictures)}


def mark_in(prompt: str) -> str | None:
    """Return the mark of the picture that a prompt, as the proxy has got it, is for."""
    found = _MARK.search(prompt)
    return found.group(0) if found else None


def _mark(book: int, page: int) -> str:
    return f"b{book}p{page}"
