"""What happens once, to everybody: restarts, outages, deployments, strangers."""

from collections.abc import Callable
from functools import partial

from shared.domain.observation import Phase, Sighting, Told
from shared.usecases.run_step import run_step
from tests.simulation.faults import Profile
from tests.simulation.setup import HOOKS
from tests.simulation.world import World

MOST = 4
MOMENTS = 160
"""Moments at which one may come; a second and a bit apart."""
LASTS = (15.0, 40.0, 100.0)
"""Seconds."""
SLOTS = (2, 1, 4, 12)


Happening = Callable[[World, int], None]
"""Has something happen; the number says how, if there are several ways."""


def plan_incidents(world: World, profile: Profile) -> None:
    """Decide what is to happen, and when."""
    choices, odds = world.choices, profile.turn("incidents", 0.6, len(HAPPENINGS))
    for _ in range(MOST):
        chosen = choices.fate("incident", odds, len(HAPPENINGS))
        if not chosen:
            continue
        what = list(HAPPENINGS)[chosen - 1]
        act = partial(_happen, world, what, choices.below("incident how", 1000))
        world.kernel.after(0.02 + choices.below("incident at", MOMENTS) * 1.27, act)


def _happen(world: World, what: str, how: int) -> None:
    if world.choices.calm:
        return
    if world.tell is not None:
        world.tell(f"INCIDENT: {what}")
    world.faults.seen[what] = world.faults.seen.get(what, 0) + 1
    HAPPENINGS[what](world, how)


def _forget(world: World, how: int) -> None:
    world.painter.forget_everything()


def _get_stuck(world: World, how: int) -> None:
    world.painter.get_stuck()


def _painter_down(world: World, how: int) -> None:
    world.painter.down_until = _until(world, how)


def _disable(world: World, how: int) -> None:
    world.painter.disabled_until = _until(world, how)


def _store_down(world: World, how: int) -> None:
    world.store.down_until = world.old_store.down_until = _until(world, how)


def _queue_down(world: World, how: int) -> None:
    world.queue.down_until = _until(world, how)


def _until(world: World, how: int) -> float:
    return world.kernel.now + LASTS[how % len(LASTS)]


def _kill_instance(world: World, how: int) -> None:
    instance = world.instances[how % len(world.instances)]
    for call in [call for call in world.kernel.calls if call.where is instance]:
        world.kernel.kill(call)


def _change_slots(world: World, how: int) -> None:
    """Deploy another number, to one instance after the other."""
    for index, instance in enumerate(world.instances):
        world.kernel.after(0.7 * index, partial(instance.deploy, SLOTS[how % len(SLOTS)]))


def _images(world: World) -> list[str]:
    jobs = world.memory.jobs
    return [i.value.image_id for job in jobs for i in world.memory.images_of(job.job_id)]


def _ring_old(world: World, how: int) -> None:
    for image_id in _images(world):
        found = world.memory.image(image_id)
        assert found is not None
        image = found.value
        generation, seq = (
            (image.generation - 1, image.seq) if how % 2 else (image.generation, image.seq - 1)
        )
        body = partial(run_step, image_id=image_id, generation=generation, seq=seq)
        world.call(f"old step {image_id} {generation}.{seq}", lambda s, body=body: body(s))  # type: ignore[misc]


def _forge(world: World, how: int) -> None:
    """Wrong signatures, tokens of others, and endings that are none; of all images there are."""
    ids = _images(world)
    for image_id in ids:
        found = world.memory.image(image_id)
        submission = found.value.latest_submission if found else None
        token = submission.token if submission else "no-token"
        other = HOOKS.url(ids[0], token).rsplit("/", 1)[1]
        signature = HOOKS.url(image_id, token).rsplit("/", 1)[1]
        task_id = submission.task_id if submission and submission.task_id else "1"
        phase = (Phase.DONE, Phase.FAILED, Phase.WORKING)[how % 3]
        seen = Sighting(task_id=task_id, phase=phase, progress=99, picture_url="https://evil.test")
        news = Told(token=token, seen=seen)
        world.messages.arrive(image_id, ("no signature", other, signature)[how // 3 % 3], news)


HAPPENINGS: dict[str, Happening] = {
    "the painter forgets everything": _forget,
    "what the painter works on is stuck": _get_stuck,
    "the painter is out of reach": _painter_down,
    "the account is disabled": _disable,
    "the store is down": _store_down,
    "the queue is down": _queue_down,
    "an instance dies": _kill_instance,
    "the number of slots changes": _change_slots,
    "a task of long ago": _ring_old,
    "forged news": _forge,
}
