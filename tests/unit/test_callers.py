"""Who may call the client functions, and what they may see: real signatures, real key sets."""

import base64
import json
import time

import jwt
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

import main
from functions import wiring
from functions.caller import APP_CHECK, Caller, caller_of
from tests.issuing import EC_KEY_ID, Issuer, firebase_claims, part, unsigned
from tests.unit.calling import call, post

pytestmark = pytest.mark.usefixtures("world")

PROJECT = "demo"
TALE = {
    "studentTaskId": 7,
    "fairytaleId": 42,
    "characters": [{"name": "Mina", "prompt": "a brave girl", "isMain": True}],
    "backgrounds": [{"name": "Forest", "prompt": "a misty forest"}],
}
JOB, IMAGE = "a" * 26, "a" * 26 + "-000"
ASKED = {
    "generate": {"method": "POST", "json": TALE},
    "status": {"query_string": {"jobId": JOB}},
    "regenerate": {"method": "POST", "json": {"imageId": IMAGE}},
    "cancel": {"method": "POST", "json": {"jobId": JOB}},
    "download": {"query_string": {"jobId": JOB}},
    "jobs": {},
    "delete": {"method": "POST", "json": {"jobId": JOB}},
    "forget": {"method": "POST"},
}
"""A call of each client function that wants to know who calls."""


@pytest.fixture
def firebase(set_up, issuer):
    """ID tokens of the project; answers who signs them."""
    set_up(AUTH="firebase", AUTH_KEYS_URL=issuer.url)
    return issuer


OWN = {"iss": "https://school.example", "aud": "fairy-tales"}


@pytest.fixture
def own(set_up, issuer):
    """Tokens of a customer's own issuer."""
    set_up(AUTH="jwt", AUTH_ISSUER=OWN["iss"], AUTH_AUDIENCE=OWN["aud"], AUTH_KEYS_URL=issuer.url)
    return issuer


def own_claims(uid="ann", **more):
    now = int(time.time())
    claims = OWN | {"sub": uid, "iat": now, "exp": now + 60} | more
    return {name: value for name, value in claims.items() if value is not None}


def by(token):
    return {"Authorization": f"Bearer {token}"}


def child(issuer, uid, **claims):
    """The header of one who is signed in."""
    return by(issuer.sign(firebase_claims(PROJECT, uid, **claims)))


def asked(name, **headers):
    return call(getattr(main, name), **ASKED[name], headers=headers)


def jobs(headers, **query):
    return call(main.jobs, headers=headers, query_string=query)


# --- tokens ---------------------------------------------------------------------------------------


def test_every_client_function_is_asked_or_open():
    for_others = {"admit", "callback", "fanout", "health", "notify", "postprocess", "step", "sweep"}
    assert {*ASKED} == {*main.__all__} - for_others - {"styles"}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("mode", ["firebase", "own"])
def test_who_shows_no_token_is_not_let_in(request, world, name, mode):
    request.getfixturevalue(mode)

    answer = asked(name)

    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in answer.json["detail"]
    assert world.store.jobs == []


def test_the_catalogue_is_open_to_all(firebase):
    assert call(main.styles).status_code == 200


@pytest.mark.parametrize("name", ASKED)
def test_who_shows_a_good_token_is_let_in(firebase, name):
    answer = asked(name, **child(firebase, "ann"))

    assert answer.status_code in {200, 202, 404}


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "token", "Bearer: x"],
)
def test_another_header_is_no_token(firebase, header):
    assert jobs({"Authorization": header}).json["code"] == "unauthenticated"


def test_the_scheme_is_written_in_any_case(firebase):
    token = firebase.sign(firebase_claims(PROJECT, "ann"))
    assert jobs({"Authorization": f"bearer  {token} "}).status_code == 200


