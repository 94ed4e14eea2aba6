"""What clients may say about looks: options, drawings, likenesses, words that are not taken."""

import base64

import pytest

import main
from tests.unit.calling import call, post
from tests.unit.test_edge import TALE

PNG = "data:image/png;base64," + base64.b64encode(b"drawing of a girl").decode()


def tale(**hero):
    """A tale whose main character says this of itself, and has a friend and a forest."""
    main_character = {"name": "Mina", "prompt": "a brave girl", "isMain": True, **hero}
    return {
        **TALE,
        "characters": [
            {k: v for k, v in main_character.items() if v is not None},
            {"name": "Fox", "prompt": "a fox"},
        ],
        "backgrounds": [{"name": "Wood", "prompt": "a forest"}],
    }


def faults(answer):
    assert answer.status_code == 422, answer.json
    return [(fault["code"], fault["pointer"]) for fault in answer.json["errors"]]


def option_ids(category):
    catalogue = call(main.styles).json
    found = next(c for c in catalogue["categories"] if c["id"] == category)
    return [option["id"] for option in found["options"]]


# --- styles --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("languages", "language", "label"),
    [
        ("ko-KR,ko;q=0.9", "ko", "나이"),
        ("en-GB", "en", "Age"),
        ("fr", "en", "Age"),
        ("fr, ko;q=0.5", "ko", "나이"),
        ("", "en", "Age"),
    ],
)
def test_styles_are_labelled_in_the_clients_language(world, languages, language, label):
    answer = call(main.styles, headers={"Accept-Language": languages})

    labels = {category["id"]: category["label"] for category in answer.json["categories"]}
    assert labels["age"] == label
    assert answer.headers["Content-Language"] == answer.json["language"] == language
    assert answer.headers["Vary"] == "Accept-Language"


def test_styles_are_cached_and_answer_304_to_who_has_them(world):
    first = call(main.styles)
    again = call(main.styles, headers={"If-None-Match": first.headers["ETag"]})
    korean = call(main.styles, headers={"Accept-Language": "ko"})

    assert "max-age" in first.headers["Cache-Control"]
    assert again.status_code == 304
    assert korean.headers["ETag"] != first.headers["ETag"]


def test_styles_are_read_only(world):
    assert call(main.styles, method="POST").status_code == 405


# --- options -------------------------------------------------------------------------------------


def test_options_say_what_a_hero_looks_like_even_without_words(world):
    hair, age = option_ids("hair_colour")[0], option_ids("age")[1]
    body = {**tale(prompt=None, optionIds=[hair]), "optionIds": [age]}

    answer = post(main.generate, body)

    assert answer.status_code == 202, answer.json
    world.run()
    prompts = [painting.prompt for painting in world.painter.of("IMAGINE")]
    words = world.services.policy.prompts.catalogue.words([hair, age])
    assert words in prompts[0]
    assert not any(words in prompt for prompt in prompts[1:])


def test_options_of_any_character_and_of_a_regeneration(world):
    body = tale()
    one, other = option_ids("clothes")[:2]
    body["characters"][1]["optionIds"] = [one]
    images = post(main.generate, body).json["images"]
    world.run()

    again = {"imageId": images[1]["imageId"], "optionIds": [other]}
    assert post(main.regenerate, again).json["optionIds"] == [other]
    world.run()

    prompts = [p.prompt for p in world.painter.of("IMAGINE") if "a fox" in p.prompt]
    words = [world.services.policy.prompts.catalogue.words([i]) for i in (one, other)]
    assert [word in prompt for word, prompt in zip(words, prompts, strict=True)] == [True, True]


def test_wrong_options_are_named(world):
    one, other = option_ids("hair_colour")[:2]
    body = {**tale(optionIds=[other, "hair_plaid"]), "optionIds": [one, one]}

    answer = post(main.generate, body)

    assert faults(answer) == [
        ("repeated_option", "/optionIds/1"),
        ("conflicting_options", "/characters/0/optionIds/0"),
        ("unknown_option", "/characters/0/optionIds/1"),
    ]
    assert "hair_plaid" in answer.json["detail"]
    assert world.store.jobs == []


@pytest.mark.parametrize("prompt", [".", "!!! ...", "--- --"])
def test_signs_alone_are_no_words(world, prompt):
    assert faults(post(main.generate, tale(prompt=prompt))) == [
        ("empty_field", "/characters/0/prompt")
    ]


def test_half_a_letter_gets_a_clear_answer(world):
    answer = post(main.generate, tale(optionIds=["\ud800"]))

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


def test_many_little_fields_are_refused_before_they_are_looked_at(world):
    body = {**tale(), **{f"field {i}": 0 for i in range(30_000)}}

    answer = post(main.generate, body)

    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert post(main.generate, {**tale(), "sketchImage": PNG + "A" * 400_000}).status_code != 413


def test_who_says_nothing_of_looks_is_asked_to(world):
    assert faults(post(main.generate, tale(prompt=None))) == [
        ("missing_field", "/characters/0/prompt")
    ]


