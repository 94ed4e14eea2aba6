"""Whatever a child writes, in whatever script: no command is left in it, and no letter is lost."""

import sys
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain.prompts import PromptRules, clean, wording
from shared.domain.prompts.cleaning import _DASHES

TABLE = {
    # Parameters, with every kind of dash
    "a fox --ar 1:1 --v 5": "a fox ar 1:1 v 5",
    "a fox —ar 1:1 –v 5": "a fox ar 1:1 v 5",
    "a fox ——seed 1 ⸺seed 2 ⸻seed 3": "a fox seed 1 seed 2 seed 3",
    "a fox －－ar ﹣﹣ar −−ar ―ar ‒ar ﹘ar": "a fox ar ar ar ar ar ar",
    "a fox -\u200b-ar -\u00ad-ar - -ar": "a fox ar ar ar",
    "a fox\u2014ar 1:1": "a fox ar 1:1",
    "--": "",
    "- a list": "a list",
    # Hyphens inside words
    "a well-known T-shirt": "a well-known T-shirt",
    "e\u2010mail and e\u2011mail": "e-mail and e-mail",
    "re-\nread": "re read",
    "-5 degrees, 3-4 foxes": "5 degrees, 3-4 foxes",
    "בית־ספר": "בית־ספר",
    # One line, single spaces
    "a fox\r\nand\u2028a\u2029hen\tand\x00a\x85cow": "a fox and a hen and a cow",
    "  a\u00a0fox\u3000  runs ": "a fox runs",
    # Invisible characters
    "a\u202efox\u202c \u2066hen\u2069 \ufeffcow": "afox hen cow",
    "fairy\u00adtale": "fairytale",
    "half \ud83d a letter": "half a letter",
    "k\u200di\u200cll": "kill",
    # Joiners where the script needs them
    "می\u200cخواهم": "می\u200cخواهم",
    "क्\u200dष and ක්\u200dෂ": "क्\u200dष and ක්\u200dෂ",
    "می\u200c خ": "می خ",
    "می\u200c\u200c\u200dخ": "می\u200cخ",
    # Links, addresses and mentions
    "like https://x.com/a?b=--ar this": "like this",
    "ｈｔｔｐ：／／x.com and WWW.x.com/y": "and",
    "여기https://x.com/a 봐": "여기 봐",
    "s3://bucket/x discord.gg/abc": "",
    "h{ttp://x.com": "h",
    "softpaw: a cat": "softpaw: a cat",
    "write to kim@school.kr please": "write to please",
    "<@123> <@!123> <@&1> <#5> a fox": "a fox",
    "@everyone and @here see @minsu run": "and see run",
    "a fox <:fox:123456> <a:hop:1> <t:1:R>": "a fox",
    "<3 foxes, 5 > 4": "3 foxes, 5 4",
    # Markup
    "fox::2 hen::-1 cow": "fox 2 hen 1 cow",
    "fox：：2": "fox 2",
    "a {red, blue} fox [x] <y> `z` ||s|| **b** \\n": "a red, blue fox x y z s b n",
    "a fox: red": "a fox: red",
    # Scripts are kept whole
    "빨간 모자를 쓴 소녀": "빨간 모자를 쓴 소녀",
    "\u1109\u1169\u1102\u1167": "소녀",
    "ラーメンとｶﾞﾗｽ": "ラーメンとガラス",
    "สวัสดีชาวโลก": "สวัสดีชาวโลก",
    "नमस्ते दुनिया": "नमस्ते दुनिया",
    "e\u0301te\u0301": "été",
    "🦊 and ❤️": "🦊 and ❤️",
    "½ of ①": "1⁄2 of 1",
}


@pytest.mark.parametrize(("text", "cleaned"), TABLE.items(), ids=ascii)
def test_words_are_cleaned(text, cleaned):
    assert clean(text) == cleaned


def test_every_dash_of_unicode_is_known():
    dashes = {chr(c) for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) == "Pd"}

    assert {dash for dash in dashes if not _DASHES.fullmatch(dash)} == set()


