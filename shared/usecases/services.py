"""Everything that the use cases work with, handed in at one place."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from shared.domain.fallbacks import Fallbacks
from shared.domain.policy import Policy
from shared.domain.quota import Quotas
from shared.notify_hooks import NotifyHooks
from shared.ports import (
    CallbackSender,
    JobStore,
    Painter,
    PictureFinisher,
    PictureSource,
    PictureStore,
    PictureTools,
    TaskQueue,
)
from shared.usecases.paces import Paces

T = TypeVar("T")


class SideBySide(Protocol):
    """Does several things at the same time."""

    def __call__(self, things: list[Callable[[], T]]) -> list[T]:
        """Do them all; answers what each of them answered, in their order."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """The ports, the policy, and the only sources of time and randomness."""

    store: JobStore
    queue: TaskQueue
    painter: Painter
    picture_source: PictureSource
    """For the painter's links."""
    reference_source: PictureSource
    """For those links to which a book's pictures are compared, again and again."""
    drawing_source: PictureSource
    """For links that clients send: follows none but allowed ones."""
    picture_store: PictureStore
    picture_tools: PictureTools
    picture_finisher: PictureFinisher
    hooks: NotifyHooks | None
    """Where the painter sends its news; None: it sends none, and is looked at instead."""
    paces: Paces
    fallbacks: Fallbacks
    policy: Policy
    clock: Callable[[], datetime]
    """Now, aware and UTC."""
    new_nonce: Callable[[], str]
    """32 hexadecimal digits that nobody can guess."""
    pause: Callable[[float], None]
    """Wait that many seconds."""
    side_by_side: SideBySide
    job_deadline: timedelta
    job_lifetime: timedelta
    sweep_grace: timedelta
    callback_sender: CallbackSender | None = None
    """Tells clients' own servers of endings; None: nobody can be told."""
    quotas: Quotas = field(default_factory=Quotas)

    def current_policy(self) -> Policy:
        """The policy, with the pace that the painter has at present."""
        return replace(self.policy, pace=self.paces.current())
