"""Values of the domain to Firestore documents and back.

Each document says by `schema` which version of its kind it was made in; one that does not is of
version 0. Fields may be added without a new version: older code passes them over, newer code takes
a field's default for one that is missing. SCHEMA is raised when a field goes, or means or holds
something else, together with what reads the old version, in `shared.adapters.old_documents` (see
docs/upgrades.md).
"""

from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from datetime import UTC
from typing import Any, TypeVar

from google.cloud.firestore import DELETE_FIELD, Increment
from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from shared.adapters.old_documents import from_version_0
from shared.domain.image import Image
from shared.domain.job import Job, Tally
from shared.domain.pace import Pace
from shared.domain.quota import Usage
from shared.log import log
from shared.ports import Counted, Fence, LatestJob, Reference, Spend

T = TypeVar("T")

SCHEMA = 1
"""Of the documents that are made now."""
KINDS = (Job, Image, Reference, LatestJob, Fence, Pace)
"""What is a document of its own; all else is a part of one."""

SPARSE = frozenset({"admitKey", "dueAt", "fanOutDueAt", "callbackDueAt", "callbackUrl",
                    "classId", "deletedAt"})  # fmt: skip
"""Fields that queries order by, or that few have: absent when they say nothing, as null would be
indexed."""


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def to_document(value: object) -> dict[str, Any]:
    """A domain value as a document's fields, sparse ones left out when they are None."""
    fields: dict[str, Any] = _adapter(type(value)).dump_python(value, by_alias=True)
    said = {k: v for k, v in fields.items() if v is not None or k not in SPARSE}
    return said | ({"schema": SCHEMA} if isinstance(value, KINDS) else {})


def from_document(kind: type[T], fields: dict[str, Any]) -> T:
    """The domain value that a document holds, be it of an older version or of a newer one.

    A newer one is read, too, if it can be: a version that was rolled back finds such. Fields that
    nobody knows are passed over. Raises `pydantic.ValidationError` for a document that is not of
    that kind.
    """
    if fields.get("schema", 0) == 0:
        fields = from_version_0(kind, fields)
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


def counted(result: Any) -> Counted:
    """A job's new counters, of a write's result: the client sorts what is added to by its name."""
    values = (int(value.integer_value) for value in result.transform_results)
    counters = Tally(**dict(zip(sorted(f.name for f in fields_of(Tally)), values, strict=True)))
    return Counted(counters=counters, version=result.update_time)


def spending(write: Spend) -> dict[str, Any]:
    """What adds to the document of an owner's day: its pictures, and the books of each hour."""
    return {
        f"jobs{write.at.astimezone(UTC):%H}": Increment(write.usage.jobs),
        "pictures": Increment(write.usage.pictures),
        "expireAt": write.expire_at,
        "schema": SCHEMA,
    }


def spent(result: Any) -> Usage:
    """An owner's new count, of a write's result: in the order of the fields' names."""
    jobs, pictures = (int(value.integer_value) for value in result.transform_results)
    return Usage(jobs=jobs, pictures=pictures)


def readable(kind: type[T], snapshot: Any) -> T | None:
    """The value of a document that a query found; one that is unreadable must not stop the rest."""
    try:
        return from_document(kind, snapshot.to_dict())
    except ValidationError:
        schema = snapshot.to_dict().get("schema", 0)
        log("ERROR", "unreadable document", path=snapshot.reference.path, schema=schema)
        return None
