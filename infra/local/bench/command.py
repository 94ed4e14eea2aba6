"""`make bench`: the project's yardstick. One book at life's pace, twice, then many at once.

What "ideal" means is in `plan`, what is counted in `run` and `calls`, what is to be reached in
`targets`; a target that is missed is said, and is no error.
Exit codes: 0 a sound result; 1 something went wrong, and the output says what; 2 a part of the
stack is missing, or the surroundings don't allow a fair run; 130 Ctrl-C.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.local.bench.calls import UnreadableLog
from infra.local.bench.plan import Plan
from infra.local.bench.report import describe, environment, print_report, scenario
from infra.local.bench.run import BenchError, Measurement
from infra.local.bench.run import measure as measure_for_real
from infra.local.client import ClientError
from infra.local.processes import LocalStackError
from infra.local.stack import ROOT

BOOKS, PICTURES, SPEED, SLOTS, AHEAD = 50, 6, 10.0, 12, 1
"""Books at once, pictures of a book, speed for many books, slots of the account, pictures ahead."""

PACE = 1.0
"""Speed at which one book alone is painted: MidJourney's own."""

LOGS = ROOT / ".local" / "logs" / "bench"
"""Where the stacks' parts write their logs, a folder for each scenario."""

_MOST_PICTURES = 20
_MOST_SLOTS = 1000
NARROW = 80
"""Columns of a report that goes to a file or a pipe, at least."""
_OWN_ONLY = {
    "MIDJOURNEY_PROXY_URL": "a real proxy costs money and keeps no counts",
    "FIRESTORE_EMULATOR_HOST": "each scenario needs an emulator of its own",
}


Measure = Callable[[Plan, Path], Measurement]


def main(argv: Sequence[str], measure: Measure = measure_for_real) -> int:
    """Measure, print, and return the exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.only_many and options.books == 1:
        parser.error("--only-many leaves nothing to be measured with --books 1")
    try:
        check_surroundings(os.environ)
        return _bench(options, measure)
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 2
    except (BenchError, ClientError, UnreadableLog) as error:
        print(f"\nThe benchmark failed: {str(error).rstrip('.')}.", file=sys.stderr)
        print(f"The stack's logs: {os.path.relpath(LOGS)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def check_surroundings(environ: Mapping[str, str]) -> None:
    """Raise LocalStackError if a variable points the stack at something that is not its own."""
    for name, why in _OWN_ONLY.items():
        if environ.get(name):
            raise LocalStackError(f"Unset {name} for the benchmark: {why}.")


def plans(options: argparse.Namespace) -> list[Plan]:
    """Return the scenarios: one book with notifyHook, one without, and `--books` at once."""
    alone = Plan(
        name="one book",
        books=1,
        pictures=options.pictures,
        speed=options.pace,
        slots=options.slots,
        ahead=options.ahead,
    )
    untold = ", no notifyHook"
    many = replace(
        alone,
        name=f"{options.books} books at once{untold if options.only_looks else ''}",
        books=options.books,
        speed=options.speed,
        notify=not options.only_looks,
    )
    looks = replace(alone, name=f"one book{untold}", notify=False)
    return [*([] if options.only_many else [alone, looks]), *([many] if options.books > 1 else [])]


def _bench(options: argparse.Namespace, measure: Measure) -> int:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, NARROW)
    report: dict[str, Any] = environment(datetime.now(UTC)) | {"scenarios": []}
    for plan in plans(options):
        console.print(describe(plan))
        folder = LOGS / plan.name.replace(",", "").replace(" ", "-")
        report["scenarios"].append(scenario(measure(plan, folder)))
    if options.json is not None:
        write_json(options.json, report)
    print_report(console, report)
    wrong = [f"{one['name']}: {what}" for one in report["scenarios"] for what in one["problems"]]
    for what in wrong:
        print(f"WRONG: {what}.", file=sys.stderr)
    if wrong:
        print(f"The stack's logs: {os.path.relpath(LOGS)}", file=sys.stderr)
    return 1 if wrong else 0


def write_json(file: Path, report: Mapping[str, Any]) -> None:
    """Write a report, and the folders that it is to be in. Raises BenchError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise BenchError(f"{file} cannot be written: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local bench",
        description="Measures how close to MidJourney's own time the server paints, and at what "
        "cost: one book alone, the same without notifyHook, then many books at once.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--books",
        type=_count(10_000),
        default=BOOKS,
        help="how many are asked for at once; 1 leaves that run out",
    )
    parser.add_argument(
        "--pictures", type=_count(_MOST_PICTURES), default=PICTURES, help="of each book"
    )
    parser.add_argument(
        "--pace",
        type=_positive,
        default=PACE,
        help="speed of painting for one book alone; 1 is MidJourney's own",
    )
    parser.add_argument(
        "--speed", type=_positive, default=SPEED, help="speed of painting for many books at once"
    )
    parser.add_argument(
        "--slots",
        type=_count(_MOST_SLOTS),
        default=SLOTS,
        help="how many pictures the proxy paints at once",
    )
    parser.add_argument(
        "--ahead",
        type=_count(_MOST_SLOTS, least=0),
        default=AHEAD,
        help="how many more may wait in the proxy's own queue, so that a slot need not wait for us",
    )
    parser.add_argument("--only-many", action="store_true", help="leave out one book alone")
    parser.add_argument(
        "--only-looks", action="store_true", help="paint the many books without notifyHook"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all figures there as well, as JSON"
    )
    return parser


def _count(most: int, least: int = 1) -> Any:
    def count(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be {least} to {most}")
        return value

    return count


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value
