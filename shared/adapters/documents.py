"""Values of the domain to Firestore documents and back."""

from dataclasses import is_dataclass
from typing import Any, TypeVar

from google.cloud.firestore import DELETE_FIELD
from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel

T = TypeVar("T")

SPARSE = frozenset({"admitKey", "dueAt", "fanOutDueAt"})
"""Fields that queries order by: absent when they say nothing, as null would be indexed."""


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def to_document(value: object) -> dict[str, Any]:
    """A domain value as a document's fields, sparse ones left out when they are None."""
    fields: dict[str, Any] = _adapter(type(value)).dump_python(value, by_alias=True)
    return {k: v for k, v in fields.items() if v is not None or k not in SPARSE}


def from_document(kind: type[T], fields: dict[str, Any]) -> T:
    """The domain value that a document holds; unknown fields, of a newer version, are passed over.

    Raises `pydantic.ValidationError` for a document that is not of that kind.
    """
    value: T = _adapter(kind).validate_python(fields)
    return value


def difference(before: object, after: object) -> dict[str, Any]:
    """What has to be written to turn one document into the other."""
    old, new = to_document(before), to_document(after)
    changed = {k: v for k, v in new.items() if k not in old or old[k] != v}
    return changed | {k: DELETE_FIELD for k in old if k not in new}


def camel(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields by their names in documents, values as documents hold them."""
    return {to_camel(k): to_document(v) if is_dataclass(v) else v for k, v in fields.items()}
