"""The file of configuration: what it gives, and how it is refused if it could not work."""

import re
import tomllib

import pytest

from shared.domain.prompts import KindRules, Model
from shared.prompt_file import FILE, PromptFileError, read_prompt_rules

TEXT = FILE.read_text("utf-8")


@pytest.fixture
def refused(tmp_path):
    """What is said about the file after some text in it is replaced by another."""

    def message(old: str, new: str) -> str:
        assert TEXT.count(old) >= 1, old
        file = tmp_path / "prompts.toml"
        file.write_text(TEXT.replace(old, new, 1), "utf-8")
        with pytest.raises(PromptFileError) as error:
            read_prompt_rules(file=file)
        assert str(error.value).startswith(f"{file}: ")
        assert str(error.value).endswith(".")
        return str(error.value).removeprefix(f"{file}: ")

    return message


def test_it_gives_the_rules_of_the_model_that_is_chosen():
    rules = read_prompt_rules("--niji 6")

    assert re.fullmatch(r"\d{4}-\d\d-\d\d\.\d+", rules.version)
    assert rules.model == Model(
        flag="--niji 6",
        knows_no=True,
        image_weight=2,
        same_hero="--cref {url} --cw 100 --sref {url} --sw 150",
        character="--sref {url} --sw 150",
        background="--sref {url} --sw 150",
    )
    assert rules.background == KindRules(
        lead="wide empty scene",
        frame="landscape without people",
        drawing="the place of the drawing, with the same shapes and the same colors",
        parameters="--ar 16:9 --s 50",
        leave_out="people, characters, text",
    )
    assert rules.character.leave_out == ""
    assert ("thick forest", "dense forest") in rules.gentle
    assert "jail" in rules.banned


def test_version_7_is_the_default():
    assert read_prompt_rules().model.flag == "--v 7"


def test_it_is_read_once():
    assert read_prompt_rules("--v 7") is read_prompt_rules("--v 7")


def test_rules_can_be_compared_and_kept_in_sets():
    assert len({read_prompt_rules("--v 7"), read_prompt_rules("--v 6.1")}) == 2


def test_the_file_begins_with_its_version():
    assert next(iter(tomllib.loads(TEXT))) == "version"


def test_an_unknown_model_is_told_the_known_ones():
    with pytest.raises(PromptFileError) as error:
        read_prompt_rules("--v 5")

    assert str(error.value) == (
        f"{FILE}: models: '--v 5' should be one of --v 6.1, --v 7, --v 8.1, --niji 6, --niji 7."
    )


FIRST_OPTION = 'id = "age_three", en = "Toddler", ko = "아기", prompt = "about three years of age"'
CLEAR = "should be plain words on one line"

FAULTS = {
    # What stands there -> what is put in its place -> what is said
    "a version that is none": ('version = "2', 'version = "v2', "version: should be a date and"),
    "no style": ("style = ", "stile = ", "style: is missing"),
    "an unknown key": ("style = ", "stile = ", "stile: is not a key that there is"),
    "a parameter in the style": ("soft watercolor", "soft --v 5", f"style: {CLEAR}"),
    "a comma at the end": ("soft watercolor", "soft,", f"style: {CLEAR}"),
    "an empty lead": ('lead = "wide empty scene"', 'lead = ""', "kinds.background.lead: "),
    "a banned word in the style": (
        "soft watercolor",
        "thick watercolor",
        "style: should be other words, the proxy refuses 'thick'",
    ),
    "a banned word of an option": (
        'prompt = "tall"',
        'prompt = "tall and Bare"',
        "categories.body.body_tall.prompt: should be other words, the proxy refuses 'Bare'",
    ),
    "a number for a text": (
        'en = "Toddler"',
        "en = 3",
        "categories.age.options.age_three.en: should be a valid string",
    ),
    "no Korean": ('ko = "아기"', 'ko = "baby"', "options.age_three.ko: should be Korean"),
    "no label": (', ko = "아기"', "", "categories.age.options.age_three.ko: is missing"),
    "an id that is none": ('"age_three"', '"Age 3"', "id: should be of small letters, digits"),
    "an id twice": (
        '"age_three"',
        '"age_six"',
        "categories: each id should be there once, not age_six",
    ),
    "a limit of an exclusive category": (
        "exclusive = false\nmost",
        "exclusive = true\nmost",
        "categories.accessory: should have exclusive = false if it has a most",
    ),
    "an option too much": (FIRST_OPTION, FIRST_OPTION + ", price = 3", "price: is not a key"),
    "a dash for a parameter": ("--ar 3:4", "—ar 3:4", "kinds.character.parameters: should be"),
    "a parameter without value": ("--ar 3:4 --s 50", "--ar 3:4 --s", "parameters: should be"),
    "our own parameter": ("--s 50", "--seed 50", "should not have --seed, which is written by"),
    "a parameter twice": ("--ar 3:4 --s 50", "--s 3 --s 50", "should not have a parameter twice"),
    "a reference for all": ("--s 50", "--sref {url}", "should not have {url}"),
    "a reference without url": (
        "--oref {url}",
        "--oref url --sref url",
        "models.--v 7.same_hero: should",
    ),
    "a weight out of range": ("image_weight = 2", "image_weight = 4", "models.--v 6.1.image_wei"),
    "a flag that is none": ('"--niji 6"', '"niji 6"', "models.niji 6: should be as --v 7 or"),
    "a gentle word that is banned": (
        '"jail" = "tower room"',
        '"jail" = "prison cell"',
        "gentle.'jail': should be other words, the proxy refuses 'prison'",
    ),
    "a gentle word that is mended again": (
        '"corpse" = "sleeping figure"',
        '"corpse" = "dead figure"',
        "gentle.'corpse': should not hold a word that is itself mended",
    ),
    "no TOML": ("[gentle]", "[gentle", "should be TOML: "),
}


@pytest.mark.parametrize(("old", "new", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_with_its_key_and_what_it_should_be(refused, old, new, said):
    assert said in refused(old, new)


def test_every_fault_is_told_at_once(refused):
    said = refused(FIRST_OPTION, 'id = "age three", en = "", ko = "baby", prompt = "--v 5"')

    assert said.count("categories.age.options.age three.") == 4


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(PromptFileError, match="should be a file of UTF-8 text"):
        read_prompt_rules(file=tmp_path / "none.toml")


def test_the_proxys_own_list_takes_the_place_of_the_files(tmp_path):
    file = tmp_path / "banned-words.txt"
    file.write_text("# ours\n\n Dragon \ncar crash\ndragon\n", "utf-8")

    assert read_prompt_rules(banned_words_file=file).banned == ("dragon", "car crash")


def test_a_list_that_bans_our_own_words_is_told(tmp_path):
    file = tmp_path / "banned-words.txt"
    file.write_text("watercolor\nhijab\n", "utf-8")

    with pytest.raises(PromptFileError) as error:
        read_prompt_rules(banned_words_file=file)

    assert "style: should be other words, the proxy refuses 'watercolor'" in str(error.value)
    assert "accessory.with_hijab.prompt: should be other words" in str(error.value)


def test_a_list_that_is_no_text_is_told(tmp_path):
    file = tmp_path / "banned-words.txt"
    file.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(PromptFileError, match=re.escape(str(file))):
        read_prompt_rules(banned_words_file=file)
