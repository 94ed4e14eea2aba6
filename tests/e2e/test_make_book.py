"""The commands make-book and watch as a person and a script run them, against the whole stack."""

import contextlib
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from infra.local.stack import ROOT
from tests.e2e.conftest import Backend
from tests.e2e.recording_proxy import BUSY, LOSE, RecordingProxy, recording_proxy
from tests.e2e.test_books import REFUSED

PATIENCE = 60
"""Seconds."""
TOKEN = "a-token-of-the-test"
COMMAND = [sys.executable, "-m", "infra.local"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command that has ended."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def event(self, name: str) -> dict[str, Any]:
        """The one event of that name."""
        (one,) = [event for event in self.events if event["event"] == name]
        return one

    @property
    def index(self) -> dict[str, Any]:
        index: dict[str, Any] = json.loads((self.folder / "index.json").read_text())
        return index

    @property
    def files(self) -> list[str]:
        """The pictures, each of which can be opened."""
        names = sorted(file.name for file in self.folder.iterdir())
        assert names[-2:] == ["index.html", "index.json"]
        for name in names[:-2]:
            with Picture.open(self.folder / name) as picture:
                picture.load()
        return names[:-2]


def start(folder: Path, *arguments: str | Path, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments), "--out", str(folder)],
        cwd=ROOT,
        env=os.environ | {"FAIRY_TALE_TOKEN": TOKEN} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]", folder: Path, head: str = "") -> Run:
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Run(code=process.returncode, out=head + out, err=err, folder=folder)


def file_of(tale: dict[str, Any], folder: Path) -> Path:
    file = folder / "tale.json"
    file.write_text(json.dumps(tale))
    return file


# --- to the end -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(
    backend: Backend, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Run, RecordingProxy]]:
    """Books that are painted, painted in part, and not at all, all at once."""
    whole, lost, wrong = (backend.tale(1, 1) for _ in range(3))
    spoilt = backend.tale(2, 0)
    spoilt["characters"][1]["prompt"] = "a fox, refused"
    lost["characters"][0]["prompt"] = "a girl, refused"
    wrong["characters"].append({"name": "Ember", "prompt": "a fox", "colour": "red"})
    whole["characters"][0] = {"name": "미나/../Mina", "sketchImage": "mina.png", "isMain": True}
    backend.faults(REFUSED)
    with ExitStack() as proxies:
        started = {}
        tales = {"whole": whole, "spoilt": spoilt, "lost": lost, "wrong": wrong}
        for fate, tale in tales.items():
            folder = tmp_path_factory.mktemp(fate)
            drawing = Picture.linear_gradient("L").convert("RGB")
            drawing.save(folder / "mina.png")
            spoil = {"generate": [LOSE], "status": ["", LOSE, BUSY]} if fate == "whole" else {}
            proxy = proxies.enter_context(recording_proxy(backend.url, spoil=spoil))
            tale_file, url = file_of(tale, folder), proxy.url + "/"
            output = folder / "a new" / "folder"
            process = start(output, "make-book", tale_file, "--url", url, "--json")
            started[fate] = (process, output, proxy)
        return {fate: (ended(p, folder), proxy) for fate, (p, folder, proxy) in started.items()}


def test_a_book_is_painted_and_saved(runs: Any) -> None:
    run, _ = runs["whole"]

    assert (run.code, run.event("ended")["exitCode"]) == (0, 0), run.err
    assert run.files == ["01 미나 .. Mina.png", "02 place 0.jpg"]
    assert [one["file"] for one in run.index["pictures"]] == run.files
    assert {one["file"] for one in run.events if one["event"] == "saved"} == set(run.files)
    assert run.event("ended")["folder"] == str(run.folder)
    progress = [one["progress"] for one in run.events if one["event"] == "book"]
    assert (progress, progress[-1]) == (sorted(progress), 100)
    page = (run.folder / "index.html").read_text()
    assert all(f'src="./{name}"' in page for name in run.files)


def test_lost_answers_and_a_busy_server_heal_without_a_second_book(runs: Any) -> None:
    run, proxy = runs["whole"]

    assert [one.status for one in proxy.to("generate")] == [None, 202]
    keys = {one.headers["idempotency-key"] for one in proxy.to("generate")}
    assert keys == {run.event("started")["idempotencyKey"]}
    assert [one.status for one in proxy.to("status")][1:3] == [None, 503]
    troubles = [one["message"] for one in run.events if one["event"] == "trouble"]
    assert len(troubles) == 3


def test_polling_is_as_the_server_asks(runs: Any) -> None:
    _, proxy = runs["whole"]

    first, *others = proxy.to("status")
    assert "if-none-match" not in first.headers
    assert all(one.headers["if-none-match"] for one in others)
    assert len(others) < 20
    assert {one.headers.get("authorization") for one in proxy.asked} == {f"Bearer {TOKEN}"}


def test_what_there_is_of_a_partial_book_is_saved(runs: Any) -> None:
    run, _ = runs["spoilt"]

    assert run.code == 1, run.err
    assert run.files == ["01 Mina.png"]
    assert (run.event("ended")["status"], run.event("ended")["missing"]) == (
        "partially_succeeded",
        [2],
    )
    missing = run.index["pictures"][1]
    assert (missing["file"], missing["error"]["code"]) == (None, "banned_word")
    assert "corpse" in (run.folder / "index.html").read_text()


def test_a_book_without_a_picture(runs: Any) -> None:
    run, _ = runs["lost"]

    assert (run.code, run.event("ended")["saved"]) == (2, 0), run.err
    assert run.files == []


