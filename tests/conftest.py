"""What holds for all tests."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long an example takes says more about what else the machine is doing than about the code.
settings.register_profile("machine that is shared", deadline=None)
settings.load_profile("machine that is shared")


def pytest_configure() -> None:
    """Let Ctrl-C interrupt: who runs the tests may ignore SIGINT, which children inherit."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _ctrl_c_interrupts_the_next_test_too() -> Iterator[None]:
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, "a handler is left behind"
