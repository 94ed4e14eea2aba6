"""What the job store is asked to count of an owner."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.quota import Usage


@dataclass(frozen=True, kw_only=True)
class Spend:
    """Add to what an owner has asked for in an hour and a day, whoever else does: never conflicts.

    The commit answers what it comes to. At most one in a commit.
    """

    owner_uid: str
    at: datetime
    """Whose hour and day, in UTC, it counts for."""
    usage: Usage
    expire_at: datetime
