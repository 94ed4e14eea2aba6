"""What a client's own server is told of: that an image, or a job, has ended.

Its id is made of what ended, and of which ending that was, so that who is told twice can see it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shared.domain.ids import fingerprint
from shared.domain.image import Image
from shared.domain.job import Job


class EventType(StrEnum):
    """What has happened."""

    IMAGE_ENDED = "image.ended"
    """An image has ended, well or not; once in each generation."""
    JOB_ENDED = "job.ended"
    """A job has ended, well or not; once more after each regeneration."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """An ending."""

    type: EventType
    subject_id: str
    """Of the image or the job."""
    event_id: str
    """30 letters and digits, the same whenever this ending is told."""


def image_ended(image: Image) -> Event:
    """The ending of an image's generation.

    Known by its nonce, not its number: a job that is deleted and asked for anew has the same ids.
    """
    return _event(EventType.IMAGE_ENDED, image.image_id, image.nonce)


def job_ended(job_id: str, at: datetime) -> Event:
    """The ending of a job at that moment: every regeneration brings another one."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return _event(EventType.JOB_ENDED, job_id, moment)


def ending_of(subject: Image | Job) -> Event | None:
    """The ending that an image or a job has come to; None while it has not."""
    match subject:
        case Image(ended=True):
            return image_ended(subject)
        case Job(completed=True, completed_at=datetime() as at):
            return job_ended(subject.job_id, at)
    return None


def _event(kind: EventType, subject_id: str, which: str) -> Event:
    event_id = f"evt_{fingerprint(kind, subject_id, which)}"
    return Event(type=kind, subject_id=subject_id, event_id=event_id)
