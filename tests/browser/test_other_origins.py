"""A page of another origin calls the functions: of one that is listed, and of one that is not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PAGES_PORT, Studio

MAKE_A_BOOK = """
async ([functions, tale]) => {
    const body = JSON.stringify(tale);
    const headers = {
        "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID(),
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };
    const made = await fetch(`${functions}/generate`, {method: "POST", headers, body});
    const {jobId} = await made.json();
    const status = await fetch(`${functions}/status?jobId=${jobId}`);
    const etag = status.headers.get("ETag");
    const wrong = await fetch(`${functions}/status?jobId=none`);
    return {
        made: made.status, location: made.headers.get("Location"), jobId,
        status: status.status, etag, retry: status.headers.get("Retry-After"),
        book: await status.json(), wrong: wrong.status, problem: await wrong.json(),
    };
}
"""
ASK = """
async ([functions, path, options]) => {
    try {
        const answer = await fetch(`${functions}/${path}`, options);
        return {type: answer.type, text: await answer.text()};
    } catch (error) {
        return error.name;
    }
}
"""


class Blank(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with ThreadingHTTPServer(("127.0.0.1", PAGES_PORT), Blank) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        context = browser.new_context()
        yield context.new_page()
        context.close()
        server.shutdown()
        thread.join()


def test_a_page_of_a_listed_origin_makes_a_book_and_reads_of_it(page: Page, studio: Studio) -> None:
    page.goto(f"http://127.0.0.1:{PAGES_PORT}/")

    found: dict[str, Any] = page.evaluate(MAKE_A_BOOK, [studio.stack.functions_url, studio.tale()])

    assert (found["made"], found["status"]) == (202, 200)
    assert found["jobId"] in found["location"]
    assert found["etag"].startswith('"')
    assert int(found["retry"]) > 0
    assert found["book"]["jobId"] == found["jobId"]
    assert (found["wrong"], found["problem"]["code"]) == (404, "job_not_found")


def jobs(studio: Studio) -> list[str]:
    answer = requests.get(f"{studio.stack.functions_url}/jobs", timeout=30)
    return [job["jobId"] for job in answer.json()["jobs"]]


def test_a_page_of_another_origin_can_neither_make_nor_read_anything(
    page: Page, studio: Studio
) -> None:
    page.goto(f"http://localhost:{PAGES_PORT}/")
    before = jobs(studio)

    def ask(path: str, **options: Any) -> Any:
        return page.evaluate(ASK, [studio.stack.functions_url, path, options])

    read = ask("jobs")
    made = ask(
        "generate",
        method="POST",
        headers={"Content-Type": "application/json"},
        body='{"studentTaskId": 1}',
    )
    unread = ask("jobs", mode="no-cors")

    assert read == made == "TypeError"  # what fetch throws for what a page may not know
    assert unread == {"type": "opaque", "text": ""}
    assert jobs(studio) == before
