"""What must hold when everything has come to rest."""

from shared.domain.events import ending_of
from shared.domain.failure import FailureCode
from shared.domain.image import Image, ImageStatus
from shared.domain.job import Job, JobStatus
from tests.simulation.clients import Clients
from tests.simulation.world import World

PAINTER_FAILS = {
    "failed",
    "failed without a picture",
    "for ever",
    "beyond the limit",
    "half as long again",
    "nearly at the limit",
    "the painter forgets everything",
    "what the painter works on is stuck",
}
EXCUSES: dict[FailureCode, set[str]] = {
    FailureCode.BANNED_WORD: {"banned"},
    FailureCode.MODERATED: {"moderated"},
    FailureCode.PROMPT_REJECTED: set(),
    FailureCode.PAINTING_FAILED: PAINTER_FAILS,
    FailureCode.PAINTING_TIMED_OUT: PAINTER_FAILS,
    FailureCode.CANDIDATE_LOST: PAINTER_FAILS | {"moderated"},
    FailureCode.PICTURE_UNAVAILABLE: {"unavailable", "rejected", "fails", "crash"},
    FailureCode.INTERNAL_ERROR: {"doomed"},
}
"""Of each reason to fail, the faults without which nothing may fail for it."""
PAINTER_STOPS = {"for ever", "what the painter works on is stuck"}
"""Without which nobody waits until the end of his time, if that is as long as it mostly is."""
OUT_OF_REACH = {"unreachable", "the painter is out of reach", "does not reach back"}
"""Without which each look at the painter brings an answer."""
LONGEST_LOOK = 30.0
"""Seconds from asking to writing what follows from the answer, clocks' difference included."""
STANDS_FOR = {
    ImageStatus.SUCCEEDED: "succeeded",
    ImageStatus.FAILED: "failed",
    ImageStatus.CANCELED: "canceled",
}


def check_endings(world: World, clients: Clients) -> None:
    """Object to every job and picture that did not come to a proper end."""
    for job in world.memory.jobs:
        images = [image.value for image in world.memory.images_of(job.job_id)]
        _check_job(world, job, images)
        for image in images:
            _check_image(world, clients, image)
    if world.memory.held_slots() or world.watch.held:
        world.object_to("all slots are free", f"{world.memory.held_slots()} are held")
    _check_callbacks(world)
    _check_deletions(world, clients)
    asked = clients.wanted - clients.refused - clients.deleted
    found = [job.request_hash for job in world.memory.jobs]
    if len(found) != len(set(found)):
        world.object_to("the same request is one job", f"{found}")
    if missing := asked - set(found):
        world.object_to("each job is there", f"{missing}")


def _check_deletions(world: World, clients: Clients) -> None:
    """Of a job that is gone nothing is left.

    But for a drawing that came with a request of which nothing became, and whose process died.
    """
    gone = world.deleted - {job.job_id for job in world.memory.jobs}
    for job in world.memory.jobs:
        if job.deleted_at is not None:
            world.object_to("deleted is gone", f"{job.job_id} is only marked")
    for name in world.pictures.stored:
        excused = "-drawing-" in name and clients.refused
        if name.split("-", 1)[0] in gone and not excused:
            world.object_to("deleted is gone", f"{name} is in the bucket still")


def _check_callbacks(world: World) -> None:
    """Whoever wants to know of an ending is told, or will be, or could not be."""
    servers = world.client_servers
    if servers.untrue:
        world.object_to("only what is so is told", f"{servers.untrue}")
    jobs = world.memory.jobs
    images = [image.value for job in jobs for image in world.memory.images_of(job.job_id)]
    for subject in (*jobs, *images):
        event = ending_of(subject) if subject.callback_url is not None else None
        if event is None or servers.told.get(event.event_id) or event.event_id in servers.given_up:
            continue
        if subject.callback_due_at is None or not world.faults.seen:
            world.object_to("whoever wants to know is told", f"not of {event}")
    if not world.faults.seen and any(count > 1 for count in servers.told.values()):
        world.object_to("whoever wants to know is told", "more than once, without a reason")


def _check_job(world: World, job: Job, images: list[Image]) -> None:
    counts = dict.fromkeys(STANDS_FOR.values(), 0)
    for image in images:
        if image.status not in STANDS_FOR:
            world.object_to("accounted for", f"{image.image_id} is {image.status}")
            return
        counts[STANDS_FOR[image.status]] += 1
    said = {"succeeded": job.succeeded, "failed": job.failed, "canceled": job.canceled}
    if job.remaining or said != counts or job.image_count != len(images):
        world.object_to("counters agree", f"{job.job_id}: {said} + {job.remaining} of {counts}")
    if not job.completed or job.completed_at is None:
        world.object_to("each job ends", job.job_id)
    if counts["canceled"]:
        right = JobStatus.CANCELED
    elif not counts["failed"]:
        right = JobStatus.SUCCEEDED
    else:
        right = JobStatus.PARTIALLY_SUCCEEDED if counts["succeeded"] else JobStatus.FAILED
    if job.status is not right:
        world.object_to("each job ends", f"{job.job_id} is {job.status}, not {right}")


def _check_image(world: World, clients: Clients, image: Image) -> None:
    name = image.image_id
    if image.holds_slot or image.admit_key or image.next_step or image.fan_out_due_at:
        world.object_to("at rest", f"{name}: {image.next_step}, slot {image.holds_slot}")
    if image.status is ImageStatus.SUCCEEDED and not _is_stored(world, image.image_url):
        world.object_to("accounted for", f"{name}: {image.image_url} is not in the bucket")
    if image.error is None:
        return
    code = image.error.code
    if not image.error.message:
        world.object_to("accounted for", f"{name}: {code} without a sentence")
    if code is FailureCode.CANCELED and image.job_id not in clients.canceled:
        world.object_to("nothing fails without a fault", f"{name} was canceled by nobody")
    if code is FailureCode.DEADLINE_EXCEEDED and _was_painted(world, image):
        world.object_to("a finished picture is not lost", f"{name} was painted before it ended")
    excuses = EXCUSES.get(code)
    if code is FailureCode.DEADLINE_EXCEEDED and not world.setup.hurries:
        excuses = PAINTER_STOPS
    if excuses is not None and not excuses & world.faults.seen.keys():
        world.object_to("nothing fails without a fault", f"{name}: {image.error.message}")


def _was_painted(world: World, image: Image) -> bool:
    """Whether the painter had finished it long before the image failed, and could be asked."""
    upscale = image.upscale
    painting = world.painter.ledger.known_by(upscale.token) if upscale is not None else None
    if painting is None or painting.ended_at is None or painting.failed is not None:
        return False
    asked = world.seconds(image.updated_at) - LONGEST_LOOK
    return painting.ended_at < asked and not OUT_OF_REACH & world.faults.seen.keys()


def _is_stored(world: World, url: str | None) -> bool:
    return url is not None and url.removeprefix("https://pictures.test/") in world.pictures.stored
