"""Plays schedules from the command line."""

import argparse
import os
import secrets
import sys
import time

from tests.simulation.choices import read, written
from tests.simulation.running import report, run
from tests.simulation.schedule import Result, play


def main() -> int:
    """Play what the arguments say; 1 if an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000, help="how many; default 10000")
    parser.add_argument("--base", default=secrets.token_hex(4), help="what their seeds begin with")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", help="play the schedule of this seed only")
    parser.add_argument("--tape", help="play this tape only")
    parser.add_argument("--verbose", action="store_true", help="print the story")
    options = parser.parse_args()
    if options.seed is not None or options.tape is not None:
        return _one(options)
    began = time.perf_counter()
    summary = run(options.base, options.schedules, options.processes)
    took = time.perf_counter() - began
    print(
        f"{summary.schedules} schedules in {took:.1f} s, base {options.base}: "
        f"{summary.calls} calls, {summary.seconds / 86400:.1f} days of virtual time, "
        f"{sum(summary.faults.values())} faults"
    )
    if options.verbose:
        for name, count in summary.faults.most_common():
            print(f"{count:8} {name}")
    for seed in summary.failed[:1]:
        print(f"\nSeed {seed} breaks an invariant.\n{report(seed)}")
    return 1 if summary.failed else 0


def _one(options: argparse.Namespace) -> int:
    lines: list[str] = []
    tell = lines.append if options.verbose else None
    tape = None if options.tape is None else read(options.tape)
    result: Result = play(options.seed, tape, tell=tell)
    print("\n".join(lines))
    print(f"tape: {written(result.tape)}")
    print(result.violation or "nothing is wrong")
    if result.violation and options.seed is not None and not options.verbose:
        print(f"\n{report(options.seed)}")
    return 1 if result.violation else 0


if __name__ == "__main__":
    sys.exit(main())
