"""What a step may ask the world to do (`Ask`); the answer is the next observation.

`shared.domain.decide` asks; the use case `carry_out` carries it out.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.image import BackgroundEffect, Kind


@dataclass(frozen=True, kw_only=True)
class SubmitImagine:
    """Send an IMAGINE: it costs money, and its claim has been committed."""

    prompt: str
    drawing: str | None
    """The object in our bucket that goes along as an image prompt."""
    token: str
    not_after: datetime
    """Later than this it must not be sent: the claim's lease could be over before the answer."""


@dataclass(frozen=True, kw_only=True)
class SubmitUpscale:
    """Send an UPSCALE of one of the four pictures of a grid: costs money, is claimed."""

    parent_task_id: str
    index: int
    token: str
    not_after: datetime
    """As for an IMAGINE."""


@dataclass(frozen=True, kw_only=True)
class SubmitDescribe:
    """Have a drawing put into words; claimed like what costs money."""

    drawing: str
    token: str
    not_after: datetime
    """As for an IMAGINE."""


@dataclass(frozen=True, kw_only=True)
class ChooseCandidate:
    """Find out which of a grid's four has colours nearest to the picture it was painted after."""

    grid_url: str
    reference_url: str | None
    """The book's reference; None for one that was painted after a drawing only."""
    drawing: str | None


@dataclass(frozen=True, kw_only=True)
class Look:
    """Fetch one of the painter's tasks; `token` proves that it is ours."""

    task_id: str
    token: str


@dataclass(frozen=True, kw_only=True)
class Find:
    """Search the painter's whole task list for a submission whose answer was lost."""

    token: str
    since: datetime
    """When it was claimed: it can't have been submitted earlier."""


@dataclass(frozen=True, kw_only=True)
class StorePicture:
    """Copy the painter's finished picture into our bucket, cut out or blurred."""

    kind: Kind
    background_effect: BackgroundEffect
    source_url: str
    name: str
    """What the objects' names begin with; the same for every try, so a repeat changes nothing."""
    expire_at: datetime
    """When the image's document goes, and so the objects."""
    grid_url: str | None = None
    """The grid, if the previews of its four are not stored yet."""
    last_try: bool = False
    """Store it as it was painted: what finishing it does has failed, or killed us, before."""


Ask = SubmitDescribe | SubmitImagine | SubmitUpscale | ChooseCandidate | Look | Find | StorePicture
