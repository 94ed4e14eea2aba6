"""The simulated ports, used from outside of any call: each use is a call of its own."""

from collections.abc import Callable
from typing import Any

from tests.simulation.choices import Choices
from tests.simulation.faults import Faults, Profile
from tests.simulation.kernel import Call, Kernel, Outcome
from tests.simulation.network import Network

PATIENCE = 100.0
"""Seconds in which a call has to be over."""


class ScriptedFaults(Faults):
    """Has happen what it was told to, and nothing else."""

    def __init__(self) -> None:
        super().__init__(Choices(tape={}), Profile(None))
        self.next: dict[str, list[str]] = {}
        """By moment, what happens at the next of them."""

    def at(self, moment: str, whose: str) -> str:
        coming = self.next.get(moment)
        return coming.pop(0) if coming else ""


class Outside:
    """A kernel, and a way to call from outside of it."""

    def __init__(self) -> None:
        self.kernel = Kernel()
        self.faults = ScriptedFaults()
        self.network = Network(self.kernel, self.faults, None)

    def call(self, body: Callable[[], object]) -> Any:
        """What it answers; time passes meanwhile. Raises what it raises."""
        ended: list[Outcome] = []
        self.kernel.start(Call("test", "test", None, ended.append), body)
        until = self.kernel.now + PATIENCE
        while not ended and self.kernel.now < until:
            self.kernel.run(self.kernel.now + 0.001)
        (outcome,) = ended
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.kernel.run(self.kernel.now + seconds)


class From:
    """A port whose methods can be called from outside."""

    def __init__(self, outside: Outside, port: object) -> None:
        self._outside = outside
        self._port = port

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)
        return lambda *arguments, **named: self._outside.call(lambda: method(*arguments, **named))
