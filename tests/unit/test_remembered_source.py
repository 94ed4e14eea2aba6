"""A source that remembers: what is fetched once is not fetched again, within a bound."""

import pytest

from shared.adapters.remembered import RememberedSource
from shared.ports import Picture, PictureUnavailable


class Counting:
    """A source whose pictures are as many bytes as their link says."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    def fetch(self, url: str) -> Picture:
        self.fetched.append(url)
        if url == "broken":
            raise PictureUnavailable("told so")
        return Picture(data=bytes(int(url.rsplit("/", 1)[1])), content_type="image/png", suffix="")


@pytest.fixture
def source():
    return Counting()


def test_a_picture_is_fetched_once(source):
    remembered = RememberedSource(source)
    first = remembered.fetch("a/10")
    assert remembered.fetch("a/10") is first
    assert source.fetched == ["a/10"]


def test_the_one_that_was_not_used_for_longest_is_forgotten(source):
    remembered = RememberedSource(source, most_bytes=25)
    for url in ("a/10", "b/10", "a/10", "c/10", "a/10", "b/10"):
        remembered.fetch(url)
    assert source.fetched == ["a/10", "b/10", "c/10", "b/10"]


def test_what_is_too_large_is_never_kept(source):
    remembered = RememberedSource(source, most_bytes=25)
    for url in ("a/10", "big/26", "big/26", "a/10"):
        remembered.fetch(url)
    assert source.fetched == ["a/10", "big/26", "big/26"]


def test_a_failure_is_not_remembered(source):
    remembered = RememberedSource(source)
    for _ in range(2):
        with pytest.raises(PictureUnavailable):
            remembered.fetch("broken")
    assert source.fetched == ["broken", "broken"]
