"""Ids and fingerprints: all derived by hash, so that the same request always means the same job."""

import base64
import hashlib
import json
from datetime import UTC, datetime


def fingerprint(*parts: str) -> str:
    """26 letters and digits (128 bits) that stand for those parts and no others."""
    joined = json.dumps(parts, ensure_ascii=False).encode()
    digest = hashlib.sha256(joined).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def new_job_id(owner_uid: str, key: str) -> str:
    """The job's id: one owner's same key is the same job."""
    return fingerprint("job", owner_uid, key)


def new_image_id(job_id: str, index: int) -> str:
    """The image's id: carries its job's, and sorts in the order of the request."""
    return f"{job_id}-{index:03d}"


def job_id_of(image_id: str) -> str:
    """The job that an image belongs to, read from the image's id alone."""
    return image_id.rsplit("-", 1)[0]


def latest_key(owner_uid: str, student_task_id: str) -> str:
    """Where an owner's latest job for a student task is noted; ids that count up are hashed."""
    return fingerprint("latest", owner_uid, student_task_id)


def quota_key(owner_uid: str, at: datetime) -> str:
    """Where is counted what an owner asks for on that day, in UTC."""
    return f"{fingerprint('quota', owner_uid)}-{at.astimezone(UTC):%Y-%m-%d}"
