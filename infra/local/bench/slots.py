"""How full the proxy's slots were while there was something to paint in them."""

from collections.abc import Mapping, Sequence
from typing import Any


def utilisation_while_waiting(submits: Sequence[Mapping[str, Any]], slots: int) -> float | None:
    """Return the share of all slots, 0..1, that was at work until the last IMAGINE was submitted.

    After that nothing waits any more, and the slots can only run empty, one after the other. None
    if there were never more pictures than slots. `submits` are those of `GET /control/stats`, with
    times in milliseconds.
    """
    imagines = [submit for submit in submits if submit["action"] == "IMAGINE"]
    if len(imagines) <= slots:
        return None
    begins = min(submit["submitTime"] for submit in imagines)
    ends = max(submit["submitTime"] for submit in imagines)
    if begins == ends:
        return None
    busy = sum(
        max(0, min(submit["finishTime"], ends) - max(submit["startTime"], begins))
        for submit in submits
        if submit["startTime"] and submit["finishTime"]
    )
    return float(busy / (slots * (ends - begins)))
