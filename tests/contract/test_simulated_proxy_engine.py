"""Life cycle, queue, slots and time-outs, without HTTP and without waiting.

Facts: the proxy's contract, sections 2.1, 2.2, 2.6 and 4. Times are seconds at speed 1.
"""

from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import pytest

from infra.local.proxy.midjourney import LinkReport
from infra.local.proxy.task import Status, Task
from tests.contract.proxy_engine import Bench


def test_an_imagine_takes_its_painting_time_from_acceptance_to_end() -> None:
    bench = Bench(imagine_seconds=60, start_seconds=0.5)
    task = bench.task(bench.imagine())

    assert (task.status, task.progress, task.start_time) == (Status.NOT_START, None, None)
    bench.clock.advance(0.6)
    assert (task.status, task.progress) == (Status.SUBMITTED, "0%")
    bench.clock.advance(60)
    assert task.status is Status.SUCCESS
    assert task.finish_time is not None
    assert task.start_time is not None
    assert task.finish_time - task.start_time == pytest.approx(60_000, abs=2)
    assert task.start_time - task.submit_time == pytest.approx(500, abs=2)


def test_an_imagines_progress_is_told_every_few_seconds_with_newer_partial_pictures() -> None:
    bench = Bench()
    bench.imagine()
    bench.clock.advance(61)

    told = [(news["status"], news["progress"]) for news in bench.recorder.told]
    assert told[0] == ("SUBMITTED", "0%")
    assert told[1] == ("IN_PROGRESS", "0%")
    assert told[2] == ("IN_PROGRESS", "Waiting to start")
    percents = [int(progress[:-1]) for _, progress in told[3:]]
    assert percents == sorted(percents)
    assert (percents[-2], percents[-1]) == (93, 100)
    assert max(b - a for a, b in pairwise(percents)) <= 10
    partial = [news["imageUrl"] for news in bench.recorder.told[3:-1]]
    assert len(set(partial)) == len(partial)
    assert all("_grid_0.webp?" in url for url in partial)


def test_a_partial_picture_is_gone_once_a_newer_one_or_the_final_exists() -> None:
    bench = Bench()

    def there(url: str) -> bool:
        parts = urlsplit(url)
        _, _, channel, message, name = parts.path.split("/")
        query = dict(parse_qsl(parts.query))
        return (
            bench.attachments.find((channel, message, name), query, bench.clock.time()) is not None
        )

    task = bench.task(bench.imagine())
    bench.clock.advance(30)
    first = task.image_url or ""
    assert there(first)
    bench.clock.advance(10)
    second = task.image_url or ""
    assert (there(first), there(second)) == (False, True)
    bench.clock.advance(30)
    assert (there(second), there(task.image_url or "")) == (False, True)


def test_jitter_is_the_same_for_the_same_prompt() -> None:
    def seconds(prompt: str) -> float:
        bench = Bench(jitter=0.1)
        task = bench.task(bench.imagine(prompt))
        bench.clock.advance(90)
        assert task.finish_time is not None
        assert task.start_time is not None
        return (task.finish_time - task.start_time) / 1000

    assert seconds("a fox") == seconds("a fox") != seconds("a bear")
    assert 54 <= seconds("a fox") <= 66


def test_an_upscale_sometimes_shows_the_grid_and_a_word_before_its_end() -> None:
    bench = Bench()
    parent = bench.imagine()
    bench.clock.advance(61)
    grid = bench.task(parent).image_url
    words = set()
    for index in (1, 2, 3, 4) * 6:
        bench.upscale(parent["result"], index)
    bench.clock.advance(60)
    for news in bench.recorder.told:
        if news["action"] == "UPSCALE" and news["status"] == "IN_PROGRESS":
            words.add(news["progress"])
            assert news["imageUrl"] == (None if news["progress"].endswith("%") else grid)
        if news["action"] == "UPSCALE" and news["status"] == "SUCCESS":
            assert news["imageUrl"] != grid
    assert words & {"fast", "relaxed", "fast, stealth"}
    assert "31%" in words


