"""One local stack and one Chromium for all tests of the studio; each test has a page of its own."""

import itertools
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from infra.local.ports import free_port
from infra.local.stack import LocalStack, StackOptions

SPEED = 120
"""An IMAGINE takes half a second."""
PATIENCE = 90_000
"""Milliseconds that a condition may take to come true, on a machine that is busy with others."""

PAGES_PORT = free_port()
"""Where a test serves a page of another origin: listed as 127.0.0.1, not listed as localhost."""
SETTINGS = {
    "CORS_ORIGINS": f"http://127.0.0.1:{PAGES_PORT}",
    "CUTOUT_MODEL": "none",
    # A picture that hangs is soon tried again, and again until the test has seen enough.
    "IMAGINE_TIMEOUT_SECONDS": "1",
    "UPSCALE_TIMEOUT_SECONDS": "1",
    "IMAGINE_ATTEMPTS": "100",
    "UPSCALE_ATTEMPTS": "100",
    "SWEEP_GRACE_SECONDS": "1",
    "BACKOFF_MIN_SECONDS": "0.1",
    "BACKOFF_MAX_SECONDS": "1",
}
CHROMIUMS = (
    *("chromium", "chromium-browser", "google-chrome"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

WAYS = ("listeners", "polling")
"""Of watching a book, as the page calls them."""


class Studio:
    """The stack as the page's user, and whoever spoils the painter's day, see it."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.url = stack.studio.url
        self._numbers = itertools.count(1)

    def api(self, method: str, name: str, **arguments: Any) -> requests.Response:
        return requests.request(method, f"{self.url}api/{name}", timeout=60, **arguments)

    def tale(self, **main: Any) -> dict[str, Any]:
        """A tale of a hero, a friend and a place; `main` is added to the hero."""
        number = next(self._numbers)
        return {
            "studentTaskId": f"task {number} {time.monotonic_ns()}",
            "fairytaleId": "browser tests",
            "characters": [
                {"name": "Mina", "prompt": f"a brave girl, tale {number}", "isMain": True} | main,
                {"name": "Ember", "prompt": f"an orange fox, tale {number}"},
            ],
            "backgrounds": [{"name": "Forest", "prompt": f"a snowy forest, tale {number}"}],
        }

    def begin(self, tale: dict[str, Any] | None = None) -> str:
        """Start a book; its job's id."""
        answer = self.api("POST", "generate", json=tale or self.tale())
        assert answer.status_code == 202, answer.text
        return str(answer.json()["jobId"])

    def finished(self) -> str:
        """A book that is finished; its job's id."""
        job_id = self.begin()
        self.until_completed(job_id)
        return job_id

    def status(self, job_id: str) -> dict[str, Any]:
        answer = self.api("GET", "status", params={"jobId": job_id})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def until_completed(self, job_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE / 1000
        while not (book := self.status(job_id))["completed"]:
            assert time.monotonic() < deadline, book
            time.sleep(0.05)
        return book

    def hold(self, action: str, word: str, progress: int) -> None:
        """Let no picture with that word in its prompt come further, until the next `faults`."""
        hang = {"kind": "hang", "action": action, "prompt_contains": word, "progress": progress}
        # Its place at the painter is free again when the proxy itself has given it up.
        self.faults(hang | {"times": None, "timeout": True})

    def faults(self, *faults: dict[str, Any]) -> None:
        """Have the simulated proxy misbehave from now on; with none, behave again."""
        url = f"{self.stack.proxy_control_url}/faults"
        requests.delete(url, timeout=10).raise_for_status()
        if faults:
            requests.post(url, json=list(faults), timeout=10).raise_for_status()


class Visit:
    """A person at the studio: a page, and what went wrong on it unseen."""

    def __init__(self, studio: Studio, context: BrowserContext) -> None:
        self.studio = studio
        self.context = context
        self.page = context.new_page()
        self.troubles: list[str] = []
        """Errors on the console, and exceptions that nobody caught."""
        self.asked: list[tuple[str, dict[str, str]]] = []
        """The URL and headers of every request."""
        painter = re.escape(str(studio.stack.proxy_url).removesuffix("/mj"))
        # The painter's own half-painted pictures expire, as Discord's do.
        self.expected = [rf"404.*{painter}/attachments/"]
        self.page.on("console", lambda said: self._note(said.type, said.text, said.location))
        self.page.on("pageerror", lambda error: self.troubles.append(f"uncaught: {error}"))
        self.page.on("request", lambda asked: self.asked.append((asked.url, asked.headers)))

    def expect_trouble(self, *patterns: str) -> None:
        """Let errors on the console pass that match; a browser logs every answer above 399."""
        self.expected += patterns

    def _note(self, kind: str, text: str, location: Any) -> None:
        trouble = f"{text} {location.get('url', '')}"
        if kind == "error" and not any(re.search(known, trouble) for known in self.expected):
            self.troubles.append(trouble)

    # --- where to go ------------------------------------------------------------------------------

    def make(self) -> Page:
        """The form, with the catalogue there."""
        self.page.goto(self.studio.url)
        expect(self.page.locator("#categories details").first).to_be_visible()
        return self.page

    def watches_by(self, way: str) -> None:
        """Have the page watch in that way, as if it had been chosen before."""
        self.page.add_init_script(f"localStorage['studio.watching'] ??= '{way}'")

    def book(self, job_id: str, way: str = "listeners") -> Page:
        """A book, watched in one of the two ways."""
        self.watches_by(way)
        self.page.goto(f"{self.studio.url}?job={job_id}")
        expect(self.card("Mina")).to_be_visible()
        return self.page

    # --- what is there ----------------------------------------------------------------------------

    @property
    def job_id(self) -> str:
        """Of the book that the address names."""
        found = re.search(r"\?job=([a-z2-7]{26})$", self.page.url)
        assert found, self.page.url
        return found[1]

    def card(self, name: str) -> Any:
        return self.page.get_by_role("article", name=name, exact=True)

    def picture(self, name: str) -> Any:
        """What stands in a card's frame."""
        return self.card(name).locator(".frame > .ground:not(.inset)")

    def until_started(self) -> str:
        expect(self.page).to_have_url(re.compile(r"\?job="))
        return self.job_id

    def until_finished(self) -> None:
        expect(self.page.locator("#book")).to_have_attribute("data-completed", "true")

    def until_seen(self, picture: Any, look: str) -> None:
        """Wait until a picture that has really been loaded is shown in that state."""
        expect(picture).to_have_attribute("data-look", look)
        expect(picture.locator("img")).to_have_js_property("complete", True)
        assert picture.locator("img").evaluate("image => image.naturalWidth") > 0

    def requests_to(self, part: str) -> list[dict[str, str]]:
        """The headers of the requests whose URL has this part."""
        return [headers for url, headers in self.asked if part in url]


@pytest.fixture(scope="package")
def studio() -> Iterator[Studio]:
    options = StackOptions(
        speed=SPEED,
        proxy_args=["--picture-size", "160", "--jitter", "0"],
        functions_env=SETTINGS,
        sweep_interval=2,
        studio=True,
    )
    with pytest.MonkeyPatch.context() as environment:
        # A stack would take what stands there for an emulator to be used with others.
        environment.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
        with LocalStack(options) as stack:
            yield Studio(stack)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium as the system's package manager installs it."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        pytest.fail("Chromium is missing: apt-get install chromium, or set CHROMIUM to its path")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def book(studio: Studio) -> str:
    """A finished book that tests may share: its job's id."""
    return studio.finished()


@pytest.fixture
def visitor(studio: Studio, browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Brings a person to the studio, with a browser that remembers nothing."""
    visits: list[Visit] = []

    def come(**options: Any) -> Visit:
        context = browser.new_context(**{"locale": "en-US", "accept_downloads": True} | options)
        context.set_default_timeout(PATIENCE)
        visit = Visit(studio, context)
        visits.append(visit)
        return visit

    yield come
    for visit in visits:
        visit.context.close()
    studio.faults()
    assert [trouble for visit in visits for trouble in visit.troubles] == []


@pytest.fixture
def visit(visitor: Callable[..., Visit]) -> Visit:
    """One person, at a screen as a laptop has it."""
    return visitor(viewport={"width": 1280, "height": 900})


def swallow_answer(route: Route) -> None:
    """Let the server do what was asked, and lose its answer on the way."""
    route.fetch()
    route.abort("connectionreset")
