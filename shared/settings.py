"""All settings, read from the environment and checked once, at the first use."""

import base64
import os
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import ValidationError, model_validator
from pydantic_core import ErrorDetails

from shared.domain.fallbacks import Fallbacks
from shared.domain.policy import CONNECT_SECONDS, Policy
from shared.domain.prompts import PromptRules
from shared.fallback_file import FallbackFileError, read_fallbacks
from shared.notify_hooks import NotifyHooks
from shared.prompt_file import PromptFileError, read_prompt_rules
from shared.settings_access import listed
from shared.settings_table import SettingsTable

_WHSEC = "whsec_"
"""What a key in base64 begins with (Standard Webhooks)."""


class SettingsError(Exception):
    """A setting is missing or wrong; the message names each variable and what it should be."""


class Settings(SettingsTable):
    """Every setting of the server, checked, and what follows from them."""

    @model_validator(mode="after")
    def _lease_outlives_calls(self) -> Self:
        # Else a claim could count as dead while its submission is on its way: paid twice.
        if self.submit_within < 1:
            shortest = self.claim_lease - self.submit_within + 1
            raise ValueError(f"CLAIM_LEASE_SECONDS must be at least {shortest:g}")
        return self

    @model_validator(mode="after")
    def _files_can_be_read(self) -> Self:
        try:
            self.prompts()
            self.fallbacks()
        except FallbackFileError as error:
            raise ValueError(f"FALLBACKS_FILE: {error}".rstrip(".")) from None
        except PromptFileError as error:
            names = "MIDJOURNEY_VERSION, PROMPTS_FILE, BANNED_WORDS_FILE"
            raise ValueError(f"{names}: {error}".rstrip(".")) from None
        return self

    @model_validator(mode="after")
    def _callbacks_can_be_signed(self) -> Self:
        self.callback_keys()
        return self

    @property
    def submit_within(self) -> float:
        """Seconds after its claim in which a submission may be sent, to be answered in time."""
        return self.claim_lease - self.proxy_timeout - CONNECT_SECONDS - self.clocks_apart

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

    def task_target(self) -> str:
        """The URL of a function that a task rings; `{function}` is filled in."""
        return self.tasks_url or f"{self.functions_url}/{{function}}"

    def hosts_of_sketches(self) -> tuple[str, ...]:
        """The hosts whose links may be drawings."""
        return listed(self.sketch_hosts)

    def hosts_of_pictures(self) -> tuple[str, ...]:
        """The hosts of the painter's links, and of our own to what it painted earlier."""
        links = (self.proxy_url, self.pictures_url.replace("{bucket}", self.bucket))
        ours = (urlsplit(url).hostname or "" for url in links)
        return (*listed(self.picture_hosts), *ours)

    def hosts_of_callbacks(self) -> tuple[str, ...]:
        """The hosts that clients may have called back."""
        return listed(self.callback_hosts)

    def callback_keys(self) -> tuple[bytes, ...]:
        """What callbacks are signed with, the newest first; none: there are no callbacks.

        Raises ValueError if a secret is none, without saying what it is.
        """
        return tuple(_key(secret) for secret in self.callback_secret.split())

    def hooks(self) -> NotifyHooks | None:
        """Where the painter sends its news, if it is to."""
        if not self.notify_secret:
            return None
        return NotifyHooks(self.notify_url or self.functions_url, self.notify_secret)

    def fallbacks(self) -> Fallbacks:
        """The pictures that stand in for what finally failed."""
        return read_fallbacks(_path(self.fallbacks_file))

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
            ahead=self.ahead,
            imagine_limit=timedelta(seconds=self.imagine_timeout),
            upscale_limit=timedelta(seconds=self.upscale_timeout),
            imagine_attempts=self.imagine_attempts,
            upscale_attempts=self.upscale_attempts,
            store_attempts=self.store_attempts,
            store_lease=timedelta(seconds=self.store_lease),
            image_deadline=timedelta(seconds=self.image_deadline),
            claim_lease=timedelta(seconds=self.claim_lease),
            submit_within=timedelta(seconds=self.submit_within),
            look_min=timedelta(seconds=self.look_min),
            look_max=timedelta(seconds=self.look_max),
            backoff_min=timedelta(seconds=self.backoff_min),
            backoff_max=timedelta(seconds=self.backoff_max),
            head_start=timedelta(seconds=self.head_start),
            turn=timedelta(seconds=self.turn),
            notified=bool(self.notify_secret),
            fan_out_grace=timedelta(seconds=self.sweep_grace),
        )


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix(_WHSEC)
    if encoded == secret:
        key, least = secret.encode(), 16
    else:
        least = 24  # and 64 at most, as Standard Webhooks has it
        try:
            key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except ValueError:
            key = b""
    if len(key) < least:
        # `from None`: nothing that quotes a secret.
        raise ValueError(
            "CALLBACK_SECRET must be whsec_ and 24 bytes or more in base64, or 16 characters or "
            "more without a space"
        ) from None
    return key


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
