"""make-book's words for what the server refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.client import Refused
from infra.local.make_book.faults import explained, in_words

BODY = {
    "characters": [{"name": "Mina"}, {"name": "Ember", "optionIds": ["hair_red"]}, {"name": 7}],
    "backgrounds": [{"name": "Forest"}],
}


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        ("", "the tale"),
        ("/characters", "the characters"),
        ("/studentTaskId", "the studentTaskId"),
        ("/characters/1/prompt", 'the prompt of character 2 ("Ember")'),
        ("/characters/2/name", "the name of character 3"),
        ("/characters/9", "character 10"),
        ("/backgrounds/0", 'background 1 ("Forest")'),
        ("/characters/1/optionIds/0", 'item 1 of the optionIds of character 2 ("Ember")'),
        ("/a~1b/c~0d", "the c~d of the a/b"),
    ],
)
def test_pointers_in_words(pointer: str, words: str) -> None:
    assert in_words(pointer, BODY) == words


@given(st.text(st.sampled_from("/~01ab²"), max_size=12))
def test_every_pointer_has_words(pointer: str) -> None:
    assert in_words(pointer, BODY)


def test_a_refusal_names_every_fault() -> None:
    problem = {
        "errors": [
            {
                "code": "a",
                "detail": "/characters/0/name is missing.",
                "pointer": "/characters/0/name",
            },
            {"code": "b", "detail": "No character is the main one.", "pointer": "/characters"},
            {"code": "c", "detail": "There are too many pictures.", "pointer": ""},
        ]
    }
    refused = Refused(422, "invalid_request", "Three.", problem=problem)
    assert explained(refused, BODY, has_token=False) == [
        "The server refused it: invalid_request, HTTP 422.",
        '  /characters/0/name: the name of character 1 ("Mina") is missing.',
        "  /characters: the characters: No character is the main one.",
        "  (the whole tale): the tale: There are too many pictures.",
    ]


@pytest.mark.parametrize(
    ("status", "has_token", "words"),
    [
        (401, False, "wants to know who calls: set FAIRY_TALE_TOKEN"),
        (403, True, "does not take the token in FAIRY_TALE_TOKEN"),
        (404, False, "--url takes the address before /generate"),
    ],
)
def test_what_to_do_about_an_answer_that_is_no_problem(
    status: int, has_token: bool, words: str
) -> None:
    assert words in explained(Refused(status, "unknown", "An error."), {}, has_token)[-1]
