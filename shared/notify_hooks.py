"""Where the painter sends its news: an address for each submission that nobody can guess.

The proxy signs nothing and sends no header of ours, so the secret stands in the path, and holds
for one submission of one image only. It can be read by everybody who may read the proxy's tasks
(`properties.notifyHook`), and it lets them no more than have us look, and show progress and a
partial picture of the painter's own hosts. The proxy takes the address
for a template and escapes it once more, hence unreserved characters only (`NotifyServiceImpl`).
"""

import hashlib
import hmac


class NotifyHooks:
    """Makes the addresses, and tells which were made here."""

    def __init__(self, base_url: str, secret: str) -> None:
        """`base_url` is where the proxy reaches the functions, without a slash at its end."""
        self._base_url = base_url
        self._key = secret.encode()

    def url(self, image_id: str, token: str) -> str:
        """Where news of an image's submission with that token are sent."""
        return f"{self._base_url}/notify/{image_id}/{self._signature(image_id, token)}"

    def is_genuine(self, image_id: str, token: str, signature: str) -> bool:
        """Whether the signature was made here for that image and token; in constant time."""
        expected, given = self._signature(image_id, token), signature
        return hmac.compare_digest(expected.encode(), given.encode(errors="surrogatepass"))

    def _signature(self, image_id: str, token: str) -> str:
        # A forger's JSON may hold halves of characters.
        message = f"{image_id}/{token}".encode(errors="surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
