"""What clients send, as pydantic checks it."""

from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from shared.domain.image import BackgroundEffect

MOST_ID, MOST_NAME, MOST_PROMPT, MOST_KEY = 128, 100, 2000, 255
"""Characters, at most: of an id, a picture's name, a prompt, an Idempotency-Key."""
MOST_OPTIONS = 30
"""Options for one character, at most; the catalogue's own rules come on top."""
MOST_SKETCH = 9 * 1024 * 1024
"""Characters of a drawing as a data URL: some 6.7 MB of picture."""
MOST_PICTURES = 100
"""Of each kind, in any configuration; the setting MAX_IMAGES may allow fewer."""


def _number_as_text(value: object) -> object:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


Id = Annotated[
    StrictStr,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_ID),
    BeforeValidator(_number_as_text),
]
"""A string or a whole number; both mean the same."""
Name = Annotated[
    StrictStr, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_NAME)
]


Prompt = Annotated[
    StrictStr,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_PROMPT),
]
"""A child's words."""


OptionIds = Annotated[list[StrictStr], Field(max_length=MOST_OPTIONS)]
"""Ids of the catalogue's options, as styles gives them."""
Sketch = Annotated[StrictStr, StringConstraints(min_length=1, max_length=MOST_SKETCH)]
"""A drawing: a data URL, an https URL of an allowed host, or `gs://` and an object of ours."""


class RequestModel(BaseModel):
    """A request's part: fields in camelCase, none beside those that are named."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class CharacterModel(RequestModel):
    """A character of the tale."""

    name: Name
    prompt: Prompt | None = None
    """May be missing if options or a drawing say what it looks like."""
    is_main: StrictBool = Field(False, validation_alias=AliasChoices("isMain", "main"))
    option_ids: OptionIds = []
    sketch_image: Sketch | None = None
    same_as: Name | None = None
    """The name of the main character, if this is the same one in another pose."""


class BackgroundModel(RequestModel):
    """A background of the tale."""

    name: Name
    prompt: Prompt


class GenerateModel(RequestModel):
    """The body of generate: a whole book."""

    student_task_id: Id
    fairytale_id: Id
    option_ids: OptionIds = []
    """For the main character, beside its own."""
    sketch_image: Sketch | None = None
    """Of the main character, unless it has its own."""
    characters: list[CharacterModel] = Field(max_length=MOST_PICTURES)
    backgrounds: list[BackgroundModel] = Field([], max_length=MOST_PICTURES)
    background_effect: BackgroundEffect | None = None
    """For all backgrounds; without it the server's own setting."""


class RegenerateModel(RequestModel):
    """The body of regenerate: one image, and what is to be different this time."""

    image_id: StrictStr
    prompt: Prompt | None = None
    option_ids: OptionIds | None = None
    background_effect: BackgroundEffect | None = None
    candidate: Annotated[StrictInt, Field(ge=1, le=4)] | None = None
    """Another one of the four that were painted; goes with neither words nor options."""


class CancelModel(RequestModel):
    """The body of cancel."""

    job_id: StrictStr


class StepModel(BaseModel):
    """The body of a task: an image and its fencing token; fields of a newer version pass."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    image_id: str
    generation: int
    seq: int


def field_names(model: type[BaseModel]) -> list[str]:
    """The names that a body of this model may use, to guess at what a typo meant."""
    names: list[str] = []
    for field in model.model_fields.values():
        alias = field.validation_alias or field.alias
        choices: list[Any] = alias.choices if isinstance(alias, AliasChoices) else [alias]
        names += [str(choice) for choice in choices]
    return names
