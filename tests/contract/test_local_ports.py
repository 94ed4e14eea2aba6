"""A port that was given out is nobody else's, whenever its server comes to listen."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.ports import PORTS, Leases, free_port, port_is_free
from infra.local.processes import LocalStackError

FEW = range(29_000, 29_003)
TAKE_TWO = """
import sys
from pathlib import Path
from infra.local.ports import Leases
leases = Leases(Path(sys.argv[1]), range(29_000, 29_003))
print(leases.take(), leases.take(), flush=True)
sys.stdin.read()
"""


def test_a_port_in_use_is_not_free() -> None:
    port = free_port()
    assert port_is_free(port)
    with socket.create_server(("127.0.0.1", port)):
        assert not port_is_free(port)


def test_the_kernel_gives_none_of_them_to_a_connection() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        assert probe.getsockname()[1] not in PORTS


def test_no_port_is_given_out_twice(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "ports", FEW)
    assert sorted(leases.take() for _ in FEW) == list(FEW)
    with pytest.raises(LocalStackError, match="No TCP port is left"):
        leases.take()


def test_what_something_listens_on_is_passed_over(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", FEW[0])):
        leases = Leases(tmp_path / "ports", FEW)
        assert sorted(leases.take() for _ in FEW[1:]) == list(FEW[1:])


def test_two_processes_never_have_the_same_port_and_one_that_ends_gives_back(
    tmp_path: Path,
) -> None:
    file = tmp_path / "ports"
    with subprocess.Popen(
        [sys.executable, "-c", TAKE_TWO, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        theirs = {int(port) for port in other.stdout.readline().split()}
        assert Leases(file, FEW).take() in set(FEW) - theirs
        other.kill()
    assert Leases(file, FEW).take() in FEW