def test_a_describe_is_never_in_progress() -> None:
    bench = Bench()
    bench.desk.describe({"base64": "data:image/png;base64,AAAA"})
    bench.clock.advance(60)

    assert [news["status"] for news in bench.recorder.told] == ["SUBMITTED", "SUCCESS"]


def test_full_slots_wait_then_queue_then_reject() -> None:
    bench = Bench(core_size=3, queue_size=10)

    answers = [bench.imagine(f"fox {number}") for number in range(14)]

    assert [answer["code"] for answer in answers] == [1] * 4 + [22] * 9 + [23]
    assert [a["properties"]["numberOfQueues"] for a in answers[4:13]] == list(range(1, 10))
    assert answers[4]["description"] == "排队中，前面还有1个任务"
    assert answers[13]["result"] is None
    assert answers[13]["properties"] == {"discordInstanceId": bench.midjourney.channel_id}
    assert len(bench.engine.tasks) == 13


def test_by_default_twelve_run_and_ten_wait() -> None:
    bench = Bench()

    codes = [bench.imagine(f"fox {number}")["code"] for number in range(23)]
    assert codes == [1] * 13 + [22] * 9 + [23]
    assert bench.stats()["peakRunning"] == 12


def test_waiting_tasks_stay_not_start_and_go_in_order() -> None:
    bench = Bench(core_size=1)
    tasks = [bench.task(bench.imagine(f"fox {number}")) for number in range(3)]

    bench.clock.advance(30)
    assert [task.status for task in tasks[1:]] == [Status.NOT_START] * 2
    assert [task.id for task in bench.engine.queue()] == [task.id for task in tasks]
    bench.clock.advance(200)
    ends = [task.finish_time or 0 for task in tasks]
    assert ends == sorted(ends)
    assert bench.engine.queue() == []


def test_nothing_is_notified_for_a_task_that_only_waits() -> None:
    bench = Bench(core_size=1)
    first = bench.imagine("first")["result"]
    bench.imagine("second")
    bench.clock.advance(30)

    assert {news["id"] for news in bench.recorder.told} == {first}


def test_an_upscale_competes_for_the_same_slots() -> None:
    bench = Bench(core_size=1, queue_size=1)
    parent = bench.imagine()["result"]
    bench.clock.advance(61)
    bench.imagine("second")

    assert bench.upscale(parent)["code"] == 1
    assert bench.upscale(parent)["code"] == 23


def test_a_line_break_in_the_prompt_never_completes_and_times_out() -> None:
    bench = Bench(timeout_minutes=5, sweep_seconds=30)
    task = bench.task(bench.imagine("a fox\nin a forest"))

    bench.clock.advance(290)
    assert (task.status, task.progress) == (Status.SUBMITTED, "0%")
    bench.clock.advance(45)
    assert (task.status, task.fail_reason, task.progress) == (Status.FAILURE, "任务超时", "")
    assert bench.stats()["running"] == 0


def test_waiting_time_does_not_count_for_the_time_out() -> None:
    bench = Bench(core_size=1, timeout_minutes=2, imagine_seconds=100)
    tasks = [bench.task(bench.imagine(f"fox {number}")) for number in range(4)]
    bench.clock.advance(500)

    assert [task.status for task in tasks] == [Status.SUCCESS] * 4


def test_a_restart_forgets_every_task_and_frees_every_slot() -> None:
    bench = Bench()
    done = bench.imagine()["result"]
    bench.clock.advance(61)
    bench.imagine("running")

    bench.engine.restart()

    assert bench.engine.tasks == {}
    assert bench.upscale(done)["code"] == 3
    assert bench.stats()["running"] == 0
    assert [entry["forgotten"] for entry in bench.stats()["submits"]] == [True, True]


