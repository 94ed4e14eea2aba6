"""Mistakes that somebody could make: each put in at a port, for the simulation to find out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain.image import Image, Step
from shared.domain.observation import Busy, Missing, ParentLost, Unsure
from shared.ports import (
    Committed,
    LookAnswer,
    PassFence,
    Picture,
    SaveImage,
    SubmitAnswer,
    Versioned,
    Write,
)
from shared.usecases.services import Services
from tests.simulation.schedule import Alter
from tests.simulation.world import World


class _Delegating:
    """Everything as the one behind it does it, but for what a subclass does in another way."""

    def __init__(self, world: World, behind: Any) -> None:
        self._world = world
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)


# --- stores --------------------------------------------------------------------------------------


class _LastOneWins(_Delegating):
    """Writes images whoever has written them since they were read."""

    def commit(self, *writes: Write) -> Committed:
        return self._behind.commit(*(self._unconditional(write) for write in writes))  # type: ignore[no-any-return]

    def _unconditional(self, write: Write) -> Write:
        if not isinstance(write, SaveImage):
            return write
        there = self._world.memory.image(write.after.image_id)
        assert there is not None
        return replace(write, before=Versioned(write.before.value, there.version))


class _WithoutClaims(_Delegating):
    """Says of a claim that it is written, and does not write it."""

    def commit(self, *writes: Write) -> Committed:
        images = [write for write in writes if isinstance(write, SaveImage)]
        if len(images) == len(writes) == 1 and _is_claim(images[0].after):
            return self._behind.commit(replace(images[0], after=images[0].before.value))  # type: ignore[no-any-return]
        return self._behind.commit(*writes)  # type: ignore[no-any-return]


class _WithoutFence(_Delegating):
    """Lets admissions overlap."""

    def commit(self, *writes: Write) -> Committed:
        return self._behind.commit(*(w for w in writes if not isinstance(w, PassFence)))  # type: ignore[no-any-return]


class _InTwoCommits(_Delegating):
    """Writes images first, and only then what has to be written with them."""

    def commit(self, *writes: Write) -> Committed:
        images = [write for write in writes if isinstance(write, SaveImage)]
        others = [write for write in writes if not isinstance(write, SaveImage)]
        if not images or not others:
            return self._behind.commit(*writes)  # type: ignore[no-any-return]
        first = self._behind.commit(*images)
        second = self._behind.commit(*others)
        return replace(second, versions=first.versions)  # type: ignore[no-any-return]


class _ForgetsDraining(_Delegating):
    """Takes the slots of canceled images for free, though the painter is at work on them."""

    def held_slots(self) -> int:
        held = int(self._behind.held_slots())
        ids = [job.job_id for job in self._world.memory.jobs]
        images = [image.value for job in ids for image in self._world.memory.images_of(job)]
        return held - sum(image.holds_slot and image.ended for image in images)


class _SeesNothingOverdue(_Delegating):
    """Lets the sweeper find no step."""

    def overdue(self, before: datetime) -> Iterator[Image]:
        return iter([])


class _SeesNoFanOut(_Delegating):
    """Lets the sweeper find no reference whose event was lost."""

    def overdue_fan_outs(self, before: datetime) -> Iterator[Image]:
        return iter([])


class _SaysNothingOfEndings(_Delegating):
    """Writes no word of who has to be told."""

    def commit(self, *writes: Write) -> Committed:
        return self._behind.commit(*(_untold(write) for write in writes))  # type: ignore[no-any-return]


def _untold(write: Write) -> Write:
    if isinstance(write, SaveImage):
        return replace(write, after=replace(write.after, callback_due_at=None))
    return write


class _AnswersLost(_Delegating):
    """Lets a cancel believe that no call is talking to the painter."""

    def images_of(self, job_id: str) -> list[Versioned[Image]]:
        return [_as_if_lost(image) for image in self._behind.images_of(job_id)]


def _as_if_lost(image: Versioned[Image]) -> Versioned[Image]:
    value = image.value
    for name in ("describe", "imagine", "upscale"):
        submission = getattr(value, name)
        if submission is not None and submission.task_id is None:
            value = replace(value, **{name: replace(submission, answer_lost=True)})
    return Versioned(value, image.version)


def _is_claim(image: Image) -> bool:
    stages = {
        Step.DESCRIBE: image.describe,
        Step.IMAGINE: image.imagine,
        Step.UPSCALE: image.upscale,
    }
    claim = stages.get(image.next_step) if image.next_step else None
    return claim is not None and claim.task_id is None and not claim.answer_lost


# --- queues ---------------------------------------------------------------------------------------


class _NeverAdmits(_Delegating):
    """Drops every request for admission."""

    def ask_admission(self, at: datetime | None = None) -> None:
        pass


# --- painters ------------------------------------------------------------------------------------


class _NeverFinds(_Delegating):
    """Says that there is no such submission, without having searched."""

    def find(self, token: str, *, since: datetime) -> LookAnswer:
        return Missing(searched=True)


class _Certain(_Delegating):
    """Takes an answer that was lost for a refusal."""

    def imagine(
        self, prompt: str, *, token: str, hook: str | None = None, drawing: Picture | None = None
    ) -> SubmitAnswer:
        answer = self._behind.imagine(prompt, token=token, hook=hook, drawing=drawing)
        return Busy(reason="no answer") if isinstance(answer, Unsure) else answer  # type: ignore[no-any-return]

    def upscale(
        self, parent_task_id: str, index: int, *, token: str, hook: str | None = None
    ) -> SubmitAnswer | ParentLost:
        answer = self._behind.upscale(parent_task_id, index, token=token, hook=hook)
        return Busy(reason="no answer") if isinstance(answer, Unsure) else answer  # type: ignore[no-any-return]


class _TriesAgain(_Delegating):
    """Sends a submission again if there was no answer, as a client library may do by itself."""

    def imagine(
        self, prompt: str, *, token: str, hook: str | None = None, drawing: Picture | None = None
    ) -> SubmitAnswer:
        answer = self._behind.imagine(prompt, token=token, hook=hook, drawing=drawing)
        if isinstance(answer, Unsure):
            answer = self._behind.imagine(prompt, token=token, hook=hook, drawing=drawing)
        return answer  # type: ignore[no-any-return]


# --- all of them ---------------------------------------------------------------------------------


def _store(kind: type[_Delegating]) -> Alter:
    def alter(world: World, services: Services) -> Services:
        return replace(services, store=kind(world, services.store))  # type: ignore[arg-type]

    return alter


def _painter(kind: type[_Delegating]) -> Alter:
    def alter(world: World, services: Services) -> Services:
        return replace(services, painter=kind(world, services.painter))  # type: ignore[arg-type]

    return alter


def _queue(kind: type[_Delegating]) -> Alter:
    def alter(world: World, services: Services) -> Services:
        return replace(services, queue=kind(world, services.queue))  # type: ignore[arg-type]

    return alter


def _short_lease(_: World, services: Services) -> Services:
    """A claim counts as dead while its call may still be talking to the painter."""
    short = timedelta(seconds=4)
    return replace(services, policy=replace(services.policy, claim_lease=short))


MUTANTS: dict[str, tuple[Alter, set[str]]] = {
    "images are written without a condition": (_store(_LastOneWins), set()),
    "claims are not written": (_store(_WithoutClaims), {"claimed first"}),
    "admissions overlap": (_store(_WithoutFence), {"slots"}),
    "a picture's end and its job's count in two commits": (_store(_InTwoCommits), set()),
    "slots of canceled images count as free": (_store(_ForgetsDraining), {"slots"}),
    "the sweeper sees no step": (_store(_SeesNothingOverdue), {"everything comes to an end"}),
    "the sweeper sees no fan-out": (_store(_SeesNoFanOut), {"everything comes to an end"}),
    "nobody is admitted": (_queue(_NeverAdmits), {"no slot stands empty"}),
    "nobody remembers who has to be told": (
        _store(_SaysNothingOfEndings),
        {"whoever wants to know is told"},
    ),
    "a cancel does not wait": (_store(_AnswersLost), {"canceled means canceled"}),
    "nothing is searched for": (_painter(_NeverFinds), {"paid twice"}),
    "a lost answer counts as a refusal": (
        _painter(_Certain),
        {"paid twice", "who holds a slot"},
    ),
    "a lost answer is asked for again": (_painter(_TriesAgain), {"paid twice"}),
    "a lease is too short": (_short_lease, {"paid twice"}),
}
"""By what is wrong: how to put it in, and which invariants may show it; none: any of them."""
