"""What each entry point imports before it can answer: `python -m infra.local.bench.import_times`.

A cold start is mostly imports. A fresh interpreter imports functions-framework and the official
clients that a function needs, and then the function itself: the ratio of all to the former says
what our own choices cost, and is nearly the same on a fast machine and a slow one. Times are wall
times of `-X importtime`, with bytecode cached, the interpreter's own start left out. Packages that
are not deployed are hidden: google-auth, for one, takes aiohttp (90 ms) if it finds it.
Exit codes: 0 done; 1 an entry point can't be imported, and the output says why.
"""

import argparse
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import packages_distributions

from rich.console import Console
from rich.table import Table

from infra.local.stack import ROOT

RUNS = 5
LARGEST = 10
"""Parts shown of each function."""
OURS, STANDARD = "functions, shared", "standard library"

_FRAMEWORK = "functions_framework"
_FIRESTORE, _TASKS, _REQUESTS = "google.cloud.firestore", "google.cloud.tasks_v2", "requests"
EVERYTHING = (_FRAMEWORK, _FIRESTORE, _TASKS, _REQUESTS)
NEEDS: Mapping[str, tuple[str, ...]] = {
    "styles": (_FRAMEWORK,),
    **dict.fromkeys(("download", "status"), (_FRAMEWORK, _FIRESTORE)),
    **dict.fromkeys(
        ("admit", "cancel", "fanout", "notify", "regenerate", "sweep"),
        (_FRAMEWORK, _FIRESTORE, _TASKS),
    ),
}
"""The packages that a function can't do without; `EVERYTHING` for one that is not named."""

_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)$")


class NotImportable(Exception):
    """Something can't be imported; the message is the interpreter's own."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """One module as the interpreter loaded it."""

    name: str
    own: float
    """Milliseconds of the module itself."""
    cumulative: float
    """Milliseconds, with all that it was the first to load."""
    depth: int
    """0 for what the statement itself loads."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A package among what was imported."""

    package: str
    own: float
    """Milliseconds of its own modules."""
    cumulative: float
    """Milliseconds, with what it was the first to load of others."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The imports of one function."""

    function: str
    milliseconds: float
    """All of them; the median of the runs, as are the next two."""
    baseline: float
    """Milliseconds of the framework and the clients that it needs."""
    ratio: float
    """Of all to the baseline."""
    parts: Sequence[Part]
    """Of the run in the middle, the largest first."""


def read_modules(report: str) -> list[Module]:
    """The modules in the output of `-X importtime`, those of the interpreter's start left out.

    They are in the interpreter's order: what a module loads stands before it.
    """
    modules: list[Module] = []
    for own, cumulative, indent, name in (
        match.groups() for match in map(_LINE.match, report.splitlines()) if match
    ):
        modules.append(
            Module(
                name=name,
                own=int(own) / 1000,
                cumulative=int(cumulative) / 1000,
                depth=len(indent) // 2,
            )
        )
        if name == "site" and not indent:
            modules.clear()
    return modules


def total(modules: Sequence[Module]) -> float:
    """Milliseconds of all of them."""
    return sum(module.cumulative for module in modules if module.depth == 0)


def parts_of(modules: Sequence[Module]) -> list[Part]:
    """The packages among the modules, those with the largest cumulative time first.

    A package that another one loads is in both their cumulative times.
    """
    own: dict[str, float] = {}
    cumulative: dict[str, float] = {}
    above: list[str] = []  # the packages of the modules that load the one at hand
    for module in reversed(modules):
        package = package_of(module.name)
        del above[module.depth :]
        own[package] = own.get(package, 0.0) + module.own
        if package not in above:
            cumulative[package] = cumulative.get(package, 0.0) + module.cumulative
        above.append(package)
    parts = [Part(package=p, own=own[p], cumulative=cumulative[p]) for p in own]
    return sorted(parts, key=lambda part: -part.cumulative)


