"""The command line of the local stack: `python -m infra.local <command>`."""

import argparse
import asyncio
import importlib
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from infra.local.processes import Children, LocalStackError, port_is_free

PORTS = {
    "functions": 8080,
    "proxy": 8090,
    "firestore": 8200,
    "tasks": 8123,
    "events": 8124,
    "bucket": 9023,
}
"""The ports of `up`, and of each part started alone."""

_Command = Callable[[Sequence[str]], int]
_TALE = (
    '{"studentTaskId": 1, "fairytaleId": 1, "characters": [{"name": "Mina", "prompt": '
    '"a brave girl with a red hood", "isMain": true}], "backgrounds": '
    '[{"name": "forest", "prompt": "a dark forest with a small hut"}]}'
)
_JSON = "-H 'Content-Type: application/json'"
_STEP = '{"imageId": "IMAGE_ID", "generation": 1, "seq": 1}'
_EVENT = "-H 'ce-specversion: 1.0' -H 'ce-id: 1' -H 'ce-source: by-hand' -H 'ce-type: by-hand'"
_CURLS = {
    "generate": f"curl -X POST URL {_JSON} -d '{_TALE}'",
    "status": "curl 'URL?jobId=JOB_ID'",
    "regenerate": f'curl -X POST URL {_JSON} -d \'{{"imageId": "IMAGE_ID"}}\'',
    "cancel": f'curl -X POST URL {_JSON} -d \'{{"jobId": "JOB_ID"}}\'',
    "sweep (Cloud Scheduler does this)": "curl -X POST URL",
    "admit (Cloud Tasks does this)": "curl -X POST URL",
    "step (Cloud Tasks does this)": f"curl -X POST URL {_JSON} -d '{_STEP}'",
    "postprocess (Cloud Tasks does this)": f"curl -X POST URL {_JSON} -d '{_STEP}'",
    "fanout (the trigger does this)": (
        f"curl -X POST URL {_EVENT} -H 'ce-document: references/JOB_ID'"
    ),
}


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


def _parser(command: str, about: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"python -m infra.local {command}",
        description=about,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )


def _free(port: int, option: str = "--port") -> int:
    """Return the port, or raise LocalStackError if something listens on it."""
    if not port_is_free(port):
        raise LocalStackError(f"Port {port} is taken. Choose another: {option} PORT")
    return port


# --- the whole stack ------------------------------------------------------------------------------


