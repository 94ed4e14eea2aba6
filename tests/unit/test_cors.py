"""CORS: pages of listed origins may call and read, also errors; of others nothing is said."""

import pytest

import main
from shared.settings import Settings, SettingsError
from tests.unit.calling import call
from tests.unit.test_settings import NEEDED

APP, OTHER = "https://app.example", "http://localhost:3000"
PREFLIGHT = {"Access-Control-Request-Method": "POST"}
EXPOSED = "ETag, Retry-After, Location, Idempotent-Replayed, Content-Disposition, WWW-Authenticate"
FOR_CLIENTS = {*main.__all__} - {
    *("admit", "callback", "fanout", "health", "notify", "postprocess", "step", "sweep")
}


@pytest.fixture(autouse=True)
def listed(world, set_up):
    set_up(CORS_ORIGINS=f"{APP}, {OTHER}")


def cors_of(answer) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if k.startswith("Access-Control-")}


@pytest.mark.parametrize("name", sorted(FOR_CLIENTS))
@pytest.mark.parametrize("origin", [APP, OTHER])
def test_a_preflight_of_a_listed_origin_says_what_a_page_may_send(name, origin):
    answer = call(getattr(main, name), method="OPTIONS", headers={**PREFLIGHT, "Origin": origin})

    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    methods = answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"GET", "HEAD"} <= {*methods} or {"GET"} == {*methods} or methods == ["POST"]
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {*allowed} == {
        *("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match"),
        *("X-Firebase-AppCheck", "traceparent"),
    }
    assert int(answer.headers["Access-Control-Max-Age"]) > 60
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.evil.example",
        "http://app.example",
        "https://app.example:444",
        "https://APP.example",
        "https://app.example/",
        "null",
        "",
        "*",
    ],
)
def test_a_preflight_of_any_other_origin_is_a_method_that_there_is_not(origin):
    answer = call(main.generate, method="OPTIONS", headers={**PREFLIGHT, "Origin": origin})

    assert answer.status_code == 405
    assert cors_of(answer) == {}
    assert answer.headers["Vary"] == "Origin"


def test_options_without_a_question_is_no_preflight():
    assert call(main.generate, method="OPTIONS", headers={"Origin": APP}).status_code == 405
    assert call(main.generate, method="OPTIONS", headers=PREFLIGHT).status_code == 405


@pytest.mark.parametrize(
    ("name", "request_of", "status"),
    [
        ("jobs", {}, 200),
        ("styles", {}, 200),
        ("status", {"query_string": {"jobId": "no"}}, 404),
        ("generate", {"method": "POST", "json": {}}, 422),
        ("generate", {"method": "PUT"}, 405),
    ],
)
def test_answers_and_errors_can_be_read_by_a_listed_origin_alone(name, request_of, status):
    def asked(**headers):
        answer = call(getattr(main, name), **request_of, headers=headers)
        assert answer.status_code == status
        assert "Origin" in answer.vary
        return cors_of(answer)

    read = {"Access-Control-Allow-Origin": APP, "Access-Control-Expose-Headers": EXPOSED}
    assert asked(Origin=APP) == read
    assert asked(Origin="https://evil.example") == {}
    assert asked() == {}


def test_what_an_answer_depends_on_besides_is_kept():
    answer = call(main.styles, headers={"Origin": APP})

    assert answer.headers["Vary"] == "Accept-Language, Origin"


def test_faults_inside_can_be_read_too(world):
    def broken(*_):
        raise ZeroDivisionError

    world.store.jobs_of = broken
    answer = call(main.jobs, headers={"Origin": APP})

    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == APP


@pytest.mark.parametrize("name", ["notify", "step", "admit", "sweep", "postprocess", "callback"])
def test_what_is_not_for_clients_knows_no_pages(name):
    asked = call(getattr(main, name), method="OPTIONS", headers={**PREFLIGHT, "Origin": APP})
    answer = call(getattr(main, name), method="POST", json={}, headers={"Origin": APP})

    assert cors_of(asked) == cors_of(answer) == {}


def test_without_a_list_nothing_is_said(set_up):
    set_up(CORS_ORIGINS=None)

    answer = call(main.jobs, headers={"Origin": APP})
    asked = call(main.jobs, method="OPTIONS", headers={**PREFLIGHT, "Origin": APP})

    assert (answer.status_code, asked.status_code) == (200, 405)
    assert cors_of(answer) == cors_of(asked) == {}
    assert "Vary" not in answer.headers


# --- the setting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        "*",
        "https://*.example",
        "app.example",
        "//app.example",
        "https://app.example/",
        "https://app.example/page",
        "https://app.example?x",
        "https://App.example",
        "https://app.example:443",
        "http://app.example:80",
        "https://app.example:0",
        "https://user@app.example",
        "https://",
        "ftp://app.example",
        "null",
        "https://app.example\thttps://b.example",
        "https://good.example,https://app.example\n.evil",
    ],
)
def test_what_is_no_origin_is_named(wrong):
    with pytest.raises(SettingsError, match=r"CORS_ORIGINS: [^ ]* is no origin"):
        Settings.read({**NEEDED, "CORS_ORIGINS": wrong})


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("", ()),
        ("https://app.example", ("https://app.example",)),
        (
            " http://localhost:3000 ,https://a-b.example:8443,http://[::1]:81,,",
            ("http://localhost:3000", "https://a-b.example:8443", "http://[::1]:81"),
        ),
    ],
)
def test_origins_are_listed(listed, expected):
    assert Settings.read({**NEEDED, "CORS_ORIGINS": listed}).origins() == expected
