"""The studio's small server, and the code of others that it serves."""

import asyncio
import hashlib
import re

import pytest
import requests

from infra.local.processes import LoopThread
from infra.local.studio import StudioServer
from infra.local.studio.server import PAGE
from tests.browser.conftest import Studio

SDK_SHA256 = "4dd75cf8250c891631aa2d91a775121e957d2790b7d7307a42641449cbf061b8"
"""Of page/vendor/firestore.js as infra/local/studio/sdk makes it."""


def test_the_sdk_is_the_one_that_was_bundled() -> None:
    assert hashlib.sha256((PAGE / "vendor" / "firestore.js").read_bytes()).hexdigest() == SDK_SHA256
    assert "Apache License" in (PAGE / "vendor" / "LICENSES.txt").read_text()


def test_the_page_names_no_other_host() -> None:
    ours = [file for file in PAGE.rglob("*.*") if file.parent.name != "vendor"]
    assert len(ours) > 20
    links = {
        link
        for file in ours
        for link in re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+[^\s\"']*", file.read_text())
    }
    assert links == {"http://www.w3.org/2000/svg"}, "a name, not an address"


def test_code_comes_from_the_studio_alone(studio: Studio) -> None:
    answer = requests.get(studio.url, timeout=10)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert f"connect-src 'self' http://{studio.stack.firestore_host};" in policy
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["nothing.js", "../server.py", "%2e%2e/server.py", "style"])
def test_only_files_of_the_page_are_served(studio: Studio, path: str) -> None:
    asked = requests.Request("GET", studio.url).prepare()
    asked.url = f"{studio.url}{path}"
    assert requests.Session().send(asked, timeout=10).status_code == 404


def test_the_page_is_told_where_firestore_is(studio: Studio) -> None:
    assert requests.get(f"{studio.url}config.json", timeout=10).json() == {
        "project": studio.stack.project,
        "firestore": studio.stack.firestore_host,
        "owner": "everybody",
    }


def test_what_the_functions_answer_is_passed_on(studio: Studio) -> None:
    first = studio.api("GET", "styles", headers={"Accept-Language": "ko"})
    assert first.json()["language"] == "ko"
    again = studio.api(
        "GET", "styles", headers={"Accept-Language": "ko", "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    waiting = studio.api("GET", "status", params={"jobId": studio.begin()})
    assert int(waiting.headers["Retry-After"]) > 0


@pytest.mark.parametrize("name", ["step", "admit", "sweep", "postprocess", "fanout", "nothing"])
def test_functions_that_are_not_for_clients_are_closed(studio: Studio, name: str) -> None:
    answer = studio.api("POST", name, json={})
    assert answer.status_code == 404
    assert answer.json()["code"] == "function_not_found"


def test_functions_out_of_reach_are_a_problem_that_says_so() -> None:
    async def ask() -> requests.Response:
        # Nothing listens on port 9, which is for discarding.
        server = StudioServer("http://127.0.0.1:9", "127.0.0.1:9", project="p", owner="o")
        await server.start()
        try:
            return await asyncio.to_thread(requests.get, f"{server.url}api/styles", timeout=10)
        finally:
            await server.stop()

    loop = LoopThread()  # Playwright has a loop of its own in this one
    answer = loop.run(ask())
    loop.close()
    assert answer.status_code == 502
    assert answer.json()["code"] == "functions_unreachable"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "2"
