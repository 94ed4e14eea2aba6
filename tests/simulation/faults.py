"""What can go wrong, where, and how likely it is in a schedule.

At each `MOMENTS` something happens: the first outcome, nothing special, or one of those listed.
Each belongs to a group; a schedule concentrates on a few groups, so that their faults meet.
"""

import random
from itertools import accumulate

from tests.simulation.choices import NEVER, Choices

PAUSES = {
    "hurried": 0.0,
    "waits 30 ms": 0.03,
    "waits 0.3 s": 0.3,
    "waits 1.5 s": 1.5,
    "waits 2.5 s": 2.5,
    "waits 3 s": 3.0,
    "waits 4 s": 4.0,
    "waits 4.4 s": 4.4,
    "waits 5 s": 5.0,
    "waits 9 s": 9.0,
    "waits 70 s": 70.0,
}
"""Seconds that something takes instead of what it mostly does."""

_STORE_PAUSES = {
    "hurried": "order",
    "waits 30 ms": "order",
    "waits 0.3 s": "order",
    "waits 1.5 s": "slow",
    # There and back it is less than 10 s, the time limit of the client.
    "waits 4.4 s": "slow",
}

MOMENTS: dict[str, dict[str, str]] = {
    "store ask": {**_STORE_PAUSES, "crash": "crash", "down": "store"},
    "store answer": {
        **_STORE_PAUSES,
        "crash": "crash",
        "answer lost": "store",
        "sent twice": "store",
    },
    "store commit": {
        "contended": "commits",
        "done 0.5 s after giving up": "commits",
        "done 3 s after giving up": "commits",
        "done 20 s after giving up": "commits",
    },
    "point": {
        "waits 30 ms": "order",
        "waits 0.3 s": "order",
        "waits 3 s": "slow",
        "waits 9 s": "slow",
        "waits 70 s": "frozen",
        "crash": "crash",
    },
    "queue": {
        "hurried": "order",
        "waits 0.3 s": "order",
        "waits 3 s": "slow",
        "crash before": "crash",
        "crash after": "crash",
        "refused": "tasks",
        "answer lost": "tasks",
        "task lost": "tasks",
    },
    "dispatch": {
        "0.1 s late": "order",
        "1 s late": "delays",
        "12 s late": "delays",
        "75 s late": "delays",
        "doubled": "tasks",
        "doubled 2 s later": "tasks",
        "doubled 40 s later": "tasks",
        "lost": "tasks",
        "doomed": "doom",
        "out of reach": "doom",
    },
    "submit ask": {
        "waits 0.3 s": "order",
        "waits 2.5 s": "slow",
        "no connection": "painter",
        "crash before": "crash",
        "crash, sent": "crash",
        "crash, sent 2.5 s later": "crash",
    },
    "submit taken": {
        "after 1.5 s": "slow",
        "after 8 s": "slow",
        "answer 500": "painter",
        "answer 500 though taken": "painter",
        "no answer": "painter",
        "answer broken off": "painter",
        "taken after the time-out": "late",
        "taken at the last moment": "late",
        "busy": "busy",
        "busy with this one": "busy",
        "banned": "refusals",
    },
    "submit answer": {"waits 0.3 s": "order", "waits 1.5 s": "slow", "crash": "crash"},
    "look ask": {
        "waits 0.3 s": "order",
        "waits 2.5 s": "slow",
        "crash": "crash",
        "unreachable": "painter",
    },
    "look answer": {
        "waits 0.3 s": "order",
        "waits 2.5 s": "slow looks",
        "waits 9 s": "slow looks",
        "crash": "crash",
        "unreachable": "painter",
    },
    "list": {"does not reach back": "painter"},
    "painting": {
        "quick": "speed",
        "half as long again": "speed",
        "nearly at the limit": "speed",
        "beyond the limit": "hangs",
        "for ever": "hangs",
        "failed": "failures",
        "failed without a picture": "failures",
        "moderated": "refusals",
    },
    "news": {
        "lost": "news",
        "doubled": "news",
        "1 s late": "news",
        "20 s late": "news",
        "100 s late": "news",
    },
    "event": {
        "1 s late": "events",
        "10 s late": "events",
        "40 s late": "events",
        "doubled": "events",
        "lost": "events",
    },
    "fetch": {
        "waits 0.3 s": "order",
        "waits 4 s": "slow",
        "crash": "crash",
        "unavailable": "pictures",
        "rejected": "pictures",
    },
    "put": {
        "waits 0.3 s": "order",
        "waits 4 s": "slow",
        "crash before": "crash",
        "crash after": "crash",
        "unavailable": "pictures",
    },
    "finish": {"waits 5 s": "slow", "fails": "pictures", "rejected": "pictures", "crash": "crash"},
    "callback": {
        "waits 5 s": "slow",
        "crash before": "crash",
        "crash after": "crash",
        "not taken": "callbacks",
        "answer lost": "callbacks",
        "not wanted": "callbacks",
    },
    "sweep": {"skipped": "sweeps", "doubled": "sweeps", "20 s late": "sweeps"},
}
GROUPS = tuple(sorted({group for moment in MOMENTS.values() for group in moment.values()}))
RATES = (0.003, 0.015, 0.06, 0.25)
WEIGHT = {
    "order": 4.0,
    "delays": 2.0,
    "speed": 3.0,
    "hangs": 3.0,
    "failures": 3.0,
    "late": 3.0,
    "slow looks": 4.0,
    "commits": 3.0,
}
"""Of groups that stop nothing, or come at few moments, more is needed to see something."""


