"""What callbacks rely on in the store and in the queue: the adapters, beside the fakes."""

import json
from dataclasses import replace
from datetime import timedelta

from shared.adapters.cloud_tasks import CloudTaskQueue
from shared.domain.events import image_ended, job_ended
from shared.domain.image import ImageStatus
from shared.ports import ChangeJob, CreateJob, JobStore, SaveImage, SaveJob, Versioned
from tests.contract.conftest import Target
from tests.contract.test_job_store import NOW, book, made, store  # noqa: F401 - fixtures
from tests.contract.test_queue_and_pictures import queue  # noqa: F401 - a fixture
from tests.unit.images import IMAGINE

URL = "https://client.test/hook"
LATER = NOW + timedelta(minutes=1)


def test_overdue_callbacks_are_found_images_first(store: JobStore) -> None:  # noqa: F811
    book = made()  # noqa: F811
    job = replace(book.job, callback_url=URL)
    images = tuple(replace(image, callback_url=URL) for image in book.images)
    store.commit(CreateJob(job=job, images=images, replaces=None))
    assert list(store.overdue_callbacks(LATER)) == []

    before = store.images_of(job.job_id)
    for index, image in enumerate(before[:2]):
        due = replace(
            image.value,
            status=ImageStatus.SUCCEEDED,
            callback_due_at=NOW - timedelta(seconds=index),
        )
        store.commit(SaveImage(before=image, after=due))
    store.commit(ChangeJob(job_id=job.job_id, at=NOW, fields={"callback_due_at": NOW}))

    assert list(store.overdue_callbacks(NOW - timedelta(seconds=1))) == []
    ids = [image.value.image_id for image in before]
    found = list(store.overdue_callbacks(LATER))
    assert [getattr(one, "image_id", one.job_id) for one in found] == [ids[1], ids[0], job.job_id]
    assert found[-1].callback_url == URL


def test_what_was_told_is_found_no_more(store: JobStore) -> None:  # noqa: F811
    book = made()  # noqa: F811
    job = replace(book.job, callback_url=URL, callback_due_at=NOW)
    image = replace(book.images[0], callback_url=URL, callback_due_at=NOW)
    store.commit(CreateJob(job=job, images=(image,), replaces=None))
    assert len(list(store.overdue_callbacks(LATER))) == 2

    there, of_job = store.image(image.image_id), store.job(job.job_id)
    assert isinstance(there, Versioned)
    assert isinstance(of_job, Versioned)
    store.commit(SaveImage(before=there, after=replace(there.value, callback_due_at=None)))
    store.commit(SaveJob(before=of_job, after=replace(of_job.value, callback_due_at=None)))

    assert list(store.overdue_callbacks(LATER)) == []
    assert store.job(job.job_id).value == replace(job, callback_due_at=None)  # type: ignore[union-attr]


def test_who_wants_no_callback_has_no_field_for_it(store: JobStore, book) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    client = getattr(store, "_client", None)
    if client is None:
        return
    documents = [client.document("jobs", book.job.job_id)]
    documents += documents[0].collection("images").list_documents()
    for document in documents:
        assert not {"callbackUrl", "callbackDueAt"} & document.get().to_dict().keys()


def test_an_ending_keeps_its_id_on_the_way_through_the_store(store: JobStore, book) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    done = {"completed": True, "completed_at": NOW}
    store.commit(ChangeJob(job_id=book.job.job_id, at=NOW, fields=done))

    found = store.job(book.job.job_id)

    assert found is not None
    assert found.value.completed_at is not None
    assert job_ended(book.job.job_id, found.value.completed_at) == job_ended(book.job.job_id, NOW)


def test_a_callback_has_a_queue_of_its_own_and_one_task_for_each_ending(
    queue: CloudTaskQueue,  # noqa: F811
    target: Target,
) -> None:
    image = replace(IMAGINE, image_id="a-000")
    event = image_ended(image)
    queue.call_back(event)
    queue.call_back(event)
    queue.call_back(image_ended(replace(image, nonce="another")))

    first, other = target.wait_for(2)
    assert (first.path, first.headers["X-CloudTasks-QueueName"]) == ("/callback", "callbacks")
    assert first.headers["X-CloudTasks-TaskName"].endswith(event.event_id)
    assert json.loads(first.body) == {
        "type": "image.ended", "subjectId": "a-000", "eventId": event.event_id,
    }  # fmt: skip
    assert first.body != other.body
    assert len(target.calls) == 2
