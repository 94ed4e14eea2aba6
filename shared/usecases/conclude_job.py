"""The last image to end completes its job."""

from shared.crash_points import CrashPoint, reach
from shared.domain.events import job_ended
from shared.domain.job import JobStatus, conclude
from shared.ports import ChangeJob, Conflict, Counted, SaveJob
from shared.usecases.services import Services
from shared.usecases.telling import tell, tell_of

TRIES = 10


def conclude_job(
    services: Services,
    job_id: str,
    counted: Counted | None = None,
    *,
    calls_back: bool = False,
) -> bool:
    """Write the job's ending if all its images have ended; answers whether it did.

    Whoever counted an image's end calls this after that commit, with what it counted, so the last
    of them sees all counted. Two at once want to write the same; one wins, the other finds it
    done. If this is lost, the sweeper calls it.

    `calls_back` says of a job that was `counted` whether its client wants to be told.
    """
    if counted is not None and counted.counters.remaining > 0:
        return False
    if counted is not None and _succeeded(services, job_id, counted, calls_back):
        return True
    for _ in range(TRIES):
        job = services.store.job(job_id)
        if job is None:
            return False
        concluded = conclude(job.value, services.clock())
        if concluded is job.value:
            return False
        reach(CrashPoint.BEFORE_CONCLUSION)
        try:
            services.store.commit(SaveJob(before=job, after=concluded))
        except Conflict:
            continue
        reach(CrashPoint.CONCLUDED)
        tell_of(services, concluded)
        return True
    return False


def _succeeded(services: Services, job_id: str, counted: Counted, calls_back: bool) -> bool:
    """Write the ending that needs no reading: nothing failed, so there is nothing to explain."""
    if counted.counters.failed or counted.counters.canceled:
        return False
    now = services.clock()
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
    reach(CrashPoint.CONCLUDED)
    if calls_back:
        tell(services, job_ended(job_id, now))
    return True
