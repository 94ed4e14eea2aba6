"""make-book and watch from start to end, over a list of answers."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from infra.local.make_book import command
from infra.local.make_book.command import Parts
from infra.local.make_book.endings import ExitCode
from tests.unit.made_books import FAILED, JOB, ROOT, URL, Clock, book, image, png
from tests.unit.test_demo_client import Script

ACCEPTED = (202, {"jobId": JOB}, {})
PICTURE = (200, png(), {})


def looked(view: Mapping[str, Any], **headers: str) -> tuple[int, Any, dict[str, str]]:
    return (200, view, {"ETag": '"1"', **headers})


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command over a list of answers; tells its code, words, requests and pauses."""

    def run(*answers: Any, watch: bool = False, more: tuple[str, ...] = ()) -> SimpleNamespace:
        script, clock = Script(*answers), Clock()
        session = requests.Session()
        session.mount("https://", script)
        session.mount("http://", script)
        parts = Parts(
            session=lambda _: session,
            sleep=clock.sleep,
            clock=clock,
            environment={"FAIRY_TALE_TOKEN": "secret"},
        )
        what = JOB if watch else str(ROOT / "docs" / "tale.json")
        arguments = [what, "--url", URL, "--out", str(tmp_path / "out"), *more]
        code = (command.watch if watch else command.make_book)(arguments, parts)
        out, err = capsys.readouterr()
        return SimpleNamespace(
            code=code,
            out=out,
            err=err,
            requests=script.requests,
            slept=clock.slept,
            left=script.answers,
            folder=tmp_path / "out",
        )

    return run


def test_pictures_are_fetched_as_they_come_and_without_the_token(run: Any) -> None:
    painting = image(2, status="painting", progress=40, imageUrl=None, completed=False)
    result = run(
        ACCEPTED,
        looked(book(image(), painting, status="running"), **{"Retry-After": "3"}),
        PICTURE,
        (304, b"", {"Retry-After": "2"}),
        looked(book(image(), image(2))),
        PICTURE,
    )
    assert (result.code, result.left, result.err) == (ExitCode.ALL, [], "")
    assert result.slept == [3, 2]
    asked = [(one.url.split("?")[0], one.headers) for one in result.requests]
    assert [url for url, _ in asked] == [
        *(f"{URL}/generate", f"{URL}/status", "http://pictures.example/1"),
        *(f"{URL}/status", f"{URL}/status", "http://pictures.example/2"),
    ]
    for url, headers in asked:
        expected = "Bearer secret" if url.startswith(URL) else None
        assert headers.get("Authorization") == expected
    assert "The book is finished: 2 pictures in " in result.out
    assert "secret" not in result.out


@pytest.mark.parametrize(
    ("images", "status", "code", "words"),
    [
        ([image(), image(2, **FAILED)], "partially_succeeded", 1, "Mina 2: It was <refused>."),
        ([image(1, **FAILED)], "failed", 2, "The book failed: 0 of 1 pictures"),
        ([image(1, status="canceled", imageUrl=None)], "canceled", 2, "The book was canceled"),
        ([image(), image(2, status="canceled", imageUrl=None)], "canceled", 1, "1 of 2 pictures"),
        # A picture that stands in is shown, but it is not the book's.
        ([image(1, **FAILED | {"imageUrl": "http://p/1", "isFallback": True})], "failed", 1, "1 "),
    ],
)
def test_exit_codes(run: Any, images: Any, status: str, code: int, words: str) -> None:
    there = [PICTURE for one in images if one["imageUrl"]]
    result = run(
        looked(book(*images, status=status)),
        looked(book(*images, status=status)),
        *there,
        watch=True,
    )
    assert (result.code, result.left) == (code, [])
    assert words in result.out


def test_a_picture_that_cannot_be_fetched_is_tried_again_and_then_missing(run: Any) -> None:
    lost = [(404, b"", {})] * 10
    result = run(ACCEPTED, looked(book(image(), image(2))), (404, b"", {}), PICTURE, *lost)
    assert result.code == ExitCode.SOME
    assert sum(result.slept) <= 10
    assert "Mina 1: could not be fetched." in result.out


def test_many_lost_pictures_take_no_longer_than_one(run: Any) -> None:
    images = [image(number, imageUrl=f"http://pictures.example/{number}") for number in (1, 2, 3)]
    result = run(ACCEPTED, looked(book(*images)), *[(404, b"", {})] * 20)
    assert result.code == ExitCode.NONE
    assert sum(result.slept) <= 10


def test_a_book_says_why_it_is_not_whole(run: Any) -> None:
    error = {"code": "painting_failed", "message": "One of two failed."}
    view = book(image(), image(2, **FAILED), status="partially_succeeded") | {"error": error}
    assert "\nOne of two failed.\n" in run(ACCEPTED, looked(view), PICTURE).out


def test_a_second_try_may_find_it(run: Any) -> None:
    result = run(ACCEPTED, looked(book(image())), (503, b"", {}), PICTURE)
    assert (result.code, result.slept) == (ExitCode.ALL, [])


def test_a_task_whose_book_is_painted_is_watched_instead(run: Any) -> None:
    other = "c" * 26
    problem = {"code": "job_running", "detail": "It is painted.", "jobId": other}
    result = run((409, problem, {}))
    assert result.code == ExitCode.REFUSED
    assert f"watch {other} --url {URL} --out " in result.err


