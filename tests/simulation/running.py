"""Many schedules, in several processes, and what to say of the first that went wrong."""

import gc
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from tests.simulation.choices import Place, Tape, written
from tests.simulation.schedule import UNALTERED, Alter, play
from tests.simulation.shrinking import shrink

BATCH = 100
LINES = 80
"""Of a story that are shown: the last ones."""


@dataclass
class Summary:
    """What came of many schedules."""

    schedules: int = 0
    calls: int = 0
    seconds: float = 0.0
    """Of virtual time."""
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    """The seeds of those that broke an invariant."""
    broken: str = ""
    """The name of an invariant that was broken."""

    def add(self, other: "Summary") -> None:
        self.schedules += other.schedules
        self.calls += other.calls
        self.seconds += other.seconds
        self.faults += other.faults
        self.failed += other.failed
        self.broken = self.broken or other.broken


def run(base: str, count: int, processes: int = 1) -> Summary:
    """Play schedules with seeds `base`-0, `base`-1, ...; stops soon after one that fails."""
    seeds = (f"{base}-{number}" for number in range(count))
    batches = iter(lambda: list(islice(seeds, BATCH)), [])
    summary = Summary()
    for batch in _played(batches, processes):
        summary.add(batch)
        if summary.failed:
            break
    return summary


def _played(batches: Iterator[list[str]], processes: int) -> Iterator[Summary]:
    if processes == 1:
        yield from map(play_all, batches)
        return
    # Spawned, not forked: the tests around this have threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        try:
            yield from pool.map(play_all, batches)
        finally:
            pool.shutdown(cancel_futures=True)


def play_all(seeds: Sequence[str], alter: Alter = UNALTERED) -> Summary:
    """Play the schedules of these seeds, one after the other, up to the first that fails."""
    summary = Summary()
    gc.collect()
    gc.disable()  # a schedule's world is thrown away whole, which is found out after all of them
    try:
        for seed in seeds:
            result = play(seed, alter=alter)
            summary.schedules += 1
            summary.calls += result.calls
            summary.seconds += result.seconds
            summary.faults.update(result.faults)
            if result.violation is not None:
                summary.failed.append(seed)
                summary.broken = result.violation.name
                break
    finally:
        gc.enable()
    return summary


def shrunk(seed: str, alter: Alter = UNALTERED) -> dict[Place, int]:
    """The shortest tape that can be found for what the seed's schedule breaks."""
    result = play(seed, alter=alter)
    if result.violation is None:
        raise ValueError(f"the schedule of seed {seed} breaks nothing")
    name = result.violation.name

    def fails(tape: Tape) -> dict[Place, int] | None:
        again = play(tape=tape, alter=alter)
        same = again.violation is not None and again.violation.name == name
        return again.tape if same else None

    return shrink(result.tape, fails)


def report(seed: str) -> str:
    """What went wrong with a seed, its story when shrunk, and how to play it again."""
    tape = shrunk(seed)
    lines: list[str] = []
    result = play(tape=tape, tell=lines.append)
    story = "\n".join(lines[:1] + lines[1:][-LINES:])
    return (
        f"{result.violation}\n\n{story}\n\n"
        f"Again: python -m tests.simulation --seed {seed}\n"
        f"Shrunk: python -m tests.simulation --verbose --tape '{written(tape)}'\n"
    )