def test_a_wrong_tale_is_refused_field_by_field(runs: Any) -> None:
    run, proxy = runs["wrong"]

    assert run.code == 3
    pointer = "/characters/1/colour"
    assert f'{pointer}: the colour of character 2 ("Ember") is not a field' in run.err
    failed = run.event("failed")
    assert (failed["exitCode"], failed["goOn"]) == (3, None)
    assert failed["problem"]["errors"][0]["pointer"] == pointer
    assert not run.folder.exists()
    assert proxy.to("status") == []


# --- Ctrl-C ---------------------------------------------------------------------------------------


def interrupted(backend: Backend, folder: Path, *more: str) -> tuple[str, Run]:
    """Ctrl-C as soon as the job is known."""
    file = file_of(backend.tale(1, 1), folder)
    process = start(folder / "out", "make-book", file, "--url", backend.url, "--json", *more)
    assert process.stdout is not None
    head = ""
    while '"picture"' not in head:
        head += process.stdout.readline()
        assert process.poll() is None, head
    process.send_signal(signal.SIGINT)
    run = ended(process, folder / "out", head)
    return run.event("started")["jobId"], run


def test_what_was_interrupted_is_taken_up_again(backend: Backend, tmp_path: Path) -> None:
    job_id, stopped = interrupted(backend, tmp_path)

    go_on = stopped.event("interrupted")["goOn"]
    words = shlex.split(go_on)
    assert words[:5] == ["python", "-m", "infra.local", "watch", job_id]
    assert (stopped.code, "Traceback" in stopped.err) == (130, False)
    process = subprocess.Popen(
        [*COMMAND, *words[3:]], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    run = ended(process, tmp_path / "out")
    assert (run.code, run.err) == (0, "")
    assert run.files == ["01 Mina.png", "02 place 0.jpg"]
    assert "The book is finished: 2 pictures in " in run.out
    assert "\x1b" not in run.out


def test_an_interruption_may_cancel(backend: Backend, tmp_path: Path) -> None:
    backend.faults({"kind": "hang", "action": "IMAGINE", "progress": 40, "times": None})
    job_id, run = interrupted(backend, tmp_path, "--cancel-on-interrupt")

    assert (run.code, run.event("interrupted")["goOn"]) == (130, None)
    assert run.event("interrupted")["message"].startswith("Canceled.")
    assert backend.wait(job_id)["status"] == "canceled"


# --- what is done already -------------------------------------------------------------------------


def in_a_terminal(*arguments: str, **environment: str) -> tuple["subprocess.Popen[bytes]", int]:
    """A command that runs in a terminal, and where to read what that gets to see."""
    ours, theirs = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR"}}
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=kept | {"TERM": "xterm-256color", "COLUMNS": "100"} | environment,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    return process, ours


def seen(process: "subprocess.Popen[bytes]", terminal: int) -> tuple[int, str]:
    """The exit code and all that was shown."""
    shown = b""
    with contextlib.suppress(OSError):  # Linux says so when nobody writes any more
        while piece := os.read(terminal, 4096):
            shown += piece
    os.close(terminal)
    return process.wait(timeout=PATIENCE), shown.decode()


def test_a_terminal_is_left_as_it_was_by_sigterm(backend: Backend, tmp_path: Path) -> None:
    backend.faults({"kind": "hang", "action": "IMAGINE", "progress": 40, "times": None})
    file = file_of(backend.tale(), tmp_path)
    arguments = ["make-book", str(file), "--url", backend.url, "--out", str(tmp_path / "out")]
    process, terminal = in_a_terminal(*arguments)
    head = b""
    while HIDDEN not in head:
        head += os.read(terminal, 4096)

    process.send_signal(signal.SIGTERM)
    code, shown = seen(process, terminal)

    assert (code, "Traceback" in shown) == (143, False), shown
    assert shown.rfind("\x1b[?25h") > shown.rfind(HIDDEN.decode()), "the cursor is back"
    assert "Stopped watching. The book is still being painted." in shown
    assert "infra.local watch" in shown


HIDDEN = b"\x1b[?25l"
"""Takes the cursor away."""
COLOUR = re.compile("\x1b\\[[0-9;]*3[0-9]")


def test_a_terminal_gets_bars(runs: Any, backend: Backend, tmp_path: Path) -> None:
    job_id = runs["whole"][0].event("started")["jobId"]
    arguments = ["watch", job_id, "--url", backend.url, "--out"]

    first = in_a_terminal(*arguments, str(tmp_path / "1"))
    second = in_a_terminal(*arguments, str(tmp_path / "2"), NO_COLOR="1")
    (code, shown), (plain_code, plain) = seen(*first), seen(*second)

    assert (code, plain_code) == (0, 0), shown
    for text in (shown, plain):
        assert "━" in text
        assert "2 of 2 ready" in text
    assert (bool(COLOUR.search(shown)), bool(COLOUR.search(plain))) == (True, False)


@pytest.mark.parametrize("how", [["--json"], []], ids=["json", "words"])
def test_a_reader_that_goes_away_is_no_traceback(
    how: list[str], runs: Any, backend: Backend, tmp_path: Path
) -> None:
    job_id = runs["whole"][0].event("started")["jobId"]
    process = start(tmp_path, "watch", job_id, "--url", backend.url, *how)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None

    assert (process.wait(timeout=PATIENCE), process.stderr.read()) == (141, "")
    process.stderr.close()
