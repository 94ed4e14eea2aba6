"""make-book's patience, and the server that it speaks to."""

from typing import Any

import pytest

from infra.local.client import ClientError, Refused, Unreachable
from infra.local.make_book.endings import GaveUp, WrongUse
from infra.local.make_book.following import Patience
from infra.local.make_book.options import HERE, server_of
from tests.unit.made_books import Clock


def failing(*errors: ClientError) -> Any:
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "well"

    return call


def patience(clock: Clock, seconds: float = 60) -> Patience:
    return Patience(seconds, told=lambda *_: None, sleep=clock.sleep, clock=clock)


DOWN = Unreachable("It does not answer.")


def test_pauses_grow_and_have_an_end() -> None:
    clock = Clock()
    assert patience(clock).run(failing(*[DOWN] * 7)) == "well"
    assert clock.slept == [0.5, 1, 2, 4, 8, 10, 10]


def test_retry_after_counts_if_it_is_longer() -> None:
    clock = Clock()
    busy = [Refused(503, "busy", "", retry_after=wait) for wait in (5.0, 0.0, 1e9)]
    assert patience(clock, 1000).run(failing(*busy)) == "well"
    assert clock.slept == [5, 1, 60]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_heal_is_tried_again(status: int) -> None:
    clock = Clock()
    assert patience(clock).run(failing(Refused(status, "x", ""))) == "well"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_what_cannot_heal_is_not(status: int) -> None:
    clock = Clock()
    with pytest.raises(Refused):
        patience(clock).run(failing(Refused(status, "x", "")))
    assert clock.slept == []


def test_patience_ends_in_time() -> None:
    clock = Clock()
    with pytest.raises(GaveUp, match=r"It does not answer\. It was tried for 8 s"):
        patience(clock, 10).run(failing(*[DOWN] * 100))
    assert clock.now <= 10


# --- the server -----------------------------------------------------------------------------------


def test_the_default_is_the_stack_of_up() -> None:
    assert server_of(HERE, {}).is_here
    assert HERE == "http://127.0.0.1:8080"


@pytest.mark.parametrize("url", ["http://localhost:1", "http://[::1]:1", "https://a.example/api/"])
def test_a_token_goes_over_https_or_stays_here(url: str) -> None:
    server = server_of(url, {"FAIRY_TALE_TOKEN": " secret\n"})
    assert (server.url, server.token) == (url.rstrip("/"), "secret")


@pytest.mark.parametrize(
    ("url", "token", "words"),
    [
        ("http://a.example", "secret", "over https only"),
        ("https://a.example", "se cret", "no token"),
        ("https://a.example", "se\ncret", "no token"),
        ("https://me:secret@a.example", "", "no password"),
        ("a.example", "", "must be an address"),
        ("ftp://a.example", "", "must be an address"),
        ("https://a.example/generate?x=1", "", "must be an address"),
        ("https://a.example:port", "", "must be an address"),
        ("https://[::1", "", "must be an address"),
        ("https://a b", "", "must be an address"),
        ("https://a..example", "", "must be an address"),
        (f"https://{'a' * 64}.example", "", "must be an address"),
    ],
)
def test_addresses_and_tokens_that_are_refused(url: str, token: str, words: str) -> None:
    with pytest.raises(WrongUse, match=words) as refused:
        server_of(url, {"FAIRY_TALE_TOKEN": token})
    assert "secret" not in str(refused.value)
