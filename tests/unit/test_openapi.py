"""The API document: up to date, valid, complete, and with examples that hold."""

import base64
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import main
from functions.api import openapi
from functions.api.openapi import examples
from functions.api.openapi.components import attribute_docs
from functions.api.openapi.failures import SEVERAL_FAULTS
from functions.api.openapi.operations import OPERATIONS
from functions.api.problems import refused
from shared.adapters.picture_tools import PillowTools
from shared.domain.image import ImageStatus
from shared.domain.quota import Exceeded
from shared.usecases import refusals
from tests.unit.calling import call, post
from tests.unit.codes import codes_in_the_source

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
DOCUMENT = openapi.document()
BY_NAME = {operation.name: operation for operation in OPERATIONS}


def resolved(part):
    """What a reference leads to, or the part itself."""
    if "$ref" not in part:
        return part
    found = DOCUMENT
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def faults_of(value, schema) -> list[str]:
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [error.message for error in validator.iter_errors(value)]


def contents():
    """Every place in the document that holds examples: where it is, its schema, its examples."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            for parameter in operation.get("parameters", ()):
                yield f"{where} {parameter['name']}", parameter["schema"], [parameter["example"]]
            bodies = operation.get("requestBody", {}).get("content", {})
            answers = operation["responses"].items()
            for name, held in [("body", {"content": bodies}), *answers]:
                for kind in resolved(held).get("content", {}).values():
                    found = [example["value"] for example in kind.get("examples", {}).values()]
                    found += [kind["example"]] if "example" in kind else []
                    if found:
                        yield f"{where} {name}", kind["schema"], found


# --- the file ------------------------------------------------------------------------------------


def test_the_file_is_up_to_date():
    written = (ROOT / "docs" / "openapi.json").read_text()

    assert written == openapi.as_text(DOCUMENT), "make openapi"


def test_the_command_prints_the_document_and_nothing_else():
    done = subprocess.run(
        [sys.executable, "-m", "functions.api.openapi"],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == openapi.as_text(DOCUMENT)


def test_no_function_imports_what_makes_the_document():
    code = "import sys, main; print('functions.api.openapi' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_it_is_valid_openapi():
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []
    assert DOCUMENT["openapi"].startswith("3.1")


def test_whoever_gets_the_document_may_change_it():
    openapi.document()["components"]["headers"].clear()

    assert openapi.document() == DOCUMENT
    assert openapi.document("https://x.test")["servers"] == [{"url": "https://x.test"}]


def test_its_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert DOCUMENT["info"]["version"] == project["version"]


# --- complete ------------------------------------------------------------------------------------


def test_everything_is_described():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        for field, shown in schema.get("properties", {}).items():
            assert shown.get("description"), f"{name}.{field}"
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
    assert len(DOCUMENT["components"]["schemas"]) > 20


def test_every_function_for_clients_is_there_with_its_methods():
    for_others = {"admit", "callback", "fanout", "health", "notify", "postprocess", "step", "sweep"}
    assert {path[1:] for path in DOCUMENT["paths"]} == {*main.__all__} - for_others
    for path, methods in DOCUMENT["paths"].items():
        answer = call(getattr(main, path[1:]), method="PATCH")
        assert answer.status_code == 405
        assert answer.headers["Allow"].lower().split(", ") == list(methods)


def codes_of(schema) -> set[str]:
    said = schema["allOf"][1]["properties"]
    inside = said.get("errors", {}).get("items", {}).get("properties", {}).get("code", {})
    return {*said["code"]["enum"], *inside.get("enum", ())}


def documented_codes() -> set[str]:
    return {
        code
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
        for status, response in operation["responses"].items()
        if int(status) >= 400
        for kind in resolved(response).get("content", {}).values()
        for code in codes_of(kind["schema"])
    }


def test_every_code_that_an_answer_can_have_is_in_the_document():
    found = codes_in_the_source() - {"method_not_allowed"}  # which stands beside all functions

    assert found - documented_codes() == set()
    assert documented_codes() - found == {"too_many_options", SEVERAL_FAULTS}


def subclasses(kind: type) -> set[type]:
    return {kind}.union(*(subclasses(sub) for sub in kind.__subclasses__()))


def test_every_refusal_is_an_answer_of_some_function():
    over = Exceeded(limit=1, used=1, again_at=NOON, of_jobs=True)
    asked = {"DrawingRefused": ["wrong_format"] * 3, "TooMuchAsked": [over, NOON]}
    for refusal in subclasses(refusals.Refusal) - {refusals.Refusal}:
        arguments = asked.get(refusal.__name__, [""])
        problem = refused(refusal(*arguments))
        assert problem.status < 500 or refusal is refusals.DrawingUnavailable
        assert problem.code in documented_codes(), "see functions/api/openapi/failures.py"


def test_fields_and_values_are_described_by_their_docstrings():
    image = DOCUMENT["components"]["schemas"]["Image"]["properties"]
    assert image["completed"]["description"] == "Whether it has ended, well or not."
    status = DOCUMENT["components"]["schemas"]["ImageStatus"]["description"]
    assert f"- `queued`: {attribute_docs(ImageStatus)['QUEUED']}" in status


# --- examples ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "shown"), [pytest.param(s, e, id=where) for where, s, e in contents()]
)
def test_examples_are_what_their_schemas_say(schema, shown):
    for example in shown:
        assert faults_of(example, schema) == []


def test_schemas_refuse_what_the_server_refuses():
    """Else the test before this one would say nothing."""
    book = {"$ref": "#/components/schemas/Generate"}
    for wrong in (
        {**examples.WORDS, "studentTaskId": " "},
        {**examples.WORDS, "studenttaskid": 7},
        {**examples.DRAWING, "sketchImage": "mina.png"},
        {**examples.WORDS, "backgroundEffect": "dark"},
    ):
        assert faults_of(wrong, book)
    assert faults_of({**examples.WISHES["candidate"], "candidate": 5}, {
        "$ref": "#/components/schemas/Regenerate"
    })  # fmt: skip


@pytest.mark.parametrize("name", ["words", "options"])
def test_a_book_of_the_examples_is_taken(world, name):
    assert post(main.generate, examples.BOOKS[name]).status_code == 202


def test_drawings_of_the_examples_are_understood(world):
    links = post(main.generate, examples.LINK_AND_OBJECT).json
    assert links["code"] == "wrong_sketch"  # the bucket of the examples is not the one of here
    assert [fault["pointer"] for fault in links["errors"]] == ["/characters/1/sketchImage"]
    data = base64.b64decode(examples.DRAWING["sketchImage"].partition(",")[2])
    assert PillowTools().drawing(data).content_type == "image/png"


@pytest.mark.parametrize("name", examples.WISHES)
def test_a_wish_of_the_examples_is_understood(world, name):
    assert post(main.regenerate, examples.WISHES[name]).json["code"] == "image_not_found"


ASKED = [
    ("status", {}, "missing_id"),
    ("status", {"query_string": {"jobId": "a", "studentTaskId": "b"}}, "ambiguous_id"),
    ("download", {}, "missing_id"),
    ("cancel", {"method": "POST"}, "missing_id"),
    (
        "cancel",
        {"method": "POST", "query_string": {"jobId": "a"}, "json": {"jobId": "b"}},
        "ambiguous_id",
    ),
    ("delete", {"method": "POST"}, "missing_id"),
    ("jobs", {"query_string": {"limit": "0"}}, "invalid_limit"),
    ("jobs", {"query_string": {"cursor": "x"}}, "invalid_cursor"),
    (
        "generate",
        {"method": "POST", "json": examples.WORDS, "headers": {"Idempotency-Key": " "}},
        "invalid_idempotency_key",
    ),
]


@pytest.mark.parametrize(("name", "request_of", "code"), ASKED)
def test_problems_that_are_shown_are_those_that_are_answered(world, name, request_of, code):
    answer = call(getattr(main, name), **request_of)

    shown = {problem.code: problem.body() for problem in BY_NAME[name].problems}
    assert answer.json == shown[code]
    assert faults_of(answer.json, {"$ref": "#/components/schemas/Problem"}) == []


# --- links ---------------------------------------------------------------------------------------


def links():
    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                for name, link in resolved(response).get("links", {}).items():
                    (kind,) = response["content"].values()
                    yield f"{operation['operationId']} {name}", link, kind["example"]


@pytest.mark.parametrize(
    ("link", "example"), [pytest.param(link, e, id=where) for where, link, e in links()]
)
def test_links_lead_from_an_answer_to_a_request(link, example):
    operations = {o["operationId"]: o for p in DOCUMENT["paths"].values() for o in p.values()}
    target = operations[link["operationId"]]
    taken = {parameter["name"]: parameter["schema"] for parameter in target.get("parameters", ())}
    if "requestBody" in target:
        body = target["requestBody"]["content"]["application/json"]["schema"]
        taken |= resolved(body)["properties"]
    sent = link.get("parameters") or link["requestBody"]
    for name, expression in sent.items():
        value = example
        for step in expression.removeprefix("$response.body#/").split("/"):
            value = value[int(step) if isinstance(value, list) else step]
        assert faults_of(value, taken[name]) == []
