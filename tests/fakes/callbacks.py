"""A client's own server in memory. It passes the contract tests that the HTTP sender passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.adapters.callback_sender import fault_of
from shared.ports import CallbackFailed, CallbackRefused


@dataclass(frozen=True, kw_only=True)
class Received:
    """A message as the client's server got it."""

    url: str
    event_id: str
    at: datetime
    body: bytes


class FakeCallbackSender:
    """`shared.ports.CallbackSender` that delivers into a list; `answers` are the next statuses."""

    def __init__(self, hosts: Sequence[str] = ("client.test",)) -> None:
        self.hosts = tuple(hosts)
        self.received: list[Received] = []
        self.answers: list[int | BaseException] = []
        """200 once they are used up; an exception is raised after the message was received."""

    @property
    def ids(self) -> list[str]:
        return [message.event_id for message in self.received]

    def send(self, url: str, event_id: str, at: datetime, body: bytes) -> None:
        fault = fault_of(url, self.hosts)
        if fault is not None:
            raise CallbackRefused(fault)
        answer = self.answers.pop(0) if self.answers else 200
        self.received.append(Received(url=url, event_id=event_id, at=at, body=body))
        if isinstance(answer, BaseException):
            raise answer
        if answer == 410:
            raise CallbackRefused("it answered HTTP 410")
        if not 200 <= answer < 300:
            raise CallbackFailed(f"it answered HTTP {answer}")
