"""The writes of the job store, as Firestore has them in a batch."""

from typing import Any

from google.cloud import firestore

from shared.adapters import documents
from shared.adapters.firestore_paths import FirestorePaths
from shared.domain.job import Tally
from shared.ports import (
    ChangeJob,
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
    latest_job,
)


class FirestoreWrites(FirestorePaths):
    """Adds each kind of write to a batch."""

    def _add(self, batch: firestore.WriteBatch, write: Write) -> None:
        """Have the batch do that, too."""
        match write:
            case CreateJob():
                self._add_job(batch, write)
            case SaveImage():
                ref = self._image_ref(write.after.image_id)
                changes = documents.difference(write.before.value, write.after)
                batch.update(ref, changes, option=self._if(write.before.version))
            case SaveJob():
                ref = self._job_ref(write.after.job_id)
                changes = documents.difference(write.before.value, write.after)
                batch.update(ref, changes, option=self._if(write.before.version))
            case ChangeJob():
                self._change_job(batch, write)
            case PublishReference():
                ref = self._reference_ref(write.reference.job_id)
                batch.set(ref, documents.to_document(write.reference))
            case RetractReference():
                batch.delete(self._reference_ref(write.job_id))
            case NoteFannedOut():
                changes = {"fanOutDueAt": firestore.DELETE_FIELD}
                batch.update(self._image_ref(write.image_id), changes)
            case PassFence():
                self._replace(
                    batch, self._admission_ref("fence"), write.after, write.before.version
                )
            case SavePace():
                batch.set(self._admission_ref("pace"), documents.to_document(write.pace))
            case _:
                self._add_rarer(batch, write)

    def _add_rarer(
        self, batch: firestore.WriteBatch, write: Spend | RemoveImages | RemoveLatest | RemoveJob
    ) -> None:
        match write:
            case Spend():
                ref = self._quota_ref(write.owner_uid, write.at)
                batch.set(ref, documents.spending(write), merge=True)
            case RemoveImages():
                for image_id in write.image_ids:
                    batch.delete(self._image_ref(image_id))
            case RemoveLatest():
                latest = write.before.value
                ref = self._latest_ref(latest.owner_uid, latest.student_task_id)
                batch.delete(ref, option=self._if(write.before.version))
            case RemoveJob():
                ref = self._job_ref(write.before.value.job_id)
                batch.delete(ref, option=self._if(write.before.version))

    def _change_job(self, batch: firestore.WriteBatch, write: ChangeJob) -> None:
        changes = documents.camel({"updated_at": write.at, **write.fields})
        if write.tally != Tally():
            # All of them, as the answer has the new value of each that is added to.
            counters = documents.to_document(write.tally)
            changes |= {name: firestore.Increment(by) for name, by in counters.items()}
        option = None if write.version is None else self._if(write.version)
        batch.update(self._job_ref(write.job_id), changes, option=option)

    def _add_job(self, batch: firestore.WriteBatch, write: CreateJob) -> None:
        job = write.job
        batch.create(self._job_ref(job.job_id), documents.to_document(job))
        for image in write.images:
            batch.set(self._image_ref(image.image_id), documents.to_document(image))
        ref = self._latest_ref(job.owner_uid, job.student_task_id)
        version = write.replaces.version if write.replaces else None
        self._replace(batch, ref, latest_job(job), version)

    def _replace(self, batch: firestore.WriteBatch, ref: Any, value: object, version: Any) -> None:
        """Write a document if it is of that version; None: if there is none."""
        if version is None:
            batch.create(ref, documents.to_document(value))
        else:
            batch.update(ref, documents.to_document(value), option=self._if(version))

    def _if(self, version: object) -> Any:
        return self._client.write_option(last_update_time=version)
