"""The table of all settings: each with its environment variable, unit, default and meaning.

Each field's alias is its environment variable; its description is what docs/settings.md says.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from shared.domain.image import BackgroundEffect
from shared.settings_access import AccessSettings
from shared.settings_watching import WatchingSettings


class SettingsTable(AccessSettings, WatchingSettings):
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
    tasks_url: str = Field(
        "",
        alias="TASKS_URL",
        description="URL that tasks go to, as in https://{function}-1234567890.REGION.run.app; "
        "empty: FUNCTIONS_URL/{function}",
        pattern=r"^(https?://\S*\{function\}\S*)?$",
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
        "https://firebasestorage.googleapis.com/v0/b/{bucket}/o/{name}?alt=media&token={token}",
        alias="PICTURES_URL",
        description="link to an object; `{bucket}`, `{name}` and its `{token}` are filled in",
        pattern=r"^https?://\S*\{name\}",
    )
    picture_hosts: str = Field(
        "cdn.discordapp.com,media.discordapp.net",
        alias="PICTURE_HOSTS",
        description="hosts of the painter's links, comma-separated, beside the proxy's own; "
        "`.x.org`: below it",
    )
    cutout_model: Literal["u2net", "u2netp", "both", "none"] = Field(
        "both",
        alias="CUTOUT_MODEL",
        description="cuts characters out: `u2net`, `u2netp` or `both`; `none`: nothing does",
    )
    models_folder: str = Field(
        "models", alias="MODELS_FOLDER", description="folder of the models' files"
    )
    background_effect: BackgroundEffect = Field(
        BackgroundEffect.BLUR,
        alias="BACKGROUND_EFFECT",
        description="of backgrounds, if a request says nothing: `blur`, `pale` or `none`",
    )
    fallbacks_file: str = Field(
        "",
        alias="FALLBACKS_FILE",
        description="TOML file with the pictures that stand in for what finally failed, by tale",
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
    notify_secret: str = Field(
        "",
        alias="NOTIFY_SECRET",
        description="signs the addresses that the proxy notifies, 16 characters or more; empty: "
        "it is not asked to, and is looked at instead",
        pattern=r"^(.{16,})?$",
    )
    notify_url: str = Field(
        "",
        alias="NOTIFY_URL",
        description="URL before `/notify` as the proxy reaches it; empty: FUNCTIONS_URL",
        pattern=r"^(https?://[^/].*[^/])?$",
    )
    slots: int = Field(
        12,
        alias="SLOTS",
        description="images that the proxy works on at once: `core-size` of all its accounts",
        ge=1,
        le=1000,
    )
    ahead: int = Field(
        1,
        alias="SLOTS_AHEAD",
        description="images more that wait in the proxy's own queue, so that its slots never wait "
        "for us; less than its `queue-size`",
        ge=0,
        le=1000,
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
        5,
        alias="STORE_ATTEMPTS",
        description="tries to finish and copy a picture; the last copies it as it was painted",
        ge=1,
    )
    store_lease: float = Field(
        60,
        alias="STORE_LEASE_SECONDS",
        description="s; a try to finish and copy a picture counts as dead after it",
        gt=0,
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
        180,
        alias="JOB_LIFETIME_DAYS",
        description="days until a job's documents expire, and a day later its pictures; "
        "180 at most",
        gt=0,
        le=180,
    )
    claim_lease: float = Field(
        30,
        alias="CLAIM_LEASE_SECONDS",
        description="s; an unanswered submit counts as dead after it; longer than any call",
        gt=0,
    )
    clocks_apart: float = Field(
        5,
        alias="CLOCKS_APART_SECONDS",
        description="s by which the clocks of two instances may differ; a lease outlives it",
        ge=0,
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
    turn: float = Field(
        6,
        alias="TURN_SECONDS",
        description="s that all slots together take for an image; an owner's next book stands back "
        "by as much for each image of those under way",
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
    callback_hosts: str = Field(
        "",
        alias="CALLBACK_HOSTS",
        description="hosts that a `callbackUrl` may lead to, comma-separated; `.x.org`: below it",
    )
    callback_secret: str = Field(
        "",
        alias="CALLBACK_SECRET",
        description="signs what is told to them: `whsec_` and 24 bytes or more in base64, or a "
        "text of 16 characters or more; an old one may follow after a space; empty: no callbacks",
    )
    callback_timeout: float = Field(
        10,
        alias="CALLBACK_TIMEOUT_SECONDS",
        description="s; a callback waits this long for an answer",
        gt=0,
    )
    callback_attempts: int = Field(
        35,
        alias="CALLBACK_ATTEMPTS",
        description="attempts of a callback; its queue's `max_attempts` (`infra/queues.json`)",
        ge=1,
    )
    sketch_bytes: int = Field(
        6 * 1024 * 1024, alias="SKETCH_MAX_BYTES", description="bytes of a drawing, at most", ge=1
    )
