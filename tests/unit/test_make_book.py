"""make-book without a server: its tale, its words, its patience, its folder, its ends."""

import base64
import io
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from functions.api.models import GenerateModel
from infra.local.client import ClientError, NoPicture, Refused, Unreachable
from infra.local.demo.command import TALE as DEMO_TALE
from infra.local.make_book import command
from infra.local.make_book.command import Parts
from infra.local.make_book.endings import ExitCode, GaveUp, WrongUse
from infra.local.make_book.faults import explained, in_words
from infra.local.make_book.folder import Folder, check_writable, refuse_foreign
from infra.local.make_book.following import Patience
from infra.local.make_book.options import HERE, server_of
from infra.local.make_book.tale import MOST_DRAWING_BYTES, read_tale
from tests.unit.test_demo_client import Script

ROOT = Path(__file__).parents[2]
JOB = "a" * 26
URL = "https://functions.example"


def png(colour: str = "red", kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 40), colour).save(file, kind)
    return file.getvalue()


# --- the tale -------------------------------------------------------------------------------------


def tale_of(folder: Path, **content: Any) -> Path:
    file = folder / "my tale.json"
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize("file", [ROOT / "docs" / "tale.json", DEMO_TALE], ids=lambda f: f.stem)
def test_the_sample_tales_are_requests_of_generate(file: Path) -> None:
    GenerateModel.model_validate(read_tale(file, "key").body)


def test_what_readers_are_told_is_not_sent(tmp_path: Path) -> None:
    tale = read_tale(tale_of(tmp_path, title="Mina", story="Once", characters=[]), "key")
    assert tale.title == "Mina"
    assert set(tale.body) == {"studentTaskId", "fairytaleId", "characters"}


def test_a_tale_without_a_task_is_the_same_request_under_the_same_key(tmp_path: Path) -> None:
    file = tale_of(tmp_path, characters=[])
    assert read_tale(file, "one").body == read_tale(file, "one").body
    assert read_tale(file, "one").body != read_tale(file, "two").body


def test_ids_of_ones_own_stay(tmp_path: Path) -> None:
    body = read_tale(tale_of(tmp_path, studentTaskId=7, fairytaleId=8), "key").body
    assert body == {"studentTaskId": 7, "fairytaleId": 8}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_drawings_are_read_from_beside_the_tale(kind: str, tmp_path: Path) -> None:
    (tmp_path / "drawings").mkdir()
    (tmp_path / "drawings" / "mina").write_bytes(png(kind=kind))
    characters = [{"name": "Mina", "sketchImage": "drawings/mina", "isMain": True}]
    file = tale_of(tmp_path, sketchImage="drawings/mina", characters=characters)

    body = read_tale(file, "key").body

    data = base64.b64encode(png(kind=kind)).decode()
    expected = f"data:image/{kind.lower()};base64,{data}"
    assert (body["sketchImage"], body["characters"][0]["sketchImage"]) == (expected, expected)
    GenerateModel.model_validate(body)


