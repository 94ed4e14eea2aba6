"""Where in Firestore each document is. Ids that count up are hashed, so that none is a hot spot."""

from datetime import datetime

from google.cloud import firestore

from shared.domain.ids import job_id_of, latest_key, quota_key


class FirestorePaths:
    """The references to the documents, by what they are about."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client

    def _job_ref(self, job_id: str) -> firestore.DocumentReference:
        return self._client.document("jobs", job_id)

    def _image_ref(self, image_id: str) -> firestore.DocumentReference:
        return self._client.document("jobs", job_id_of(image_id), "images", image_id)

    def _reference_ref(self, job_id: str) -> firestore.DocumentReference:
        return self._client.document("references", job_id)

    def _latest_ref(self, owner_uid: str, student_task_id: str) -> firestore.DocumentReference:
        return self._client.document("latestJobs", latest_key(owner_uid, student_task_id))

    def _quota_ref(self, owner_uid: str, at: datetime) -> firestore.DocumentReference:
        return self._client.document("quotas", quota_key(owner_uid, at))

    def _admission_ref(self, name: str) -> firestore.DocumentReference:
        return self._client.document("admission", name)
