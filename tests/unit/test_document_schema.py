"""What documents look like: no field goes or changes unseen, and what is newer is passed over."""

import json
import shutil
import subprocess
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from functions.api.tasks import CallbackModel, StepModel
from shared.adapters.documents import (
    KINDS,
    SCHEMA,
    difference,
    from_document,
    readable,
    to_document,
)
from shared.domain.job import Job
from tests.fakes.world import World
from tests.unit.images import IMAGINE
from tests.unit.test_old_documents import DATA, FIXTURES, STAGES, from_plain, kind_and_place

ROOT = Path(__file__).parents[2]
SNAPSHOT = DATA / f"schema-{SCHEMA}.json"


# --- the snapshot ---------------------------------------------------------------------------------


def described(kind: object, path: str) -> dict[str, str]:
    """Every field below a kind of value, by its path, with its type."""
    if typing.get_origin(kind) in {types.UnionType, typing.Union}:
        parts = typing.get_args(kind)
        found: dict[str, str] = {}
        for part in parts:
            found |= {f"{path}?": "null"} if part is type(None) else described(part, path)
        return found
    if typing.get_origin(kind) is tuple:
        return described(typing.get_args(kind)[0], f"{path}[]")
    if typing.get_origin(kind) in {Mapping, dict}:
        return described(typing.get_args(kind)[1], f"{path}{{}}")
    if isinstance(kind, type) and is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        found = {}
        for field in fields(kind):
            found |= described(hints[field.name], f"{path}.{to_camel(field.name)}")
        return found
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {f"{path}={value.value}": "value" for value in kind}
    return {path: getattr(kind, "__name__", str(kind))}


def current() -> dict[str, str]:
    found: dict[str, str] = {}
    for kind in KINDS:
        found |= described(kind, kind.__name__)
    return dict(sorted(found.items()))


def test_no_field_of_a_document_goes_or_changes_its_type():
    known, now = json.loads(SNAPSHOT.read_text()), current()

    changed = {path: now.get(path) for path, kind in known.items() if now.get(path) != kind}
    assert changed == {}, (
        "documents that are stored hold this: raise SCHEMA (shared/adapters/documents.py), read "
        "the old ones there, and add a fixture (docs/upgrades.md)"
    )


def test_a_new_field_is_held_to_that_from_now_on():
    known = json.loads(SNAPSHOT.read_text())

    assert {path: kind for path, kind in current().items() if path not in known} == {}, (
        f"add them to {SNAPSHOT.relative_to(ROOT)} (docs/upgrades.md)"
    )


# --- reading --------------------------------------------------------------------------------------


def documents_of(name: str):
    for stage in FIXTURES[name].values():
        for path, found in stage["documents"].items():
            yield kind_and_place(path)[0], from_plain(found)


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_every_document_of_an_earlier_version_is_read(name):
    for kind, found in documents_of(name):
        value = from_document(kind, found)
        written = to_document(value)
        for field, old in found.items():
            if field in written and field != "schema":
                assert written[field] == old or not old or isinstance(old, dict), field


def test_documents_say_of_which_version_they_are():
    book = World().start()

    assert to_document(book.job)["schema"] == to_document(book.images[0])["schema"] == SCHEMA
    assert {found.get("schema", 0) for _, found in documents_of("documents-5-schema-1")} == {1}
    assert {found.get("schema", 0) for _, found in documents_of("documents-4-slots")} == {0}


def test_a_change_writes_nothing_of_the_version_and_of_what_is_newer():
    """So that a version that was rolled back leaves what it does not know as it is."""
    after = replace(IMAGINE, seq=IMAGINE.seq + 1)

    assert difference(IMAGINE, after) == {"seq": after.seq}


@pytest.mark.parametrize("name", ["documents-4-slots", "documents-5-schema-1"])
def test_documents_of_a_newer_version_are_read_as_far_as_they_are_known(name):
    newer = {
        "schema": SCHEMA + 1,
        "newField": {"a": [1]},
        "anotherDueAt": datetime.now().astimezone(),
    }
    for kind, found in documents_of(name):
        assert from_document(kind, found | newer) == from_document(kind, found)


class Snapshot:
    def __init__(self, found):
        self.found = found
        self.reference = types.SimpleNamespace(path="jobs/x")

    def to_dict(self):
        return self.found


def test_what_can_not_be_read_is_told_with_its_version_and_nothing_of_it(capsys):
    document = to_document(World().start().job)
    broken = document | {"schema": SCHEMA + 1, "status": "an unknown status"}

    assert readable(Job, Snapshot(broken)) is None

    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["path"], line["schema"]) == ("unreadable document", "jobs/x", 2)
    assert "unknown" not in line.values()
    with pytest.raises(ValidationError):
        from_document(Job, broken)


# --- tasks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "stage"), STAGES)
def test_tasks_of_an_earlier_version_are_understood(name, stage):
    for task in FIXTURES[name][stage]["tasks"]:
        if task["function"] == "admit":
            assert task["body"] == {}
        else:
            assert task["function"] in {"step", "postprocess"}
            assert StepModel.model_validate(task["body"]).image_id == task["body"]["imageId"]


def test_tasks_of_a_newer_version_are_understood_as_far_as_they_are_known():
    token = {"imageId": "a-000", "generation": 1, "seq": 2}
    assert StepModel.model_validate(token | {"trace": "x"}) == StepModel.model_validate(token)
    event = {"type": "job.ended", "subjectId": "a", "eventId": "evt_x"}
    assert CallbackModel.model_validate(event | {"x": 1}) == CallbackModel.model_validate(event)


# --- rolling back ---------------------------------------------------------------------------------

PREVIOUS = DATA / "previous-version.tar.xz"
"""The version to which this one may be rolled back (documents without `schema`): what was deployed
of it, and the fakes that it was tested over. docs/upgrades.md says how it is made."""


def test_the_previous_version_finishes_the_books_of_this_one(tmp_path):
    """The real thing: its own code, on documents and tasks of this version."""
    old = tmp_path / "old"
    shutil.unpack_archive(PREVIOUS, old, filter="data")
    (old / "tests" / "data").mkdir()
    shutil.copy(DATA / "documents-5-schema-1.json", old / "tests" / "data")
    test = (ROOT / "tests" / "unit" / "test_old_documents.py").read_text()
    test = test.replace("functions.api.tasks", "functions.api.models")  # where it was then
    (old / "tests" / "unit" / "test_old_documents.py").write_text(test)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "tests/unit/test_old_documents.py", "-k", "is_finished"],
        cwd=old,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:]
    assert "12 passed" in done.stdout
