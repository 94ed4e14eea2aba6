"""A Cloud Tasks server for one machine: the real gRPC API, in memory, for development and tests.

The unmodified client talks to it through an insecure channel:

    channel = grpc.insecure_channel("127.0.0.1:8123")
    client = CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))

It keeps to what the API's reference promises (https://cloud.google.com/tasks/docs/reference/rpc):
names stay taken after their task has ended, schedule times, rates, concurrency, retries with
backoff, headers, OIDC tokens. On request it also does what must be survived: it runs a task twice,
late, or never. It doesn't slow a queue down after 429 and 503 answers, as Cloud Tasks does.
"""

from infra.local.cloudtasks.chaos import Chaos
from infra.local.cloudtasks.counters import Attempt, Counters
from infra.local.cloudtasks.queue import QueueSettings
from infra.local.cloudtasks.server import TasksServer
from infra.local.cloudtasks.tokens import TokenIssuer

__all__ = ["Attempt", "Chaos", "Counters", "QueueSettings", "TasksServer", "TokenIssuer"]
