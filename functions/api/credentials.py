"""What callers are told whose token is missing or wrong. Nothing of the token is repeated."""

from functions.api.problems import Problem
from shared.adapters.tokens import Wrong

MOST_UID = 128
"""Characters of a uid, as Firebase has it."""

_WHY = {
    Wrong.MALFORMED: "It is no token (JWT). Send it unchanged, as you got it.",
    Wrong.ALGORITHM: "It is not signed as it should be. Send one of the expected kind.",
    Wrong.KEY: "Its issuer knows no such key. Get a new one.",
    Wrong.SIGNATURE: "Its signature is wrong. Send it unchanged, as you got it.",
    Wrong.EXPIRED: "It has expired. Get a new one, and send that.",
    Wrong.EARLY: "It is of the future. Set the clock of whatever issued it right.",
    Wrong.ISSUER: "It is of another issuer or project. Sign in where this server expects it.",
    Wrong.AUDIENCE: "It is for another server or project. Sign in where this server expects it.",
    Wrong.CLAIMS: f"It must say who calls (sub, 1 to {MOST_UID} characters), and since when.",
}


def unauthenticated(expected: str) -> Problem:
    """No token came; `expected` says whose are taken."""
    detail = f"Say who calls: send the header Authorization: Bearer TOKEN, with {expected}."
    headers = {"WWW-Authenticate": "Bearer"}
    return Problem(401, "unauthenticated", detail, headers=headers)


def invalid_token(wrong: Wrong, expected: str) -> Problem:
    """A token came that is not taken."""
    detail = f"The token is not taken. {_WHY[wrong]} Expected is {expected}."
    # As RFC 6750 has it, so that clients of OAuth know what to do.
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return Problem(401, "invalid_token", detail, headers=headers)


def invalid_app_check(wrong: Wrong | None) -> Problem:
    """The app's own token is missing (None) or not taken."""
    why = "It is missing." if wrong is None else _WHY[wrong]
    detail = f"Send the app's App Check token in the header X-Firebase-AppCheck. {why}"
    return Problem(401, "invalid_app_check", detail, headers={"WWW-Authenticate": "Bearer"})
