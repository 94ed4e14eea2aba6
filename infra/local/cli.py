"""The command line of the local stack: `python -m infra.local <command>`."""

import argparse
import asyncio
import importlib
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.local.arguments import PORTS, chance, command_parser, positive
from infra.local.ports import port_is_free
from infra.local.processes import Children, LocalStackError

_Command = Callable[[Sequence[str]], int]


def main(argv: Sequence[str]) -> int:
    """Run a command, and return its exit code: 2 if a part is missing or a port is taken."""
    commands = "\n".join(f"  {name:<11}{about}" for name, (about, _) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m infra.local",
        description="Runs the Fairy Tale Image Server on this machine.",
        epilog=f"commands:\n{commands}\n\nEach has a --help of its own.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command", help="see below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the command takes")
    options = parser.parse_args(argv)
    try:
        return COMMANDS[options.command][1](options.arguments)
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _free(port: int, option: str = "--port") -> int:
    """Return the port, or raise LocalStackError if something listens on it."""
    if not port_is_free(port):
        raise LocalStackError(f"Port {port} is taken. Choose another: {option} PORT")
    return port


# --- each part alone ------------------------------------------------------------------------------


def tasks(argv: Sequence[str]) -> int:
    """Start the tasks server with the project's queues."""
    from infra.local.cloudtasks import Chaos, TasksServer
    from infra.local.stack_options import PROJECT, read_queues

    parser = command_parser("tasks", COMMANDS["tasks"][0])
    parser.add_argument("--port", type=int, default=PORTS["tasks"], help="of the gRPC API")
    parser.add_argument("--certs-port", type=int, default=0, help="of the tokens' certificates")
    parser.add_argument("--project", default=PROJECT, help="whose queues exist from the start")
    parser.add_argument("--duplicate", type=chance, default=0.0, help="chance to run twice")
    parser.add_argument("--delay", type=float, default=0.0, help="most seconds to be late")
    parser.add_argument("--lose", type=chance, default=0.0, help="chance never to run")
    parser.add_argument("--seed", type=int, default=0, help="of these chances")
    options = parser.parse_args(argv)
    _free(options.port)
    chaos = Chaos(
        duplicate=options.duplicate, delay=options.delay, lose=options.lose, seed=options.seed
    )
    server = TasksServer(read_queues(options.project), chaos=chaos)

    async def start() -> None:
        await server.start(options.port, options.certs_port)
        print(f"Cloud Tasks on 127.0.0.1:{server.port}; certificates at {server.certs_url}")

    return _run_until_stopped(start, server.stop)


def events(argv: Sequence[str]) -> int:
    """Start the relay and, once the emulator answers, register the trigger."""
    from infra.local.events import EventChaos, EventRelay
    from infra.local.firestore import Firestore
    from infra.local.stack_options import PROJECT, TRIGGER, TRIGGER_PATTERN

    parser = command_parser("events", COMMANDS["events"][0])
    parser.add_argument("--port", type=int, default=PORTS["events"], help="that receives events")
    parser.add_argument(
        "--target", default=f"http://127.0.0.1:{PORTS['functions']}/fanout", help="of the events"
    )
    parser.add_argument("--firestore", default=f"127.0.0.1:{PORTS['firestore']}", help="host:port")
    parser.add_argument("--project", default=PROJECT, help="whose Firestore it is")
    parser.add_argument("--pattern", default=TRIGGER_PATTERN, help="of the documents")
    parser.add_argument("--duplicate", type=chance, default=0.0, help="chance to deliver twice")
    parser.add_argument("--delay", type=float, default=0.0, help="most seconds to be late")
    parser.add_argument("--reorder", type=chance, default=0.0, help="chance to be overtaken")
    parser.add_argument("--lose", type=chance, default=0.0, help="chance never to deliver")
    parser.add_argument("--seed", type=int, default=0, help="of these chances")
    options = parser.parse_args(argv)
    _free(options.port)
    firestore = Firestore(options.firestore)
    firestore.wait_until_ready()
    names = ("duplicate", "delay", "reorder", "lose", "seed")
    chaos = EventChaos(**{name: getattr(options, name) for name in names})
    relay = EventRelay({TRIGGER: options.target}, chaos=chaos)

    async def start() -> None:
        await relay.start(options.port)
        firestore.register_trigger(options.project, TRIGGER, options.pattern)
        print(f"Events of {options.pattern} go to {options.target}")

    return _run_until_stopped(start, relay.stop)


def scheduler(argv: Sequence[str]) -> int:
    """Call sweep at a fixed interval."""
    from infra.local.scheduler import Scheduler

    parser = command_parser("scheduler", COMMANDS["scheduler"][0])
    parser.add_argument(
        "--url", default=f"http://127.0.0.1:{PORTS['functions']}/sweep", help="that is called"
    )
    parser.add_argument("--interval", type=positive, default=60.0, help="seconds")
    parser.add_argument("--overlap", action="store_true", help="call while the last call runs")
    options = parser.parse_args(argv)
    job = Scheduler(options.url, options.interval, overlap=options.overlap)

    async def start() -> None:
        await job.start()
        print(f"POST {options.url} every {options.interval:g} s")

    return _run_until_stopped(start, job.stop)


