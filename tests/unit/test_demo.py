"""The demo: its tale, its files, its ends. The stack and the client are stand-ins."""

import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from functions.api.requests import GenerateModel
from infra.local import demo
from infra.local.client import Book, Client, ClientError, NoPicture, Picture, Unreachable
from infra.local.demo import command as demo_command
from infra.local.demo.command import TALE, read_tale, with_drawing
from infra.local.demo.pictures import DemoError, file_stem
from infra.local.processes import LocalStackError
from shared.domain.prompts import clean

PNG = io.BytesIO()
Image.new("RGB", (30, 40), "red").save(PNG, "PNG")


def picture(number: int, status: str = "succeeded", **changes: Any) -> Picture:
    fields: dict[str, Any] = {
        "image_id": f"job-{number}",
        "kind": "character" if number < 3 else "background",
        "role": "reference" if number == 1 else "member",
        "name": f"Mina {number}",
        "status": status,
        "progress": 100,
        "url": f"http://bucket/{number}" if status == "succeeded" else None,
        "error": "The picture was refused." if status == "failed" else None,
    }
    return Picture(**fields | changes)


def book(status: str, *pictures: Picture) -> Book:
    return Book(
        job_id="job",
        status=status,
        progress=100,
        completed=status not in ("queued", "running"),
        error=None if status == "succeeded" else "1 of 3 pictures could not be painted.",
        pictures=pictures,
    )


# --- the tale -------------------------------------------------------------------------------------


def test_the_sample_tale_is_a_request_of_generate() -> None:
    tale = read_tale(TALE)
    request = GenerateModel.model_validate(tale.body)
    assert [character.is_main for character in request.characters] == [True, False, False]
    assert len(request.backgrounds) == 2
    assert tale.title
    assert tale.story


def test_the_sample_tale_holds_no_word_that_the_proxy_bans() -> None:
    banned = (TALE.parents[2] / "proxy" / "banned-words.txt").read_text().split("\n")
    words = {line.strip() for line in banned if line.strip() and not line.startswith("#")}
    body = read_tale(TALE).body
    prompts = [f" {clean(one['prompt']).lower()} " for one in body["characters"]]
    prompts += [f" {clean(one['prompt']).lower()} " for one in body["backgrounds"]]
    assert [word for word in words for prompt in prompts if f" {word} " in prompt] == []


def test_each_run_is_another_student() -> None:
    assert read_tale(TALE).body["studentTaskId"] != read_tale(TALE).body["studentTaskId"]


def test_a_tale_of_ones_own_keeps_its_ids(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"studentTaskId": 7, "fairytaleId": 8, "characters": []}))
    tale = read_tale(file)
    assert (tale.title, tale.story) == ("own", "")
    assert tale.body == {"studentTaskId": 7, "fairytaleId": 8, "characters": []}


@pytest.mark.parametrize(("content", "words"), [("{", "is not JSON"), ("[]", "no JSON object")])
def test_a_file_that_is_no_tale(content: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text(content)
    with pytest.raises(DemoError, match=words):
        read_tale(file)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="cannot be read: No such file"):
        read_tale(tmp_path / "none.json")


def test_a_drawing_takes_the_place_of_the_main_characters_words(tmp_path: Path) -> None:
    file = tmp_path / "mina.jpg"
    file.write_bytes(b"a drawing")

    body = with_drawing(read_tale(TALE), file).body

    assert body["sketchImage"] == "data:image/jpeg;base64,YSBkcmF3aW5n"
    assert ["prompt" in character for character in body["characters"]] == [False, True, True]
    assert GenerateModel.model_validate(body).sketch_image is not None


def test_a_drawing_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="cannot be read: No such file"):
        with_drawing(read_tale(TALE), tmp_path / "none.png")


# --- file names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Mina", "01-mina"),
        ("Ember the fox", "01-ember-the-fox"),
        ("미나와 여우", "01-미나와-여우"),
        ("Łukasz / Ösp", "01-łukasz-ösp"),
        ("हिन्दी", "01-हिन्दी"),
        ("../../etc/passwd", "01-etc-passwd"),
        ("CON", "01-con"),
        ("a\x00b\nc‮d", "01-a-b-c-d"),
        ("🦊", "01-character"),
        ("  ", "01-character"),
    ],
)
def test_file_names(name: str, stem: str) -> None:
    assert file_stem(1, name, "character") == stem


@given(st.text(max_size=120))
def test_every_name_makes_a_safe_file(name: str) -> None:
    stem = file_stem(7, name, "background")
    assert stem.startswith("07-")
    assert len(stem) > 3
    assert len(stem.encode()) <= 90
    assert not set(stem) & set('/\\:*?"<>|.\0\n')
    assert Path(stem).name == stem


# --- from start to end ----------------------------------------------------------------------------


A_PICTURE = PNG.getvalue()


class FakeStack:
    """A stack that is there at once."""

    functions_url, proxy, started_in = "http://functions", object(), 1.5

    def __init__(self, options: Any, dead: LocalStackError | None, trouble: str | None) -> None:
        self.options, self.dead, self.trouble = options, dead, trouble

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def check(self) -> None:
        if self.dead:
            raise self.dead

    def proxy_trouble(self) -> str | None:
        return self.trouble


