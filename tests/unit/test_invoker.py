"""Who may call the internal functions: their invoker, by a token for that very function."""

import json
import time
from urllib.parse import urlsplit

import flask
import pytest
from cloudevents.http import CloudEvent
from werkzeug.exceptions import HTTPException

import main
from functions.edge import EventFailed
from functions.invoker import ISSUERS, REMOVED
from tests.issuing import Issuer, part, unsigned
from tests.unit.calling import call
from tests.unit.test_settings import NEEDED

pytestmark = pytest.mark.usefixtures("world")

ACCOUNT = "tasks@demo.iam.gserviceaccount.com"
URL = NEEDED["FUNCTIONS_URL"]
INTERNAL = ["admit", "callback", "fanout", "health", "postprocess", "step", "sweep"]


@pytest.fixture
def google(issuer):
    return issuer


@pytest.fixture
def guarded(set_up, google):
    """Functions that admit one account."""
    set_up(INVOKER=ACCOUNT, INVOKER_KEYS_URL=google.url)


@pytest.fixture
def deployed(set_up, google):
    """The same on Google Cloud, where the keys' address has to be https: it is not asked there."""

    def change(name, **values):
        set_up(INVOKER=ACCOUNT, K_SERVICE=name, AUTH="firebase", **values)

    return change


def claims(function, **more):
    now = int(time.time())
    said = {
        "iss": "https://accounts.google.com",
        "aud": f"{URL}/{function}",
        "azp": "1234",
        "sub": "1234",
        "email": ACCOUNT,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in (said | more).items() if value is not None}


