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
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from shared.domain.image import BackgroundEffect

MOST_ID, MOST_NAME, MOST_PROMPT, MOST_KEY = 128, 100, 2000, 255
"""Characters, at most: of an id, a picture's name, a prompt, an Idempotency-Key."""
MOST_OPTIONS = 30
"""Options for one character, at most; the catalogue's own rules come on top."""
MOST_SKETCH = 9 * 1024 * 1024
"""Characters of a drawing as a data URL: some 6.7 MB of picture."""
MOST_URL = 2000
"""Characters of a callback's address, at most."""
MOST_PICTURES = 100
"""Of each kind, in any configuration; the setting MAX_IMAGES may allow fewer."""
JOB_ID_PATTERN, IMAGE_ID_PATTERN = "[a-z2-7]{26}", "[a-z2-7]{26}-[0-9]{3}"
"""Of whole ids, as `shared.domain.ids` makes them."""

_NOT_BLANK = {"pattern": r"\S"}
"""For the API document: what is stripped before it is measured must not be all there is."""


def _number_as_text(value: object) -> object:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


Id = Annotated[
    StrictStr,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_ID),
    BeforeValidator(
        _number_as_text,
        json_schema_input_type=int
        | Annotated[str, Field(min_length=1, max_length=MOST_ID, json_schema_extra=_NOT_BLANK)],
    ),
]
"""A string or a whole number; both mean the same."""
Name = Annotated[
    StrictStr,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_NAME),
    Field(json_schema_extra=_NOT_BLANK),
]
Prompt = Annotated[
    StrictStr,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_PROMPT),
    Field(json_schema_extra=_NOT_BLANK),
]
"""A child's words."""
OptionIds = Annotated[
    list[Annotated[StrictStr, Field(json_schema_extra={"pattern": "^[a-z0-9_]+$"})]],
    Field(max_length=MOST_OPTIONS, json_schema_extra={"uniqueItems": True}),
]
"""Ids of the catalogue's options, as styles gives them."""
Sketch = Annotated[
    StrictStr,
    StringConstraints(min_length=1, max_length=MOST_SKETCH),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "title": "Data",
                    "description": "The picture itself, as a data URL in base64.",
                    "type": "string",
                    "pattern": "^data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$",
                    "maxLength": MOST_SKETCH,
                },
                {
                    "title": "Link",
                    "description": "A link of an allowed host.",
                    "type": "string",
                    "format": "uri",
                    "pattern": "^https://",
                },
                {
                    "title": "Object",
                    "description": "An object that was uploaded to the bucket.",
                    "type": "string",
                    "pattern": "^gs://[^/]+/uploads/[^/]+/.",
                },
            ]
        }
    ),
]
"""A drawing: a data URL, an https URL of an allowed host, or `gs://` and an object of ours."""


CallbackUrl = Annotated[
    StrictStr,
    StringConstraints(min_length=1, max_length=MOST_URL),
    Field(json_schema_extra={"format": "uri", "pattern": r"^https?://"}),
]
"""An https address of an allowed host."""


class RequestModel(BaseModel):
    """A request's part: fields in camelCase, none beside those that are named."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


def _with_main(schema: dict[str, Any]) -> None:
    schema["properties"]["main"] = {
        "type": "boolean",
        "deprecated": True,
        "description": "Another word for isMain; send one of the two.",
    }


class CharacterModel(RequestModel):
    """A character of the tale."""

    model_config = ConfigDict(json_schema_extra=_with_main)

    name: Name
    """What it is called in the tale; MidJourney never sees it."""
    prompt: Prompt | None = None
    """What it looks like, in any language. May be missing if options or a drawing say it."""
    is_main: StrictBool = Field(False, validation_alias=AliasChoices("isMain", "main"))
    """Whether it is the main character, after which all others are painted: exactly one is."""
    option_ids: OptionIds = []
    """What it looks like, in options of the styles."""
    sketch_image: Sketch | None = None
    """The child's own drawing of it."""
    same_as: Name | None = None
    """The name of the main character, if this is the same one in another pose."""


class BackgroundModel(RequestModel):
    """A background of the tale."""

    name: Name
    """What it is called in the tale; MidJourney never sees it."""
    prompt: Prompt
    """What it looks like, in any language."""


class GenerateModel(RequestModel):
    """The body of generate: a whole book."""

    student_task_id: Id
    """The child's assignment, of which one book at a time is painted."""
    fairytale_id: Id
    """The tale."""
    option_ids: OptionIds = []
    """For the main character, beside its own."""
    sketch_image: Sketch | None = None
    """Of the main character, unless it has its own."""
    characters: list[CharacterModel] = Field(max_length=MOST_PICTURES)
    """Exactly one of them is the main one."""
    backgrounds: list[BackgroundModel] = Field([], max_length=MOST_PICTURES)
    """May be missing. A server paints so many pictures for one request as its MAX_IMAGES says."""
    background_effect: BackgroundEffect | None = None
    """For all backgrounds; without it the server's own setting."""
    callback_url: CallbackUrl | None = None
    """Where to tell your own server of each ending. The same request with another one is still the
    same: that of the first counts."""


class RegenerateModel(RequestModel):
    """The body of regenerate: one image, and what is to be different this time."""

    image_id: Annotated[StrictStr, Field(json_schema_extra={"pattern": f"^{IMAGE_ID_PATTERN}$"})]
    """Which image."""
    prompt: Prompt | None = None
    """New words; without them the old ones count."""
    option_ids: OptionIds | None = None
    """Other options, for a character; without them the old ones count."""
    background_effect: BackgroundEffect | None = None
    """Another effect, for a background."""
    candidate: Annotated[StrictInt, Field(ge=1, le=4)] | None = None
    """Another one of the four that were painted; goes with neither words nor options."""


class CancelModel(RequestModel):
    """The body of cancel and of delete: which job."""

    job_id: Annotated[StrictStr, Field(json_schema_extra={"pattern": f"^{JOB_ID_PATTERN}$"})]
    """Which job."""


def field_names(model: type[BaseModel]) -> list[str]:
    """The names that a body of this model may use, to guess at what a typo meant."""
    names: list[str] = []
    for field in model.model_fields.values():
        alias = field.validation_alias or field.alias
        choices: list[Any] = alias.choices if isinstance(alias, AliasChoices) else [alias]
        names += [str(choice) for choice in choices]
    return names
