"""The programs of docs/clients.md do what the page says, against the whole stack.

Each runs through a server that loses the first answer of generate and is busy once.
"""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from infra.local.stack import ROOT
from infra.local.stack_options import PROJECT
from tests.e2e.conftest import Backend, options_for, running
from tests.e2e.recording_proxy import BUSY, LOSE, RecordingProxy, recording_proxy
from tests.e2e.test_books import REFUSED
from tests.issuing import firebase_claims, unsigned

PAGE = ROOT / "docs" / "clients.md"
FOLDER = ROOT / "docs" / "clients"
SDK = ROOT / "infra" / "local" / "studio" / "page" / "vendor" / "firestore.js"
PROGRAMS = {
    "curl": ["sh", FOLDER / "book.sh"],
    "python": [sys.executable, FOLDER / "book.py"],
    "javascript": ["node", FOLDER / "book.mjs"],
}
WHOLE = ["01 Mina", "02 place 0"]
"""The pictures of a book."""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60
"""Seconds."""
UID = "ann"
TOKEN = unsigned(firebase_claims(PROJECT, UID))


@dataclass(frozen=True, kw_only=True)
class Run:
    """One program that has ended."""

    code: int
    out: str
    err: str
    archives: dict[str, bytes]
    proxy: RecordingProxy


