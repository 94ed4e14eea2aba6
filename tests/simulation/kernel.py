"""Virtual time, and calls that run side by side in it: one at a time, switched where they wait.

Each call runs in a greenlet, so that the real code runs unchanged while others run in the middle
of it. Nothing runs at the same time; what runs next is what is due first, in the order of asking.
"""

import heapq
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")


class Killed(BaseException):
    """The process of this call died; nothing catches it."""


class Crashed:
    """What became of a call whose process died."""


CRASHED = Crashed()

Outcome = object
"""What a call returned, the exception that it raised, or `CRASHED`."""


class Call:
    """One call of a function, with everything that it does side by side."""

    __slots__ = ("dead", "doomed", "family", "name", "on_end", "over", "slots", "where")

    def __init__(
        self, name: str, family: str, where: object, on_end: Callable[[Outcome], None]
    ) -> None:
        self.name = name
        self.family = family
        """Calls that are alike: their faults are counted together."""
        self.where = where
        """The instance that it runs on."""
        self.on_end = on_end
        self.over = False
        self.dead = False
        self.doomed: Exception | None = None
        """What the store answers it, whatever it asks."""
        self.slots = 0
        """The number of slots in force when it began."""

    def end(self, outcome: Outcome) -> None:
        """Tell whoever called it, once."""
        if not self.over:
            self.over = True
            self.on_end(outcome)


class Kernel:
    """The clock and everything that is due."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the schedule began."""
        self.current: Call | None = None
        self.calls: dict[Call, None] = {}
        """Those that are running, in the order of their beginning."""
        self.stopped = False
        self._agenda: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._order = 0
        self._until = 0.0
        self._hub = getcurrent()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Have something done so many seconds from now, outside of any call."""
        self._push(self.now + seconds, _act, act)

    def run(self, until: float) -> None:
        """Let everything happen that is due until then."""
        agenda, self._until, self._hub = self._agenda, until, getcurrent()
        while agenda and agenda[0][0] <= until and not self.stopped:
            when, _, act, argument = heapq.heappop(agenda)
            if when > self.now:
                self.now = when
            act(argument)
        if not self.stopped and until > self.now:
            self.now = until

    @property
    def planned(self) -> int:
        """How many things are due some time."""
        return len(self._agenda)

    # --- calls -----------------------------------------------------------------------------------

    def start(self, call: Call, body: Callable[[], object], after: float = 0.0) -> None:
        """Run a call; what it comes to is told to its `on_end`."""
        self.calls[call] = None
        self._spawn(call, partial(self._live, call, body), after)

    def sleep(self, seconds: float) -> None:
        """In a call: let time pass, and others run. Raises `Killed` if its process died."""
        when = self.now + seconds
        alone = not self._agenda or self._agenda[0][0] > when
        if alone and when <= self._until and not self.stopped:
            self.now = when
            return
        call = self.current
        assert call is not None
        self._push(when, self._resume, (getcurrent(), call))
        self._hub.switch()
        if call.dead:
            raise Killed

    def kill(self, call: Call) -> None:
        """Let the process of a call die; if it is the current one, raise `Killed` afterwards."""
        call.dead = True
        self.calls.pop(call, None)
        call.end(CRASHED)

    def side_by_side(self, things: list[Callable[[], T]]) -> list[T]:
        """In a call: do several things at once, each in a greenlet of its own."""
        if len(things) == 1:
            return [things[0]()]
        call, me = self.current, getcurrent()
        assert call is not None
        outcomes: list[tuple[Any, Exception | None] | None] = [None] * len(things)
        left = len(things)

        def live(index: int) -> None:
            nonlocal left
            outcomes[index] = None if call.dead else _outcome(things[index])
            left -= 1
            if left == 0:
                self._push(self.now, self._resume, (me, call))

        for index in range(len(things)):
            self._spawn(call, partial(live, index), 0.0)
        while left:
            self._hub.switch()
        if call.dead:
            raise Killed
        done = [outcome for outcome in outcomes if outcome is not None]
        for _, error in done:
            if error is not None:
                raise error
        return [value for value, _ in done]

    # --- inside ----------------------------------------------------------------------------------

    def _live(self, call: Call, body: Callable[[], object]) -> None:
        outcome: object
        try:
            if call.dead:
                return
            outcome = body()
        except Killed:
            return
        except Exception as error:  # noqa: BLE001 - the edge of a function
            outcome = error
        self.calls.pop(call, None)
        call.end(outcome)

    def _spawn(self, call: Call, body: Callable[[], None], after: float) -> None:
        self._push(self.now + after, self._resume, (greenlet(body, self._hub), call))

    def _resume(self, who: tuple[greenlet, Call]) -> None:
        self.current = who[1]
        who[0].switch()
        self.current = None

    def _push(self, when: float, act: Callable[[Any], None], argument: object) -> None:
        self._order += 1
        heapq.heappush(self._agenda, (when, self._order, act, argument))


def _act(act: Callable[[], None]) -> None:
    act()


def _outcome(thing: Callable[[], T]) -> tuple[T | None, Exception | None] | None:
    """What it answered or raised; None if its process died."""
    try:
        return thing(), None
    except Killed:
        return None
    except Exception as error:  # noqa: BLE001 - raised again by whoever waits for it
        return None, error
