"""The options of `make-book` and `watch`, and what they mean together with the environment."""

import argparse
import ipaddress
import shlex
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import requests

from infra.local.arguments import PORTS, positive
from infra.local.make_book.endings import HELP, ExitCode, WrongUse

TOKEN_VARIABLE = "FAIRY_TALE_TOKEN"  # noqa: S105  # the name of a variable
HERE = f"http://127.0.0.1:{PORTS['functions']}"
"""The functions of `python -m infra.local up`."""

_TALE_HELP = """\
the tale's file is a body of generate (docs/api.md), as docs/tale.json is one:
  sketchImage   may be the name of a PNG, JPEG or WebP beside the tale's file: it is sent along
  studentTaskId may be missing: every run is then a task of its own
  title, story  are not sent
"""
_JSON_HELP = """\
lines of --json, told apart by "event":
  started      jobId, idempotencyKey (make-book), folder
  book         status, progress, completed; whenever one of them has changed
  picture      number, imageId, name, kind, status, progress, error; likewise
  saved        number, imageId, name, file, width, height
  trouble      message, retryInSeconds: the server is out of reach, it is tried again
  ended        status, exitCode, pictures, saved, missing (their numbers), folder
  failed       message, exitCode, problem, goOn: the command that goes on
  interrupted  message, exitCode, goOn
"""
_ENVIRONMENT_HELP = f"""\
environment:
  {TOKEN_VARIABLE}  a bearer token for the server of --url; sent over https, or to this
                    machine, and to nothing but the functions
  NO_COLOR          no colours; there are none anyway where the output is no terminal
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)  # what reads --json finds nothing else on stdout
        self.exit(ExitCode.REFUSED, f"{self.prog}: {message}\n")


def _parser(command: str, about: str, *help_texts: str) -> _Parser:
    texts = (*help_texts, HELP, _JSON_HELP, _ENVIRONMENT_HELP)
    parser = _Parser(
        prog=f"python -m infra.local {command}",
        description=textwrap.fill(about, 96),
        epilog="\n".join(texts),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--url", default=HERE, help=f"of the functions, without their names (default: {HERE})"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="for the pictures (default: out/book-JOB)"
    )
    parser.add_argument("--json", action="store_true", help="lines of JSON instead of words")
    parser.add_argument(
        "--patience",
        type=positive,
        default=120.0,
        metavar="SECONDS",
        help="how long the server may be out of reach (default: 120)",
    )
    parser.add_argument(
        "--cancel-on-interrupt", action="store_true", help="Ctrl-C also cancels the book"
    )
    return parser


def _key(text: str) -> str:
    """What a header can carry. An empty one, of a variable that is not set, would be a new one."""
    if not text.strip() or not text.isascii() or not text.isprintable():
        raise argparse.ArgumentTypeError("must be printable ASCII characters")
    return text


def _job(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("must be a jobId")
    return text


def make_book_parser() -> argparse.ArgumentParser:
    """Of `make-book`."""
    parser = _parser(
        "make-book",
        "Has a tale painted, shows how it comes along, and saves its pictures, with an index.json "
        "and a page (index.html) beside them.",
        _TALE_HELP,
    )
    parser.add_argument("tale", type=Path, help="a JSON file, see below")
    parser.add_argument(
        "--key",
        type=_key,
        help="the Idempotency-Key: the same tale under the same key is the same book, however "
        "often it is sent (default: a new one)",
    )
    return parser


def watch_parser() -> argparse.ArgumentParser:
    """Of `watch`."""
    parser = _parser(
        "watch",
        "Goes on watching a book that was begun before, or fetches one that is finished, and "
        "saves its pictures as make-book does.",
    )
    parser.add_argument("job", type=_job, help="the jobId that generate answered")
    return parser


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where the functions are, and who calls them."""

    url: str
    token: str | None
    is_here: bool
    """Whether it is this machine."""

    def session(self) -> requests.Session:
        """Connections without retries of their own: `Patience` knows better when to try again."""
        session = requests.Session()
        # A proxy of the environment cannot reach this machine's own ports.
        session.trust_env = not self.is_here
        return session


def server_of(url: str, environment: Mapping[str, str]) -> Server:
    """Check the address and the token. Raises WrongUse."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")  # a UnicodeError is a ValueError
    except ValueError:
        host, parts = None, urlsplit("")
    if any(map(str.isspace, url)):
        host = None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise WrongUse(f"--url must be an address such as {HERE}, without ? and #.")
    if parts.username is not None or parts.password is not None:
        raise WrongUse(f"--url must hold no password. Put a token into {TOKEN_VARIABLE}.")
    is_here = _is_loopback(host)
    token = environment.get(TOKEN_VARIABLE, "").strip() or None
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise WrongUse(f"{TOKEN_VARIABLE} holds something that is no token.")
    if token and parts.scheme == "http" and not is_here:
        raise WrongUse(f"A token is sent over https only: --url https://{parts.netloc}")
    return Server(url=url.rstrip("/"), token=token, is_here=is_here)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def command_to_go_on(options: argparse.Namespace, job_id: str | None, key: str | None) -> str:
    """The command that watches the job, or, if it is not known, sends the same tale again."""
    words = ["python", "-m", "infra.local"]
    words += ["watch", job_id] if job_id else ["make-book", str(options.tale), "--key", str(key)]
    if options.url != HERE:
        words += ["--url", options.url]
    if options.out is not None:
        words += ["--out", str(options.out)]
    return shlex.join(words)
