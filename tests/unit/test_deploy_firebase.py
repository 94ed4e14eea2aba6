"""The pictures' bucket is linked to Firebase, and its rules say what the code does."""

import re

import pytest

from infra.deploy_waits import TRIES
from infra.local.stack_options import ROOT
from shared.settings import Settings
from shared.usecases.take_drawing import UPLOADS
from tests.fakes.terraform import PROJECT
from tests.unit.deploying import run

RULES = (ROOT / "infra" / "storage.rules").read_text()
CODE = re.sub(r"//.*", "", RULES)
BUCKET = f"{PROJECT}-pictures"


@pytest.fixture
def ready(machine):
    machine.has_terraform()
    machine.has_gcloud()
    return machine


# --- the rules ------------------------------------------------------------------------------------


def test_a_drawing_is_as_large_as_the_settings_allow_by_default():
    (size,) = re.findall(r"request\.resource\.size <= (\d+)", CODE)
    assert int(size) == Settings.model_fields["sketch_bytes"].default


def test_the_folder_is_the_one_that_the_code_reads():
    assert re.findall(r"match /(\w+)/\{uid\}/\{drawing=\*\*\}", CODE) == [UPLOADS]


def test_only_the_formats_that_are_opened_are_taken():
    (formats,) = re.findall(r"contentType\.matches\('([^']+)'\)", CODE)
    taken = {
        t for t in ("png", "jpeg", "webp", "gif", "svg+xml") if re.fullmatch(formats, "image/" + t)
    }
    assert taken == {"png", "jpeg", "webp"}


def test_a_uid_that_is_written_as_another_folder_has_none():
    (uids,) = re.findall(r"uid\.matches\('([^']+)'\)", CODE)
    assert re.fullmatch(uids, "k7Ah2-mina.x@y")
    # The code's folder of the owner `a/b`: the user whose uid is just that must not write there.
    assert not re.fullmatch(uids, "a%2Fb")
    assert not re.fullmatch(uids, "a/b")


def test_there_is_one_permission_and_it_is_to_create_ones_own():
    (rule,) = re.findall(r"allow ([\w, ]+): if ([^;]+);", CODE)
    assert rule[0] == "create"
    assert len(re.findall(r"\ballow\b", CODE)) == 1
    conditions = [" ".join(part.split()) for part in rule[1].split("&&")]
    assert conditions[:2] == ["request.auth != null", "request.auth.uid == uid"]
    assert len(conditions) == 5
    assert "||" not in rule[1]


# --- their release --------------------------------------------------------------------------------


def test_a_deployment_links_the_bucket_and_then_releases_the_rules(ready):
    assert run(ready, "deploy") == 0
    assert ready.firebase.linked == {BUCKET}
    assert ready.firebase.rules_of(BUCKET) == RULES
    for headers in ready.firebase.headers:
        assert headers["authorization"] == "Bearer a-token"
        assert headers["x-goog-user-project"] == PROJECT
    (enabled,) = [line for line in ready.said("asked") if "services enable" in line]
    assert {"firebasestorage.googleapis.com", "firebaserules.googleapis.com"} <= set(
        enabled.split()
    )


def test_deploying_again_asks_and_changes_nothing(ready):
    assert run(ready, "deploy") == 0
    ready.firebase.asked.clear()
    assert run(ready, "deploy") == 0
    assert {method for method, _ in ready.firebase.asked} == {"GET"}


def test_other_rules_replace_those_that_were_released(ready):
    ready.firebase.linked.add(BUCKET)
    project = f"projects/{PROJECT}"
    source = {"files": [{"name": "storage.rules", "content": "older"}]}
    _, made = ready.firebase.answer("POST", f"/v1/{project}/rulesets", {"source": source})
    release = {"name": f"{project}/releases/firebase.storage/{BUCKET}", "rulesetName": made["name"]}
    ready.firebase.answer("POST", f"/v1/{project}/releases", release)
    assert ready.firebase.rules_of(BUCKET) == "older"
    assert run(ready, "deploy") == 0
    assert ready.firebase.rules_of(BUCKET) == RULES


def test_a_plan_and_a_removal_ask_nothing_of_firebase(ready):
    assert run(ready, "plan") == 0
    assert run(ready, "destroy", confirm=PROJECT) == 0
    assert ready.firebase.asked == []


def test_a_project_that_firebase_does_not_know_is_told(ready, capsys):
    ready.firebase.knows_project = False
    assert run(ready, "deploy") == 1
    told = capsys.readouterr()
    assert "https://console.firebase.google.com" in told.err
    assert "Deployed." not in told.out


@pytest.mark.parametrize("end", [f"/buckets/{BUCKET}", ":addFirebase", "/rulesets", "/releases"])
def test_what_firebase_refuses_is_shown(ready, capsys, end):
    ready.firebase.failing[end] = 403, {"error": {"message": "needs firebaserules.releases.create"}}
    assert run(ready, "deploy") == 1
    told = capsys.readouterr().err
    assert "needs firebaserules.releases.create" in told
    assert "run it again as it is" in told


def test_an_api_that_is_not_known_everywhere_is_waited_for(ready):
    said = f"Cloud Storage for Firebase API has not been used in project {PROJECT} before or it is"
    ready.firebase.failing[":addFirebase"] = 403, {"error": {"message": f"{said} disabled."}}
    assert run(ready, "deploy") == 1
    assert len(ready.slept) == TRIES - 1


def test_a_firebase_that_can_not_be_reached_is_told(ready, capsys):
    ready.firebase.close()
    assert run(ready, "deploy") == 1
    assert "could not be reached" in capsys.readouterr().err
