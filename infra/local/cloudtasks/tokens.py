# mypy: allow-untyped-calls
"""OIDC tokens as Google signs them for Cloud Tasks, Cloud Scheduler and Eventarc.

They are signed by RS256, and their certificates are published.
"""

import datetime as dt
import time
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://accounts.google.com"
KEY_ID = "local"
_LIFETIME = 3600


class TokenIssuer:
    """Signs identity tokens with a key of its own, made on first use."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def _signer(self) -> Any:
        pem = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return crypt.RSASigner.from_string(pem, key_id=KEY_ID)

    def mint(self, email: str, audience: str, now: float | None = None) -> str:
        """Return a token for a service account, valid for an hour from `now` (Unix seconds)."""
        issued = int(time.time() if now is None else now)
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "azp": email,
            "sub": email,
            "email": email,
            "email_verified": True,
            "iat": issued,
            "exp": issued + _LIFETIME,
        }
        token: bytes = jwt.encode(self._signer, claims)
        return token.decode()

    @cached_property
    def key_set(self) -> dict[str, Any]:
        """The public key as www.googleapis.com/oauth2/v3/certs has it (JWKS, RFC 7517)."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [key | {"kid": KEY_ID, "alg": "RS256", "use": "sig"}]}

    @cached_property
    def certificates(self) -> dict[str, str]:
        """The certificates by key id, in PEM, as www.googleapis.com/oauth2/v1/certs has them.

        `google.oauth2.id_token.verify_token(token, request, audience, certs_url)` reads this form.
        """
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "local")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=365))
            .sign(self._key, hashes.SHA256())
        )
        return {KEY_ID: certificate.public_bytes(serialization.Encoding.PEM).decode()}
