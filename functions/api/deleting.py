"""What delete and forget answer."""

from functions.api.answers import AnswerModel, Count, JobId


class DeletedModel(AnswerModel):
    """The answer of delete."""

    job_id: JobId
    """Which job is no longer there."""


class ForgottenModel(AnswerModel):
    """The answer of forget."""

    deleted_jobs: Count
    """How many jobs this call has deleted."""
    complete: bool
    """Whether nothing is left; else call it again after Retry-After seconds."""
