"""What the functions import before they can answer, and how that is read and counted."""

import io

import pytest
from rich.console import Console

import main
from infra.local.bench.import_times import (
    EVERYTHING,
    NEEDS,
    OURS,
    STANDARD,
    Figures,
    NotImportable,
    Part,
    imported,
    measure,
    not_deployed,
    package_of,
    parts_of,
    print_figures,
    read_modules,
    total,
)

MOST = 1.55
"""Of all that the step imports to the framework and its clients. It was 1.32 to 1.36 on 2026-11-23,
and at most 1.45 with three busy processes on both cores."""

BESIDE_CLIENTS = {OURS, STANDARD, "pydantic", "pydantic_core", "annotated_types",
                  "typing_inspection"}  # fmt: skip
"""What may be imported on top of the framework and the clients."""

REPORT = """\
import time: self [us] | cumulative | imported package
import time:       700 |       1500 | encodings
import time:      2500 |      10000 | site
import time:      1000 |       1000 |     json
import time:      4000 |       5000 |   google.cloud.firestore_v1
import time:       500 |        500 |     google.cloud.firestore_v1.types
import time:      2000 |       2500 |   pydantic
import time:       250 |        250 |   shared.log
import time:      1000 |       8750 | functions.step
a warning that is no line of the report
import time:      3000 |       3000 | json.tool
"""


# --- the functions --------------------------------------------------------------------------------


def test_the_step_imports_little_besides_its_clients() -> None:
    figures = measure("step", runs=5)
    assert figures.ratio <= MOST, [part for part in figures.parts if part.own > 10]


def test_no_function_imports_a_package_that_it_can_do_without() -> None:
    needed = {package_of(module.name) for module in imported(*EVERYTHING)}
    loaded = {package_of(module.name) for module in imported("main")}
    assert loaded - needed <= BESIDE_CLIENTS


@pytest.mark.parametrize(
    ("function", "without"),
    [
        ("styles", {"google.cloud.firestore", "google.cloud.tasks_v2", "grpc"}),
        ("step", {"functions.api.requests", "opentelemetry.sdk", "opentelemetry.exporter"}),
        ("generate", {"opentelemetry.sdk", "opentelemetry.exporter"}),
    ],
)
def test_a_function_does_not_import_what_only_others_need(function: str, without: set[str]) -> None:
    names = {module.name for module in imported(f"functions.{function}")}
    assert not names & without


def test_what_is_not_deployed_is_not_seen() -> None:
    assert {"pytest", "numpy", "aiohttp"} <= {*not_deployed()}
    assert not {"google", "requests", "pydantic", "PIL", "grpc"} & {*not_deployed()}
    with pytest.raises(NotImportable, match="pytest"):
        imported("pytest")


def test_needs_are_of_functions_that_exist() -> None:
    assert NEEDS.keys() <= {*main.__all__}


# --- reading and counting -------------------------------------------------------------------------


def test_the_interpreters_own_start_is_left_out() -> None:
    modules = read_modules(REPORT)
    assert [module.name for module in modules if module.depth == 0] == [
        "functions.step",
        "json.tool",
    ]
    assert total(modules) == pytest.approx(8.75 + 3)


def test_a_package_is_counted_once_with_what_it_loads() -> None:
    assert parts_of(read_modules(REPORT)) == [
        Part(package=OURS, own=1.25, cumulative=8.75),
        Part(package="google.cloud.firestore_v1", own=4.5, cumulative=5.5),
        Part(package=STANDARD, own=4.0, cumulative=4.0),
        Part(package="pydantic", own=2.0, cumulative=2.5),
    ]


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("google.cloud.tasks_v2.types", "google.cloud.tasks_v2"),
        ("google.auth.transport.requests", "google.auth"),
        ("google", "google"),
        ("grpc._channel", "grpc"),
        ("xml.dom", STANDARD),
        ("_sysconfigdata__linux", STANDARD),
        ("shared.domain.image", OURS),
        ("main", OURS),
    ],
)
def test_modules_belong_to_packages(module: str, package: str) -> None:
    assert package_of(module) == package


def test_what_cannot_be_imported_is_said() -> None:
    with pytest.raises(NotImportable, match=r"No module named 'functions\.nothing'"):
        measure("nothing", runs=1)


def test_the_tables_fit_a_terminal_and_show_the_largest() -> None:
    parts = [Part(package=f"package{n}", own=n, cumulative=2 * n) for n in range(20, 0, -1)]
    figures = Figures(function="step", milliseconds=500, baseline=370, ratio=1.352, parts=[*parts])
    console = Console(file=io.StringIO(), width=80)
    print_figures(console, [figures], 5)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    for text in ("500 ms", "370 ms", "1.35", "package20", "package11"):
        assert text in printed
    assert "package10" not in printed
    assert max(len(line) for line in printed.splitlines()) <= 80
