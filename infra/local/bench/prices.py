"""What a book costs at list prices: arithmetic only, over counted operations.

The region is us-central1, the only one in which every price could be found. Of Seoul
(asia-northeast3) two tables contradict each other about Firestore, 1.2 to 1.3 times as dear; a
vCPU-second costs 1.4 times as much there. Free tiers are an account's and are never taken off.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from infra.local.bench.run import Measurement


@dataclass(frozen=True)
class Price:
    """One list price, in US dollars."""

    service: str
    what: str
    dollars: float
    """For `per` units."""
    per: int
    unit: str
    free: str
    """What an account gets for nothing; it is not taken off."""
    source: str
    """The page that says so."""
    read: date
    """Of the copy of the page that was read; where that has no date, the day of reading."""


_EDITIONS = "https://firebase.google.com/docs/firestore/compare-editions-for-native-mode"
_FIRESTORE = "https://cloud.google.com/firestore/pricing"
_TASKS = "https://cloud.google.com/tasks/pricing"
_RUN = "https://cloud.google.com/run/pricing"
_EVENTS = "https://cloud.google.com/eventarc/pricing"
_STORAGE = "https://cloud.google.com/storage/pricing"
_LOGS = "https://cloud.google.com/stackdriver/pricing"
_SCHEDULER = "https://cloud.google.com/scheduler/pricing"
_MIDJOURNEY = "https://help.midjourney.com/en/articles/9651713-what-is-gpu-time"
_READ = date(2026, 11, 23)
_CATALOGUE = date(2026, 9, 24)  # of the billing catalogue, as Infracost's API gave it
_STORAGE_READ = date(2026, 9, 20)
_LOGS_READ = date(2026, 9, 12)

READS: Final = Price(
    "Firestore", "document reads", 0.03, 100_000, "read", "50,000 a day", _EDITIONS, _READ
)
WRITES: Final = Price(
    "Firestore", "document writes", 0.09, 100_000, "write", "20,000 a day", _EDITIONS, _READ
)
DELETES: Final = Price(  # nothing is free of what a TTL policy deletes
    "Firestore", "document deletes", 0.01, 100_000, "delete", "none", _EDITIONS, _READ
)
DOCUMENTS: Final = Price(
    "Firestore", "documents kept", 0.15, 1, "GiB-month", "1 GiB", _FIRESTORE, _CATALOGUE
)
TASKS: Final = Price(  # an operation: an API call, or an attempt to deliver, of up to 32 KiB
    "Cloud Tasks", "operations", 0.40, 1_000_000, "operation", "1 million a month", _TASKS, _READ
)
REQUESTS: Final = Price(  # a function of the 2nd generation is billed as a service of Cloud Run
    "Cloud Functions", "requests", 0.40, 1_000_000, "request", "2 million a month", _RUN, _CATALOGUE
)
CPU: Final = Price(  # billed by requests, their time rounded up to 100 ms
    "Cloud Functions", "CPU", 0.000024, 1, "vCPU-second", "180,000 a month", _RUN, _CATALOGUE
)
MEMORY: Final = Price(
    "Cloud Functions", "memory", 0.0000025, 1, "GiB-second", "360,000 a month", _RUN, _CATALOGUE
)
EVENTS: Final = Price(  # from Google's own sources; what carries them is under a millionth a book
    "Eventarc", "events", 0.0, 1_000_000, "event", "all", _EVENTS, _READ
)
UPLOADS: Final = Price(  # class A
    "Cloud Storage", "writes", 0.005, 1000, "write", "5,000 a month", _STORAGE, _STORAGE_READ
)
DOWNLOADS: Final = Price(  # class B
    "Cloud Storage", "reads", 0.0004, 1000, "read", "50,000 a month", _STORAGE, _STORAGE_READ
)
OBJECTS: Final = Price(
    "Cloud Storage", "pictures kept", 0.02, 1, "GiB-month", "5 GiB", _STORAGE, _STORAGE_READ
)
TRANSFER: Final = Price(  # of the first TiB a month; 0.08 above 10. Firestore's is taken as equal
    "Data transfer", "to clients", 0.12, 1, "GiB", "100 GiB a month", _STORAGE, _STORAGE_READ
)
LOGS: Final = Price("Cloud Logging", "logs", 0.50, 1, "GiB", "50 GiB a month", _LOGS, _LOGS_READ)
SCHEDULER: Final = Price(  # for 31 days, however often it runs
    "Cloud Scheduler", "jobs", 0.10, 1, "job-month", "3 jobs", _SCHEDULER, _READ
)
PICTURES: Final = Price(
    # Not a list price: there is none. A picture takes about a minute of GPU time, which the larger
    # plans sell at 2 dollars an hour; more of it is 4 an hour.
    "Painter", "pictures", 0.03, 1, "picture", "none", _MIDJOURNEY, _READ
)  # fmt: skip

PRICES: Final = (
    *(READS, WRITES, DELETES, DOCUMENTS, TASKS, REQUESTS, CPU, MEMORY, EVENTS),
    *(UPLOADS, DOWNLOADS, OBJECTS, TRANSFER, LOGS, SCHEDULER, PICTURES),
)

NOTES: Final = (
    "Prices of us-central1; sources and dates stand in infra/local/bench/prices.py.",
    "Not counted: free tiers, cold starts, drawings, whole books as archives, and the",
    "proxy's own machine, which has no list price, as it may stand anywhere.",
)
"""What a reader should know of the figure."""


# --- what is assumed, as no count says it ---------------------------------------------------------

KEPT_DAYS: Final = 181
"""A book's pictures and documents: infra/bucket-lifecycle.json."""
FINISHING_MS: Final = 1900.0
"""Milliseconds to cut a figure out, which the benchmark does without (README: one more picture)."""
STORED_BYTES: Final = 3 * 2**20
"""Of a picture with its variants; the simulated painter's flatter ones have a third of it."""
SHOWN_BYTES: Final = 2**20
"""Of a picture and its preview, as one client loads them once."""
OBJECTS_OF_PICTURE: Final = 7
"""The original, what was made of it, its preview, and those of the four."""
OBJECTS_SHOWN: Final = 2
DOCUMENTS_OF_BOOK: Final = 3
"""Beside its images': the job, its reference, and which job is the task's latest."""
KEPT_DOCUMENT_BYTES: Final = 8 * 2**10
"""With its index entries."""
SENT_DOCUMENT_BYTES: Final = 4 * 2**10
LOGGED_BYTES: Final = 2 * 2**10
"""Of a call: its own line, and Cloud Run's about the request."""
SWEEPS: Final = 30 * 24 * 60
"""A month, one a minute."""
SWEEP_READS: Final = 5
"""Each of its queries costs one at least."""
MONTHS: Final = (10, 1_000, 100_000)
"""Books a month that are shown."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What an instance of a function has."""

    vcpu: float
    gib: float


