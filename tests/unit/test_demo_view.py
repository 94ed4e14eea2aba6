"""What is shown of a book, in a terminal and elsewhere."""

import io
import signal
import time

import pytest
from rich.console import Console

from infra.local.client import Book, Picture
from infra.local.demo.view import (
    WORDS,
    LiveView,
    PlainView,
    choose_view,
    shorten,
    speak_utf8,
    status_words,
)
from shared.domain.image import ImageStatus


def picture(name: str, status: str, progress: int = 0, error: str | None = None) -> Picture:
    return Picture(
        image_id=name,
        kind="character",
        role="reference" if name == "Mina" else "member",
        name=name,
        status=status,
        progress=progress,
        url=None,
        error=error,
    )


def book(*pictures: Picture) -> Book:
    return Book(
        job_id="job", status="running", progress=40, completed=False, error=None, pictures=pictures
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plain(*books: Book) -> list[str]:
    out = io.StringIO()
    with PlainView(out, time.monotonic()) as view:
        for one in books:
            view.show(one)
    return [line.partition(" s  ")[2] for line in out.getvalue().splitlines()]


def live(*books: Book, width: int = 100) -> str:
    console = Console(file=Terminal(), width=width, force_terminal=True, color_system=None)
    with LiveView(console, time.monotonic() - 75) as view:
        for one in books:
            view.show(one)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_there_are_words_for_every_status() -> None:
    assert set(WORDS) == {status.value for status in ImageStatus}


def test_a_status_of_a_newer_server_is_shown_as_it_is() -> None:
    assert status_words(picture("Mina", "cutting_out"), "Mina") == "cutting out"


def test_a_line_for_each_change_and_none_for_progress() -> None:
    mina, ember = picture("Mina", "painting"), picture("Ember", "waiting_for_reference")
    ready = picture("Mina", "succeeded", 100)
    assert plain(book(mina, ember), book(picture("Mina", "painting", 50), ember), book(ready)) == [
        "Mina is being painted",
        "Ember waits for Mina",
        "Mina is ready (1 of 1)",
    ]


def test_a_failure_says_why() -> None:
    assert plain(book(picture("Mina", "failed", 3, "The prompt was refused."))) == [
        "Mina failed: The prompt was refused."
    ]


def test_plain_lines_hold_no_control_characters() -> None:
    [line] = plain(book(picture("Mi\x1b[2J\nna\r", "painting")))
    assert line == "Mi [2J na is being painted"


def test_a_failure_that_quotes_what_a_terminal_obeys_is_shown_on_one_line() -> None:
    (line,) = plain(book(picture("Fox", "failed", error="no\x1b[2J\nwords " + "x" * 500)))
    assert line.isprintable()
    assert len(line) < 200


def test_bars_have_names_words_and_percents() -> None:
    shown = live(book(picture("Mina", "painting", 62), picture("Ember", "waiting_for_reference")))
    for text in (
        "Mina",
        "is being painted",
        "62%",
        "waits for Mina",
        "The whole book",
        "0 of 2 ready",
        "1:15",
    ):
        assert text in shown


def test_names_are_not_read_as_markup() -> None:
    shown = live(book(picture("[red]Mina[/nonsense]", "painting")))
    assert "[red]Mina[/nonsense]" in shown


@pytest.mark.parametrize("width", [80, 100, 200])
def test_bars_stay_inside_the_terminal(width: int) -> None:
    shown = live(book(picture("A very long name " * 8, "waiting_for_reference", 5)), width=width)
    rows = [row for row in shown.splitlines() if "whole" in row]
    assert rows
    assert all(len(row.rpartition("\x1b[2K")[2].rstrip()) <= width for row in rows)
    assert "1:15" in shown


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(choose_view(Terminal(), 0.0), LiveView)


def test_a_file_gets_lines_even_if_colours_are_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(choose_view(io.StringIO(), 0.0), PlainView)


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(choose_view(Terminal(), 0.0), PlainView)


def test_names_are_shortened() -> None:
    assert shorten("abc") == "abc"
    assert shorten("The brave little girl with the lantern", 12) == "The brave l…"


def test_letters_that_a_terminal_lacks_do_not_end_the_demo() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    speak_utf8(out)
    out.write("미나")
    out.flush()
    assert out.buffer.getvalue() == b"??"  # type: ignore[attr-defined]


class InterruptedTerminal(Terminal):
    """One at which somebody presses Ctrl-C the very moment that something is written."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._what in text:
            self._what = "\0"
            signal.raise_signal(signal.SIGINT)
        return written


HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"


@pytest.mark.parametrize("moment", [HIDDEN, SHOWN])
def test_ctrl_c_at_the_worst_moment_leaves_the_terminal_as_it_was(moment: str) -> None:
    terminal = InterruptedTerminal(moment)
    console = Console(file=terminal, width=100, force_terminal=True, color_system=None)
    with pytest.raises(KeyboardInterrupt), LiveView(console, time.monotonic()):
        pass
    shown = terminal.getvalue()
    assert shown.rfind(SHOWN) > shown.rfind(HIDDEN) > -1
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()
