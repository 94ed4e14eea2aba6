"""`python -m infra.local up`: the whole stack, until Ctrl-C."""

import argparse
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.local.arguments import PORTS, chance, command_parser, positive
from infra.local.cloudtasks import Chaos
from infra.local.events import EventChaos
from infra.local.stack import LocalStack, Ports, StackOptions
from infra.local.stack_options import RULES

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
    "download": "curl -OJ 'URL?jobId=JOB_ID'",
    "styles": "curl URL",
    "jobs": "curl URL",
    "delete": f'curl -X POST URL {_JSON} -d \'{{"jobId": "JOB_ID"}}\'',
    "forget": "curl -X POST URL",
    "health (an uptime check does this)": "curl URL",
    "sweep (Cloud Scheduler does this)": "curl -X POST URL",
    "admit (Cloud Tasks does this)": "curl -X POST URL",
    "step (Cloud Tasks does this)": f"curl -X POST URL {_JSON} -d '{_STEP}'",
    "postprocess (Cloud Tasks does this)": f"curl -X POST URL {_JSON} -d '{_STEP}'",
    "fanout (the trigger does this)": (
        f"curl -X POST URL {_EVENT} -H 'ce-document: references/JOB_ID'"
    ),
}
"""For each function that can be called by hand: callback and notify take what only we can make."""


def main(argv: Sequence[str]) -> int:
    """Start everything, print where it is, and wait for Ctrl-C."""
    parser = command_parser("up", "start the whole stack and keep it running")
    parser.add_argument(
        "--speed",
        type=positive,
        default=5.0,
        help="of painting; 1 is MidJourney's own pace",
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that serve functions")
    parser.add_argument("--sweep-interval", type=float, default=60.0, help="seconds; 0: never")
    parser.add_argument("--bucket-folder", type=Path, help="keep pictures there, not in memory")
    parser.add_argument(
        "--rules", type=Path, default=RULES, help="a file of Firestore security rules"
    )
    parser.add_argument(
        "--duplicate",
        type=chance,
        default=0.0,
        help="chance (0..1) that a task or event comes twice",
    )
    parser.add_argument(
        "--delay", type=float, default=0.0, help="seconds that they are late at most"
    )
    parser.add_argument(
        "--lose", type=chance, default=0.0, help="chance (0..1) that they never come"
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
            f"--{name}-port", type=int, default=port, metavar="PORT", help=f"of the part {name}"
        )
    parser.add_argument(
        "--notify",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether the simulated proxy notifies the functions; without, they look at it",
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
        notify=options.notify,
        studio=True,
        tasks_chaos=Chaos(**chaos),
        events_chaos=EventChaos(**chaos),
    )
    with LocalStack(stack_options) as stack:
        _show(stack)
        if trouble := stack.proxy_trouble():
            print(f"\n{trouble}", file=sys.stderr)
        try:
            while True:
                stack.check()
                threading.Event().wait(1.0)
        except KeyboardInterrupt:
            print("\nStopping.")
    return 0


def _show(stack: LocalStack) -> None:
    console = Console()
    table = Table(title=f"The local stack, ready in {stack.started_in:.1f} s", title_justify="left")
    table.add_column("part")
    table.add_column("where", overflow="fold")
    real = "" if stack.proxy else " (not simulated)"
    for part, where in (
        ("studio: make a book here", stack.studio.url),
        ("functions", f"{stack.functions_url}/<name>"),
        ("MidJourney Proxy", stack.proxy_url + real),
        ("Firestore", stack.firestore_host),
        ("Cloud Tasks", stack.env["CLOUD_TASKS_EMULATOR_HOST"]),
        ("bucket", stack.env["STORAGE_EMULATOR_HOST"]),
        ("pictures", stack.pictures_url),
        ("log of the functions", str(stack.functions_log)),
    ):
        table.add_row(part, where)
    console.print(table)
    for title, curl in _CURLS.items():
        # Not through rich: a line to paste must not be wrapped.
        url = f"{stack.functions_url}/{title.partition(' ')[0]}"
        print(f"\n# {title}\n{curl.replace('URL', url)}")
    print("\nCtrl-C stops everything.", flush=True)
