"""make-book's folder: which pictures are taken, and which folders."""

import os
from pathlib import Path

import pytest

from infra.local.client import NoPicture
from infra.local.make_book.endings import WrongUse
from infra.local.make_book.folder import Folder, check_writable, refuse_foreign
from tests.unit.made_books import FAILED, JOB, book, image, png


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
