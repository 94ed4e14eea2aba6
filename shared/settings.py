"""All settings: one table, read from the environment and checked once, at the first use.

Each field's alias is its environment variable; its description is what the README's table says.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from shared.domain.policy import Policy
from shared.domain.prompt import PromptRules

CONNECT_AND_MARGIN = 4.0
"""Seconds: to connect to the proxy takes 3 at most, and clocks are not quite the same."""


class SettingsError(Exception):
    """A setting is missing or wrong; the message names each variable and what it should be."""


class Settings(BaseModel):
    """Every setting of the server, with unit, default and meaning."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    project: str = Field(alias="GOOGLE_CLOUD_PROJECT", description="Google Cloud project id")
    tasks_location: str = Field(
        "asia-northeast3", alias="TASKS_LOCATION", description="region of the Cloud Tasks queues"
    )
    tasks_service_account: str = Field(
        "",
        alias="TASKS_SERVICE_ACCOUNT",
        description="account whose OIDC token the tasks carry; empty: no token (local only)",
    )
    tasks_host: str = Field(
        "",
        alias="CLOUD_TASKS_EMULATOR_HOST",
        description="host:port of a local Cloud Tasks server; empty: the real one",
    )
    functions_url: str = Field(
        alias="FUNCTIONS_URL",
        description="URL before `/<function>`, as in https://REGION-PROJECT.cloudfunctions.net",
        pattern=r"^https?://[^/].*[^/]$",
    )
    bucket: str = Field(alias="PICTURES_BUCKET", description="bucket for the pictures")
    pictures_url: str = Field(
        "https://storage.googleapis.com/{bucket}",
        alias="PICTURES_URL",
        description="URL before an object's name; `{bucket}` is filled in",
    )
    proxy_url: str = Field(
        alias="MIDJOURNEY_PROXY_URL",
        description="URL of the MidJourney Proxy with its context path, as in http://host:8080/mj",
        pattern=r"^https?://[^/].*[^/]$",
    )
    proxy_secret: str = Field(
        "", alias="MIDJOURNEY_PROXY_SECRET", description="its `mj-api-secret`; empty: none"
    )
    proxy_timeout: float = Field(
        10,
        alias="PROXY_TIMEOUT_SECONDS",
        description="s; a call to the proxy waits this long for an answer",
        gt=0,
    )
    slots: int = Field(
        12, alias="SLOTS", description="images at the proxy at once, at most", ge=1, le=1000
    )
    max_images: int = Field(
        20, alias="MAX_IMAGES", description="images in one request, at most", ge=1, le=100
    )
    imagine_timeout: float = Field(
        120,
        alias="IMAGINE_TIMEOUT_SECONDS",
        description="s; an IMAGINE's time from the moment the proxy began to work on it",
        gt=0,
    )
    upscale_timeout: float = Field(
        30, alias="UPSCALE_TIMEOUT_SECONDS", description="s; an UPSCALE's time, likewise", gt=0
    )
    imagine_attempts: int = Field(
        3, alias="IMAGINE_ATTEMPTS", description="IMAGINEs per image, the first included", ge=1
    )
    upscale_attempts: int = Field(
        3, alias="UPSCALE_ATTEMPTS", description="UPSCALEs per image, the first included", ge=1
    )
    store_attempts: int = Field(
        5, alias="STORE_ATTEMPTS", description="tries to copy a finished picture", ge=1
    )
    image_deadline: float = Field(
        1800,
        alias="IMAGE_DEADLINE_SECONDS",
        description="s; an image's time from admission to its end, the proxy's own queue included",
        gt=0,
    )
    job_deadline: float = Field(
        21600,
        alias="JOB_DEADLINE_SECONDS",
        description="s; a job's time from the request (or a regeneration) to its end",
        gt=0,
    )
    job_lifetime_days: float = Field(
        180, alias="JOB_LIFETIME_DAYS", description="days until a job's documents expire", gt=0
    )
    claim_lease: float = Field(
        30,
        alias="CLAIM_LEASE_SECONDS",
        description="s; an unanswered submit counts as dead after it; longer than any call",
        gt=0,
    )
    look_min: float = Field(
        1, alias="LOOK_MIN_SECONDS", description="s; shortest time between two looks", gt=0
    )
    look_max: float = Field(
        10, alias="LOOK_MAX_SECONDS", description="s; longest time between two looks", gt=0
    )
    backoff_min: float = Field(
        1, alias="BACKOFF_MIN_SECONDS", description="s; first wait after a trouble; doubles", gt=0
    )
    backoff_max: float = Field(
        30, alias="BACKOFF_MAX_SECONDS", description="s; longest wait after a trouble", gt=0
    )
    head_start: float = Field(
        1800,
        alias="HEAD_START_SECONDS",
        description="s by which references and regenerations go before images of the same age",
        ge=0,
    )
    sweep_grace: float = Field(
        30,
        alias="SWEEP_GRACE_SECONDS",
        description="s that a step or a fan-out may be overdue before the sweeper steps in",
        ge=0,
    )
    task_attempts: int = Field(
        8,
        alias="TASK_ATTEMPTS",
        description="attempts of a task; the queues' `max_attempts` (`infra/queues.json`)",
        ge=1,
    )
    midjourney_version: str = Field(
        "--v 7", alias="MIDJOURNEY_VERSION", description="written in every prompt",
        pattern=r"^--(v|niji) [0-9.]+$",
    )  # fmt: skip

    @model_validator(mode="after")
    def _lease_outlives_calls(self) -> Self:
        # Else a claim could count as dead while its submission is on its way: paid twice.
        if self.submit_within < 1:
            shortest = self.proxy_timeout + CONNECT_AND_MARGIN + 1
            raise ValueError(f"CLAIM_LEASE_SECONDS must be at least {shortest:g}")
        return self

    @property
    def submit_within(self) -> float:
        """Seconds after its claim in which a submission may be sent, to be answered in time."""
        return self.claim_lease - self.proxy_timeout - CONNECT_AND_MARGIN

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings in an environment; empty variables count as unset.

        Raises `SettingsError` that names every variable that is missing or wrong.
        """
        try:
            return cls.model_validate({k: v for k, v in environment.items() if v != ""})
        except ValidationError as error:
            wrong = "; ".join(_in_words(e) for e in error.errors())
            raise SettingsError(f"Check these environment variables: {wrong}.") from None

    def policy(self) -> Policy:
        """The figures that `decide` works with."""
        return Policy(
            slots=self.slots,
            imagine_limit=timedelta(seconds=self.imagine_timeout),
            upscale_limit=timedelta(seconds=self.upscale_timeout),
            imagine_attempts=self.imagine_attempts,
            upscale_attempts=self.upscale_attempts,
            store_attempts=self.store_attempts,
            image_deadline=timedelta(seconds=self.image_deadline),
            claim_lease=timedelta(seconds=self.claim_lease),
            submit_within=timedelta(seconds=self.submit_within),
            look_min=timedelta(seconds=self.look_min),
            look_max=timedelta(seconds=self.look_max),
            backoff_min=timedelta(seconds=self.backoff_min),
            backoff_max=timedelta(seconds=self.backoff_max),
            head_start=timedelta(seconds=self.head_start),
            fan_out_grace=timedelta(seconds=self.sweep_grace),
            prompts=PromptRules(version=self.midjourney_version),
        )


def _in_words(error: ErrorDetails) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "string_pattern_mismatch":
        meanings = {field.alias: field.description for field in Settings.model_fields.values()}
        return f"{name} is not a {meanings[name]}"
    return f"{name}: {error['msg']}" if name else error["msg"]


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings."""
    return Settings.read(os.environ)
