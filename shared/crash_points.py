"""Moments at which a process may die: between any two things that it does to the outside.

Each has a name, and `reach` does nothing there. A test, though, can kill the process at exactly
that moment: on the local stack with a file of that name in the folder CRASH_FOLDER, in the
simulation through `observe`.
"""

import os
import signal
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path


class CrashPoint(StrEnum):
    """Where a process may die. Before and after are those of what is named."""

    JOB_WRITTEN = "job-written"
    """A new job is there, its admission not asked for."""
    REGENERATION_WRITTEN = "regeneration-written"
    CANCEL_WRITTEN = "cancel-written"
    """One image is canceled, others may not be yet."""
    SLOTS_COUNTED = "slots-counted"
    ADMISSION_WRITTEN = "admission-written"
    """Images have slots and claims; nothing was submitted."""
    PAUSED = "paused"
    """The painter is left alone, and no task will end that."""
    STEP_READ = "step-read"
    BEFORE_CLAIM = "before-claim"
    CLAIM_WRITTEN = "claim-written"
    """Nothing was submitted yet."""
    SUBMITTED = "submitted"
    """The painter's answer is in hand, and nowhere else."""
    ANSWER_WRITTEN = "answer-written"
    """The painter's task id is known, the next look not scheduled."""
    BEFORE_PROGRESS = "before-progress"
    """Something else than an answer or an ending is about to be written: what a look brought."""
    PROGRESS_WRITTEN = "progress-written"
    TASK_CREATED = "task-created"
    BEFORE_SLOT_FREED = "before-slot-freed"
    SLOT_FREED = "slot-freed"
    """The reference is published, or the picture painted; nothing was told."""
    BEFORE_UPLOAD = "before-upload"
    UPLOADED = "uploaded"
    """One of the variants is in the bucket."""
    BEFORE_END = "before-end"
    END_WRITTEN = "end-written"
    """An image has ended, its job is not concluded."""
    BEFORE_CONCLUSION = "before-conclusion"
    CONCLUDED = "concluded"
    DELETION_WRITTEN = "deletion-written"
    """Nobody finds the job any more; its objects are all there."""
    OBJECTS_REMOVED = "objects-removed"
    FAN_OUT_READ = "fan-out-read"
    FAN_OUT_WRITTEN = "fan-out-written"
    NEWS_READ = "news-read"
    NEWS_RUNG = "news-rung"
    SWEPT_ONE = "swept-one"
    CALLED_BACK = "called-back"
    """A client's server was told, and that is written nowhere."""


def observe(observer: Callable[[CrashPoint], None]) -> None:
    """Call it whenever a crash point is reached, in the place of whatever was called so far."""
    global _observer
    _observer = observer


def reach(point: CrashPoint) -> None:
    """Come by a crash point."""
    _observer(point)


def _pass(_: CrashPoint) -> None:
    pass


def _dies_by_file(folder: Path) -> Callable[[CrashPoint], None]:
    def die(point: CrashPoint) -> None:
        try:
            (folder / point).unlink()  # of several that come by, one gets it
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    return die


_folder = os.environ.get("CRASH_FOLDER")
_observer: Callable[[CrashPoint], None] = _dies_by_file(Path(_folder)) if _folder else _pass
