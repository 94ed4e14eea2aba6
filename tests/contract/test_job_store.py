"""What the use cases rely on in a job store: the same tests for Firestore and for memory."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from shared.adapters.firestore_store import FirestoreJobStore
from shared.adapters.meter import metered
from shared.domain.failure import Failure, FailureCode
from shared.domain.image import BackgroundEffect, Image, ImageStatus, Shown, Step, Submission
from shared.domain.job import Job, JobStatus, Tally
from shared.domain.pace import Pace
from shared.ports import (
    ChangeJob,
    Conflict,
    CreateJob,
    JobStore,
    NoteFannedOut,
    PassFence,
    PublishReference,
    Reference,
    SaveImage,
    SaveJob,
    SavePace,
    StoreUnavailable,
)
from shared.usecases.start_job import Book, start_job
from tests.contract.conftest import EmulatorWithEvents
from tests.fakes.store import MemoryJobStore
from tests.fakes.world import World, new_book
from tests.unit.images import CLAIM, variant

NOW = datetime(2026, 5, 1, 9, 0, 0, 123456, tzinfo=UTC)
projects = count(1)


@pytest.fixture(params=["memory", "firestore"])
def store(request: pytest.FixtureRequest) -> Iterator[JobStore]:
    if request.param == "memory":
        yield MemoryJobStore()
        return
    emulator: EmulatorWithEvents = request.getfixturevalue("emulator")
    client = _client(emulator)
    yield FirestoreJobStore(client)
    client.close()


def made(key: str = "one", task: str = "7", members: int = 2, at: datetime = NOW) -> Book:
    """A new book as the use case makes it."""
    world = World()
    world.now = at
    book, _ = start_job(world.services, new_book(members, key, task))
    return book


@pytest.fixture
def book(store: JobStore) -> Book:
    book = made()
    store.commit(CreateJob(job=book.job, images=tuple(book.images), replaces=None))
    return book


def test_what_is_written_is_read_back(store: JobStore, book: Book) -> None:
    job = store.job(book.job.job_id)
    assert job is not None
    assert job.value == book.job
    assert [image.value for image in store.images_of(book.job.job_id)] == book.images
    latest = store.latest_job(book.job.owner_uid, "7")
    assert latest is not None
    assert latest.value.job_id == book.job.job_id


def test_what_is_not_there_is_none(store: JobStore) -> None:
    assert store.job("nothing") is None
    assert store.image("nothing-000") is None
    assert store.images_of("nothing") == []
    assert store.latest_job("nobody", "7") is None
    assert store.reference("nothing") is None


def test_a_job_is_created_once(store: JobStore, book: Book) -> None:
    with pytest.raises(Conflict):
        store.commit(CreateJob(job=book.job, images=tuple(book.images), replaces=None))


def test_of_two_jobs_for_a_task_at_once_one_is_created(store: JobStore, book: Book) -> None:
    other = made("two")
    with pytest.raises(Conflict):
        store.commit(CreateJob(job=other.job, images=tuple(other.images), replaces=None))
    assert store.job(other.job.job_id) is None

    latest = store.latest_job(book.job.owner_uid, "7")
    store.commit(CreateJob(job=other.job, images=tuple(other.images), replaces=latest))
    third = made("three")
    with pytest.raises(Conflict):
        store.commit(CreateJob(job=third.job, images=tuple(third.images), replaces=latest))


def everything_set(image: Image) -> Image:
    return replace(
        image,
        status=ImageStatus.UPSCALING,
        seq=9,
        progress=80,
        error=Failure(code=FailureCode.MODERATED, message="그림 – ärger"),
        next_step=None,
        due_at=None,
        admit_key=None,
        holds_slot=True,
        fan_out_due_at=NOW,
        variants={"original": variant("original")},
        shown=Shown(imagine=CLAIM, candidate=3),
        warnings=("no_figure",),
        option_ids=("hair_red", "age_six"),
        drawing="drawing.png",
        background_effect=BackgroundEffect.PALE,
        imagine=Submission(token="t", claimed_at=NOW, task_id="1", started_at=NOW, seed=2**32 - 1),
    )


def test_every_field_of_an_image_survives(store: JobStore, book: Book) -> None:
    image = store.image(book.images[0].image_id)
    assert image is not None
    after = everything_set(image.value)

    store.commit(SaveImage(before=image, after=after))

    read = store.image(after.image_id)
    assert read is not None
    assert read.value == after


def test_of_two_writes_on_what_was_read_the_second_conflicts(store: JobStore, book: Book) -> None:
    image = store.image(book.images[0].image_id)
    assert image is not None
    store.commit(SaveImage(before=image, after=replace(image.value, seq=1)))

    with pytest.raises(Conflict):
        store.commit(SaveImage(before=image, after=replace(image.value, seq=2)))


def test_the_version_that_a_commit_answers_is_good_for_the_next(
    store: JobStore, book: Book
) -> None:
    image = store.image(book.images[0].image_id)
    assert image is not None
    first = replace(image.value, seq=1)
    committed = store.commit(SaveImage(before=image, after=first))

    again = type(image)(first, committed.versions[first.image_id])
    store.commit(SaveImage(before=again, after=replace(first, seq=2)))

    read = store.image(first.image_id)
    assert read is not None
    assert read.value.seq == 2


def test_one_conflict_undoes_the_whole_commit(store: JobStore, book: Book) -> None:
    one, two, _ = store.images_of(book.job.job_id)
    store.commit(SaveImage(before=two, after=replace(two.value, seq=1)))

    with pytest.raises(Conflict):
        store.commit(
            SaveImage(before=one, after=replace(one.value, seq=1)),
            ChangeJob(job_id=book.job.job_id, at=NOW, tally=Tally(remaining=-1)),
            SaveImage(before=two, after=replace(two.value, seq=2)),
        )

    job, image = store.job(book.job.job_id), store.image(one.value.image_id)
    assert job is not None
    assert image is not None
    assert (job.value.remaining, image.value.seq) == (3, 0)


def test_a_dozen_images_ending_at_once_are_all_counted(store: JobStore, book: Book) -> None:
    change = ChangeJob(job_id=book.job.job_id, at=NOW, tally=Tally(remaining=-1, succeeded=1))
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: store.commit(change), range(12)))

    job = store.job(book.job.job_id)
    assert job is not None
    assert (job.value.remaining, job.value.succeeded) == (3 - 12, 12)


def test_a_job_is_changed_and_saved(store: JobStore, book: Book) -> None:
    failure = Failure(code=FailureCode.BANNED_WORD, message="No.")
    fields = {"status": JobStatus.RUNNING, "reference_error": failure}
    store.commit(ChangeJob(job_id=book.job.job_id, at=NOW, fields=fields))
    job = store.job(book.job.job_id)
    assert job is not None
    assert (job.value.status, job.value.reference_error) == (JobStatus.RUNNING, failure)

    after = replace(job.value, completed=True, completed_at=NOW, status=JobStatus.FAILED)
    store.commit(SaveJob(before=job, after=after))
    with pytest.raises(Conflict):
        store.commit(SaveJob(before=job, after=after))


def test_changing_a_job_that_is_gone_conflicts(store: JobStore) -> None:
    with pytest.raises(Conflict):
        store.commit(ChangeJob(job_id="nothing", at=NOW, tally=Tally(failed=1)))


def test_a_reference_is_published_and_its_fan_out_noted(store: JobStore, book: Book) -> None:
    image = store.image(book.images[0].image_id)
    assert image is not None
    reference = Reference(
        job_id=book.job.job_id,
        image_id=image.value.image_id,
        generation=1,
        image_url="https://x/y.png",
        ready_at=NOW,
        expire_at=NOW,
    )
    ready = replace(image.value, fan_out_due_at=NOW)
    store.commit(SaveImage(before=image, after=ready), PublishReference(reference=reference))

    assert store.reference(book.job.job_id) == reference
    assert list(store.overdue_fan_outs(NOW)) == []
    assert list(store.overdue_fan_outs(NOW + timedelta(seconds=1))) == [ready]
    store.commit(NoteFannedOut(image_id=ready.image_id))
    assert list(store.overdue_fan_outs(NOW + timedelta(seconds=1))) == []


def test_members_that_wait_for_the_reference(store: JobStore, book: Book) -> None:
    waiting = store.waiting_for_reference(book.job.job_id)

    assert [image.value for image in waiting] == book.images[1:]


def test_the_fence_lets_one_of_two_overlapping_admissions_pass(store: JobStore) -> None:
    for _ in range(2):  # the first time it has to be made
        fence = store.fence()
        after = replace(fence.value, passed=fence.value.passed + 1, troubles=2, paused_until=NOW)
        store.commit(PassFence(before=fence, after=after))
        with pytest.raises(Conflict):
            store.commit(PassFence(before=fence, after=after))
        assert store.fence().value == after


def test_the_pace_is_kept_and_the_last_one_wins(store: JobStore) -> None:
    assert store.pace() == Pace()
    for seconds in (60.5, 61.0):
        pace = store.pace().with_duration("imagine", seconds)
        store.commit(SavePace(pace=pace))
    assert store.pace().durations == {"imagine": (60.5, 61.0)}


def test_the_open_jobs_of_an_owner_are_counted(store: JobStore, book: Book) -> None:
    assert store.open_jobs(book.job.owner_uid) == 1
    assert store.open_jobs("somebody else") == 0
    job = store.job(book.job.job_id)
    assert job is not None
    store.commit(SaveJob(before=job, after=replace(job.value, completed=True)))
    assert store.open_jobs(book.job.owner_uid) == 0


def test_a_commit_answers_the_new_counters_of_its_job(store: JobStore, book: Book) -> None:
    job_id, count = book.job.job_id, book.job.image_count
    for number in (1, 2):
        one_more = Tally(remaining=-1, succeeded=1, canceled=2)
        committed = store.commit(ChangeJob(job_id=job_id, at=NOW, tally=one_more))
        counters = Tally(remaining=count - number, succeeded=number, failed=0, canceled=2 * number)
        assert committed.counted[job_id].counters == counters
    assert store.commit(ChangeJob(job_id=job_id, at=NOW)).counted == {}


def test_a_change_may_be_conditional_on_the_counted_version(store: JobStore, book: Book) -> None:
    job_id, one = book.job.job_id, Tally(remaining=-1, succeeded=1)
    older = store.commit(ChangeJob(job_id=job_id, at=NOW, tally=one)).counted[job_id]
    newer = store.commit(ChangeJob(job_id=job_id, at=NOW, tally=one)).counted[job_id]
    done = {"completed": True}

    with pytest.raises(Conflict):
        store.commit(ChangeJob(job_id=job_id, at=NOW, fields=done, version=older.version))
    store.commit(ChangeJob(job_id=job_id, at=NOW, fields=done, version=newer.version))

    job = store.job(job_id)
    assert job is not None
    assert job.value.completed


def test_who_holds_a_slot_is_told(store: JobStore, book: Book) -> None:
    assert store.holding() == []
    image = store.image(book.images[0].image_id)
    assert image is not None
    held = replace(image.value, holds_slot=True)
    store.commit(SaveImage(before=image, after=held))
    assert [one.value for one in store.holding()] == [held]


def test_slots_are_counted_over_all_jobs(store: JobStore, book: Book) -> None:
    other = made("two", task="8")
    store.commit(CreateJob(job=other.job, images=tuple(other.images), replaces=None))
    assert store.held_slots() == 0

    for image_id in (book.images[0].image_id, other.images[0].image_id):
        image = store.image(image_id)
        assert image is not None
        store.commit(SaveImage(before=image, after=replace(image.value, holds_slot=True)))

    assert store.held_slots() == 2


def test_the_lowest_keys_wait_in_front_and_only_what_has_one_waits(
    store: JobStore, book: Book
) -> None:
    early = made("two", task="8", at=NOW - timedelta(hours=1))
    store.commit(CreateJob(job=early.job, images=tuple(early.images), replaces=None))

    waiting = [image.value for image in store.waiting(10)]

    assert waiting == [early.images[0], book.images[0]]
    assert [image.value for image in store.waiting(1)] == [early.images[0]]
    front = store.waiting(1)[0]
    admitted = replace(front.value, admit_key=None, status=ImageStatus.PAINTING)
    store.commit(SaveImage(before=front, after=admitted))
    assert [image.value for image in store.waiting(10)] == [book.images[0]]


def test_the_longest_overdue_come_first_and_more_than_a_page_of_them(store: JobStore) -> None:
    ids = []
    for number in range(11):
        book = made(f"key {number}", task=f"task {number}", members=19)
        store.commit(CreateJob(job=book.job, images=tuple(book.images), replaces=None))
        hero = store.image(book.images[0].image_id)
        assert hero is not None
        due = replace(hero.value, next_step=Step.IMAGINE, due_at=NOW - timedelta(minutes=number))
        store.commit(SaveImage(before=hero, after=due))
        ids.append(due.image_id)
    deadline = book.job.deadline_at

    assert [image.image_id for image in store.overdue(NOW)] == ids[:0:-1]
    assert len(list(store.overdue(deadline + timedelta(seconds=1)))) == 220


def test_jobs_whose_images_have_all_ended_are_found_until_they_are_completed(
    store: JobStore, book: Book
) -> None:
    assert list(store.unconcluded_jobs()) == []
    tally = Tally(remaining=-3, succeeded=3)
    store.commit(ChangeJob(job_id=book.job.job_id, at=NOW, tally=tally))
    assert [job.job_id for job in store.unconcluded_jobs()] == [book.job.job_id]

    job = store.job(book.job.job_id)
    assert job is not None
    store.commit(SaveJob(before=job, after=replace(job.value, completed=True)))
    assert list(store.unconcluded_jobs()) == []


def test_firestore_counts_what_a_call_costs(request: pytest.FixtureRequest, book: Book,
                                            store: JobStore) -> None:  # fmt: skip
    if isinstance(store, MemoryJobStore):
        return
    with metered() as meter:
        store.job(book.job.job_id)
        store.images_of(book.job.job_id)
        store.waiting(1)
        store.held_slots()
        assert (meter.reads, meter.writes) == (1 + 3 + 1 + 1, 0)
        store.commit(ChangeJob(job_id=book.job.job_id, at=NOW))
        assert (meter.reads, meter.writes) == (6, 1)


def test_a_document_of_a_newer_version_is_read(emulator: EmulatorWithEvents) -> None:
    client = _client(emulator)
    store = FirestoreJobStore(client)
    book = made()
    store.commit(CreateJob(job=book.job, images=tuple(book.images), replaces=None))

    client.document("jobs", book.job.job_id).update({"somethingNew": [1, 2]})

    job = store.job(book.job.job_id)
    assert job is not None
    assert isinstance(job.value, Job)
    client.close()


def test_one_unreadable_document_does_not_stop_the_sweep(
    emulator: EmulatorWithEvents, capsys: pytest.CaptureFixture[str]
) -> None:
    client = _client(emulator)
    store = FirestoreJobStore(client)
    book = made()
    store.commit(CreateJob(job=book.job, images=tuple(book.images), replaces=None))
    broken = client.document("jobs", book.job.job_id, "images", book.images[0].image_id)
    broken.update({"status": "no such status"})

    overdue = list(store.overdue(book.job.deadline_at + timedelta(seconds=1)))

    assert overdue == book.images[1:]
    assert "unreadable document" in capsys.readouterr().out
    client.close()


# --- an owner's list -----------------------------------------------------------------------------


def listed(store: JobStore, *minutes: int, owner: str = "ann") -> list[Job]:
    """New jobs of an owner, each made so many minutes after the first, in the store."""
    jobs = []
    for number, minute in enumerate(minutes):
        book = made(f"{owner} {number}", f"task {owner} {number}")
        at = NOW + timedelta(minutes=minute)
        job = replace(book.job, owner_uid=owner, created_at=at)
        store.commit(CreateJob(job=job, images=tuple(book.images), replaces=None))
        jobs.append(job)
    return jobs


def test_an_owners_jobs_are_listed_the_newest_first(store: JobStore) -> None:
    jobs = listed(store, 2, 0, 1)
    listed(store, 3, owner="bob")

    assert store.jobs_of("ann", 10) == [jobs[0], jobs[2], jobs[1]]
    assert store.jobs_of("nobody", 10) == []


def in_class(store: JobStore, key: str, class_id: str | None, minute: int) -> Job:
    """A new job of somebody in a class, in the store."""
    book = made(key, f"task {key}")
    at = NOW + timedelta(minutes=minute)
    job = replace(book.job, owner_uid=key, class_id=class_id, created_at=at)
    images = tuple(replace(image, class_id=class_id) for image in book.images)
    store.commit(CreateJob(job=job, images=images, replaces=None))
    return job


def test_a_classs_jobs_are_listed_the_newest_first(store: JobStore) -> None:
    first, _, _, last = (
        in_class(store, key, class_id, minute)
        for minute, (key, class_id) in enumerate(
            [("ann", "3b"), ("bob", "3c"), ("carl", None), ("dora", "3b")]
        )
    )

    assert store.jobs_of_class("3b", 10) == [last, first]
    assert store.jobs_of_class("3b", 1) == [last]
    assert store.jobs_of_class("3b", 10, (last.created_at, last.job_id)) == [first]
    assert store.jobs_of_class("none", 10) == []
    assert [image.value.class_id for image in store.images_of(first.job_id)] == ["3b"] * 3


def test_who_is_in_no_class_has_no_such_field(emulator: EmulatorWithEvents) -> None:
    client = _client(emulator)
    job = in_class(FirestoreJobStore(client), "carl", None, 0)

    written = [client.document("jobs", job.job_id).get()]
    written += client.collection("jobs", job.job_id, "images").get()

    assert len(written) == 4
    assert all("classId" not in one.to_dict() for one in written)
    client.close()


def test_pages_of_a_list_meet_even_where_jobs_are_of_the_same_moment(store: JobStore) -> None:
    jobs = listed(store, 0, 0, 0, 0, 1)
    newest = sorted(jobs, key=lambda job: (job.created_at, job.job_id), reverse=True)

    found: list[Job] = []
    after = None
    for _ in range(3):
        found += store.jobs_of("ann", 2, after)
        after = (found[-1].created_at, found[-1].job_id)

    assert found == newest
    assert store.jobs_of("ann", 2, after) == []


def test_a_job_that_is_made_between_two_pages_moves_none_of_them(store: JobStore) -> None:
    first, second = reversed(listed(store, 0, 1))
    page = store.jobs_of("ann", 1)
    book = made("newer", "newer")
    newer = replace(book.job, owner_uid="ann", created_at=NOW + timedelta(hours=1))
    store.commit(CreateJob(job=newer, images=(), replaces=None))

    assert page == [first]
    assert store.jobs_of("ann", 1, (first.created_at, first.job_id)) == [second]


def test_a_page_reads_each_of_its_jobs_once_and_one_unreadable_ends_no_list(
    emulator: EmulatorWithEvents,
) -> None:
    client = _client(emulator)
    store = FirestoreJobStore(client)
    oldest, broken, _, newest = listed(store, 0, 1, 2, 3)

    with metered() as meter:
        assert len(store.jobs_of("ann", 3)) == 3
        assert (meter.reads, meter.writes) == (3, 0)
    client.document("jobs", broken.job_id).update({"status": "no such status"})
    assert [job.job_id for job in store.jobs_of("ann", 3)][::2] == [newest.job_id, oldest.job_id]
    client.close()


def test_it_says_that_it_is_there_and_counts_what_waits_up_to_a_bound(store: JobStore) -> None:
    store.ping(3)
    assert store.count_waiting(1000) == 0
    for key in ("one", "two", "three"):
        book = made(key, key)
        store.commit(CreateJob(job=book.job, images=tuple(book.images), replaces=None))

    # Of each book the main character; its members have no turn yet.
    assert store.count_waiting(1000) == len(store.waiting(1000)) == 3
    assert store.count_waiting(2) == 2


def test_what_the_painter_told_of_a_reference_survives(store: JobStore, book: Book) -> None:
    reference = Reference(
        job_id=book.job.job_id,
        image_id=book.images[0].image_id,
        generation=1,
        image_url="https://x/1.png",
        painting_seconds=70.5,
        ready_at=NOW,
        expire_at=NOW,
    )
    store.commit(PublishReference(reference=reference))

    assert store.reference(book.job.job_id) == reference


def test_an_emulator_that_is_gone_is_unavailable_not_a_crash() -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
        client = firestore.Client(project="demo-gone", credentials=AnonymousCredentials())
    store = FirestoreJobStore(client, call_seconds=0.5)
    with pytest.raises(StoreUnavailable):
        store.job("any")
    with pytest.raises(StoreUnavailable):
        store.ping(0.5)
    client.close()


def _client(emulator: EmulatorWithEvents) -> firestore.Client:
    assert os.environ["FIRESTORE_EMULATOR_HOST"] == emulator.firestore.host
    project = f"demo-store-{next(projects)}"
    return firestore.Client(project=project, credentials=AnonymousCredentials())