def package_of(module: str) -> str:
    """What a module is counted under: `google.cloud.x`, `google.x`, or else its first name."""
    names = module.split(".")
    if names[0] in {"functions", "shared", "main"}:
        return OURS
    if names[0] in sys.stdlib_module_names or names[0].startswith("_sysconfigdata"):
        return STANDARD
    if names[0] != "google":
        return names[0]
    return ".".join(names[: 3 if names[1:2] == ["cloud"] else 2])


@lru_cache
def not_deployed() -> tuple[str, ...]:
    """The installed packages, by the names they are imported by, that no requirement names.

    Those that only the post-process function is deployed with are among them: it loads them with
    its first picture.
    """
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    deployed = {_plain(line.split("==")[0]) for line in lines}
    return tuple(
        name
        for name, distributions in packages_distributions().items()
        if deployed.isdisjoint(map(_plain, distributions))
    )


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def imported(*names: str) -> list[Module]:
    """Import modules in a fresh interpreter, as if deployed. Raises NotImportable."""
    hide = f"import sys; sys.modules.update(dict.fromkeys({not_deployed()}))"
    statement = f"{hide}; import {', '.join(names)}"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", statement],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if not _LINE.match(line)]
        raise NotImportable("\n".join(said))
    return read_modules(done.stderr)


def measure(function: str, runs: int) -> Figures:
    """Import a function after what it needs, in each run anew. Raises NotImportable."""
    needs = NEEDS.get(function, EVERYTHING)
    imported(*needs, f"functions.{function}")  # so that all bytecode is there
    taken = sorted((imported(*needs, f"functions.{function}") for _ in range(runs)), key=total)
    baselines = [total(modules) - _last(modules) for modules in taken]
    ratios = [total(modules) / alone for modules, alone in zip(taken, baselines, strict=True)]
    return Figures(
        function=function,
        milliseconds=statistics.median(map(total, taken)),
        baseline=statistics.median(baselines),
        ratio=statistics.median(ratios),
        parts=parts_of(taken[len(taken) // 2]),
    )


def _last(modules: Sequence[Module]) -> float:
    """Milliseconds of what the statement names last, with all that it loads on top of the rest."""
    return modules[-1].cumulative


def main(argv: Sequence[str]) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.bench.import_times")
    parser.add_argument("functions", nargs="*", help="all, if none is named")
    parser.add_argument("--runs", type=int, default=RUNS, choices=range(1, 100), metavar="N")
    options = parser.parse_args(argv)
    console = Console(highlight=False)
    try:
        functions = options.functions or _entry_points()
        figures = [measure(function, options.runs) for function in functions]
    except NotImportable as error:
        print(error, file=sys.stderr)
        return 1
    print_figures(console, figures, options.runs)
    return 0


def _entry_points() -> list[str]:
    from main import __all__ as names

    return list(names)


def print_figures(console: Console, figures: Sequence[Figures], runs: int) -> None:
    """Print a table of the functions, and one of the largest parts of each."""
    table = Table(title=f"Imports, medians of {runs} runs", title_justify="left")
    table.add_column("function")
    for heading in ("imports", "framework and clients", "ratio"):
        table.add_column(heading, justify="right")
    for one in figures:
        table.add_row(
            one.function, f"{one.milliseconds:.0f} ms", f"{one.baseline:.0f} ms", f"{one.ratio:.2f}"
        )
    console.print(table)
    for one in figures:
        console.print()
        console.print(_largest(one))


def _largest(one: Figures) -> Table:
    table = Table(title=f"The largest parts of {one.function}", title_justify="left")
    table.add_column("package")
    table.add_column("with what it loads", justify="right")
    table.add_column("its own", justify="right")
    ours = [part for part in one.parts if part.package == OURS]
    others = [part for part in one.parts if part.package != OURS][:LARGEST]
    for part in (*ours, *others):
        table.add_row(part.package, f"{part.cumulative:.0f} ms", f"{part.own:.0f} ms")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
