"""The models as JSON Schemas (2020-12), each field described by the docstring under it."""

import ast
import inspect
import textwrap
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

Json = dict[str, Any]

_PLACE = "#/components/schemas/"
_SUFFIX = "Model"


def ref(model: type) -> Json:
    """Where the document has a model's schema."""
    return {"$ref": _PLACE + model.__name__.removesuffix(_SUFFIX)}


def schemas_of(
    requests: Sequence[type[BaseModel]],
    answers: Sequence[type[BaseModel]],
    enums: Sequence[type[Enum]],
) -> Json:
    """The schemas of these models and all that they are made of, by name, sorted.

    `enums` are those among them whose values have docstrings.
    """
    _, found = models_json_schema(
        [(model, "validation") for model in requests]
        + [(model, "serialization") for model in answers],
        ref_template=_PLACE + "{model}",
        schema_generator=_WithoutTitles,
    )
    definitions: Json = found["$defs"]
    for definition in definitions.values():
        del definition["title"]
    for model in _all(*requests, *answers):
        _describe(definitions[model.__name__], model)
    for enum in enums:
        definitions[enum.__name__]["description"] += _described_values(enum)
    named: Json = _renamed(definitions)
    return {name: named[name] for name in sorted(named)}


def attribute_docs(kind: type) -> dict[str, str]:
    """The docstrings under the attributes of a class and of those that it comes from."""
    docs: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.split(".")[0] not in {"functions", "shared"}:
            continue
        source = ast.parse(textwrap.dedent(inspect.getsource(base)))
        definition = next(node for node in source.body if isinstance(node, ast.ClassDef))
        for statement, text in pairwise(definition.body):
            match statement, text:
                case (
                    ast.AnnAssign(target=ast.Name(id=name))
                    | ast.Assign(targets=[ast.Name(id=name)]),
                    ast.Expr(value=ast.Constant(value=str(doc))),
                ):
                    docs[name] = paragraphs(doc)
    return docs


def paragraphs(doc: str | None) -> str:
    """A docstring as Markdown: a line for each paragraph."""
    parts = inspect.cleandoc(doc or "").split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in parts)


class _WithoutTitles(GenerateJsonSchema):
    """No titles that only say the field's name once more."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def _all(*models: type[BaseModel]) -> list[type[BaseModel]]:
    """The models, and those that their fields are made of."""
    found: list[type[BaseModel]] = []
    waiting: list[Any] = [*models]
    while waiting:
        part = waiting.pop()
        waiting += getattr(part, "__args__", ())
        if inspect.isclass(part) and issubclass(part, BaseModel) and part not in found:
            found.append(part)
            waiting += [field.annotation for field in part.model_fields.values()]
    return found


def _describe(schema: Json, model: type[BaseModel]) -> None:
    schema["description"] = paragraphs(model.__doc__)
    docs = attribute_docs(model)
    for name, field in model.model_fields.items():
        choices = field.validation_alias
        alias = choices.choices[0] if isinstance(choices, AliasChoices) else field.alias
        if name in docs:
            schema["properties"][str(alias)]["description"] = docs[name]


def _described_values(enum: type[Enum]) -> str:
    docs = attribute_docs(enum)
    lines = [f"- `{value.value}`: {docs[value.name]}" for value in enum if value.name in docs]
    return "\n\n" + "\n".join(lines) if lines else ""


def _renamed(part: Any) -> Any:
    """The same without `Model` at the end of any name."""
    match part:
        case dict():
            return {_short(key): _renamed(value) for key, value in part.items()}
        case list():
            return [_renamed(value) for value in part]
        case str() if part.startswith(_PLACE):
            return part.removesuffix(_SUFFIX)
    return part


def _short(name: str) -> str:
    return name if name == _SUFFIX else name.removesuffix(_SUFFIX)
