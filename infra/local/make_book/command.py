"""The commands `make-book` and `watch`: from the arguments to the exit code."""

import argparse
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from infra.local.client import Client, ClientError, Look, NoPicture, Refused
from infra.local.demo.view import speak_utf8
from infra.local.make_book.endings import ExitCode, GaveUp, MakeBookError
from infra.local.make_book.faults import explained
from infra.local.make_book.folder import Folder, Saved, check_writable, refuse_foreign
from infra.local.make_book.following import Patience, follow
from infra.local.make_book.options import (
    Server,
    command_to_go_on,
    make_book_parser,
    server_of,
    watch_parser,
)
from infra.local.make_book.reports import (
    Beginning,
    JsonReport,
    Report,
    Result,
    Stop,
    WordsReport,
)
from infra.local.make_book.signals import Terminated, terminable
from infra.local.make_book.tale import read_tale

_FETCH_PATIENCE = 10.0
"""Seconds for pictures that cannot be fetched although their book is completed."""
_OUT = Path("out")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the commands work with."""

    session: Callable[[Server], requests.Session] = Server.session
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(kw_only=True)
class _Errand:
    """One run, as far as it has come."""

    options: argparse.Namespace
    client: Client
    patience: Patience
    report: Report
    has_token: bool
    key: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    job_id: str | None = None
    asked: bool = False
    """Whether a book may have been begun."""

    @property
    def go_on(self) -> str | None:
        """The command that takes it up again; None before anything was begun."""
        if not self.asked:
            return None
        return command_to_go_on(self.options, self.job_id, self.key)


def make_book(argv: Sequence[str], parts: Parts = Parts()) -> int:
    """Have a tale painted and saved; return the exit code."""
    return _run(make_book_parser().parse_args(argv), parts, _begin)


def watch(argv: Sequence[str], parts: Parts = Parts()) -> int:
    """Watch a book that was begun before, and save it; return the exit code."""
    return _run(watch_parser().parse_args(argv), parts, _take_up)


def _run(
    options: argparse.Namespace, parts: Parts, begin: Callable[[_Errand], tuple[Folder, str]]
) -> int:
    speak_utf8()
    speak_utf8(sys.stderr)
    report: Report = (JsonReport if options.json else WordsReport)(sys.stdout, sys.stderr)
    try:
        with terminable():
            return int(_served(options, parts, report, begin))
    except MakeBookError as error:  # before there was anybody to ask
        report.stopped(Stop(code=error.code, lines=[str(error)]))
        return int(error.code)
    except KeyboardInterrupt as signal:  # a second one
        report.close()
        return int(_code_of(signal))
    except BrokenPipeError:
        return int(ExitCode.PIPE_CLOSED)


def _served(
    options: argparse.Namespace,
    parts: Parts,
    report: Report,
    begin: Callable[[_Errand], tuple[Folder, str]],
) -> ExitCode:
    server = server_of(options.url, parts.environment)
    with Client(server.url, token=server.token, session=parts.session(server)) as client:
        errand = _Errand(
            options=options,
            client=client,
            patience=_patience(options.patience, parts, report),
            report=report,
            has_token=server.token is not None,
        )
        try:
            folder, title = begin(errand)
            return _finish(errand, folder, title, parts)
        except KeyboardInterrupt as signal:
            report.close()  # before a call that may take its time
            stop = _interrupted(errand, _code_of(signal))
        except Refused as refused:
            stop = _refused(errand, refused)
        except MakeBookError as error:
            stop = Stop(code=error.code, lines=[str(error)], go_on=errand.go_on)
        report.stopped(stop)
        return stop.code


def _patience(seconds: float, parts: Parts, report: Report) -> Patience:
    def told(error: ClientError, pause: float) -> None:
        report.trouble(str(error), pause)

    return Patience(seconds, told=told, sleep=parts.sleep, clock=parts.clock)


def _begin(errand: _Errand) -> tuple[Folder, str]:
    """Start the book, once everything that can be wrong on this side has been looked at."""
    options, key = errand.options, errand.options.key or uuid.uuid4().hex
    tale = read_tale(options.tale, key)
    errand.key, errand.body = key, tale.body
    check_writable(options.out or _OUT)
    if options.out is not None and options.key is None:
        refuse_foreign(options.out, None)
    errand.asked = True
    job_id = errand.patience.run(lambda: errand.client.generate(tale.body, key))
    return _folder(errand, job_id, tale.title), tale.title


def _take_up(errand: _Errand) -> tuple[Folder, str]:
    job_id = errand.options.job
    errand.job_id, errand.asked = job_id, True
    look = errand.patience.run(lambda: errand.client.look(job_id))
    title = f"Book {look.answer.get('fairytaleId', '')}".strip()
    return _folder(errand, job_id, title), title


def _folder(errand: _Errand, job_id: str, title: str) -> Folder:
    errand.job_id = job_id
    path = errand.options.out or _OUT / f"book-{job_id[:8]}"
    check_writable(path)
    refuse_foreign(path, job_id)
    folder = Folder(path, errand.client.download)
    errand.report.started(Beginning(job_id=job_id, key=errand.key, folder=path, title=title))
    return folder


def _finish(errand: _Errand, folder: Folder, title: str, parts: Parts) -> ExitCode:
    """Watch until the end, saving pictures as they come, and tell what came of the book."""
    saved: dict[int, Saved] = {}
    look: Look | None = None
    for look in follow(errand.client, str(errand.job_id), errand.patience):
        if look.book is not None:
            errand.report.looked(look.book)
        _fetch(errand, folder, look, saved, patience=None)
        folder.write_index(look.answer, title)
    if look is None or look.book is None:
        raise GaveUp("The server told nothing of the book.")
    _fetch(errand, folder, look, saved, patience=_patience(_FETCH_PATIENCE, parts, errand.report))
    folder.write_index(look.answer, title)
    result = Result(
        book=look.book,
        folder=folder.path,
        saved=dict(sorted(saved.items())),
        code=_code(look.answer, saved),
    )
    errand.report.ended(result)
    return result.code


def _fetch(
    errand: _Errand,
    folder: Folder,
    look: Look,
    saved: dict[int, Saved],
    patience: Patience | None,
) -> None:
    """Save what is there; without `patience`, what cannot be fetched waits for the next look."""
    has_given_up = False
    for number, image in folder.missing(look.answer):

        def take(number: int = number, image: Mapping[str, Any] = image) -> Saved:
            return folder.take(number, image)

        try:
            # One that is lost may take its time; then the others must be there at once.
            one = patience.run(take) if patience and not has_given_up else take()
        except (GaveUp, NoPicture):
            has_given_up = True
            continue
        saved[number] = one
        errand.report.saved(number, image, one)


def _code(book: Mapping[str, Any], saved: Mapping[int, Saved]) -> ExitCode:
    images = enumerate(book["images"], start=1)
    if all(image["status"] == "succeeded" and number in saved for number, image in images):
        return ExitCode.ALL
    return ExitCode.SOME if saved else ExitCode.NONE


def _refused(errand: _Errand, refused: Refused) -> Stop:
    running = refused.problem.get("jobId")
    if refused.code == "job_running" and isinstance(running, str):
        errand.job_id = running
    elif errand.job_id is None or refused.code == "job_not_found":
        errand.asked = False
    return Stop(
        code=ExitCode.REFUSED,
        lines=explained(refused, errand.body, errand.has_token),
        go_on=errand.go_on,
        problem=refused.problem,
    )


def _code_of(signal: KeyboardInterrupt) -> ExitCode:
    return ExitCode.TERMINATED if isinstance(signal, Terminated) else ExitCode.INTERRUPTED


def _interrupted(errand: _Errand, code: ExitCode) -> Stop:
    go_on = errand.go_on
    if go_on is None:
        said = "Stopped. Nothing was begun."
    elif errand.job_id is None:
        said = "Stopped. Perhaps the book has been begun; the same request finds it."
    elif errand.options.cancel_on_interrupt:
        said, go_on = _canceled(errand, errand.job_id)
    else:
        said = "Stopped watching. The book is still being painted."
    return Stop(code=code, lines=[said], go_on=go_on)


def _canceled(errand: _Errand, job_id: str) -> tuple[str, str | None]:
    try:
        status = errand.client.cancel(job_id)
    except ClientError as error:
        return f"Stopped watching. The book could not be canceled: {error}", errand.go_on
    if status == "canceled":
        return "Canceled. Nothing further is painted; what is finished stays.", None
    return f"Stopped watching. The book had ended before: {status}.", errand.go_on
