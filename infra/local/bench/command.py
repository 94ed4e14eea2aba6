"""`make bench`: the project's yardstick. One book at life's pace, then many at once.

What "ideal" means is in `plan`, what is counted in `run` and `calls`.
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
"""Books at once, pictures of a book, speed of painting, slots of the account, pictures ahead."""

PACE = 1.0
"""Speed at which one book alone is painted: MidJourney's own."""

LOGS = ROOT / ".local" / "logs" / "bench"
"""Where the stacks' parts write their logs, a folder for each number of books."""

_MOST_PICTURES = 20
_NARROW = 80
_OWN_ONLY = {
    "MIDJOURNEY_PROXY_URL": "a real proxy costs money and keeps no counts",
    "FIRESTORE_EMULATOR_HOST": "each scenario needs an emulator of its own",
}


Measure = Callable[[Plan, Path], Measurement]


def main(argv: Sequence[str], measure: Measure = measure_for_real) -> int:
    """Measure, print, and return the exit code."""
    options = _parser().parse_args(argv)
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
    """Return the scenarios: one book with and without notifications, `--books` at once with."""
    alone = Plan(
        name="one book",
        books=1,
        pictures=options.pictures,
        speed=options.pace,
        slots=options.slots,
        ahead=options.ahead,
    )
    many = replace(
        alone,
        name=f"{options.books} books at once",
        books=options.books,
        speed=options.speed,
        notify=not options.only_looks,
    )
    looks = replace(alone, name="one book, no notifyHook", notify=False)
    return [*([] if options.only_many else [alone, looks]), *([many] if options.books > 1 else [])]


def _bench(options: argparse.Namespace, measure: Measure) -> int:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _NARROW)
    report: dict[str, Any] = environment(datetime.now(UTC)) | {"scenarios": []}
    for plan in plans(options):
        console.print(describe(plan))
        report["scenarios"].append(scenario(measure(plan, LOGS / plan.name.replace(" ", "-"))))
    if options.json is not None:
        _write(options.json, report)
    print_report(console, report)
    wrong = [f"{one['name']}: {what}" for one in report["scenarios"] for what in one["problems"]]
    for what in wrong:
        print(f"WRONG: {what}.", file=sys.stderr)
    if wrong:
        print(f"The stack's logs: {os.path.relpath(LOGS)}", file=sys.stderr)
    return 1 if wrong else 0


def _write(file: Path, report: Mapping[str, Any]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise BenchError(f"{file} cannot be written: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local bench",
        description="Measures one book, then many at once, against what is possible.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--books", type=_count(10_000), default=BOOKS, help="at once")
    parser.add_argument(
        "--pace", type=_positive, default=PACE, help="speed at which one book alone is painted"
    )
    parser.add_argument(
        "--ahead", type=int, default=AHEAD, help="pictures more that wait in the proxy's own queue"
    )
    parser.add_argument("--only-many", action="store_true", help="not one book alone")
    parser.add_argument("--only-looks", action="store_true", help="many without notifyHook, too")
    parser.add_argument(
        "--pictures", type=_count(_MOST_PICTURES), default=PICTURES, help="of each book"
    )
    parser.add_argument(
        "--speed", type=_positive, default=SPEED, help="of painting; 1 is MidJourney's own"
    )
    parser.add_argument(
        "--slots", type=_count(1000), default=SLOTS, help="pictures at the proxy at once"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    return parser


def _count(most: int) -> Any:
    def count(text: str) -> int:
        value = int(text)
        if not 1 <= value <= most:
            raise argparse.ArgumentTypeError(f"must be 1 to {most}")
        return value

    return count


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value
