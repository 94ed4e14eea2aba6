"""The log lines that metrics are made of: one function for each, called after the commit.

Their messages and fields are a contract with the deployment, which makes log-based metrics of them;
docs/observability.md lists them. Each is written once, by whoever committed what it tells of. A
crash between the commit and the line loses the line: metrics are for watching, not for billing.
"""

from datetime import datetime

from shared.domain.image import Image, ImageStatus
from shared.domain.job import Job, JobStatus
from shared.domain.observation import Trouble
from shared.log import belonging_to, log, whose
from shared.ports import Counted
from shared.tracing import whole_book


def pictures_ended(images: tuple[Image, ...], counted: Counted | None, now: datetime) -> None:
    """Tell of images that a commit has ended, and of a book's first picture if it is one of them.

    `counted` are the job's counters after that commit, if they are known.
    """
    for image in images:
        with belonging_to(whose().of(image_id=image.image_id)):
            _picture_ended(image)
            if counted is not None and _is_first(image, counted):
                _first_picture((now - image.created_at).total_seconds())


def _is_first(image: Image, counted: Counted) -> bool:
    """Whether nothing of its book had succeeded; what is painted again is nobody's first picture.

    Wrong only if the one that had is being painted again while its book is still under way.
    """
    succeeded = image.status is ImageStatus.SUCCEEDED and image.generation == 1
    return succeeded and counted.counters.succeeded == 1


def _picture_ended(image: Image) -> None:
    """An image's generation came to its end; `code` says why, if not well.

    `paintingSeconds` is what the painter worked on the IMAGINE and the UPSCALE that the picture
    came from, by its own clock; null if it did not say, or nothing was painted.
    """
    log(
        "INFO",
        "picture ended",
        status=image.status.value,
        code=image.error.code.value if image.error else None,
        kind=image.kind.value,
        paintingSeconds=_rounded(image.painting_seconds),
    )


def _first_picture(seconds: float) -> None:
    """A book has its first picture; `seconds` from its request to there."""
    log("INFO", "first picture", seconds=_rounded(seconds))


def book_ended(
    job_id: str,
    status: JobStatus,
    began: datetime,
    ended: datetime,
    pictures: int,
    last: Image | None,
) -> None:
    """A book came to its first ending; `seconds` from its request to there.

    `overheadSeconds` is what of it the painter was not at work on the way that decided: the main
    character's picture, and after it that of the image that ended `last`. So it holds everything
    else: waiting for a slot, tries that failed, the server's own work. Null unless the last one
    succeeded and the painter told its times. Exact if the image that was last to be painted is also
    the last to end; too large by the time of the others' painting if the main character's own
    post-processing ended after all of theirs, and by no more than how much the post-processing of
    two images differs otherwise.
    """
    painted = None if last is None else last.critical_seconds
    seconds = (ended - began).total_seconds()
    with belonging_to(whose().of(job_id=job_id)):
        _book_ended(status, seconds, pictures, painted)
    whole_book(job_id, began, ended, status)


def _book_ended(status: JobStatus, seconds: float, pictures: int, painted: float | None) -> None:
    log(
        "INFO",
        "book ended",
        status=status.value,
        seconds=_rounded(seconds),
        pictures=pictures,
        overheadSeconds=None if painted is None else _rounded(max(0.0, seconds - painted)),
    )


def slots(in_use: int, waiting: int, of: int) -> None:
    """How many images hold a slot and how many wait for one, once a sweep.

    `inUse` may pass `slots` by those that wait in the painter's own queue (`SLOTS_AHEAD`);
    `waiting` stops at 1000.
    """
    log("INFO", "slots", inUse=in_use, waiting=waiting, slots=of)


def sweep_found(steps: int, fan_outs: int, jobs: int, callbacks: int) -> None:
    """The sweep found something that had been lost: said only then."""
    if steps or fan_outs or jobs or callbacks:
        log("WARNING", "sweep found", steps=steps, fanOuts=fan_outs, jobs=jobs, callbacks=callbacks)


def painter_paused(reason: Trouble, seconds: float) -> None:
    """The painter takes nothing from anybody, so admission leaves it alone for so long."""
    log("WARNING", "painter paused", reason=reason.value, seconds=_rounded(seconds))


def painter_refused(code: str) -> None:
    """The painter refused a picture, or its account is in trouble (captcha, disabled, ...)."""
    log("WARNING", "painter refused", code=code)


def is_first_ending(job: Job, patience: float) -> bool:
    """Whether a job, that lasts so many seconds at most, was never painted again."""
    # Painting again sets the deadline anew.
    return (job.deadline_at - job.created_at).total_seconds() <= patience


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
