"""Documents and tasks as earlier versions wrote them: they are read, and their books are finished.

tests/data/documents-*.json hold, for several moments of a book, what was stored and enqueued by the
code of that time itself; tests/data/write_documents.py made them.
"""

import heapq
import itertools
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from functions.api.tasks import StepModel
from shared.adapters.documents import from_document
from shared.domain.image import Image, ImageStatus
from shared.domain.job import Job, JobStatus
from shared.domain.pace import Pace
from shared.ports import Fence, LatestJob, Reference, Versioned
from tests.fakes.world import OWNER, Painting, World

DATA = Path(__file__).parents[1] / "data"
FIXTURES = {path.stem: json.loads(path.read_text()) for path in DATA.glob("documents-*.json")}
STAGES = [(name, stage) for name in sorted(FIXTURES) for stage in FIXTURES[name]]


def from_plain(value):
    match value:
        case {"$time": text}:
            return datetime.fromisoformat(text)
        case dict():
            return {key: from_plain(one) for key, one in value.items()}
        case list():
            return [from_plain(one) for one in value]
    return value


def kind_and_place(path: str) -> tuple[type, str]:
    """What a document holds, and where the store in memory has it."""
    match path.split("/"):
        case ["jobs", _, "images", image_id]:
            return Image, f"images/{image_id}"
        case ["jobs", _]:
            return Job, path
        case ["references", _]:
            return Reference, path
        case ["latestJobs", key]:
            return LatestJob, f"latest/{key}"
        case ["admission", "fence"]:
            return Fence, path
    return Pace, path


def world_of(stage: dict) -> World:
    """The world as it was, but with today's code."""
    world = World()
    world.now = stage["now"]
    versions = itertools.count(-10_000)
    for path, fields in stage["documents"].items():
        kind, place = kind_and_place(path)
        world.store._documents[place] = Versioned(from_document(kind, fields), next(versions))
    for painting in stage["paintings"]:
        world.painter.paintings[painting["task_id"]] = Painting(**painting)
    world.painter.ids = itertools.count(1000)
    return world


def ring(world: World, task: dict) -> None:
    """Have a task of the earlier version come when it is due."""
    arguments: tuple[object, ...] = ()
    if task["function"] != "admit":
        body = StepModel.model_validate_json(json.dumps(task["body"]))
        arguments = (body.image_id, body.generation, body.seq)
    kind = "admit" if task["function"] == "admit" else "step"
    place = (task["at"] or world.now, next(world.queue.order), kind, arguments)
    heapq.heappush(world.queue.due, place)


@pytest.mark.parametrize(("name", "stage"), STAGES)
@pytest.mark.parametrize("tasks_are_lost", [False, True], ids=["by tasks", "by sweeps"])
def test_a_book_of_an_earlier_version_is_finished(name, stage, tasks_are_lost):
    found = from_plain(FIXTURES[name][stage])
    world = world_of(found)
    if not tasks_are_lost:
        for task in found["tasks"]:
            ring(world, task)
        world.run()
    world.run_with_sweeps(5)

    (job,) = world.store.jobs
    images = [image.value for image in world.store.images_of(job.job_id)]
    assert [image.status for image in images] == [ImageStatus.SUCCEEDED] * 4
    assert (job.status, job.succeeded, job.remaining) == (JobStatus.SUCCEEDED, 4, 0)
    assert all(image.image_url for image in images)
    assert world.store.held_slots() == 0
    # Nothing is paid for twice: each picture once, and once more that which is painted again.
    again = stage == "one is painted again"
    assert len(world.painter.of("IMAGINE")) == len(world.painter.of("UPSCALE")) == 4 + again
    assert world.store.latest_job(OWNER, "7").value.job_id == job.job_id


def test_there_are_documents_of_several_versions():
    assert len(FIXTURES) >= 5
    assert {len(stages) for stages in FIXTURES.values()} == {6}


def test_what_the_first_versions_left_unsaid_is_read_out_of_what_they_said():
    (spine,) = (FIXTURES[name] for name in FIXTURES if name.endswith("spine"))
    world = world_of(from_plain(spine["all is there"]))
    (job,) = world.store.jobs
    image = world.store.images_of(job.job_id)[1].value

    original = image.variants["original"]
    assert original.name.startswith(f"jobs/{job.job_id}/{image.image_id}-1-")
    assert (original.url, original.content_type) == (image.image_url, "image/png")
    assert image.expire_at == image.created_at + timedelta(days=180)
    assert image.offered_grid == image.imagine  # so that another one of the four can be had

    waiting = world_of(from_plain(spine["the main character is painted"]))
    assert not any(i.value.has_grid for i in waiting.store.images_of(job.job_id))
