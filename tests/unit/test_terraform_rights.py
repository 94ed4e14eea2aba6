"""What the accounts of functions may do: what the table says, which the code is compared with.

See `test_terraform_needs` for the latter.
"""

import json
import re
from collections import Counter

import pytest

from infra.local.stack_options import ROOT
from tests.fakes.terraform import PROJECT, Plan, plan

FUNCTIONS = json.loads((ROOT / "infra" / "functions.json").read_text())
SECRETS = {"MIDJOURNEY_PROXY_SECRET", "NOTIFY_SECRET", "CALLBACK_SECRET"}


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> Plan:
    return plan(tmp_path_factory.mktemp("production"))


def service(values):
    (config,) = values["service_config"]
    return config


def secrets_of(values):
    return {s["key"]: s for s in service(values)["secret_environment_variables"]}


# --- secrets --------------------------------------------------------------------------------------


def test_a_function_gets_the_secrets_that_it_needs_and_no_other(production):
    may_read = {
        (m.values["member"], m.values["secret_id"])
        for m in production.of("google_secret_manager_secret_iam_member")
    }
    gets = {
        (f"serviceAccount:{service(values)['service_account_email']}", secret["secret"])
        for values in production.by_key("google_cloudfunctions2_function").values()
        for secret in secrets_of(values).values()
    }
    assert may_read == gets
    for name, values in production.by_key("google_cloudfunctions2_function").items():
        assert secrets_of(values).keys() == set(FUNCTIONS[name]["secrets"])


def test_versions_of_secrets_are_pinned(tmp_path):
    planned = plan(tmp_path, secret_versions={"NOTIFY_SECRET": "7"})
    versions = {
        (secret["key"], secret["version"])
        for values in planned.by_key("google_cloudfunctions2_function").values()
        for secret in secrets_of(values).values()
    }
    assert versions == {
        ("MIDJOURNEY_PROXY_SECRET", "1"),
        ("NOTIFY_SECRET", "7"),
        ("CALLBACK_SECRET", "1"),
    }


def test_terraform_never_sees_what_is_in_a_secret(production):
    assert "google_secret_manager_secret_version" not in production.types
    assert {s.key for s in production.of("google_secret_manager_secret")} == SECRETS


# --- what they may do -----------------------------------------------------------------------------

ROLES = {
    "store.read": "roles/datastore.viewer",
    "store.write": "roles/datastore.user",
    "enqueue": "roles/cloudtasks.enqueuer",
    "callOff": "roles/cloudtasks.taskDeleter",
    "queues.read": "roles/cloudtasks.viewer",
    "pictures.read": "roles/storage.objectViewer",
    "pictures.write": "roles/storage.objectUser",
    "traces": "roles/telemetry.tracesWriter",
}
GRANTS = (
    "google_project_iam_member",
    "google_cloud_tasks_queue_iam_member",
    "google_storage_bucket_iam_member",
)


def granted(planned, name):
    """Role and resource, as often as it is granted, of a function's account."""
    member = f"serviceAccount:fn-{name}@{PROJECT}.iam.gserviceaccount.com"
    return Counter(
        (r.values["role"], r.values.get("name") or r.values.get("bucket") or "project")
        for type_ in GRANTS
        for r in planned.of(type_)
        if r.values["member"] == member
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_account_may_do_what_the_table_says_and_no_more(production, name):
    queues = json.loads((ROOT / "infra" / "queues.json").read_text())
    expected = Counter()
    for need in FUNCTIONS[name]["needs"]:
        kind, _, queue = need.partition(":")
        if kind in {"store.read", "store.write"}:
            expected[ROLES[kind], "project"] += 1
        elif kind in {"enqueue", "callOff", "queues.read"}:
            expected.update((ROLES[kind], one) for one in ([queue] if queue else queues))
        elif kind != "traces":
            expected[ROLES[kind], f"{PROJECT}-pictures"] += 1
    assert granted(production, name) == expected


def test_traces_may_be_written_only_if_there_are_any(production, tmp_path):
    role = ROLES["traces"], "project"
    assert not granted(production, "step")[role]
    planned = plan(tmp_path, settings={"TRACE_SHARE": "0.01"})
    traced = {name for name in FUNCTIONS if granted(planned, name)[role]}
    assert traced == {name for name, f in FUNCTIONS.items() if "traces" in f["needs"]}


def test_who_enqueues_may_act_as_the_account_of_tasks_and_nobody_else(production):
    members = {m.values["member"] for m in production.of("google_service_account_iam_member")}
    roles = {m.values["role"] for m in production.of("google_service_account_iam_member")}
    assert roles == {"roles/iam.serviceAccountUser"}
    assert members == {
        f"serviceAccount:fn-{name}@{PROJECT}.iam.gserviceaccount.com"
        for name, f in FUNCTIONS.items()
        if any(need.startswith("enqueue:") for need in f["needs"])
    }


FOR_OTHERS = {
    "roles/run.invoker",  # of each function: its caller
    "roles/eventarc.eventReceiver",  # of the trigger's account
    "roles/iam.serviceAccountUser",  # who enqueues, of the account of tasks alone
    "roles/secretmanager.secretAccessor",  # of each secret
    "roles/artifactregistry.writer",  # of the account that builds, as is the next
    "roles/logging.logWriter",
}


def test_no_other_role_is_granted_to_anybody(tmp_path):
    planned = plan(tmp_path, settings={"TRACE_SHARE": "1"})
    granting = {type_ for type_ in planned.types if "_iam_" in type_}
    granted_roles = {grant.values["role"] for type_ in granting for grant in planned.of(type_)}
    assert granted_roles == FOR_OTHERS | set(ROLES.values())
    # Only additions to what there is: a policy or a binding would take rights of others away.
    assert all(type_.endswith("_iam_member") for type_ in granting)


def test_who_builds_reads_sources_and_no_pictures(production):
    (grant,) = (
        r.values
        for r in production.of("google_project_iam_member")
        if r.values["role"].startswith("roles/storage.")
    )
    assert grant["member"] == f"serviceAccount:build-functions@{PROJECT}.iam.gserviceaccount.com"
    (condition,) = grant["condition"]
    terms = condition["expression"].split(" || ")
    begin = [re.fullmatch(r'resource\.name\.startsWith\("([^"]+)"\)', t).group(1) for t in terms]
    assert "projects/_/buckets/gcf-v2-sources-" in begin
    for bucket in production.of("google_storage_bucket"):
        name = f"projects/_/buckets/{bucket.values['name']}/objects/picture"
        assert not any(name.startswith(beginning) for beginning in begin)


def test_rights_on_the_whole_project_are_few(production):
    roles = {r.values["role"] for r in production.of("google_project_iam_member", "function")}
    assert roles <= {ROLES["store.read"], ROLES["store.write"], ROLES["traces"]}