def ring(name, token=None, **headers):
    """Call as Cloud Tasks, Cloud Scheduler, Eventarc or an uptime check does; the status."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if name == "health":
        return call(main.health, headers=headers).status_code
    if name != "fanout":
        return call(getattr(main, name), method="POST", json={}, headers=headers).status_code
    app = flask.Flask("test")
    attributes = {"type": "written", "source": "//firestore", "document": "references/abc"}
    with app.test_request_context(method="POST", headers=headers):
        try:
            main.fanout(CloudEvent(attributes, b""))
        except EventFailed:
            return 500
        except HTTPException as error:
            return error.get_response().status_code
    return 200


def refusals(capsys):
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    return [
        (line["severity"], line["function"], line["reason"])
        for line in lines
        if line["message"] == "refused caller"
    ]


@pytest.mark.parametrize("name", INTERNAL)
def test_the_invoker_is_admitted(guarded, google, name):
    assert ring(name, google.sign(claims(name))) == 200


@pytest.mark.parametrize("name", INTERNAL)
def test_nobody_else_is_admitted(guarded, google, capsys, name, world):
    world.start()
    before = dict(world.store._documents)
    asked = world.queue.created
    stranger = Issuer()
    stranger.close()
    now = int(time.time())
    other = next(one for one in INTERNAL if one != name)
    good = google.sign(claims(name))
    tries = {
        "no token": None,
        "account": google.sign(claims(name, email="tasks@other.iam.gserviceaccount.com")),
        "audience": google.sign(claims(other)),
        "expired": google.sign(claims(name, iat=now - 7200, exp=now - 3600)),
        "signature": stranger.sign(claims(name)),
        "issuer": google.sign(claims(name, iss="https://evil.example")),
        "algorithm": unsigned(claims(name)),
        "key": google.sign(claims(name), "other"),
        "claims": google.sign(claims(name, email=None)),
        "early": google.sign(claims(name, iat=now + 600)),
        # Here nobody has looked at it before.
        "signature, again": f"{good.rpartition('.')[0]}.{REMOVED}",
    }
    capsys.readouterr()

    for reason, token in tries.items():
        status = ring(name, token)
        assert status == (403 if reason == "account" else 401), reason
        assert refusals(capsys) == [("WARNING", name, reason.partition(",")[0])]
    assert dict(world.store._documents) == before
    assert world.queue.created == asked


@pytest.mark.parametrize(
    "changes",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": [ACCOUNT]},
        {"email": ACCOUNT.upper()},
    ],
)
def test_another_account_is_forbidden(guarded, google, changes):
    assert ring("step", google.sign(claims("step", **changes))) == 403


@pytest.mark.parametrize(
    "audience",
    [
        URL,
        f"{URL}/",
        f"{URL}/step/",
        f"{URL}/stepper",
        f"{URL}/sweep",
        [f"{URL}/step"],
        {"a": 1},
        "https://step-abcdefghij-du.a.run.app",  # only where a service has that name
        "https://-abcdefghij-du.a.run.app",
    ],
)
def test_a_token_for_something_else_is_not_taken(guarded, google, audience):
    assert ring("step", google.sign(claims("step", aud=audience))) == 401


def test_what_is_told_helps_nobody(guarded):
    answer = call(main.step, method="POST", json={})

    assert (answer.status_code, answer.get_data()) == (401, b"refused")


def test_google_issues_under_two_names(guarded, google):
    assert {ring("step", google.sign(claims("step", iss=name))) for name in ISSUERS} == {200}


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer "])
def test_another_header_is_no_token(guarded, header):
    assert ring("step", Authorization=header) == 401


def test_locally_nobody_is_asked(world):
    assert {ring(name) for name in INTERNAL} == {200}


@pytest.mark.parametrize("name", INTERNAL)
def test_on_google_cloud_nobody_is_admitted_before_an_invoker_is_named(set_up, capsys, name):
    set_up(K_SERVICE=name, AUTH="firebase")

    assert ring(name, stripped(claims(name))) == 500
    assert "INVOKER must name the account" in capsys.readouterr().out


def test_keys_out_of_reach_have_the_call_come_again(set_up, google):
    set_up(INVOKER=ACCOUNT, INVOKER_KEYS_URL="http://127.0.0.1:1/keys")

    assert {ring(name, google.sign(claims(name))) for name in INTERNAL} == {500}


# --- on Google Cloud, which has checked the signature and taken it away ---------------------------


def stripped(said):
    return f"{part({'alg': 'RS256', 'kid': 'google-1'})}.{part(said)}.{REMOVED}"


@pytest.mark.parametrize("name", INTERNAL)
def test_the_platforms_word_counts_for_the_signature_alone(deployed, name):
    deployed(name)
    now = int(time.time())
    other = next(one for one in INTERNAL if one != name)

    assert ring(name, stripped(claims(name))) == 200
    assert ring(name) == 401
    assert ring(name, stripped(claims(name, email="a@b"))) == 403
    assert ring(name, stripped(claims(name, email_verified=False))) == 403
    assert ring(name, stripped(claims(other))) == 401
    assert ring(name, stripped(claims(name, exp=now - 60))) == 401
    assert ring(name, stripped(claims(name, iat=now + 600))) == 401
    assert ring(name, stripped(claims(name, exp=None))) == 401
    assert ring(name, stripped(claims(name, iss="https://evil.example"))) == 401
    assert ring(name, f"{part({'alg': 'none'})}.{part(claims(name))}.{REMOVED}") == 401
    assert ring(name, f"x.y.{REMOVED}") == ring(name, REMOVED) == 401


def test_a_header_that_the_platform_did_not_look_at_is_not_believed(deployed):
    deployed("step", INVOKER_KEYS_URL="https://127.0.0.1:1/keys")
    given = {"X-Serverless-Authorization": "Bearer of.another.account"}

    # Its signature has to be checked here, for which there are no keys.
    assert ring("step", stripped(claims("step")), **given) == 500


@pytest.mark.parametrize(
    ("audience", "status"),
    [
        ("https://health-abcdefghij-du.a.run.app", 200),
        ("https://health-123456789012.asia-northeast3.run.app", 200),
        (f"https://{urlsplit(URL).netloc}", 401),
        ("https://asia-northeast3-demo.cloudfunctions.net", 401),
    ],
)
def test_an_uptime_check_names_a_host_without_a_path(deployed, audience, status):
    deployed("health")

    assert ring("health", stripped(claims("health", aud=audience))) == status


@pytest.mark.parametrize(
    ("audience", "status"),
    [
        ("https://fanout-abcdefghij-du.a.run.app", 200),
        ("https://fanout-abcdefghij-du.a.run.app/", 200),
        ("https://fanout-123456789012.asia-northeast3.run.app", 200),
        ("http://fanout-abcdefghij-du.a.run.app", 401),
        ("https://step-abcdefghij-du.a.run.app", 401),
        ("https://fanout-evil-abcdefghij-du.a.run.app", 401),
        ("https://fanout-abcdefghij-du.a.run.app.evil.example", 401),
        ("https://fanout-abcdefghij-du.a.run.app@evil.example", 401),
        ("https://evil.example/fanout-abcdefghij-du.a.run.app", 401),
        ("https://fanout-.run.app", 401),
        ("https://[", 401),
        (["https://fanout-abcdefghij-du.a.run.app"], 401),
    ],
)
def test_eventarc_names_the_service_itself(deployed, audience, status):
    deployed("fanout")

    assert ring("fanout", stripped(claims("fanout", aud=audience))) == status