NOW = int(time.time())
TOMORROW = NOW + 86_400
"""Not minutes from now: with a whole run before them these tests may begin that late."""
WRONG_CLAIMS = {
    "expired, and sent again": ({"iat": NOW - 7200, "auth_time": NOW - 7200, "exp": NOW - 3600},
                                "has expired"),
    "without an end": ({"exp": None}, "must say who calls"),
    "an end that is none": ({"exp": "soon"}, "is no token"),
    "of the future": ({"iat": TOMORROW}, "of the future"),
    "signed in in the future": ({"auth_time": TOMORROW}, "of the future"),
    "never signed in": ({"auth_time": None}, "must say who calls"),
    "signed in some time": ({"auth_time": "today"}, "must say who calls"),
    "not valid yet": ({"nbf": TOMORROW}, "of the future"),
    "of another project": ({"iss": "https://securetoken.google.com/other"}, "another issuer"),
    "of no issuer": ({"iss": None}, "another issuer"),
    "for another project": ({"aud": "other"}, "another server"),
    "for nobody": ({"aud": None}, "another server"),
    "for a list of things": ({"aud": [1]}, "another server"),
    "without a uid": ({"sub": None}, "must say who calls"),
    "with an empty uid": ({"sub": ""}, "must say who calls"),
    "with a number for a uid": ({"sub": 7}, "must say who calls"),
    "with too long a uid": ({"sub": "x" * 129}, "must say who calls"),
    "with an unprintable uid": ({"sub": "a\x00b"}, "must say who calls"),
    "with half a letter for a uid": ({"sub": "\ud800"}, "must say who calls"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "why"), WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_a_token_that_says_something_else_is_not_taken(firebase, changes, why):
    said = {"uid": "ann"} | ({"uid": changes["sub"]} if "sub" in changes else {})
    rest = {name: value for name, value in changes.items() if name != "sub"}

    answer = jobs(child(firebase, **said, **rest))

    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
    assert why in answer.json["detail"]
    assert f"the project {PROJECT}" in answer.json["detail"]
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def forged(issuer):
    good = issuer.sign(firebase_claims(PROJECT, "ann"))
    head, said, signature = good.split(".")
    hs256 = f"{part({'alg': 'HS256', 'kid': 'rsa-1'})}.{said}"
    hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    by_public_key = base64.urlsafe_b64encode(hmac.sign(hs256.encode(), issuer.public_pem))
    stranger = Issuer()
    stranger.close()
    return {
        "not signed": (unsigned(firebase_claims(PROJECT, "ann")), "as it should be"),
        "not signed, in other letters": (f"{part({'alg': 'nOnE'})}.{said}.", "as it should be"),
        "without a signature": (f"{head}.{said}.", "signature is wrong"),
        "signed by the public key": (
            f"{hs256}.{by_public_key.decode().rstrip('=')}", "as it should be",
        ),
        "by another algorithm": (
            issuer.sign(firebase_claims(PROJECT, "ann"), algorithm="RS512"), "as it should be",
        ),
        "by a key for another algorithm": (
            issuer.sign(firebase_claims(PROJECT, "ann"), EC_KEY_ID), "as it should be",
        ),
        "by a stranger": (stranger.sign(firebase_claims(PROJECT, "ann")), "signature is wrong"),
        "by an unknown key": (
            issuer.sign(firebase_claims(PROJECT, "ann"), "other"), "knows no such key",
        ),
        "by no key": (
            jwt.encode(firebase_claims(PROJECT, "ann"), issuer.key, "RS256"), "knows no such key",
        ),
        "with a key of its own": (
            f"{part({'alg': 'RS256', 'kid': 7})}.{said}.{signature}", "is no token",
        ),
        "of another's words": (
            f"{head}.{part(firebase_claims(PROJECT, 'bob'))}.{signature}", "signature is wrong",
        ),
        "of two parts": (f"{head}.{said}", "is no token"),
        "of rubbish": ("x.y.z", "is no token"),
        "of other letters": ("ü.é.ß", "is no token"),
        "endless": (good + "A" * 20_000, "is no token"),
        "Google's literal": (f"{head}.{said}.SIGNATURE_REMOVED_BY_GOOGLE", "signature is wrong"),
    }  # fmt: skip


def test_a_forged_token_is_not_taken(firebase, capsys):
    for how, (token, why) in forged(firebase).items():
        answer = jobs(by(token))

        assert (answer.status_code, answer.json["code"]) == (401, "invalid_token"), how
        assert why in answer.json["detail"], how
        quoted = max(token.split("."), key=len)
        if len(quoted) > 10:
            assert quoted not in answer.get_data(as_text=True) + capsys.readouterr().out


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)
CLAIMS = ("iss", "aud", "sub", "iat", "exp", "nbf", "auth_time", "jti", "classId", "teaches")


def codes(headers):
    answer = jobs(headers)
    return answer.status_code, None if answer.status_code == 200 else answer.json["code"]


