"""The issuer's keys: fetched once, kept for as long as they may be, never at a stranger's will."""

import json
import threading

import pytest

from shared.adapters.token_keys import LONGEST, PAUSE, SHORTEST, USUAL, KeysUnavailable, TokenKeys
from tests.issuing import EC_KEY_ID, KEY_ID, Issuer


@pytest.fixture(scope="module")
def made():
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def issuer(made):
    keys = list(made.keys)
    made.fetches = 0
    yield made
    made.keys, made.body, made.status = keys, None, 200
    made.headers = {"Cache-Control": "public, max-age=600"}


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keys(issuer, clock):
    return TokenKeys(issuer.url, clock)


def test_keys_are_fetched_once_and_kept(issuer, keys):
    assert keys.key(KEY_ID).key_type == "RSA"
    assert keys.key(EC_KEY_ID).key_type == "EC"
    assert issuer.fetches == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=600"}, 600),
        ({"Cache-Control": "Max-Age=600,must-revalidate", "Age": "100"}, 500),
        ({"Cache-Control": "s-maxage=7, max-age=600"}, 600),
        ({"Cache-Control": "max-age=1"}, SHORTEST),
        ({"Cache-Control": "max-age=100, public", "Age": "500"}, SHORTEST),
        ({"Cache-Control": "max-age=999999999"}, LONGEST),
        ({"Cache-Control": "public", "Age": "never"}, USUAL),
        ({}, USUAL),
    ],
)
def test_keys_are_kept_for_as_long_as_the_answer_says(issuer, keys, clock, headers, seconds):
    issuer.headers = headers
    keys.key(KEY_ID)

    clock.now += seconds - 1
    keys.key(KEY_ID)
    assert issuer.fetches == 1
    clock.now += 1
    keys.key(KEY_ID)
    assert issuer.fetches == 2


def test_an_unknown_key_is_looked_for_once_a_minute_at_most(issuer, keys, clock):
    keys.key(KEY_ID)
    clock.now += PAUSE

    assert [keys.key(f"invented {n}") for n in range(100)] == [None] * 100
    assert issuer.fetches == 2
    clock.now += PAUSE - 1
    assert keys.key("invented") is None
    assert issuer.fetches == 2


def test_a_new_key_of_the_issuer_is_found_and_an_old_one_forgotten(issuer, keys, clock):
    keys.key(KEY_ID)
    issuer.keys = [issuer.keys[0] | {"kid": "new"}]
    clock.now += PAUSE

    assert keys.key("new") is not None
    assert keys.key(KEY_ID) is None


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{}]}'])
def test_old_keys_count_on_while_the_issuer_is_out_of_order(issuer, keys, clock, body):
    keys.key(KEY_ID)
    clock.now += 600
    issuer.body = body

    assert keys.key(KEY_ID) is not None
    assert keys.key(KEY_ID) is not None
    assert issuer.fetches == 2
    with pytest.raises(KeysUnavailable):
        keys.key("perhaps a new one")
    clock.now += PAUSE
    issuer.body = None
    assert keys.key("perhaps a new one") is None


def test_without_any_key_it_is_tried_again_soon(issuer, keys, clock):
    issuer.status = 503

    for _ in range(5):
        with pytest.raises(KeysUnavailable):
            keys.key(KEY_ID)
    assert issuer.fetches == 1
    issuer.status = 200
    clock.now += 2
    assert keys.key(KEY_ID) is not None


def test_redirects_are_not_followed(issuer, keys):
    issuer.status = 302
    issuer.headers = {"Location": issuer.url}

    with pytest.raises(KeysUnavailable):
        keys.key(KEY_ID)
    assert issuer.fetches == 1


def test_nobody_answers():
    with pytest.raises(KeysUnavailable):
        TokenKeys("http://127.0.0.1:1/keys").key(KEY_ID)


def test_a_shared_secret_among_the_keys_is_none_of_them(issuer, keys):
    issuer.keys = [*issuer.keys, {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}]
    issuer.keys.append({**issuer.keys[0], "kid": ""})

    assert keys.key("secret") is None
    assert keys.key("") is None
    assert keys.key(KEY_ID) is not None


def test_many_threads_fetch_once(issuer, keys):
    issuer.gate.clear()
    found = []
    threads = [threading.Thread(target=lambda: found.append(keys.key(KEY_ID))) for _ in range(20)]
    for thread in threads:
        thread.start()
    issuer.gate.set()
    for thread in threads:
        thread.join()

    assert len(found) == 20
    assert None not in found
    assert issuer.fetches == 1


def test_who_waited_for_a_fetch_in_vain_does_not_try_in_turn(issuer, keys, clock):
    issuer.status = 503
    issuer.gate.clear()
    refused = []

    def ask():
        try:
            keys.key(KEY_ID)
        except KeysUnavailable:
            refused.append(True)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    while not issuer.fetches:
        pass
    clock.now += 8  # it takes longer than the pause
    issuer.gate.set()
    for thread in threads:
        thread.join()

    assert refused == [True] * 5
    assert issuer.fetches == 1


def test_who_has_a_known_key_waits_for_nobodys_fetch(issuer, keys, clock):
    keys.key(KEY_ID)
    clock.now += PAUSE
    issuer.gate.clear()
    stranger = threading.Thread(target=keys.key, args=("invented",))
    stranger.start()

    assert keys.key(KEY_ID) is not None  # else it would wait for the gate
    clock.now += 600
    while not keys._lock.locked():
        pass
    assert keys.key(KEY_ID) is not None
    assert stranger.is_alive()
    issuer.gate.set()
    stranger.join()


def test_what_went_wrong_is_logged(issuer, keys, capsys):
    issuer.status = 404

    with pytest.raises(KeysUnavailable):
        keys.key(KEY_ID)

    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["severity"], line["message"]) == ("WARNING", "keys not fetched")
