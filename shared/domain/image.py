"""An image: one picture of the book, and everything its step machine has to remember."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from shared.domain.failure import Failure, FailureCode


class Kind(StrEnum):
    """What a picture shows."""

    CHARACTER = "character"
    BACKGROUND = "background"


class Role(StrEnum):
    """What a picture is to its book."""

    REFERENCE = "reference"
    """The main character, painted first; all others are painted after it."""
    MEMBER = "member"


class ImageStatus(StrEnum):
    """Where a picture stands, as clients see it."""

    WAITING_FOR_REFERENCE = "waiting_for_reference"
    QUEUED = "queued"
    """Ready to be painted; waits for a free slot at the painter."""
    PAINTING = "painting"
    UPSCALING = "upscaling"
    POST_PROCESSING = "post_processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class BackgroundEffect(StrEnum):
    """What is done to a background, so that a figure stands out on it."""

    BLUR = "blur"
    PALE = "pale"
    """A white veil."""
    NONE = "none"


ENDED = frozenset({ImageStatus.SUCCEEDED, ImageStatus.FAILED, ImageStatus.CANCELED})


class Step(StrEnum):
    """What has to be done next with an image; `Image.due_at` says when."""

    DESCRIBE = "describe"
    """Have a drawing without words described, or find out what became of such a submission."""
    WATCH_DESCRIBE = "watch_describe"
    IMAGINE = "imagine"
    """Submit an IMAGINE, or find out what became of one whose answer was lost."""
    WATCH_IMAGINE = "watch_imagine"
    UPSCALE = "upscale"
    """Submit an UPSCALE, or find out what became of one whose answer was lost."""
    WATCH_UPSCALE = "watch_upscale"
    STORE = "store"
    """Copy the painter's picture into our bucket (the post-process function)."""
    DRAIN = "drain"
    """The image was canceled while the painter worked: keep its slot until the painter is done."""
    EXPIRE = "expire"
    """Nothing but waiting: `due_at` is the deadline at which waiting turns into failing."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One IMAGINE or UPSCALE: claimed before it is sent, known by its task id afterwards."""

    token: str
    """Unique; travels as the proxy's `state`, so that a lost answer can be found again."""
    claimed_at: datetime
    task_id: str | None = None
    """The painter's id; None while nobody knows whether the painter has it."""
    started_at: datetime | None = None
    """When the painter began to work on it; None while it waits in the painter's own queue."""
    answer_lost: bool = False
    """Whether the call that sent it came back without an answer."""
    seed: int | None = None
    """The IMAGINE's `--seed`, 0..4294967295; makes prompts in flight differ."""
    rules: str | None = None
    """The version of the prompt rules that the IMAGINE's prompt was built by."""
    done: bool = False
    """Whether the painter finished it: of an IMAGINE, whether its four pictures can be upscaled."""
    seconds: float | None = None
    """How long the painter worked on it until it was done, by its own clock, if it said."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(alias_generator=to_camel)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One of the pictures that are kept of an image, in our bucket."""

    url: str
    """Works without an account for as long as the object is there."""
    name: str
    """Of the object."""
    content_type: str
    width: int
    """Pixels, as is the height."""
    height: int

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(alias_generator=to_camel)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Where the picture that clients see comes from, whatever becomes of later generations."""

    imagine: Submission
    """Of the four that it was chosen from."""
    candidate: int
    """Which of them, 1..4."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(alias_generator=to_camel)


