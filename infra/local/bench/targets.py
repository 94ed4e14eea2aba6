"""The figures that the server is to reach, and which of them a run has reached."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.local.bench.calls import add_up
from infra.local.bench.plan import ideal_seconds
from infra.local.bench.run import Measurement
from infra.local.bench.slots import utilisation_while_waiting

LIFE, FAST = 1.0, 10.0
"""Speeds at which one book alone is judged, and many at once."""
PICTURES, BOOKS, SLOTS = 6, 50, 12
"""Of a book that is judged; books at once; slots for them."""

MOST_TO_IDEAL, MOST_TO_IDEAL_UNTOLD = 1.02, 1.06
"""Measured to ideal time of one book, with notifyHook and without."""
LEAST_UTILISATION = 0.98
"""Of the slots, until the last picture is submitted."""
MOST_CALLS, MOST_OPERATIONS = 8, 16
"""A picture's function calls, and its reads and writes, besides notifications and sweeps."""
MOST_NEWS_READS = 1
"""A notification's."""
EVENTS = 1
"""A book's trigger events; the books of a benchmark are painted once."""
MOST_STEP_MS = 60
"""Milliseconds; the median of the steps' own times."""

APART = ("notify", "sweep")
"""Functions whose calls are no picture's: the proxy's own news, and the minute's."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A figure that a run is to reach, and what it was."""

    name: str
    figure: float
    wanted: str
    form: str
    """How the figure is written."""
    met: bool

    @property
    def shown(self) -> str:
        """The figure, as it is written."""
        return self.form.format(self.figure)


def targets(run: Measurement) -> list[Target]:
    """Return the targets of a run; none if it is not one that targets are set for.

    They are set for one book of six at life's pace, and for fifty on twelve slots ten times as
    fast, and what a picture costs only with notifyHook.
    """
    plan = run.plan
    alone = plan.books == 1 and plan.speed == LIFE
    crowd = (plan.books, plan.slots, plan.speed) == (BOOKS, SLOTS, FAST)
    if plan.pictures != PICTURES or not (alone or crowd):
        return []
    found: list[Target] = []
    if alone:
        most = MOST_TO_IDEAL if plan.notify else MOST_TO_IDEAL_UNTOLD
        ratio = run.seconds / ideal_seconds(plan)
        found.append(_at_most("measured / ideal", ratio, most, "{:.3f}", "{:g}"))
    elif plan.notify:
        found += _utilisation(run)
    if plan.notify:
        found += _costs(run)
    return [*found, *_of_every_run(run)]


def _utilisation(run: Measurement) -> Iterable[Target]:
    share = utilisation_while_waiting(run.submits, run.plan.slots)
    if share is not None:
        yield Target(
            name="slots at work while pictures waited",
            figure=share,
            wanted=f"at least {LEAST_UTILISATION:.0%}",
            form="{:.1%}",
            met=share >= LEAST_UTILISATION,
        )


def _costs(run: Measurement) -> Iterable[Target]:
    total = run.plan.total
    own = [call for call in run.calls if call.function not in APART]
    operations = sum(call.reads + call.writes for call in own)
    news = [call for call in run.calls if call.function == "notify"]
    yield _at_most("function calls a picture", len(own) / total, MOST_CALLS)
    yield _at_most("reads and writes a picture", operations / total, MOST_OPERATIONS)
    if news:
        reads = max(call.reads for call in news)
        yield _at_most("reads of a notification", reads, MOST_NEWS_READS, "{:.0f}")


def _of_every_run(run: Measurement) -> Iterable[Target]:
    steps = [call for call in run.calls if call.function == "step"]
    documents = 1 + run.plan.pictures
    events = run.events / run.plan.books
    yield Target(
        name="trigger events a book",
        figure=events,
        wanted=str(EVENTS),
        form="{:.2f}",
        met=run.events == EVENTS * run.plan.books,
    )
    if steps:
        median = add_up(steps).median_ms
        yield _at_most("median own time of a step", median, MOST_STEP_MS, "{:.0f} ms", "{:g} ms")
    yield _at_most("reads of a status request", run.status.reads, documents, "{:.0f}")
    yield _at_most("writes of a status request", run.status.writes, 0, "{:.0f}")


def _at_most(
    name: str, figure: float, most: float, form: str = "{:.2f}", wanted: str = "{:g}"
) -> Target:
    return Target(
        name=name,
        figure=figure,
        wanted=f"at most {wanted.format(most)}",
        form=form,
        met=figure <= most,
    )
