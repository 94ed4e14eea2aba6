"""The simulation's own parts: what it says of the server is worth no more than they are."""

from collections.abc import Callable

import pytest

from tests.simulation.choices import Choices, Place, Tape, read, written
from tests.simulation.kernel import CRASHED, Call, Kernel, Outcome
from tests.simulation.mutants import MUTANTS
from tests.simulation.running import play_all, run, shrunk
from tests.simulation.schedule import play
from tests.simulation.shrinking import shrink

BUSY_SEED = "machinery-3"


def story(seed: str | None = None, tape: Tape | None = None) -> list[str]:
    lines: list[str] = []
    play(seed, tape, tell=lines.append)
    return lines


# --- the tape ------------------------------------------------------------------------------------


def test_a_seed_always_tells_the_same_story() -> None:
    assert story(BUSY_SEED) == story(BUSY_SEED)
    assert story(BUSY_SEED) != story("machinery-4")


@pytest.mark.parametrize("number", range(20))
def test_a_tape_tells_the_story_that_it_was_recorded_from(number: int) -> None:
    seed = f"tape-{number}"

    tape = read(written(play(seed).tape))

    assert story(tape=tape) == story(seed)


def test_on_an_empty_tape_nothing_goes_wrong() -> None:
    result = play(tape={})

    assert (result.violation, result.faults, result.tape) == (None, {}, {})


def test_choices_of_one_stream_do_not_move_those_of_another() -> None:
    choices = Choices(tape={("a", 2): 1, ("b", 1): 3})

    assert [choices.fate("a", (), 5) for _ in range(3)] == [0, 1, 0]
    assert choices.fate("b", (), 2) == 2  # there are no more than two
    assert choices.made == {("a", 2): 1, ("b", 1): 2}


def test_when_all_is_calm_nothing_is_chosen() -> None:
    choices = Choices(seed="any")
    choices.calm = True

    assert [choices.below("a", 10) for _ in range(50)] == [0] * 50
    assert choices.made == {}


# --- shrinking -----------------------------------------------------------------------------------


def test_a_tape_shrinks_to_what_is_needed() -> None:
    needed = {("a", 3): 2, ("b", 1): 5}
    plenty = {**{("c", number): 7 for number in range(1, 200)}, ("a", 9): 4, ("b", 1): 9}

    def fails(tape: Tape) -> dict[Place, int] | None:
        late = [c for (stream, number), c in tape.items() if stream == "a" and number >= 3]
        return dict(tape) if max(late, default=0) >= 2 and tape.get(("b", 1), 0) >= 5 else None

    assert shrink(plenty, fails) == needed


def test_a_story_of_a_mistake_gets_short() -> None:
    alter, _ = MUTANTS["a lost answer is asked for again"]
    seed = play_all([f"mistakes-{number}" for number in range(1000)], alter).failed[0]

    tape = shrunk(seed, alter)

    again = play(tape=tape, alter=alter).violation
    assert again is not None
    assert again.name == "paid twice"
    assert len(tape) <= 4  # the answer that was lost, and which one


def test_several_processes_play_the_same_schedules_as_one() -> None:
    assert run("processes", 240, 2) == run("processes", 240, 1)


# --- calls ---------------------------------------------------------------------------------------


class Calls:
    """Calls in a kernel, and what became of them."""

    def __init__(self) -> None:
        self.kernel = Kernel()
        self.ended: dict[str, Outcome] = {}

    def start(self, name: str, body: Callable[[], object]) -> Call:
        def ended(outcome: Outcome) -> None:
            self.ended[name] = outcome

        call = Call(name, name, None, ended)
        self.kernel.start(call, body)
        return call


def test_calls_take_turns_where_they_wait() -> None:
    calls, seen = Calls(), []

    def body(name: str, seconds: float) -> str:
        for _ in range(3):
            calls.kernel.sleep(seconds)
            seen.append((name, round(calls.kernel.now, 1)))
        return name

    calls.start("a", lambda: body("a", 1.0))
    calls.start("b", lambda: body("b", 1.6))
    calls.kernel.run(until=100)

    in_order = [("a", 1), ("b", 1.6), ("a", 2), ("a", 3), ("b", 3.2), ("b", 4.8)]
    assert seen == in_order
    assert calls.ended == {"a": "a", "b": "b"}
    assert calls.kernel.now == 100


def test_a_process_that_dies_does_nothing_more_and_nobody_catches_it() -> None:
    calls, seen = Calls(), []

    def body() -> None:
        try:
            calls.kernel.side_by_side([step, step])
        except Exception:  # noqa: BLE001
            seen.append("caught")

    def step() -> None:
        calls.kernel.sleep(5)
        seen.append("went on")

    call = calls.start("a", body)
    calls.kernel.after(1, lambda: calls.kernel.kill(call))
    calls.kernel.run(until=100)

    assert seen == []
    assert calls.ended == {"a": CRASHED}
    assert not calls.kernel.calls


def test_what_is_done_side_by_side_takes_as_long_as_the_longest_and_raises_the_first_error() -> (
    None
):
    calls = Calls()

    def step(seconds: float) -> float:
        calls.kernel.sleep(seconds)
        if seconds > 2:
            raise ValueError(seconds)
        return seconds

    calls.start("a", lambda: calls.kernel.side_by_side([lambda: step(1), lambda: step(2)]))
    calls.start("b", lambda: calls.kernel.side_by_side([lambda: step(4), lambda: step(3)]))
    calls.kernel.run(until=100)

    assert calls.ended["a"] == [1, 2]
    error = calls.ended["b"]
    assert isinstance(error, ValueError)
    assert error.args == (4,)
