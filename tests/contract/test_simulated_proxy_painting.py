"""The painter: pure functions of words, seed and reference colours."""

import io
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from infra.local.proxy.painting.brief import read_brief
from infra.local.proxy.painting.grid import Order, encode_png, paint, paint_partial, paint_quarter
from infra.local.proxy.painting.palette import choose_palette, dominant_colours
from infra.local.proxy.painting.vocabulary import ITEMS, PEOPLE, PLACES, SPECIES
from infra.local.proxy.prompt import parse_prompt

WORDS = sorted({*SPECIES, *PEOPLE, *ITEMS, *PLACES, "old", "red", "golden"})

FOX = Order(text="a red fox with a blue scarf", seed=7, side=128)


def difference(first: Image.Image, second: Image.Image) -> float:
    """Return the mean difference of two pictures, 0..255."""
    changed = ImageChops.difference(first, second)
    return sum(ImageStat.Stat(changed).mean) / 3


@pytest.mark.parametrize(
    "order",
    [
        FOX,
        replace(FOX, text="a princess with golden hair, a crown and a lantern"),
        replace(FOX, text="a castle on a hill at night", ratio=(16, 9)),
        replace(FOX, text="deep forest background", quarter=3),
    ],
)
def test_equal_orders_give_equal_pictures(order: Order) -> None:
    assert encode_png(paint(order)) == encode_png(paint(order))


def test_the_four_differ() -> None:
    four = [paint_quarter(FOX, quarter, (96, 96)) for quarter in (1, 2, 3, 4)]

    for index, first in enumerate(four):
        for second in four[index + 1 :]:
            assert difference(first, second) > 2


def test_a_quarter_is_the_same_composition_at_any_size() -> None:
    small = paint_quarter(FOX, 2, (64, 64))
    large = paint_quarter(FOX, 2, (256, 256)).resize((64, 64), Image.Resampling.BOX)

    assert difference(small, large) < 4


def test_partial_pictures_come_closer_to_the_final_one() -> None:
    final = paint(FOX)
    size = paint_partial(FOX, 0).size
    steps = [difference(paint_partial(FOX, p), final.resize(size)) for p in (0, 30, 60, 93)]

    assert steps == sorted(steps, reverse=True)


@pytest.mark.parametrize(
    ("ratio", "size"), [((1, 1), (128, 128)), ((16, 9), (128, 72)), ((2, 3), (86, 128))]
)
def test_the_longer_side_is_the_pictures_size(
    ratio: tuple[int, int], size: tuple[int, int]
) -> None:
    order = replace(FOX, ratio=ratio)

    assert paint(order).size == paint(replace(order, quarter=1)).size == size


@pytest.mark.parametrize(
    ("text", "kind", "species"),
    [
        ("a red fox", "figure", "fox"),
        ("full body of a small green dragon, plain white background", "figure", "dragon"),
        ("a brave girl with a red hood", "figure", "person"),
        ("a girl with her little rabbit", "figure", "person"),
        ("the three bears", "figure", "bear"),
        ("빨간 여우", "figure", "fox"),
        ("a castle on a hill at night", "landscape", "person"),
        ("forest background for a fox", "landscape", "fox"),
        ("an empty scene, the sea, no people", "landscape", "person"),
        ("숲속 마을 풍경", "landscape", "person"),
        ("a girl, full body, one single figure, on a plain pastel background", "figure", "person"),
        ("a fox on a plain pastel blue background", "figure", "fox"),
        ("a fox, plain pale green background, no people, characters, text", "figure", "fox"),
        ("a fox with no text and without any other characters", "figure", "fox"),
        ("a castle of a princess, no people, characters, text", "landscape", "person"),
        ("the bear's house, wide empty scene, landscape without people", "landscape", "person"),
    ],
)
def test_the_words_decide_between_figure_and_landscape(text: str, kind: str, species: str) -> None:
    brief = read_brief(text)

    assert brief.kind == kind
    if kind == "figure":
        assert brief.species == species


