"""The last image to end completes its job."""

from shared.crash_points import CrashPoint, reach
from shared.domain.events import job_ended
from shared.domain.image import Image
from shared.domain.job import Job, JobStatus, conclude
from shared.ports import ChangeJob, Conflict, Counted, SaveJob
from shared.usecases.metrics import book_ended, is_first_ending
from shared.usecases.services import Services
from shared.usecases.telling import tell, tell_of

TRIES = 10


def conclude_job(
    services: Services,
    job_id: str,
    counted: Counted | None = None,
    last: Image | None = None,
) -> None:
    """Write the job's ending if all its images have ended.

    Whoever counted an image's end calls this after that commit, with what it counted, so the last
    of them sees all counted. Two at once want to write the same; one wins, the other finds it
    done. If this is lost, the sweeper calls it.

    `last` is the image whose end was counted.
    """
    if counted is not None and counted.counters.remaining > 0:
        return
    if counted is not None and last is not None and _succeeded(services, job_id, counted, last):
        return
    for _ in range(TRIES):
        job = services.store.job(job_id)
        if job is None:
            return
        concluded = conclude(job.value, services.clock())
        if concluded is job.value:
            return
        reach(CrashPoint.BEFORE_CONCLUSION)
        try:
            services.store.commit(SaveJob(before=job, after=concluded))
        except Conflict:
            continue
        _report(services, concluded, last)
        reach(CrashPoint.CONCLUDED)
        tell_of(services, concluded)
        return


def _succeeded(services: Services, job_id: str, counted: Counted, last: Image) -> bool:
    """Write the ending that needs no reading: nothing failed, so there is nothing to explain.

    Answers whether it did.
    """
    if counted.counters.failed or counted.counters.canceled:
        return False
    now, calls_back = services.clock(), last.callback_url is not None
    done = {"status": JobStatus.SUCCEEDED, "completed": True, "completed_at": now, "error": None}
    if calls_back:
        done["callback_due_at"] = now
    reach(CrashPoint.BEFORE_CONCLUSION)
    try:
        services.store.commit(
            ChangeJob(job_id=job_id, at=now, fields=done, version=counted.version)
        )
    except Conflict:
        return False
    if last.generation == 1:
        pictures = counted.counters.succeeded
        book_ended(job_id, JobStatus.SUCCEEDED, last.created_at, now, pictures, last)
    reach(CrashPoint.CONCLUDED)
    if calls_back:
        tell(services, job_ended(job_id, now))
    return True


def _report(services: Services, job: Job, last: Image | None) -> None:
    patience = services.job_deadline.total_seconds()
    ended = job.completed_at
    if ended is not None and is_first_ending(job, patience):
        book_ended(job.job_id, job.status, job.created_at, ended, job.image_count, last)
