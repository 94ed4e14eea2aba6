"""The tape: everything that is left to chance in a schedule.

A schedule is a pure function of its tape. It is recorded while a seeded generator plays it, and
can be played again from the record, or from a part of it. 0 is always the harmless choice, and
what is not on the tape is 0: so the shorter a tape, the less goes wrong in its schedule.

A choice is known by its stream (what is decided there, and in which call) and by how many there
were in that stream before it. So leaving out one choice moves few others.
"""

import random
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

Place = tuple[str, int]
"""A stream, and which choice in it, from 1."""
Tape = Mapping[Place, int]
"""What was chosen; 0 where there is nothing."""

NEVER: Final[tuple[float, ...]] = ()


class Choices:
    """Draws from a seeded generator, or from a tape."""

    def __init__(self, seed: str | None = None, tape: Tape | None = None) -> None:
        """`tape` if it is given, else a generator with that seed."""
        self._tape = tape
        self._random = random.Random(seed).random
        self._asked: dict[str, int] = {}
        self.made: dict[Place, int] = {}
        """Those that were not 0, in their order."""
        self.calm = False
        """From now on everything is 0, and not recorded."""

    def fate(self, stream: str, odds: tuple[float, ...], outcomes: int) -> int:
        """0, or one of the `outcomes` 1, 2, ...; `odds` are their cumulated probabilities."""
        if self.calm:
            return 0
        number = self._asked.get(stream, 0) + 1
        self._asked[stream] = number
        if self._tape is not None:
            chosen = self._tape.get((stream, number), 0)
            if not chosen:
                return 0
            chosen = min(chosen, outcomes)
        else:
            if not odds:
                return 0
            drawn = self._random()
            if drawn >= odds[-1]:
                return 0
            chosen = bisect_right(odds, drawn) + 1
        self.made[stream, number] = chosen
        return chosen

    def below(self, stream: str, number: int) -> int:
        """One of 0 .. number - 1, all alike."""
        odds = tuple((index + 1) / number for index in range(number - 1))
        return self.fate(stream, odds, number - 1) if number > 1 else 0

    def happens(self, stream: str, probability: float) -> bool:
        """Whether something happens; it does not on an empty tape."""
        return bool(self.fate(stream, (probability,), 1))


def written(tape: Tape) -> str:
    """A tape as text, one choice after the other: `stream#number=choice`."""
    return "; ".join(f"{stream}#{number}={chosen}" for (stream, number), chosen in tape.items())


def read(text: str) -> dict[Place, int]:
    """The tape that was written so. Raises `ValueError`."""
    tape = {}
    for part in text.split(";"):
        if part.strip():
            place, chosen = part.strip().rsplit("=", 1)
            stream, number = place.rsplit("#", 1)
            tape[stream, int(number)] = int(chosen)
    return tape
