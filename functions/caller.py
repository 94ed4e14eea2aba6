"""Who calls: the token of a client, and of its app, becomes a `Caller` or an answer 401.

The one seam of client functions at which it is decided who somebody is. `AUTH` says who vouches:

    firebase   Firebase Authentication: ID tokens of this very project
    jwt        an issuer of the customer's own
    emulator   the emulator's unsigned tokens; refused on Google Cloud
    none       nobody: all are one owner; refused on Google Cloud
"""

import time
from dataclasses import dataclass

import flask

from functions.api.credentials import (
    MOST_UID,
    invalid_app_check,
    invalid_token,
    unauthenticated,
)
from functions.api.problems import unavailable
from shared.adapters.token_keys import KeysUnavailable, keys_at
from shared.adapters.tokens import (
    LEEWAY,
    Claims,
    InvalidToken,
    Wanted,
    Wrong,
    signed_claims,
    unsigned_claims,
)
from shared.log import log
from shared.settings import Settings, settings

EVERYBODY = "everybody"
"""The uid of all callers while nobody vouches for them."""
APP_CHECK = "X-Firebase-AppCheck"
MOST_CLASSES = 50
"""That a teacher can have, and the security rules look through."""

FIREBASE_KEYS = (
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
)
"""https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library"""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whoever calls a client function."""

    uid: str
    """Owns what is made, and sees what is theirs."""
    class_id: str | None = None
    """The class that they belong to: its teachers may look at what they make."""
    teaches: frozenset[str] = frozenset()
    """The classes whose books they may look at."""


def caller_of(request: flask.Request) -> Caller:
    """Who calls. Raises `Problem` 401, or 503 if the issuer's keys are out of reach."""
    values = settings()
    try:
        caller = _caller(request, values)
        _check_app(request, values)
    except KeysUnavailable:
        log("ERROR", "no keys to check tokens with", auth=values.auth)
        raise unavailable() from None
    return caller


def _caller(request: flask.Request, values: Settings) -> Caller:
    if values.auth == "none":
        return Caller(uid=EVERYBODY)
    expected = _expected(values)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthenticated(expected)
    try:
        return _named(_claims(token, values))
    except InvalidToken as invalid:
        raise invalid_token(invalid.wrong, expected) from None


def _expected(values: Settings) -> str:
    if values.auth == "jwt":
        return f"a token of {values.auth_issuer} for {values.auth_audience}"
    if values.auth == "emulator":
        return f"an unsigned token of the Firebase emulator for the project {values.project}"
    return f"an ID token of Firebase Authentication for the project {values.project}"


def _claims(token: str, values: Settings) -> Claims:
    if values.auth == "jwt":
        own = Wanted(
            issuers=frozenset({values.auth_issuer}),
            audience=values.auth_audience,
            algorithms=("RS256", "ES256"),
        )
        return signed_claims(token, keys_at(values.auth_keys_url), own)
    firebase = Wanted(
        issuers=frozenset({f"https://securetoken.google.com/{values.project}"}),
        audience=values.project,
        requires=("exp", "iat", "iss", "aud", "sub", "auth_time"),
    )
    if values.auth == "emulator":
        return unsigned_claims(token, firebase)
    claims = signed_claims(token, keys_at(values.auth_keys_url or FIREBASE_KEYS), firebase)
    signed_in = claims["auth_time"]
    if not isinstance(signed_in, int):
        raise InvalidToken(Wrong.CLAIMS)
    if signed_in > time.time() + LEEWAY:
        raise InvalidToken(Wrong.EARLY)
    return claims


def _named(claims: Claims) -> Caller:
    uid = claims["sub"]
    if not _is_name(uid):
        raise InvalidToken(Wrong.CLAIMS)
    class_id, teaches = claims.get("classId"), claims.get("teaches")
    if not isinstance(teaches, list) or len(teaches) > MOST_CLASSES:
        teaches = []  # a wrong claim gives no right, and takes none away
    return Caller(
        uid=uid,
        class_id=class_id if _is_name(class_id) else None,
        teaches=frozenset(one for one in teaches if _is_name(one)),
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MOST_UID and value.isprintable()


def _check_app(request: flask.Request, values: Settings) -> None:
    """Raise `Problem` unless an app of ours calls, if that is asked for.

    https://firebase.google.com/docs/app-check/custom-resource-backend
    """
    number = values.app_check_project
    if not number:
        return
    token = request.headers.get(APP_CHECK)
    if not token:
        raise invalid_app_check(None)
    wanted = Wanted(
        issuers=frozenset({f"https://firebaseappcheck.googleapis.com/{number}"}),
        audience=f"projects/{number}",
    )
    try:
        signed_claims(token, keys_at(values.app_check_keys_url), wanted)
    except InvalidToken as invalid:
        raise invalid_app_check(invalid.wrong) from None
