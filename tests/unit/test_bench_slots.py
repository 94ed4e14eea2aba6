"""How full the slots were until the last picture began."""

from typing import Any

import pytest

from infra.local.bench.slots import utilisation_while_waiting

MOMENT = 1_790_000_000_000


def submit(begin: int, end: int, *, started: int | None = None, action: str = "IMAGINE") -> Any:
    """A submission at the proxy, by its milliseconds after some moment."""
    start = begin if started is None else started
    times = {"submitTime": begin, "startTime": start, "finishTime": end}
    return {"action": action} | {name: MOMENT + time for name, time in times.items()}


def test_slots_that_were_always_taken() -> None:
    waves = [submit(at, at + 100) for at in (0, 100, 200) for _ in range(2)]
    assert utilisation_while_waiting(waves, 2) == 1.0


def test_what_ends_later_than_the_last_picture_begins_does_not_count() -> None:
    assert utilisation_while_waiting([submit(0, 10), submit(10, 20), submit(20, 9999)], 1) == 1.0


def test_a_slot_that_stands_empty_between_two_pictures() -> None:
    pictures = [submit(0, 60), submit(0, 100), submit(100, 200)]
    assert utilisation_while_waiting(pictures, 2) == pytest.approx(160 / 200)


def test_an_upscale_keeps_a_slot_at_work() -> None:
    pictures = [submit(0, 60), submit(60, 100, action="UPSCALE"), submit(100, 200)]
    assert utilisation_while_waiting(pictures, 1) == 1.0
    assert utilisation_while_waiting([pictures[0], pictures[2]], 1) == pytest.approx(0.6)


def test_waiting_in_the_proxys_own_queue_is_no_work() -> None:
    pictures = [submit(0, 50), submit(0, 100, started=50), submit(100, 200)]
    assert utilisation_while_waiting(pictures, 1) == 1.0
    late = [submit(0, 50), submit(0, 100, started=70), submit(100, 200)]
    assert utilisation_while_waiting(late, 1) == pytest.approx(0.8)


@pytest.mark.parametrize(
    "unfinished", [{"startTime": None, "finishTime": None}, {"finishTime": None}]
)
def test_what_never_ended_was_no_work(unfinished: dict[str, None]) -> None:
    pictures = [submit(0, 100), submit(100, 200) | unfinished, submit(200, 300)]
    assert utilisation_while_waiting(pictures, 1) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "pictures",
    [
        pytest.param([], id="nothing"),
        pytest.param([submit(0, 9), submit(5, 9)], id="no more pictures than slots"),
        pytest.param([submit(0, 9), submit(5, 9), submit(9, 12, action="UPSCALE")], id="upscales"),
        pytest.param([submit(5, 9)] * 3, id="all in the same moment"),
    ],
)
def test_where_nothing_waited_there_is_no_figure(pictures: list[Any]) -> None:
    assert utilisation_while_waiting(pictures, 2) is None
