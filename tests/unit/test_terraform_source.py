"""The Terraform sources themselves: formatted, known to the provider, guarded, thin."""

import json
import shutil
import subprocess

import hcl2
import pytest

from infra.local.stack_options import ROOT
from tests.fakes.google_provider import SCHEMA
from tests.fakes.terraform import Refused, plan

TERRAFORM = ROOT / "infra" / "terraform"
FILES = sorted(TERRAFORM.rglob("*.tf"))
SCHEMAS = json.loads(SCHEMA.read_text())
META = {
    *("for_each", "count", "depends_on", "lifecycle", "provider", "dynamic", "timeouts"),
}


def name_of(path):
    return str(path.relative_to(TERRAFORM))


def parsed(path):
    with path.open() as file:
        return hcl2.load(file)


def unquoted(text):
    return text.strip('"')


def resources():
    """Kind, type and body of everything that is declared."""
    for path in FILES:
        for kind in ("resource", "data"):
            for entry in parsed(path).get(kind, []):
                for type_, named in entry.items():
                    for name, body in named.items():
                        if not name.startswith("__"):
                            yield kind, unquoted(type_), unquoted(name), body


def test_terraform_is_formatted():
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", TERRAFORM], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_file_can_be_parsed_without_terraform(path):
    assert parsed(path)


def check_block(where, body, schema):
    """Every attribute and block is one of the provider's, and none that is required is missing."""
    given = {unquoted(k) for k in body if not k.startswith("__")}
    dynamic = {
        unquoted(name): block["content"]
        for entry in body.get("dynamic", [])
        for name, block in entry.items()
        if not name.startswith("__")
    }
    known = schema["attributes"].keys() | schema["blocks"].keys() | META
    assert given <= known, where
    settable = {n for n, a in schema["attributes"].items() if not a.get("computed")}
    assert given & schema["attributes"].keys() <= settable, where
    required = {n for n, a in schema["attributes"].items() if a.get("required")}
    required |= {n for n, b in schema["blocks"].items() if b["min"]}
    assert required <= given | dynamic.keys(), where
    for name, nested in schema["blocks"].items():
        bodies = body.get(name, [])
        for inner in [bodies] if isinstance(bodies, dict) else bodies:
            check_block(f"{where}.{name}", inner, nested)
        for inner in dynamic.get(name, []):
            check_block(f"{where}.{name}", inner, nested)


@pytest.mark.parametrize(
    ("kind", "type_", "name", "body"),
    [pytest.param(*r, id=f"{r[1]}.{r[2]}") for r in resources()],
)
def test_every_attribute_is_one_of_the_providers_published_schema(kind, type_, name, body):
    check_block(f"{type_}.{name}", body, SCHEMAS[kind][type_])


def test_the_schema_is_of_the_version_that_is_pinned():
    major, minor, _ = SCHEMAS["version"].split(".")
    for path in FILES:
        for block in parsed(path).get("terraform", []):
            for providers in block.get("required_providers", []):
                version = unquoted(providers["google"]["version"].strip("'\""))
                assert version.strip('"') == f"~> {major}.{minor}", path


def test_the_schema_has_no_type_that_is_not_used():
    used = {(kind, type_) for kind, type_, _, _ in resources()}
    assert {(kind, t) for kind in ("resource", "data") for t in SCHEMAS[kind]} == used


@pytest.mark.parametrize(
    ("file", "right", "wrong", "said"),
    [
        ("queues/main.tf", "max_attempts ", "max_tries ", "Unsupported argument"),
        ("queues/main.tf", "rate_limits {", "rate_limit {", "Unsupported block type"),
        ("store/main.tf", 'type        = "FIRESTORE_NATIVE"\n', "", "Missing required argument"),
        ("functions/main.tf", "timeout_seconds                  = each.value.timeoutSeconds",
         'timeout_seconds = "soon"', "a number is required"),
        ("functions/main.tf", "var.sources[each.value.source].bucket", "var.sauces", "undeclared"),
    ],
)  # fmt: skip
def test_terraform_refuses_what_the_provider_does_not_know(tmp_path, file, right, wrong, said):
    copy = tmp_path / "broken"
    shutil.copytree(ROOT / "infra", copy / "infra", ignore=shutil.ignore_patterns("local"))
    broken = copy / "infra" / "terraform" / "modules" / file
    assert right in broken.read_text()
    broken.write_text(broken.read_text().replace(right, wrong))
    with pytest.raises(Refused) as refused:
        plan(tmp_path / "work", root=copy)
    assert said in " ".join(refused.value.said.replace("│", " ").split())


def test_no_queue_is_deleted_by_accident():
    (queue,) = (body for _, type_, _, body in resources() if type_ == "google_cloud_tasks_queue")
    (lifecycle,) = queue["lifecycle"]
    assert lifecycle["prevent_destroy"] is True


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_environments_are_thin(environment):
    folder = TERRAFORM / "environments" / environment
    blocks = parsed(folder / "main.tf")
    kinds = {kind for kind in blocks if not kind.startswith("__")}
    assert kinds == {"terraform", "provider", "locals", "module", "output"}
    assert len(blocks["module"]) == 1


def test_nothing_that_is_deployed_names_a_secret_or_a_real_project():
    for path in FILES:
        for word in ("BEGIN PRIVATE KEY", "AIza", "whsec_"):
            assert word not in path.read_text()