def test_colours_and_things_are_read_with_their_parts() -> None:
    brief = read_brief("a princess with golden hair, a blue dress, a crown and a red cape")

    assert {part for part, _ in brief.colours} == {"hair", "clothes", "cape"}
    assert {"crown", "cape"} <= brief.items
    assert read_brief("a black cat").colour("fur") == read_brief("black fur, a cat").colour("fur")


@pytest.mark.parametrize(
    ("words", "channel"),
    [("plain pastel blue", 2), ("plain pale green", 1), ("soft pink", 0)],
)
def test_a_plain_grounds_named_colour_is_painted(words: str, channel: int) -> None:
    def corner(ground: str) -> list[float]:
        order = replace(FOX, text=f"a fox on a {ground} background", quarter=1)
        return ImageStat.Stat(paint(order).crop((0, 0, 20, 20))).mean

    named = corner(words)
    assert named[channel] == max(named)
    assert named[channel] - min(named) > 6
    assert read_brief("a fox on a plain pastel background").ground is None


def test_a_named_colour_is_seen() -> None:
    def mean(colour: str) -> list[float]:
        order = replace(FOX, text=f"a {colour} dragon", quarter=1)
        return ImageStat.Stat(paint(order).crop((32, 32, 96, 110))).mean

    assert mean("red")[0] > mean("blue")[0] + 15
    assert mean("blue")[2] > mean("red")[2] + 15


def test_reference_colours_become_the_palette() -> None:
    references = ((180, 40, 60), (240, 220, 200), (60, 40, 50))
    palette = choose_palette(random.Random(1), references)

    assert palette.references == references
    red, green, blue = palette.main
    assert red > green + 60 > blue
    before, after = paint(FOX), paint(replace(FOX, references=((30, 60, 200), (90, 140, 220))))
    assert difference(before, after) > 6


def test_a_heros_own_picture_draws_colours_nearer_than_a_style_does() -> None:
    blue = ((40, 70, 210), (230, 235, 250))
    style, hero = (
        ImageStat.Stat(paint(replace(FOX, references=blue, likeness=likeness, quarter=1))).mean
        for likeness in (False, True)
    )

    assert hero[2] - hero[0] > style[2] - style[0] + 2


def test_dominant_colours_are_the_pictures_own() -> None:
    picture = Image.new("RGB", (60, 60), (250, 250, 250))
    picture.paste((200, 30, 40), (0, 0, 60, 25))
    picture.paste((20, 60, 180), (0, 25, 60, 40))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")

    found = dominant_colours(buffer.getvalue())
    for expected in ((200, 30, 40), (20, 60, 180), (250, 250, 250)):
        assert any(sum(abs(a - b) for a, b in zip(c, expected, strict=True)) < 30 for c in found)


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_has_no_colours(content: bytes) -> None:
    with pytest.raises(ValueError, match="picture"):
        dominant_colours(content)


@settings(max_examples=60)
@given(
    text=st.text(max_size=80)
    | st.lists(
        st.sampled_from(WORDS),
        max_size=12,
    ).map(" ".join),
    seed=st.integers(0, 2**32 - 1),
    ratio=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_any_words_give_a_picture(text: str, seed: int, ratio: tuple[int, int]) -> None:
    order = Order(text=text, seed=seed, ratio=ratio, side=48)

    assert paint(replace(order, quarter=1)).size == order.size()


def test_a_prompt_is_taken_apart_as_midjourney_does() -> None:
    prompt = parse_prompt(
        "http://a.example/1.png <https://a.example/2.png> a red fox --ar 16:9 --no people, text "
        "--sref http://a.example/s.png::2 123 --seed 5 --seed 6 --aspect 3:2"
    )

    assert prompt.words == "a red fox"
    assert prompt.image_urls == ("http://a.example/1.png", "https://a.example/2.png")
    assert prompt.urls() == (*prompt.image_urls, "http://a.example/s.png")
    assert (prompt.ratio(), prompt.seed()) == ((3, 2), 6)
    assert prompt.parameter("no") == "people, text"


def test_the_style_of_a_picture_book_puts_no_book_into_anybodys_hand():
    bear = "a bear, children's picture book illustration"

    assert "book" not in read_brief(bear).items
    assert "book" in read_brief(f"a bear with a book, {bear}").items