# --- drawings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["body", "character"])
def test_a_drawing_stands_for_the_words(world, place):
    body = tale(prompt=None, **({"sketchImage": PNG} if place == "character" else {}))
    if place == "body":
        body["sketchImage"] = PNG

    answer = post(main.generate, body)

    assert answer.status_code == 202, answer.json
    world.run()
    assert world.painter.of("IMAGINE")[0].drawing.data == b"drawing of a girl"
    book = call(main.status, query_string={"jobId": answer.json["jobId"]}).json
    assert book["images"][0]["description"] == "a figure in red"


@pytest.mark.parametrize(
    ("sketch", "code"),
    [
        ("data:image/png;base64,%%%", "wrong_sketch"),
        ("data:image/png,plain", "wrong_sketch"),
        ("http://drawings.test/mina.png", "wrong_sketch"),
        ("ftp://drawings.test/mina.png", "wrong_sketch"),
        ("mina.png", "wrong_sketch"),
        ("gs://somebody-elses/mina.png", "wrong_sketch"),
        ("gs://pictures/uploads/stranger/mina.png", "link_not_allowed"),
        ("gs://pictures/uploads/everybody/mina.png", "not_found"),
        ("data:image/png;base64," + base64.b64encode(b"rubbish").decode(), "broken_picture"),
        ("data:image/png;base64,é", "wrong_sketch"),
        ("data:" + ";" * 1_000_000, "wrong_sketch"),
        ("gs://pictures/uploads/everybody/" + "x" * 1024, "wrong_sketch"),
        ("", "empty_field"),
    ],
)
def test_a_wrong_drawing_has_its_own_answer(world, sketch, code):
    answer = post(main.generate, tale(sketchImage=sketch))

    assert faults(answer) == [(code, "/characters/0/sketchImage")]
    assert world.store.jobs == []


def test_a_drawing_out_of_reach_is_a_503(world):
    world.pictures.broken = 1

    answer = post(main.generate, tale(sketchImage="https://drawings.test/mina.png"))

    assert (answer.status_code, answer.json["code"]) == (503, "drawing_unavailable")
    assert answer.headers["Retry-After"] == "5"


# --- likenesses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "name"), [(0, "Mina"), (1, "Minna"), (1, "Fox")], ids=["itself", "typo", "no main"]
)
def test_only_the_main_character_can_appear_again(world, index, name):
    body = tale()
    body["characters"][index]["sameAs"] = name

    answer = post(main.generate, body)

    assert faults(answer) == [("invalid_same_as", f"/characters/{index}/sameAs")]
    assert "Mina" in answer.json["detail"] or index == 0


def test_the_main_character_can_appear_again(world):
    body = tale()
    body["characters"][1]["sameAs"] = "Mina"

    assert post(main.generate, body).status_code == 202
    world.run()
    assert "--oref" in world.painter.of("IMAGINE")[1].prompt


# --- words that the painter does not take --------------------------------------------------------


def test_gentle_words_stand_in_for_common_ones(world):
    body = tale()
    body["backgrounds"][0]["prompt"] = "a thick forest"

    assert post(main.generate, body).status_code == 202
    world.run()
    assert any("a dense forest" in p.prompt for p in world.painter.of("IMAGINE"))


def test_other_banned_words_are_named_before_anything_is_queued(world):
    body = tale()
    body["backgrounds"][0]["prompt"] = "a place of Decapitated and crucified kings"

    answer = post(main.generate, body)

    assert faults(answer) == [("banned_word", "/backgrounds/0/prompt")]
    assert "Decapitated" in answer.json["detail"]
    assert "crucified" in answer.json["detail"]
    assert (world.store.jobs, world.queue.created) == ([], 0)


# --- regenerations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "code", "pointer"),
    [
        ({"candidate": 0}, "wrong_type", "/candidate"),
        ({"candidate": 5}, "wrong_type", "/candidate"),
        ({"candidate": "2"}, "wrong_type", "/candidate"),
        ({"candidate": 2, "prompt": "a fox"}, "invalid_value", "/candidate"),
        ({"prompt": "a crucified king"}, "banned_word", "/prompt"),
        ({"optionIds": ["hair_plaid"]}, "unknown_option", "/optionIds/0"),
    ],
)
def test_wrong_wishes(world, wish, code, pointer):
    images = post(main.generate, tale()).json["images"]
    world.run()

    answer = post(main.regenerate, {"imageId": images[1]["imageId"], **wish})

    assert faults(answer) == [(code, pointer)]


def test_candidates_are_shown_and_another_one_can_be_had(world):
    answer = post(main.generate, tale()).json
    world.run()

    def images():
        return call(main.status, query_string={"jobId": answer["jobId"]}).json["images"]

    fox = images()[1]
    assert [c["candidate"] for c in fox["candidates"]] == [1, 2, 3, 4]
    assert post(main.regenerate, {"imageId": fox["imageId"], "candidate": 4}).status_code == 202
    world.run()
    assert images()[1]["candidate"] == 4
    shown = post(main.regenerate, {"imageId": fox["imageId"], "candidate": 4})
    assert (shown.status_code, shown.json["code"]) == (409, "candidate_shown")


def test_no_name_and_no_id_reaches_the_painter(world):
    body = {**tale(name="Zebulon Kim"), "studentTaskId": "pupil-4711", "fairytaleId": "tale-0815"}

    post(main.generate, body)
    world.run()

    for painting in world.painter.of("IMAGINE"):
        for secret in ("Zebulon", "Kim", "4711", "0815"):
            assert secret not in painting.prompt + painting.token
