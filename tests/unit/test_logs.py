"""Log lines: whose they are, as Cloud Logging groups them, and nothing of a child in any."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from cloudevents.http import CloudEvent

import main
from functions import wiring
from shared.log import log
from shared.ports import Conflict, StoreUnavailable
from shared.trace_ids import no_header, root_id_of, trace_id_of
from shared.tracing import identify, trace_header, traced_call
from shared.usecases.admit import admit
from shared.usecases.fan_out import fan_out
from shared.usecases.sweep import sweep
from tests.fakes.world import World
from tests.unit.billed import HOOKS
from tests.unit.calling import call, post

pytestmark = pytest.mark.usefixtures("environment")

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
LABELS = "logging.googleapis.com/labels"
IN_TRACE, IN_SPAN = "logging.googleapis.com/trace", "logging.googleapis.com/spanId"

MARK = "zqxmark"
"""Stands in everything that is a child's, or that names one."""
TALE = {
    "studentTaskId": f"{MARK}-task",
    "fairytaleId": f"{MARK}-tale",
    "characters": [
        {"name": f"{MARK} Mina", "prompt": f"a brave {MARK} girl", "isMain": True},
        {"name": f"{MARK} Fox", "prompt": f"a clever {MARK} fox"},
    ],
    "backgrounds": [{"name": f"{MARK} Forest", "prompt": f"a misty {MARK} forest"}],
}


def lines(capsys) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def step_of(world, image, function=main.step, **headers):
    body = {"imageId": image.image_id, "generation": image.generation, "seq": image.seq}
    return post(function, body, **headers)


# --- whose they are -------------------------------------------------------------------------------


def test_a_call_says_its_job_and_its_image_as_fields_and_as_labels(world, capsys):
    job_id = post(main.generate, TALE).json["jobId"]
    admit(world.services)
    lines(capsys)
    image = world.store.images_of(job_id)[0].value

    step_of(world, image)
    call(main.status, query_string={"jobId": job_id})
    call(main.status, query_string={"studentTaskId": TALE["studentTaskId"]})
    main.fanout(CloudEvent({"type": "t", "source": "s", "document": f"references/{job_id}"}, b""))
    post(main.regenerate, {"imageId": image.image_id})
    post(main.cancel, {"jobId": job_id})

    calls = [line for line in lines(capsys) if line["message"] == "call"]
    of_image = {"jobId": job_id, "imageId": image.image_id}
    expected = [of_image, {"jobId": job_id}, {"jobId": job_id}, {"jobId": job_id}, of_image]
    assert [line[LABELS] for line in calls] == [*expected, {"jobId": job_id}]
    assert [line.get("imageId") for line in calls] == [one[LABELS].get("imageId") for one in calls]
    assert {line["jobId"] for line in calls} == {job_id}


def test_a_new_book_says_its_job_and_a_call_that_is_about_none_says_none(world, capsys):
    job_id = post(main.generate, TALE).json["jobId"]
    call(main.sweep, method="POST")
    call(main.status, query_string={"jobId": "no such id"})

    generate, *others = (line for line in lines(capsys) if line["message"] == "call")
    assert generate["jobId"] == job_id
    assert not any("jobId" in line or LABELS in line for line in others)


@pytest.mark.parametrize(
    ("headers", "trace", "span"),
    [
        ({"traceparent": f"00-{TRACE}-{SPAN}-01"}, TRACE, SPAN),
        ({"X-Cloud-Trace-Context": f"{TRACE}/{int(SPAN, 16)};o=1"}, TRACE, SPAN),
        ({"X-Cloud-Trace-Context": TRACE}, TRACE, None),
        (
            {"traceparent": f"00-{TRACE}-{SPAN}-01", "X-Cloud-Trace-Context": f"{'1' * 32}/1"},
            TRACE,
            SPAN,
        ),
        ({"traceparent": f"00-{MARK}-{SPAN}-01"}, None, None),
        ({"X-Cloud-Trace-Context": f"{TRACE}/{'9' * 20}"}, TRACE, None),
        ({}, None, None),
    ],
)
def test_a_call_is_in_the_trace_that_it_came_with(world, capsys, headers, trace, span):
    call(main.styles, method="GET", headers=headers)

    (line,) = lines(capsys)
    project = wiring.settings().project
    assert line.get(IN_TRACE) == (f"projects/{project}/traces/{trace}" if trace else None)
    assert line.get(IN_SPAN) == span


def test_lines_within_a_call_belong_to_it_and_what_comes_after_does_not(world, capsys):
    header = {"traceparent": f"00-{TRACE}-{SPAN}-01"}.get
    with traced_call("step", header, project="p", share=0, send=print):
        identify(image_id="abc-000")
        with ThreadPoolExecutor(1) as threads:
            threads.submit(copy_context().run, log, "INFO", "inside").result()
    log("INFO", "outside")

    inside, outside = lines(capsys)
    assert (inside["jobId"], inside["imageId"]) == ("abc", "abc-000")
    assert inside[IN_TRACE] == f"projects/p/traces/{TRACE}"
    assert outside.keys() == {"severity", "message"}


def test_what_is_done_for_other_images_says_those(world, capsys):
    first, second = (
        post(main.generate, {**TALE, "studentTaskId": f"{n}"}).json["jobId"] for n in (1, 2)
    )
    world.painter.script = ["vanish", "vanish"]
    lines(capsys)

    post(main.admit, {})

    *warnings, own = lines(capsys)
    assert {line["imageId"] for line in warnings} == {f"{first}-000", f"{second}-000"}
    assert "imageId" not in own


