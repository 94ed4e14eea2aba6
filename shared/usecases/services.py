"""Everything that the use cases work with, handed in at one place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.fallbacks import Fallbacks
from shared.domain.policy import Policy
from shared.ports import (
    JobStore,
    Painter,
    PictureFinisher,
    PictureSource,
    PictureStore,
    PictureTools,
    TaskQueue,
)


@dataclass(frozen=True, kw_only=True)
class Services:
    """The ports, the policy, and the only sources of time and randomness."""

    store: JobStore
    queue: TaskQueue
    painter: Painter
    picture_source: PictureSource
    """For the painter's links."""
    drawing_source: PictureSource
    """For links that clients send: follows none but allowed ones."""
    picture_store: PictureStore
    picture_tools: PictureTools
    picture_finisher: PictureFinisher
    fallbacks: Fallbacks
    policy: Policy
    clock: Callable[[], datetime]
    """Now, aware and UTC."""
    new_nonce: Callable[[], str]
    """32 hexadecimal digits that nobody can guess."""
    pause: Callable[[float], None]
    """Wait that many seconds."""
    job_deadline: timedelta
    job_lifetime: timedelta
    sweep_grace: timedelta
