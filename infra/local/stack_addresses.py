"""Where the parts of a local stack are, and what the functions are told of it."""

import os

import requests

from infra.local.cloudtasks import TasksServer
from infra.local.processes import HOST
from infra.local.stack_options import BUCKET, LOCATION, StackOptions
from infra.models import FOLDER as MODELS

PROXY_SECRET = "local-secret"  # noqa: S105  # of the simulated proxy only
NOTIFY_SECRET = "local-notifications"  # noqa: S105  # likewise
INVOKER = "invoker@local.iam.gserviceaccount.com"
"""By which a stack calls the internal functions."""

_SHORTEST_LOOK = 0.05


class StackAddresses:
    """The addresses of a stack that knows its ports."""

    options: StackOptions
    project: str
    tasks: TasksServer
    firestore_host: str
    """The emulator, as `host:port`."""
    _functions_port: int
    _proxy_port: int
    _bucket_port: int

    @property
    def _given_proxy_url(self) -> str | None:
        return self.options.proxy_url or os.environ.get("MIDJOURNEY_PROXY_URL") or None

    @property
    def functions_url(self) -> str:
        """A function is at `<functions_url>/<name>`."""
        return f"http://{HOST}:{self._functions_port}"

    @property
    def proxy_url(self) -> str:
        """What MIDJOURNEY_PROXY_URL is for the functions: with the prefix of the proxy's API."""
        return self._given_proxy_url or f"http://{HOST}:{self._proxy_port}/mj"

    @property
    def proxy_control_url(self) -> str:
        """Where the simulated proxy takes faults and tells its counts."""
        return f"http://{HOST}:{self._proxy_port}/control"

    @property
    def pictures_url(self) -> str:
        """What PICTURES_URL is for the functions; the local bucket asks for no token."""
        return f"http://{HOST}:{self._bucket_port}/{{bucket}}/{{name}}?token={{token}}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of the functions, and for the clients in a test."""
        secret = PROXY_SECRET
        if self._given_proxy_url:
            secret = os.environ.get("MIDJOURNEY_PROXY_SECRET", "")
        # A real proxy keeps MidJourney's own pace.
        speed = 1.0 if self._given_proxy_url else self.options.speed
        shortest = max(_SHORTEST_LOOK, round(1 / speed, 3))
        return (
            {
                "GOOGLE_CLOUD_PROJECT": self.project,
                "FIRESTORE_EMULATOR_HOST": self.firestore_host,
                "CLOUD_TASKS_EMULATOR_HOST": f"{HOST}:{self.tasks.port}",
                "STORAGE_EMULATOR_HOST": f"http://{HOST}:{self._bucket_port}",
                "TASKS_LOCATION": LOCATION,
                # Everybody is one owner, as there is no sign-in here.
                "AUTH": "none",
                "FUNCTIONS_URL": self.functions_url,
                "PICTURES_BUCKET": BUCKET,
                # A real MidJourney has to reach our pictures by an address of the world's.
                "PICTURES_URL": os.environ.get("PICTURES_URL") or self.pictures_url,
                "MODELS_FOLDER": str(MODELS),
                "MIDJOURNEY_PROXY_URL": self.proxy_url,
                "MIDJOURNEY_PROXY_SECRET": secret,
                "LOOK_MIN_SECONDS": f"{shortest:g}",
                "LOOK_MAX_SECONDS": f"{max(shortest, round(10 / speed, 3)):g}",
            }
            | self._notify_env
            | self._invoker_env
        )

    @property
    def _notify_env(self) -> dict[str, str]:
        # A proxy elsewhere would not reach this machine.
        notify = self.options.notify and not self._given_proxy_url
        return {"NOTIFY_SECRET": NOTIFY_SECRET} if notify else {}

    @property
    def _invoker_env(self) -> dict[str, str]:
        if not self.options.check_invoker:
            return {}
        return {
            "INVOKER": INVOKER,
            "INVOKER_KEYS_URL": self.tasks.keys_url,
            "TASKS_SERVICE_ACCOUNT": INVOKER,
        }

    def proxy_trouble(self) -> str | None:
        """What to tell the user if the MidJourney Proxy does not answer, or does not let us in."""
        if self._proxy_answers():
            return None
        return (
            f"No MidJourney Proxy answers at {self.proxy_url}, or it does not take the secret: "
            "check MIDJOURNEY_PROXY_URL and MIDJOURNEY_PROXY_SECRET."
        )

    def _proxy_answers(self) -> bool:
        secret = self.env["MIDJOURNEY_PROXY_SECRET"]
        try:
            answer = requests.get(
                f"{self.proxy_url}/task/0/fetch", headers={"mj-api-secret": secret}, timeout=5
            )
        except requests.RequestException:
            return False
        # Of a task that it can't know, both kinds of proxy say nothing at all.
        return answer.status_code in {200, 204}

    def queue_path(self, name: str) -> str:
        """Return a queue's full name."""
        return f"projects/{self.project}/locations/{LOCATION}/queues/{name}"
