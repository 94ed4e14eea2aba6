"""What a deployment waits for by itself, and what ends it at once."""

import os
import subprocess

import pytest

from infra import deploy_waits
from infra.local.stack_options import ROOT
from tests.unit.deploying import run

METRIC = """\x1b[31m╷\x1b[0m
\x1b[31m│\x1b[0m \x1b[1m\x1b[31mError: \x1b[0m\x1b[1mError creating AlertPolicy: Error 404:
\x1b[31m│\x1b[0m Cannot find metric that matches type = "logging.googleapis.com/user/x". If a
\x1b[31m│\x1b[0m metric was created recently, it could take up to 10 minutes to become available.
\x1b[31m│\x1b[0m
\x1b[31m│\x1b[0m   with google_monitoring_alert_policy.this["stuck"],
\x1b[31m╵\x1b[0m
"""
EVENTARC = """╷
│ Error: Error creating function: googleapi: Error 400: Validation failed for trigger: Permission
│ denied while using the Eventarc Service Agent. If you recently started to use Eventarc, it may
│ take a few minutes before all necessary permissions are propagated to the Service Agent.
╵
"""
API = """╷
│ Error: Error creating Secret: googleapi: Error 403: Secret Manager API has not been used in
│ project 4711 before or it is disabled. Enable it by visiting https://console.example
╵
"""
OTHER = """╷
│ Error: Error creating Database: googleapi: Error 403: The caller does not have permission
╵
"""


def applied(machine):
    return len([line for line in machine.said("ran") if line.startswith("apply")])


def test_what_passes_by_itself_is_waited_for(machine, capfd):
    machine.has_terraform()
    machine.has_gcloud()
    machine.fails(METRIC, EVENTARC + METRIC, API)
    assert run(machine, "deploy") == 0
    assert applied(machine) == 4
    assert machine.slept == [deploy_waits.PAUSE] * 3
    told = capfd.readouterr()
    assert "a new metric is not known to the alerts yet" in told.out
    assert "the rights of Eventarc's own account" in told.out
    assert "an API that was just enabled" in told.out
    assert METRIC in told.err, "what terraform says is shown all the same"


def test_the_secrets_wait_for_their_api_too(machine):
    machine.has_terraform()
    machine.has_gcloud(secrets_versions_list="")
    machine.environment["MIDJOURNEY_PROXY_SECRET"] = "of the proxy"
    machine.fails(API)
    assert run(machine, "deploy") == 0
    assert applied(machine) == 3
    assert len(machine.slept) == 1


@pytest.mark.parametrize("said", [OTHER, METRIC + OTHER, OTHER + METRIC, ""])
def test_any_other_failure_ends_it_at_once(machine, capfd, said):
    machine.has_terraform()
    machine.has_gcloud()
    machine.fails(said)
    assert run(machine, "deploy") == 1
    assert applied(machine) == 1
    assert machine.slept == []
    assert "terraform apply failed" in capfd.readouterr().err


def test_it_does_not_wait_for_ever(machine):
    machine.has_terraform()
    machine.has_gcloud()
    machine.fails(*[METRIC] * 50)
    assert run(machine, "deploy") == 1
    assert applied(machine) == deploy_waits.TRIES
    # What the page says: a metric can take ten minutes.
    assert 600 < sum(machine.slept) < 900


def test_terraforms_own_frame_is_seen_through(tmp_path):
    """As the real one draws it: colours, a frame, and lines broken where it likes."""
    words = "Permission denied while using the Eventarc Service Agent"
    message = f"Error creating function: googleapi: Error 400: invalid: {words}."
    (tmp_path / "main.tf").write_text(
        'variable "x" {\n  default = 1\n}\noutput "x" {\n  value = 1\n  precondition {\n'
        f'    condition = var.x == 2\n    error_message = "{message}"\n  }}\n}}\n'
    )
    done = subprocess.run(
        ["terraform", "plan"],
        cwd=tmp_path,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
    )
    assert "│" in done.stderr
    assert words not in done.stderr, "its lines are to be broken"
    reason = "the rights of Eventarc's own account are on their way"
    assert deploy_waits.passing(done.stderr) == [reason]


def test_the_page_says_what_is_waited_for():
    page = (ROOT / "docs" / "deploy.md").read_text()
    rows = [line for line in page.splitlines() if "deploy waits" in line]
    for words in ("Cannot find metric that matches type", "Eventarc Service Agent", "API has not"):
        assert any(words in row for row in rows), words
