"""`make deploy`, `make plan`, `make destroy`: what they say when they can't, and what they do.

gcloud is a stand-in, and so is terraform where it can't work without a cloud (`deploying`).
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from infra import deploy
from infra.deploy_steps import stage
from infra.local.stack_options import ROOT
from tests.fakes.google_provider import stand_in
from tests.fakes.terraform import NUMBER, PROJECT
from tests.unit.deploying import API_OFF, NO_BUCKET, NO_SECRET, chosen, run, terraforms_folder

# --- what it says ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"project": ""}, "PROJECT is missing"),
        ({"project": "My Project"}, "is no project id"),
        ({"region": ""}, "REGION is missing"),
        ({"region": "seoul"}, "is no region"),
        ({"region": "asia-northeast3-a"}, "is no region"),
        ({"environment": "testing"}, "is none of production, staging"),
        ({"vars": "/no/such/file"}, "is no file"),
        ({"proxy-url": ""}, "PROXY_URL is missing"),
    ],
)
def test_wrong_arguments_are_told_before_anything_runs(machine, capsys, options, said):
    assert run(machine, "deploy", **options) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("region", ["us-central1", "europe-west12"])
def test_regions_are_taken_for_regions(machine, region):
    machine.has_terraform()
    machine.has_gcloud()
    assert run(machine, "plan", region=region) == 0


def test_without_terraform_it_says_where_to_get_it(machine, capsys):
    machine.has_gcloud()
    assert run(machine, "plan") == 1
    assert "Terraform is missing (1.5 or newer" in capsys.readouterr().err


def test_an_old_terraform_is_told(machine, capsys):
    machine.has_gcloud()
    machine.has_terraform(version="1.4.9")
    assert run(machine, "plan") == 1
    assert "is version 1.4.9; 1.5 or newer is needed" in capsys.readouterr().err


def test_without_gcloud_it_says_where_to_get_it(machine, capsys):
    machine.has_terraform()
    assert run(machine, "deploy") == 1
    assert "gcloud is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"auth_list": ""}, "Run: gcloud auth login"),
        ({"projects_describe": None}, f"There is no project {PROJECT}"),
        ({"projects_describe": "ERROR: no network"}, "ERROR: no network"),
        ({"billing_projects_describe": "False"}, "Billing is not enabled"),
    ],
)
def test_what_the_project_lacks_is_told(machine, capsys, answer, said):
    machine.has_terraform()
    machine.has_gcloud(**answer)
    assert run(machine, "deploy") == 1
    assert said in capsys.readouterr().err
    assert not machine.said("ran")


def test_destroying_wants_the_projects_name_twice(machine, capsys):
    assert run(machine, "destroy") == 1
    assert f"CONFIRM={PROJECT}" in capsys.readouterr().err
    assert run(machine, "destroy", confirm="another") == 1


def test_what_terraform_could_not_do_leads_to_the_page(machine, capsys):
    machine.has_terraform(code=1)
    machine.has_gcloud()
    assert run(machine, "plan") == 1
    assert "docs/deploy.md" in capsys.readouterr().err


def test_the_proxys_own_secret_must_be_said_once(machine, capsys):
    machine.has_terraform()
    machine.has_gcloud(secrets_versions_list="")
    assert run(machine, "deploy") == 1
    assert "MIDJOURNEY_PROXY_SECRET=... make deploy" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["deploy", "plan"])
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("secrets versions list", "ERROR: (gcloud.secrets.versions.list) UNAVAILABLE: try later"),
        ("buckets describe", "ERROR: (gcloud.storage.buckets.describe) There was a problem"),
        ("print-access-token", "ERROR: (gcloud.auth.print-access-token) Reauthentication required"),
        # An account of a pipeline asks by its own project's quota.
        (
            "billing projects describe",
            "ERROR: (gcloud.billing.projects.describe) Cloud Billing API has not",
        ),
    ],
)
def test_what_gcloud_could_not_tell_is_never_guessed(machine, capsys, command, what, said):
    machine.has_terraform()
    machine.has_gcloud(**{what: said})
    assert run(machine, command) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "run it again" in told
    assert not [line for line in machine.said("ran") if not line.startswith("init")]
    assert not machine.said("given")


def test_a_secret_that_is_missing_once_they_were_made_is_an_error(machine, capsys):
    machine.has_terraform()
    said = "ERROR: (gcloud.secrets.versions.add) NOT_FOUND: Secret [notify-secret] not found."
    machine.has_gcloud(**{"secrets versions list": NO_SECRET, "secrets versions add notify": said})
    machine.environment["MIDJOURNEY_PROXY_SECRET"] = "of the proxy"
    assert run(machine, "deploy") == 1
    assert said in capsys.readouterr().err
    assert len([line for line in machine.said("ran") if line.startswith("apply")]) == 1


def test_a_secret_whose_versions_are_all_disabled_gets_no_value_of_ours(machine, capsys):
    machine.has_terraform()
    machine.has_gcloud(secrets_versions_list="2\tDISABLED\n1\tDESTROYED")
    assert run(machine, "deploy") == 1
    assert "gcloud secrets versions enable 2 --secret=midjourney" in capsys.readouterr().err
    assert not machine.said("given")
    assert not [line for line in machine.said("ran") if line.startswith("apply")]


# --- what it does ---------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["", NO_SECRET], ids=["no version", "no secret"])
def test_a_first_deployment_makes_the_state_then_the_secrets_then_the_rest(machine, missing):
    machine.has_terraform()
    machine.has_gcloud(secrets_versions_list=missing, buckets_describe=NO_BUCKET)
    machine.environment["MIDJOURNEY_PROXY_SECRET"] = "of the proxy"
    assert run(machine, "deploy") == 0

    asked = machine.said("asked")
    made = next(line for line in asked if "buckets create" in line)
    assert f"gs://{PROJECT}-terraform-state" in made
    assert {"--public-access-prevention", "--uniform-bucket-level-access"} <= set(made.split())
    assert any("buckets update" in line and "--versioning" in line for line in asked)
    agents = [line for line in asked if "services identity create" in line]
    assert len(agents) == 2, (
        "Eventarc's account and Monitoring's, before rights are granted to them"
    )
    ran = [line.split()[0:2] for line in machine.said("ran")]
    assert ran == [["init", "-input=false"], ["apply", "-input=false"], ["apply", "-input=false"]]
    first, second = machine.said("ran")[1:]
    assert "-target=module.server.module.secrets" in first
    assert "-target" not in second
    values = dict(line.split("=", 1) for line in machine.said("given"))
    assert values.keys() == {"midjourney-proxy-secret", "notify-secret", "callback-secret"}
    assert values["midjourney-proxy-secret"] == "of the proxy"
    assert len(values["notify-secret"]) == 64
    assert values["callback-secret"].startswith("whsec_")
    # On no command line, where other users of the machine could read it.
    assert "of the proxy" not in "\n".join(asked + machine.said("ran"))


def test_a_later_deployment_pins_the_newest_versions(machine):
    machine.has_terraform()
    machine.has_gcloud(secrets_versions_list="9\tDISABLED\n8\tDESTROYED\n7\tENABLED\n6\tENABLED")
    assert run(machine, "deploy") == 0
    assert len([line for line in machine.said("ran") if line.startswith("apply")]) == 1
    assert not machine.said("given")
    variables = chosen(machine)
    assert set(variables["secret_versions"].values()) == {"7"}
    for name, path in variables["archives"].items():
        assert Path(path).name.startswith(f"{name}-")
        assert (terraforms_folder(machine) / path).is_file()


def test_only_a_plan_takes_a_secret_without_a_version_for_one_with_its_first(machine):
    machine.has_terraform()
    machine.has_gcloud(
        secrets_versions_list="", secrets_versions_add="4", buckets_describe=NO_BUCKET
    )
    machine.environment["MIDJOURNEY_PROXY_SECRET"] = "of the proxy"
    assert run(machine, "plan") == 0
    assert set(chosen(machine)["secret_versions"].values()) == {"1"}
    assert run(machine, "deploy") == 0
    assert set(chosen(machine)["secret_versions"].values()) == {"4"}


def test_a_plan_changes_nothing_and_needs_no_state(machine):
    machine.has_terraform()
    machine.has_gcloud(buckets_describe=NO_BUCKET, secrets_versions_list=API_OFF)
    assert run(machine, "plan") == 0
    changing = {"create", "update", "add", "enable", "delete"}
    assert not [line for line in machine.said("asked") if changing & set(line.split())]
    assert [line.split()[0] for line in machine.said("ran")] == ["init", "plan"]


def test_plan_is_a_plan_of_the_real_terraform(machine, capfd):
    real = subprocess.run(["which", "terraform"], capture_output=True, text=True, check=True)
    (machine.bin / "terraform").symlink_to(real.stdout.strip())
    machine.has_gcloud(buckets_describe=NO_BUCKET, secrets_versions_list=NO_SECRET)
    with stand_in({"google_project": {"number": NUMBER}}) as provider:
        machine.environment |= {**provider, "CHECKPOINT_DISABLE": "1"}
        machine.environment["TF_CLI_CONFIG_FILE"] = os.devnull
        assert run(machine, "plan", environment="staging") == 0
    assert "to add, 0 to change, 0 to destroy" in capfd.readouterr().out


def test_removing_takes_the_protection_off_first(machine):
    machine.has_terraform()
    machine.has_gcloud()
    assert run(machine, "destroy", confirm=PROJECT) == 0
    _, apply, destroy = machine.said("ran")
    assert "google_firestore_database.this" in apply
    assert destroy.startswith("destroy -input=false -auto-approve")
    assert chosen(machine)["protected"] is False


def test_nothing_is_removed_where_nothing_was_deployed(machine, capsys):
    machine.has_terraform()
    machine.has_gcloud(buckets_describe=NO_BUCKET)
    assert run(machine, "destroy", confirm=PROJECT) == 1
    assert "nothing was deployed here" in capsys.readouterr().err


def test_only_the_copy_that_removes_lets_queues_go(tmp_path):
    kept = stage(ROOT, tmp_path / "kept", removing=False)
    lifted = stage(ROOT, tmp_path / "kept", removing=True)
    override = lifted / "infra/terraform/modules/queues/removing_override.tf"
    assert "prevent_destroy = false" in override.read_text()
    stage(ROOT, tmp_path / "kept", removing=False)
    assert not override.exists(), "a copy that was left behind would not be guarded"
    assert kept == lifted


def test_secrets_of_the_table_are_those_that_are_made():
    table = json.loads((ROOT / "infra" / "functions.json").read_text())
    assert {name for f in table.values() for name in f["secrets"]} == set(deploy.SECRETS)