def test_a_restart_with_redis_keeps_rows_and_nothing_resumes_or_fails_them() -> None:
    bench = Bench()
    done = bench.imagine()["result"]
    bench.clock.advance(61)
    running = bench.task(bench.imagine("running"))
    bench.clock.advance(30)
    before = running.to_json()

    bench.engine.restart(keep=True)
    bench.clock.advance(3600)

    assert running.to_json() == before
    assert running.status is Status.IN_PROGRESS
    assert bench.upscale(done)["code"] == 1


def test_a_lost_account_is_code_3_hides_the_queue_and_freezes_what_runs() -> None:
    bench = Bench(timeout_minutes=2)
    running = bench.task(bench.imagine())
    bench.clock.advance(30)
    before = running.to_json()

    bench.engine.disable()
    bench.clock.advance(600)

    assert (bench.imagine()["code"], bench.imagine()["description"]) == (3, "无可用的账号实例")
    assert bench.engine.queue() == []
    assert running.to_json() == before
    assert bench.stats()["running"] == 1
    bench.engine.enable()
    assert bench.imagine()["code"] == 1
    bench.clock.advance(31)
    assert running.fail_reason == "任务超时"


def test_what_was_about_to_start_fails_when_the_account_is_lost() -> None:
    bench = Bench(core_size=1, start_seconds=0.5)
    tasks = [bench.task(bench.imagine(f"fox {number}")) for number in range(2)]
    bench.engine.disable()
    bench.clock.advance(2)

    assert [task.fail_reason for task in tasks] == ["401: Unauthorized"] * 2


def test_a_picture_waits_for_its_reference() -> None:
    bench = Bench()
    task = bench.task(bench.imagine("a fox --sref http://a.example/style.png"))
    bench.clock.advance(70)
    assert task.status is Status.IN_PROGRESS

    bench.link_reports[0](LinkReport(colours=((1, 2, 3),)))
    assert task.status is Status.SUCCESS


def test_ids_are_never_given_twice() -> None:
    bench = Bench(core_size=900)
    ids = {bench.imagine(f"fox {number}")["result"] for number in range(800)}

    assert len(ids) == 800


def _seconds(task: Task) -> float:
    assert task.start_time is not None
    assert task.finish_time is not None
    return (task.finish_time - task.start_time) / 1000


@pytest.mark.parametrize("speed", [1, 10, 200])
def test_speed_divides_painting_times_and_time_out(speed: float) -> None:
    bench = Bench(speed=speed, timeout_minutes=5)
    good = bench.task(bench.imagine())
    bad = bench.task(bench.imagine("a fox\nin a forest"))
    bench.clock.advance(400 / speed)

    assert _seconds(good) == pytest.approx(60 / speed, abs=0.01)
    assert 300 / speed <= _seconds(bad) + 0.01 <= 335 / speed + 0.03


def test_statistics_count_busy_slots_over_time_exactly() -> None:
    bench = Bench(core_size=2, imagine_seconds=10, start_seconds=0.5)
    for number in range(3):
        bench.imagine(f"fox {number}")
    bench.clock.advance(100)

    stats = bench.stats()
    assert stats["busySlotSeconds"] == pytest.approx(3 * 10.5, abs=0.001)
    assert (stats["peakRunning"], stats["peakUnfinished"]) == (2, 3)
    assert (stats["running"], stats["unfinished"]) == (0, 0)
    assert stats["accepted"]["IMAGINE"] == 3
    assert stats["now"] - stats["since"] == pytest.approx(100)


# --- faults of a task's life


def test_fault_fail_ends_at_its_progress_with_its_reason_and_strikes_once() -> None:
    bench = Bench()
    bench.faults({"kind": "fail", "reason": "[Image denied] no", "progress": 46})
    first, second = bench.task(bench.imagine("a")), bench.task(bench.imagine("b"))
    bench.clock.advance(30)
    assert first.status is Status.IN_PROGRESS or first.progress == ""
    bench.clock.advance(60)

    assert (first.status, first.fail_reason) == (Status.FAILURE, "[Image denied] no")
    told = [news["progress"] for news in bench.recorder.told if news["id"] == first.id]
    assert told[-2:] == ["46%", ""]
    assert second.status is Status.SUCCESS