@pytest.mark.parametrize(
    "sketch",
    ["data:image/png;base64,AA", "https://x.org/a.png", "gs://b/uploads/a", "http://x", ""],
)
def test_other_drawings_are_left_to_the_server(sketch: str, tmp_path: Path) -> None:
    assert read_tale(tale_of(tmp_path, sketchImage=sketch), "key").body["sketchImage"] == sketch


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"GIF89a...", "is no PNG, JPEG or WebP"),
        (b"root:x:0:0", "is no PNG, JPEG or WebP"),
        (b"\x89PNG\r\n\x1a\n" + bytes(MOST_DRAWING_BYTES), "has more than 6 MiB"),
    ],
)
def test_a_drawing_that_cannot_be_sent(content: bytes | None, words: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    file = tale_of(tmp_path, characters=[{}, {"sketchImage": "a.png"}])
    with pytest.raises(WrongUse, match=f"/characters/1/sketchImage: .*{words}"):
        read_tale(file, "key")


def test_a_drawing_with_a_name_that_no_file_has(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no file has such a name"):
        read_tale(tale_of(tmp_path, sketchImage="a\0b"), "key")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{\n  "a": 1,\n}', "is not JSON: line 3, column 1"),
        (b"\xff", "is not JSON in UTF-8"),
        (b"[]", "holds no JSON object"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_that_is_no_tale(content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_bytes(content)
    with pytest.raises(WrongUse, match=words):
        read_tale(file, "key")


def test_a_tale_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_bytes(b'\xef\xbb\xbf{"studentTaskId": 7}')
    assert read_tale(file, "key").body["studentTaskId"] == 7


# --- faults in plain words ------------------------------------------------------------------------

BODY = {
    "characters": [{"name": "Mina"}, {"name": "Ember", "optionIds": ["hair_red"]}, {"name": 7}],
    "backgrounds": [{"name": "Forest"}],
}


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        ("", "the tale"),
        ("/characters", "the characters"),
        ("/studentTaskId", "the studentTaskId"),
        ("/characters/1/prompt", 'the prompt of character 2 ("Ember")'),
        ("/characters/2/name", "the name of character 3"),
        ("/characters/9", "character 10"),
        ("/backgrounds/0", 'background 1 ("Forest")'),
        ("/characters/1/optionIds/0", 'item 1 of the optionIds of character 2 ("Ember")'),
        ("/a~1b/c~0d", "the c~d of the a/b"),
    ],
)
def test_pointers_in_words(pointer: str, words: str) -> None:
    assert in_words(pointer, BODY) == words


@given(st.text(st.sampled_from("/~01ab²"), max_size=12))
def test_every_pointer_has_words(pointer: str) -> None:
    assert in_words(pointer, BODY)


def test_a_refusal_names_every_fault() -> None:
    problem = {
        "errors": [
            {
                "code": "a",
                "detail": "/characters/0/name is missing.",
                "pointer": "/characters/0/name",
            },
            {"code": "b", "detail": "No character is the main one.", "pointer": "/characters"},
            {"code": "c", "detail": "There are too many pictures.", "pointer": ""},
        ]
    }
    refused = Refused(422, "invalid_request", "Three.", problem=problem)
    assert explained(refused, BODY, has_token=False) == [
        "The server refused it: invalid_request, HTTP 422.",
        '  /characters/0/name: the name of character 1 ("Mina") is missing.',
        "  /characters: the characters: No character is the main one.",
        "  (the whole tale): the tale: There are too many pictures.",
    ]


@pytest.mark.parametrize(
    ("status", "has_token", "words"),
    [
        (401, False, "wants to know who calls: set FAIRY_TALE_TOKEN"),
        (403, True, "does not take the token in FAIRY_TALE_TOKEN"),
        (404, False, "--url takes the address before /generate"),
    ],
)
def test_what_to_do_about_an_answer_that_is_no_problem(
    status: int, has_token: bool, words: str
) -> None:
    assert words in explained(Refused(status, "unknown", "An error."), {}, has_token)[-1]


# --- patience -------------------------------------------------------------------------------------


class Clock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def failing(*errors: ClientError) -> Any:
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "well"

    return call


def patience(clock: Clock, seconds: float = 60) -> Patience:
    return Patience(seconds, told=lambda *_: None, sleep=clock.sleep, clock=clock)


DOWN = Unreachable("It does not answer.")


def test_pauses_grow_and_have_an_end() -> None:
    clock = Clock()
    assert patience(clock).run(failing(*[DOWN] * 7)) == "well"
    assert clock.slept == [0.5, 1, 2, 4, 8, 10, 10]


def test_retry_after_counts_if_it_is_longer() -> None:
    clock = Clock()
    busy = [Refused(503, "busy", "", retry_after=wait) for wait in (5.0, 0.0, 1e9)]
    assert patience(clock, 1000).run(failing(*busy)) == "well"
    assert clock.slept == [5, 1, 60]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_heal_is_tried_again(status: int) -> None:
    clock = Clock()
    assert patience(clock).run(failing(Refused(status, "x", ""))) == "well"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_what_cannot_heal_is_not(status: int) -> None:
    clock = Clock()
    with pytest.raises(Refused):
        patience(clock).run(failing(Refused(status, "x", "")))
    assert clock.slept == []


def test_patience_ends_in_time() -> None:
    clock = Clock()
    with pytest.raises(GaveUp, match=r"It does not answer\. It was tried for 8 s"):
        patience(clock, 10).run(failing(*[DOWN] * 100))
    assert clock.now <= 10


# --- the folder -----------------------------------------------------------------------------------


def image(number: int = 1, **changes: Any) -> dict[str, Any]:
    fields = {
        "imageId": f"{JOB}-{number:03}",
        "kind": "character",
        "role": "reference" if number == 1 else "member",
        "name": f"Mina {number}",
        "prompt": "a girl",
        "status": "succeeded",
        "progress": 100,
        "completed": True,
        "imageUrl": f"http://pictures.example/{number}",
        "isFallback": False,
        "warnings": [],
        "error": None,
    }
    return fields | changes


FAILED = {
    "status": "failed",
    "imageUrl": None,
    "error": {"code": "moderated", "message": "It was <refused>."},
}


def book(*images: Mapping[str, Any], status: str = "succeeded") -> dict[str, Any]:
    return {
        "jobId": JOB,
        "fairytaleId": "the fox",
        "status": status,
        "progress": 100,
        "completed": status not in {"queued", "running"},
        "error": None,
        "images": list(images),
    }


def test_a_picture_that_is_painted_anew_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path, lambda url: png(kind="JPEG" if "new" in url else "PNG"))
    ((number, one),) = folder.missing(book(image()))
    folder.take(number, one)
    assert folder.missing(book(image())) == []
    new = book(image(imageUrl="http://pictures.example/new"))
    ((number, one),) = folder.missing(new)
    assert folder.take(number, one).file == "01 Mina 1.jpg"
    assert os.listdir(tmp_path) == ["01 Mina 1.jpg"]


def test_an_old_picture_is_not_taken_while_a_new_one_is_painted(tmp_path: Path) -> None:
    painting = image(status="painting", completed=False)
    assert Folder(tmp_path, lambda _: png()).missing(book(painting)) == []


@pytest.mark.parametrize("content", [b"<html>", b"", png()[:-20]])
def test_what_is_no_whole_picture_is_not_kept(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(NoPicture):
        Folder(tmp_path, lambda _: content).take(1, image())
    assert os.listdir(tmp_path) == []


def test_the_page_shows_names_as_they_are(tmp_path: Path) -> None:
    folder = Folder(tmp_path, lambda _: png())
    tale = book(image(name="<b>#1 100%? & co"), image(2, **FAILED))
    folder.take(1, tale["images"][0])
    folder.write_index(tale, "<script>")
    page = (tmp_path / "index.html").read_text()
    assert "&lt;b&gt;#1 100%? &amp; co" in page
    assert 'src="./01 b %231 100 &amp; co.png"' in page
    assert "It was &lt;refused&gt;." in page
    assert "<script>" not in page


def test_a_folder_of_another_book_is_refused(tmp_path: Path) -> None:
    refuse_foreign(tmp_path, None)
    refuse_foreign(tmp_path / "none", None)
    Folder(tmp_path, lambda _: png()).write_index(book(), "A tale")
    refuse_foreign(tmp_path, JOB)
    for job_id in (None, "b" * 26):
        with pytest.raises(WrongUse, match=f"holds another book \\({JOB}\\)"):
            refuse_foreign(tmp_path, job_id)


@pytest.mark.parametrize("index", [None, "{}", "[]", "<html>"])
def test_a_folder_of_something_else_is_refused(index: str | None, tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    if index is not None:
        (tmp_path / "index.json").write_text(index)
    with pytest.raises(WrongUse, match="no book of ours"):
        refuse_foreign(tmp_path, JOB)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check_writable(tmp_path / "a" / "b")
    with pytest.raises(WrongUse, match="file is no folder"):
        check_writable(tmp_path / "file" / "b")


# --- the server -----------------------------------------------------------------------------------


def test_the_default_is_the_stack_of_up() -> None:
    assert server_of(HERE, {}).is_here
    assert HERE == "http://127.0.0.1:8080"


@pytest.mark.parametrize("url", ["http://localhost:1", "http://[::1]:1", "https://a.example/api/"])
def test_a_token_goes_over_https_or_stays_here(url: str) -> None:
    server = server_of(url, {"FAIRY_TALE_TOKEN": " secret\n"})
    assert (server.url, server.token) == (url.rstrip("/"), "secret")


@pytest.mark.parametrize(
    ("url", "token", "words"),
    [
        ("http://a.example", "secret", "over https only"),
        ("https://a.example", "se cret", "no token"),
        ("https://a.example", "se\ncret", "no token"),
        ("https://me:secret@a.example", "", "no password"),
        ("a.example", "", "must be an address"),
        ("ftp://a.example", "", "must be an address"),
        ("https://a.example/generate?x=1", "", "must be an address"),
        ("https://a.example:port", "", "must be an address"),
        ("https://[::1", "", "must be an address"),
    ],
)
def test_addresses_and_tokens_that_are_refused(url: str, token: str, words: str) -> None:
    with pytest.raises(WrongUse, match=words) as refused:
        server_of(url, {"FAIRY_TALE_TOKEN": token})
    assert "secret" not in str(refused.value)


# --- from start to end ----------------------------------------------------------------------------

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
