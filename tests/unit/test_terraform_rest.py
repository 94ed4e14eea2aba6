"""Queues, buckets, metrics, alerts and the proxy as they would be deployed."""

import ast
import json
import re
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.cloud.tasks_v2.types import CreateTaskRequest, Task

from infra.local.stack_options import ROOT, read_queues
from shared.adapters import cloud_tasks
from shared.domain.events import image_ended
from shared.settings import Settings
from shared.usecases.carrying_out import ALARMING
from tests.fakes.terraform import PROJECT, PROXY, REGION, Plan, plan
from tests.unit.images import IMAGINE, STORE

ANCHORS = {
    *("painter-paused", "proxy-account-disabled", "captcha", "queue-grows", "functions-fail"),
    *("sweep-finds", "health", "post-processing-fails", "costs", "no-sweep"),
}
"""Of docs/runbook.md."""

LINES = {
    "call": {"function", "status", "code", "durationMs"},
    "first picture": {"seconds"},
    "book ended": {"status", "seconds", "overheadSeconds", "pictures"},
    "picture ended": {"status", "code", "paintingSeconds", "kind"},
    "slots": {"inUse", "waiting", "slots"},
    "sweep found": {"steps", "fanOuts", "jobs", "callbacks"},
    "painter paused": {"reason", "seconds"},
    "painter refused": {"code"},
}
"""What the code logs, and the fields of it that are of interest."""


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> Plan:
    return plan(tmp_path_factory.mktemp("production"))


# --- queues ---------------------------------------------------------------------------------------


def test_every_queue_of_the_code_is_deployed_and_nothing_else(production):
    queues = production.by_key("google_cloud_tasks_queue")
    used = {cloud_tasks.STEPS, cloud_tasks.ADMISSION, cloud_tasks.POST_PROCESSING}
    assert queues.keys() == used | {cloud_tasks.CALLBACKS}
    assert {q["name"] for q in queues.values()} == queues.keys()
    default = Settings.model_fields["tasks_location"].default
    assert {q["location"] for q in queues.values()} == {REGION} == {default}


def test_queues_are_as_fast_and_as_patient_as_those_of_the_local_stack(production):
    local = {name.rsplit("/", 1)[1]: limits for name, limits in read_queues(PROJECT).items()}
    for name, queue in production.by_key("google_cloud_tasks_queue").items():
        (rates,), (retries,) = queue["rate_limits"], queue["retry_config"]
        assert rates["max_dispatches_per_second"] == local[name].max_dispatches_per_second
        assert rates["max_concurrent_dispatches"] == local[name].max_concurrent_dispatches
        assert retries["max_attempts"] == local[name].max_attempts
        for end, wanted in (("min", local[name].min_backoff), ("max", local[name].max_backoff)):
            # As the API writes durations: whole seconds, or three digits.
            said = retries[f"{end}_backoff"]
            assert said == (f"{wanted:.0f}s" if wanted == int(wanted) else f"{wanted:.3f}s")
        assert retries["max_doublings"] == local[name].max_doublings
        # With it, the last attempt could not be told by counting.
        assert retries["max_retry_duration"] is None


QUEUES = json.loads((ROOT / "infra" / "queues.json").read_text())
FUNCTIONS = json.loads((ROOT / "infra" / "functions.json").read_text())


def test_a_queue_never_sends_more_than_the_instances_of_its_function_take(tmp_path):
    planned = plan(tmp_path, max_instances={"step": 3, "postprocess": 7, "callback": 100})
    functions = planned.by_key("google_cloudfunctions2_function")
    at_once = {}
    for name, queue in planned.by_key("google_cloud_tasks_queue").items():
        (service,) = functions[QUEUES[name]["function"]]["service_config"]
        most = service["max_instance_count"] * service["max_instance_request_concurrency"]
        at_once[name] = queue["rate_limits"][0]["max_concurrent_dispatches"]
        assert at_once[name] <= most
    assert at_once == {"steps": 48, "post-processing": 7, "admission": 1, "callbacks": 100}


def test_the_table_of_queues_fits_the_table_of_functions():
    for queue in QUEUES.values():
        function = FUNCTIONS[queue["function"]]
        most = function["maxInstances"] * function["concurrency"]
        assert queue["maxConcurrentDispatches"] <= most
    rung = {queue["function"] for queue in QUEUES.values()}
    assert rung == {name for name, f in FUNCTIONS.items() if f["invoker"] == "tasks"}


