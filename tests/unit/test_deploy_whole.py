"""A deployment from the empty project to its removal, by the real terraform.

Its state lies in a real bucket (fake-gcs-server), the provider is a stand-in that pretends to do
what was planned, and so is gcloud. What is shown here: the order holds, a second deployment changes
nothing, other code changes just what is built from it, queues are guarded, and all of it can go.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator

import pytest

from infra.local.bucket import start_bucket
from infra.local.ports import free_port
from infra.local.processes import Children
from infra.local.stack_options import ROOT
from tests.fakes.google_provider import stand_in
from tests.fakes.terraform import NUMBER, PROJECT, Refused
from tests.fakes.terraform import run as terraform
from tests.unit.deploying import Machine, chosen, run, terraforms_folder

FUNCTIONS = json.loads((ROOT / "infra" / "functions.json").read_text())


@pytest.fixture(scope="module")
def cloud(tmp_path_factory) -> Iterator[Machine]:
    """A machine whose terraform and gcloud find what they need on loopback."""
    machine = Machine(tmp_path_factory.mktemp("cloud"))
    program = shutil.which("terraform")
    assert program is not None
    (machine.bin / "terraform").symlink_to(program)
    machine.has_gcloud()
    children = Children(machine.folder / "logs")
    bucket = start_bucket(children, free_port())
    bucket.wait_until_ready()
    bucket.create(f"{PROJECT}-terraform-state", PROJECT)
    with stand_in({"google_project": {"number": NUMBER}}) as provider:
        machine.environment |= {
            **provider,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": os.devnull,
            "STORAGE_EMULATOR_HOST": f"127.0.0.1:{bucket.port}",
            "GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT": f"{bucket.url}/storage/v1/",
            "GOOGLE_OAUTH_ACCESS_TOKEN": "a-token",
        }
        yield machine
    children.stop_all()
    machine.firebase.close()


@pytest.fixture(scope="module")
def deployed(cloud) -> Machine:
    assert run(cloud, "deploy") == 0
    return cloud


def changed(machine, **variables):
    """The addresses that a plan with these variables would touch."""
    folder = terraforms_folder(machine)
    (folder / "other.tfvars.json").write_text(json.dumps(chosen(machine) | variables))
    terraform(folder, machine.environment, "plan", "-var-file=other.tfvars.json", "-out=other.plan")
    shown = json.loads(terraform(folder, machine.environment, "show", "-json", "other.plan"))
    return {
        change["address"]
        for change in shown["resource_changes"]
        if change["change"]["actions"] != ["no-op"]
    }


def functions(*names):
    return {
        f'module.server.module.functions.google_cloudfunctions2_function.this["{n}"]' for n in names
    }


def test_the_bucket_for_pictures_is_linked_and_has_its_rules(deployed):
    assert deployed.firebase.linked == {f"{PROJECT}-pictures"}
    assert deployed.firebase.rules_of(f"{PROJECT}-pictures").startswith("// Who may put what")


def test_functions_come_after_the_indexes_that_they_ask_by(deployed):
    drawn = terraform(terraforms_folder(deployed), deployed.environment, "graph", "-type=plan")
    before: dict[str, set[str]] = {}
    for later, earlier in re.findall(r'"\[root\] ([^"]+)" -> "\[root\] ([^"]+)"', drawn):
        before.setdefault(later, set()).add(earlier)
    functions = "module.server.module.functions.google_cloudfunctions2_function.this (expand)"
    found, open_ = set(), {functions}
    while open_:
        found |= open_
        open_ = {one for later in open_ for one in before.get(later, ())} - found
    store = "module.server.module.store.google_firestore"
    assert {f"{store}_index.this (expand)", f"{store}_field.single (expand)"} <= found
    # That takes ten minutes or more, and no call waits for it.
    assert f"{store}_field.expiring (expand)" not in found


def test_deploying_again_changes_nothing(deployed, capfd):
    assert run(deployed, "plan") == 0
    assert "No changes" in capfd.readouterr().out


def test_deploying_from_another_folder_changes_nothing(deployed, tmp_path, capfd):
    # As a colleague would, or a pipeline: an object is another one if its file's path is.
    (tmp_path / "archives").symlink_to(deployed.folder / "deploy" / "archives")
    assert run(deployed, "plan", folder=str(tmp_path)) == 0
    assert "No changes" in capfd.readouterr().out


def test_other_code_is_built_anew_and_nothing_else(deployed):
    archives = chosen(deployed)["archives"]
    touched = changed(deployed, archives=archives | {"light": "/x/light-of-other-code.zip"})
    light = [name for name, f in FUNCTIONS.items() if f["source"] == "light"]
    archive = 'module.server.module.buckets.google_storage_bucket_object.source["light"]'
    assert touched == functions(*light) | {archive}


def test_a_new_value_of_a_secret_reaches_those_that_have_it_and_no_other(deployed):
    versions = chosen(deployed)["secret_versions"]
    touched = changed(deployed, secret_versions=versions | {"NOTIFY_SECRET": "4"})
    assert touched == functions(
        *(n for n, f in FUNCTIONS.items() if "NOTIFY_SECRET" in f["secrets"])
    )


def test_terraform_refuses_to_delete_a_queue(deployed):
    with pytest.raises(Refused, match="prevent_destroy"):
        terraform(
            terraforms_folder(deployed),
            deployed.environment,
            *("plan", "-destroy", "-var-file=chosen.tfvars.json"),
        )


def test_all_of_it_can_be_removed(deployed, capfd):
    # The last one of this file, as nothing is left.
    assert run(deployed, "destroy", confirm=PROJECT) == 0
    said = capfd.readouterr().out
    assert "0 to change" in said
    assert "Destroy complete!" in said
    folder = terraforms_folder(deployed)
    state = json.loads(terraform(folder, deployed.environment, "state", "pull"))
    assert state["resources"] == []
