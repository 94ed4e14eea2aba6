"""The relay between the emulator's trigger support and the function: Eventarc's stand-in.

The emulator posts one event at a time and waits for the answer, never retries, sends the body in
base64, doubles `projects/` in the source, and reports writes that changed nothing. The relay
answers at once and delivers each event in a task of its own, as production does: at least once, in
no order, repeated with growing delays until the function answers 2xx. On request it also delivers
twice, late, in another order, or never.
"""

import asyncio
import base64
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import proto
from aiohttp import web
from google.cloud.firestore_v1.types import common, document

from infra.local.cloudtasks.dispatch import new_session
from infra.local.cloudtasks.tokens import TokenIssuer

HELD_AT_MOST = 1.0
"""Seconds after which an event that waits to be overtaken is delivered anyway."""

_FIRST_RETRY = 0.25
_LONGEST_RETRY = 10.0
_MAX_ATTEMPTS = 50
_TIMEOUT = 540.0
_EVENTARC = "eventarc@local.iam.gserviceaccount.com"


class DocumentEventData(proto.Message):  # type: ignore[misc]
    """google.events.cloud.firestore.v1.DocumentEventData, over the client's own `Document`.

    https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto
    """

    value: Any = proto.Field(proto.MESSAGE, number=1, message=document.Document)
    old_value: Any = proto.Field(proto.MESSAGE, number=2, message=document.Document)
    update_mask: Any = proto.Field(proto.MESSAGE, number=3, message=common.DocumentMask)


def changes_nothing(data: bytes) -> bool:
    """Say whether an event's body tells of a write that left every field as it was."""
    event: Any = DocumentEventData.pb(DocumentEventData.deserialize(data))
    value, old = event.value, event.old_value
    return bool(value.name and old.name and value.fields == old.fields)


@dataclass(kw_only=True)
class EventChaos:
    """How often events go wrong; every field may be changed while the relay runs."""

    duplicate: float = 0.0
    """Chance, 0 to 1, that an event is delivered twice, at the same time."""

    delay: float = 0.0
    """Most seconds by which a delivery is late, evenly distributed."""

    reorder: float = 0.0
    """Chance, 0 to 1, that an event waits until the next one of its trigger was delivered."""

    lose: float = 0.0
    """Chance, 0 to 1, that an event is never delivered."""

    seed: int = 0
    """The same seed makes the same decisions in the same order."""

    _random: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def happens(self, chance: float) -> bool:
        """Roll the dice."""
        return chance > 0 and self._random.random() < chance

    def lateness(self) -> float:
        """Return by how many seconds this delivery is late."""
        return self._random.uniform(0, self.delay) if self.delay > 0 else 0.0


@dataclass
class TriggerCounts:
    """What has happened to the events of one trigger."""

    received: int = 0
    """Events from the emulator, with those that changed nothing."""
    unchanged: int = 0
    """Events dropped because they changed nothing, as production drops them."""
    delivered: int = 0
    """Deliveries that the function answered 2xx."""
    failed: int = 0
    """Deliveries that it didn't; each is tried again."""
    duplicated: int = 0
    """Events that chaos delivered twice."""
    reordered: int = 0
    """Events that chaos held back."""
    lost: int = 0
    """Events that chaos lost."""
    abandoned: int = 0
    """Events given up after 50 attempts."""


