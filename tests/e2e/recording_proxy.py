"""A server between a client and the functions: it notes what is asked, and spoils some answers."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

LOSE = "lose"
"""The functions do what is asked, and the connection ends before they answer."""
BUSY = "busy"
"""503 with `Retry-After: 1`, and the functions hear nothing of it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, and what was answered; None if the answer was lost."""

    method: str
    name: str
    headers: Mapping[str, str]
    status: int | None


@dataclass(kw_only=True)
class RecordingProxy:
    """Passes requests on to the functions at `target`, or answers them with `files`."""

    target: str
    spoil: dict[str, list[str]] = field(default_factory=dict)
    """By a function's name: what becomes of its first answers."""
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    """By path: the content type and the content."""
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def to(self, name: str) -> list[Asked]:
        """The requests to a function, in their order."""
        return [one for one in self.asked if one.name == name]


@contextmanager
def recording_proxy(target: str, **options: Any) -> Iterator[RecordingProxy]:
    """Run one on a free port."""
    proxy = RecordingProxy(target=target, **options)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: RecordingProxy

    def _pass_on(self) -> None:
        path = self.path.partition("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if path in self.proxy.files:
            content_type, content = self.proxy.files[path]
            self._answer(200, {"Content-Type": content_type}, content)
            return
        name = path.strip("/")
        spoilt = self.proxy.spoil.get(name)
        fate = spoilt.pop(0) if spoilt else None
        if fate == BUSY:
            self._note(name, 503)
            problem = b'{"code": "temporarily_unavailable", "detail": "Try again."}'
            kind = "application/problem+json"
            self._answer(503, {"Content-Type": kind, "Retry-After": "1"}, problem)
            return
        answer = requests.request(
            self.command,
            f"{self.proxy.target}{self.path}",
            data=body,
            headers={k: v for k, v in self.headers.items() if k.lower() != "host"},
            timeout=60,
        )
        self._note(name, None if fate == LOSE else answer.status_code)
        if fate == LOSE:
            self.close_connection = True
            return
        kept = {"content-type", "etag", "retry-after", "location", "cache-control"}
        headers = {k: v for k, v in answer.headers.items() if k.lower() in kept}
        self._answer(answer.status_code, headers, answer.content)

    do_GET = do_POST = _pass_on  # noqa: N815 - the base class's names

    def _note(self, name: str, status: int | None) -> None:
        headers = {k.lower(): v for k, v in self.headers.items()}
        asked = Asked(method=self.command, name=name, headers=headers, status=status)
        self.proxy.asked.append(asked)

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""
