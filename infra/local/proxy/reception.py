"""Hands checked submissions to the engine, unless a fault strikes; the same in every dialect."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from infra.local.proxy.dialect import Dialect
from infra.local.proxy.engine import Engine
from infra.local.proxy.fault_list import FaultList
from infra.local.proxy.faults import (
    Ban,
    DisableAccount,
    DropAnswer,
    EnableAccount,
    EnqueueFailure,
    ErrorAfterSubmit,
    ErrorSubmit,
    QueueFull,
    SlowSubmit,
)
from infra.local.proxy.results import ServerError, SubmitResult
from infra.local.proxy.run import Submission
from infra.local.proxy.task import Action


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A result, and how its way back to the caller goes wrong."""

    result: SubmitResult
    status: int = 200  #: of HTTP
    delay: float = 0.0  #: seconds
    error: bool = False  #: HTTP 500 instead
    drop: bool = False  #: no answer at all


def plain(result: SubmitResult, status: int = 200) -> Answer:
    """Return an answer whose way goes well."""
    return Answer(result=result, status=status)


class Reception:
    """Where all desks hand their submissions in."""

    def __init__(
        self, engine: Engine, faults: FaultList, dialect: Dialect, channel_id: str
    ) -> None:
        """Hand submissions to `engine` for the account of `channel_id`."""
        self._engine = engine
        self._faults = faults
        self._dialect = dialect
        self._channel_id = channel_id

    def submit(
        self, submission: Submission, take: Callable[[Submission], SubmitResult] | None = None
    ) -> Answer:
        """Hand a checked submission on to `take` (the engine's `submit`), unless a fault strikes.

        Raises `ServerError` if the proxy is to fail on it.
        """
        action, prompt = submission.shown, submission.prompt or ""
        self._account_faults(action, prompt)
        ban = self._faults.strike(Ban, action, prompt)
        if ban is not None:
            banned = self._dialect.banned(prompt, ban.word)
            if isinstance(banned, SubmitResult):
                return plain(banned)
            submission = replace(submission, faults=(*submission.faults, banned))
        rejected = self._rejection(action, prompt)
        if rejected is not None:
            return plain(rejected)
        result = (take or self._engine.submit)(submission)
        if not result.stored:
            return plain(result)
        slow = self._faults.strike(SlowSubmit, action, prompt)
        return Answer(
            result=result,
            delay=slow.seconds if slow else 0.0,
            error=self._faults.strike(ErrorAfterSubmit, action, prompt) is not None,
            drop=self._faults.strike(DropAnswer, action, prompt) is not None,
        )

    def _account_faults(self, action: Action, prompt: str) -> None:
        strike = self._faults.strike
        if strike(ErrorSubmit, action, prompt):
            raise ServerError("simulated")
        if strike(DisableAccount, action, prompt):
            self._engine.disable()
        if strike(EnableAccount, action, prompt):
            self._engine.enable()

    def _rejection(self, action: Action, prompt: str) -> SubmitResult | None:
        strike = self._faults.strike
        if strike(QueueFull, action, prompt):
            return self._dialect.queue_full(self._channel_id)
        if strike(EnqueueFailure, action, prompt):
            return self._dialect.submit_failed(self._channel_id)
        return None
