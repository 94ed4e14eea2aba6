"""Discord-like picture URLs: signed, expiring, and gone once replaced (contract, section 2.3)."""

import hashlib
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import quote

from infra.local.proxy.painting.grid import Order
from infra.local.proxy.task import Action

#: Uploaded pictures that are kept; Discord keeps them all.
_MAX_UPLOADS = 200


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A picture that a URL leads to: an upload's bytes, or an order still to be painted."""

    channel: str
    message: str
    name: str
    order: Order | None = None
    percent: int | None = None  #: how much of it is painted; None: all
    content: bytes | None = None  #: an upload
    content_type: str = "image/png"
    action: Action = Action.IMAGINE
    prompt: str = ""  #: of the task, for faults
    final: bool = False


class Attachments:
    """All pictures that have a URL. Discord's memory: the proxy's restart does not touch it."""

    def __init__(self, ttl: float, secret: str) -> None:
        """Sign with `secret` URLs that live for `ttl` seconds."""
        self.base_url = ""  #: set once the server knows its port
        self._ttl = ttl
        self._secret = secret.encode()
        self._known: OrderedDict[str, Attachment] = OrderedDict()
        self._uploads: OrderedDict[str, None] = OrderedDict()

    def add(self, attachment: Attachment, now: float, *, expired: bool = False) -> str:
        """Store a picture and return its URL; `expired` makes it stale from the start."""
        self._known[attachment.message] = attachment
        if attachment.content is not None:
            self._uploads[attachment.message] = None
            if len(self._uploads) > _MAX_UPLOADS:
                self._known.pop(self._uploads.popitem(last=False)[0], None)
        issued = int(now - 2 * self._ttl - 1) if expired else int(now)
        path = f"/attachments/{attachment.channel}/{attachment.message}/{quote(attachment.name)}"
        expires = int(now - self._ttl - 1) if expired else int(now + self._ttl + 1)
        signature = self._sign(attachment, f"{expires:x}", f"{issued:x}")
        return f"{self.base_url}{path}?ex={expires:x}&is={issued:x}&hm={signature}"

    def remove(self, message: str) -> None:
        """Forget a partial picture that a newer one replaced."""
        self._known.pop(message, None)

    def find(
        self, path: tuple[str, str, str], query: dict[str, str], now: float
    ) -> Attachment | None:
        """Return what a URL leads to; None if it is unknown, expired or its signature wrong."""
        channel, message, name = path
        attachment = self._known.get(message)
        if attachment is None or (attachment.channel, attachment.name) != (channel, name):
            return None
        expires, issued = query.get("ex", ""), query.get("is", "")
        expected = self._sign(attachment, expires, issued)
        if not hmac.compare_digest(expected.encode(), query.get("hm", "").encode()):
            return None
        return attachment if int(expires, 16) > now else None

    def _sign(self, attachment: Attachment, expires: str, issued: str) -> str:
        text = f"{attachment.channel}/{attachment.message}/{attachment.name}?{expires}&{issued}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def final_name(words: str, picture_id: str) -> str:
    """Return the file name of a finished picture: `<discord name>_<prompt words>_<uuid>.png`."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_")[:60].strip("_")
    return f"fairytale_{plain}_{picture_id}.png" if plain else f"fairytale_{picture_id}.png"


def partial_name(picture_id: str) -> str:
    """Return the file name of a half painted picture, as the proxy recognises it."""
    return f"{picture_id}_grid_0.webp"
