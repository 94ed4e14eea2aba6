"""TCP ports for parts that are told theirs before they listen.

The emulator's JVM binds its port a second or more after it was started. A free port that the
kernel names could be anybody's by then: each outgoing connection gets one from the same range. So
ports come from below that range, and whoever is given one keeps it, locked, while it lives.
"""

import fcntl
import os
import socket
import tempfile
import threading
from itertools import chain
from pathlib import Path

from infra.local.processes import HOST, LocalStackError

PORTS = range(20_000, 30_000)
"""The kernel itself gives out none below 32768 (Linux) or 49152 (macOS)."""


def free_port() -> int:
    """Return a TCP port that nothing listens on, and that nobody else is given while we live.

    Raises LocalStackError if there is none.
    """
    return _LEASES.take()


def port_is_free(port: int) -> bool:
    """Say whether a server could listen on this port of the local machine now."""
    with socket.socket() as probe:
        # Servers set this too: a port with connections in TIME_WAIT only is free for them.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


class Leases:
    """The ports of one process; thread-safe. No port is given out twice, nor given back."""

    def __init__(self, file: Path | None = None, ports: range = PORTS) -> None:
        """`file` is shared by all processes that share the ports; default: one of each user's."""
        first = os.getpid() % len(ports)
        self._untried = chain(ports[first:], ports[:first])
        self._path = file
        self._file: int | None = None
        self._guard = threading.Lock()

    def take(self) -> int:
        """Return the next free port; raises LocalStackError if all are in use."""
        with self._guard:
            for port in self._untried:
                if self._lock(port) and port_is_free(port):
                    return port
        raise LocalStackError("No TCP port is left for the local stack: is an old one running?")

    def _lock(self, port: int) -> bool:
        """Lock the byte of that number, which the kernel unlocks when this process ends."""
        if self._file is None:
            shared = Path(tempfile.gettempdir(), f"fairy-tale-ports-{os.getuid()}")
            # Never closed: POSIX would drop every lock with it.
            self._file = os.open(self._path or shared, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            return False
        return True


_LEASES = Leases()