SMALL: Final = Size(vcpu=1, gib=0.5)
"""Less than a whole vCPU would allow one request at a time only
(https://docs.cloud.google.com/run/docs/configuring/services/cpu, read 2026-11-23)."""
SIZES: Final[Mapping[str, Size]] = {
    "generate": Size(vcpu=1, gib=1),  # of large drawings
    "postprocess": Size(vcpu=2, gib=2),
}
"""Functions that are not `SMALL`."""


# --- the arithmetic -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What was counted of some books, all together. The minutely sweep is no part of it."""

    books: int
    pictures: int
    calls: Mapping[str, Sequence[float]]
    """By function, each call's own time in milliseconds."""
    reads: int
    writes: int
    task_calls: int
    """Tasks created, and taken back."""
    tasks_dispatched: int
    """Attempts to deliver a task, repeated ones included."""
    events: int
    stored_bytes: int
    shown_bytes: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """So much of one price."""

    price: Price
    quantity: float

    @property
    def dollars(self) -> float:
        """What it costs."""
        return self.quantity * self.price.dollars / self.price.per


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What something costs, line by line."""

    lines: tuple[Line, ...]

    @property
    def dollars(self) -> float:
        """All of it, the painter included."""
        return sum(line.dollars for line in self.lines)

    @property
    def painter(self) -> float:
        """The painter's share, in dollars."""
        return self.by_service().get(PICTURES.service, 0.0)

    def by_service(self) -> dict[str, float]:
        """Dollars by service, in the order of the lines."""
        services: dict[str, float] = {}
        for line in self.lines:
            services[line.price.service] = services.get(line.price.service, 0.0) + line.dollars
        return services


