"""`make demo`: paints a sample fairy tale on the local stack and saves the pictures.

Exit codes: 0 the whole book is there; 1 it is not, and the output says why; 2 a part of the stack
is missing; 130 Ctrl-C.
"""

import argparse
import base64
import json
import mimetypes
import os
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from infra.local.client import Book, Client, ClientError
from infra.local.demo.pictures import DemoError, Saved, save_pictures, save_sheet
from infra.local.demo.view import choose_view, shorten, speak_utf8
from infra.local.processes import LocalStackError
from infra.local.stack import ROOT, LocalStack, StackOptions

TALE = Path(__file__).parent / "tales" / "mina.json"
SPEED = 5.0
"""How many times faster than MidJourney the simulated proxy paints, unless told otherwise."""

LOGS = ROOT / ".local" / "logs" / "demo"
"""Where the stack's parts write their logs; the next demo overwrites them."""

_LONGEST_STORY = 2000
_OUTCOMES = {
    "succeeded": "is finished",
    "partially_succeeded": "is not complete",
    "failed": "failed",
    "canceled": "was canceled",
}


@dataclass(frozen=True, kw_only=True)
class Tale:
    """A tale out of a file: the body of generate, and what is only printed."""

    title: str
    story: str
    body: dict[str, Any]


def read_tale(file: Path) -> Tale:
    """Read a tale: a body of generate, with `title` and `story` if wanted. Raises DemoError."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DemoError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DemoError(f"{file} is not JSON: {error}.") from None
    if not isinstance(content, dict):
        raise DemoError(f"{file} holds no JSON object.")
    title = str(content.pop("title", "") or file.stem)
    story = str(content.pop("story", ""))
    defaults = {"studentTaskId": f"demo-{uuid.uuid4().hex[:12]}", "fairytaleId": "demo"}
    return Tale(title=title, story=story, body=defaults | content)


def with_drawing(tale: Tale, file: Path) -> Tale:
    """The tale with a drawing in place of its main character's words. Raises DemoError."""
    try:
        data = base64.b64encode(file.read_bytes()).decode()
    except OSError as error:
        raise DemoError(f"{file} cannot be read: {error.strerror}.") from None
    kind = mimetypes.guess_type(file.name)[0] or "image/png"
    characters = [
        {k: v for k, v in character.items() if k != "prompt" or not _is_main(character)}
        for character in tale.body.get("characters", [])
    ]
    sketch = f"data:{kind};base64,{data}"
    return replace(tale, body={**tale.body, "characters": characters, "sketchImage": sketch})


def _is_main(character: dict[str, Any]) -> bool:
    return bool(character.get("isMain") or character.get("main"))


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the demo works with."""

    stack: Callable[[StackOptions], LocalStack] = LocalStack
    client: Callable[[str], Client] = Client
    patience: float = 900.0
    """Seconds after which it gives up on a book."""


def main(argv: Sequence[str], parts: Parts = Parts()) -> int:
    """Paint a tale, and return the exit code."""
    options = _parser().parse_args(argv)
    speak_utf8()
    try:
        return _demo(options, parts)
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 2
    except (DemoError, ClientError) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local demo",
        description="Paints a fairy tale on this machine and saves its pictures.",
    )
    about = "of the simulated painting; 1 is MidJourney's own (default: %(default)g)"
    parser.add_argument("--speed", type=_positive, default=SPEED, help=about)
    about = "your own: a request of generate as JSON, with title and story if you like"
    parser.add_argument("--tale", type=Path, metavar="FILE", default=TALE, help=about)
    about = "a picture file: the main character is painted after it, and not after words"
    parser.add_argument("--drawing", type=Path, metavar="FILE", help=about)
    about = "gets a folder with the pictures (default: %(default)s)"
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("out"), help=about)
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _demo(options: argparse.Namespace, parts: Parts) -> int:
    tale = read_tale(options.tale)
    if options.drawing is not None:
        tale = with_drawing(tale, options.drawing)
    console = Console(highlight=False, soft_wrap=True)
    _introduce(console, tale)
    with parts.stack(StackOptions(speed=options.speed, log_folder=LOGS)) as stack:
        pace = f"painting at {options.speed:g} times MidJourney's pace"
        pace = pace if stack.proxy else "painting through the real MidJourney Proxy"
        console.print(f"The local stack was ready in {stack.started_in:.1f} s; {pace}.\n")
        if trouble := stack.proxy_trouble():
            raise LocalStackError(trouble)  # and not in a quarter of an hour
        with parts.client(stack.functions_url) as client:
            started = time.monotonic()
            book = _paint(stack, client, tale, started, parts.patience)
            took = time.monotonic() - started
            saved = save_pictures(client, book, options.out)
    return _conclude(console, tale, book, saved, took)


def _introduce(console: Console, tale: Tale) -> None:
    console.print(Text(f"\n{shorten(tale.title, 76)}\n", style="bold"))
    for line in textwrap.wrap(shorten(tale.story, _LONGEST_STORY), 76):
        console.print(Text(f"  {line}", style="italic"))
    console.print()


def _paint(stack: LocalStack, client: Client, tale: Tale, started: float, patience: float) -> Book:
    """Send the tale and show how it comes along until it is completed."""
    # As often as Retry-After says, in the stack's own time.
    look_every = max(0.2, 2.0 / stack.options.speed) if stack.proxy else 2.0
    try:
        job_id = client.generate(tale.body, key=uuid.uuid4().hex)
        with choose_view(sys.stdout, started) as view:
            for book in client.watch(job_id, look_every):
                view.show(book)
                stack.check()
                if book.completed:
                    return book
                if time.monotonic() - started > patience:
                    break
    except ClientError:
        stack.check()  # a part that has died says more than the call that it left unanswered
        raise
    raise DemoError(f"the book was not completed within {patience:.0f} s.")


def _conclude(console: Console, tale: Tale, book: Book, saved: Sequence[Saved], took: float) -> int:
    """Make the contact sheet, say what came of the book, and return the exit code."""
    total, complete = len(book.pictures), book.status == "succeeded" and len(saved) > 0
    count = f"{total} pictures" if len(saved) == total else f"{len(saved)} of {total} pictures"
    words = _OUTCOMES.get(book.status, book.status)
    style = "bold green" if complete else "bold red"
    console.print(Text(f"\nThe book {words}: {count} in {took:.1f} s.", style=style))
    if book.error:
        console.print(Text(book.error))
    for picture in book.pictures:
        if picture.error:
            console.print(Text(f"  {shorten(picture.name)}: {picture.error}", style="red"))
    if saved:
        sheet = save_sheet(tale.title, saved, f"{count}, painted in {took:.0f} s")
        console.print()
        for one in saved:
            console.print(Text(f"  {one.file}"))
        console.print(Text(f"  {sheet}  (all on one sheet)", style="bold"))
    if not complete:
        console.print(Text(f"\nThe stack's logs: {os.path.relpath(LOGS)}"))
    return 0 if complete else 1
