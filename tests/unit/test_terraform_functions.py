"""The functions as they would be deployed: who may call them, what they are told, what they may do.

Terraform itself evaluates the plan (`tests.fakes.terraform`), so these are the values that Google
would get.
"""

import json
import time
from collections import Counter

import flask
import pytest
from functions_framework import create_app

import main
from functions.invoker import REMOVED, NotInvoker, check_invoker
from infra.local.stack_options import ROOT, TRIGGER, TRIGGER_PATTERN
from shared.settings import Settings
from tests.fakes.google_provider import OWN_URL
from tests.fakes.terraform import NUMBER, PROJECT, PROXY, REGION, URL, Plan, Refused, plan
from tests.issuing import part

FUNCTIONS = json.loads((ROOT / "infra" / "functions.json").read_text())
FOR_CLIENTS = {"cancel", "delete", "download", "forget", "generate", "jobs", "regenerate"} | {
    "status",
    "styles",
}
ACCOUNTS = {
    "tasks": f"invoke-tasks@{PROJECT}.iam.gserviceaccount.com",
    "scheduler": f"invoke-scheduler@{PROJECT}.iam.gserviceaccount.com",
    "eventarc": f"invoke-eventarc@{PROJECT}.iam.gserviceaccount.com",
    "monitoring": f"service-{NUMBER}@gcp-sa-monitoring-notification.iam.gserviceaccount.com",
}

LOCAL_ONLY = {"CLOUD_TASKS_EMULATOR_HOST"}
"""Never set on Google Cloud."""
PLATFORM = {"K_SERVICE"}
"""Set by Google Cloud itself."""
KNOWN = {
    "GOOGLE_CLOUD_PROJECT": PROJECT,
    "TASKS_LOCATION": REGION,
    "TASKS_SERVICE_ACCOUNT": ACCOUNTS["tasks"],
    "TASKS_URL": f"https://{{function}}-{NUMBER}.{REGION}.run.app",
    "FUNCTIONS_URL": URL,
    "NOTIFY_URL": URL,
    "PICTURES_BUCKET": f"{PROJECT}-pictures",
    "MIDJOURNEY_PROXY_URL": "https://proxy.example/mj",
}
BY_FUNCTION = {"INVOKER"}
SECRETS = {"MIDJOURNEY_PROXY_SECRET", "NOTIFY_SECRET", "CALLBACK_SECRET"}
ALIASES = {str(field.alias) for field in Settings.model_fields.values()}
SETTABLE = ALIASES - LOCAL_ONLY - PLATFORM - KNOWN.keys() - BY_FUNCTION - SECRETS


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> Plan:
    return plan(tmp_path_factory.mktemp("production"))


def service(values):
    (config,) = values["service_config"]
    return config


def environment_of(values):
    return service(values)["environment_variables"]


def secrets_of(values):
    return {s["key"]: s for s in service(values)["secret_environment_variables"]}


# --- which there are ------------------------------------------------------------------------------


def test_every_entry_point_is_deployed_and_nothing_else(production):
    assert FUNCTIONS.keys() == set(main.__all__)
    functions = production.by_key("google_cloudfunctions2_function")
    assert functions.keys() == FUNCTIONS.keys()
    for name, values in functions.items():
        (build,) = values["build_config"]
        assert build["entry_point"] == values["name"] == name
        assert values["location"] == REGION


def test_each_function_has_an_account_of_its_own(production):
    functions = production.by_key("google_cloudfunctions2_function").items()
    accounts = {name: service(values)["service_account_email"] for name, values in functions}
    assert accounts == {name: f"fn-{name}@{PROJECT}.iam.gserviceaccount.com" for name in FUNCTIONS}
    made = Counter(a.values["email"] for a in production.of("google_service_account"))
    assert set(made.values()) == {1}
    assert made.keys() >= set(accounts.values())
    assert not set(accounts.values()) & set(ACCOUNTS.values())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_has_the_size_that_the_table_says(production, name):
    wanted, config = (
        FUNCTIONS[name],
        service(production.by_key("google_cloudfunctions2_function")[name]),
    )
    assert config["available_cpu"] == wanted["cpu"]
    assert config["available_memory"] == wanted["memory"]
    assert config["max_instance_request_concurrency"] == wanted["concurrency"]
    assert environment_of({"service_config": [config]})["THREADS"] == str(wanted["concurrency"])
    assert config["min_instance_count"] == wanted["minInstances"]
    assert config["max_instance_count"] == wanted["maxInstances"] >= 1
    assert config["timeout_seconds"] == wanted["timeoutSeconds"]
    # Less than a whole vCPU allows one request at a time only.
    assert float(wanted["cpu"]) >= 1


