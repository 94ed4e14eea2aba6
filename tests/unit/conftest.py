"""What tests of the functions share: settings in the environment, and a world of fakes."""

import pytest

from functions import wiring
from shared.settings import settings
from tests.fakes.world import World
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
def world(environment):
    world = World()
    wiring.provide(world.services)
    yield world
    wiring.provide(None)
