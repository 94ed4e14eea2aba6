"""The command: what it runs, and how it ends."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import bench
from infra.local.bench.plan import Plan
from infra.local.bench.run import BenchError, Measurement
from infra.local.processes import LocalStackError
from tests.unit.test_bench_report import JUDGED, RUN


@pytest.fixture(autouse=True)
def _no_own_services(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MIDJOURNEY_PROXY_URL", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)


class Ran:
    """Measures nothing, and remembers what it was asked to."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.folders: list[Path] = []

    def __call__(self, plan: Plan, log_folder: Path) -> Measurement:
        self.plans.append(plan)
        self.folders.append(log_folder)
        return replace(RUN, plan=replace(RUN.plan, name=plan.name))


@pytest.fixture
def ran() -> Ran:
    return Ran()


ALONE = ["one book", "one book, no notifyHook"]


def test_one_book_with_and_without_notifications_then_fifty(
    ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main([], ran) == 0
    assert [(plan.books, plan.speed, plan.notify) for plan in ran.plans] == [
        (1, 1.0, True),
        (1, 1.0, False),
        (50, 10.0, True),
    ]
    assert {(plan.pictures, plan.slots, plan.ahead) for plan in ran.plans} == {(6, 12, 1)}
    assert "measured / ideal" in capsys.readouterr().out


def test_without_many_books_only_one_alone_is_run(ran: Ran) -> None:
    arguments = ["--books", "1", "--pictures", "3", "--pace", "20", "--slots", "4", "--ahead", "0"]
    assert bench.main(arguments, ran) == 0
    assert [plan.name for plan in ran.plans] == ALONE
    for plan in ran.plans:
        assert (plan.books, plan.pictures, plan.speed) == (1, 3, 20.0)
        assert (plan.slots, plan.ahead) == (4, 0)


def test_one_book_can_be_left_out(ran: Ran) -> None:
    assert bench.main(["--only-many", "--books", "3", "--speed", "30"], ran) == 0
    [plan] = ran.plans
    assert (plan.name, plan.books, plan.speed) == ("3 books at once", 3, 30.0)


def test_many_books_can_be_painted_without_notifications(ran: Ran) -> None:
    assert bench.main(["--only-looks"], ran) == 0
    assert [plan.notify for plan in ran.plans] == [True, False, False]
    assert ran.plans[-1].name == "50 books at once, no notifyHook"


def test_each_scenario_has_logs_of_its_own(ran: Ran) -> None:
    assert bench.main([], ran) == 0
    assert len(set(ran.folders)) == 3
    assert all(folder.name.replace("-", "").isalnum() for folder in ran.folders)


def test_figures_are_written(ran: Ran, tmp_path: Path) -> None:
    file = tmp_path / "figures" / "bench.json"
    assert bench.main(["--json", str(file)], ran) == 0
    names = [one["name"] for one in json.loads(file.read_text())["scenarios"]]
    assert names == [plan.name for plan in ran.plans] == [*ALONE, "50 books at once"]


def test_a_missed_target_is_said_and_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--books", "1"], lambda *_: replace(JUDGED, seconds=10_000.0)) == 0
    printed = capsys.readouterr().out
    assert "Targets" in printed
    assert "missed" in printed


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
    "arguments",
    [
        ["--books", "0"],
        ["--pictures", "21"],
        ["--speed", "-1"],
        ["--pace", "0"],
        ["--slots", "x"],
        ["--ahead", "-1"],
        ["--only-many", "--books", "1"],
    ],
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
