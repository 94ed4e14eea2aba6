"""The faults that are armed: read from JSON, and asked at every event whether one strikes."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from infra.local.proxy.faults import AnyFault, Fault
from infra.local.proxy.task import Action

_LIST: TypeAdapter[list[AnyFault]] = TypeAdapter(list[AnyFault])

F = TypeVar("F", bound=Fault)


class InvalidFaultError(ValueError):
    """A fault's definition is wrong; the text says where and why."""


def parse_faults(definitions: Any) -> list[Fault]:
    """Return the faults of a list of JSON objects. Raises `InvalidFaultError`."""
    try:
        return list(_LIST.validate_python(definitions))
    except ValidationError as error:
        raise InvalidFaultError("; ".join(_problems(error))) from error


def _problems(error: ValidationError) -> Iterable[str]:
    for problem in error.errors(include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        yield f"faults[{place}]: {problem['msg']}" if place else problem["msg"]


@dataclass
class Armed:
    """A fault that waits for its victims."""

    id: int
    fault: Fault
    struck: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the fault's definition, how often it struck and how often it still may."""
        times = self.fault.times
        left = None if times is None else times - self.struck
        definition = self.fault.model_dump(mode="json", exclude_none=True)
        return {**definition, "id": self.id, "times": times, "struck": self.struck, "left": left}


@dataclass
class FaultList:
    """The faults that are armed; says of each event whether one strikes."""

    rng: random.Random
    _armed: list[Armed] = field(default_factory=list)
    _next_id: int = 1

    def add(self, faults: Iterable[Fault]) -> list[Armed]:
        """Arm faults, behind those that are armed already."""
        added = []
        for fault in faults:
            added.append(Armed(self._next_id, fault))
            self._next_id += 1
        self._armed += added
        return added

    def clear(self) -> None:
        """Disarm all. What has struck already stays as it is."""
        self._armed.clear()

    def to_json(self) -> list[dict[str, Any]]:
        """Return all faults of the list, used up ones included."""
        return [armed.to_json() for armed in self._armed]

    def strike(self, kind: type[F], action: Action, prompt: str) -> F | None:
        """Return the first fault of a kind that strikes here, and count it; None if none does."""
        for armed in self._armed:
            fault = armed.fault
            if not isinstance(fault, kind) or not fault.matches(action, prompt):
                continue
            if fault.times is not None and armed.struck >= fault.times:
                continue
            if fault.probability < 1.0 and self.rng.random() >= fault.probability:
                continue
            armed.struck += 1
            return fault
        return None
