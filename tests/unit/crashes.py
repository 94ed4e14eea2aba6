"""Processes that die at a chosen moment."""

import pytest

from shared.usecases.admit import admit
from shared.usecases.run_step import run_step
from tests.fakes.world import World


class Crash(BaseException):
    """The process dies here; nothing catches it."""


def crashed_while_submitting(world: World, before_the_painter_takes_it: bool):
    """A book whose process died in the middle of an IMAGINE."""
    book = world.start(members=0)
    admit(world.services)
    imagine = world.painter.imagine

    def crash(prompt, *, token, drawing):
        if not before_the_painter_takes_it:
            imagine(prompt, token=token, drawing=drawing)
        raise Crash

    world.painter.imagine = crash
    hero = world.images(book)[0]
    with pytest.raises(Crash):
        run_step(world.services, hero.image_id, hero.generation, hero.seq)
    world.painter.imagine = imagine
    world.queue.due.clear()
    return book
