"""Misbehaviour on demand: what can go wrong, whom it strikes, and how often."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from infra.local.proxy.task import Action


class Fault(BaseModel):
    """What all faults have in common: the matchers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    action: Action | None = None  #: only tasks of this action
    prompt_contains: str | None = None  #: only tasks whose prompt contains this, whatever its case
    times: Annotated[int, Field(ge=1)] | None = 1  #: how often it strikes; null: always
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0  #: of striking where it matches

    @property
    def unconditional(self) -> bool:
        """Say whether it has no matcher at all."""
        return self.action is None and self.prompt_contains is None and self.probability >= 1.0

    def matches(self, action: Action, prompt: str) -> bool:
        """Say whether a task of this action and prompt is meant."""
        if self.action is not None and self.action is not action:
            return False
        return self.prompt_contains is None or self.prompt_contains.lower() in prompt.lower()


# --- at the submission


class Ban(Fault):
    """Code 24; in the trueai dialect accepted, and FAILURE as soon as it has a slot."""

    kind: Literal["ban"]
    word: str = "simulated"  #: the `bannedWord` of the answer


class QueueFull(Fault):
    """Code 23, in the trueai dialect 9; nothing is accepted."""

    kind: Literal["queue_full"]


class EnqueueFailure(Fault):
    """Code 9; nothing is accepted."""

    kind: Literal["enqueue_failure"]


class ParentLag(Fault):
    """Code 4 "parent state" on a change although the parent just succeeded (store lag)."""

    kind: Literal["parent_lag"]


class ErrorSubmit(Fault):
    """HTTP 500; nothing is accepted."""

    kind: Literal["error_submit"]


class ErrorAfterSubmit(Fault):
    """HTTP 500 although the task was accepted."""

    kind: Literal["error_after_submit"]


class DropAnswer(Fault):
    """The task is accepted, and the connection closed without an answer."""

    kind: Literal["drop_answer"]


class SlowSubmit(Fault):
    """The answer to an accepted submission comes late."""

    kind: Literal["slow_submit"]
    seconds: Annotated[float, Field(ge=0)] = 5.0  #: real seconds, not divided by speed


class Modal(Fault):
    """Code 21: the task waits in status MODAL for submit/modal. Only the trueai dialect has it."""

    kind: Literal["modal"]


class DisableAccount(Fault):
    """The account is lost: code 3. At once if it has no matchers, else at a matching submission."""

    kind: Literal["disable_account"]


class EnableAccount(Fault):
    """The account comes back."""

    kind: Literal["enable_account"]


# --- in a task's life


class Fail(Fault):
    """The task ends FAILURE."""

    kind: Literal["fail"]
    reason: str = "Failed to process your command"  #: the task's `failReason`
    progress: Annotated[int, Field(ge=0, le=100)] = 0  #: percent at which it ends


class Hang(Fault):
    """The task stays IN_PROGRESS for ever."""

    kind: Literal["hang"]
    progress: Annotated[int, Field(ge=0, le=99)] = 93  #: percent at which it stays
    timeout: bool = False  #: true: the proxy's own time-out ends it after all


class Stuck(Fault):
    """The task is accepted and never starts: NOT_START for ever, its slot leaked."""

    kind: Literal["stuck"]


class Lose(Fault):
    """The task is forgotten: fetch answers with an empty body."""

    kind: Literal["lose"]
    progress: Annotated[int, Field(ge=0, le=100)] = 0  #: percent at which it is; 0: at once


class Swap(Fault):
    """Two equal prompts in flight get each other's result (contract, section 2.6)."""

    kind: Literal["swap"]


class Backwards(Fault):
    """The status goes back from IN_PROGRESS to SUBMITTED (contract, section 2.1)."""

    kind: Literal["backwards"]


class LostWakeup(Fault):
    """SUCCESS is stored, but hook and slot wait for the sweeper (contract, section 2.1)."""

    kind: Literal["lost_wakeup"]


# --- at a look


class SlowFetch(Fault):
    """GET task/{id}/fetch answers late."""

    kind: Literal["slow_fetch"]
    seconds: Annotated[float, Field(ge=0)] = 5.0  #: real seconds, not divided by speed


class ErrorFetch(Fault):
    """GET task/{id}/fetch answers HTTP 500."""

    kind: Literal["error_fetch"]


# --- notifications


class NotifyDrop(Fault):
    """All notifications of the task are lost."""

    kind: Literal["notify_drop"]


class NotifyDouble(Fault):
    """Each notification of the task is sent twice."""

    kind: Literal["notify_double"]


class NotifyReorder(Fault):
    """The task's notifications but the first arrive in pairs, the later one first."""

    kind: Literal["notify_reorder"]


# --- pictures


class ExpireUrl(Fault):
    """The final picture's URL is expired from the start."""

    kind: Literal["expire_url"]


class TruncatePicture(Fault):
    """A download of the final picture brings half of its bytes."""

    kind: Literal["truncate_picture"]
    declared: Literal["half", "whole"] = "half"  #: what Content-Length says; whole: then cut off


class NotAPicture(Fault):
    """A download of the final picture brings an HTML page with status 200."""

    kind: Literal["not_a_picture"]


class ErrorPicture(Fault):
    """A download of the final picture fails."""

    kind: Literal["error_picture"]
    status: Annotated[int, Field(ge=400, le=599)] = 503


AnyFault = Annotated[
    Ban | QueueFull | EnqueueFailure | ParentLag | ErrorSubmit | ErrorAfterSubmit | DropAnswer
    | SlowSubmit | Modal | DisableAccount | EnableAccount | Fail | Hang | Stuck | Lose | Swap
    | Backwards | LostWakeup | SlowFetch | ErrorFetch | NotifyDrop | NotifyDouble | NotifyReorder
    | ExpireUrl | TruncatePicture | NotAPicture | ErrorPicture,
    Field(discriminator="kind"),
]  # fmt: skip

#: Faults that are decided on for a task as soon as it is accepted.
LIFE = (
    Fail,
    Hang,
    Stuck,
    Lose,
    Swap,
    Backwards,
    LostWakeup,
    NotifyDrop,
    NotifyDouble,
    NotifyReorder,
    ExpireUrl,
)