def test_a_folder_with_something_in_it_is_refused_before_anything_is_paid(
    run: Any, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.doc").touch()
    result = run()
    assert (result.code, result.requests) == (ExitCode.REFUSED, [])


def test_the_same_key_takes_its_own_folder_again(run: Any) -> None:
    run(ACCEPTED, looked(book(image())), PICTURE, more=("--key", "one"))
    again = run(ACCEPTED, looked(book(image())), PICTURE, more=("--key", "one"))
    assert again.code == ExitCode.ALL
    assert again.requests[0].headers["Idempotency-Key"] == "one"
    without = run()
    assert (without.code, "holds another book" in without.err) == (ExitCode.REFUSED, True)


@pytest.mark.parametrize("watch", [True, False])
def test_a_server_that_stays_away(run: Any, watch: bool) -> None:
    result = run(*[requests.ConnectionError()] * 100, watch=watch, more=("--patience", "30"))
    assert result.code == ExitCode.UNREACHABLE
    assert sum(result.slept) <= 30
    assert ("watch" if watch else "--key") in result.err.splitlines()[-1]


def test_a_connection_that_is_lost_meanwhile_heals(run: Any) -> None:
    gone = requests.ConnectionError()
    busy = (503, {"code": "busy", "detail": "Busy."}, {"Retry-After": "5"})
    result = run(ACCEPTED, gone, busy, looked(book(image())), PICTURE)
    assert (result.code, result.slept) == (ExitCode.ALL, [0.5, 5])
    assert "Trying again in 5 s." in result.err


def test_an_unknown_job(run: Any) -> None:
    result = run((404, {"code": "job_not_found", "detail": "No such job."}, {}), watch=True)
    assert (result.code, "No such job." in result.err) == (ExitCode.REFUSED, True)
    assert "To go on" not in result.err


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, b"<html>", {}), "none of the functions"),
        ((200, {"a": 1}, {}), "none of the functions"),
        ((302, b"", {"Location": "/"}), "it leads elsewhere"),
    ],
)
def test_something_else_at_that_address(run: Any, answer: Any, words: str) -> None:
    result = run(*[answer] * 20, watch=True, more=("--patience", "5"))
    assert (result.code, words in result.err) == (ExitCode.UNREACHABLE, True)


def test_control_characters_of_an_answer_do_not_reach_the_terminal(run: Any) -> None:
    error = {"code": "x", "message": "\x1b[2Jgone\x07"}
    result = run(
        looked(book(image(1, **FAILED | {"error": error}), status="failed")),
        *[looked(book(image(1, **FAILED | {"error": error}), status="failed"))],
        watch=True,
    )
    assert result.code == ExitCode.NONE
    assert "[2Jgone" in result.out.splitlines()[-1]
    assert "\x1b" not in result.out.splitlines()[-1]


class Interrupted(Script):
    """Ctrl-C where the list of answers says so."""

    def send(self, request: requests.PreparedRequest, **rest: Any) -> requests.Response:  # type: ignore[override]
        if self.answers[0] is KeyboardInterrupt:
            self.answers.pop(0)
            raise KeyboardInterrupt
        return super().send(request, **rest)


@pytest.mark.parametrize(
    ("answers", "more", "words"),
    [
        ([KeyboardInterrupt], (), "make-book .* --key [0-9a-f]{32} --url"),
        ([ACCEPTED, KeyboardInterrupt], (), f"still being painted.*watch {JOB} --url"),
        (
            [ACCEPTED, KeyboardInterrupt, (200, {"status": "canceled"}, {})],
            ("--cancel-on-interrupt",),
            "Canceled. Nothing further is painted",
        ),
        (
            [ACCEPTED, KeyboardInterrupt, (200, {"status": "succeeded"}, {})],
            ("--cancel-on-interrupt",),
            "had ended before: succeeded.*watch",
        ),
        (
            [ACCEPTED, KeyboardInterrupt, requests.ConnectionError()],
            ("--cancel-on-interrupt",),
            "could not be canceled: .*watch",
        ),
        ([ACCEPTED, KeyboardInterrupt, KeyboardInterrupt], ("--cancel-on-interrupt",), ""),
    ],
)
def test_ctrl_c_says_how_to_go_on(
    answers: list[Any],
    more: tuple[str, ...],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session = requests.Session()
    session.mount("https://", Interrupted(*answers))
    parts = Parts(session=lambda _: session, sleep=Clock().sleep, environment={})
    tale = str(ROOT / "docs" / "tale.json")
    code = command.make_book([tale, "--url", URL, "--out", str(tmp_path), *more], parts)
    assert code == ExitCode.INTERRUPTED
    assert re.search(words, capsys.readouterr().err, re.DOTALL)


def test_ctrl_c_in_a_pause(tmp_path: Path) -> None:
    def sleep(_: float) -> None:
        raise KeyboardInterrupt

    session = requests.Session()
    session.mount("https://", Script(requests.ConnectionError()))
    parts = Parts(session=lambda _: session, sleep=sleep, environment={})
    assert command.watch([JOB, "--url", URL, "--out", str(tmp_path)], parts) == 130


@pytest.mark.parametrize("main", [command.make_book, command.watch])
def test_wrong_options_are_3_and_help_tells_the_codes(
    main: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--nonsense"])
    assert ended.value.code == ExitCode.REFUSED
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    for code in ExitCode:
        assert f"\n  {int(code):<5}" in printed or code is ExitCode.PIPE_CLOSED
    assert "FAIRY_TALE_TOKEN" in printed


@pytest.mark.parametrize(
    ("main", "arguments", "words"),
    [
        (command.make_book, ["tale.json", "--key", ""], "--key: must be printable"),
        (command.make_book, ["tale.json", "--key", "열쇠"], "--key: must be printable"),
        (command.make_book, ["tale.json", "--key", "a\nb"], "--key: must be printable"),
        (command.watch, [""], "job: must be a jobId"),
        (command.watch, [], "required: job"),
    ],
)
def test_arguments_that_cannot_be_meant(
    main: Any, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (ExitCode.REFUSED, "")
    assert words in err
