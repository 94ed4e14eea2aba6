"""The command: what it runs, and how it ends."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import bench
from infra.local.bench.plan import Plan
from infra.local.bench.run import BenchError, Measurement
from infra.local.processes import LocalStackError
from tests.unit.test_bench_report import RUN


@pytest.fixture(autouse=True)
def _no_own_services(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MIDJOURNEY_PROXY_URL", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)


class Ran:
    """Measures nothing, and remembers what it was asked to."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []

    def __call__(self, plan: Plan, _: Path) -> Measurement:
        self.plans.append(plan)
        return replace(RUN, plan=replace(RUN.plan, name=plan.name))


@pytest.fixture
def ran() -> Ran:
    return Ran()


def test_one_book_then_ten(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main([], ran) == 0
    assert [(plan.books, plan.pictures, plan.speed, plan.slots) for plan in ran.plans] == [
        (1, 6, 10.0, 12),
        (10, 6, 10.0, 12),
    ]
    assert "measured / ideal" in capsys.readouterr().out


def test_a_single_book_is_run_once(ran: Ran) -> None:
    assert (
        bench.main(["--books", "1", "--pictures", "3", "--speed", "20", "--slots", "4"], ran) == 0
    )
    [plan] = ran.plans
    assert (plan.books, plan.pictures, plan.speed, plan.slots) == (1, 3, 20.0, 4)


def test_figures_are_written(ran: Ran, tmp_path: Path) -> None:
    file = tmp_path / "figures" / "bench.json"
    assert bench.main(["--json", str(file)], ran) == 0
    names = [one["name"] for one in json.loads(file.read_text())["scenarios"]]
    assert names == [plan.name for plan in ran.plans] == ["one book", "10 books at once"]


def test_an_unsound_run_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--books", "1"], lambda *_: replace(RUN, books=["failed"])) == 1
    assert "WRONG: one book: 1 of 1 books ended failed." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (BenchError("1 of 1 books did not end"), 1, "1 of 1 books did not end."),
        (LocalStackError("Java is missing."), 2, "Java is missing."),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_what_goes_wrong_is_said_without_a_traceback(
    error: BaseException,
    code: int,
    text: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def measure(*_: object) -> Measurement:
        raise error

    assert bench.main([], measure) == code
    printed = capsys.readouterr().err
    assert text in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("name", ["MIDJOURNEY_PROXY_URL", "FIRESTORE_EMULATOR_HOST"])
def test_a_foreign_service_is_refused(
    name: str, ran: Ran, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "somewhere")
    assert bench.main([], ran) == 2
    assert f"Unset {name}" in capsys.readouterr().err
    assert ran.plans == []


@pytest.mark.parametrize(
    "arguments", [["--books", "0"], ["--pictures", "21"], ["--speed", "-1"], ["--slots", "x"]]
)
def test_bad_options_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(arguments)
    assert ended.value.code == 2


def test_an_unwritable_file_is_said(
    ran: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert bench.main(["--json", str(tmp_path / "file" / "bench.json")], ran) == 1
    assert "cannot be written" in capsys.readouterr().err