def counts_of(run: Measurement) -> Counts:
    """What a run of the benchmark counted; cutting out, which it leaves out, is put back in."""
    calls: dict[str, list[float]] = {}
    own = [call for call in run.calls if call.function != "sweep"]
    for call in own:
        extra = FINISHING_MS if call.function == "postprocess" else 0.0
        calls.setdefault(call.function, []).append(call.milliseconds + extra)
    return Counts(
        books=run.plan.books,
        pictures=run.plan.total,
        calls=calls,
        reads=sum(call.reads for call in own),
        writes=sum(call.writes for call in own),
        task_calls=sum(call.tasks for call in own),
        tasks_dispatched=sum(run.dispatched.values()),
        events=run.events,
        stored_bytes=run.plan.total * STORED_BYTES,
        shown_bytes=run.plan.total * SHOWN_BYTES,
    )


def cost_of_book(counts: Counts) -> Cost:
    """What one of the counted books costs, from generate until it is deleted.

    Where a count leaves room, it is an upper bound: calls are billed as if no two of them shared an
    instance, and one client listens to the book and hears of every write. Raises ValueError
    without a book.
    """
    if counts.books < 1:
        raise ValueError("a book costs nothing if there is none")
    calls = sum(len(times) for times in counts.calls.values())
    documents = counts.pictures + DOCUMENTS_OF_BOOK * counts.books
    months = KEPT_DAYS / 30
    heard = counts.writes
    quantities = {
        READS: counts.reads + heard,
        WRITES: counts.writes,
        DELETES: documents,
        DOCUMENTS: _gib(documents * KEPT_DOCUMENT_BYTES) * months,
        TASKS: counts.task_calls + counts.tasks_dispatched,
        REQUESTS: calls,
        CPU: _billed(counts.calls, "vcpu"),
        MEMORY: _billed(counts.calls, "gib"),
        EVENTS: counts.events,
        UPLOADS: counts.pictures * OBJECTS_OF_PICTURE,
        DOWNLOADS: counts.pictures * OBJECTS_SHOWN,
        OBJECTS: _gib(counts.stored_bytes) * months,
        TRANSFER: _gib(counts.shown_bytes + heard * SENT_DOCUMENT_BYTES),
        LOGS: _gib(calls * LOGGED_BYTES),
        PICTURES: counts.pictures,
    }
    return Cost(
        lines=tuple(
            Line(price=price, quantity=quantity / counts.books)
            for price, quantity in quantities.items()
        )
    )


def cost_of_month(book: Cost, books: int) -> Cost:
    """What a month of 30 days with so many such books costs, the sweep of each minute included.

    The books' keeping is counted whole, as it is paid for over the months that follow.
    """
    sweeps = {"sweep": [100.0] * SWEEPS}
    standing = {
        READS: SWEEPS * SWEEP_READS,
        REQUESTS: SWEEPS,
        CPU: _billed(sweeps, "vcpu"),
        MEMORY: _billed(sweeps, "gib"),
        LOGS: _gib(SWEEPS * LOGGED_BYTES),
        SCHEDULER: 1,
    }
    of_books = {line.price: line.quantity * books for line in book.lines}
    prices = [price for price in PRICES if price in of_books or price in standing]
    return Cost(
        lines=tuple(
            Line(price=price, quantity=of_books.get(price, 0.0) + standing.get(price, 0.0))
            for price in prices
        )
    )


def _gib(count: float) -> float:
    return count / 2**30


def _billed(calls: Mapping[str, Sequence[float]], resource: str) -> float:
    """Seconds of a resource: each call's time rounded up to 100 ms, times what its instance has."""
    seconds = 0.0
    for function, times in calls.items():
        share: float = getattr(SIZES.get(function, SMALL), resource)
        seconds += share * sum(max(1, math.ceil(time / 100)) / 10 for time in times)
    return seconds
