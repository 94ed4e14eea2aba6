"""`python -m infra.local.proxy`: the simulated proxy on its own."""

import argparse
import asyncio
import dataclasses
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.local.proxy.fault_list import InvalidFaultError
from infra.local.proxy.options import CHOICES, ProxyOptions
from infra.local.proxy.server import SimulatedProxy

#: Option -> what it means. Names, types and defaults are those of `ProxyOptions`.
_HELP = {
    "dialect": "whose HTTP interface: novicezk 2.6.3 or trueai v11",
    "repeats": "what a repeated UPSCALE is: a new task as in 2.6.3, or code 21 as up to 2.6.0",
    "host": "address to listen on",
    "public_url": "base of the picture URLs; without it http://HOST:PORT",
    "api_secret": "mj-api-secret that callers must send; empty: none",
    "notify_hook": "notifyHook of tasks that bring none of their own",
    "core_size": "tasks that run at once",
    "queue_size": "tasks that wait; one more gets code 23",
    "timeout_minutes": "minutes after startTime at which a task is given up",
    "notify_duplicates": "share 0..1 of tasks whose SUCCESS is notified twice",
    "speed": "how many times faster than life everything goes",
    "imagine_seconds": "painting time of an IMAGINE at speed 1",
    "upscale_seconds": "painting time of an UPSCALE at speed 1",
    "start_seconds": "seconds from taking a slot to Discord's acceptance at speed 1",
    "refusal_seconds": "seconds from acceptance to MidJourney's own refusal at speed 1",
    "jitter": "share 0..1 by which times differ; 0 for fixed times",
    "picture_size": "longer side of an upscaled picture in pixels",
    "url_ttl": "real seconds for which a picture's URL works",
    "painters": "threads that paint",
    "cache_megabytes": "megabytes of painted pictures that are kept",
    "seed": "of everything random",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code: 0, 2 if the port is taken."""
    parser = _parser()
    arguments = vars(parser.parse_args(argv))
    faults_file = arguments.pop("faults")
    arguments["faults"] = arguments.pop("fault")
    if faults_file is not None:
        arguments["faults"] += _read_faults(parser, faults_file)
    try:
        arguments["faults"] = tuple(arguments["faults"])
        proxy = SimulatedProxy(ProxyOptions(**arguments))
    except (InvalidFaultError, ValueError) as error:
        parser.error(str(error))
    try:
        return asyncio.run(_serve(proxy))
    except OSError as error:
        where = f"{proxy.options.host}:{proxy.options.port}"
        why = (error.strerror or str(error)).rpartition(": ")[2]
        print(f"Can't listen on {where}: {why}. Choose another: --port PORT", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local proxy",
        description="A simulated MidJourney Proxy that paints its own pictures.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8090, help="TCP port; 0 takes a free one")
    defaults = {field.name: field.default for field in dataclasses.fields(ProxyOptions)}
    for name, text in _HELP.items():
        default: Any = defaults[name]
        kind = type(default) if default is not None else str
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=kind, default=default, help=text, choices=CHOICES.get(name))
    parser.add_argument(
        "--faults", type=Path, metavar="FILE.json", help="list of faults to start with"
    )
    parser.add_argument(
        "--fault",
        type=_json,
        action="append",
        default=[],
        metavar="JSON",
        help="one fault, may be repeated",
    )
    return parser


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from None


def _read_faults(parser: argparse.ArgumentParser, path: Path) -> list[Any]:
    try:
        faults = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"--faults {path}: {error}")
    if not isinstance(faults, list):
        parser.error(f"--faults {path}: not a list of faults")
    return faults


async def _serve(proxy: SimulatedProxy) -> int:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    await proxy.start()
    print(
        f"simulated MidJourney Proxy ready at {proxy.url}/mj (control: {proxy.url}/control)",
        flush=True,
    )
    await stopping.wait()
    await proxy.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