LET_IN, KEPT_OUT = (200, None), (401, "invalid_token")
fuzzing = hypothesis_settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@fuzzing
@given(st.dictionaries(st.sampled_from(CLAIMS), JSON))
def test_whatever_a_signed_token_says_is_taken_or_not(firebase, said):
    head = part({"alg": "RS256", "kid": "rsa-1"})
    signed = f"{head}.{part(firebase_claims(PROJECT, 'ann') | said)}"
    signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed.encode(), firebase.key)
    ending = base64.urlsafe_b64encode(signature).decode().rstrip("=")

    assert codes(by(f"{signed}.{ending}")) in {LET_IN, KEPT_OUT}


@fuzzing
@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku"]), JSON))
def test_whatever_a_forged_header_says_is_not_taken(firebase, said):
    good = firebase.sign(firebase_claims(PROJECT, "ann"))
    head = part({"alg": "RS256", "kid": "rsa-1"} | said)

    assert codes(by(f"{head}.{good.split('.', 1)[1]}")) == KEPT_OUT


@fuzzing
@given(st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1))
def test_any_other_text_is_not_taken(firebase, text):
    assert codes(by(text)) == KEPT_OUT


def test_a_token_is_checked_before_the_body_is_read(firebase):
    answer = call(main.generate, method="POST", data=b"x" * 20_000_000)

    assert answer.status_code == 401


def test_a_customers_own_issuer(own):
    assert jobs(by(own.sign(own_claims()))).status_code == 200
    assert jobs(by(own.sign(own_claims(), EC_KEY_ID, "ES256"))).status_code == 200
    assert jobs(by(own.sign(own_claims(aud=["other", OWN["aud"]])))).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"exp": NOW - 60},
        {"exp": None},
        {"iat": None},
        {"sub": None},
    ],
)
def test_of_its_issuer_a_server_takes_only_what_is_for_it(own, changes):
    answer = jobs(by(own.sign(own_claims(**changes))))

    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
    assert f"a token of {OWN['iss']} for {OWN['aud']}" in answer.json["detail"]


def test_an_issuers_own_servers_forgers(own):
    for how, (token, _) in forged(own).items():
        assert jobs(by(token)).json["code"] == "invalid_token", how


def test_tokens_of_an_emulator(set_up):
    set_up(AUTH="emulator")
    # As mockUserToken of the Firebase SDK makes them if it is told no more: of the year 1970.
    old = firebase_claims(PROJECT, "ann", iat=0, exp=3600, auth_time=0)

    assert jobs(by(unsigned(old))).status_code == 200
    assert jobs({}).json["code"] == "unauthenticated"
    other = unsigned(firebase_claims("other", "ann"))
    assert jobs(by(other)).json["code"] == "invalid_token"


def test_an_emulators_server_takes_no_signed_token(set_up, issuer):
    set_up(AUTH="emulator")

    answer = jobs(child(issuer, "ann"))

    assert answer.json["code"] == "invalid_token"
    assert "unsigned token" in answer.json["detail"]


@pytest.mark.parametrize("auth", ["none", "emulator"])
@pytest.mark.parametrize("name", [*ASKED, "styles"])
def test_nobody_goes_unchecked_on_google_cloud(set_up, capsys, auth, name):
    set_up(AUTH=auth, K_SERVICE=name)
    wiring.provide(None)
    ann = by(unsigned(firebase_claims(PROJECT, "ann")))

    answer = call(getattr(main, name), **ASKED.get(name, {}), headers=ann)

    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "AUTH must be firebase or jwt on Google Cloud" in capsys.readouterr().out


