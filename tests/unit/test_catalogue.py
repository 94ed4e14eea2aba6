"""The options that a child can pick, and what is said about a choice that can't be."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.prompts import Catalogue, Category, Option
from shared.prompt_file import read_prompt_rules


def options(*names: str) -> tuple[Option, ...]:
    return tuple(Option(id=name, en=name, ko=name, prompt=f"{name} words") for name in names)


CATALOGUE = Catalogue(
    categories=(
        Category(id="hair", en="Hair", ko="머리", options=options("curly_hair", "long_hair")),
        Category(id="eyes", en="Eyes", ko="눈", options=options("blue_eyes")),
        Category(
            id="things", en="Things", ko="물건", exclusive=False, most=2,
            options=options("crown", "wand", "scarf"),
        ),
        Category(
            id="marks", en="Marks", ko="점", exclusive=False, options=options("star", "heart")
        ),
    )
)  # fmt: skip


def told(*option_ids: str) -> list[tuple[int, str, str]]:
    return [(fault.index, fault.code, fault.detail) for fault in CATALOGUE.faults(option_ids)]


def test_a_fair_choice_has_no_faults():
    assert told() == []
    assert told("wand", "curly_hair", "crown", "blue_eyes", "star", "heart") == []


def test_an_unknown_option_is_named_with_the_one_that_was_probably_meant():
    assert told("blue_eyes", "curly_har") == [
        (
            1,
            "unknown_option",
            'There is no option "curly_har". Did you mean curly_hair? The styles list all ids.',
        )
    ]


@pytest.mark.parametrize("meant", ["Curly-Hair", "curly hair", " CURLY_HAIR ", "curlyhair"])
def test_an_option_that_is_written_another_way_is_recognised(meant):
    assert "Did you mean curly_hair?" in told(meant)[0][2]


@pytest.mark.parametrize("stranger", ["", "dragon", "x" * 10_000, "소녀"])
def test_a_stranger_gets_no_hint_and_is_not_told_in_full(stranger):
    ((_, code, detail),) = told(stranger)

    assert code == "unknown_option"
    assert "mean" not in detail
    assert len(detail) < 120


def test_two_of_an_exclusive_category_conflict():
    assert told("long_hair", "blue_eyes", "curly_hair") == [
        (
            2,
            "conflicting_options",
            "long_hair and curly_hair are both of hair, of which one can be chosen. "
            "Leave one of the two out.",
        )
    ]


def test_one_more_than_a_category_allows_conflicts():
    assert told("crown", "wand", "scarf") == [
        (
            2,
            "conflicting_options",
            "scarf is one too many of things, of which 2 can be chosen. "
            "Leave it out, or one of crown, wand.",
        )
    ]


def test_the_same_option_twice_is_a_repetition_and_no_conflict():
    assert told("curly_hair", "curly_hair") == [
        (
            1,
            "repeated_option",
            "The option curly_hair is chosen twice. Leave one of the two out.",
        )
    ]


def test_every_fault_is_told_in_the_order_of_the_choice():
    faults = told("nobody", "crown", "long_hair", "crown", "curly_hair")

    assert [fault[:2] for fault in faults] == [
        (0, "unknown_option"),
        (3, "repeated_option"),
        (4, "conflicting_options"),
    ]


def test_words_come_in_the_catalogues_order():
    assert CATALOGUE.words(("crown", "blue_eyes", "gone", "long_hair")) == (
        "long_hair words, blue_eyes words, crown words"
    )
    assert CATALOGUE.words(()) == ""


def test_an_empty_catalogue_knows_nothing():
    assert Catalogue().faults(["crown"])[0].code == "unknown_option"
    assert Catalogue().words(["crown"]) == ""


REAL = read_prompt_rules().catalogue
IDS = [option.id for category in REAL.categories for option in category.options]


def test_the_catalogue_has_what_a_child_picks_for_a_hero():
    assert {category.id for category in REAL.categories} == {
        "hair_style", "hair_colour", "face", "skin", "eyes", "clothes", "age", "body",
        "accessory", "mood",
    }  # fmt: skip
    for category in REAL.categories:
        few, many = (12, 16) if category.id in {"clothes", "accessory"} else (6, 10)
        assert few <= len(category.options) <= many, category.id
        assert category.limit == (3 if category.id == "accessory" else 1)


def test_labels_and_words_differ_within_a_category():
    for category in REAL.categories:
        for field in ("en", "ko", "prompt"):
            said = [getattr(option, field) for option in category.options]
            assert len(set(said)) == len(said), (category.id, field)


def test_labels_are_in_their_language():
    for category in REAL.categories:
        for thing in (category, *category.options):
            assert thing.en.isascii()
            assert not re.search("[a-zA-Z]", thing.ko.replace("T", ""))


@given(st.lists(st.sampled_from(IDS) | st.text(max_size=50), max_size=12))
def test_what_is_left_after_the_faults_is_a_fair_choice(chosen):
    faulty = {fault.index for fault in REAL.faults(chosen)}

    kept = [option_id for index, option_id in enumerate(chosen) if index not in faulty]

    assert REAL.faults(kept) == []
    assert REAL.words(kept).count(",") >= len(kept) - 1
