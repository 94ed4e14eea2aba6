"""HTTP servers on this machine that a test answers for."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class QuietHandler(BaseHTTPRequestHandler):
    """One that prints nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of many a test, and nothing to print."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class LoopbackServer:
    """A server on a free port of 127.0.0.1, with a thread for each connection."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        """Listen at once; until `close`."""
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        """Without a slash at its end."""

    def close(self) -> None:
        """Stop listening; what is still being answered is left alone."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