def test_post_processing_alone_has_memory_models_and_time_for_pictures(production):
    functions = production.by_key("google_cloudfunctions2_function")
    config = service(functions["postprocess"])
    assert (config["available_cpu"], config["available_memory"]) == ("2", "2Gi")
    assert config["max_instance_request_concurrency"] == 1
    assert {name for name, f in FUNCTIONS.items() if f["source"] != "light"} == {"postprocess"}
    objects = {
        name: values["build_config"][0]["source"][0]["storage_source"][0]["object"]
        for name, values in functions.items()
    }
    assert objects.pop("postprocess") == "heavy-1.zip"
    assert set(objects.values()) == {"light-1.zip"}


def test_a_call_ends_before_its_lease_or_a_retry_would_run_beside_it():
    lease = Settings.model_fields["store_lease"].default
    assert FUNCTIONS["postprocess"]["timeoutSeconds"] >= lease
    # Cloud Tasks gives an attempt up after ten minutes by default.
    assert all(f["timeoutSeconds"] <= 600 for f in FUNCTIONS.values())


# --- who may call ---------------------------------------------------------------------------------


def test_nobody_but_clients_and_the_proxy_calls_without_a_token_of_googles(production):
    members = production.by_key("google_cloud_run_v2_service_iam_member", "invoker")
    assert members.keys() == FUNCTIONS.keys()
    assert {m["role"] for m in members.values()} == {"roles/run.invoker"}
    for_all = {name for name, m in members.items() if m["member"] == "allUsers"}
    assert for_all == FOR_CLIENTS | {"notify"}
    for name in members.keys() - for_all:
        account = ACCOUNTS[FUNCTIONS[name]["invoker"]]
        assert members[name]["member"] == f"serviceAccount:{account}"


def test_the_code_asks_for_the_token_of_the_very_account_that_may_call(production):
    for name, values in production.by_key("google_cloudfunctions2_function").items():
        expected = ACCOUNTS.get(FUNCTIONS[name]["invoker"])
        assert environment_of(values).get("INVOKER") == expected, name


def test_what_google_alone_calls_is_closed_to_the_internet(production):
    for name, values in production.by_key("google_cloudfunctions2_function").items():
        internal = FUNCTIONS[name]["invoker"] in {"tasks", "scheduler", "eventarc"}
        expected = "ALLOW_INTERNAL_ONLY" if internal else "ALLOW_ALL"
        assert service(values)["ingress_settings"] == expected, name


# --- what sets them off ---------------------------------------------------------------------------


def test_the_trigger_listens_to_what_the_local_stack_listens_to(production):
    functions = production.by_key("google_cloudfunctions2_function")
    assert [name for name, values in functions.items() if values["event_trigger"]] == [TRIGGER]
    (trigger,) = functions[TRIGGER]["event_trigger"]
    filters = {f["attribute"]: (f["value"], f["operator"]) for f in trigger["event_filters"]}
    assert filters == {
        "database": ("(default)", None),
        "document": (TRIGGER_PATTERN, "match-path-pattern"),
    }
    assert trigger["event_type"] == "google.cloud.firestore.document.v1.written"
    assert trigger["retry_policy"] == "RETRY_POLICY_RETRY"
    assert trigger["trigger_region"] == REGION
    assert trigger["service_account_email"] == ACCOUNTS["eventarc"]
    (database,) = production.of("google_firestore_database")
    assert database.values["location_id"] == trigger["trigger_region"]


def test_a_region_may_have_a_number_of_two_digits(tmp_path):
    functions = plan(tmp_path, region="europe-west12").by_key("google_cloudfunctions2_function")
    assert {values["location"] for values in functions.values()} == {"europe-west12"}


def test_the_sweep_runs_every_minute_with_its_own_token(production):
    (job,) = production.of("google_cloud_scheduler_job")
    assert job.values["schedule"] == "* * * * *"
    (target,) = job.values["http_target"]
    # By another address, a call would not count as internal.
    own = OWN_URL.format(function="sweep")
    assert target["uri"] == own
    assert target["oidc_token"] == [
        {"audience": own, "service_account_email": ACCOUNTS["scheduler"]}
    ]


def test_the_uptime_check_calls_health_with_a_token(production):
    (check,) = production.of("google_monitoring_uptime_check_config")
    (http,) = check.values["http_check"]
    host = check.values["monitored_resource"][0]["labels"]["host"]
    assert (f"https://{host}", http["path"]) == (OWN_URL.format(function="health"), "/")
    assert http["use_ssl"]
    assert http["service_agent_authentication"] == [{"type": "OIDC_TOKEN"}]


def audiences(planned):
    """By function: what Google's services have their tokens made out to when they call it."""
    functions = planned.by_key("google_cloudfunctions2_function")
    for name in functions:
        if FUNCTIONS[name]["invoker"] == "tasks":
            told = Settings.read(environment_of(functions[name]))
            yield name, told.tasks_url.format(function=name)
    for job in planned.of("google_cloud_scheduler_job"):
        (target,) = job.values["http_target"]
        yield job.values["name"], target["oidc_token"][0]["audience"]
    for check in planned.of("google_monitoring_uptime_check_config"):
        # Scheme and host, whatever the path: this is why it can't be asked by FUNCTIONS_URL.
        yield "health", f"https://{check.values['monitored_resource'][0]['labels']['host']}"


