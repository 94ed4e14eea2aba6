"""What stands at the beginning of a schedule."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shared.notify_hooks import NotifyHooks
from shared.prompt_file import read_prompt_rules
from shared.usecases.services import Services

START = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
"""The kernel's 0."""
PROMPTS = read_prompt_rules()
HOOKS = NotifyHooks("https://functions.test", "a secret of sixteen or more")


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What stands before anything happens."""

    slots: int = 12
    notified: bool = False
    skews: tuple[float, ...] = (0.0,)
    """Seconds by which the clock of each instance is ahead."""
    old: tuple[bool, ...] = (False,)
    """Which of the instances are of an older version, which paints with other slots, too."""
    old_slots: int = 12
    at_once: int = 12
    """How many the painter paints at once."""
    most_waiting: int = 100
    repeats: bool = False
    confirms: bool = False
    fallbacks: bool = False
    image_deadline: float = 1800.0
    """Seconds, as is the next one."""
    job_deadline: float = 21600.0

    @property
    def hurries(self) -> bool:
        """Whether there is less time than there mostly is."""
        return self.image_deadline < 1800.0 or self.job_deadline < 21600.0


@dataclass(eq=False)
class Instance:
    """One instance of the functions: its clock, its version, what it has learned."""

    name: str
    services: Services

    def deploy(self, slots: int) -> None:
        """Run with another number of slots from the next call on."""
        policy = replace(self.services.policy, slots=slots)
        self.services = replace(self.services, policy=policy)