def studio(argv: Sequence[str]) -> int:
    """Serve the studio before functions and a Firestore emulator that run already."""
    from functions.caller import EVERYBODY
    from infra.local.stack_options import PROJECT
    from infra.local.studio import StudioServer

    parser = command_parser("studio", COMMANDS["studio"][0])
    parser.add_argument("--port", type=int, default=PORTS["studio"], help="of the page")
    parser.add_argument(
        "--functions-url",
        default=f"http://127.0.0.1:{PORTS['functions']}",
        help="without their names",
    )
    parser.add_argument("--firestore", default=f"127.0.0.1:{PORTS['firestore']}", help="host:port")
    parser.add_argument("--project", default=PROJECT, help="whose Firestore it is")
    parser.add_argument(
        "--picture-hosts", nargs="+", default=["127.0.0.1"], help="that pictures come from"
    )
    options = parser.parse_args(argv)
    _free(options.port)
    server = StudioServer(
        options.functions_url,
        options.firestore,
        project=options.project,
        owner=EVERYBODY,
        picture_hosts=options.picture_hosts,
    )

    async def start() -> None:
        await server.start(options.port)
        print(f"The studio is at {server.url}")

    return _run_until_stopped(start, server.stop)


def firestore(argv: Sequence[str]) -> int:
    """Start the Firestore emulator."""
    from infra.local.firestore import start_firestore
    from infra.local.stack_options import ROOT

    parser = command_parser("firestore", COMMANDS["firestore"][0])
    parser.add_argument("--port", type=int, default=PORTS["firestore"], help="of the emulator")
    parser.add_argument("--relay", default=f"127.0.0.1:{PORTS['events']}", help="gets the events")
    parser.add_argument("--rules", type=Path, help="a file of security rules")
    options = parser.parse_args(argv)
    with _children(ROOT / ".local" / "logs") as (children, ended):
        emulator = start_firestore(
            children,
            _free(options.port),
            relay=options.relay,
            rules=options.rules,
            archive=ROOT / ".local" / "cds",
        )
        emulator.wait_until_ready()
        print(f"export FIRESTORE_EMULATOR_HOST={emulator.host}", flush=True)
        _wait_for_end(children, ended)
        emulator.stop(children)
    return 0


def bucket(argv: Sequence[str]) -> int:
    """Start the bucket."""
    from infra.local.bucket import start_bucket
    from infra.local.stack_options import BUCKET, PROJECT, ROOT

    parser = command_parser("bucket", COMMANDS["bucket"][0])
    parser.add_argument("--port", type=int, default=PORTS["bucket"], help="of its HTTP API")
    parser.add_argument("--folder", type=Path, help="keep objects there as files, not in memory")
    parser.add_argument("--name", default=BUCKET, help="of the bucket")
    options = parser.parse_args(argv)
    with _children(ROOT / ".local" / "logs") as (children, ended):
        server = start_bucket(children, _free(options.port), options.folder)
        server.wait_until_ready()
        where = server.create(options.name, PROJECT)
        print(f"export STORAGE_EMULATOR_HOST={server.url}\n{where}/<object name>", flush=True)
        _wait_for_end(children, ended)
    return 0


@contextmanager
def _children(logs: Path) -> Iterator[tuple[Children, threading.Event]]:
    """Yield children that end with the block, and what Ctrl-C and SIGTERM set within it."""
    children, ended = Children(logs), threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ended.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield children, ended
    finally:
        children.stop_all()
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_for_end(children: Children, ended: threading.Event) -> None:
    """Return once told to; raise LocalStackError if a child dies before."""
    while not ended.wait(0.5):
        children.check()


def _run_until_stopped(
    start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]
) -> int:
    """Run a server in this thread's loop until Ctrl-C or SIGTERM."""

    async def run() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        try:
            await start()
            sys.stdout.flush()
            await ended.wait()
        finally:
            await stop()

    asyncio.run(run())
    return 0


def _elsewhere(module: str) -> _Command:
    """Return a command that another module's `main(argv)` runs; it is imported only then."""

    def run(argv: Sequence[str]) -> int:
        return int(importlib.import_module(module).main(argv) or 0)

    return run


COMMANDS: dict[str, tuple[str, _Command]] = {
    "demo": ("paint a sample fairy tale, save the pictures", _elsewhere("infra.local.demo")),
    "up": ("start the whole stack and keep it running", _elsewhere("infra.local.up")),
    "make-book": ("have a tale painted, here or elsewhere", _elsewhere("infra.local.make_book")),
    "watch": ("go on watching a book", _elsewhere("infra.local.make_book.watch")),
    "bench": (
        "measure one book, with and without notifyHook, then fifty at once",
        _elsewhere("infra.local.bench"),
    ),
    "proxy": ("the simulated MidJourney Proxy alone", _elsewhere("infra.local.proxy.__main__")),
    "tasks": ("the Cloud Tasks server alone", tasks),
    "firestore": ("the Firestore emulator alone", firestore),
    "events": ("the relay from the emulator's triggers to the function alone", events),
    "bucket": ("the stand-in for Cloud Storage alone", bucket),
    "studio": ("the page to make a book on, alone", studio),
    "functions": (
        "the functions of main.py alone, by the settings in the environment",
        _elsewhere("infra.local.serve"),
    ),
    "scheduler": ("the caller of sweep alone", scheduler),
}
"""What each command is for, and what runs it."""
