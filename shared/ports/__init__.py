"""The seams: what the use cases need of the outside, and the errors that can come from there.

Each port has one adapter over an official client (`shared.adapters`). Whatever replaces one, in a
test or in another product, has to pass the same contract tests.

    StoreError
    ├── Conflict          somebody else wrote first: read again, decide again
    └── StoreUnavailable  transient: answer 5xx, the task is retried
    QueueUnavailable      transient: the sweeper enqueues again what was lost
    PictureUnavailable    a picture could not be fetched or stored this time
    PictureRejected       a picture can't be taken at all; it says why and what to do
    CallbackFailed        a client's own server did not take a message this time
    CallbackRefused       it never will, or may not be told
"""

from shared.ports.callbacks import (
    CallbackFailed,
    CallbackRefused,
    CallbackSender,
)
from shared.ports.painter import (
    LookAnswer,
    Painter,
    SubmitAnswer,
)
from shared.ports.pictures import (
    Finished,
    Picture,
    PictureFinisher,
    PictureRejected,
    PictureSource,
    PictureStore,
    PictureTools,
    PictureUnavailable,
    Rendition,
    StoredObject,
)
from shared.ports.queue import (
    QueueUnavailable,
    TaskQueue,
)
from shared.ports.records import (
    Fence,
    LatestJob,
    Reference,
    Versioned,
    latest_job,
)
from shared.ports.store import (
    Conflict,
    JobStore,
    StoreError,
    StoreUnavailable,
)
from shared.ports.writes import (
    ChangeJob,
    Committed,
    Counted,
    CreateJob,
    NoteFannedOut,
    PassFence,
    PublishReference,
    RemoveImages,
    RemoveJob,
    RemoveLatest,
    RetractReference,
    SaveImage,
    SaveJob,
    SavePace,
    Spend,
    Write,
)

__all__ = [
    "CallbackFailed",
    "CallbackRefused",
    "CallbackSender",
    "ChangeJob",
    "Committed",
    "Conflict",
    "Counted",
    "CreateJob",
    "Fence",
    "Finished",
    "JobStore",
    "LatestJob",
    "LookAnswer",
    "NoteFannedOut",
    "Painter",
    "PassFence",
    "Picture",
    "PictureFinisher",
    "PictureRejected",
    "PictureSource",
    "PictureStore",
    "PictureTools",
    "PictureUnavailable",
    "PublishReference",
    "QueueUnavailable",
    "Reference",
    "RemoveImages",
    "RemoveJob",
    "RemoveLatest",
    "Rendition",
    "RetractReference",
    "SaveImage",
    "SaveJob",
    "SavePace",
    "Spend",
    "StoreError",
    "StoreUnavailable",
    "StoredObject",
    "SubmitAnswer",
    "TaskQueue",
    "Versioned",
    "Write",
    "latest_job",
]
