"""The last image to end completes its job."""

from shared.domain.job import conclude
from shared.ports import Conflict, SaveJob
from shared.usecases.services import Services

TRIES = 10


def conclude_job(services: Services, job_id: str) -> bool:
    """Write the job's ending if all its images have ended; answers whether it did.

    Whoever counted an image's end calls this after that commit, so the last of them sees all
    counted. Two at once want to write the same; one wins, the other finds it done. If this is
    lost, the sweeper calls it.
    """
    for _ in range(TRIES):
        job = services.store.job(job_id)
        if job is None:
            return False
        concluded = conclude(job.value, services.clock())
        if concluded is job.value:
            return False
        try:
            services.store.commit(SaveJob(before=job, after=concluded))
        except Conflict:
            continue
        return True
    return False
