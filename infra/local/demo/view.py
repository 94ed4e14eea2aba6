"""What the demo shows while a book is painted: bars in a terminal, plain lines elsewhere."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.text import Text

from infra.local.client import Book, Picture

WORDS = {
    "waiting_for_reference": "waits for {main}",
    "queued": "waits for a slot",
    "painting": "is being painted",
    "upscaling": "is being enlarged",
    "post_processing": "is being finished",
    "succeeded": "is ready",
    "failed": "failed",
    "canceled": "was canceled",
}
"""What each status means to a reader; a status of a newer server is shown as it is."""

_STYLES = {
    "painting": "cyan",
    "upscaling": "blue",
    "post_processing": "blue",
    "succeeded": "green",
    "failed": "red",
    "canceled": "red",
}
_NAME_WIDTH, _WORDS_WIDTH = 30, 18
_WIDE, _WIDEST = 100, 120


class View(Protocol):
    """Something that shows a book over and over, inside a `with` block."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(self, book: Book) -> None:
        """Show how it stands now."""


def choose_view(out: TextIO, started: float) -> View:
    """Return bars for a terminal that can move its cursor, and plain lines for everything else.

    `started` is when the elapsed time began, as `time.monotonic()` told it.
    """
    # Not what rich finds out: FORCE_COLOR must not bring moving bars into a CI's log.
    console = Console(file=out)
    if out.isatty() and not console.is_dumb_terminal:
        return LiveView(console, started)
    return PlainView(out, started)


def status_words(picture: Picture, main: str) -> str:
    """Return a picture's status in words; `main` is the main character's name."""
    return WORDS.get(picture.status, picture.status.replace("_", " ")).format(
        main=shorten(main, _WORDS_WIDTH - len("waits for "))
    )


def shorten(name: str, width: int = _NAME_WIDTH) -> str:
    """Return a name on one line, without control characters, of at most `width` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def main_name(book: Book) -> str:
    """Return the name of the picture after which the others are painted."""
    return next((p.name for p in book.pictures if p.role == "reference"), "the main character")


class PlainView:
    """A line for each change of a status, with the elapsed seconds; no control characters."""

    def __init__(self, out: TextIO, started: float) -> None:
        self._out = out
        self._started = started
        self._known: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.flush()

    def show(self, book: Book) -> None:
        """Print what has changed since the last time."""
        main = main_name(book)
        for picture in book.pictures:
            if self._known.get(picture.image_id) != picture.status:
                self._known[picture.image_id] = picture.status
                self._line(book, picture, main)

    def _line(self, book: Book, picture: Picture, main: str) -> None:
        elapsed = time.monotonic() - self._started
        text = f"{elapsed:6.1f} s  {shorten(picture.name)} {status_words(picture, main)}"
        if picture.status == "succeeded":
            ready = sum(status == "succeeded" for status in self._known.values())
            text += f" ({ready} of {len(book.pictures)})"
        if picture.error:
            text += f": {shorten(picture.error, _WIDEST)}"
        print(text, file=self._out, flush=True)


class _Elapsed(ProgressColumn):
    """The book's own time, at its own line only."""

    max_refresh = None

    def __init__(self, started: float) -> None:
        super().__init__()
        self._started = started

    def render(self, task: Task) -> Text:
        if not task.fields["whole"]:
            return Text("")
        elapsed = int(time.monotonic() - self._started)
        return Text(f"{elapsed // 60}:{elapsed % 60:02}", style="bold")


class _Words(ProgressColumn):
    """A field of the bar in the field `style`; never read as markup, as it may hold a name."""

    max_refresh = None

    def render(self, task: Task) -> Text:
        # Always as wide as the widest, or all bars would move whenever a status changes.
        words = task.fields["words"].ljust(_WORDS_WIDTH)
        return Text(words, style=task.fields["style"], no_wrap=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait: rich can't stop what was half started, nor stop twice."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class LiveView:
    """A bar for each picture and one for the book, redrawn in place."""

    def __init__(self, console: Console, started: float) -> None:
        kind = TextColumn("{task.fields[kind]}", markup=False, style="dim")
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False, style="bold"),
            *([kind] if console.width >= _WIDE else []),
            _Words(),
            BarColumn(
                bar_width=None if console.width <= _WIDEST else 40,
                complete_style="cyan",
                finished_style="green",
            ),
            TextColumn("{task.percentage:>3.0f}%"),
            _Elapsed(started),
            console=console,
            expand=console.width <= _WIDEST,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        try:
            with _uninterrupted():
                self._progress.start()
        except BaseException:  # Ctrl-C, with the cursor hidden already
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with _uninterrupted():
            self._progress.stop()

    def show(self, book: Book) -> None:
        """Move the bars."""
        main = main_name(book)
        for picture in book.pictures:
            self._set(
                picture.image_id,
                shorten(picture.name),
                kind=picture.kind,
                words=status_words(picture, main),
                style=_STYLES.get(picture.status, "dim"),
                percent=picture.progress,
            )
        ready = sum(picture.status == "succeeded" for picture in book.pictures)
        self._set(
            "",
            "The whole book",
            kind="",
            words=f"{ready} of {len(book.pictures)} ready",
            style="bold",
            percent=book.progress,
        )

    def _set(
        self, key: str, name: str, *, kind: str, words: str, style: str, percent: float
    ) -> None:
        whole = not key
        if key not in self._bars:
            self._bars[key] = self._progress.add_task(
                name, total=100, kind=kind, words=words, style=style, whole=whole
            )
        self._progress.update(self._bars[key], completed=percent, words=words, style=style)


def speak_utf8(out: TextIO = sys.stdout) -> None:
    """Let a terminal that lacks some letters show `?` for them instead of ending the program."""
    reconfigure = getattr(out, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
