"""Child processes of the local stack: started in groups of their own, and ended for certain.

A child leads its own process group, so a Ctrl-C in the terminal reaches only the stack, which then
ends its children in order. Should the stack itself be killed, even with SIGKILL, a guard (one
`/bin/sh` that waits for the end of a pipe) kills what is left.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

HOST = "127.0.0.1"
_TAIL_LINES = 25
_Result = TypeVar("_Result")

# No `--` before the groups: dash, Debian's sh, takes it for a process id.
_GUARD = 'gs=""; while read -r g; do gs="$gs -$g"; done; [ -n "$gs" ] && kill -KILL $gs'


class LocalStackError(Exception):
    """A part of the local stack cannot start or has died; the message says what to do about it."""


def answers(port: int) -> bool:
    """Say whether something accepts TCP connections on this port of the local machine."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def children_of(parent: int) -> list[int]:
    """Return the process ids of the direct children of a process, in no order."""
    proc = Path("/proc")
    if not (proc / "self" / "stat").exists():
        return _children_by_ps(parent)
    found = []
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it ended while we looked
            # "pid (command) state ppid ...": the command may hold spaces and parentheses.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z" and int(fields[1]) == parent:
                found.append(int(folder.name))
    return found


def _children_by_ps(parent: int) -> list[int]:
    command = ["ps", "-A", "-o", "pid=", "-o", "ppid="]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(pid) for pid, ppid in (row.split() for row in rows) if int(ppid) == parent]


class Child:
    """One running child, the leader of its own process group, with its output in a log file."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def pid(self) -> int:
        """The process id, which is the id of its process group too."""
        return self._process.pid

    def is_running(self) -> bool:
        """Say whether the process has not ended yet."""
        return self._process.poll() is None

    def tail(self) -> str:
        """Return the last lines of the child's log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-_TAIL_LINES:])

    def check(self) -> None:
        """Raise LocalStackError, with the end of the log, if the process has ended."""
        code = self._process.poll()
        if code is not None:
            raise LocalStackError(
                f"The {self.name} ended with exit code {code}. "
                f"The end of {self.log}:\n{self.tail()}"
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        """Return once `ready()` holds; raise LocalStackError if the child dies or takes longer."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise LocalStackError(
                    f"The {self.name} was not ready within {seconds:.0f} s. "
                    f"The end of {self.log}:\n{self.tail()}"
                )
            time.sleep(0.01)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of the group; a group that has ended is fine."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def wait(self, seconds: float | None = None) -> int | None:
        """Return the exit code once the process has ended, or None after that many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def stop(self, grace: float = 8.0) -> None:
        """End the whole group: SIGTERM, and SIGKILL for what is left `grace` seconds later."""
        if grace > 0 and self.is_running():
            # The leader decides what its own children are told: a group-wide SIGTERM would end
            # gunicorn's workers before they have answered.
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            self.wait(grace)
        self.signal(signal.SIGKILL)
        self._process.wait()


class Children:
    """The children of one stack, and the guard that outlives the stack if it is killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Child] = []
        self._guard: subprocess.Popen[bytes] | None = None

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        log: str | None = None,
    ) -> Child:
        """Start a program with its output in `<folder>/<log>` (default: its name) and guard it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / (log or f"{name.replace(' ', '-')}.log")
        with path.open("wb") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None,
                cwd=cwd,
                start_new_session=True,
            )
        child = Child(name, process, path)
        self._running.append(child)
        self._watch(child.pid)
        return child

    def _watch(self, group: int) -> None:
        if self._guard is None:
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        pipe = self._guard.stdin
        if pipe is not None:
            pipe.write(f"{group}\n".encode())
            pipe.flush()

    def check(self) -> None:
        """Raise LocalStackError if any child has died."""
        for child in self._running:
            child.check()

    def stop(self, child: Child, grace: float) -> None:
        """End one child (see Child.stop) and forget it."""
        child.stop(grace)
        if child in self._running:
            self._running.remove(child)

    def stop_all(self) -> None:
        """End every child at once, the last started first, and then the guard."""
        try:
            while self._running:
                self._running[-1].stop(grace=0)
                self._running.pop()
        finally:
            self._dismiss_guard()

    def _dismiss_guard(self) -> None:
        guard, self._guard = self._guard, None
        if guard is None:
            return
        if not self._running:
            guard.kill()  # nothing is left to guard: it must not signal groups whose ids are free
        if guard.stdin is not None:
            guard.stdin.close()
        guard.wait()


class LoopThread:
    """A thread with an asyncio loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="local stack", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def run(self, work: Coroutine[Any, Any, _Result], seconds: float = 30.0) -> _Result:
        """Run a coroutine there, and return its result; raises TimeoutError after `seconds`."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def close(self) -> None:
        """End the loop and the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
