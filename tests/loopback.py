"""HTTP servers on this machine that a test answers for."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class QuietHandler(BaseHTTPRequestHandler):
    """One that prints nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


class LoopbackServer:
    """A server on a free port of 127.0.0.1, with a thread for each connection."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        """Listen at once; until `close`."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        """Without a slash at its end."""

    def close(self) -> None:
        """Stop listening; what is still being answered is left alone."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