def pictures_in(archive: bytes) -> list[str]:
    """The names of the pictures, each of which can be opened."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for name in opened.namelist():
            with Picture.open(io.BytesIO(opened.read(name))) as picture:
                picture.load()
        return [name.rpartition(".")[0] for name in opened.namelist()]


def tales(backend: Backend) -> dict[str, dict[str, Any]]:
    """By what becomes of them."""
    spoilt = backend.tale(2, 0)
    spoilt["characters"][1]["prompt"] = "a fox, refused"
    wrong = backend.tale()
    wrong["characters"][1]["prompt"] = " "
    return {"whole": backend.tale(1, 1), "spoilt": spoilt, "wrong": wrong}


def spoil() -> dict[str, list[str]]:
    return {"generate": [LOSE], "status": ["", BUSY]}


Started = dict[tuple[str, str], tuple["subprocess.Popen[str]", Path, RecordingProxy]]


@pytest.fixture(scope="module")
def started(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Every program at work on every tale, all at once."""
    backend.faults(REFUSED)
    started: Started = {}
    with ExitStack() as open_ones:
        for name, program in PROGRAMS.items():
            for fate, tale in tales(backend).items():
                folder = tmp_path_factory.mktemp(f"{name}-{fate}")
                (folder / "tale.json").write_text(json.dumps(tale))
                proxy = open_ones.enter_context(recording_proxy(backend.url, spoil=spoil()))
                process = subprocess.Popen(
                    [*program, "tale.json"],
                    cwd=folder,
                    env=os.environ | {"FAIRY_TALE_URL": proxy.url, "FAIRY_TALE_TOKEN": TOKEN},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                open_ones.enter_context(process)
                open_ones.callback(process.kill)
                started[name, fate] = (process, folder, proxy)
        yield started


@pytest.fixture(scope="module")
def runs(started: Started, apps: Any) -> dict[tuple[str, str], Run]:
    """What came of the programs; the page of the listeners was at work meanwhile."""
    return {which: ended(*one) for which, one in started.items()}


def ended(process: "subprocess.Popen[str]", folder: Path, proxy: RecordingProxy) -> Run:
    out, err = process.communicate(timeout=PATIENCE)
    archives = {file.name: file.read_bytes() for file in folder.glob("*.zip")}
    return Run(code=process.returncode, out=out, err=err, archives=archives, proxy=proxy)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_makes_one_book_and_downloads_it(name: str, runs: Any) -> None:
    run = runs[name, "whole"]

    # curl tells of each try that failed.
    assert re.sub("^curl: .*\n", "", run.err, flags=re.MULTILINE) == ""
    assert run.code == 0
    (job_id,) = re.findall("^job ([a-z2-7]{26})$", run.out, re.MULTILINE)
    assert "100 %  Mina: succeeded, place 0: succeeded" in run.out
    assert list(run.archives) == [f"book-{job_id}.zip"]
    assert pictures_in(run.archives[f"book-{job_id}.zip"]) == WHOLE


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_sends_the_same_key_again_when_an_answer_is_lost(name: str, runs: Any) -> None:
    lost, second = runs[name, "whole"].proxy.to("generate")

    assert (lost.status, second.status) == (None, 202)
    assert lost.headers["idempotency-key"] == second.headers["idempotency-key"] != ""


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_polls_as_it_is_asked_to(name: str, runs: Any) -> None:
    first, *others = runs[name, "whole"].proxy.to("status")

    assert first.headers.get("if-none-match", '""') == '""', "curl sends an empty one"
    assert others[0].status == 503
    assert all(one.headers.get("if-none-match") for one in others)
    assert {one.status for one in others[1:]} <= {200, 304}
    # Every two seconds: no book of this test takes more than half a minute.
    assert len(others) < 20


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_says_who_calls(name: str, runs: Any) -> None:
    asked = runs[name, "whole"].proxy.asked

    assert {one.headers.get("authorization") for one in asked} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_tells_what_failed_and_downloads_the_rest(name: str, runs: Any) -> None:
    run = runs[name, "spoilt"]

    assert run.code == 1
    assert re.search("^friend 0: .*corpse", run.err, re.MULTILINE)
    (archive,) = run.archives.values()
    assert pictures_in(archive) == ["01 Mina"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_tells_what_is_wrong_with_a_tale(name: str, runs: Any) -> None:
    run = runs[name, "wrong"]

    assert run.code == 1
    assert "empty_field: " in run.err
    assert "  /characters/1/prompt: " in run.err
    assert run.archives == {}
    assert [one.name for one in run.proxy.asked] == ["generate"] * 2, "the first answer was lost"


# --- listeners, in a browser ----------------------------------------------------------------------

HTML = b"""<!doctype html>
<script type="importmap">
{"imports": {"firebase/app": "/firestore.js", "firebase/firestore": "/firestore.js"}}
</script>
<title>An app</title>
"""

APP = """async ({ project, emulator, uid, token, tale }) => {
  const { openFirestore, startBook, watchBook, downloadBook } = await import("/example.js");
  const key = crypto.randomUUID();
  const getToken = () => Promise.resolve(token);
  let jobId;
  try {
    jobId = await startBook("", getToken, tale, key);
  } catch (error) {
    if (error.code) return { problem: error.message }; // else the answer was lost
    try {
      jobId = await startBook("", getToken, tale, key);
    } catch (problem) {
      return { problem: problem.message };
    }
  }
  const db = openFirestore({ projectId: project, apiKey: "none-is-needed" }, emulator, uid);
  const seen = (window.seen = []); // which says how far it came, should it never end
  const last = await watchBook(db, uid, jobId, ({ job, images }) => {
    seen.push([job.status, ...images.map(({ progress }) => progress)]);
  });
  const stranger = await watchBook(db, "somebody", jobId, () => {}).catch(({ code }) => code);
  const bytes = new Uint8Array(await (await downloadBook("", getToken, jobId)).arrayBuffer());
  return {
    jobId, seen, stranger,
    status: last.job.status,
    errors: last.images.map(({ name, error }) => error && `${name}: ${error.message}`),
    archive: btoa(String.fromCharCode(...bytes)),
  };
}"""


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    """A stack of its own, whose painter refuses what these tests want refused."""
    options = options_for("novicezk")
    checked = {**options.functions_env, "AUTH": "emulator"}
    with running(replace(options, functions_env=checked)) as backend:
        yield backend


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        pytest.fail("Chromium is missing: apt-get install chromium, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def apps(
    backend: Backend, started: Started, browser: Browser
) -> dict[str, tuple[Any, RecordingProxy]]:
    """What the app told of every tale, all at once, and what it asked for."""
    with ExitStack() as proxies:
        pages = {}
        for fate, tale in tales(backend).items():
            proxy = proxies.enter_context(
                recording_proxy(backend.url, spoil={"generate": [LOSE]}, files=files_of_the_app())
            )
            pages[fate] = (start_app(backend, proxy, browser.new_page(), tale), proxy)
        return {fate: (result_of(page, proxy), proxy) for fate, (page, proxy) in pages.items()}


def files_of_the_app() -> dict[str, tuple[str, bytes]]:
    """An app's own server has its page and modules, and the functions under the same origin."""
    script = "text/javascript"
    return {
        "/": ("text/html", HTML),
        "/example.js": (script, (FOLDER / "book-by-listeners.js").read_bytes()),
        "/firestore.js": (script, SDK.read_bytes()),
        "/favicon.ico": ("image/png", b""),
    }


def start_app(backend: Backend, proxy: RecordingProxy, page: Page, tale: dict[str, Any]) -> Page:
    host, port = backend.stack.firestore_host.split(":")
    page.goto(proxy.url)
    given = {
        "project": backend.stack.project,
        "emulator": {"host": host, "port": int(port)},
        "uid": UID,
        "token": TOKEN,
        "tale": tale,
    }
    # Not awaited here, as that could take for ever.
    tell = "told => window.told = told, error => window.told = { error: String(error) }"
    page.evaluate(f"given => {{ ({APP})(given).then({tell}) }}", given)
    return page


def result_of(page: Page, proxy: RecordingProxy) -> Any:
    try:
        return page.wait_for_function("window.told", timeout=3 * PATIENCE * 1000).json_value()
    except TimeoutError:
        how = page.evaluate("[window.told, window.seen, document.visibilityState]")
        pytest.fail(f"the app never ended: {how}, {[(a.name, a.status) for a in proxy.asked]}")


def test_listeners_see_a_book_grow_and_download_it(apps: Any) -> None:
    told, proxy = apps["whole"]

    assert (told["status"], told["errors"]) == ("succeeded", [None, None])
    assert pictures_in(base64.b64decode(told["archive"])) == WHOLE
    progress = [seen[1:] for seen in told["seen"] if len(seen) == 3]
    assert len({tuple(one) for one in progress}) > 3, "every change, not one in two seconds"
    assert progress[-1] == [100, 100]
    assert proxy.to("status") == []


def test_listeners_need_one_key_for_a_lost_answer(apps: Any) -> None:
    lost, second = apps["whole"][1].to("generate")

    assert (lost.status, second.status) == (None, 202)
    assert lost.headers["idempotency-key"] == second.headers["idempotency-key"] != ""


def test_listeners_of_somebody_else_are_refused(apps: Any) -> None:
    assert apps["whole"][0]["stranger"] == "permission-denied"


def test_listeners_see_what_failed(apps: Any) -> None:
    told, _ = apps["spoilt"]

    assert told["status"] == "partially_succeeded"
    assert re.search("^friend 0: .*corpse", told["errors"][1])
    assert pictures_in(base64.b64decode(told["archive"])) == ["01 Mina"]


def test_listeners_are_told_what_is_wrong_with_a_tale(apps: Any) -> None:
    told, _ = apps["wrong"]

    assert told["problem"].startswith("empty_field: ")
    assert "\n  /characters/1/prompt: " in told["problem"]


# --- the page -------------------------------------------------------------------------------------

LANGUAGES = {
    ".sh": "sh",
    ".py": "python",
    ".mjs": "js",
    ".js": "js",
    ".kt": "kotlin",
    ".swift": "swift",
}


@pytest.mark.parametrize(
    "file", [f for f in sorted(FOLDER.iterdir()) if f.suffix in LANGUAGES], ids=lambda f: f.name
)
def test_the_page_shows_the_very_programs_that_are_tested(file: Path) -> None:
    shown = f"[{file.name}](clients/{file.name})"
    block = f"```{LANGUAGES[file.suffix]}\n{file.read_text()}```\n"

    page = PAGE.read_text()

    assert shown in page
    assert block in page.partition(shown)[2]
    assert ("UNTESTED" in block) == (file.suffix in {".kt", ".swift"})


def test_the_page_links_to_what_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", PAGE.read_text())

    assert len(links) > 6
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
