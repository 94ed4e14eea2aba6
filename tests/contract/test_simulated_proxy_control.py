"""Faults at the HTTP surface, restart and statistics of the simulated proxy."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.local.proxy import ProxyOptions, SimulatedProxy
from infra.local.proxy.__main__ import main
from infra.local.proxy.faults import Fault
from tests.contract.proxy_client import Client, proxy_client


@pytest.fixture
def proxy() -> Iterator[Client]:
    with proxy_client() as client:
        yield client


def imagine(proxy: Client, prompt: str = "a fox") -> requests.Response:
    return proxy.post("/mj/submit/imagine", {"prompt": prompt})


# --- faults at the submission


def test_fault_ban_is_code_24_once(proxy: Client) -> None:
    proxy.faults({"kind": "ban", "word": "fox"})

    body = imagine(proxy).json()
    assert (body["code"], body["properties"]["bannedWord"]) == (24, "fox")
    assert imagine(proxy).json()["code"] == 1


def test_fault_queue_full_is_code_23_and_stores_nothing(proxy: Client) -> None:
    proxy.faults({"kind": "queue_full"})

    body = imagine(proxy).json()
    assert (body["code"], body["result"], list(body["properties"])) == (
        23,
        None,
        ["discordInstanceId"],
    )
    assert proxy.stats()["submits"] == []


def test_fault_enqueue_failure_is_code_9(proxy: Client) -> None:
    proxy.faults({"kind": "enqueue_failure"})

    assert imagine(proxy).json()["code"] == 9
    assert proxy.stats()["submits"] == []


def test_fault_error_submit_is_500_and_accepts_nothing(proxy: Client) -> None:
    proxy.faults({"kind": "error_submit"})

    assert imagine(proxy).status_code == 500
    assert proxy.stats()["submits"] == []


def test_fault_error_after_submit_is_500_although_it_is_accepted(proxy: Client) -> None:
    proxy.faults({"kind": "error_after_submit"})

    assert imagine(proxy).status_code == 500
    (entry,) = proxy.stats()["submits"]
    assert proxy.ended(entry["id"])["status"] == "SUCCESS"


def test_fault_drop_answer_closes_the_connection_although_it_is_accepted(proxy: Client) -> None:
    proxy.faults({"kind": "drop_answer"})

    with pytest.raises(requests.ConnectionError):
        imagine(proxy)
    (entry,) = proxy.stats()["submits"]
    assert proxy.ended(entry["id"])["status"] == "SUCCESS"


def test_fault_slow_submit_answers_late(proxy: Client) -> None:
    proxy.faults({"kind": "slow_submit", "seconds": 0.2})

    assert imagine(proxy).elapsed.total_seconds() >= 0.2


def test_fault_parent_lag_is_code_4_once(proxy: Client) -> None:
    parent = proxy.finished()["id"]
    proxy.faults({"kind": "parent_lag"})

    assert proxy.change(parent)["code"] == 4
    assert proxy.change(parent)["code"] == 1


def test_fault_disable_account_acts_at_once_until_enable(proxy: Client) -> None:
    parent = proxy.finished()["id"]
    proxy.faults({"kind": "disable_account"})

    assert imagine(proxy).json()["code"] == 3
    assert proxy.change(parent)["code"] == 3
    assert proxy.get("/mj/account/list").json()[0]["enable"] is False
    proxy.faults({"kind": "enable_account"})
    assert imagine(proxy).json()["code"] == 1


def test_fault_disable_account_with_a_matcher_waits_for_its_task(proxy: Client) -> None:
    proxy.faults({"kind": "disable_account", "prompt_contains": "bear"})

    assert imagine(proxy, "a fox").json()["code"] == 1
    assert imagine(proxy, "a bear").json()["code"] == 3
    assert imagine(proxy, "a fox").json()["code"] == 3


def test_matchers_and_times(proxy: Client) -> None:
    parent = proxy.finished("a fox")["id"]
    proxy.faults(
        {"kind": "queue_full", "action": "UPSCALE", "times": 2},
        {"kind": "ban", "prompt_contains": "BEAR", "times": None},
    )

    assert [proxy.change(parent)["code"] for _ in range(3)] == [23, 23, 1]
    assert [imagine(proxy, "a bear").json()["code"] for _ in range(4)] == [24] * 4
    assert imagine(proxy, "a fox").json()["code"] == 1
    listed = proxy.get("/control/faults").json()["faults"]
    assert [(fault["struck"], fault["left"]) for fault in listed] == [(2, 0), (4, None)]


# --- faults at a look


def test_faults_of_fetch(proxy: Client) -> None:
    task_id = proxy.imagine()
    proxy.faults({"kind": "error_fetch"}, {"kind": "slow_fetch", "seconds": 0.2})

    first = proxy.get(f"/mj/task/{task_id}/fetch")
    assert (first.status_code, first.json()["error"]) == (500, "Internal Server Error")
    assert first.elapsed.total_seconds() >= 0.2
    assert proxy.get(f"/mj/task/{task_id}/fetch").status_code == 200


def test_fault_lose_gives_the_empty_body(proxy: Client) -> None:
    proxy.faults({"kind": "lose"})

    answer = proxy.get(f"/mj/task/{proxy.imagine()}/fetch")
    assert (answer.status_code, answer.content) == (200, b"")
    assert proxy.stats()["submits"][0]["forgotten"] is True


# --- faults of pictures


def test_fault_expire_url(proxy: Client) -> None:
    proxy.faults({"kind": "expire_url"})

    assert proxy.session.get(proxy.finished()["imageUrl"]).status_code == 404


def test_fault_truncate_picture_halves_one_download(proxy: Client) -> None:
    url = proxy.finished()["imageUrl"]
    whole = proxy.session.get(url).content
    proxy.faults({"kind": "truncate_picture"}, {"kind": "truncate_picture", "declared": "whole"})

    half = proxy.session.get(url)
    assert (half.status_code, half.headers["Content-Type"]) == (200, "image/png")
    assert half.content == whole[: len(whole) // 2]
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        proxy.session.get(url)
    assert proxy.session.get(url).content == whole


def test_faults_not_a_picture_and_error_picture(proxy: Client) -> None:
    url = proxy.finished()["imageUrl"]
    proxy.faults({"kind": "error_picture", "status": 502}, {"kind": "not_a_picture"})

    assert proxy.session.get(url).status_code == 502
    page = proxy.session.get(url)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert proxy.session.get(url).headers["Content-Type"] == "image/png"


# --- the control plane


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([{"kind": "explode"}], "explode"),
        ([{"kind": "fail", "progress": 101}], "progress"),
        ([{"kind": "fail", "colour": "red"}], "colour"),
        ([{"kind": "fail", "action": "PAINT"}], "action"),
        ([{"kind": "fail", "times": 0}], "times"),
        ([{"kind": "fail", "probability": 2}], "probability"),
        ([{}], "kind"),
        ("fail", "list"),
        ({"faults": [], "replaces": True}, "replaces"),
    ],
)
def test_a_wrong_fault_is_400_says_why_and_adds_nothing(
    proxy: Client, body: Any, told: str
) -> None:
    answer = proxy.post("/control/faults", body)

    assert answer.status_code == 400
    assert told in answer.json()["error"]
    assert proxy.get("/control/faults").json() == {"faults": []}


def test_control_bodies_that_are_no_json_are_400(proxy: Client) -> None:
    answer = proxy.session.post(f"{proxy.url}/control/faults", data=b"{")

    assert answer.status_code == 400
    assert "not JSON" in answer.json()["error"]


def test_faults_are_added_replaced_and_cleared(proxy: Client) -> None:
    def kinds() -> list[str]:
        return [fault["kind"] for fault in proxy.get("/control/faults").json()["faults"]]

    proxy.post("/control/faults", {"kind": "fail"})
    proxy.post("/control/faults", [{"kind": "hang"}])
    assert kinds() == ["fail", "hang"]
    proxy.post("/control/faults", {"faults": [{"kind": "ban"}], "replace": True})
    assert kinds() == ["ban"]
    proxy.session.delete(f"{proxy.url}/control/faults")
    assert kinds() == []


def test_restart_forgets_tasks_but_statistics_and_pictures_survive(proxy: Client) -> None:
    task = proxy.finished()

    assert proxy.post("/control/restart").json() == {"restarted": True, "keep": False}
    assert proxy.get(f"/mj/task/{task['id']}/fetch").content == b""
    assert proxy.change(task["id"])["code"] == 3
    assert proxy.get("/mj/task/list").json() == []
    assert [entry["id"] for entry in proxy.stats()["submits"]] == [task["id"]]
    assert proxy.session.get(task["imageUrl"]).status_code == 200


def test_restart_with_keep_leaves_rows(proxy: Client) -> None:
    task = proxy.finished()

    proxy.post("/control/restart", {"keep": True})
    assert proxy.task(task["id"]) == task
    assert proxy.change(task["id"])["code"] == 1
    assert proxy.post("/control/restart", {"keep": "yes"}).status_code == 400


def test_statistics_list_every_submit_ever_accepted(proxy: Client) -> None:
    parent = proxy.finished("a fox", state="token-1")
    child = proxy.ended(proxy.upscale(parent["id"], 3))
    imagine(proxy, "")
    stats = proxy.stats()

    first, second = stats["submits"]
    assert first == {
        "id": parent["id"],
        "action": "IMAGINE",
        "state": "token-1",
        "prompt": "a fox",
        "parentId": None,
        "index": None,
        "submitTime": parent["submitTime"],
        "startTime": parent["startTime"],
        "finishTime": parent["finishTime"],
        "status": "SUCCESS",
        "failReason": None,
        "forgotten": False,
    }
    assert (second["parentId"], second["index"]) == (parent["id"], 3)
    assert second["finishTime"] == child["finishTime"]
    assert stats["accepted"]["IMAGINE"] == stats["accepted"]["UPSCALE"] == 1
    assert stats["requests"]["POST /mj/submit/imagine"] == 2
    assert stats["requests"]["POST /mj/submit/change"] == 1
    assert stats["requests"]["GET /mj/task/{id}/fetch"] >= 2
    assert stats["peakRunning"] == 1
    assert stats["busySlotSeconds"] >= 0.14


def test_statistics_can_be_cleared(proxy: Client) -> None:
    proxy.finished()
    before = proxy.stats()["since"]
    proxy.session.delete(f"{proxy.url}/control/stats")

    stats = proxy.stats()
    assert stats["submits"] == []
    assert (stats["busySlotSeconds"], stats["peakRunning"]) == (0, 0)
    assert stats["since"] > before


# --- starting and stopping


def test_a_taken_port_is_told(proxy: Client, capsys: pytest.CaptureFixture[str]) -> None:
    port = int(proxy.url.rsplit(":", 1)[1])

    with pytest.raises(OSError, match=str(port)), SimulatedProxy(ProxyOptions(port=port)):
        pass
    assert main(["--port", str(port)]) == 2
    assert capsys.readouterr().err == (
        f"Can't listen on 127.0.0.1:{port}: address already in use. Choose another: --port PORT\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--speed", "0"],
        ["--fault", '{"kind": "explode"}'],
        ["--faults", "no-such-file.json"],
        ["--dialect", "klingon"],
        ["--dialect", "trueai", "--repeats", "existed"],
    ],
)
def test_wrong_options_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)

    assert stop.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_a_fault_that_is_not_json_is_said_to_be_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--fault", "explode"])

    assert "argument --fault: not JSON: Expecting value" in capsys.readouterr().err


def test_the_program_says_where_it_is_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"kind": "ban"}]))
    program = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            "infra.local.proxy",
            "--port",
            "0",
            "--faults",
            faults,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert program.stdout is not None
    line = program.stdout.readline()
    url = line.split(" ready at ")[1].split("/mj")[0]
    answer = requests.post(f"{url}/mj/submit/imagine", json={"prompt": "a fox"}, timeout=10)
    program.send_signal(signal.SIGTERM)
    out, err = program.communicate(timeout=10)

    assert answer.json()["code"] == 24
    assert (program.returncode, out, err) == (0, "", "")


def test_the_documentation_names_every_option_and_every_fault() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "simulated-proxy.md").read_text("utf-8")
    kinds = {kind.model_fields["kind"].annotation.__args__[0] for kind in Fault.__subclasses__()}  # type: ignore[union-attr]

    names = kinds | {field.name for field in dataclasses.fields(ProxyOptions)}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
