"""Makes a tape that breaks an invariant shorter, as long as it breaks the same one."""

from collections.abc import Callable

from tests.simulation.choices import Place, Tape

Fails = Callable[[Tape], dict[Place, int] | None]
"""Plays a tape; answers what of it was used, up to where it failed, or None if it did not fail."""

MOST_PLAYS = 4000


def shrink(tape: Tape, fails: Fails, most_plays: int = MOST_PLAYS) -> dict[Place, int]:
    """A tape with as few choices as can be found, and these as early and as low as can be.

    First whole stretches of choices are left out, then ever shorter ones; then single choices are
    made earlier in their stream, then lower; and all of it again while it is of any use.
    """
    best = _Best(dict(tape), fails, most_plays)
    while best.leave_out() or best.move() or best.lower():
        pass
    return best.tape


class _Best:
    """The best tape so far."""

    def __init__(self, tape: dict[Place, int], fails: Fails, plays: int) -> None:
        self.tape = tape
        self._fails = fails
        self._plays = plays

    def leave_out(self) -> bool:
        """Leave out what is not needed, large pieces first."""
        useful = False
        stretch = max(1, len(self.tape) // 2)
        while stretch:
            places = list(reversed(self.tape))
            for start in range(0, len(places), stretch):
                gone = set(places[start : start + stretch])
                useful |= self._take({p: c for p, c in self.tape.items() if p not in gone})
            stretch //= 2
        return useful

    def move(self) -> bool:
        """Have single choices come earlier."""
        useful = False
        for stream, number in list(self.tape):
            for earlier in dict.fromkeys((1, number // 2, number - 2, number - 1)):
                place, to = (stream, number), (stream, earlier)
                if 0 < earlier < number and place in self.tape and to not in self.tape:
                    moved = {to if p == place else p: c for p, c in self.tape.items()}
                    useful |= self._take(moved)
        return useful

    def lower(self) -> bool:
        """Have single choices be lower."""
        useful = False
        for place, chosen in list(self.tape.items()):
            for lower in dict.fromkeys((1, chosen // 2, chosen - 1)):
                if 0 < lower < self.tape.get(place, 0):
                    useful |= self._take({**self.tape, place: lower})
        return useful

    def _take(self, tape: dict[Place, int]) -> bool:
        if self._plays <= 0:
            return False
        self._plays -= 1
        used = self._fails(tape)
        if used is None or _size(used) >= _size(self.tape):
            return False
        self.tape = used
        return True


def _size(tape: Tape) -> tuple[int, int, int]:
    return len(tape), sum(number for _, number in tape), sum(tape.values())
