"""Where pictures are fetched, kept and finished: slow, broken, or out of reach."""

from collections.abc import Iterable
from datetime import datetime

from shared.domain.image import BackgroundEffect
from shared.ports import (
    Finished,
    Picture,
    PictureRejected,
    PictureUnavailable,
    StoredObject,
)
from tests.fakes.world import FakeFinisher, FakePictures
from tests.simulation.network import Network

WAY = 0.05
FINISHING = 1.5
"""Seconds that cutting out or blurring takes."""


class SimulatedPictures:
    """`shared.ports.PictureSource` and `PictureStore` at once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._pictures = FakePictures()

    @property
    def stored(self) -> dict[str, Picture]:
        """By the full name."""
        return self._pictures.stored

    def fetch(self, url: str) -> Picture:
        happens = self._network.travel("fetch", WAY)
        if happens == "unavailable":
            raise PictureUnavailable("told so")
        if happens == "rejected":
            raise PictureRejected("broken_picture", "told so")
        return self._pictures.fetch(url)

    def put(self, name: str, picture: Picture, expire_at: datetime) -> str:
        happens = self._network.travel("put", WAY)
        if happens == "unavailable":
            raise PictureUnavailable("told so")
        if happens == "crash before":
            self._network.die()
        url = self._pictures.put(name, picture, expire_at)
        if happens == "crash after":
            self._network.die()
        return url

    def read(self, name: str) -> Picture:
        happens = self._network.travel("fetch", WAY)
        if happens == "unavailable":
            raise PictureUnavailable("told so")
        return self._pictures.read(name)

    def find(self, beginning: str) -> list[StoredObject]:
        if self._network.travel("fetch", WAY) == "unavailable":
            raise PictureUnavailable("told so")
        return self._pictures.find(beginning)

    def remove(self, found: Iterable[StoredObject]) -> None:
        for one in found:
            happens = self._network.travel("put", WAY)
            if happens == "unavailable":
                raise PictureUnavailable("told so")
            if happens == "crash before":
                self._network.die()
            self._pictures.remove([one])
            if happens == "crash after":
                self._network.die()


class SimulatedFinisher:
    """`shared.ports.PictureFinisher` that takes its time."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._finisher = FakeFinisher()

    def character(self, original: Picture) -> Finished:
        self._work()
        return self._finisher.character(original)

    def background(self, original: Picture, effect: BackgroundEffect) -> Finished:
        if effect is not BackgroundEffect.NONE:
            self._work()
        return self._finisher.background(original, effect)

    def _work(self) -> None:
        happens = self._network.travel("finish", FINISHING)
        if happens == "fails":
            raise ValueError("the model failed")
        if happens == "rejected":
            raise PictureRejected("broken_picture", "told so")
