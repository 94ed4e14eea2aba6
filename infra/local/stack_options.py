"""What a local stack is to be like."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.cloudtasks import Chaos, QueueSettings
from infra.local.events import EventChaos
from infra.local.processes import LocalStackError
from shared.adapters.rembg_masks import MODELS
from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "demo-fairy-tale"
LOCATION = "asia-northeast3"
BUCKET = "fairy-tale-pictures"
RULES = ROOT / "infra" / "firestore.rules"
TRIGGER = "fanout"
TRIGGER_PATTERN = "references/{jobId}"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The TCP ports of the parts; 0 means any free one."""

    functions: int = 0
    proxy: int = 0
    firestore: int = 0
    tasks: int = 0
    events: int = 0
    bucket: int = 0
    studio: int = 0


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """What a stack is to be like."""

    ports: Ports = Ports()
    speed: float = 1.0
    """How many times faster than MidJourney the simulated proxy paints."""
    proxy_args: Sequence[str] = ()
    """More arguments for the simulated proxy."""
    proxy_url: str | None = None
    """A proxy to use instead of the simulated one; default: MIDJOURNEY_PROXY_URL, if it is set."""
    functions_env: Mapping[str, str] = field(default_factory=dict)
    """Variables for the functions, which win over the stack's own."""
    source: Path = ROOT / "main.py"
    """The file that exports the functions."""
    workers: int = 2
    """Processes that serve the functions."""
    threads: int = 32
    """Threads of each of them."""
    tasks_chaos: Chaos | None = None
    events_chaos: EventChaos | None = None
    sweep_interval: float = 60.0
    """Seconds between two sweeps; 0 means never."""
    log_folder: Path = ROOT / ".local" / "logs"
    bucket_folder: Path | None = None
    """Where pictures are kept as files; default: in memory."""
    notify: bool = True
    """Whether the simulated proxy notifies the functions of what it has painted."""
    check_invoker: bool = False
    """Whether internal functions admit only the account that this stack calls them by."""
    rules: Path | None = RULES
    """A file of Firestore security rules; None: every client may do everything."""
    studio: bool = False
    """Whether the studio is served, too."""
    project: str = PROJECT


def read_queues(
    project: str, file: Path = ROOT / "infra" / "queues.json"
) -> dict[str, QueueSettings]:
    """Return the queues that the project deploys, by their full names."""
    parent = f"projects/{project}/locations/{LOCATION}/queues"
    return {
        f"{parent}/{name}": QueueSettings(
            max_dispatches_per_second=limits["maxDispatchesPerSecond"],
            max_concurrent_dispatches=limits["maxConcurrentDispatches"],
            max_attempts=limits["maxAttempts"],
            min_backoff=limits["minBackoffSeconds"],
            max_backoff=limits["maxBackoffSeconds"],
            max_doublings=limits["maxDoublings"],
        )
        for name, limits in json.loads(file.read_text()).items()
    }


def check_models(settings: Settings) -> None:
    """Raise LocalStackError if a model that cuts characters out has not been fetched."""
    names = () if settings.cutout_model == "none" else MODELS[settings.cutout_model]
    missing = [
        name for name in names if not (Path(settings.models_folder) / f"{name}.onnx").exists()
    ]
    if missing:
        raise LocalStackError(
            f"The model {missing[0]} is missing in {settings.models_folder}. Fetch it with:\n"
            "  make models\n"
            "or have characters stay on their ground: CUTOUT_MODEL=none"
        )