class Asked(grpc.GenericRpcHandler):
    """A Cloud Tasks that keeps of each task its queue and whom it would call."""

    def __init__(self):
        self.tasks = set()

    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(
            self._create,
            request_deserializer=CreateTaskRequest.deserialize,
            response_serializer=Task.serialize,
        )

    def _create(self, request, _):
        called = request.task.http_request.url.removeprefix("https://f.example/")
        self.tasks.add((request.parent.rsplit("/", 1)[1], called))
        return request.task


def test_the_table_of_queues_says_which_function_the_code_has_each_call():
    asked = Asked()
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((asked,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    queue = cloud_tasks.CloudTaskQueue(
        cloud_tasks.tasks_client(f"127.0.0.1:{port}"),
        project=PROJECT,
        location=REGION,
        target="https://f.example/{function}",
    )
    queue.ring(IMAGINE)
    queue.ring(STORE)
    queue.ask_admission()
    queue.call_back(image_ended(IMAGINE))
    server.stop(None)

    assert asked.tasks == {(name, queue["function"]) for name, queue in QUEUES.items()}


# --- buckets --------------------------------------------------------------------------------------


def test_no_bucket_can_be_made_public(production):
    buckets = production.of("google_storage_bucket")
    assert {b.values["name"] for b in buckets} == {f"{PROJECT}-pictures", f"{PROJECT}-sources"}
    for bucket in buckets:
        assert bucket.values["uniform_bucket_level_access"] is True
        assert bucket.values["public_access_prevention"] == "enforced"
    members = {m.values["member"] for m in production.of("google_storage_bucket_iam_member")}
    assert all(member.startswith("serviceAccount:fn-") for member in members)


def test_pictures_go_when_their_books_have_gone(production):
    (bucket,) = production.of("google_storage_bucket", "pictures")
    rules = json.loads((ROOT / "infra" / "bucket-lifecycle.json").read_text())["rule"]
    names = {
        "age": "age",
        "daysSinceCustomTime": "days_since_custom_time",
        "matchesPrefix": "matches_prefix",
    }
    assert [
        {
            "action": {"type": rule["action"][0]["type"]},
            "condition": {
                name: value
                for name, planned in names.items()
                if (value := rule["condition"][0][planned])
            },
        }
        for rule in bucket.values["lifecycle_rule"]
    ] == rules
    longest = next(
        m.le for m in Settings.model_fields["job_lifetime_days"].metadata if hasattr(m, "le")
    )
    assert rules[1]["condition"]["age"] > longest
    assert bucket.values["soft_delete_policy"] == [{"retention_duration_seconds": 0}]
    assert bucket.values["force_destroy"] is False


def test_an_archive_of_other_code_is_another_object(tmp_path):
    archives = {"light": "/x/light-abc.zip", "post-processing": "/x/post-processing-def.zip"}
    planned = plan(tmp_path, archives=archives)
    names = {o.key: o.values["name"] for o in planned.of("google_storage_bucket_object")}
    assert names == {"light": "light-abc.zip", "post-processing": "post-processing-def.zip"}


# --- metrics --------------------------------------------------------------------------------------


def message_of(metric):
    return re.search(r'jsonPayload\.message="([^"]+)"', metric["filter"]).group(1)


def fields_of(metric):
    extractors = [*(metric["label_extractors"] or {}).values(), metric["value_extractor"] or ""]
    return {f for e in extractors for f in re.findall(r"EXTRACT\(jsonPayload\.(\w+)\)", e)}


def test_every_line_of_interest_is_a_metric_and_every_field_is_taken_out(production):
    taken: dict[str, set[str]] = {}
    for metric in production.of("google_logging_metric"):
        assert metric.values["filter"].startswith('resource.type="cloud_run_revision" AND ')
        taken.setdefault(message_of(metric.values), set()).update(fields_of(metric.values))
    assert taken == LINES


def logged():
    """The fields of each log line of the code, by its message."""
    found: dict[str, set[str]] = {}
    for folder in ("functions", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "log":
                    message = node.args[1] if len(node.args) > 1 else None
                    if isinstance(message, ast.Constant):
                        fields = {k.arg for k in node.keywords if k.arg}
                        found.setdefault(message.value, set()).update(fields)
    return found


def test_the_code_writes_the_lines_that_metrics_are_made_of():
    found = logged()
    assert found["call"] >= {"function", "durationMs"}  # the others are put in by name
    for message in LINES.keys() - {"call"}:
        assert found[message] >= LINES[message], message


def test_labels_are_what_is_extracted_and_numbers_are_distributions(production):
    for metric in production.of("google_logging_metric"):
        (descriptor,) = metric.values["metric_descriptor"]
        labels = {label["key"] for label in descriptor["labels"]}
        assert labels == set(metric.values["label_extractors"] or {})
        is_distribution = metric.values["value_extractor"] is not None
        assert descriptor["value_type"] == ("DISTRIBUTION" if is_distribution else "INT64")
        assert bool(metric.values["bucket_options"]) == is_distribution
        # An id as a label would be a time series for each book.
        assert labels <= {"function", "status", "code", "kind", "reason"}


def metrics_in(text):
    return set(re.findall(r"logging\.googleapis\.com/user/([a-z_]+)", text))


def test_every_metric_that_is_looked_at_is_there_and_every_one_is_looked_at(production):
    (dashboard,) = production.of("google_monitoring_dashboard")
    alerts = json.dumps([a.values for a in production.of("google_monitoring_alert_policy")])
    there = {m.values["name"] for m in production.of("google_logging_metric")}
    assert metrics_in(dashboard.values["dashboard_json"]) == there
    assert metrics_in(alerts) <= there


def test_charts_put_together_what_there_is_as_it_can_be(production):
    kinds = {m.values["name"]: m.values for m in production.of("google_logging_metric")}
    (dashboard,) = production.of("google_monitoring_dashboard")
    for tile in json.loads(dashboard.values["dashboard_json"])["mosaicLayout"]["tiles"]:
        for line in tile["widget"]["xyChart"]["dataSets"]:
            asked = line["timeSeriesQuery"]["timeSeriesFilter"]
            (name,) = metrics_in(asked["filter"])
            (descriptor,) = kinds[name]["metric_descriptor"]
            is_sum = asked["aggregation"]["crossSeriesReducer"] == "REDUCE_SUM"
            assert is_sum == (descriptor["value_type"] == "INT64"), tile["widget"]["title"]
            labels = {f"metric.labels.{label['key']}" for label in descriptor["labels"]}
            assert set(asked["aggregation"]["groupByFields"]) <= labels, tile["widget"]["title"]


def test_charts_lie_side_by_side(production):
    (dashboard,) = production.of("google_monitoring_dashboard")
    tiles = json.loads(dashboard.values["dashboard_json"])["mosaicLayout"]["tiles"]
    places = {(t["xPos"], t["yPos"]) for t in tiles}
    assert len(places) == len(tiles)
    assert all(t["xPos"] + t["width"] <= 48 for t in tiles)


# --- alerts ---------------------------------------------------------------------------------------


def test_each_alert_leads_to_its_place_in_the_runbook(tmp_path):
    planned = plan(
        tmp_path, runbook="https://example.org/docs/runbook.md", alert_emails=["a@b.org"]
    )
    anchors = []
    for alert in planned.of("google_monitoring_alert_policy"):
        (said,) = alert.values["documentation"]
        anchors += re.findall(r"https://example\.org/docs/runbook\.md#([a-z-]+)", said["content"])
    assert sorted(anchors) == sorted(ANCHORS)
    assert [c.key for c in planned.of("google_monitoring_notification_channel")] == ["a@b.org"]


def test_the_runbook_has_these_places():
    text = (ROOT / "docs" / "runbook.md").read_text()
    headings = {
        re.sub(r"[^a-z0-9 -]", "", h.lower()).strip().replace(" ", "-")
        for h in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    assert headings | set(re.findall(r'id="([a-z-]+)"', text)) >= ANCHORS


def condition(planned, name):
    (alert,) = (
        a.values
        for a in planned.of("google_monitoring_alert_policy")
        if f"#{name})" in a.values["documentation"][0]["content"]
    )
    return alert["conditions"][0]


def threshold(planned, name):
    (found,) = condition(planned, name)["condition_threshold"]
    return found


def test_alerts_on_the_painter_ask_for_codes_that_the_code_logs(production):
    account = threshold(production, "proxy-account-disabled")["filter"]
    codes = set(re.search(r'full_match\("([^"]+)"\)', account).group(1).split("|"))
    assert codes == {trouble.value for trouble in ALARMING} - {"captcha"}
    assert '"captcha"' in threshold(production, "captcha")["filter"]
    assert "captcha" in ALARMING
    # Who is woken looks for the same.
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    query = re.search(r'"painter refused" AND jsonPayload\.code=\(([^)]+)\)', runbook).group(1)
    assert set(re.findall(r'"(\w+)"', query)) == codes


def test_what_wakes_a_person(production, tmp_path):
    waiting = threshold(production, "queue-grows")
    assert (waiting["threshold_value"], waiting["duration"]) == (100, "900s")
    (absent,) = condition(production, "no-sweep")["condition_absent"]
    # A log line is known to its metric up to ten minutes later.
    assert absent["duration"] == "900s"
    assert absent["aggregations"][0]["alignment_period"] == "300s"
    assert '"sweep"' in absent["filter"]
    costs = threshold(plan(tmp_path, most_pictures_a_day=50), "costs")
    assert costs["threshold_value"] == 50
    assert costs["aggregations"][0]["alignment_period"] == "86400s"


def test_alerts_ask_for_labels_that_their_metrics_have(production):
    labels = {
        metric.values["name"]: {
            label["key"] for label in metric.values["metric_descriptor"][0]["labels"]
        }
        for metric in production.of("google_logging_metric")
    }
    alerts = json.dumps([a.values for a in production.of("google_monitoring_alert_policy")])
    filters = [f for f in re.findall(r'filter": "((?:[^"\\]|\\.)*)"', alerts) if metrics_in(f)]
    assert len(filters) >= 10
    for filter_ in filters:
        (name,) = metrics_in(filter_)
        assert set(re.findall(r"metric\.labels\.(\w+)", filter_)) <= labels[name], filter_


def test_functions_fail_if_many_calls_of_one_do_and_health_is_not_one_of_them(production):
    (alert,) = (
        a.values
        for a in production.of("google_monitoring_alert_policy")
        if "#functions-fail)" in a.values["documentation"][0]["content"]
    )
    assert alert["combiner"] == "AND_WITH_MATCHING_RESOURCE"
    share, number = (c["condition_threshold"][0] for c in alert["conditions"])
    assert 0 < share["threshold_value"] < 1
    assert number["threshold_value"] == 2
    assert not number["denominator_filter"]
    for filter_ in (share["filter"], share["denominator_filter"], number["filter"]):
        assert 'metric.labels.function!="health"' in filter_
    assert share["filter"] == number["filter"]
    (by,) = {
        tuple(a["group_by_fields"])
        for a in (
            *share["aggregations"],
            *share["denominator_aggregations"],
            *number["aggregations"],
        )
    }
    assert by == ("resource.label.service_name",)


def test_an_alert_is_over_soon_after_its_lines_are_so_that_the_next_time_is_told(production):
    closing = {
        re.search(r"#([a-z-]+)\)", alert.values["documentation"][0]["content"]).group(1): [
            strategy["auto_close"] for strategy in alert.values["alert_strategy"]
        ]
        for alert in production.of("google_monitoring_alert_policy")
    }
    # One waits for what is missing, so it must stay open without; a check always has values.
    assert (closing.pop("no-sweep"), closing.pop("health")) == ([], [])
    assert closing == {anchor: ["1800s"] for anchor in ANCHORS - {"no-sweep", "health"}}


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_alerts_that_reach_nobody_are_warned_of(tmp_path, environment):
    (warning,) = plan(tmp_path / "nobody", environment).warnings
    assert "Nobody is told of alerts" in warning
    assert not plan(tmp_path / "me", environment, alert_emails=["a@b.org"]).warnings


# --- the proxy, if it is to run here --------------------------------------------------------------


def test_there_is_no_proxy_and_no_network_unless_it_is_asked_for(production):
    assert not production.of("google_cloud_run_v2_service")
    assert not production.of("google_vpc_access_connector")


def test_the_proxy_is_one_private_instance_that_never_sleeps(tmp_path):
    planned = plan(tmp_path, proxy=PROXY, settings={"SLOTS": "6"})
    (service,) = planned.of("google_cloud_run_v2_service")
    assert service.values["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    (template,) = service.values["template"]
    assert template["scaling"] == [{"min_instance_count": 1, "max_instance_count": 1}]
    (container,) = template["containers"]
    assert container["image"] == PROXY["image"]
    assert container["resources"][0]["cpu_idle"] is False
    plain = {e["name"]: e["value"] for e in container["env"] if not e["value_source"]}
    assert plain["MJ_DISCORD_CORESIZE"] == "6"
    secret = {
        e["name"]: e["value_source"][0]["secret_key_ref"][0]
        for e in container["env"]
        if e["value_source"]
    }
    assert secret.keys() == {"MJ_DISCORD_USERTOKEN", "MJ_APISECRET"}
    assert {s["version"] for s in secret.values()} == {"1"}


def test_only_functions_that_talk_to_the_proxy_go_through_its_network(tmp_path):
    planned = plan(tmp_path, proxy=PROXY)
    for name, values in planned.by_key("google_cloudfunctions2_function").items():
        (service,) = values["service_config"]
        talks = any(
            s["key"] == "MIDJOURNEY_PROXY_SECRET" for s in service["secret_environment_variables"]
        )
        expected = "PRIVATE_RANGES_ONLY" if talks else None
        assert service["vpc_connector_egress_settings"] == expected, name
