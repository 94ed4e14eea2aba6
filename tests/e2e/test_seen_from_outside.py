"""What an operator sees of a book: one trace, lines that name it, and a health function."""

import json
from collections.abc import Iterator

import pytest
import requests

from infra.local.stack import StackOptions
from shared.trace_ids import root_id_of, trace_id_of
from tests.e2e.conftest import SETTINGS, SPEED, Backend, running
from tests.fakes.otlp import Receiver, otlp_receiver

MARK = "zqxmark"
"""Stands in everything that is a child's, or that names one."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with otlp_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def backend(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    traced = {"TRACE_SHARE": "1", "TRACE_URL": receiver.url}
    options = StackOptions(
        speed=SPEED,
        proxy_args=["--picture-size", "128"],
        functions_env={**SETTINGS, **traced, "CUTOUT_MODEL": "none"},
        sweep_interval=2,
        log_folder=tmp_path_factory.mktemp("logs"),
    )
    with running(options) as backend:
        yield backend


@pytest.fixture(scope="module")
def job_id(backend: Backend) -> str:
    """A book that has been painted."""
    tale = backend.tale(2, 1, word=MARK)
    tale["studentTaskId"] = f"{MARK} task"
    tale["characters"][0] |= {"name": f"{MARK} Mina", "prompt": f"a brave {MARK}"}
    job_id = str(backend.generate(tale).json()["jobId"])
    assert backend.wait(job_id)["status"] == "succeeded"
    return job_id


def test_a_book_is_one_trace_across_functions_tasks_and_trigger(
    backend: Backend, receiver: Receiver, job_id: str
) -> None:
    functions = {"generate", "admit", "step", "fanout", "postprocess", "notify", "book"}
    outside = {"commit", "create task", "submit", "look", "put picture"}
    backend.until(lambda: functions | outside <= {span.name for span in spans_of(receiver, job_id)})

    spans = spans_of(receiver, job_id)
    assert all(span.attributes["jobId"] == job_id for span in spans)
    ids = {span.span_id for span in spans}
    # Of every span the parent is there, too, once each call has sent its own.
    backend.until(lambda: not parents(spans_of(receiver, job_id)) - ids_of(receiver, job_id))
    # What a task woke came from the call that created the task.
    by_id = {span.span_id: span for span in spans}
    woken = {by_id[s.parent_id].name for s in spans if s.name == "step" and s.parent_id in ids}
    assert woken & {"admit", "fanout", "step", "notify"}
    assert MARK not in repr(receiver.spans)


def spans_of(receiver: Receiver, job_id: str):  # type: ignore[no-untyped-def]
    return [span for span in list(receiver.spans) if span.trace_id == trace_id_of(job_id)]


def ids_of(receiver: Receiver, job_id: str) -> set[str]:
    return {span.span_id for span in spans_of(receiver, job_id)}


def parents(spans) -> set[str]:  # type: ignore[no-untyped-def]
    return {span.parent_id for span in spans if span.parent_id}


def test_log_lines_name_the_book_its_pictures_and_its_trace_and_nothing_of_a_child(
    backend: Backend, job_id: str
) -> None:
    text = backend.stack.functions_log.read_text()

    assert MARK not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    ours = [line for line in lines if line.get("jobId") == job_id]
    messages = [line["message"] for line in ours]
    assert (messages.count("picture ended"), messages.count("book ended")) == (3, 1)
    assert messages.count("first picture") == 1
    trace = f"projects/{backend.stack.project}/traces/{trace_id_of(job_id)}"
    of_steps = [line for line in ours if line.get("function") in {"step", "postprocess"}]
    assert {line["logging.googleapis.com/trace"] for line in of_steps} == {trace}
    assert all(line["imageId"].startswith(job_id) for line in of_steps)
    assert root_id_of(job_id) not in {line["logging.googleapis.com/spanId"] for line in of_steps}
    (whole,) = (line for line in ours if line["message"] == "book ended")
    assert 0 <= whole["overheadSeconds"] < whole["seconds"]
    backend.until(lambda: '"slots"' in backend.stack.functions_log.read_text())


def test_health_asks_each_part(backend: Backend) -> None:
    answer = requests.get(f"{backend.url}/health", timeout=15)

    assert answer.status_code == 200, answer.text
    checks = answer.json()["checks"]
    assert checks.keys() == {"store", "queue", "bucket", "proxy"}
    assert all(check["ok"] for check in checks.values())
    assert answer.headers["Cache-Control"] == "no-store"
    assert requests.post(f"{backend.url}/health", timeout=15).status_code == 405