class EventRelay:
    """The relay. Start and stop belong to one asyncio loop; `chaos` and `counts` to any thread."""

    def __init__(
        self,
        targets: Mapping[str, str],
        *,
        chaos: EventChaos | None = None,
        tokens: TokenIssuer | None = None,
        account: str = _EVENTARC,
        host: str = "127.0.0.1",
    ) -> None:
        """Take the URL of the function for each trigger id; `account` is whose the tokens are."""
        self.targets = dict(targets)
        self.chaos = chaos or EventChaos()
        self.port = 0
        """The port that the emulator posts to, once it has started."""
        self._tokens = tokens or TokenIssuer()
        self._account = account
        self._host = host
        self._counts: dict[str, TriggerCounts] = {name: TriggerCounts() for name in targets}
        self._passed: dict[str, asyncio.Event] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._web: web.AppRunner | None = None

    def counts(self, trigger: str) -> TriggerCounts:
        """Return the live counts of a trigger."""
        return self._counts.setdefault(trigger, TriggerCounts())

    @property
    def pending(self) -> int:
        """Deliveries under way, waiting ones too."""
        return len(self._deliveries)

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 means any free one. Raises OSError if it is taken."""
        self._session = new_session()
        app = web.Application(client_max_size=4 << 20)
        app.router.add_post("/functions/projects/{project}/triggers/{trigger}", self._receive)
        self._web = web.AppRunner(app, access_log=None)
        await self._web.setup()
        await web.TCPSite(self._web, self._host, port).start()
        self.port = int(self._web.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening, and abandon what is under way."""
        deliveries = list(self._deliveries)
        for delivery in deliveries:
            delivery.cancel()
        await asyncio.gather(*deliveries, return_exceptions=True)
        if self._web is not None:
            await self._web.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _receive(self, request: web.Request) -> web.Response:
        trigger = request.match_info["trigger"]
        if trigger not in self.targets:
            return web.Response(status=404, text=f"no function for the trigger {trigger}\n")
        data = base64.b64decode(await request.read())
        counts, chaos = self.counts(trigger), self.chaos
        counts.received += 1
        if changes_nothing(data):
            counts.unchanged += 1
        elif chaos.happens(chaos.lose):
            counts.lost += 1
        else:
            headers = _repaired(request.headers)
            is_held = chaos.happens(chaos.reorder)
            counts.reordered += is_held
            copies = 1 + chaos.happens(chaos.duplicate)
            counts.duplicated += copies - 1
            for _ in range(copies):
                self._spawn(self._deliver(trigger, headers, data, is_held=is_held))
        return web.Response()

    def _spawn(self, delivery: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(delivery)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(
        self, trigger: str, headers: dict[str, str], data: bytes, *, is_held: bool
    ) -> None:
        counts = self.counts(trigger)
        await asyncio.sleep(self.chaos.lateness())
        if is_held:
            await self._wait_to_be_overtaken(trigger)
        wait = _FIRST_RETRY
        for _ in range(_MAX_ATTEMPTS):
            if await self._post(self.targets[trigger], headers, data):
                counts.delivered += 1
                self._passed.setdefault(trigger, asyncio.Event()).set()
                return
            counts.failed += 1
            await asyncio.sleep(wait)
            wait = min(_LONGEST_RETRY, wait * 2)
        counts.abandoned += 1

    async def _wait_to_be_overtaken(self, trigger: str) -> None:
        # A fresh event per waiter's turn: only deliveries from now on count.
        passed = self._passed[trigger] = asyncio.Event()
        try:
            async with asyncio.timeout(HELD_AT_MOST):
                await passed.wait()
        except TimeoutError:
            return  # nothing came after it

    async def _post(self, url: str, headers: dict[str, str], data: bytes) -> bool:
        if self._session is None:
            raise RuntimeError("the relay has not started")
        token = self._tokens.mint(self._account, url)
        try:
            async with self._session.post(
                url,
                data=data,
                headers=headers | {"Authorization": f"Bearer {token}"},
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT),
            ) as response:
                await response.read()
                return response.status < 300
        except (aiohttp.ClientError, OSError):
            return False


def _repaired(headers: Mapping[str, str]) -> dict[str, str]:
    """Return an event's headers as Eventarc sends them."""
    kept = {key.lower(): value for key, value in headers.items() if key.lower().startswith("ce-")}
    source = kept.get("ce-source", "")
    kept["ce-source"] = source.replace("/projects/projects/", "/projects/")
    return kept | {"content-type": "application/protobuf"}