def up(argv: Sequence[str]) -> int:
    """Start everything, print where it is, and wait for Ctrl-C."""
    from infra.local.cloudtasks import Chaos
    from infra.local.events import EventChaos
    from infra.local.stack import LocalStack, Ports, StackOptions

    parser = _parser("up", COMMANDS["up"][0])
    parser.add_argument(
        "--speed",
        type=_positive,
        default=5.0,
        help="of painting; 1 is MidJourney's own pace (default: 5)",
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that serve functions")
    parser.add_argument("--sweep-interval", type=float, default=60.0, help="seconds; 0: never")
    parser.add_argument("--bucket-folder", type=Path, help="keep pictures there, not in memory")
    parser.add_argument("--rules", type=Path, help="a file of Firestore security rules")
    parser.add_argument(
        "--duplicate",
        type=_chance,
        default=0.0,
        help="chance (0..1) that a task or event comes twice",
    )
    parser.add_argument(
        "--delay", type=float, default=0.0, help="seconds that they are late at most"
    )
    parser.add_argument(
        "--lose", type=_chance, default=0.0, help="chance (0..1) that they never come"
    )
    parser.add_argument("--seed", type=int, default=0, help="of these chances")
    parser.add_argument(
        "--proxy-arg",
        action="append",
        default=[],
        metavar="ARG",
        help="for the simulated proxy, such as --proxy-arg=--jitter=0",
    )
    for name, port in PORTS.items():
        parser.add_argument(
            f"--{name}-port", type=int, default=port, metavar="PORT", help=f"(default: {port})"
        )
    options = parser.parse_args(argv)
    chaos = {name: getattr(options, name) for name in ("duplicate", "delay", "lose", "seed")}
    stack_options = StackOptions(
        ports=Ports(**{name: getattr(options, f"{name}_port") for name in PORTS}),
        speed=options.speed,
        proxy_args=options.proxy_arg,
        workers=options.workers,
        sweep_interval=options.sweep_interval,
        bucket_folder=options.bucket_folder,
        rules=options.rules,
        tasks_chaos=Chaos(**chaos),
        events_chaos=EventChaos(**chaos),
    )
    with LocalStack(stack_options) as stack:
        _show(stack)
        if not stack.proxy_answers():
            print(
                f"\nNo MidJourney Proxy answers at {stack.proxy_url}, or it does not take the "
                "secret: check MIDJOURNEY_PROXY_URL and MIDJOURNEY_PROXY_SECRET.",
                file=sys.stderr,
            )
        try:
            while True:
                stack.check()
                threading.Event().wait(1.0)
        except KeyboardInterrupt:
            print("\nStopping.")
    return 0


def _show(stack: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"The local stack, ready in {stack.started_in:.1f} s", title_justify="left")
    table.add_column("part")
    table.add_column("where", overflow="fold")
    real = "" if stack.proxy else " (not simulated)"
    for part, where in (
        ("functions", f"{stack.functions_url}/<name>"),
        ("MidJourney Proxy", stack.proxy_url + real),
        ("Firestore", stack.firestore_host),
        ("Cloud Tasks", stack.env["CLOUD_TASKS_EMULATOR_HOST"]),
        ("bucket", stack.env["STORAGE_EMULATOR_HOST"]),
        ("pictures", f"{stack.pictures_url}/<object name>"),
        ("log of the functions", str(stack.functions_log)),
    ):
        table.add_row(part, where)
    console.print(table)
    for title, curl in _CURLS.items():
        # Not through rich: a line to paste must not be wrapped.
        url = f"{stack.functions_url}/{title.partition(' ')[0]}"
        print(f"\n# {title}\n{curl.replace('URL', url)}")
    print("\nCtrl-C stops everything.", flush=True)


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _chance(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must be between 0 and 1")
    return value


# --- each part alone ------------------------------------------------------------------------------


def tasks(argv: Sequence[str]) -> int:
    """Start the tasks server with the project's queues."""
    from infra.local.cloudtasks import Chaos, TasksServer
    from infra.local.stack import PROJECT, read_queues

    parser = _parser("tasks", COMMANDS["tasks"][0])
    parser.add_argument("--port", type=int, default=PORTS["tasks"], help="of the gRPC API")
    parser.add_argument("--certs-port", type=int, default=0, help="of the tokens' certificates")
    parser.add_argument("--project", default=PROJECT, help="whose queues exist from the start")
    parser.add_argument("--duplicate", type=_chance, default=0.0, help="chance to run twice")
    parser.add_argument("--delay", type=float, default=0.0, help="most seconds to be late")
    parser.add_argument("--lose", type=_chance, default=0.0, help="chance never to run")
    parser.add_argument("--seed", type=int, default=0)
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
    from infra.local.stack import PROJECT, TRIGGER, TRIGGER_PATTERN

    parser = _parser("events", COMMANDS["events"][0])
    parser.add_argument("--port", type=int, default=PORTS["events"], help="that receives events")
    parser.add_argument("--target", default=f"http://127.0.0.1:{PORTS['functions']}/fanout")
    parser.add_argument("--firestore", default=f"127.0.0.1:{PORTS['firestore']}", help="host:port")
    parser.add_argument("--project", default=PROJECT)
    parser.add_argument("--pattern", default=TRIGGER_PATTERN, help="of the documents")
    parser.add_argument("--duplicate", type=_chance, default=0.0, help="chance to deliver twice")
    parser.add_argument("--delay", type=float, default=0.0, help="most seconds to be late")
    parser.add_argument("--reorder", type=_chance, default=0.0, help="chance to be overtaken")
    parser.add_argument("--lose", type=_chance, default=0.0, help="chance never to deliver")
    parser.add_argument("--seed", type=int, default=0)
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

    parser = _parser("scheduler", COMMANDS["scheduler"][0])
    parser.add_argument("--url", default=f"http://127.0.0.1:{PORTS['functions']}/sweep")
    parser.add_argument("--interval", type=_positive, default=60.0, help="seconds")
    parser.add_argument("--overlap", action="store_true", help="call while the last call runs")
    options = parser.parse_args(argv)
    job = Scheduler(options.url, options.interval, overlap=options.overlap)

    async def start() -> None:
        await job.start()
        print(f"POST {options.url} every {options.interval:g} s")

    return _run_until_stopped(start, job.stop)


def firestore(argv: Sequence[str]) -> int:
    """Start the Firestore emulator."""
    from infra.local.firestore import start_firestore
    from infra.local.stack import ROOT

    parser = _parser("firestore", COMMANDS["firestore"][0])
    parser.add_argument("--port", type=int, default=PORTS["firestore"])
    parser.add_argument("--relay", default=f"127.0.0.1:{PORTS['events']}", help="gets the events")
    parser.add_argument("--rules", type=Path, help="a file of security rules")
    options = parser.parse_args(argv)
    children = Children(ROOT / ".local" / "logs")
    ended = _told_to_end()
    try:
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
    finally:
        children.stop_all()
    return 0


def bucket(argv: Sequence[str]) -> int:
    """Start the bucket."""
    from infra.local.bucket import start_bucket
    from infra.local.stack import BUCKET, PROJECT, ROOT

    parser = _parser("bucket", COMMANDS["bucket"][0])
    parser.add_argument("--port", type=int, default=PORTS["bucket"])
    parser.add_argument("--folder", type=Path, help="keep objects there as files, not in memory")
    parser.add_argument("--name", default=BUCKET, help="of the bucket")
    options = parser.parse_args(argv)
    children = Children(ROOT / ".local" / "logs")
    ended = _told_to_end()
    try:
        server = start_bucket(children, _free(options.port), options.folder)
        server.wait_until_ready()
        where = server.create(options.name, PROJECT)
        print(f"export STORAGE_EMULATOR_HOST={server.url}\n{where}/<object name>", flush=True)
        _wait_for_end(children, ended)
    finally:
        children.stop_all()
    return 0


def _told_to_end() -> threading.Event:
    """Return what Ctrl-C and SIGTERM set from now on."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended


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
    "up": ("start the whole stack and keep it running", up),
    "bench": ("measure one book, then ten at once", _elsewhere("infra.local.bench")),
    "proxy": ("the simulated MidJourney Proxy alone", _elsewhere("infra.local.proxy.__main__")),
    "tasks": ("the Cloud Tasks server alone", tasks),
    "firestore": ("the Firestore emulator alone", firestore),
    "events": ("the relay from the emulator's triggers to the function alone", events),
    "bucket": ("the stand-in for Cloud Storage alone", bucket),
    "functions": ("the functions of main.py alone", _elsewhere("infra.local.serve")),
    "scheduler": ("the caller of sweep alone", scheduler),
}
"""What each command is for, and what runs it."""
