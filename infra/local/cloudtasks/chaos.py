"""What the tasks server does wrong on purpose."""

import random
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Chaos:
    """How often tasks go wrong; every field may be changed while the server runs."""

    duplicate: float = 0.0
    """Chance, 0 to 1, that a dispatch happens twice; at once, if the queue's limits leave room."""

    delay: float = 0.0
    """Most seconds by which a dispatch is late, evenly distributed."""

    lose: float = 0.0
    """Chance, 0 to 1, that a task is accepted and then never runs."""

    seed: int = 0
    """The same seed makes the same decisions in the same order."""

    _random: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def is_duplicated(self) -> bool:
        """Decide whether this dispatch happens twice."""
        return self.duplicate > 0 and self._random.random() < self.duplicate

    def is_lost(self) -> bool:
        """Decide whether this task never runs."""
        return self.lose > 0 and self._random.random() < self.lose

    def lateness(self) -> float:
        """Return by how many seconds this dispatch is late."""
        return self._random.uniform(0, self.delay) if self.delay > 0 else 0.0
