"""Clients' own servers, which are told of endings: slow, out of reach, or not interested."""

from datetime import datetime

from shared.domain.events import Event, ending_of
from shared.domain.image import Image
from shared.domain.job import Job
from shared.ports import CallbackFailed, CallbackRefused
from tests.simulation.network import Network

WAY = 0.05
"""Seconds that a message, or its answer, takes."""


class SimulatedClientServers:
    """`shared.ports.CallbackSender`, and what has come to the servers."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.true: dict[str, Event] = {}
        """Every ending that there has been, by the event's id."""
        self.told: dict[str, int] = {}
        """How often each was told of."""
        self.given_up: set[str] = set()
        """Events that the servers did not want, or whose last attempt failed."""
        self.untrue: list[str] = []
        """Events that there had not been."""

    def ended(self, subject: Image | Job) -> None:
        """Take note of a state that was written."""
        event = ending_of(subject) if subject.callback_url is not None else None
        if event is not None:
            self.true[event.event_id] = event

    def send(self, url: str, event_id: str, at: datetime, body: bytes) -> None:
        happens = self._network.travel("callback", WAY)
        if happens == "crash before":
            self._network.die()
        if happens == "not taken":
            raise CallbackFailed("HTTP 500")
        if event_id not in self.true:
            self.untrue.append(event_id)
        if happens == "not wanted":
            self.given_up.add(event_id)
            raise CallbackRefused("HTTP 410")
        self.told[event_id] = self.told.get(event_id, 0) + 1
        if happens == "crash after":
            self._network.die()
        if happens == "answer lost":
            raise CallbackFailed("no answer")
