"""Whether what the server stands on answers: store, queue, bucket, painter."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from shared.domain.observation import Unreachable
from shared.ports import PictureUnavailable, QueueUnavailable, StoreError
from shared.usecases.services import Services

SECONDS = 3.0
"""That each of them has for its answer."""


class Part(StrEnum):
    """What is asked."""

    STORE = "store"
    QUEUE = "queue"
    BUCKET = "bucket"
    PROXY = "proxy"


@dataclass(frozen=True, kw_only=True)
class Check:
    """What asking one of them brought."""

    ok: bool
    milliseconds: int
    code: str | None = None
    """`unreachable`: it did not answer in time, or not as it should; `fault`: asking failed."""


def check_health(services: Services) -> dict[Part, Check]:
    """Ask all of them side by side; costs a read and begins nothing. Raises nothing."""
    asks: dict[Part, Callable[[float], Unreachable | None]] = {
        Part.STORE: services.store.ping,
        Part.QUEUE: services.queue.ping,
        Part.BUCKET: services.picture_store.ping,
        Part.PROXY: services.painter.ping,
    }
    answers = services.side_by_side([partial(_check, services, ask) for ask in asks.values()])
    return dict(zip(asks, answers, strict=True))


def _check(services: Services, ask: Callable[[float], Unreachable | None]) -> Check:
    began = services.clock()
    code = None
    try:
        if ask(SECONDS) is not None:
            code = "unreachable"
    except (StoreError, QueueUnavailable, PictureUnavailable):
        code = "unreachable"
    except Exception:  # noqa: BLE001 - credentials, settings: whatever it is, it does not answer
        code = "fault"
    took = (services.clock() - began).total_seconds()
    return Check(ok=code is None, milliseconds=round(took * 1000), code=code)
