"""One queue's own decisions: what runs next and when.

No I/O; the time is an argument, in Unix seconds.
"""

import heapq
import itertools
import math
from dataclasses import dataclass, field
from enum import Enum

NAME_STAYS_TAKEN = 3600.0
"""Seconds for which the name of a task that has ended can't be used again; production: 1 to 24 h
(https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#createtaskrequest)."""

_BURST_SECONDS = 0.2
_PRUNE_AT = 10_000


class NameTakenError(Exception):
    """A task with this name exists, or existed too short a while ago."""


class Outcome(Enum):
    """What an attempt's end means for its task."""

    DONE = "done"  # a 2xx answer
    RETRY = "retry"  # scheduled again
    GAVE_UP = "gave_up"  # attempts used up: it vanishes, as there is no dead-letter queue
    IGNORED = "ignored"  # a duplicate's answer, or the task was deleted meanwhile


@dataclass(frozen=True, kw_only=True)
class QueueSettings:
    """A queue's limits; the defaults are Cloud Tasks' own."""

    max_dispatches_per_second: float = 500.0
    max_concurrent_dispatches: int = 1000
    max_attempts: int = 100
    """With the first one; -1 means without end."""
    max_retry_duration: float = 0.0
    """Seconds since the first attempt before which retrying never stops; 0 means no such limit."""
    min_backoff: float = 0.1
    """Seconds."""
    max_backoff: float = 3600.0
    """Seconds."""
    max_doublings: int = 16

    @property
    def max_burst_size(self) -> int:
        """Dispatches that a queue which was idle may make at once."""
        return max(1, int(self.max_dispatches_per_second * _BURST_SECONDS))

    def backoff(self, attempts: int) -> float:
        """Return the seconds to wait after so many attempts (at least 1).

        It doubles `max_doublings` times, then grows linearly by the last step: with 10 s, 300 s
        and 3 doublings: 10, 20, 40, 80, 160, 240, 300, 300
        (https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#retryconfig).
        """
        doublings = min(attempts - 1, self.max_doublings)
        step = self.min_backoff * 2.0**doublings
        return min(self.max_backoff, step * max(1, attempts - self.max_doublings))

    def gives_up(self, attempts: int, age: float) -> bool:
        """Say whether no retry follows after so many attempts, `age` seconds after the first."""
        is_old = age >= self.max_retry_duration
        if self.max_attempts < 0:
            return self.max_retry_duration > 0 and is_old
        return attempts >= self.max_attempts and is_old


@dataclass(frozen=True, kw_only=True)
class HttpCall:
    """What a task does: one HTTP request."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    deadline: float
    """Seconds after which the attempt counts as failed."""
    oidc_email: str = ""
    """The service account that the token is for; empty: no token."""
    oidc_audience: str = ""


@dataclass(eq=False, kw_only=True)
class Entry:
    """A task in its queue, with what has happened to it."""

    name: str
    """`projects/P/locations/L/queues/Q/tasks/T`."""
    call: HttpCall
    created: float
    eta: float
    """When it is scheduled for."""
    due: float
    """When it is really to run: `eta`, unless chaos made it late."""
    attempts: int = 0
    responses: int = 0
    executions: int = 0
    """Answers other than 5xx, as X-CloudTasks-TaskExecutionCount has it."""
    first_attempt: float | None = None
    last_attempt: float | None = None
    last_response: float | None = None
    last_status: int | None = None
    is_running: bool = False
    is_gone: bool = False
    is_duplicate: bool = False


@dataclass
class TokenBucket:
    """A rate limit: tokens flow in at a rate up to a burst; each dispatch takes one."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    _at: float = field(init=False, default=-math.inf)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def take(self, now: float) -> float:
        """Take a token and return 0, or return the seconds until there is one."""
        if now > self._at:
            if self._at > -math.inf:
                self.tokens = min(self.burst, self.tokens + (now - self._at) * self.rate)
            self._at = now
        # A hair less than one is one: otherwise rounding makes it wait for 1e-17 s, for ever.
        if self.tokens >= 1.0 - 1e-9:
            self.tokens -= 1.0
            return 0.0
        return (1.0 - self.tokens) / self.rate


