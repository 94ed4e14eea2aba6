"""What a month costs on Google Cloud: `python -m infra.deploy_costs` writes docs/deploy.md's table.

What a book costs was counted by the benchmark and stands in docs/performance.md; list prices and
their sources stand in infra/local/bench/prices.py. Here is what a deployment costs in addition,
book or no book. The painter's own price is left out, and so are free tiers: they are an account's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.bench.prices import (
    CPU,
    LOGGED_BYTES,
    LOGS,
    MEMORY,
    MONTHS,
    READS,
    REQUESTS,
    SMALL,
    TASKS,
    UPLOADS,
    Cost,
    Price,
    cost_of_month,
)

PERFORMANCE = Path(__file__).parents[1] / "docs" / "performance.md"
DEPLOY = PERFORMANCE.with_name("deploy.md")
BEGIN, END = "<!-- costs -->", "<!-- end of costs -->"
MONTH_SECONDS: Final = 30 * 24 * 3600

CHECKS: Final = 6 * MONTH_SECONDS / 60
"""Calls of `health`: an uptime check asks from six places once a minute."""

METRIC_POINTS: Final = 30
"""Values that log-based metrics get in a minute in which pictures are painted: a distribution for
each function that is called (14), and those of books, pictures and slots."""
POINT_MIB: Final = 80 / 2**20
"""Of a distribution's value; counters have a tenth of it
(https://cloud.google.com/stackdriver/pricing)."""
BOOK_MINUTES: Final = 5
"""In which something happens; other books happen in the same ones, so this is an upper bound."""

_RUN = "https://cloud.google.com/run/pricing"
METRIC_MIB: Final = (0.258, "https://cloud.google.com/stackdriver/pricing")
"""Dollars for a MiB of metrics; not read again either."""
ALWAYS_CPU: Final = (0.000018, _RUN)
"""Dollars for a vCPU-second of an instance that always has its CPU, as the proxy's."""
ALWAYS_MEMORY: Final = (0.000002, _RUN)
"""For a GiB-second likewise."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Something that costs every month, however many books."""

    what: str
    quantity: float
    dollars: float
    """For one."""
    source: str

    @property
    def total(self) -> float:
        """Dollars a month."""
        return self.quantity * self.dollars


SMALL_THINGS: Final = (
    # These prices were not read again while this was written: check them at the source.
    Standing(
        what="alert conditions",
        quantity=13,
        dollars=0.10,
        source="https://cloud.google.com/stackdriver/pricing",
    ),
    Standing(
        what="secret versions",
        quantity=3,
        dollars=0.06,
        source="https://cloud.google.com/secret-manager/pricing",
    ),
    Standing(
        what="GiB of the functions' images",
        quantity=3,
        dollars=0.10,
        source="https://cloud.google.com/artifact-registry/pricing",
    ),
    Standing(
        what="MiB of log-based metrics",
        quantity=17,  # seven series of the sweep and of health that have a value each minute
        dollars=METRIC_MIB[0],
        source=METRIC_MIB[1],
    ),
)
PROXY: Final = (
    Standing(
        what="1 vCPU, always on",
        quantity=MONTH_SECONDS,
        dollars=ALWAYS_CPU[0],
        source=ALWAYS_CPU[1],
    ),
    Standing(
        what="1 GiB of memory, likewise",
        quantity=MONTH_SECONDS,
        dollars=ALWAYS_MEMORY[0],
        source=ALWAYS_MEMORY[1],
    ),
    Standing(  # not read again either
        what="hours of a connector's e2-micro instance",
        quantity=2 * MONTH_SECONDS / 3600,
        dollars=0.00838,
        source="https://cloud.google.com/vpc/pricing#serverless-vpc-pricing",
    ),
)


def book_by_service(page: str) -> dict[str, float]:
    """Dollars by service for one book, painter excluded: the first column of the page's table."""
    section = page.split("## What a book costs")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \| \$([\d.,]+) \|", section, re.MULTILINE)
    services: dict[str, float] = {}
    for name, dollars in rows:
        if name == "all of the server":
            return services
        services[name] = float(dollars)
    raise ValueError("docs/performance.md has no row `all of the server`")


def health_checks() -> dict[Price, float]:
    """Quantities of a month's calls of `health`: each is 100 ms, and asks each part once."""
    return {
        REQUESTS: CHECKS,
        CPU: CHECKS * 0.1 * SMALL.vcpu,
        MEMORY: CHECKS * 0.1 * SMALL.gib,
        READS: CHECKS,
        TASKS: CHECKS,
        UPLOADS: CHECKS,  # the bucket is listed, which is paid for as a write is
        LOGS: CHECKS * LOGGED_BYTES / 2**30,
    }


def metrics_of(books: int) -> float:
    """Dollars a month for what metrics get of so many books, beside what they get in any case."""
    minutes = min(books * BOOK_MINUTES, MONTH_SECONDS / 60)
    return minutes * METRIC_POINTS * POINT_MIB * METRIC_MIB[0]


def month(page: str, books: int) -> dict[str, float]:
    """Dollars by service for a month with so many books, without a proxy of ours."""
    services = {name: dollars * books for name, dollars in book_by_service(page).items()}
    standing = cost_of_month(Cost(lines=()), 0).by_service()
    for price, quantity in health_checks().items():
        dollars = quantity * price.dollars / price.per
        standing[price.service] = standing.get(price.service, 0.0) + dollars
    small = sum(one.total for one in SMALL_THINGS)
    standing["Alerts, secrets, images, metrics"] = small + metrics_of(books)
    for name, dollars in standing.items():
        services[name] = services.get(name, 0.0) + dollars
    return services


def table(page: str) -> str:
    """The table in Markdown."""
    months: Mapping[int, dict[str, float]] = {books: month(page, books) for books in MONTHS}
    names = list(dict.fromkeys(name for one in months.values() for name in one))
    lines = [
        "| a month with | " + " | ".join(f"{books:,} books" for books in MONTHS) + " |",
        "| --- |" + " --- |" * len(MONTHS),
    ]
    rows = {name: [months[books].get(name, 0.0) for books in MONTHS] for name in names}
    rows = {name: values for name, values in rows.items() if max(values) >= 0.005}
    rows["**all of it**"] = [sum(months[books].values()) for books in MONTHS]
    proxy = sum(one.total for one in PROXY)
    rows["a proxy that runs here, too"] = [proxy] * len(MONTHS)
    for name, values in rows.items():
        lines.append(f"| {name} | " + " | ".join(f"${v:,.2f}" for v in values) + " |")
    return "\n".join(lines)


def main() -> None:
    """Put the table between the page's marks."""
    page = DEPLOY.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    new = table(PERFORMANCE.read_text(encoding="utf-8"))
    DEPLOY.write_text(f"{before}{BEGIN}\n\n{new}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
