"""The command line."""

import signal
import socket
import subprocess
import sys

import pytest

from infra.local import cli
from infra.local.ports import free_port
from infra.local.processes import answers
from infra.local.stack import ROOT


@pytest.mark.parametrize(
    "command", ["up", "tasks", "firestore", "events", "bucket", "functions", "scheduler"]
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert f"python -m infra.local {command}" in capsys.readouterr().out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    printed = capsys.readouterr().out
    assert all(f"  {command} " in printed for command in cli.COMMANDS)


@pytest.mark.parametrize(
    "arguments", [["paint"], ["up", "--speed", "0"], ["up", "--duplicate", "2"]]
)
def test_bad_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2


def test_a_taken_port_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert cli.main(["tasks", "--port", str(port)]) == 2
    assert capsys.readouterr().err == f"Port {port} is taken. Choose another: --port PORT\n"


@pytest.mark.parametrize("part", ["tasks", "bucket"])
def test_a_part_runs_alone_until_it_is_told_to_end(part: str) -> None:
    port = free_port()
    command = [sys.executable, "-m", "infra.local", part, "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert str(port).encode() in process.stdout.readline()
        assert answers(port)
        process.send_signal(signal.SIGTERM)
        process.communicate()  # it may still be printing
    assert process.returncode == 0
    assert not answers(port)
