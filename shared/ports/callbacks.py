"""The callback sender: HTTPS to a client's own server, or what stands in for it."""

from datetime import datetime
from typing import Protocol


class CallbackFailed(Exception):
    """The client's server could not be reached, or did not take it, this time."""


class CallbackRefused(Exception):
    """The client's server wants no more of it, or may not be told: trying again is pointless."""


class CallbackSender(Protocol):
    """Signed messages to clients' own servers."""

    def send(self, url: str, event_id: str, at: datetime, body: bytes) -> None:
        """Post a message, signed for the moment `at`; whatever the answer says is not read.

        Raises `CallbackFailed`, `CallbackRefused`; neither quotes the address.
        """
