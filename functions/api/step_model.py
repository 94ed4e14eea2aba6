"""The body of a task; apart from the other models, which task functions need not import."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class StepModel(BaseModel):
    """The body of a task: an image and its fencing token; fields of a newer version pass."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    image_id: str
    generation: int
    seq: int
