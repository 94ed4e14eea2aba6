"""Writes what the code that is checked out stores and enqueues while it paints a book: a fixture.

Run it in the work tree of a version, before documents change (see docs/upgrades.md):

    git worktree add OLD COMMIT
    cd OLD && python - < .../tests/data/write_documents.py > .../tests/data/documents-N-WORD.json

It uses nothing that was not there from the beginning.
"""

import json
import sys
from datetime import datetime
from enum import Enum
from inspect import signature

sys.path.insert(0, "")

from shared.adapters import documents
from shared.adapters.cloud_tasks import CloudTaskQueue
from shared.domain.image import Image
from shared.domain.job import Job
from shared.usecases.regenerate import regenerate
from tests.fakes.world import OWNER, World


class Recorder:
    """In the place of the client of Cloud Tasks: remembers the tasks."""

    def __init__(self):
        self.tasks = []

    def queue_path(self, project, location, queue):
        return queue

    def create_task(self, parent, task, **_):
        self.tasks.append(
            {
                "queue": parent,
                "function": task.http_request.url.rsplit("/", 1)[1],
                "body": json.loads(task.http_request.body),
                "at": plain(task.schedule_time) if "schedule_time" in task else None,
            }
        )


def plain(value):
    match value:
        case Enum():
            return value.value
        case datetime():
            return {"$time": value.isoformat()}
        case dict():
            return {key: plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
    return value


def path_of(path, value):
    """Where Firestore has what is there in memory."""
    kind, _, rest = path.partition("/")
    if kind == "images":
        return f"jobs/{value.job_id}/images/{rest}"
    return f"latestJobs/{rest}" if kind == "latest" else path


def stage(world):
    stored = {path: found.value for path, found in world.store._documents.items()}
    recorder = Recorder()
    named = "target" in signature(CloudTaskQueue).parameters  # else it is a version before that
    where = {"target": "http://f/{function}"} if named else {"functions_url": "http://f"}
    queue = CloudTaskQueue(recorder, project="demo", location="l", **where)
    for value in stored.values():
        if isinstance(value, Image) and value.next_step not in {None, "expire"}:
            queue.schedule(value)
    if any(isinstance(value, Image) and value.status == "queued" for value in stored.values()):
        queue.ask_admission()
    return {
        "now": plain(world.now),
        "documents": {
            path_of(path, value): plain(documents.to_document(value))
            for path, value in sorted(stored.items())
            if not isinstance(value, int)
        },
        "tasks": recorder.tasks,
        "paintings": [
            {
                "task_id": one.task_id,
                "token": one.token,
                "action": one.action,
                "prompt": one.prompt,
                "accepted_at": plain(one.accepted_at),
            }
            for one in world.painter.paintings.values()
        ],
    }


def main():
    world = World()
    book = world.start(members=3, key="a key", task="7")

    def stored(kind):
        return [one.value for one in world.store._documents.values() if isinstance(one.value, kind)]

    def storing_a_member():
        images = [one for one in stored(Image) if one.role == "member"]
        return any(one.status == "post_processing" for one in images)

    stages = {"asked for": stage(world)}
    world.run(until=lambda: len(world.painter.paintings) == 1)
    stages["the main character is painted"] = stage(world)
    world.run(until=lambda: len(world.painter.paintings) >= 4)
    stages["all others are painted"] = stage(world)
    world.run(until=storing_a_member)
    stages["one is finished"] = stage(world)
    world.run()
    assert all(job.completed for job in stored(Job))
    stages["all is there"] = stage(world)
    regenerate(world.services, OWNER, book.images[1].image_id)
    known = len(world.painter.paintings)
    world.run(until=lambda: len(world.painter.paintings) > known)
    stages["one is painted again"] = stage(world)
    json.dump(stages, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
