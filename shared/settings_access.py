"""The settings of who may call, and how much: a part of the table of all settings."""

import re
from typing import Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

_ORIGIN = re.compile(
    r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?", re.ASCII
)
"""As browsers write one (https://html.spec.whatwg.org, "serialization of an origin")."""
_DEFAULT_PORTS = ("http://", ":80"), ("https://", ":443")


class AccessSettings(BaseModel):
    """Whose calls are taken, from which pages, and how many."""

    auth: Literal["firebase", "jwt", "emulator", "none"] = Field(
        "firebase",
        alias="AUTH",
        description="who vouches for clients: `firebase` (ID tokens), `jwt` (tokens of an issuer "
        "of yours), `emulator` (unsigned tokens) or `none` (everybody is one owner); the last two "
        "are refused on Google Cloud",
    )
    auth_issuer: str = Field(
        "", alias="AUTH_ISSUER", description="`iss` of the tokens; needed with `jwt`"
    )
    auth_audience: str = Field(
        "", alias="AUTH_AUDIENCE", description="`aud` of the tokens; needed with `jwt`"
    )
    auth_keys_url: str = Field(
        "",
        alias="AUTH_KEYS_URL",
        description="where the issuer's public keys are (JWKS); needed with `jwt`; empty with "
        "`firebase`: Google's",
        pattern=r"^(https?://\S+)?$",
    )
    app_check_project: str = Field(
        "",
        alias="APP_CHECK_PROJECT_NUMBER",
        description="project number whose App Check tokens clients must send as well; empty: none",
        pattern=r"^\d*$",
    )
    app_check_keys_url: str = Field(
        "https://firebaseappcheck.googleapis.com/v1/jwks",
        alias="APP_CHECK_KEYS_URL",
        description="where App Check's public keys are",
        pattern=r"^https?://\S+$",
    )
    invoker: str = Field(
        "",
        alias="INVOKER",
        description="account whose OIDC token a call of this internal function must carry; empty: "
        "no token is asked for (refused on Google Cloud)",
    )
    invoker_keys_url: str = Field(
        "https://www.googleapis.com/oauth2/v3/certs",
        alias="INVOKER_KEYS_URL",
        description="where the public keys of such tokens are",
        pattern=r"^https?://\S+$",
    )
    service: str = Field(
        "",
        alias="K_SERVICE",
        description="set by Google Cloud itself: the function's name there; elsewhere empty",
    )
    jobs_per_hour: int = Field(
        0, alias="JOBS_PER_HOUR", description="books an owner may start in an hour; 0: any", ge=0
    )
    pictures_per_day: int = Field(
        0,
        alias="PICTURES_PER_DAY",
        description="pictures an owner may have painted in a day (UTC), those painted again and "
        "others of the four included; 0: any",
        ge=0,
    )
    cors_origins: str = Field(
        "",
        alias="CORS_ORIGINS",
        description="origins of web pages that may call, comma-separated, as in "
        "https://app.example; empty: none",
    )

    @property
    def deployed(self) -> bool:
        """Whether this process runs on Google Cloud, where no caller goes unchecked."""
        return self.service != ""

    @model_validator(mode="after")
    def _own_tokens_can_be_checked(self) -> Self:
        needed = {
            "AUTH_ISSUER": self.auth_issuer,
            "AUTH_AUDIENCE": self.auth_audience,
            "AUTH_KEYS_URL": self.auth_keys_url,
        }
        missing = [name for name, value in needed.items() if not value]
        if self.auth == "jwt" and missing:
            raise ValueError(f"AUTH=jwt needs {', '.join(missing)} as well")
        return self

    @model_validator(mode="after")
    def _deployed_callers_are_checked(self) -> Self:
        if not self.deployed:
            return self
        if self.auth in {"none", "emulator"}:
            raise ValueError(f"AUTH must be firebase or jwt on Google Cloud, not {self.auth}")
        urls = {
            "AUTH_KEYS_URL": self.auth_keys_url,
            "APP_CHECK_KEYS_URL": self.app_check_keys_url,
            "INVOKER_KEYS_URL": self.invoker_keys_url,
        }
        open_to_all = [name for name, url in urls.items() if url.startswith("http:")]
        if open_to_all:
            raise ValueError(f"{', '.join(open_to_all)} must be https on Google Cloud")
        return self

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, text: str) -> str:
        for origin in listed(text):
            usual = any(origin.startswith(a) and origin.endswith(b) for a, b in _DEFAULT_PORTS)
            if usual or not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin} is no origin. Write each as browsers do: scheme and host in lower "
                    "case, the port if it is not the usual one, as in https://app.example; no "
                    "path, no slash at the end, no *"
                )
        return text

    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may call."""
        return listed(self.cors_origins)


def listed(text: str) -> tuple[str, ...]:
    """The parts of a setting that is a list, comma-separated."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