class FakeClient(Client):
    """Tells a book's states from a list."""

    def __init__(
        self, url: str, books: Sequence[Book | BaseException], picture: bytes | ClientError
    ) -> None:
        super().__init__(url)
        self.books, self.picture = books, picture

    def generate(self, tale: Any, key: str) -> str:
        return "job"

    def watch(self, job_id: str, seconds: float) -> Iterator[Book]:
        for one in self.books:
            if isinstance(one, BaseException):
                raise one
            yield one

    def download(self, url: str) -> bytes:
        if isinstance(self.picture, ClientError):
            raise self.picture
        return self.picture


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the demo over some states of a book; answers its code, output and written files."""

    def run(
        *books: Book | BaseException,
        dead: LocalStackError | None = None,
        trouble: str | None = None,
        patience: float = 900.0,
        picture: bytes | ClientError = A_PICTURE,
    ) -> SimpleNamespace:
        parts: Any = demo_command.Parts(
            stack=lambda options: FakeStack(options, dead, trouble),  # type: ignore[arg-type, return-value]
            client=lambda url: FakeClient(url, books, picture),
            patience=patience,
        )
        code = demo.main(["--out", str(tmp_path)], parts)
        out, err = capsys.readouterr()
        files = {f.name: f for f in tmp_path.rglob("*") if f.is_file()}
        return SimpleNamespace(code=code, out=out, err=err, files=files)

    return run


def test_a_finished_book_is_saved(run: Any) -> None:
    done = book("succeeded", picture(1), picture(2), picture(3))
    result = run(book("running", picture(1, "painting"), picture(2), picture(3)), done)
    assert result.code == 0
    assert sorted(result.files) == [
        "01-mina-1.png",
        "02-mina-2.png",
        "03-mina-3.png",
        "contact-sheet.png",
    ]
    assert all(str(file) in result.out for file in result.files.values())
    assert "The book is finished: 3 pictures in " in result.out
    assert result.err == ""
    with Image.open(result.files["contact-sheet.png"]) as sheet:
        assert sheet.width == 1600


def test_what_there_is_of_a_partial_book_is_saved(run: Any) -> None:
    result = run(book("partially_succeeded", picture(1), picture(2, "failed"), picture(3)))
    assert result.code == 1
    assert sorted(result.files) == ["01-mina-1.png", "03-mina-3.png", "contact-sheet.png"]
    assert "The book is not complete: 2 of 3 pictures in " in result.out
    assert "Mina 2: The picture was refused." in result.out


def test_a_book_without_pictures_leaves_no_folder(run: Any, tmp_path: Path) -> None:
    result = run(book("failed", picture(1, "failed")))
    assert result.code == 1
    assert "The book failed: 0 of 1 pictures" in result.out
    assert os.listdir(tmp_path) == []


def test_two_runs_in_a_second_do_not_mix(run: Any, tmp_path: Path) -> None:
    done = book("succeeded", picture(1))
    assert (run(done).code, run(done).code) == (0, 0)
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (Unreachable("It does not answer."), 1, "The demo failed: It does not answer."),
        (LocalStackError("The proxy ended with exit code 1."), 2, "The proxy ended"),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_what_goes_wrong_is_said_without_a_traceback(
    error: BaseException, code: int, text: str, run: Any
) -> None:
    result = run(book("running", picture(1, "painting")), error)
    assert result.code == code
    assert text in result.err
    assert "Traceback" not in result.err + result.out


def test_a_proxy_that_does_not_answer_is_not_waited_for(run: Any) -> None:
    result = run(book("queued", picture(1, "queued")), trouble="No proxy answers.")
    assert (result.code, result.err, result.files) == (2, "No proxy answers.\n", {})


def test_a_part_that_died_says_more_than_the_call_that_failed(run: Any) -> None:
    result = run(Unreachable("It does not answer."), dead=LocalStackError("The functions ended."))
    assert (result.code, result.err.strip()) == (2, "The functions ended.")


def test_a_picture_that_cannot_be_fetched(run: Any) -> None:
    broken = NoPicture("http://bucket/1 gave no picture: HTTP 404.")
    result = run(book("succeeded", picture(1)), picture=broken)
    assert result.code == 1
    assert "gave no picture: HTTP 404" in result.err


def test_a_picture_that_is_none(run: Any) -> None:
    result = run(book("succeeded", picture(1)), picture=b"<html>")
    assert (result.code, "is no picture" in result.err) == (1, True)


def test_patience_ends(run: Any) -> None:
    result = run(book("running", picture(1, "painting")), patience=-1.0)
    assert result.code == 1
    assert "not completed within" in result.err


def test_errors_of_the_client_are_of_one_kind() -> None:
    assert issubclass(Unreachable, ClientError)


@pytest.mark.parametrize("arguments", [["--speed", "0"], ["--speed", "fast"], ["--no"]])
def test_bad_options_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        demo.main(arguments)
    assert ended.value.code == 2
