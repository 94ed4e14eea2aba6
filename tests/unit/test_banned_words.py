"""Words that the proxy refuses: mended where a gentle one is known, else named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.proxy.banned import banned_words, find_banned_word
from shared.domain.prompts import PromptRules, banned_in, clean, wording
from shared.domain.prompts.wording import harmless, occurrences
from shared.prompt_file import read_prompt_rules

RULES = read_prompt_rules()
SIMULATED = read_prompt_rules(
    banned_words_file=Path(__file__).parents[2] / "infra/local/proxy/banned-words.txt"
)

MENDED = {
    "a Thick forest with thick trees": "a Dense forest with dense trees",
    "bare feet and a bare wall": "feet without shoes and a plain wall",
    "THICK FUR": "Fluffy fur",
    "the slave was killed in jail": "the servant was defeated in tower room",
    "a witch with warts": "a witch with bumps",
    "a dead body, a dead tree, a dead king": "a sleeping figure, a leafless tree, a sleeping king",
    "the ass, the cat and the rooster": "the donkey, the cat and the rooster",
    "a see-through ghost": "a clear ghost",
    "thick -- -- forest": "dense forest",
    "thick\nforest": "dense forest",
    "t\u200bhick": "dense",
    "thick-skinned": "dense-skinned",
    "infected\u0301": "il\u013a",
}

KEPT = [
    "a thicket", "barely", "killer whale", "assassin", "class", "a skilled bear", "woundwort",
    "thick소녀", "thick_ness", "crackers", "full body", "soft body",
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), MENDED.items())
def test_common_words_are_gently_mended(text, words):
    assert wording(text, RULES) == words
    assert banned_in(text, RULES) == ()


@pytest.mark.parametrize("text", KEPT)
def test_other_words_are_left_alone(text):
    assert wording(text, RULES) == text
    assert banned_in(text, RULES) == ()


@pytest.mark.parametrize(
    ("text", "banned"),
    [
        ("a Naked king", ("Naked",)),
        ("naked, NAKED and sexy", ("NAKED", "sexy")),
        ("a thick, naked giant", ("naked",)),
        ("Without  Clothes, on", ("Without Clothes",)),
        ("İİ naked İ", ("naked",)),
        ("na\u00adked", ("naked",)),
        ("ｎａｋｅｄ", ("naked",)),
        ("a fox", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_what_can_not_be_mended_is_named_as_it_is_written(text, banned):
    assert set(banned_in(text, RULES)) == set(banned)


def test_a_hyphen_can_be_part_of_a_banned_word():
    rules = PromptRules(banned=("-edge", "see-through"))

    assert banned_in("a razor-edge and a See-Through veil, on edge", rules) == (
        "-edge",
        "See-Through",
    )


def test_the_list_has_all_that_the_contract_and_the_simulated_proxy_name():
    contract = """thick bare slave kill bloody crack petite wound guts jail arrest warts corpse
        torture bathing naked pleasure vein ass bra"""

    assert set(contract.split()) <= set(RULES.banned)
    assert set(banned_words()) <= set(RULES.banned)
    assert set(SIMULATED.banned) == set(banned_words())


pieces = st.sampled_from([*RULES.banned, *dict(RULES.gentle)]) | st.sampled_from([
    " ", " ", " ", "-", "--", ", ", ".", "_", "İ", "ſ", "K", "é", "\u0301", "소녀", "\u200d", "S",
    "without", "clothes", "body", "dead", "a",
])  # fmt: skip
texts = st.lists(pieces, max_size=10).map("".join) | st.text()


@given(texts)
def test_the_words_are_refused_by_the_simulated_proxy_just_if_we_say_so(text):
    refused = find_banned_word(wording(text, SIMULATED))

    assert (refused is not None) == bool(banned_in(text, SIMULATED))


@given(texts)
def test_words_stay_as_they_are_once_they_are_mended(text):
    words = wording(text, RULES)

    assert wording(words, RULES) == words
    assert clean(words) == words


@given(texts)
def test_harmless_words_hold_nothing_banned(text):
    words = harmless(text, RULES)

    assert list(occurrences(RULES.banned, words)) == []
    assert words == wording(words, RULES)


@given(texts)
def test_a_word_is_found_where_it_stands(text):
    for start, end in occurrences(RULES.banned, text):
        assert text[start:end].lower() in RULES.banned
