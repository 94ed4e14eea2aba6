"""What a use case refuses to do, and why. The functions turn each into an answer of their own.

Refusal
├── JobNotFound, ImageNotFound   no such thing, or somebody else's
├── NotOwner                     a teacher may look at it, and not change it
├── ClassNotFound                no such class, or somebody else teaches it
├── KeyReused                    the idempotency key came with another content before
├── AlreadyRunning               the student task's book is still being painted
├── NotCompleted                 the job is being painted, so it can't be deleted
├── TooMuchAsked                 the owner's quota of this hour or day is used up
├── ImageBusy                    the image is still being painted
├── ReferenceMissing             there is no reference to paint it after
├── CandidatesUnknown            there are no four pictures of which another could be enlarged
├── CandidateShown               the wanted one of the four is the one that the image shows
├── NotACharacter                looks can be chosen for characters only
├── NotABackground               an effect can be chosen for backgrounds only
├── NothingToPaint               neither words nor options nor a drawing are left of it
├── NoPictures                   the book has no picture yet
├── DrawingRefused               a drawing can't be used
└── DrawingUnavailable           a drawing can't be fetched or stored just now
"""

import math
from datetime import datetime

from shared.domain.quota import Exceeded


class Refusal(Exception):
    """The request was understood and can't be done as things stand."""


class JobNotFound(Refusal):
    """There is no such job, or it is somebody else's."""


class ImageNotFound(Refusal):
    """There is no such image, or it is somebody else's."""


class NotOwner(Refusal):
    """The caller may look at it and not change it: it is a child's of a class that they teach."""


class ClassNotFound(Refusal):
    """The caller teaches no such class."""


class KeyReused(Refusal):
    """The same idempotency key came with other content before."""


class AlreadyRunning(Refusal):
    """The student task's latest job has not ended."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class NotCompleted(Refusal):
    """The job, or what the painter still does for it, has not ended: it can't be deleted yet."""

    def __init__(self, job_id: str, *, draining: bool = False) -> None:
        super().__init__(job_id)
        self.draining = draining
        """Whether the job has ended, and only the painter has not let go of a picture of it."""


class TooMuchAsked(Refusal):
    """The owner has asked for as much as may be asked for in an hour or a day."""

    def __init__(self, over: Exceeded, now: datetime) -> None:
        super().__init__("jobs" if over.of_jobs else "pictures")
        self.over = over
        self.retry_after = math.ceil((over.again_at - now).total_seconds())
        """Seconds."""


class ImageBusy(Refusal):
    """The image has not ended, or the painter has not let go of it after a cancel."""


class ReferenceMissing(Refusal):
    """The book has no reference picture that this image could be painted after."""


class CandidatesUnknown(Refusal):
    """Nothing is known of four pictures of which another one could be enlarged."""


class CandidateShown(Refusal):
    """The wanted one of the four is what the image shows already: it would be paid for twice."""


class NotACharacter(Refusal):
    """Looks can be chosen for characters only."""


class NotABackground(Refusal):
    """An effect can be chosen for backgrounds only."""


class NothingToPaint(Refusal):
    """Neither words nor options nor a drawing would be left to paint."""


class NoPictures(Refusal):
    """The book has no picture of its own yet, or none any more."""


class DrawingRefused(Refusal):
    """A drawing can't be used; `code` and `detail` say why, `where` which one."""

    def __init__(self, code: str, detail: str, where: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.where = where


class DrawingUnavailable(Refusal):
    """A drawing can't be fetched or stored just now; `where` says which one."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where
