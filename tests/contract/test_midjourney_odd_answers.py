"""MidJourney behind a proxy whose answers are written down by hand: the odd ones, and gateways'."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from shared.adapters.midjourney import MidJourneyPainter
from shared.adapters.midjourney_http import ProxyHttp
from shared.domain.observation import (
    Accepted,
    Busy,
    Missing,
    ParentLost,
    Phase,
    Refused,
    Sighting,
    Unreachable,
    Unsure,
)
from shared.ports import Picture
from tests.loopback import LoopbackServer, QuietHandler

PROMPT = "a brave girl, full body --ar 3:4 --v 7"
DRAWING = Picture(data=b"drawing", content_type="image/png", suffix=".png")


class Scripted:
    """A proxy that gives the same answer to the same request, and remembers what was asked."""

    def __init__(self, answers: dict[str, tuple[int, object]]) -> None:
        self.calls: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers = answers
        self._server = LoopbackServer(self._handler())
        self.url = f"{self._server.url}/mj"
        self.painter = MidJourneyPainter(self.url, "secret", timeout=5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(QuietHandler):
            def answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                call = f"{self.command} {self.path.removeprefix('/mj/')}"
                proxy.calls.append(call)
                proxy.headers.append(dict(self.headers.items()))
                if content:
                    proxy.bodies.append(json.loads(content))
                status, body = proxy.answers.get(call, (404, None))
                sent = b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = answer  # noqa: N815

        return Handler

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    proxy = Scripted({})
    yield proxy
    proxy.close()


TAKEN = (200, {"code": 1, "description": "ok", "result": "42", "properties": {}})
FETCH, CHANGE, ACTION = "GET task/17/fetch", "POST submit/change", "POST submit/action"
BUTTON = {"customId": "MJ::JOB::upsample::2::hash"}


def task(**fields: object) -> tuple[int, object]:
    return 200, {"id": "17", "status": "SUCCESS", "state": "token", **fields}


def test_both_headers_carry_the_secret(scripted: Scripted) -> None:
    scripted.painter.imagine(PROMPT, token="token")
    scripted.painter.look("17", token="token")

    for headers in scripted.headers:
        assert (headers["mj-api-secret"], headers["Authorization"]) == ("secret", "secret")


def test_a_drawing_goes_along_and_niji_is_named(scripted: Scripted) -> None:
    scripted.painter.imagine("a girl --niji 6", token="token", drawing=DRAWING)
    scripted.painter.imagine(PROMPT, token="token")

    picture = "data:image/png;base64,ZHJhd2luZw=="
    assert scripted.bodies == [
        {
            "prompt": "a girl --niji 6",
            "state": "token",
            "base64Array": [picture],
            "botType": "NIJI_JOURNEY",
        },
        {"prompt": PROMPT, "state": "token"},
    ]


def test_a_proxy_without_buttons_is_looked_at_once(scripted: Scripted) -> None:
    scripted.answers = {FETCH: task(), CHANGE: TAKEN}

    for index in (1, 2):
        assert scripted.painter.upscale("17", index, token="u") == Accepted(task_id="42")

    assert scripted.calls == [FETCH, CHANGE, CHANGE]


def test_a_proxy_with_buttons_is_looked_at_each_time(scripted: Scripted) -> None:
    scripted.answers = {FETCH: task(buttons=[BUTTON]), ACTION: TAKEN}

    for _ in range(2):
        assert scripted.painter.upscale("17", 2, token="u") == Accepted(task_id="42")

    assert scripted.calls == [FETCH, ACTION, FETCH, ACTION]
    assert scripted.bodies[0] == {"taskId": "17", "customId": BUTTON["customId"], "state": "u"}


def test_another_proxy_at_the_same_address_is_noticed(scripted: Scripted) -> None:
    scripted.answers = {FETCH: task(), CHANGE: TAKEN}
    scripted.painter.upscale("17", 2, token="u")

    scripted.answers = {FETCH: task(buttons=[BUTTON]), ACTION: TAKEN}
    assert isinstance(scripted.painter.upscale("17", 2, token="v"), Accepted)
    scripted.answers = {FETCH: task(buttons=[BUTTON]), CHANGE: TAKEN, ACTION: (405, None)}
    assert isinstance(scripted.painter.upscale("17", 2, token="w"), Accepted)


@pytest.mark.parametrize("status", [200, 500, 502])
def test_the_other_way_is_never_tried_after_a_lost_answer(scripted: Scripted, status: int) -> None:
    scripted.answers = {FETCH: task(buttons=[BUTTON]), ACTION: (status, "?"), CHANGE: TAKEN}

    assert isinstance(scripted.painter.upscale("17", 2, token="u"), Unsure)
    assert scripted.calls == [FETCH, ACTION]


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({FETCH: task(buttons=[])}, ParentLost),
        ({FETCH: task(buttons=[], status="FAILURE")}, ParentLost),
        ({FETCH: task(buttons=[], status="IN_PROGRESS")}, Busy),
        ({FETCH: (204, None)}, ParentLost),
        ({FETCH: (200, {"code": 4, "description": "task_no_found"})}, ParentLost),
        ({FETCH: (400, {"code": 4, "description": "task_no_found"})}, ParentLost),
        ({FETCH: (500, {"code": -1})}, Busy),
        ({FETCH: task(buttons=[BUTTON]), ACTION: (404, {"code": 3})}, ParentLost),
        ({FETCH: task(buttons=[BUTTON])}, Busy),
        ({FETCH: task(buttons=[BUTTON]), ACTION: (404, {"code": 404})}, Busy),
        ({FETCH: task(buttons=[BUTTON]), ACTION: (429, None)}, Busy),
        ({FETCH: task(), CHANGE: (400, {"code": 5, "description": "do_request_failed"})}, Unsure),
        ({FETCH: task(), CHANGE: (400, {"code": 4, "description": "task_not_found"})}, ParentLost),
        ({FETCH: task(), CHANGE: (429, {"code": 30})}, Busy),
    ],
)
def test_upscales_that_come_to_nothing(
    scripted: Scripted, answers: dict[str, tuple[int, object]], kind: type
) -> None:
    scripted.answers = answers

    assert type(scripted.painter.upscale("17", 2, token="u")) is kind


@pytest.mark.parametrize(
    ("fetched", "kind"),
    [
        ((204, None), Missing),
        ((200, None), Missing),
        ((404, None), Missing),
        ((404, {"code": 3}), Missing),
        ((200, {"code": 4, "description": "task_no_found"}), Missing),
        ((429, None), Unreachable),
        ((200, {"success": False, "code": -1}), Unreachable),
        ((503, {"id": "17", "status": "SUCCESS"}), Unreachable),
    ],
)
def test_looks_that_show_no_task(
    scripted: Scripted, fetched: tuple[int, object], kind: type
) -> None:
    scripted.answers = {FETCH: fetched}

    assert type(scripted.painter.look("17", token="token")) is kind


@pytest.mark.parametrize(
    ("existing", "answer"),
    [
        (task(state="old", status="IN_PROGRESS"), Accepted(task_id="17", token="old")),
        (task(state="u"), Accepted(task_id="17")),
        (task(state=None), ParentLost),
        (task(state="old", status="FAILURE"), ParentLost),
        ((204, None), Busy),
    ],
)
def test_a_task_that_the_proxy_refers_to_is_looked_at(
    scripted: Scripted, existing: tuple[int, object], answer: object
) -> None:
    properties = {"status": "SUCCESS", "imageUrl": "https://x"}
    existed = (200, {"code": 21, "result": "17", "properties": properties})
    scripted.answers = {"GET task/9/fetch": task(), CHANGE: existed, FETCH: existing}

    got = scripted.painter.upscale("9", 2, token="u")

    assert got == answer or type(got) is answer


MODAL = (200, {"code": 21, "result": "17", "properties": {"finalPrompt": "a girl", "remix": True}})


@pytest.mark.parametrize(
    ("confirmed", "kind"),
    [
        (TAKEN, Accepted),
        ((200, {"code": 9, "description": "提交失败，队列已满，请稍后重试"}), Busy),
        ((404, {"code": 3, "description": "关联任务不存在或已失效"}), Busy),
        ((404, None), Busy),
        ((200, {"code": 24, "properties": {"bannedWord": "x"}}), Refused),
        ((500, None), Unsure),
        (MODAL, Unsure),
    ],
)
def test_a_confirmation_may_fail_too(
    scripted: Scripted, confirmed: tuple[int, object], kind: type
) -> None:
    scripted.answers = {"POST submit/imagine": MODAL, "POST submit/modal": confirmed}

    assert type(scripted.painter.imagine(PROMPT, token="u")) is kind
    assert scripted.bodies[1] == {"taskId": "17", "prompt": "a girl", "state": "u"}


def test_what_was_confirmed_is_not_confirmed_again(scripted: Scripted) -> None:
    scripted.answers = {FETCH: task(status="MODAL", remixAutoSubmit=True)}

    seen = scripted.painter.look("17", token="token")

    assert isinstance(seen, Sighting)
    assert seen.phase is Phase.WAITING
    assert scripted.calls == [FETCH]


def test_nothing_is_sent_when_the_lease_may_be_over_before_the_answer(scripted: Scripted) -> None:
    seconds = [100.0]
    scripted.answers = {CHANGE: TAKEN}
    http = ProxyHttp(scripted.url, "", 10.0, monotonic=lambda: seconds[0])
    limit = http.time_limit()

    assert http.submit("change", {}, limit) == TAKEN[1]
    seconds[0] += 12.5
    assert isinstance(http.submit("change", {}, limit), Busy)
    assert scripted.calls == [CHANGE]
