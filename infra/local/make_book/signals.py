"""SIGTERM ends the commands as Ctrl-C does: the terminal is left as it was."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM has come."""


@contextmanager
def terminable() -> Iterator[None]:
    """Raise Terminated within, where SIGTERM would have ended the process on the spot."""
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield  # whoever started us ignores it, or sees to it
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
