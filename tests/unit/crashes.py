"""Processes that die at a chosen moment."""

import pytest

from shared.usecases.admit import admit
from tests.fakes.world import World


class Crash(BaseException):
    """The process dies here; nothing catches it."""


def crashed_while_submitting(world: World, before_the_painter_takes_it: bool):
    """A book whose process died in the middle of an IMAGINE."""
    book = world.start(members=0)
    imagine = world.painter.imagine

    def crash(prompt, *, token, **others):
        if not before_the_painter_takes_it:
            imagine(prompt, token=token, **others)
        raise Crash

    world.painter.imagine = crash
    with pytest.raises(Crash):
        admit(world.services)
    world.painter.imagine = imagine
    world.queue.due.clear()
    return book