@pytest.mark.parametrize("auth", ["firebase", "jwt"])
def test_keys_out_of_reach_are_a_503(set_up, capsys, auth):
    url = "http://127.0.0.1:1/keys"
    set_up(AUTH=auth, AUTH_ISSUER=OWN["iss"], AUTH_AUDIENCE=OWN["aud"], AUTH_KEYS_URL=url)
    token = f"{part({'alg': 'RS256', 'kid': 'a'})}.{part({})}.{part('x')}"

    answer = jobs(by(token))

    assert (answer.status_code, answer.json["code"]) == (503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    logged = [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()]
    assert "no keys to check tokens with" in logged


# --- App Check ------------------------------------------------------------------------------------


@pytest.fixture
def app_check(firebase, set_up):
    set_up(APP_CHECK_PROJECT_NUMBER="123", APP_CHECK_KEYS_URL=firebase.url)
    return firebase


def app_claims(**changes):
    claims = {
        "iss": "https://firebaseappcheck.googleapis.com/123",
        "aud": ["projects/123", f"projects/{PROJECT}"],
        "sub": "1:123:android:abc",
        "iat": int(time.time()),
        "exp": int(time.time()) + 3600,
    }
    return claims | changes


def test_an_app_of_ours_is_let_in(app_check):
    app = {APP_CHECK: app_check.sign(app_claims())}
    assert jobs(child(app_check, "ann") | app).status_code == 200


@pytest.mark.parametrize("name", ASKED)
def test_who_shows_no_token_of_an_app_is_not_let_in(app_check, name):
    answer = asked(name, **child(app_check, "ann"))

    assert (answer.status_code, answer.json["code"]) == (401, "invalid_app_check")
    assert APP_CHECK in answer.json["detail"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://firebaseappcheck.googleapis.com/124"},
        {"aud": ["projects/124"]},
        {"exp": NOW - 60},
        {"iat": TOMORROW},
    ],
)
def test_another_apps_token_is_not_taken(app_check, changes):
    app = {APP_CHECK: app_check.sign(app_claims(**changes))}
    assert jobs(child(app_check, "ann") | app).json["code"] == "invalid_app_check"


def test_a_forged_app_is_not_taken(app_check):
    for how, (token, _) in forged(app_check).items():
        if token.isascii():
            answer = jobs(child(app_check, "ann") | {APP_CHECK: token})
            assert answer.json["code"] == "invalid_app_check", how


def test_a_users_token_is_no_apps_and_an_apps_no_users(app_check):
    user, app = child(app_check, "ann"), app_check.sign(app_claims())
    assert jobs(user | {APP_CHECK: user["Authorization"][7:]}).json["code"] == "invalid_app_check"
    assert jobs(by(app) | {APP_CHECK: app}).json["code"] == "invalid_token"


# --- whose things ---------------------------------------------------------------------------------


def begin(issuer, uid, **claims):
    """A book of two that somebody has begun: its job's id."""
    answer = post(main.generate, TALE, **child(issuer, uid, **claims))
    assert answer.status_code == 202
    return answer.json["jobId"]


def code_of(answer):
    return answer.status_code, answer.json["code"]


def test_somebody_elses_things_are_not_there(firebase, world):
    job = begin(firebase, "ann")
    world.run()
    before = dict(world.store._documents)
    bob = child(firebase, "bob", classId="3b", teaches=["3b"])

    assert code_of(call(main.status, query_string={"jobId": job}, headers=bob)) == (
        404, "job_not_found",
    )  # fmt: skip
    by_task = call(main.status, query_string={"studentTaskId": "7"}, headers=bob)
    assert code_of(by_task) == (404, "job_not_found")
    assert code_of(call(main.download, query_string={"jobId": job}, headers=bob)) == (
        404, "job_not_found",
    )  # fmt: skip
    for change in (main.cancel, main.delete):
        theirs, none = (post(change, {"jobId": one}, **bob) for one in (job, "a" * 26))
        assert code_of(theirs) == (404, "job_not_found")
        assert theirs.get_data() == none.get_data()
    again = post(main.regenerate, {"imageId": f"{job}-000"}, **bob)
    assert code_of(again) == (404, "image_not_found")
    assert jobs(bob).json["jobs"] == []
    assert post(main.forget, {}, **bob).json == {"deletedJobs": 0, "complete": True}
    assert dict(world.store._documents) == before


def test_everything_carries_its_owner(firebase, world):
    job = begin(firebase, "ann")

    assert world.store.job(job).value.owner_uid == "ann"
    assert {image.value.owner_uid for image in world.store.images_of(job)} == {"ann"}
    assert begin(firebase, "bob") != job  # of the very same request


def test_a_drawing_is_taken_of_ones_own_folder_only(firebase, world):
    tale = {**TALE, "sketchImage": "gs://pictures/uploads/a/b/mina.png"}
    for uid in ("a", "a/b"):
        answer = post(main.generate, tale, **child(firebase, uid))
        told = answer.json["errors"][0]["code"]
        assert told == ("not_found" if uid == "a" else "link_not_allowed")
    tale["sketchImage"] = "gs://pictures/uploads/a%2Fb/mina.png"
    answer = post(main.generate, tale, **child(firebase, "a/b"))
    assert answer.json["errors"][0]["code"] == "not_found"


# --- classes --------------------------------------------------------------------------------------


