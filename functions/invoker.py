"""Who may call an internal function: its invoker alone, as the OIDC token says that Google signs.

On Google Cloud the platform has checked the token before (IAM, `roles/run.invoker`) and replaces
its signature by a literal before the function sees it
(https://cloud.google.com/run/docs/troubleshooting#signature-removed). What the token says is
checked once more here, so that a binding of IAM to a wrong account alone opens nothing. One to
`allUsers` would: then the platform looks at no token, and anybody can write that literal.
"""

import re
from urllib.parse import urlsplit

import flask

from shared.adapters.token_keys import keys_at
from shared.adapters.tokens import Claims, InvalidToken, Wanted, signed_claims, trusted_claims
from shared.settings import Settings, SettingsError, settings

REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"
ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
"""https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken"""

_OWN_HOST = r"-(?:[0-9a-z]{10}-[0-9a-z]{2}\.a|[0-9]{1,20}\.[0-9a-z-]{1,40})\.run\.app"
"""What follows a service's name in its two addresses: a hash and a region, or the project's number
and the region (https://cloud.google.com/run/docs/triggering/https-request)."""


class NotInvoker(Exception):
    """The caller may not call this function; `reason` is for the log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def check_invoker(request: flask.Request, function: str) -> None:
    """Return if the function's invoker calls.

    Raises `NotInvoker`, `SettingsError` if nobody can be admitted, and `KeysUnavailable`.
    """
    values = settings()
    if not values.invoker:
        if values.deployed:
            raise SettingsError("INVOKER must name the account that calls this function.")
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotInvoker(401, "no token")
    try:
        claims = _claims(request, token, values)
    except InvalidToken as invalid:
        raise NotInvoker(401, invalid.wrong) from None
    if not _is_for(claims["aud"], function, values):
        raise NotInvoker(401, "audience")
    if claims["email"] != values.invoker or claims.get("email_verified") is not True:
        raise NotInvoker(403, "account")


def _claims(request: flask.Request, token: str, values: Settings) -> Claims:
    wanted = Wanted(issuers=ISSUERS, audience=None, requires=("exp", "iat", "iss", "aud", "email"))
    # With this header the platform has checked that one, and passed ours on as it came.
    vouched = values.deployed and "X-Serverless-Authorization" not in request.headers
    if vouched and token.endswith(f".{REMOVED}"):
        return trusted_claims(token, wanted)
    return signed_claims(token, keys_at(values.invoker_keys_url), wanted)


def _is_for(audience: object, function: str, values: Settings) -> bool:
    """Whether a token is for this very function, by one of the addresses that it has."""
    if audience == f"{values.functions_url}/{function}":
        return True
    if not values.deployed or not isinstance(audience, str):
        return False
    # Eventarc takes the service's own address.
    try:
        parts = urlsplit(audience)
    except ValueError:
        return False
    host = re.fullmatch(re.escape(values.service) + _OWN_HOST, parts.netloc)
    return parts.scheme == "https" and host is not None
