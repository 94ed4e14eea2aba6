"""make-book's tale: what is read, what is sent, what is wrong with a file."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from functions.api.requests import GenerateModel
from infra.local.demo.command import TALE as DEMO_TALE
from infra.local.make_book.endings import WrongUse
from infra.local.make_book.tale import MOST_DRAWING_BYTES, read_tale
from tests.unit.made_books import ROOT, png


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
