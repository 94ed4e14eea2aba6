"""The Task object of the proxy, see the proxy's contract, section 2."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What a task does."""

    IMAGINE = "IMAGINE"
    UPSCALE = "UPSCALE"
    VARIATION = "VARIATION"
    REROLL = "REROLL"
    DESCRIBE = "DESCRIBE"
    BLEND = "BLEND"


class BotType(StrEnum):
    """Which of MidJourney's bots paints."""

    MID_JOURNEY = "MID_JOURNEY"
    NIJI_JOURNEY = "NIJI_JOURNEY"


class Status(StrEnum):
    """Where a task stands. MODAL and CANCEL are of the trueai dialect only."""

    NOT_START = "NOT_START"  #: stored, waits in the account's queue
    SUBMITTED = "SUBMITTED"  #: Discord accepted it
    IN_PROGRESS = "IN_PROGRESS"  #: MidJourney's message about it was seen
    FAILURE = "FAILURE"
    SUCCESS = "SUCCESS"
    MODAL = "MODAL"  #: waits until submit/modal confirms it
    CANCEL = "CANCEL"  #: declared by the real proxy, and given to no task: a cancel is a FAILURE


#: Actions whose result is a grid that can be upscaled or varied.
GRIDS = frozenset((Action.IMAGINE, Action.VARIATION, Action.REROLL, Action.BLEND))

#: What can be asked for by submit/change.
CHANGES = frozenset((Action.UPSCALE, Action.VARIATION, Action.REROLL))


@dataclass
class Task:
    """One row of the proxy's task store."""

    id: str  #: 16 digits: epoch milliseconds and three random ones
    action: Action
    prompt: str | None
    prompt_en: str | None
    description: str | None
    state: str | None
    submit_time: int  #: epoch milliseconds, as all times
    status: Status = Status.NOT_START
    start_time: int | None = None  #: set only when Discord accepted
    finish_time: int | None = None
    image_url: str | None = None
    progress: str | None = None
    fail_reason: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)

    # what only the trueai dialect shows
    parent_id: str | None = None
    bot_type: BotType = BotType.MID_JOURNEY
    mode: str | None = None  #: FAST, RELAX or TURBO
    seed: str | None = None  #: once it was asked for
    size: tuple[int, int] | None = None  #: width and height in pixels of the picture to come

    @property
    def ended(self) -> bool:
        """Say whether nothing more will happen to it."""
        return self.status in (Status.FAILURE, Status.SUCCESS, Status.CANCEL)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object with exactly the fields of novicezk's proxy, nulls included."""
        return {
            "id": self.id,
            "properties": dict(self.properties),
            "action": self.action.value,
            "status": self.status.value,
            "prompt": self.prompt,
            "promptEn": self.prompt_en,
            "description": self.description,
            "state": self.state,
            "submitTime": self.submit_time,
            "startTime": self.start_time,
            "finishTime": self.finish_time,
            "imageUrl": self.image_url,
            "progress": self.progress,
            "failReason": self.fail_reason,
        }