def test_what_looks_like_a_dash_and_is_a_letter_is_kept():
    assert clean("ーㅡ一 ラ-メン") == "ーᅳ一 ラ-メン"


pieces = st.sampled_from([
    "-", "--", "—", "\u2010", "\u2011", "\u00ad", "\u200b", "\u200c", "\u200d", "\ufe0f", "\u0301",
    " ", "\n", "\u2028", "\u3000", ":", "::", "：", "/", "//", "http", "www.", "@", "everyone", "<",
    ">", "<@1>", "<:a:1>", "{", "}", "|", "*", "a", "B", "7", "é", "소", "ㅡ", "ー", "م", "क", "्",
    "\ud800", "\ue000", "İ", "🦊", ".", ",",
])  # fmt: skip
texts = st.text() | st.text(st.characters()) | st.lists(pieces, max_size=15).map("".join)


@given(texts)
def test_cleaned_words_hold_no_parameter_link_or_markup(text):
    cleaned = clean(text)

    assert "--" not in cleaned
    assert not any(word.startswith("-") or word.endswith("-") for word in cleaned.split())
    assert not any(dash in cleaned for dash in "‒–—―−⸺⸻﹘﹣－")
    assert "::" not in cleaned
    assert "://" not in cleaned
    assert not set("{}<>[]`|\\@*") & set(cleaned)


@given(texts)
def test_cleaned_words_are_one_line_with_single_spaces(text):
    cleaned = clean(text)

    assert cleaned == " ".join(cleaned.split())
    assert len(cleaned.splitlines()) <= 1
    assert cleaned.encode().decode() == cleaned


@given(texts)
def test_cleaning_twice_changes_nothing(text):
    assert clean(clean(text)) == clean(text)


def letters(text: str) -> list[str]:
    """The letters, marks and digits of a text, taken apart: composing makes no difference."""
    normal = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    return sorted(letter for letter in normal if unicodedata.category(letter)[0] in "LMN")


@given(texts)
def test_no_letter_of_any_script_is_lost(text):
    """But for those of links and mentions, which take one of these characters."""
    seen = unicodedata.normalize("NFKC", text)
    assume(not set("@</") & set(seen))
    assume("www" not in "".join(letters(seen.lower())))

    assert letters(clean(text)) == letters(text)


@given(st.integers(0, sys.maxunicode))
def test_every_letter_survives_among_others(code):
    letter = unicodedata.normalize("NFKC", chr(code))
    assume(all(unicodedata.category(part)[0] in "LMN" for part in letter))

    assert clean(f"x{chr(code)}x") == unicodedata.normalize("NFKC", f"x{chr(code)}x")


SHORT = PromptRules(most_characters=12)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("a fox and a hen", "a fox and a"),
        ("a fox and an", "a fox and an"),
        ("a fox and one", "a fox and"),
        ("abcdefghijklmnop", "abcdefghijkl"),
        ("a b cdefghijklmnopqrst u", "a b cdefghij"),
        ("well-known-and-loved", "well-known-a"),
        ("once-upon-a-time", "once-upon-a"),
        ("abcdefghijkm\u0323\u0308nop", "abcdefghijk"),
    ],
)  # fmt: skip
def test_long_words_are_cut_at_the_end_of_a_word(text, cut):
    assert wording(text, SHORT) == cut


@given(texts, st.integers(1, 30))
def test_what_is_cut_is_a_beginning_in_whole_words(text, most):
    whole = wording(text, PromptRules(most_characters=10**6))

    cut = wording(text, PromptRules(most_characters=most))

    assert len(cut) <= most
    assert whole.startswith(cut)
    assert clean(cut) == cut
    rest = whole[len(cut) :].lstrip("-")
    inside = bool(rest) and not rest.startswith(" ") and bool(cut)
    word = len(whole[: len(cut)].rsplit(" ", 1)[-1]) + len(rest.split(" ")[0])
    assert not inside or word >= most