def test_fault_hang_stays_at_93_percent_for_ever_with_its_slot() -> None:
    bench = Bench(core_size=1)
    bench.faults({"kind": "hang"})
    task = bench.task(bench.imagine())
    bench.clock.advance(36_000)

    assert (task.status, task.progress) == (Status.IN_PROGRESS, "93%")
    assert bench.stats()["running"] == 1


def test_fault_hang_with_timeout_is_ended_by_the_proxy() -> None:
    bench = Bench()
    bench.faults({"kind": "hang", "timeout": True, "progress": 50})
    task = bench.task(bench.imagine())
    bench.clock.advance(400)

    assert task.fail_reason == "任务超时"


def test_fault_stuck_leaks_a_slot() -> None:
    bench = Bench(core_size=1)
    bench.faults({"kind": "stuck", "action": "IMAGINE"})
    first, second = bench.task(bench.imagine("a")), bench.task(bench.imagine("b"))
    bench.clock.advance(36_000)

    assert (first.status, second.status) == (Status.NOT_START, Status.NOT_START)
    assert bench.stats()["busySlotSeconds"] == pytest.approx(36_000)


def test_fault_lose_at_once_or_at_a_progress() -> None:
    bench = Bench()
    bench.faults({"kind": "lose", "prompt_contains": "FOX"}, {"kind": "lose", "progress": 50})
    fox, bear = bench.imagine("a fox")["result"], bench.imagine("a bear")["result"]

    assert fox not in bench.engine.tasks
    assert bear in bench.engine.tasks
    bench.clock.advance(61)
    assert bear not in bench.engine.tasks
    assert bench.stats()["running"] == 0


def test_fault_swap_exchanges_two_equal_prompts_results() -> None:
    bench = Bench()
    bench.faults({"kind": "swap"})
    first, second = bench.task(bench.imagine()), bench.task(bench.imagine())
    runs = {run.task.id: run.picture_id for run in bench.engine.slots.running}
    bench.clock.advance(61)

    assert first.properties["messageHash"] == runs[second.id]
    assert second.properties["messageHash"] == runs[first.id]


def test_fault_backwards_heals_for_an_imagine_and_times_out_for_an_upscale() -> None:
    bench = Bench()
    parent = bench.imagine()["result"]
    bench.clock.advance(61)
    bench.faults({"kind": "backwards", "times": 2})
    imagine, upscale = bench.task(bench.imagine("b")), bench.task(bench.upscale(parent))
    bench.clock.advance(400)

    assert imagine.status is Status.SUCCESS
    assert (upscale.status, upscale.fail_reason) == (Status.FAILURE, "任务超时")


def test_fault_lost_wakeup_delays_hook_and_slot_until_the_sweep() -> None:
    bench = Bench()
    bench.faults({"kind": "lost_wakeup"})
    task = bench.task(bench.imagine())
    bench.clock.advance(70)

    assert task.status is Status.SUCCESS
    assert bench.recorder.told[-1]["status"] == "IN_PROGRESS"
    assert (bench.stats()["running"], bench.stats()["unfinished"]) == (1, 0)
    bench.clock.advance(300)
    assert bench.recorder.told[-1]["status"] == "SUCCESS"
    assert bench.stats()["running"] == 0


def test_a_fault_with_a_probability_is_repeatable() -> None:
    def failed() -> list[bool]:
        bench = Bench(core_size=100)
        bench.faults({"kind": "fail", "probability": 0.5, "times": None})
        tasks = [bench.task(bench.imagine(f"fox {number}")) for number in range(40)]
        bench.clock.advance(100)
        return [task.status is Status.FAILURE for task in tasks]

    assert failed() == failed()
    assert 8 < sum(failed()) < 32