def test_a_teacher_looks_at_what_her_class_makes(firebase, world):
    job = begin(firebase, "ann", classId="3b")
    world.run()
    teacher = child(firebase, "ms kim", teaches=["2a", "3b"])

    seen = call(main.status, query_string={"jobId": job}, headers=teacher)
    archive = call(main.download, query_string={"jobId": job}, headers=teacher)
    listed = jobs(teacher, classId="3b")

    assert (seen.status_code, seen.json["status"]) == (200, "succeeded")
    assert archive.get_data()[:2] == b"PK"
    assert [one["jobId"] for one in listed.json["jobs"]] == [job]
    assert jobs(teacher).json["jobs"] == []  # her own


def test_a_teacher_changes_nothing(firebase, world):
    job = begin(firebase, "ann", classId="3b")
    world.run()
    before = dict(world.store._documents)
    teacher = child(firebase, "ms kim", teaches=["3b"])

    again = post(main.regenerate, {"imageId": f"{job}-000"}, **teacher)
    ended = post(main.cancel, {"jobId": job}, **teacher)
    gone = post(main.delete, {"jobId": job}, **teacher)
    forgotten = post(main.forget, {}, **teacher)

    assert code_of(again) == code_of(ended) == code_of(gone) == (403, "not_owner")
    assert forgotten.json["deletedJobs"] == 0  # what is hers
    assert dict(world.store._documents) == before


def test_another_classs_teacher_sees_nothing(firebase, world):
    job = begin(firebase, "ann", classId="3b")
    alone = begin(firebase, "carl")
    teacher = child(firebase, "mr lee", teaches=["3c", "None", ""], classId="3b")

    for one in (job, alone):
        seen = call(main.status, query_string={"jobId": one}, headers=teacher)
        assert code_of(seen) == (404, "job_not_found")
        assert code_of(post(main.cancel, {"jobId": one}, **teacher)) == (404, "job_not_found")
    for class_id in ("3b", "", "None"):
        expected = (200, None) if class_id == "None" else (404, "class_not_found")
        answer = jobs(teacher, classId=class_id)
        assert (answer.status_code, answer.json.get("code")) == expected
    assert jobs(teacher, classId="None").json["jobs"] == []


def test_a_classmate_is_no_teacher(firebase):
    begin(firebase, "ann", classId="3b")

    assert code_of(jobs(child(firebase, "bob", classId="3b"), classId="3b")) == (
        404, "class_not_found",
    )  # fmt: skip


def test_a_class_is_listed_page_by_page(firebase, world):
    made = [begin(firebase, f"child {n}", classId="3b") for n in range(3)]
    begin(firebase, "stranger", classId="3c")
    teacher = child(firebase, "ms kim", teaches=["3b"])

    first = jobs(teacher, classId="3b", limit=2).json
    second = jobs(teacher, classId="3b", limit=2, cursor=first["nextCursor"]).json

    found = [one["jobId"] for one in first["jobs"] + second["jobs"]]
    assert sorted(found) == sorted(made)
    assert second["nextCursor"] is None


def test_what_a_child_makes_carries_their_class(firebase, world):
    job = begin(firebase, "ann", classId="3b")
    alone = begin(firebase, "carl")

    assert world.store.job(job).value.class_id == "3b"
    assert {image.value.class_id for image in world.store.images_of(job)} == {"3b"}
    assert world.store.job(alone).value.class_id is None


@pytest.mark.parametrize(
    ("claims", "class_id", "teaches"),
    [
        ({}, None, set()),
        ({"classId": "3b", "teaches": ["3b", "3c"]}, "3b", {"3b", "3c"}),
        ({"classId": 3, "teaches": "3b"}, None, set()),
        ({"classId": "", "teaches": {"3b": True}}, None, set()),
        ({"classId": ["3b"], "teaches": ["3b", 4, None, "", ["3c"]]}, None, {"3b"}),
        ({"classId": "x" * 129, "teaches": True}, None, set()),
        ({"teaches": [str(n) for n in range(50)]}, None, {str(n) for n in range(50)}),
        ({"teaches": [str(n) for n in range(51)]}, None, set()),
    ],
)
def test_claims_of_a_wrong_type_give_no_right(set_up, claims, class_id, teaches):
    set_up(AUTH="emulator")
    token = unsigned(firebase_claims(PROJECT, "ann", **claims))
    found = []

    def look(request):
        found.append(caller_of(request))
        return ""

    call(look, headers=by(token))

    assert found == [Caller(uid="ann", class_id=class_id, teaches=frozenset(teaches))]
