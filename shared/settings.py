"""All settings: one table, read from the environment and checked once, at the first use.

Each field's alias is its environment variable; its description is what docs/settings.md says.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from shared.domain.policy import Policy
from shared.domain.prompts import PromptRules
from shared.prompt_file import PromptFileError, read_prompt_rules

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
    describe_timeout: float = Field(
        30,
        alias="DESCRIBE_TIMEOUT_SECONDS",
        description="s; the time to describe a drawing that came without words, likewise",
        gt=0,
    )
    describe_attempts: int = Field(
        2,
        alias="DESCRIBE_ATTEMPTS",
        description="tries to have such a drawing described; 0: never, it is painted as it is",
        ge=0,
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
        "--v 7",
        alias="MIDJOURNEY_VERSION",
        description="written in every prompt; one of the models in `shared/prompts.toml`",
    )
    candidate: Literal["nearest", "1", "2", "3", "4"] = Field(
        "nearest",
        alias="CANDIDATE",
        description="which of the four is enlarged: 1 to 4, or that `nearest` to its reference",
    )
    prompts_file: str = Field(
        "", alias="PROMPTS_FILE", description="prompt rules to use instead of `shared/prompts.toml`"
    )
    banned_words_file: str = Field(
        "",
        alias="BANNED_WORDS_FILE",
        description="the proxy's own `banned-words.txt`, instead of the list in the prompt rules",
    )
    sketch_hosts: str = Field(
        "",
        alias="SKETCH_HOSTS",
        description="hosts whose https links may be drawings, comma-separated; `.x.org`: below it",
    )
    sketch_bytes: int = Field(
        6 * 1024 * 1024, alias="SKETCH_MAX_BYTES", description="bytes of a drawing, at most", ge=1
    )

    @model_validator(mode="after")
    def _lease_outlives_calls(self) -> Self:
        # Else a claim could count as dead while its submission is on its way: paid twice.
        if self.submit_within < 1:
            shortest = self.proxy_timeout + CONNECT_AND_MARGIN + 1
            raise ValueError(f"CLAIM_LEASE_SECONDS must be at least {shortest:g}")
        return self

    @model_validator(mode="after")
    def _prompts_can_be_read(self) -> Self:
        try:
            self.prompts()
        except PromptFileError as error:
            names = "MIDJOURNEY_VERSION, PROMPTS_FILE, BANNED_WORDS_FILE"
            raise ValueError(f"{names}: {error}".rstrip(".")) from None
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

    def hosts_of_sketches(self) -> tuple[str, ...]:
        """The hosts whose links may be drawings."""
        return tuple(host.strip() for host in self.sketch_hosts.split(",") if host.strip())

    def prompts(self) -> PromptRules:
        """The prompt rules of the model that is chosen."""
        return read_prompt_rules(
            self.midjourney_version, _path(self.prompts_file), _path(self.banned_words_file)
        )

    def policy(self) -> Policy:
        """The figures that `decide` works with."""
        return Policy(
            prompts=self.prompts(),
            candidate=None if self.candidate == "nearest" else int(self.candidate),
            describe_limit=timedelta(seconds=self.describe_timeout),
            describe_attempts=self.describe_attempts,
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
        )


def _path(name: str) -> Path | None:
    return Path(name) if name else None


def _in_words(error: ErrorDetails) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "string_pattern_mismatch":
        meanings = {field.alias: field.description for field in Settings.model_fields.values()}
        return f"{name} is not a {meanings[name]}"
    said = error["msg"].removeprefix("Value error, ")
    return f"{name}: {said}" if name else said


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process's settings."""
    return Settings.read(os.environ)
