"""An issuer of tokens for tests: its keys, and its key set over real HTTP on loopback."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

KEY_ID, EC_KEY_ID = "rsa-1", "ec-1"


class Issuer:
    """Signs what it is told to; its key set is at `url` while the server runs."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec_key = ec.generate_private_key(ec.SECP256R1())
        self.keys = [
            RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True) | {"kid": KEY_ID},
            ECAlgorithm.to_jwk(self.ec_key.public_key(), as_dict=True) | {"kid": EC_KEY_ID},
        ]
        self.body: bytes | None = None
        """What is served instead of the keys."""
        self.status = 200
        self.headers = {"Cache-Control": "public, max-age=600"}
        self.fetches = 0
        self.gate = threading.Event()
        """While it is not set, answers wait."""
        self.gate.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        # A path of its own: keys are remembered by their address, and ports come again.
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/{time.monotonic_ns()}"

    def sign(self, claims: dict[str, Any], key_id: str = KEY_ID, algorithm: str = "RS256") -> str:
        key = self.ec_key if algorithm == "ES256" else self.key
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": key_id})

    @property
    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                issuer.gate.wait(20)
                body = issuer.body
                if body is None:
                    body = json.dumps({"keys": issuer.keys}).encode()
                self.send_response(issuer.status)
                for name, value in issuer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def part(value: object) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(claims: dict[str, Any]) -> str:
    """A token as the Firebase emulators make and take it (and production does not)."""
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def firebase_claims(project: str, uid: str, **more: Any) -> dict[str, Any]:
    """What an ID token of Firebase Authentication says."""
    now = int(time.time())
    claims = {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": uid,
        "user_id": uid,
        "iat": now,
        "exp": now + 3600,
        "auth_time": now,
        "firebase": {"sign_in_provider": "custom", "identities": {}},
    }
    return {name: value for name, value in (claims | more).items() if value is not None}
