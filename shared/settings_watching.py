"""The settings of what the server tells its operators: a part of the table of all settings."""

from pydantic import BaseModel, Field


class WatchingSettings(BaseModel):
    """What is traced, and where to."""

    trace_share: float = Field(
        0,
        alias="TRACE_SHARE",
        description="share of the books that are traced, 0 to 1; 0: none",
        ge=0,
        le=1,
    )
    trace_url: str = Field(
        "https://telemetry.googleapis.com/v1/traces",
        alias="TRACE_URL",
        description="where spans go (OTLP over HTTP); Google's needs the function's own account",
        pattern=r"^https?://\S+$",
    )
