"""The final prompts: a table that a person can read and agree to (`prompts.expected.txt`)."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.proxy.prompt import parse_prompt, refusal
from shared.domain.image import Image, Kind, Role
from shared.domain.prompts import PromptRules, banned_in, build_prompt, seed_for
from shared.domain.prompts.wording import occurrences
from shared.prompt_file import read_prompt_rules
from tests.unit.images import QUEUED

MODELS = ["--v 6.1", "--v 7", "--v 8.1", "--niji 6", "--niji 7"]
HERO = "https://pictures.example/hero.png"
SEED = 1234567890

EXPECTED: dict[str, list[str]] = {}
for _line in (Path(__file__).parent / "prompts.expected.txt").read_text("utf-8").splitlines():
    if _heading := re.fullmatch(r"\[(.+)\]", _line):
        EXPECTED[_heading[1]] = []
    elif _line and not _line.startswith("#"):
        EXPECTED[[*EXPECTED][-1]].append(_line)

CHARACTER = replace(QUEUED, name="Minsu", prompt="", reference_url=HERO)
KINDS: dict[str, Image] = {
    "reference character": replace(CHARACTER, role=Role.REFERENCE, reference_url=None),
    "other character": CHARACTER,
    "same hero again": replace(CHARACTER, same_as_reference=True),
    "background": replace(CHARACTER, kind=Kind.BACKGROUND),
}
LOOKS = ("with_glasses", "clothes_raincoat", "eyes_green", "hair_red")


def pictured(image: Image, method: str) -> Image:
    """The image with what a child gave by one of the methods."""
    background = image.kind is Kind.BACKGROUND
    words = "a mossy forest behind the mill" if background else "a brave fox girl"
    seen = (
        "a crooked house under a purple moon --ar 16:9"
        if background
        else "a small dragon with three wings and a green hat --ar 3:4"
    )
    if "words" in method:
        image = replace(image, prompt=words)
    if "options" in method:
        image = replace(image, option_ids=LOOKS)
    if "drawing" in method:
        image = replace(image, drawing="drawings/1.png")
    if "described" in method:
        image = replace(image, described=seen)
    return image


def test_the_table_has_every_kind_method_and_model():
    methods = ["words", "drawing with words", "drawing described", "drawing alone"]
    looks = ["options", "options and words"]
    wanted = {f"{kind}: {method}" for kind in KINDS for method in methods}
    wanted |= {f"{kind}: {method}" for kind in KINDS if kind != "background" for method in looks}

    assert set(EXPECTED) == wanted
    with pytest.raises(Exception, match=f"one of {', '.join(MODELS)}"):
        read_prompt_rules("--v 99")


@pytest.mark.parametrize("heading", EXPECTED)
def test_the_prompts_are_those_that_were_agreed_to(heading):
    kind, method = heading.split(": ")
    image = pictured(KINDS[kind], method)

    prompts = [build_prompt(image, SEED, read_prompt_rules(model)) for model in MODELS]

    assert prompts == EXPECTED[heading]


@pytest.mark.parametrize("line", [line for lines in EXPECTED.values() for line in lines])
def test_midjourney_as_it_is_simulated_takes_them(line):
    rules = read_prompt_rules()

    assert refusal(parse_prompt(line)) is None
    assert list(occurrences(rules.banned, line)) == []


RULES = read_prompt_rules()


def test_a_childs_name_and_ids_never_go_out():
    prompt = build_prompt(pictured(CHARACTER, "options and words"), SEED, RULES)

    for private in ("Minsu", CHARACTER.owner_uid, CHARACTER.job_id, CHARACTER.image_id):
        assert private not in prompt


def test_a_reference_stands_after_nothing_even_if_it_is_painted_again():
    image = replace(KINDS["reference character"], reference_url=HERO, prompt="a fox")

    assert HERO not in build_prompt(image, SEED, RULES)


def test_a_picture_without_a_word_is_still_a_prompt():
    prompt = build_prompt(replace(CHARACTER, prompt=" -- ", reference_url=None), SEED, RULES)

    assert prompt == (
        "full body of one single figure, centered, plain pastel blue background, "
        "children's picture book illustration, soft watercolor "
        "--ar 3:4 --s 50 --seed 1234567890 --v 7"
    )


def test_the_end_of_a_sentence_joins_the_list():
    prompt = build_prompt(replace(CHARACTER, prompt="A fox. It laughs."), SEED, RULES)

    assert "figure, A fox. It laughs, centered" in prompt


def test_options_that_the_rules_no_longer_know_add_nothing():
    image = replace(CHARACTER, prompt="a fox", option_ids=("gone", "hair_red"))

    assert "a fox, ginger red hair, centered" in build_prompt(image, SEED, RULES)


def test_what_the_painter_sees_in_a_drawing_loses_its_banned_words():
    image = replace(
        CHARACTER, drawing="d.png", described="a naked baby bird in a thick bush — ar 3:4"
    )

    assert "figure, a baby bird in a dense bush, centered" in build_prompt(image, SEED, RULES)


def test_words_that_say_nothing_leave_it_to_the_drawing():
    image = replace(CHARACTER, prompt="... !?", drawing="d.png", described="a tall snail")

    assert "figure, a tall snail, centered" in build_prompt(image, SEED, RULES)


def test_without_a_drawing_nothing_described_is_used():
    image = replace(CHARACTER, described="left over from an earlier drawing")

    assert "left over" not in build_prompt(image, SEED, RULES)


def test_the_plainest_rules_make_a_prompt():
    image = replace(CHARACTER, prompt="a fox", reference_url=None)

    assert build_prompt(image, 7, PromptRules()) == "a fox --seed 7 --v 7"


def test_a_seed_is_the_same_whenever_it_is_asked_for_and_another_for_each_attempt():
    assert seed_for("one") == seed_for("one") != seed_for("two")
    assert 0 <= seed_for("one") < 2**32


hostile = st.lists(
    st.sampled_from([
        "--", "—", "−−", "－－", "-", "\u2010", "\u00ad", "\u200b", "v 5", "seed 1", "ar", "iw",
        "sref", "no", " ", "\n", "\u2028", "::", ":", "2", "{a,b}", "<@1>", "https://x/y", "//",
        "www.", "@", "everyone", "|", "\\", "`", "**", "소녀", "é", "\u0301", "\u202e", "\ufe0f",
        "\ud800", "thick", "naked", "İ", "bare", "...", ",", "。",
    ]),
    max_size=12,
).map("".join)  # fmt: skip
texts = hostile | st.text()
images = st.builds(
    lambda kind, **changes: replace(KINDS[kind], **changes),
    kind=st.sampled_from(list(KINDS)),
    prompt=texts,
    described=texts,
    drawing=st.none() | st.just("drawings/1.png"),
    option_ids=st.lists(st.sampled_from(LOOKS) | texts, max_size=3).map(tuple),
)


def test_the_readme_shows_prompts_as_they_are():
    root = Path(__file__).parents[2]
    shown = re.findall(r"^> `(.*)`$", (root / "README.md").read_text(), re.MULTILINE)

    assert len(shown) == 4
    assert set(shown) <= set((root / "tests/unit/prompts.expected.txt").read_text().splitlines())


@given(images, st.integers(0, 2**32 - 1), st.sampled_from(MODELS))
def test_a_prompt_has_exactly_our_own_parameters_whatever_is_said(image, seed, model):
    rules = read_prompt_rules(model)
    silent = replace(image, prompt="", described="", option_ids=())

    prompt = build_prompt(image, seed, rules)

    ours = build_prompt(silent, seed, rules)
    own = ours[ours.index(" --") :]
    assert prompt.endswith(own)
    assert own.endswith(f" --seed {seed} {model}")
    content = prompt.removesuffix(own)
    assert "--" not in content
    assert not re.search(r"(^|\s)[-—–−]", content)
    assert "://" not in content
    assert "::" not in content
    assert parse_prompt(prompt).parameters == parse_prompt(ours).parameters
    assert parse_prompt(prompt).image_urls == ()


@given(images, st.integers(0, 2**32 - 1))
def test_a_prompt_is_one_line_with_single_spaces_that_can_be_sent(image, seed):
    prompt = build_prompt(image, seed, RULES)

    assert prompt.splitlines() == [prompt]
    assert prompt == " ".join(prompt.split())
    assert prompt.encode().decode() == prompt


@given(images, st.integers(0, 2**32 - 1))
def test_a_prompt_without_banned_words_of_the_child_has_none_at_all(image, seed):
    prompt = build_prompt(image, seed, RULES)

    refused = [prompt[start:end] for start, end in occurrences(RULES.banned, prompt)]
    assert {word.lower() for word in refused} == {
        word.lower() for word in banned_in(image.prompt, RULES)
    }
