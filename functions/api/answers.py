"""What clients get, as pydantic writes it: `views` builds these, the API document shows them.

Bounds and patterns are for the document only: an answer never fails for what it says.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from functions.api.requests import IMAGE_ID_PATTERN, JOB_ID_PATTERN
from shared.domain.failure import FailureCode
from shared.domain.image import BackgroundEffect, ImageStatus, Kind, Role
from shared.domain.job import JobStatus

JobId = Annotated[str, Field(json_schema_extra={"pattern": f"^{JOB_ID_PATTERN}$"})]
ImageId = Annotated[str, Field(json_schema_extra={"pattern": f"^{IMAGE_ID_PATTERN}$"})]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
Count = Annotated[int, Field(json_schema_extra={"minimum": 0})]
Percent = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": 100})]
Candidate = Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": 4})]


class AnswerModel(BaseModel):
    """An answer's part: fields in camelCase, each always there, be it as null.

    Newer servers may send further fields, so clients pass over what they don't know.
    """

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True
    )


class FailureModel(AnswerModel):
    """Why an image or a job did not come to a good end."""

    code: FailureCode
    """For programs; stays stable."""
    message: str
    """A sentence that says what to do."""


# --- generate ------------------------------------------------------------------------------------


class AcceptedImageModel(AnswerModel):
    """An image that will be painted."""

    image_id: ImageId
    """Stays the same however often the image is painted."""
    kind: Kind
    """Characters are cut out, backgrounds are blurred or paled."""
    name: str
    """As the request called it."""
    status: ImageStatus
    """Where it stands."""


class AcceptedModel(AnswerModel):
    """The answer of generate: a job, new or the one that the same request started before."""

    job_id: JobId
    """The same for the same request."""
    status: JobStatus
    """Where it stands."""
    status_url: Url
    """Where to see how far it is."""
    cancel_url: Url
    """Where to end it, by POST."""
    images: list[AcceptedImageModel]
    """In the order of the request, characters first."""


# --- status, regenerate --------------------------------------------------------------------------


class VariantModel(AnswerModel):
    """One of the pictures that are kept of an image."""

    url: Url
    """Works without an account for as long as the job is kept; never changes what it shows."""
    content_type: str
    """Such as `image/png`."""
    width: Count
    """Pixels."""
    height: Count
    """Pixels."""


class CandidateModel(AnswerModel):
    """One of the four pictures that MidJourney made."""

    candidate: Candidate
    """What regenerate calls it."""
    preview_url: Url
    """Shows it small."""


class ImageModel(AnswerModel):
    """A picture of the book."""

    image_id: ImageId
    """Stays the same however often the image is painted."""
    kind: Kind
    """Characters are cut out, backgrounds are blurred or paled."""
    role: Role
    """What it is to its book."""
    name: str
    """As the request called it."""
    prompt: str
    """The words that it is painted by; empty if options or a drawing say all."""
    status: ImageStatus
    """Where it stands."""
    progress: Percent
    """Percent; never goes back while the image is painted."""
    image_url: Url | None
    """What to show: a character cut out, a background blurred or paled. Stays while the image is
    painted again."""
    preview_url: Url | None
    """While it is painted MidJourney's own half-painted picture, which expires; then a small one
    of what is shown."""
    generation: Count
    """How often it has been painted or is painted, from 1."""
    option_ids: list[str]
    """Of the styles, as they were chosen."""
    description: str | None
    """What the painter saw in a drawing that came without words."""
    is_fallback: bool
    """Whether `imageUrl` is a picture that stands in for one that failed."""
    warnings: list[str]
    """What did not go as wished: `no_figure`, `no_ground` (nothing to cut out was found),
    `not_finished` (cutting out or blurring failed each time). The picture stays as it was
    painted."""
    background_effect: BackgroundEffect | None
    """Of the picture that is shown; null for characters."""
    variants: dict[str, VariantModel]
    """By name: `original`, `cutout`, `blurred` or `paled`, and `preview`."""
    candidate: Candidate | None
    """Which of the four the image shows."""
    candidates: list[CandidateModel]
    """The four that MidJourney made, once they are there."""
    completed: bool
    """Whether it has ended, well or not."""
    error: FailureModel | None
    """Why it failed; of a succeeded one, why painting it again brought nothing new."""


class BookModel(AnswerModel):
    """The answer of status: a job with its images."""

    job_id: JobId
    """Which job."""
    student_task_id: str
    """As text, even if the request had a number."""
    fairytale_id: str
    """As text, even if the request had a number."""
    status: JobStatus
    """Where it stands."""
    progress: Percent
    """Percent: the mean of its images, an ended one counting as 100."""
    completed: bool
    """Whether it has ended, well or not."""
    error: FailureModel | None
    """Why it did not end well."""
    created_at: datetime
    """When it was asked for."""
    completed_at: datetime | None
    """When it ended."""
    images: list[ImageModel]
    """In the order of the request, characters first."""


# --- cancel, jobs --------------------------------------------------------------------------------


class JobModel(AnswerModel):
    """The answer of cancel: a job without its images."""

    job_id: JobId
    """Which job."""
    status: JobStatus
    """Where it stands."""
    completed: bool
    """Whether it has ended, well or not."""
    error: FailureModel | None
    """Why it did not end well."""


class ListedJobModel(JobModel):
    """A job in a list."""

    student_task_id: str
    """As text, even if the request had a number."""
    fairytale_id: str
    """As text, even if the request had a number."""
    image_count: Count
    """How many images it has."""
    remaining: Count
    """How many of them have not ended."""
    succeeded: Count
    """How many of them have ended well."""
    failed: Count
    """How many of them have failed."""
    canceled: Count
    """How many of them were canceled."""
    created_at: datetime
    """When it was asked for."""
    updated_at: datetime
    """When the job itself changed last: it was made, an image ended, or one is painted again."""
    completed_at: datetime | None
    """When it ended."""
    status_url: Url
    """Where to see it with its images."""


class JobListModel(AnswerModel):
    """The answer of jobs: one page of a list."""

    jobs: list[ListedJobModel]
    """The newest first."""
    next_cursor: str | None
    """What to send as `cursor` for the next page; null on the last one. The page that follows a
    full one may be empty."""


# --- callbacks -----------------------------------------------------------------------------------


class EventModel(AnswerModel):
    """What a client's own server is told."""

    type: str
    """What has happened."""
    timestamp: datetime
    """When it happened; the header `webhook-timestamp` says when it was told."""


