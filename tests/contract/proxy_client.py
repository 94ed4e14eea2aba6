"""A small client for the simulated proxy's tests, and a receiver of its notifications."""

import base64
import http.server
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests
from PIL import Image

from infra.local.proxy import ProxyOptions, SimulatedProxy

T = TypeVar("T")

#: Small pictures, fixed times, a fast clock: an IMAGINE takes 0.12 s and an UPSCALE 0.02 s.
FAST = {"speed": 500.0, "picture_size": 128, "jitter": 0.0, "notify_duplicates": 0.0}


def wait_for(condition: Callable[[], T | None], what: str, seconds: float = 30.0) -> T:
    """Return the first true value of a condition that is asked for again and again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about within {seconds} s")


@dataclass
class Client:
    """Calls one simulated proxy."""

    url: str
    session: requests.Session

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.session.post(f"{self.url}{path}", json=body, timeout=30, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(f"{self.url}{path}", timeout=30, **options)

    def imagine(self, prompt: str = "a red fox", **fields: Any) -> str:
        """Submit an IMAGINE that is accepted and return its id."""
        answer = self.post("/mj/submit/imagine", {"prompt": prompt, **fields}).json()
        assert answer["code"] in (1, 22), answer
        return str(answer["result"])

    def change(
        self, task_id: str, action: str = "UPSCALE", index: int | None = 1
    ) -> dict[str, Any]:
        body = {"taskId": task_id, "action": action, "index": index}
        return dict(self.post("/mj/submit/change", body).json())

    def upscale(self, task_id: str, index: int = 1) -> str:
        answer = self.change(task_id, "UPSCALE", index)
        assert answer["code"] in (1, 22), answer
        return str(answer["result"])

    def act(self, task_id: str, label: str, **fields: Any) -> dict[str, Any]:
        """Press the button that a finished task has under this label (trueai only)."""
        buttons = {button["label"]: button["customId"] for button in self.task(task_id)["buttons"]}
        body = {"taskId": task_id, "customId": buttons[label], **fields}
        return dict(self.post("/mj/submit/action", body).json())

    def task(self, task_id: str) -> dict[str, Any]:
        return dict(self.get(f"/mj/task/{task_id}/fetch").json())

    def wait(self, task_id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the task once a condition on it holds."""

        def look() -> dict[str, Any] | None:
            task = self.task(task_id)
            return task if condition(task) else None

        return wait_for(look, f"task {task_id}'s condition")

    def ended(self, task_id: str) -> dict[str, Any]:
        """Return the task once it has ended."""
        return self.wait(task_id, lambda task: task["status"] in ("SUCCESS", "FAILURE"))

    def finished(self, prompt: str = "a red fox", **fields: Any) -> dict[str, Any]:
        """Return an IMAGINE that succeeded."""
        task = self.ended(self.imagine(prompt, **fields))
        assert task["status"] == "SUCCESS", task
        return task

    def faults(self, *faults: dict[str, Any]) -> None:
        answer = self.post("/control/faults", list(faults))
        assert answer.status_code == 200, answer.text

    def stats(self) -> dict[str, Any]:
        return dict(self.get("/control/stats").json())

    def picture(self, url: str) -> Image.Image:
        """Return the picture of a URL."""
        answer = self.session.get(url, timeout=30)
        assert answer.status_code == 200, (answer.status_code, answer.text[:200])
        return Image.open(io.BytesIO(answer.content)).convert("RGB")


@contextmanager
def proxy_client(**options: Any) -> Iterator[Client]:
    """Start a fast simulated proxy and give a client of it."""
    settings = ProxyOptions(**{**FAST, **options})
    with SimulatedProxy(settings) as proxy, requests.Session() as session:
        yield Client(proxy.url, session)


def data_url(colour: tuple[int, int, int] = (200, 40, 40), kind: str = "png") -> str:
    """Return a picture of one colour as a data URL."""
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(buffer, kind)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


@dataclass
class Hook:
    """Receives notifications; `bodies` are those that came so far, in order of arrival."""

    url: str
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def of(self, task_id: str) -> list[dict[str, Any]]:
        return [body for body in self.bodies if body["id"] == task_id]

    def wait_for_end(self, task_id: str, count: int = 1) -> list[dict[str, Any]]:
        """Return all notifications once so many endings of a task have come."""

        def look() -> list[dict[str, Any]] | None:
            found = self.of(task_id)
            ends = [body for body in found if body["status"] in ("SUCCESS", "FAILURE")]
            return found if len(ends) >= count else None

        return wait_for(look, "the notification of the end")


@contextmanager
def hook_receiver() -> Iterator[Hook]:
    """Serve a notifyHook."""
    hook = Hook("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.bodies.append(json.loads(body))
            hook.headers.append(dict(self.headers))
            self.send_response(hook.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield hook
        server.shutdown()
        thread.join()
