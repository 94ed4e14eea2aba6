"""How long a task takes and what its progress reads meanwhile."""

import hashlib
from dataclasses import dataclass

from infra.local.proxy.options import ProxyOptions
from infra.local.proxy.task import Action

#: Percentages that MidJourney writes into its message, one about every five seconds.
_PERCENTS = (6, 15, 23, 31, 39, 46, 54, 62, 70, 78, 87, 93)

#: What the grid's own message reads after a click on U1..U4 (contract, section 2.2).
_ODD_TEXTS = ("fast", "relaxed", "fast, stealth")


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One edit of MidJourney's message."""

    at: float  #: real seconds after Discord's acceptance
    text: str  #: the proxy's `progress`
    percent: int | None = None  #: how much is painted, when a partial picture comes with it
    grid: bool = False  #: `imageUrl` shows the parent's grid (UPSCALE only)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole time table of a task, in real seconds after Discord's acceptance."""

    ticks: tuple[Tick, ...]
    finish: float


def share_of(*parts: object) -> float:
    """Return a number of 0..1 that only depends on the parts."""
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def plan_task(action: Action, options: ProxyOptions, key: str) -> Plan:
    """Return the time table of a task; `key` (its prompt, index ...) decides about the jitter."""
    if action is Action.DESCRIBE:
        return Plan(ticks=(), finish=_span(options, options.describe_seconds, key))
    if action is Action.UPSCALE:
        return _upscale(options, key)
    whole = _span(options, options.imagine_seconds, key)
    ticks = [Tick(at=whole * 0.02, text="0%"), Tick(at=whole * 0.05, text="Waiting to start")]
    for percent in _PERCENTS:
        at = whole * (0.08 + 0.90 * percent / 100)
        ticks.append(Tick(at=at, text=f"{percent}%", percent=percent))
    return Plan(ticks=tuple(ticks), finish=whole)


def _upscale(options: ProxyOptions, key: str) -> Plan:
    whole = _span(options, options.upscale_seconds, key)
    ticks = [Tick(at=whole * 0.05, text="0%")]
    odd = share_of(options.seed, "odd", key)
    if odd < 0.5:
        text = _ODD_TEXTS[int(odd * 2 * len(_ODD_TEXTS))]
        ticks.append(Tick(at=whole * 0.3, text=text, grid=True))
    else:
        ticks += [Tick(at=whole * p / 100, text=f"{p}%") for p in (31, 62, 93)]
    return Plan(ticks=tuple(ticks), finish=whole)


def _span(options: ProxyOptions, seconds: float, key: str) -> float:
    sway = options.jitter * (2 * share_of(options.seed, "span", key) - 1)
    return options.scaled(seconds * (1 + sway))