TURNS = (
    "instances",
    "skew",
    "versions",
    "busy",
    "cancels",
    "repeats",
    "regenerations",
    "incidents",
    "deletions",
    "deadlines",
)
"""What a schedule may have, beside the faults at moments."""


class Profile:
    """How likely each fault is in one schedule; not part of its tape, as it does nothing itself."""

    def __init__(self, seed: str | None) -> None:
        """None: of no schedule, as it is played from a tape."""
        self.odds: dict[str, tuple[float, ...]] = dict.fromkeys(MOMENTS, NEVER)
        self._turns: set[str] = set()
        if seed is None:
            return
        draw = random.Random(f"profile {seed}")
        count = draw.choice((0, 1, 1, 2, 2, 2, 3, 3, 4, 6, len(GROUPS)))
        most = 0.03 if count > 6 else 1.0
        rates = {
            group: min(most, draw.choice(RATES) * WEIGHT.get(group, 1.0))
            for group in draw.sample(GROUPS, count)
        }
        if draw.random() < 0.5:
            rates.setdefault("order", draw.choice((0.1, 0.5, 1.0)))
        self._turns = {turn for turn in TURNS if draw.random() < 0.35}
        for moment, outcomes in MOMENTS.items():
            odds = [rates.get(group, 0.0) for group in outcomes.values()]
            if any(odds):
                scale = min(1.0, 0.9 / sum(odds))
                self.odds[moment] = tuple(accumulate(rate * scale for rate in odds))

    def turn(self, name: str, probability: float, outcomes: int = 1) -> tuple[float, ...]:
        """Odds of so many outcomes, all alike; none if the schedule does not have that turn."""
        return evenly(probability, outcomes) if name in self._turns else NEVER


def evenly(probability: float, outcomes: int) -> tuple[float, ...]:
    """Odds of so many outcomes, all alike, together of that probability."""
    return tuple(accumulate([probability / outcomes] * outcomes))


class Faults:
    """Decides, moment by moment, what goes wrong."""

    def __init__(self, choices: Choices, profile: Profile) -> None:
        self.choices = choices
        self._moments = {
            name: (profile.odds[name], len(outcomes), ("", *outcomes))
            for name, outcomes in MOMENTS.items()
        }
        self.seen: dict[str, int] = {}
        """How often each fault has come up, by its name; for what may have failed."""

    def at(self, moment: str, whose: str) -> str:
        """What happens at such a moment of somebody's: "" if nothing special."""
        odds, count, names = self._moments[moment]
        stream = f"{whose} {moment}" if whose else moment
        chosen = self.choices.fate(stream, odds, count)
        if not chosen:
            return ""
        name = names[chosen]
        self.seen[name] = self.seen.get(name, 0) + 1
        return name
