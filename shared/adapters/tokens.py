"""Signed tokens (JWT, RFC 7519): what they say, once everything about them has been checked.

jwt is imported with the first token: see `token_keys`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.adapters.token_keys import TokenKeys

if TYPE_CHECKING:
    from jwt import PyJWK

LEEWAY = 10
"""Seconds by which the issuer's clock may differ from ours."""
MOST_LETTERS = 16 * 1024
"""Of a token; web servers take headers of 8 to 32 KiB."""

Claims = dict[str, Any]
_TIMES = ("verify_exp", "verify_iat", "verify_nbf")
_WORDS = ("verify_iss", "verify_aud", "verify_sub")
"""What jwt checks of its own accord only if it checks the signature, too."""


class Wrong(StrEnum):
    """Why a token is not taken."""

    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    """It is signed by an algorithm that is not wanted, or not at all."""
    KEY = "key"
    """Its issuer has no such key."""
    SIGNATURE = "signature"
    EXPIRED = "expired"
    EARLY = "early"
    """It was issued in the future, or is not valid yet."""
    ISSUER = "issuer"
    AUDIENCE = "audience"
    CLAIMS = "claims"
    """It does not say what it must, or not in the right type."""


class InvalidToken(Exception):
    """A token is not taken. Nothing of it is in the message."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong.value)
        self.wrong = wrong


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a token has to say to be taken."""

    issuers: frozenset[str]
    audience: str | None
    """None: whoever asks looks at it."""
    algorithms: Sequence[str] = ("RS256",)
    requires: Sequence[str] = ("exp", "iat", "iss", "aud", "sub")


def signed_claims(token: str, keys: TokenKeys, wanted: Wanted) -> Claims:
    """What a token says whose signature is right. Raises `InvalidToken`, `KeysUnavailable`."""
    header = _header(token)
    # Before the keys are asked for, as that may fetch them.
    if header.get("alg") not in wanted.algorithms:
        raise InvalidToken(Wrong.ALGORITHM)
    key_id = header.get("kid")
    key = keys.key(key_id) if isinstance(key_id, str) else None
    if key is None:
        raise InvalidToken(Wrong.KEY)
    return _decoded(token, wanted, key, {})


def trusted_claims(token: str, wanted: Wanted) -> Claims:
    """What a token says whose signature somebody else has checked. Raises `InvalidToken`."""
    if _header(_unsigned(token)).get("alg") not in wanted.algorithms:
        raise InvalidToken(Wrong.ALGORITHM)
    return _decoded(_unsigned(token), wanted, None, dict.fromkeys([*_TIMES, *_WORDS], True))


def unsigned_claims(token: str, wanted: Wanted) -> Claims:
    """What a token says that is not signed, and may be old. Raises `InvalidToken`."""
    if _header(token).get("alg") != "none":
        raise InvalidToken(Wrong.ALGORITHM)
    return _decoded(_unsigned(token), wanted, None, dict.fromkeys(_WORDS, True))


def _unsigned(token: str) -> str:
    return token.rpartition(".")[0] + "."


def _header(token: str) -> dict[str, Any]:
    import jwt

    if len(token) > MOST_LETTERS:
        raise InvalidToken(Wrong.MALFORMED)
    try:
        return jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise InvalidToken(Wrong.MALFORMED) from None


def _decoded(token: str, wanted: Wanted, key: "PyJWK | None", checks: dict[str, bool]) -> Claims:
    from jwt import PyJWTError, decode
    from jwt.types import Options

    options = Options(
        verify_signature=key is not None,
        enforce_minimum_key_length=True,
        require=list(wanted.requires),
        **checks,  # type: ignore[typeddict-item]
    )
    if wanted.audience is None:
        options["verify_aud"] = False
    try:
        return decode(
            token,
            key or "",
            algorithms=list(wanted.algorithms),
            issuer=wanted.issuers,
            audience=wanted.audience,
            leeway=LEEWAY,
            options=options,
        )
    except PyJWTError as error:
        raise InvalidToken(_wrong(error)) from None


def _wrong(error: Exception) -> Wrong:
    from jwt import exceptions

    missing = {"iss": Wrong.ISSUER, "aud": Wrong.AUDIENCE}
    match error:
        case exceptions.MissingRequiredClaimError():
            return missing.get(error.claim, Wrong.CLAIMS)
        case exceptions.ExpiredSignatureError():
            return Wrong.EXPIRED
        case exceptions.ImmatureSignatureError():
            return Wrong.EARLY
        case exceptions.InvalidIssuerError():
            return Wrong.ISSUER
        case exceptions.InvalidAudienceError():
            return Wrong.AUDIENCE
        case exceptions.InvalidSubjectError() | exceptions.InvalidIssuedAtError():
            return Wrong.CLAIMS
        case exceptions.InvalidAlgorithmError() | exceptions.InvalidKeyError():
            return Wrong.ALGORITHM
        case exceptions.InvalidSignatureError():
            return Wrong.SIGNATURE
    return Wrong.MALFORMED
