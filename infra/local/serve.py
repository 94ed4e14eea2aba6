"""Every function that `main.py` exports behind one port, each at `/<name>`, served by gunicorn.

Production runs each function in a service of its own. Here functions-framework makes the same app
for each, and they share gunicorn's workers. A function sees the same paths as in production: its
own name is cut off.
"""

import argparse
import importlib.util
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import functions_framework
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request, Response

from functions.api.openapi import as_text, document

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SOURCE_VARIABLE = "FUNCTIONS_SOURCE"
"""Names the file that exports the functions; `main.py` if it is unset."""

_KEEP_ALIVE = 75
_GRACE = 5


def exported_names(source: Path) -> list[str]:
    """Return `__all__` of the file: the functions that can be deployed."""
    spec = importlib.util.spec_from_file_location("main", source)
    if spec is None or spec.loader is None or not source.is_file():
        raise FileNotFoundError(f"{source} is missing: it exports the functions")
    folder = str(source.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.__all__)


def build_app(source: Path) -> "WSGIApplication":
    """Return one WSGI app with each exported function at `/<name>`, and a list of them at `/`.

    `/openapi.json` is the document of the API.
    """
    names = exported_names(source)
    create: Callable[[str, str], WSGIApplication] = functions_framework.create_app
    mounts = {f"/{name}": _with_root_path(create(name, str(source))) for name in names}
    return DispatcherMiddleware(_index(names), mounts)


def _with_root_path(app: "WSGIApplication") -> "WSGIApplication":
    """Let `/<name>` be the same as `/<name>/`: without it, Flask answers with a redirect."""

    def wrapped(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
        return app(environ, start)

    return wrapped


def _index(names: Sequence[str]) -> "WSGIApplication":
    @Request.application
    def index(request: Request) -> Response:
        if request.path == "/":
            known = {name: f"{request.host_url}{name}" for name in names}
            return Response(json.dumps(known, indent=2) + "\n", mimetype="application/json")
        if request.path == "/openapi.json":
            described = as_text(document(request.host_url.rstrip("/")))
            return Response(described, mimetype="application/json")
        return Response.from_app(_no_such_function(names, request.path), request.environ)

    return index


def _no_such_function(names: Sequence[str], path: str) -> "WSGIApplication":
    detail = f"There is no function {path}. There are: {', '.join(sorted(names))}."
    problem = {
        "type": "urn:fairy-tale:problem:function_not_found",
        "title": "Function not found",
        "status": 404,
        "code": "function_not_found",
        "detail": detail,
    }
    return Response(json.dumps(problem) + "\n", 404, content_type="application/problem+json")


class _JsonLines(logging.Formatter):
    """Gunicorn's own messages as the functions log theirs: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"severity": record.levelname, "message": record.getMessage(), "logger": record.name}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": _JsonLines}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "stream": "ext://sys.stderr",
        }
    },
    # The functions set their own logging up, as in production.
    "root": {"handlers": [], "level": "WARNING"},
    "loggers": {
        "gunicorn.error": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Callable[[], "WSGIApplication"], settings: Mapping[str, Any]) -> None:
        self._make_app = app
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for key, value in self._settings.items():
            self.cfg.set(key, value)

    def load(self) -> "WSGIApplication":
        return self._make_app()


def serve(source: Path, port: int, workers: int, threads: int, host: str = "127.0.0.1") -> None:
    """Serve until SIGTERM, then finish the requests that run (5 s at most)."""
    settings = {
        "bind": f"{host}:{port}",
        "workers": workers,
        "worker_class": "gthread",
        "threads": threads,
        "timeout": 0,  # a function may take as long as its caller waits
        "graceful_timeout": _GRACE,
        "keepalive": _KEEP_ALIVE,  # longer than any of our clients keeps a connection
        # The code is loaded once, before the workers are forked: a dead worker's heir is there at
        # once. It holds nothing that a fork would break, as clients are built on first use.
        "preload_app": True,
        "backlog": 2048,
        "proc_name": "functions",
        "logconfig_dict": _LOGGING,
        "loglevel": "warning",
        "control_socket_disable": True,
    }
    _Server(lambda: build_app(source), settings).run()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the functions of FUNCTIONS_SOURCE (default: `main.py`)."""
    parser = argparse.ArgumentParser(prog="python -m infra.local functions", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument(
        "--threads", type=int, default=32, help="threads of each process (default: %(default)s)"
    )
    parser.add_argument(
        "--source",
        type=Path,
        default=Path(os.environ.get(SOURCE_VARIABLE, "main.py")),
        help=f"the file that exports the functions (default: {SOURCE_VARIABLE}, or main.py)",
    )
    options = parser.parse_args(argv)
    serve(options.source, options.port, options.workers, options.threads)
    return 0


if __name__ == "__main__":
    sys.exit(main())
