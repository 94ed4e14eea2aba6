"""MidJourney and Discord behind the proxy: what they paint and under which URL it appears."""

import random
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from infra.local.proxy.attachments import Attachment, Attachments, final_name, partial_name
from infra.local.proxy.clock import Clock
from infra.local.proxy.faults import ExpireUrl
from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.pace import share_of
from infra.local.proxy.painting.colours import Colour
from infra.local.proxy.painting.describe import describe
from infra.local.proxy.painting.grid import Order
from infra.local.proxy.painting.look import Look, look_at
from infra.local.proxy.prompt import Prompt, parse_prompt
from infra.local.proxy.run import Run, Submission, Upload
from infra.local.proxy.task import GRIDS, Action, Task

#: Discord's epoch in milliseconds, from which its ids count.
_DISCORD_EPOCH = 1_420_070_400_000


@dataclass(frozen=True, kw_only=True)
class LinkReport:
    """What fetching a prompt's pictures brought."""

    colours: tuple[Colour, ...] = ()  #: dominant colours of all of them
    looks: tuple[tuple[str, Look], ...] = ()  #: each URL, and what it showed
    bad_url: str | None = None  #: the first that could not be fetched


#: Fetches pictures, and reports when it is through.
LinkReader = Callable[[tuple[str, ...], Callable[[LinkReport], None]], None]


class MidJourney:
    """Knows every picture that was ever ordered. The proxy's restart does not touch it."""

    def __init__(
        self, options: ProxyOptions, clock: Clock, rng: random.Random, attachments: Attachments
    ) -> None:
        """Give out URLs through `attachments`; `rng` decides about ids only."""
        self._options = options
        self._clock = clock
        self._rng = rng
        self._attachments = attachments
        self._orders: dict[str, Order] = {}
        self._eyes = ThreadPoolExecutor(1, thread_name_prefix="describer")
        self.channel_id = str(1_100_000_000_000_000_000 + rng.randrange(10**16))
        self.guild_id = str(1_000_000_000_000_000_000 + rng.randrange(10**16))

    def new_picture_id(self) -> str:
        """Return a new id of a picture, a UUID."""
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def new_message_id(self) -> str:
        """Return a new id of a Discord message or attachment."""
        moment = int(self._clock.time() * 1000) - _DISCORD_EPOCH
        return str((moment << 22) | self._rng.getrandbits(22))

    def upload(self, upload: Upload) -> str:
        """Store a caller's picture and return its URL."""
        message = self.new_message_id()
        attachment = Attachment(
            channel=self.channel_id,
            message=message,
            name=f"{message}.{upload.suffix}",
            content=upload.content,
            content_type=upload.content_type,
        )
        return self._attachments.add(attachment, self._clock.time())

    def order_for(self, submission: Submission, task: Task) -> Order | None:
        """Return what is to be painted for a task; None for a DESCRIBE or a broken click."""
        if submission.action is Action.DESCRIBE:
            return None
        if submission.action in (Action.UPSCALE, Action.VARIATION, Action.REROLL):
            return self._changed(submission, task)
        prompt = parse_prompt(task.prompt or "")
        return Order(
            text=prompt.words,
            seed=_seed(prompt, task.id),
            ratio=_clamped(submission.ratio or prompt.ratio()),
            side=self._options.picture_size,
        )

    def look_at(self, upload: Upload) -> "Future[Look]":
        """Begin to look at a picture that is to be described."""
        return self._eyes.submit(look_at, upload.content)

    def show_partial(self, run: Run, percent: int) -> str | None:
        """Publish a half painted picture, withdraw the one before it, return its URL."""
        if run.order is None:
            return None
        self._withdraw_partial(run)
        run.partial = self.new_message_id()
        attachment = Attachment(
            channel=self.channel_id,
            message=run.partial,
            name=partial_name(run.picture_id),
            order=run.order,
            percent=percent,
            content_type="image/webp",
            action=run.task.action,
            prompt=run.task.prompt or "",
        )
        return self._attachments.add(attachment, self._clock.time())

    def deliver(self, run: Run) -> None:
        """Publish the finished picture and write URL and message into the task."""
        self._withdraw_partial(run)
        task = run.task
        message = self.new_message_id()
        task.properties.update(messageId=message, messageHash=run.picture_id, flags=0)
        if run.order is None:
            return
        if task.action in GRIDS:
            self._orders[run.picture_id] = run.order
        attachment = Attachment(
            channel=self.channel_id,
            message=message,
            name=final_name(parse_prompt(task.prompt or "").words, run.picture_id),
            order=run.order,
            action=task.action,
            prompt=task.prompt or "",
            final=True,
        )
        expired = run.fault(ExpireUrl) is not None
        task.image_url = self._attachments.add(attachment, self._clock.time(), expired=expired)

    def _withdraw_partial(self, run: Run) -> None:
        if run.partial is not None:
            self._attachments.remove(run.partial)
            run.partial = None

    def _changed(self, submission: Submission, task: Task) -> Order | None:
        parent = submission.parent
        order = self._orders.get(str(parent.properties.get("messageHash"))) if parent else None
        if order is None:
            return None
        if submission.action is Action.REROLL:
            return replace(order, seed=_seed(parse_prompt(task.prompt or ""), task.id))
        if submission.index not in (1, 2, 3, 4):
            return None
        if submission.action is Action.UPSCALE:
            return replace(order, quarter=submission.index)
        return replace(order, seed=int(share_of(order.seed, submission.index, task.id) * 2**32))


def with_references(order: Order, prompt: Prompt, report: LinkReport) -> Order:
    """Return the order with what the prompt's pictures bring: colours, and a drawing.

    The drawing is the first image prompt on which something is drawn. A hero's own pictures
    (`--cref`, `--oref`) come before all other references and draw the colours to them.
    """
    looks = dict(report.looks)
    heroes = [looks[url] for url in prompt.references("cref", "oref") if url in looks]
    shown = (looks[url].drawing for url in prompt.image_urls if url in looks)
    colours = dict.fromkeys((*(c for hero in heroes for c in hero.colours), *report.colours))
    return replace(
        order,
        references=tuple(colours)[:8],
        likeness=bool(heroes),
        drawing=next((drawing for drawing in shown if drawing is not None), None),
        weight=prompt.image_weight(),
    )


def described(look: "Future[Look] | None") -> str:
    """Return the four texts of a DESCRIBE; waits if the picture is still being looked at."""
    try:
        seen = look.result() if look is not None else Look()
    except ValueError:
        seen = Look()
    return describe(seen.drawing, seen.colours)


def _seed(prompt: Prompt, task_id: str) -> int:
    """Return the prompt's own `--seed`, or one that follows from the task's id."""
    asked = prompt.seed()
    return asked if asked is not None else int(share_of("seed", task_id) * 2**32)


def _clamped(ratio: tuple[int, int]) -> tuple[int, int]:
    """Keep a picture from becoming a line: at most 4:1 either way, the words decide the rest."""
    width, height = max(1, ratio[0]), max(1, ratio[1])
    if width > 4 * height:
        return (4, 1)
    if height > 4 * width:
        return (1, 4)
    return (width, height)