def test_the_code_takes_the_tokens_that_google_makes_for_it(production, set_up):
    called = dict(audiences(production))
    internal = {"tasks", "scheduler", "monitoring"}
    assert called.keys() == {n for n, f in FUNCTIONS.items() if f["invoker"] in internal}
    for name, audience in called.items():
        function = production.by_key("google_cloudfunctions2_function")[name]
        set_up(**environment_of(function), K_SERVICE=name)
        for given, is_taken in ((audience, True), (URL, False)):
            headers = {"Authorization": f"Bearer {stripped(claims(name, given))}"}
            with flask.Flask("test").test_request_context(headers=headers):
                if is_taken:
                    check_invoker(flask.request, name)
                else:
                    with pytest.raises(NotInvoker, match="audience"):
                        check_invoker(flask.request, name)


def claims(name, audience):
    now = int(time.time())
    return {
        "iss": "https://accounts.google.com",
        "aud": audience,
        "email": ACCOUNTS[FUNCTIONS[name]["invoker"]],
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }


def stripped(said):
    """A token as a function on Google Cloud gets it."""
    return f"{part({'alg': 'RS256', 'kid': 'google-1'})}.{part(said)}.{REMOVED}"


# --- what they are told ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_settings_of_each_function_are_complete_and_right(production, name):
    values = production.by_key("google_cloudfunctions2_function")[name]
    environment, secrets = environment_of(values), secrets_of(values)
    assert environment.items() >= KNOWN.items()
    assert not (LOCAL_ONLY | PLATFORM | SECRETS) & environment.keys()
    assert environment.keys() <= ALIASES | {"THREADS", "LOG_EXECUTION_ID"}
    made_up = dict.fromkeys(secrets, "whsec_" + "A" * 32)
    # As the function itself would.
    settings = Settings.read({**environment, **made_up, "K_SERVICE": name})
    assert settings.auth == "firebase"
    assert settings.functions_url == URL


def test_log_lines_come_out_as_they_were_written(production, set_up, capsys):
    values = production.by_key("google_cloudfunctions2_function")["styles"]
    set_up(**environment_of(values))
    client = create_app("styles", str(ROOT / "main.py"), "http").test_client()
    client.get("/", headers={"X-Cloud-Trace-Context": "0af7651916cd43dd8448eb211c80319c/291;o=1"})
    line = json.loads(capsys.readouterr().out)
    assert line["message"] == "call"
    assert line["logging.googleapis.com/spanId"] == f"{291:016x}"
    assert "logging.googleapis.com/labels" not in line


def test_every_other_setting_can_be_set(tmp_path):
    given = dict.fromkeys(SETTABLE, "1") | {"AUTH": "jwt"}
    planned = plan(tmp_path, settings=given)
    for values in planned.by_key("google_cloudfunctions2_function").values():
        assert environment_of(values).items() >= given.items()


def test_production_limits_what_an_owner_may_spend(production):
    environment = environment_of(production.by_key("google_cloudfunctions2_function")["generate"])
    assert environment["JOBS_PER_HOUR"] == "20"
    assert environment["PICTURES_PER_DAY"] == "200"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"settings": {"FUNCTIONS_URL": "https://elsewhere"}},
            "what Google Cloud or Terraform sets by itself",
        ),
        ({"settings": {"CLOUD_TASKS_EMULATOR_HOST": "x:1"}}, "for the local stack only"),
        *(
            ({"settings": {name: "x:1"}}, "for the local stack only")
            for name in ("FIRESTORE_EMULATOR_HOST", "STORAGE_EMULATOR_HOST", "CRASH_FOLDER")
        ),
        *(
            ({"settings": {name: "1"}}, "what Google Cloud or Terraform sets by itself")
            for name in (
                *("K_SERVICE", "WORKERS", "PORT", "FUNCTION_TARGET", "TASKS_URL"),
                "LOG_EXECUTION_ID",
            )
        ),
        ({"settings": {"NOTIFY_SECRET": "0123456789abcdef"}}, "put them in Secret Manager"),
        ({"settings": {"AUTH": "none"}}, "AUTH must be firebase or jwt"),
        ({"max_instances": {"step": 0}}, "max_instances must be 1 at least"),
        ({"region": "seoul"}, "region must be a region"),
        ({"project": "Book Server"}, "project must be a project id"),
        ({"proxy_url": "https://proxy.example/"}, "without a slash at its end"),
        ({"proxy_url": ""}, "one of the two"),
        ({"proxy": PROXY, "proxy_url": "https://proxy.example/mj"}, "one of the two"),
    ],
)
def test_what_could_not_work_is_refused_before_anything_changes(tmp_path, wrong, said):
    with pytest.raises(Refused) as refused:
        plan(tmp_path, **wrong)
    assert said in " ".join(refused.value.said.replace("│", " ").split())