class Queue:
    """The tasks of one queue."""

    def __init__(self, name: str, settings: QueueSettings) -> None:
        self.name = name
        self.is_paused = False
        self.purged: float | None = None
        self.entries: dict[str, Entry] = {}
        self.running = 0
        self._heap: list[tuple[float, int, Entry]] = []
        self._order = itertools.count()
        self._taken: dict[str, float] = {}
        self._duplicates: set[Entry] = set()
        self.configure(settings)

    def configure(self, settings: QueueSettings) -> None:
        """Use other limits from now on."""
        self.settings = settings
        self._tokens = TokenBucket(settings.max_dispatches_per_second, settings.max_burst_size)

    @property
    def pending(self) -> int:
        """Tasks that have not ended, and duplicates still to run."""
        return len(self.entries) + len(self._duplicates)

    def is_taken(self, name: str, now: float) -> bool:
        """Say whether no task may be created with this name now."""
        return name in self.entries or self._taken.get(name, -math.inf) > now

    def was_known(self, name: str) -> bool:
        """Say whether a task of this name has ended not long ago."""
        return name in self._taken

    def add(self, entry: Entry, now: float) -> None:
        """Schedule a task; raises NameTakenError."""
        if self.is_taken(entry.name, now):
            raise NameTakenError(entry.name)
        self.entries[entry.name] = entry
        self._push(entry)

    def lose(self, entry: Entry, now: float) -> None:
        """Take a task's name without ever running it; raises NameTakenError."""
        if self.is_taken(entry.name, now):
            raise NameTakenError(entry.name)
        self._reserve(entry.name, now)

    def duplicate(self, entry: Entry, due: float) -> None:
        """Have a task run once more, beside its own schedule; the answer will be ignored."""
        twin = Entry(
            name=entry.name,
            call=entry.call,
            created=entry.created,
            eta=entry.eta,
            due=due,
            # begin() counts one more, and the twin has to tell the same count as the task.
            attempts=entry.attempts - 1,
            executions=entry.executions,
            last_status=entry.last_status,
            is_duplicate=True,
        )
        self._duplicates.add(twin)
        self._push(twin)

    def _push(self, entry: Entry) -> None:
        heapq.heappush(self._heap, (entry.due, next(self._order), entry))

    def take(self, now: float) -> Entry | float:
        """Return the task to run now, already begun, or the seconds to wait before asking again.

        Infinity means: not before something else happens.
        """
        while self._heap and not self.is_paused:
            due, _, entry = self._heap[0]
            if entry.is_gone or entry.is_running or entry.due != due:
                heapq.heappop(self._heap)  # deleted, or scheduled anew since
                continue
            if due > now:
                return due - now
            if self.running >= self.settings.max_concurrent_dispatches:
                return math.inf
            wait = self._tokens.take(now)
            if wait > 0:
                return wait
            heapq.heappop(self._heap)
            self.begin(entry, now)
            return entry
        return math.inf

    def begin(self, entry: Entry, now: float) -> None:
        """Note that an attempt begins."""
        entry.is_running = True
        entry.attempts += 1
        entry.last_attempt = now
        if entry.first_attempt is None:
            entry.first_attempt = now
        self.running += 1

    def finish(
        self, entry: Entry, now: float, status: int | None, lateness: float = 0.0
    ) -> Outcome:
        """Note an attempt's end, and schedule the retry if there is one (`lateness` s late)."""
        self.running -= 1
        entry.is_running = False
        entry.last_response = now
        entry.last_status = status
        if status is not None:
            entry.responses += 1
            entry.executions += status < 500
        if entry.is_duplicate or entry.is_gone:
            self._duplicates.discard(entry)
            return Outcome.IGNORED
        if status is not None and 200 <= status < 300:
            self.remove(entry.name, now)
            return Outcome.DONE
        age = now - (entry.first_attempt or now)
        if self.settings.gives_up(entry.attempts, age):
            self.remove(entry.name, now)
            return Outcome.GAVE_UP
        entry.eta = now + self.settings.backoff(entry.attempts)
        entry.due = entry.eta + lateness
        self._push(entry)
        return Outcome.RETRY

    def remove(self, name: str, now: float) -> None:
        """Forget a task, not its name; an attempt that runs goes on, its answer is ignored."""
        self.entries.pop(name).is_gone = True
        self._reserve(name, now)

    def purge(self, now: float) -> None:
        """Forget every task."""
        for name in list(self.entries):
            self.remove(name, now)
        for twin in self._duplicates:
            twin.is_gone = True
        self._duplicates = {twin for twin in self._duplicates if twin.is_running}
        self.purged = now

    def _reserve(self, name: str, now: float) -> None:
        self._taken[name] = now + NAME_STAYS_TAKEN
        if len(self._taken) > _PRUNE_AT and len(self._taken) % 1000 == 0:
            self._taken = {name: until for name, until in self._taken.items() if until > now}
