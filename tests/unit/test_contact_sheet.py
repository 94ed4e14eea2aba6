"""The contact sheet: where the pictures go, and that each of them is to be seen."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from infra.local.demo import contact_sheet as sheets
from infra.local.demo.contact_sheet import (
    GAP,
    MARGIN,
    WIDTH,
    Card,
    arrange,
    contact_sheet,
    split_rows,
)

ASPECTS = st.lists(st.floats(0.5, 2.0), min_size=1, max_size=20)


def card(width: int, height: int, colour: str = "red", name: str = "Mina") -> Card:
    return Card(picture=Image.new("RGB", (width, height), colour), name=name, about="character")


def count_colour(sheet: Image.Image, colour: tuple[int, int, int]) -> int:
    found = {pixel: count for count, pixel in sheet.getcolors(1 << 24) or []}
    return found.get(colour, 0)


# --- rows -----------------------------------------------------------------------------------------


def test_no_pictures_make_no_row() -> None:
    assert split_rows([]) == []


def test_three_figures_share_a_row() -> None:
    assert split_rows([0.75, 0.75, 0.75]) == [[0.75, 0.75, 0.75]]


def test_rows_have_about_the_same_number_of_pictures() -> None:
    rows = split_rows([1.78] * 5)
    assert sorted(len(row) for row in rows) == [1, 2, 2]


@given(ASPECTS)
def test_rows_keep_every_picture_in_order(aspects: list[float]) -> None:
    rows = split_rows(aspects)
    assert [aspect for row in rows for aspect in row] == aspects
    assert all(rows)


@given(st.lists(ASPECTS, min_size=1, max_size=4))
def test_pictures_lie_inside_the_margins_and_apart(groups: list[list[float]]) -> None:
    rows = [row for group in groups for row in split_rows(group)]
    places, height = arrange(rows)
    for place in places:
        assert place.left >= MARGIN - len(places)  # rounding to whole pixels
        assert place.left + place.width <= WIDTH - MARGIN + len(places)
        assert place.top > MARGIN
        assert place.top + place.height < height - MARGIN
    for before, after in itertools.pairwise(places):
        if before.top == after.top:
            assert after.left - (before.left + before.width) == GAP
        else:
            assert after.top >= before.top + before.height + GAP


def test_a_single_tall_picture_is_not_blown_up_to_the_whole_width() -> None:
    [place], _ = arrange([[0.5]])
    assert place.height <= 640
    assert place.left + place.width / 2 == pytest.approx(WIDTH / 2, abs=1)


# --- the sheet ------------------------------------------------------------------------------------


def test_the_sheet_shows_each_picture() -> None:
    groups = [[card(300, 400, "red"), card(300, 400, "blue")], [card(320, 180, "lime")]]
    sheet = contact_sheet("A tale", groups, "3 pictures")
    assert sheet.width == WIDTH
    for colour in ((255, 0, 0), (0, 0, 255), (0, 255, 0)):
        assert count_colour(sheet, colour) > 100_000


def test_transparency_shows_the_paper_below() -> None:
    clear = Card(picture=Image.new("RGBA", (300, 400), (255, 0, 0, 0)), name="Mina", about="x")
    sheet = contact_sheet("A tale", [[clear]], "")
    assert count_colour(sheet, (255, 0, 0)) == 0


def test_a_panorama_is_boxed_not_cut() -> None:
    sheet = contact_sheet("A tale", [[card(1000, 100, "red"), card(300, 400, "blue")]], "")
    assert count_colour(sheet, (255, 0, 0)) > 10_000


def test_twenty_pictures_fit() -> None:
    sheet = contact_sheet("A tale", [[card(30, 40) for _ in range(20)]], "")
    assert sheet.height > 5 * 300


# --- captions -------------------------------------------------------------------------------------


def test_text_is_put_on_one_line() -> None:
    assert sheets.readable(" Mina\n the  brave ", "x") == "Mina the brave"


@pytest.mark.parametrize("text", ["", " \n ", "\U0010fffe"])
def test_what_cannot_be_read_is_replaced(text: str) -> None:
    assert sheets.readable(text, "main character") == "main character"


def test_letters_with_accents_are_covered_by_the_own_font() -> None:
    assert sheets.readable("Zoë & Jürgen", "x") == "Zoë & Jürgen"


def test_a_very_long_name_stays_below_its_picture() -> None:
    plain = contact_sheet("A tale", [[card(300, 400, name="x")]], "")
    wordy = contact_sheet("A tale", [[card(300, 400, name="wordy " * 40)]], "")
    [place], _ = arrange([[0.75]])
    left, right = (0, 0, place.left - 40, wordy.height), (place.left + place.width + 40, 0)
    assert wordy.crop(left).tobytes() == plain.crop(left).tobytes()
    rest = (*right, WIDTH, wordy.height)
    assert wordy.crop(rest).tobytes() == plain.crop(rest).tobytes()
