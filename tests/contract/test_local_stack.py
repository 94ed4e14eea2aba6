"""The whole stack, with functions of a few lines and no proxy: it starts, works, and ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import requests
from google.cloud import firestore, tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from infra.local.ports import free_port
from infra.local.processes import LocalStackError, answers
from infra.local.stack import ROOT, LocalStack, Ports, StackOptions

from .conftest import eventually

MAIN = """
import json, os, time
import functions_framework

__all__ = ["echo", "fanout", "sweep", "slow"]

@functions_framework.http
def echo(request):
    return {"path": request.path, "args": dict(request.args), "method": request.method,
            "speed": os.environ.get("SPEED"), "look": os.environ["LOOK_MIN_SECONDS"]}

@functions_framework.cloud_event
def fanout(event):
    print(json.dumps({"document": event["document"]}), flush=True)

@functions_framework.http
def sweep(request):
    return "swept"

@functions_framework.http
def slow(request):
    print("slow begins", flush=True)
    time.sleep(0.3)
    return "done"
"""
NO_PROXY = "http://127.0.0.1:1/mj"


@pytest.fixture(autouse=True, scope="module")
def _no_running_emulator() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
        yield


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> StackOptions:
    folder = Path(tmp_path_factory.mktemp("stack"))
    (folder / "main.py").write_text(MAIN)
    return StackOptions(
        source=folder / "main.py",
        proxy_url=NO_PROXY,
        speed=10,
        sweep_interval=0,
        log_folder=folder / "logs",
        functions_env={"SPEED": "fast"},
    )


@pytest.fixture(scope="module")
def stack(options: StackOptions) -> Iterator[LocalStack]:
    with LocalStack(options) as stack:
        yield stack


def ports(stack: LocalStack) -> list[int]:
    addresses = (stack.functions_url, stack.firestore_host, stack.env["STORAGE_EMULATOR_HOST"])
    return [int(address.rpartition(":")[2]) for address in addresses]


@pytest.mark.parametrize(
    ("url", "path", "arguments"),
    [
        ("/echo", "/", {}),
        ("/echo/", "/", {}),
        ("/echo?jobId=1", "/", {"jobId": "1"}),
        ("/echo/a/b?c=d", "/a/b", {"c": "d"}),
    ],
)
def test_a_function_is_at_its_name(
    stack: LocalStack, url: str, path: str, arguments: dict[str, str]
) -> None:
    answer = requests.post(stack.functions_url + url, timeout=10, allow_redirects=False)
    assert answer.status_code == 200
    assert answer.json() == {
        "path": path,
        "args": arguments,
        "method": "POST",
        "speed": "fast",
        "look": "1",
    }


def test_the_functions_are_listed(stack: LocalStack) -> None:
    listed = requests.get(stack.functions_url, timeout=10).json()
    assert listed["echo"] == f"{stack.functions_url}/echo"
    assert list(listed) == ["echo", "fanout", "sweep", "slow"]


def test_an_unknown_function_is_not_found(stack: LocalStack) -> None:
    assert requests.get(f"{stack.functions_url}/nobody", timeout=10).status_code == 404


def test_a_stack_keeps_its_emulator_whatever_the_environment_says_later(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = stack.firestore_host
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")

    assert stack.firestore_host == host == stack.env["FIRESTORE_EMULATOR_HOST"]


def test_a_write_reaches_fanout(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", stack.firestore_host)
    client = firestore.Client(project=stack.project)
    client.document("references/job1").set({"imageId": "a"})
    client.close()
    eventually(lambda: "references/job1" in stack.functions_log.read_text())
    eventually(lambda: stack.events.counts("fanout").delivered == 1)


def test_a_task_reaches_a_function(stack: LocalStack) -> None:
    task = tasks_v2.Task(http_request=tasks_v2.HttpRequest(url=f"{stack.functions_url}/echo"))
    with grpc.insecure_channel(stack.env["CLOUD_TASKS_EMULATOR_HOST"]) as channel:
        client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        client.create_task(parent=stack.queue_path("steps"), task=task)
    stack.tasks.wait_until_idle()
    assert stack.tasks.counters.attempts[-1].status == 200


def test_sweep_is_called_on_demand(stack: LocalStack) -> None:
    stack.sweep()
    assert (stack.scheduler.calls, stack.scheduler.failures) == (1, 0)


def test_killed_workers_are_replaced(stack: LocalStack) -> None:
    killed = stack.kill_function_workers()
    assert len(killed) == 2

    def answers_again() -> bool:
        try:
            return requests.get(f"{stack.functions_url}/echo", timeout=5).ok
        except requests.ConnectionError:
            return False

    eventually(answers_again)
    stack.check()


def test_stopping_leaves_nothing_and_lets_requests_end(options: StackOptions) -> None:
    got: list[str] = []
    with LocalStack(options) as stack:
        url = f"{stack.functions_url}/slow"
        request = threading.Thread(target=lambda: got.append(requests.get(url, timeout=10).text))
        request.start()
        eventually(lambda: "slow begins" in stack.functions_log.read_text())
    request.join()
    assert got == ["done"]
    assert [port for port in ports(stack) if answers(port)] == []
    assert not stack.functions.is_running()


def test_an_exception_leaves_nothing(options: StackOptions) -> None:
    with pytest.raises(ZeroDivisionError), LocalStack(options) as stack:
        raise ZeroDivisionError
    assert [port for port in ports(stack) if answers(port)] == []


def test_functions_that_cannot_be_loaded_are_shown(options: StackOptions, tmp_path: Path) -> None:
    broken = tmp_path / "main.py"
    broken.write_text("raise RuntimeError('no paint left')\n")
    values = vars(options) | {"source": broken}
    with pytest.raises(LocalStackError, match=r"(?s)functions ended.*no paint left"):
        LocalStack(StackOptions(**values)).__enter__()


def test_a_taken_port_is_named_with_the_option_to_change_it(stack: LocalStack) -> None:
    taken = ports(stack)[0]
    with pytest.raises(LocalStackError, match=rf"{taken}.*functions.*--functions-port"):
        LocalStack(StackOptions(ports=Ports(functions=taken))).__enter__()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_whatever_ends_the_stack_ends_its_children(
    options: StackOptions, number: signal.Signals, tmp_path: Path
) -> None:
    chosen = Ports(functions=free_port(), firestore=free_port(), bucket=free_port())
    script = f"""
import threading
from pathlib import Path
from infra.local.stack import LocalStack, Ports, StackOptions
options = StackOptions(ports={chosen!r}, source=Path({str(options.source)!r}),
                       proxy_url={NO_PROXY!r}, log_folder=Path({str(tmp_path)!r}))
with LocalStack(options):
    print("ready", flush=True)
    threading.Event().wait()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert all(answers(port) for port in (chosen.functions, chosen.firestore, chosen.bucket))
        process.send_signal(number)
    for port in (chosen.functions, chosen.firestore, chosen.bucket):
        eventually(lambda port=port: not answers(port))  # type: ignore[misc]