@dataclass(frozen=True, kw_only=True)
class Image:
    """One picture of the book. The document `jobs/{jobId}/images/{imageId}` holds just this."""

    image_id: str
    job_id: str
    owner_uid: str
    kind: Kind
    role: Role
    name: str
    prompt: str
    """The child's words, as the client sent them; empty if options or a drawing say it all."""
    status: ImageStatus
    created_at: datetime
    updated_at: datetime
    deadline_at: datetime
    """When the picture ends, finished or not."""
    expire_at: datetime
    """When Firestore's TTL policy may delete the document; its job's."""
    nonce: str
    """Random, new at each generation: makes tokens unique and object names unguessable."""
    class_id: str | None = None
    """Its job's."""
    option_ids: tuple[str, ...] = ()
    """The options of the catalogue that were chosen for a character's looks."""
    drawing: str | None = None
    """The child's own drawing of it: the name of an object in our bucket."""
    described: str = ""
    """What the painter says is to be seen in the drawing; asked for if the child said nothing."""
    same_as_reference: bool = False
    """Whether this is the main character once more, in another pose."""
    generation: int = 1
    """Up by one at each regeneration; part of the fencing token."""
    seq: int = 0
    """Up by one at each transition; part of the fencing token."""
    progress: int = 0
    """Percent, 0..100; never falls within a generation."""
    background_effect: BackgroundEffect = BackgroundEffect.BLUR
    """What is done to it if it is a background."""
    image_url: str | None = None
    """Where clients get the picture; a regeneration keeps it until the new one is there."""
    preview_url: str | None = None
    """While it is painted the painter's partial picture or grid, which expires; then our own."""
    fallback_url: str | None = None
    """The picture that stands in for it if it finally fails, where there is one for the tale."""
    is_fallback: bool = False
    """Whether `image_url` is that one."""
    warnings: tuple[str, ...] = ()
    """Stable codes of what did not go as wished with the picture that is shown."""
    grid_url: str | None = None
    """The painter's four pictures in one, until their previews are stored; expires."""
    variants: Mapping[str, Variant] = field(default_factory=dict)
    """By name: `original`, `cutout` or `blurred` or `paled`, `preview`, `candidate1` to 4."""
    error: Failure | None = None
    """Why it failed; on a succeeded image, why its latest regeneration brought nothing new."""
    next_step: Step | None = None
    due_at: datetime | None = None
    """When `next_step` is due; the sweeper looks for those long past it."""
    turn: datetime | None = None
    """Its place among all that wait for a slot: earlier ones are admitted first."""
    admit_key: datetime | None = None
    """Its turn, while it waits for a slot."""
    admitted_at: datetime | None = None
    """When its time at work began: with the slot, or when last the painter took nothing at all."""
    holds_slot: bool = False
    """Whether it counts against the painter's slots."""
    crowded: bool = False
    """Whether others waited for a slot when it got its own, so that one may wait for it again."""
    reference_url: str | None = None
    """The picture that it is painted after."""
    reference_seconds: float | None = None
    """What the painter worked on that one, if this image had to wait for it."""
    fan_out_due_at: datetime | None = None
    """On a reference that is ready: by when its members should have been started."""
    callback_url: str | None = None
    """Where the client's own server is told of endings; its job's."""
    callback_due_at: datetime | None = None
    """Since when it should have been told of this ending; None once it has been."""
    describe: Submission | None = None
    imagine: Submission | None = None
    upscale: Submission | None = None
    candidate: int | None = None
    """Which of the four pictures of the grid is upscaled, 1..4; None until it is chosen."""
    shown: Shown | None = None
    describe_attempts: int = 0
    imagine_attempts: int = 0
    upscale_attempts: int = 0
    store_attempts: int = 0
    troubles: int = 0
    """Faults in a row that cost no attempt (painter busy or out of reach); sets the back-off."""
    source_url: str | None = None
    """The painter's finished picture; expires, so it is copied at once."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(alias_generator=to_camel)

    @property
    def ended(self) -> bool:
        """Whether this generation has come to its end, good or bad."""
        return self.status in ENDED

    @property
    def has_grid(self) -> bool:
        """Whether four pictures are painted, of which one can be upscaled."""
        return self.imagine is not None and self.imagine.done

    @property
    def has_picture(self) -> bool:
        """Whether a picture of its own is there, be it of an earlier generation."""
        return self.image_url is not None and not self.is_fallback

    @property
    def latest_submission(self) -> Submission | None:
        """What the painter was sent last."""
        return self.upscale or self.imagine or self.describe

    @property
    def needs_words(self) -> bool:
        """Whether there is a drawing of which nobody has said what it shows."""
        return self.drawing is not None and not (self.prompt.strip() or self.described)

    @property
    def offered_grid(self) -> Submission | None:
        """The IMAGINE of whose four another one can be had: those that clients see, if any."""
        if self.shown is not None:
            return self.shown.imagine
        return self.imagine if self.has_grid else None

    @property
    def keeps_its_grid(self) -> bool:
        """Whether this generation began with the four pictures of an earlier one."""
        return self.has_grid and self.imagine_attempts == 0

    @property
    def painting_seconds(self) -> float | None:
        """What the painter worked on this generation's picture, failed tries apart, if it said."""
        parts = [self.upscale] if self.keeps_its_grid else [self.imagine, self.upscale]
        known = [part.seconds for part in parts if part and part.seconds is not None]
        return sum(known) if len(known) == len(parts) else None

    @property
    def critical_seconds(self) -> float | None:
        """The same, and before it the main character's, if this one had to wait for that."""
        before = 0.0 if self.is_reference else self.reference_seconds
        own = self.painting_seconds
        if self.status is not ImageStatus.SUCCEEDED or before is None or own is None:
            return None
        return before + own

    @property
    def is_reference(self) -> bool:
        """Whether all others of the book are painted after this one."""
        return self.role is Role.REFERENCE

    @property
    def failed_with_reference(self) -> bool:
        """Whether it failed only because its reference did, so that a new reference revives it."""
        return (
            self.status is ImageStatus.FAILED
            and self.error is not None
            and self.error.code is FailureCode.REFERENCE_FAILED
        )