def test_a_sweep_is_about_no_book_whatever_it_finds(world, capsys):
    world.triggers = False
    job_id = post(main.generate, TALE).json["jobId"]
    world.run(until=lambda: world.store.reference(job_id) is not None)
    world.now += 2 * world.services.sweep_grace
    lines(capsys)

    call(main.sweep, method="POST")

    found, slots, own = (line for line in lines(capsys) if "imageId" not in line)
    assert (found["message"], found["fanOuts"]) == ("sweep found", 1)
    assert (slots["message"], own["message"]) == ("slots", "call")
    assert not any("jobId" in line for line in (found, slots, own))


def test_tasks_of_a_book_have_one_trace_whether_it_is_traced_or_not(world):
    with traced_call("step", no_header, project="p", share=0, send=print):
        identify(image_id="abc-000")
        untraced = trace_header("abc")
    with traced_call("step", no_header, project="p", share=1, send=lambda _: None):
        identify(image_id="abc-000")
        traced = trace_header("abc")

    trace = trace_id_of("abc")
    assert untraced == {"traceparent": f"00-{trace}-{root_id_of('abc')}-00"}
    assert traced["traceparent"].startswith(f"00-{trace}-")
    assert traced["traceparent"].endswith("-01")


# --- nothing of a child ---------------------------------------------------------------------------


class Client:
    """Uses every function that takes something of a child's."""

    def __init__(self, world: World) -> None:
        self.world = world

    def uses_everything(self) -> None:
        job_id = post(main.generate, TALE, **{"Idempotency-Key": f"{MARK}-key"}).json["jobId"]
        post(main.generate, TALE, **{"Idempotency-Key": f"{MARK}-key"})
        post(main.generate, {**TALE, "characters": [{"name": MARK, "prompt": 7}]})
        post(main.generate, {**TALE, "callbackUrl": f"https://{MARK}.test/"})
        self.rings(job_id)
        for path in ({"jobId": job_id}, {"studentTaskId": f"{MARK}-task"}, {"jobId": MARK}):
            call(main.status, query_string=path)
        post(main.regenerate, {"imageId": f"{job_id}-001", "prompt": f"another {MARK}"})
        post(main.regenerate, {"imageId": MARK, "prompt": MARK})
        self.rings(job_id)
        call(main.download, query_string={"jobId": job_id}).get_data()
        call(main.jobs, method="GET", query_string={"pageToken": MARK})
        post(main.cancel, {"jobId": job_id})
        post(main.step, {"imageId": MARK})
        post(main.notify, {"state": MARK, "id": MARK})
        sweep(self.world.services)

    def rings(self, job_id: str) -> None:
        """Let all that is due happen, through the functions where there is one."""
        for _ in range(40):
            self.world.run(until=lambda: bool(self.world.queue.due))
            post(main.admit, {})
            event = {"type": "t", "source": "s", "document": f"references/{job_id}"}
            main.fanout(CloudEvent(event, b""))
            for image in [found.value for found in self.world.store.images_of(job_id)]:
                if image.next_step is not None:
                    last = {"X-CloudTasks-TaskRetryCount": "0"}
                    step_of(self.world, image, main.postprocess, **last)
            if not self.world.queue.due:
                return
            self.world.run(until=lambda at=self.world.now: self.world.now > at)


@pytest.mark.parametrize(
    "script",
    [[], ["banned"], ["moderated"], ["vanish", "drop answer", "fail"], ["busy", "hang"], ["lose"]],
)
def test_whole_books_leave_nothing_of_a_child_in_the_log(world, capsys, script):
    world.painter.script = script
    world.pictures.broken = 3

    Client(world).uses_everything()

    out, err = capsys.readouterr()
    assert '"message": "picture ended"' in out
    assert MARK not in out + err


@pytest.mark.parametrize(
    "fault",
    [
        ValueError(f"a brave {MARK} girl"),
        KeyError(MARK),
        Conflict("told so"),
        StoreUnavailable("told so"),
    ],
)
@pytest.mark.parametrize("where", ["commit", "fetch", "nearest", "character", "put", "imagine"])
def test_faults_that_quote_a_child_leave_nothing_of_it_in_the_log(world, capsys, fault, where):
    tools = {
        "commit": world.store,
        "fetch": world.pictures,
        "put": world.pictures,
        "nearest": world.services.picture_tools,
        "character": world.finisher,
        "imagine": world.painter,
    }[where]
    job_id = post(main.generate, TALE).json["jobId"]
    working = getattr(tools, where)

    def breaking(*_, **__):
        raise fault

    for turn in range(16):
        setattr(tools, where, breaking if turn % 4 else working)
        post(main.admit, {})
        if turn % 4 == 0:
            fan_out(world.services, job_id)
        for image_id in [found.value.image_id for found in world.store.images_of(job_id)] * 2:
            image = world.store.image(image_id).value
            if image.next_step is not None:
                step_of(world, image)
        world.now += world.services.sweep_grace

    assert MARK not in "".join(capsys.readouterr())


def test_news_leave_nothing_of_a_child_in_the_log(environment, capsys):
    world = World(hooks=HOOKS)
    wiring.provide(world.services)
    try:
        image_id = f"{post(main.generate, TALE).json['jobId']}-000"
        call(
            main.notify,
            method="POST",
            path=f"/{image_id}/forged-{MARK}",
            json={"id": "1", "state": MARK, "prompt": f"a brave {MARK} girl"},
        )
    finally:
        wiring.provide(None)

    assert MARK not in "".join(capsys.readouterr())
