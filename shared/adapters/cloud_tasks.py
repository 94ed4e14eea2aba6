"""The task queue in Cloud Tasks: alarm clocks that carry ids and a fencing token, never state."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import grpc
from google.api_core import exceptions as google_errors
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from shared.adapters.google_calls import CALL_SECONDS, FAILED, within
from shared.adapters.meter import count
from shared.domain.events import Event
from shared.domain.image import Image, Step
from shared.ports import QueueUnavailable
from shared.tracing import span, trace_header

STEPS, ADMISSION, POST_PROCESSING = "steps", "admission", "post-processing"
CALLBACKS = "callbacks"
"""The queues; `infra/queues.json` has their rates and retries."""


def tasks_client(local_host: str = "") -> tasks_v2.CloudTasksClient:
    """A client of Cloud Tasks, or of a local server at `host:port`.

    The client library honours no emulator variable of its own, hence the explicit channel.
    """
    if not local_host:
        return tasks_v2.CloudTasksClient()
    channel = grpc.insecure_channel(local_host)
    return tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))


class CloudTaskQueue:
    """`shared.ports.TaskQueue` over the official client, which is thread-safe."""

    def __init__(
        self,
        client: tasks_v2.CloudTasksClient,
        *,
        project: str,
        location: str,
        target: str,
        service_account: str = "",
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        """`target` is a function's URL, and its token's audience; `{function}` is filled in."""
        self._client = client
        self._project = project
        self._location = location
        self._target = target
        self._service_account = service_account
        self._call = within(call_seconds)

    def schedule(self, image: Image) -> None:  # noqa: D102 - see the port
        # Without a name: fencing makes doubles harmless, and a used name stays taken for hours,
        # which would keep the sweeper from enqueueing again what was lost.
        self._step(image, image.due_at)

    def ring(self, image: Image) -> None:  # noqa: D102
        self._step(image, None, _name(image, "now"))

    def schedule_alarm(self, image: Image) -> None:  # noqa: D102
        self._step(image, image.due_at, _name(image, "alarm"))

    def call_off(self, image: Image) -> None:  # noqa: D102
        parent = self._client.queue_path(self._project, self._location, STEPS)
        with _at_the_boundary(), suppress(google_errors.NotFound):
            self._client.delete_task(name=f"{parent}/tasks/{_name(image, 'alarm')}", **self._call)
        count(tasks=1)

    def call_back(self, event: Event) -> None:  # noqa: D102
        # With a name: a client's server that is out of order for a day is tried by one task only.
        body: dict[str, object] = {
            "type": event.type,
            "subjectId": event.subject_id,
            "eventId": event.event_id,
        }
        self._create(CALLBACKS, "callback", body, None, _hashed(event.event_id))

    def ask_admission(self, at: datetime | None = None) -> None:  # noqa: D102
        self._create(ADMISSION, "admit", {} if at is None else {"at": at.isoformat()}, at)

    def ping(self, seconds: float) -> None:  # noqa: D102
        name = self._client.queue_path(self._project, self._location, STEPS)
        with _at_the_boundary():
            self._client.get_queue(name=name, timeout=seconds, retry=None)
        count(tasks=1)

    def _step(self, image: Image, at: datetime | None, name: str | None = None) -> None:
        token = {
            "imageId": image.image_id,
            "generation": image.generation,
            "seq": image.seq,
        }
        queue, function = STEPS, "step"
        if image.next_step is Step.STORE:
            queue, function = POST_PROCESSING, "postprocess"
        self._create(queue, function, token, at, name, job_id=image.job_id)

    def _create(
        self,
        queue: str,
        function: str,
        body: dict[str, object],
        at: datetime | None,
        name: str | None = None,
        *,
        job_id: str = "",
    ) -> None:
        url = self._target.replace("{function}", function)
        request = tasks_v2.HttpRequest(
            http_method=tasks_v2.HttpMethod.POST,
            url=url,
            headers={"Content-Type": "application/json", **trace_header(job_id)},
            body=json.dumps(body).encode(),
        )
        if self._service_account:
            request.oidc_token = tasks_v2.OidcToken(
                service_account_email=self._service_account, audience=url
            )
        task = tasks_v2.Task(http_request=request, schedule_time=at)
        parent = self._client.queue_path(self._project, self._location, queue)
        if name is not None:
            task.name = f"{parent}/tasks/{name}"
        with _at_the_boundary(), suppress(google_errors.AlreadyExists), span("create task"):
            self._client.create_task(parent=parent, task=task, **self._call)
        count(tasks=1)


@contextmanager
def _at_the_boundary() -> Iterator[None]:
    """Turn the client library's errors into ours."""
    try:
        yield
    except FAILED as error:
        raise QueueUnavailable(str(error)) from error


def _name(image: Image, what: str) -> str:
    """The name for a fencing token, and for one life of the image.

    A job that is deleted and asked for anew has the same ids, and used names stay taken for hours.
    """
    return _hashed(f"{image.image_id}-{image.generation}-{image.seq}-{what}", image.nonce)


def _hashed(name: str, life: str = "") -> str:
    """A task's name that begins with a hash: names in an order would all go to one server.

    https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#createtaskrequest
    """
    return f"{hashlib.sha256(f'{name}{life}'.encode()).hexdigest()[:16]}-{name}"
