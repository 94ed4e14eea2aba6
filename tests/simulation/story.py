"""What is told of a schedule: one line for each thing that happens, with short names."""

from collections.abc import Callable

from shared.domain.image import Image
from tests.simulation.kernel import CRASHED, Kernel, Outcome
from tests.simulation.setup import START

Tell = Callable[[str], None]


class Names:
    """Short names of books, in the place of their ids."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def add(self, job_id: str, name: str) -> None:
        self._names[job_id] = name

    def short(self, text: str) -> str:
        """The text, with names of books in the place of their ids."""
        for job_id, name in self._names.items():
            text = text.replace(job_id, name)
        return text


def teller(kernel: Kernel, names: Names, tell: Tell) -> Tell:
    """Tells a line with the time, and whose doing it is."""

    def line(text: str) -> None:
        call = kernel.current
        who = f"[{call.name}] " if call is not None else ""
        tell(f"{kernel.now:9.3f}  {names.short(who + text)}")

    return line


def told(before: Image, after: Image) -> str:
    """A change of an image in words."""
    due = "" if after.due_at is None else f" at {(after.due_at - START).total_seconds():.3f}"
    slot = " with slot" if after.holds_slot else ""
    why = f" ({after.error.code})" if after.error else ""
    return (
        f"{after.image_id} {before.generation}.{before.seq} -> {after.generation}.{after.seq}: "
        f"{after.status} {after.progress}%, next {after.next_step}{due}{slot}{why}"
    )


def word(outcome: Outcome) -> str:
    """What became of a call, in a word."""
    if outcome is CRASHED:
        return "its process died"
    if isinstance(outcome, Exception):
        return f"{type(outcome).__name__}: {outcome}"
    return str(outcome) if isinstance(outcome, str | int | bool) else type(outcome).__name__
