"""The store, reached over a network: the one in memory, whose answers take time and get lost."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from shared.domain.image import Image
from shared.ports import (
    Committed,
    Conflict,
    CreateJob,
    SaveImage,
    StoreUnavailable,
    Versioned,
    Write,
)
from tests.fakes.store import MemoryJobStore
from tests.simulation.network import Network

WAY = 0.004
"""Seconds that a question, or an answer, takes."""
TIME_LIMIT = 9.9
"""Seconds after which a caller waits no longer for an answer."""
DONE_AFTER = {
    f"done {seconds:g} s after giving up": TIME_LIMIT + seconds for seconds in (0.5, 3.0, 20.0)
}
"""When a commit is done of which nobody could say whether it would be."""


class SimulatedStore:
    """`shared.ports.JobStore`, as a function reaches it."""

    def __init__(
        self,
        memory: MemoryJobStore,
        network: Network,
        commit: Callable[[tuple[Write, ...]], Committed],
    ) -> None:
        """`commit` does it, and is told of by it."""
        self._memory = memory
        self._network = network
        self._commit = commit
        self.down_until = 0.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Every other method of the store's is a read."""
        behind = getattr(self._memory, name)

        def read(*arguments: Any) -> Any:
            self._ask()
            found = behind(*arguments)
            self._answer()
            return found

        setattr(self, name, read)
        return read

    def commit(self, *writes: Write) -> Committed:
        self._ask()
        happens = self._network.at("store commit")
        if happens == "contended":
            raise Conflict("aborted, though every condition holds")
        if happens in DONE_AFTER:
            self._network.kernel.after(DONE_AFTER[happens], lambda: self._commit_late(writes))
            self._network.kernel.sleep(TIME_LIMIT)
            raise StoreUnavailable("no answer in time")
        committed = self._commit(writes)
        if self._answer() == "sent twice":
            # The client library's own retry, as it took the first try for lost.
            committed = self._commit(writes)
        return committed

    def _commit_late(self, writes: tuple[Write, ...]) -> None:
        """Whoever asked for it has been told that nobody knows."""
        with suppress(Conflict):
            self._commit(writes)

    def _ask(self) -> None:
        happens = self._network.travel("store ask", WAY)
        call = self._network.kernel.current
        if call is not None and call.doomed is not None:
            raise call.doomed
        if happens == "down" or self._network.kernel.now < self.down_until:
            raise StoreUnavailable("the store is down")

    def _answer(self) -> str:
        happens = self._network.travel("store answer", WAY)
        if happens == "answer lost":
            raise StoreUnavailable("the answer was lost")
        return happens


NEW_FIELDS = {"turn": None, "admitted_at": None, "crowded": False}
"""Of images, with their defaults: an older version does not know them."""
FIELDS = [field.name for field in fields(Image) if field.name not in NEW_FIELDS]
OLD_DEADLINE = timedelta(minutes=30)
"""From a slot to the end, as the older version wrote it."""


class OldStore(SimulatedStore):
    """As an instance of an older version uses it: it neither reads nor writes newer fields."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        read = super().__getattr__(name)

        def read_old(*arguments: Any) -> Any:
            found = read(*arguments)
            if isinstance(found, list):
                return [_old(one) for one in found]
            return _old(found) if isinstance(found, Versioned) else found

        setattr(self, name, read_old)
        return read_old

    def commit(self, *writes: Write) -> Committed:
        return super().commit(*(self._without_new_fields(write) for write in writes))

    def _without_new_fields(self, write: Write) -> Write:
        if isinstance(write, CreateJob):
            images = tuple(replace(image, **NEW_FIELDS) for image in write.images)  # type: ignore[arg-type]
            return replace(write, images=images)
        if isinstance(write, SaveImage):
            before, after = write.before.value, write.after
            there = self._memory.image(after.image_id)
            if there is None:
                return write
            changes = {
                name: getattr(after, name)
                for name in FIELDS
                if getattr(after, name) != getattr(before, name)
            }
            if after.holds_slot and not before.holds_slot:  # its time began with its slot
                changes["deadline_at"] = after.updated_at + OLD_DEADLINE
            return replace(write, after=replace(there.value, **changes))
        return write


def _old(found: Any) -> Any:
    if not isinstance(found, Versioned) or not isinstance(found.value, Image):
        return found
    return Versioned(replace(found.value, **NEW_FIELDS), found.version)
