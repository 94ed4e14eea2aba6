"""Builds the real services from the settings, once per process and on first use."""

import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from google.cloud import firestore

from shared.adapters.callback_sender import HttpCallbackSender
from shared.adapters.cloud_tasks import CloudTaskQueue, tasks_client
from shared.adapters.download import Rules
from shared.adapters.firestore_store import FirestoreJobStore
from shared.adapters.midjourney import MidJourneyPainter
from shared.adapters.picture_finisher import PillowFinisher
from shared.adapters.picture_sources import HttpPictureSource, PainterPictureSource
from shared.adapters.picture_store import BucketPictureStore
from shared.adapters.picture_tools import PillowTools
from shared.adapters.rembg_masks import RembgMasks
from shared.adapters.remembered import RememberedSource
from shared.domain.quota import Quotas
from shared.settings import Settings, settings
from shared.usecases.paces import Paces
from shared.usecases.services import Services

T = TypeVar("T")

LOOKS = 6
"""Longest times between two looks, after which the painter's pace is learned anew from others."""

_provided: Services | None = None


def services() -> Services:
    """This process's services. Raises `SettingsError` if a setting is missing or wrong."""
    return _provided or _built()


def provide(others: Services | None) -> None:
    """Have the functions work with other services from now on; None: with the real ones again.

    The seam at which a test, or a program of its own, runs the functions over something else.
    """
    global _provided
    _provided = others


@lru_cache(maxsize=1)
def _built() -> Services:
    return build(settings())


def build(values: Settings) -> Services:
    """Services by these settings; nothing is called yet."""
    queue = CloudTaskQueue(
        tasks_client(values.tasks_host),
        project=values.project,
        location=values.tasks_location,
        target=values.task_target(),
        service_account=values.tasks_service_account,
    )
    policy = values.policy()
    pictures = PainterPictureSource(values.hosts_of_pictures())
    store = FirestoreJobStore(firestore.Client(project=values.project))
    return Services(
        store=store,
        queue=queue,
        painter=MidJourneyPainter(
            values.proxy_url,
            values.proxy_secret,
            values.proxy_timeout,
            values.hosts_of_pictures(),
        ),
        picture_source=pictures,
        reference_source=RememberedSource(pictures),
        drawing_source=HttpPictureSource(
            values.hosts_of_sketches(), rules=Rules(most_bytes=values.sketch_bytes)
        ),
        picture_store=BucketPictureStore(values.project, values.bucket, values.pictures_url),
        picture_tools=PillowTools(values.sketch_bytes),
        picture_finisher=_finisher(values),
        fallbacks=values.fallbacks(),
        policy=policy,
        hooks=values.hooks(),
        paces=Paces(store, _now, None if policy.notified else LOOKS * policy.look_max),
        clock=_now,
        new_nonce=lambda: secrets.token_hex(16),
        pause=time.sleep,
        side_by_side=_side_by_side,
        job_deadline=timedelta(seconds=values.job_deadline),
        job_lifetime=timedelta(days=values.job_lifetime_days),
        sweep_grace=timedelta(seconds=values.sweep_grace),
        callback_sender=_callback_sender(values),
        quotas=Quotas(jobs_per_hour=values.jobs_per_hour, pictures_per_day=values.pictures_per_day),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _side_by_side(things: list[Callable[[], T]]) -> list[T]:
    if len(things) == 1:
        return [things[0]()]
    with ThreadPoolExecutor(len(things) or 1) as threads:
        # Each with the call's own context, so that what it costs is counted.
        running = [threads.submit(copy_context().run, thing) for thing in things]
        return [one.result() for one in running]


def _callback_sender(values: Settings) -> HttpCallbackSender | None:
    keys = values.callback_keys()
    if not keys:
        return None
    return HttpCallbackSender(values.hosts_of_callbacks(), keys, values.callback_timeout)


def _finisher(values: Settings) -> PillowFinisher:
    if values.cutout_model == "none":
        return PillowFinisher(None)
    # Beside the functions' own files, if it is no absolute path.
    folder = Path(__file__).parents[1] / values.models_folder
    return PillowFinisher(RembgMasks(values.cutout_model, folder, os.cpu_count() or 1))
