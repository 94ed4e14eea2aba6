"""Every entry point that can be deployed, by name; nothing else."""

from functions.admit import admit
from functions.callback import callback
from functions.cancel import cancel
from functions.delete import delete
from functions.download import download
from functions.fanout import fanout
from functions.forget import forget
from functions.generate import generate
from functions.health import health
from functions.jobs import jobs
from functions.notify import notify
from functions.postprocess import postprocess
from functions.regenerate import regenerate
from functions.status import status
from functions.step import step
from functions.styles import styles
from functions.sweep import sweep

__all__ = [
    "admit",
    "callback",
    "cancel",
    "delete",
    "download",
    "fanout",
    "forget",
    "generate",
    "health",
    "jobs",
    "notify",
    "postprocess",
    "regenerate",
    "status",
    "step",
    "styles",
    "sweep",
]
