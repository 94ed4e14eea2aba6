"""The settings: one table, checked at the start, and told by the README."""

import json
import re
from pathlib import Path

import pytest

from shared.adapters import cloud_tasks
from shared.domain.failure import FailureCode
from shared.domain.policy import Policy
from shared.settings import Settings, SettingsError
from tests.fakes.world import POLICY
from tests.unit.codes import codes_in_the_source

ROOT = Path(__file__).parents[2]
NEEDED = {
    "GOOGLE_CLOUD_PROJECT": "demo",
    "FUNCTIONS_URL": "https://asia-northeast3-demo.cloudfunctions.net",
    "PICTURES_BUCKET": "pictures",
    "MIDJOURNEY_PROXY_URL": "http://proxy:8080/mj",
}


def test_the_defaults_are_those_of_the_policy():
    assert Settings.read(NEEDED).policy() == Policy(prompts=POLICY.prompts)


def test_every_missing_variable_is_named():
    with pytest.raises(SettingsError) as error:
        Settings.read({})

    assert all(name in str(error.value) for name in NEEDED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLOTS", "0"),
        ("SLOTS", "many"),
        ("IMAGINE_TIMEOUT_SECONDS", "-1"),
        ("FUNCTIONS_URL", "example.com"),
        ("FUNCTIONS_URL", "https://example.com/"),
        ("MIDJOURNEY_VERSION", "7"),
        ("CLAIM_LEASE_SECONDS", "13"),
        ("AUTH", "anybody"),
        ("AUTH_KEYS_URL", "school.example/keys"),
        ("APP_CHECK_PROJECT_NUMBER", "my-project"),
    ],
)
def test_a_wrong_variable_is_named(name, value):
    with pytest.raises(SettingsError, match=name):
        Settings.read({**NEEDED, name: value})


OWN_ISSUER = {
    "AUTH_ISSUER": "https://school.example",
    "AUTH_AUDIENCE": "fairy-tales",
    "AUTH_KEYS_URL": "https://school.example/keys",
}


@pytest.mark.parametrize("missing", OWN_ISSUER)
def test_an_issuer_of_ones_own_is_named_in_full(missing):
    given = {name: value for name, value in OWN_ISSUER.items() if name != missing}

    with pytest.raises(SettingsError, match=f"AUTH=jwt needs {missing} as well"):
        Settings.read({**NEEDED, "AUTH": "jwt", **given})
    assert Settings.read({**NEEDED, "AUTH": "jwt", **OWN_ISSUER}).auth == "jwt"


@pytest.mark.parametrize("auth", ["none", "emulator"])
def test_what_lets_everybody_in_is_for_local_use(auth):
    assert Settings.read({**NEEDED, "AUTH": auth}).auth == auth
    with pytest.raises(SettingsError, match=f"AUTH must be firebase or jwt .*, not {auth}"):
        Settings.read({**NEEDED, "AUTH": auth, "K_SERVICE": "styles"})
    assert Settings.read({**NEEDED, "K_SERVICE": "styles"}).deployed


@pytest.mark.parametrize("name", ["AUTH_KEYS_URL", "APP_CHECK_KEYS_URL", "INVOKER_KEYS_URL"])
def test_keys_come_by_https_on_google_cloud(name):
    given = {**NEEDED, name: "http://keys.example"}

    Settings.read(given)
    with pytest.raises(SettingsError, match=f"{name} must be https"):
        Settings.read({**given, "K_SERVICE": "styles"})


def test_an_empty_variable_counts_as_unset():
    assert Settings.read({**NEEDED, "SLOTS": ""}).slots == 12


def test_the_page_of_settings_has_exactly_those_that_there_are():
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", page, flags=re.MULTILINE)
    # A long word in a table pushes the column after it off the page.
    below = dict(re.findall(r"^- `([A-Z_]+)`: (`.*`)$", page, flags=re.MULTILINE))
    assert all(len(default) <= 30 for _, default, _ in rows)
    rows = [(name, below.pop(name, default), meaning) for name, default, meaning in rows]
    table = {name: (default, meaning) for name, default, meaning in rows}

    expected = {}
    for field in Settings.model_fields.values():
        default = "needed" if field.is_required() else f"`{field.default}`"
        default = "none" if field.default == "" else default
        expected[field.alias] = (default, field.description)
    assert table == expected
    assert below == {}


def test_every_queue_in_code_is_a_queue_that_is_deployed():
    queues = json.loads((ROOT / "infra" / "queues.json").read_text())

    used = {cloud_tasks.STEPS, cloud_tasks.ADMISSION, cloud_tasks.POST_PROCESSING}
    assert queues.keys() == used | {cloud_tasks.CALLBACKS}
    assert queues["admission"]["maxConcurrentDispatches"] == 1
    attempts = {name: queue["maxAttempts"] for name, queue in queues.items()}
    assert attempts.pop(cloud_tasks.CALLBACKS) == Settings.read(NEEDED).callback_attempts
    assert set(attempts.values()) == {Settings.read(NEEDED).task_attempts}


def test_every_code_that_an_answer_can_have_is_on_the_page_about_the_api():
    page = (ROOT / "docs" / "api.md").read_text()
    found = codes_in_the_source()
    assert len(found) > 20
    assert {name for name in found if f"`{name}`" not in page} == set()
    for failure in FailureCode:
        assert f"`{failure.value}`" in page
