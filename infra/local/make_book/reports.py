"""What `make-book` and `watch` say meanwhile and at the end: in words, or in lines of JSON."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.text import Text

from infra.local.client import Book
from infra.local.demo.view import View, choose_view, shorten
from infra.local.make_book.endings import ExitCode
from infra.local.make_book.folder import INDEX, PAGE, Saved

_OUTCOMES = {
    "succeeded": "is finished",
    "partially_succeeded": "is not complete",
    "failed": "failed",
    "canceled": "was canceled",
}


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """A book whose job is known."""

    job_id: str
    key: str | None
    """The Idempotency-Key; None if somebody else has begun the book."""
    folder: Path
    title: str


@dataclass(frozen=True, kw_only=True)
class Stop:
    """An end before the book's own: something is wrong, or a signal came."""

    code: ExitCode
    lines: Sequence[str]
    """Why, in words."""
    go_on: str | None = None
    """The command that takes it up again, if there is anything to take up."""
    problem: Mapping[str, Any] = field(default_factory=dict)
    """What the server answered, if it refused."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a book."""

    book: Book
    folder: Path
    saved: Mapping[int, Saved]
    """By the number of the picture, from 1."""
    code: ExitCode


class Report(Protocol):
    """Hears what happens, in this order; `close` may come at any time, and more than once."""

    def started(self, beginning: Beginning) -> None:
        """The job is known."""

    def looked(self, book: Book) -> None:
        """The book has changed."""

    def saved(self, number: int, image: Mapping[str, Any], saved: Saved) -> None:
        """A picture was written."""

    def trouble(self, message: str, seconds: float) -> None:
        """The server is out of reach; it is tried again after so many seconds."""

    def ended(self, result: Result) -> None:
        """The book is completed, and what there is of it is saved."""

    def stopped(self, stop: Stop) -> None:
        """It ends before the book does."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let the command choose its exit code; rich would choose 1."""
        raise BrokenPipeError


class WordsReport:
    """For people: bars in a terminal, plain lines elsewhere; what is wrong goes to `err`."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out, self._err = out, err
        # Not what rich finds out: FORCE_COLOR must not bring colours into a file.
        forced = None if out.isatty() else False
        self._console = _Console(file=out, force_terminal=forced, highlight=False)
        self._began = time.monotonic()
        self._view: View | None = None
        self._open = ExitStack()

    def started(self, beginning: Beginning) -> None:
        """Say which book it is, and begin to show it."""
        self._say(shorten(beginning.title, 76), "bold")
        self._say(f"Job {beginning.job_id}; its pictures go to {beginning.folder}")
        self._view = self._open.enter_context(choose_view(self._out, self._began))

    def looked(self, book: Book) -> None:
        """Move the bars."""
        if self._view is not None:
            self._view.show(book)

    def saved(self, number: int, image: Mapping[str, Any], saved: Saved) -> None:
        """Nothing: the bars say that it is ready, and the end says where."""

    def trouble(self, message: str, seconds: float) -> None:
        """Say it above the bars."""
        self._complain(f"{message} Trying again in {seconds:g} s.")

    def ended(self, result: Result) -> None:
        """Say what came of it, what is missing and why, and where the pictures are."""
        self.close()
        book, total, there = result.book, len(result.book.pictures), len(result.saved)
        count = f"{total} pictures" if there == total else f"{there} of {total} pictures"
        took = time.monotonic() - self._began
        style = "bold green" if result.code is ExitCode.ALL else "bold red"
        outcome = _OUTCOMES.get(book.status, book.status)
        self._say(f"The book {outcome}: {count} in {took:.1f} s.", style)
        if book.error:
            self._say(_printable(book.error))
        for number, picture in enumerate(book.pictures, start=1):
            if picture.error:
                self._say(f"  {shorten(picture.name)}: {_printable(picture.error)}", "red")
            elif picture.status == "succeeded" and number not in result.saved:
                self._say(f"  {shorten(picture.name)}: could not be fetched.", "red")
        for saved in result.saved.values():
            self._say(f"  {result.folder / saved.file}")
        if result.saved:
            self._say(f"  {result.folder / PAGE}  (all on one page)", "bold")

    def stopped(self, stop: Stop) -> None:
        """Say why, and how to go on."""
        self.close()
        for line in stop.lines:
            self._complain(line)
        if stop.go_on:
            self._complain(f"To go on:\n  {stop.go_on}")

    def close(self) -> None:
        """End the bars."""
        self._open.close()
        self._out.flush()

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), soft_wrap=True)

    def _complain(self, text: str) -> None:
        print(_printable(text), file=self._err, flush=True)


class JsonReport:
    """For programs: one JSON object a line, in ASCII, each written out at once."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out, self._err = out, err
        self._told: dict[str, object] = {}

    def started(self, beginning: Beginning) -> None:
        """`started`."""
        known = {"idempotencyKey": beginning.key} if beginning.key else {}
        self._line("started", jobId=beginning.job_id, **known, folder=str(beginning.folder))

    def looked(self, book: Book) -> None:
        """`book` and `picture`, as far as they have changed."""
        whole = {"status": book.status, "progress": book.progress, "completed": book.completed}
        self._if_new("book", "", whole)
        for number, picture in enumerate(book.pictures, start=1):
            fields = {
                "number": number,
                "imageId": picture.image_id,
                "name": picture.name,
                "kind": picture.kind,
                "status": picture.status,
                "progress": picture.progress,
                "error": picture.error,
            }
            self._if_new("picture", picture.image_id, fields)

    def saved(self, number: int, image: Mapping[str, Any], saved: Saved) -> None:
        """`saved`."""
        size = {"width": saved.width, "height": saved.height}
        which = {"number": number, "imageId": image["imageId"], "name": image["name"]}
        self._line("saved", **which, file=saved.file, **size)

    def trouble(self, message: str, seconds: float) -> None:
        """`trouble`."""
        self._line("trouble", message=message, retryInSeconds=seconds)

    def ended(self, result: Result) -> None:
        """`ended`."""
        total = len(result.book.pictures)
        self._line(
            "ended",
            status=result.book.status,
            exitCode=int(result.code),
            pictures=total,
            saved=len(result.saved),
            missing=[n for n in range(1, total + 1) if n not in result.saved],
            folder=str(result.folder),
            index=str(result.folder / INDEX),
        )

    def stopped(self, stop: Stop) -> None:
        """`failed` or `interrupted`; in words for whoever reads what is wrong, too."""
        signals = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
        event = "interrupted" if stop.code in signals else "failed"
        more = {"problem": dict(stop.problem)} if stop.problem else {}
        text = "\n".join(stop.lines)
        self._line(event, message=text, exitCode=int(stop.code), **more, goOn=stop.go_on)
        for line in stop.lines:
            print(_printable(line), file=self._err, flush=True)

    def close(self) -> None:
        """Nothing is open."""

    def _if_new(self, event: str, key: str, fields: Mapping[str, Any]) -> None:
        if self._told.get(key) != fields:
            self._told[key] = fields
            self._line(event, **fields)

    def _line(self, event: str, **fields: Any) -> None:
        print(json.dumps({"event": event, **fields}), file=self._out, flush=True)


def _printable(text: str) -> str:
    """Without control characters, which a terminal would obey; lines stay lines."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
