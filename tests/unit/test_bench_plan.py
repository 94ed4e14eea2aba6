"""The arithmetic of the ideal time, and what is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.bench.plan import (
    Plan,
    ideal_seconds,
    mark_in,
    marks,
    schedule_seconds,
    tale,
)


def plan(books: int, pictures: int, *, speed: float = 10.0, slots: int = 12) -> Plan:
    return Plan(name="x", books=books, pictures=pictures, speed=speed, slots=slots)


PLANS = st.builds(
    Plan,
    name=st.just("x"),
    books=st.integers(1, 40),
    pictures=st.integers(1, 20),
    speed=st.just(10.0),
    slots=st.integers(1, 30),
)


def test_a_picture_takes_an_imagine_and_an_upscale() -> None:
    assert (plan(1, 6).imagine, plan(1, 6).upscale, plan(1, 6).painting) == (6.0, 1.0, 7.0)


@pytest.mark.parametrize(
    ("books", "pictures", "slots", "seconds"),
    [
        pytest.param(1, 6, 12, 14.0, id="one book: reference, then members at once"),
        pytest.param(1, 1, 12, 7.0, id="a main character alone"),
        pytest.param(10, 6, 12, 35.0, id="many books: 60 x 7 / 12"),
        pytest.param(1, 6, 2, 21.0, id="few slots: 6 x 7 / 2"),
        pytest.param(2, 6, 12, 14.0, id="two books fit beside each other"),
    ],
)
def test_ideal(books: int, pictures: int, slots: int, seconds: float) -> None:
    assert ideal_seconds(plan(books, pictures, slots=slots)) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("books", "pictures", "slots", "seconds"),
    [
        pytest.param(1, 6, 12, 14.0, id="one book"),
        pytest.param(1, 1, 12, 7.0, id="a main character alone"),
        pytest.param(10, 6, 12, 42.0, id="10 references, then 50 members in 5 waves"),
        pytest.param(1, 14, 12, 21.0, id="13 members need two waves"),
        pytest.param(1, 3, 1, 21.0, id="one slot: one after the other"),
        pytest.param(13, 2, 12, 21.0, id="the 13th reference waits, members fill the gaps"),
    ],
)
def test_schedule(books: int, pictures: int, slots: int, seconds: float) -> None:
    assert schedule_seconds(plan(books, pictures, slots=slots)) == pytest.approx(seconds)


@given(PLANS)
def test_no_schedule_beats_the_ideal(some: Plan) -> None:
    assert schedule_seconds(some) >= ideal_seconds(some) - 1e-9


@given(PLANS)
def test_the_schedule_is_never_more_than_twice_the_bounds_together(some: Plan) -> None:
    path = some.painting * 2
    assert schedule_seconds(some) <= some.work / some.slots + path + 1e-9


@given(PLANS)
def test_each_picture_has_a_mark_of_its_own(some: Plan) -> None:
    tales = [tale(some, book) for book in range(some.books)]
    prompts = [p["prompt"] for t in tales for p in t["characters"] + t["backgrounds"]]
    assert {mark_in(prompt) for prompt in prompts} == marks(some)
    assert len(prompts) == len(marks(some)) == some.total


@pytest.mark.parametrize("pictures", [1, 2, 6, 20])
def test_a_tale_has_one_main_character(pictures: int) -> None:
    characters = tale(plan(1, pictures), 0)["characters"]
    assert [character["isMain"] for character in characters].count(True) == 1


def test_books_are_of_different_students() -> None:
    assert tale(plan(2, 1), 0)["studentTaskId"] != tale(plan(2, 1), 1)["studentTaskId"]


def test_a_prompt_without_mark() -> None:
    assert mark_in("a fox, soft watercolor --ar 3:4") is None