class EndedImageModel(ImageModel):
    """A picture that has ended."""

    job_id: JobId
    """Which job it belongs to."""


class ImageEndedModel(EventModel):
    """An image has ended, well or not."""

    type: Literal["image.ended"] = "image.ended"
    data: EndedImageModel
    """The image as status shows it."""


class JobEndedModel(EventModel):
    """A job has ended, well or not; again after each regeneration."""

    type: Literal["job.ended"] = "job.ended"
    data: ListedJobModel
    """The job without its images."""


# --- styles --------------------------------------------------------------------------------------


class OptionModel(AnswerModel):
    """One thing to pick."""

    id: str
    """What to send among `optionIds`."""
    label: str
    """What it is called, in the answer's language."""


class CategoryModel(AnswerModel):
    """Options of one sort."""

    id: str
    """Stays the same in every language."""
    label: str
    """What it is called, in the answer's language."""
    exclusive: bool
    """Whether one option at most can be picked."""
    most: Count
    """How many can be picked."""
    options: list[OptionModel]
    """In the order in which to offer them."""


class CatalogueModel(AnswerModel):
    """The answer of styles: what a hero's looks can be chosen from."""

    version: str
    """Of the prompt rules; another one may have other options."""
    language: str
    """Of the labels."""
    categories: list[CategoryModel]
    """In the order in which to offer them."""
