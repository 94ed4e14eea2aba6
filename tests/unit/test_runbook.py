"""The runbook has what alerts link to, and speaks of things that exist."""

import re
from pathlib import Path

import pytest

from shared.domain.failure import FailureCode
from shared.domain.observation import Trouble
from shared.settings import Settings
from shared.usecases import metrics
from tests.unit.test_terraform_rights import FUNCTIONS, ROLES

DOCS = Path(__file__).parents[2] / "docs"
RUNBOOK = (DOCS / "runbook.md").read_text()

ALERTS = (
    "painter-paused",
    "proxy-account-disabled",
    "captcha",
    "queue-grows",
    "functions-fail",
    "sweep-finds",
    "health",
    "post-processing-fails",
    "costs",
    "no-sweep",
)


def anchors() -> dict[str, str]:
    """Each section by the anchor that its heading gets."""
    parts = re.split(r"^## (.+)$", RUNBOOK, flags=re.MULTILINE)[1:]
    return {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-"): text
        for heading, text in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_has_a_section_that_says_what_it_means_and_what_to_do(alert):
    section = anchors()[alert]
    for part in ("**Means**:", "**See it**:", "**Do**"):
        assert part in section, part


def test_links_within_the_runbook_lead_somewhere():
    assert {*re.findall(r"\]\(#([\w-]+)\)", RUNBOOK)} <= {*anchors()}
    for link in re.findall(r"\]\((?!#|http)([^)#]+)", RUNBOOK):
        assert (DOCS / link).exists(), link


def test_settings_that_it_names_exist():
    known = {field.alias for field in Settings.model_fields.values()}
    named = {*re.findall(r"`([A-Z][A-Z_]{4,})(?:=\w+)?`", RUNBOOK)}
    assert named - {"FAILURE"} <= known


def test_rights_that_health_may_lack_are_those_that_it_has():
    named = {*re.findall(r"roles/[\w.]+", anchors()["health"])}
    assert named == {ROLES[need] for need in FUNCTIONS["health"]["needs"]}


def test_lines_that_do_not_name_their_function_are_not_asked_for_it():
    # `call` and `refused caller` do; errors with their stacks and what was refused do not.
    for asked in re.findall(r"`([^`]*jsonPayload\.function[^`]*)`", RUNBOOK):
        assert "severity" not in asked


def test_messages_and_codes_that_it_asks_for_exist():
    messages = {*re.findall(r'jsonPayload\.message="([^"]+)"', RUNBOOK)}
    source = Path(metrics.__file__).read_text()
    assert all(f'"{message}"' in source for message in messages - {"call"})
    codes = {*FailureCode, *Trouble}
    asked = re.findall(r'jsonPayload\.code=(?:"(\w+)"|\(([^)]+)\))', RUNBOOK)
    for one, several in asked:
        for code in [one] if one else re.findall(r'"(\w+)"', several):
            assert code in codes, code


def test_every_trouble_of_the_painter_is_spoken_of():
    assert all(f"`{trouble}`" in RUNBOOK for trouble in Trouble)
