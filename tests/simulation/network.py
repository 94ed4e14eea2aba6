"""What every call to the outside has in common: it takes time, and its caller may die of it."""

from collections.abc import Callable

from tests.simulation.faults import PAUSES, Faults
from tests.simulation.kernel import Call, Kernel, Killed


class Network:
    """Lets time pass on the way to something and back, and processes die there."""

    def __init__(self, kernel: Kernel, faults: Faults, tell: Callable[[str], None] | None) -> None:
        self.kernel = kernel
        self.faults = faults
        self.tell = tell
        """Takes a line of the story; None: nobody listens."""

    def travel(self, moment: str, seconds: float) -> str:
        """Be on the way for a while; answers what else happens there. Raises `Killed`."""
        happens = self.at(moment)
        if not happens:
            self.kernel.sleep(seconds)
            return ""
        self.befalls(moment, happens, seconds)
        return happens

    def at(self, moment: str) -> str:
        """What happens at such a moment of the call under way."""
        call = self.kernel.current
        return self.faults.at(moment, call.family if call is not None else "")

    def befalls(self, moment: str, happens: str, seconds: float = 0.0) -> None:
        """Let it happen to the call under way; it takes `seconds` if it says nothing of time."""
        if self.tell is not None:
            self.tell(f"{moment}: {happens}")
        if happens == "crash":
            self.die()
        self.kernel.sleep(PAUSES.get(happens, seconds))

    def die(self) -> None:
        """Let the process of the call under way die. Raises `Killed`."""
        call = self.kernel.current
        assert isinstance(call, Call)
        self.kernel.kill(call)
        raise Killed
