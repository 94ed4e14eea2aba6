"""What clients send, as pydantic checks it."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    StringConstraints,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.domain.prompt import clean

MOST_ID, MOST_NAME, MOST_PROMPT, MOST_KEY = 128, 100, 2000, 255
"""Characters, at most: of an id, a picture's name, a prompt, an Idempotency-Key."""
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


def _has_words(prompt: str) -> str:
    if not clean(prompt):
        raise PydanticCustomError("string_too_short", "nothing but signs")
    return prompt


Prompt = Annotated[
    StrictStr,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_PROMPT),
    AfterValidator(_has_words),
]
"""A child's words; signs alone, of which nothing would be left to paint, are none."""


class RequestModel(BaseModel):
    """A request's part: fields in camelCase, none beside those that are named."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class CharacterModel(RequestModel):
    """A character of the tale."""

    name: Name
    prompt: Prompt
    is_main: StrictBool = Field(False, validation_alias=AliasChoices("isMain", "main"))


class BackgroundModel(RequestModel):
    """A background of the tale."""

    name: Name
    prompt: Prompt


class GenerateModel(RequestModel):
    """The body of generate: a whole book."""

    student_task_id: Id
    fairytale_id: Id
    characters: list[CharacterModel] = Field(max_length=MOST_PICTURES)
    backgrounds: list[BackgroundModel] = Field([], max_length=MOST_PICTURES)


class RegenerateModel(RequestModel):
    """The body of regenerate: one image, and new words for it if wanted."""

    image_id: StrictStr
    prompt: Prompt | None = None


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
