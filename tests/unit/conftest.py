"""What tests of the functions share: settings in the environment, and a world of fakes."""

import pytest

from functions import wiring
from shared.settings import settings
from tests.fakes.world import World
from tests.issuing import Issuer
from tests.unit.deploying import archives, machine  # noqa: F401 - fixtures
from tests.unit.test_settings import NEEDED


@pytest.fixture
def environment(monkeypatch):
    for name, value in (NEEDED | {"AUTH": "none"}).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def set_up(environment, monkeypatch):
    """Changes settings, by their variables; None takes one away."""

    def change(**values):
        for name, value in values.items():
            if value is None:
                monkeypatch.delenv(name)
            else:
                monkeypatch.setenv(name, value)
        settings.cache_clear()

    return change


@pytest.fixture(scope="module")
def issuer():
    """Signs tokens, and serves its keys."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def world(environment):
    world = World()
    wiring.provide(world.services)
    yield world
    wiring.provide(None)
