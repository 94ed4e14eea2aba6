"""Firestore as it would be deployed: every query of the code has its index, and nothing else does.

The queries are the code's own: each method of the job store that reads is called, against a server
that only writes down what it is asked.
"""

import inspect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    BatchGetDocumentsResponse,
    RunAggregationQueryRequest,
    RunAggregationQueryResponse,
    RunQueryRequest,
    RunQueryResponse,
    StructuredQuery,
)
from pydantic import TypeAdapter

from infra.local.stack_options import RULES
from shared.adapters.firestore_store import FirestoreJobStore
from shared.domain.image import Image
from shared.domain.job import Job
from shared.ports import LatestJob, Reference
from tests.fakes.terraform import PROJECT, Plan, plan

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ARGUMENTS = {
    "str": ["an-id-0"],
    "int": [1],
    "float": [1.0],
    "datetime.datetime": [NOW],
    "tuple[datetime.datetime, str] | None": [None, (NOW, "job")],
}
"""What the methods of the store are called with, by annotation."""
WRITES = {"commit"}
ASCENDING, DESCENDING = "ASCENDING", "DESCENDING"

LISTENED = {
    ("jobs", False, (("ownerUid", ASCENDING),)),
    ("images", False, (("ownerUid", ASCENDING),)),
    ("jobs", False, (("classId", ASCENDING),)),
    ("images", False, (("classId", ASCENDING),)),
}
"""What clients' listeners ask: they have to filter by what the security rules look at."""

Query = tuple[str, bool, tuple[tuple[str, str], ...]]
"""Collection, whether of all its groups, and the fields of the index in their order."""


@dataclass
class Asked(grpc.GenericRpcHandler):
    """A Firestore without documents that keeps the queries it was asked."""

    queries: list[StructuredQuery]

    def service(self, details):
        method = details.method.rsplit("/", 1)[1]
        if method == "RunQuery":
            return grpc.unary_stream_rpc_method_handler(
                self._query,
                request_deserializer=RunQueryRequest.deserialize,
                response_serializer=RunQueryResponse.serialize,
            )
        if method == "RunAggregationQuery":
            return grpc.unary_stream_rpc_method_handler(
                self._count,
                request_deserializer=RunAggregationQueryRequest.deserialize,
                response_serializer=RunAggregationQueryResponse.serialize,
            )
        if method == "BatchGetDocuments":
            return grpc.unary_stream_rpc_method_handler(
                self._get,
                request_deserializer=BatchGetDocumentsRequest.deserialize,
                response_serializer=BatchGetDocumentsResponse.serialize,
            )
        return None

    def _get(self, request, _):
        for name in request.documents:
            yield BatchGetDocumentsResponse(missing=name, read_time=NOW)

    def _query(self, request, _):
        self.queries.append(request.structured_query)
        yield RunQueryResponse(read_time=NOW)

    def _count(self, request, _):
        self.queries.append(request.structured_aggregation_query.structured_query)
        fields = {
            a.alias: {"integer_value": 0} for a in request.structured_aggregation_query.aggregations
        }
        yield RunAggregationQueryResponse(result={"aggregate_fields": fields}, read_time=NOW)


@pytest.fixture
def asked(monkeypatch) -> Iterator[Asked]:
    handler = Asked([])
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    yield handler
    server.stop(None)


def ask_everything(store: FirestoreJobStore) -> None:
    """Call every method that reads, with each argument that it can be given."""
    for name, method in inspect.getmembers(store, inspect.ismethod):
        if name.startswith("_") or name in WRITES:
            continue
        parameters = inspect.signature(method).parameters.values()
        values = [ARGUMENTS[str(inspect.formatannotation(p.annotation))] for p in parameters]
        for place in range(max((len(v) for v in values), default=1)):
            answer = method(*(v[min(place, len(v) - 1)] for v in values))
            if isinstance(answer, Iterator):
                list(answer)


def index_of(query: StructuredQuery) -> Query | None:
    """The index that Firestore needs for a query; None: none but the one by name."""
    (source,) = query.from_
    filters = query.where.composite_filter.filters if "composite_filter" in query.where else []
    if "field_filter" in query.where:
        filters = [query.where]
    same = StructuredQuery.FieldFilter.Operator.EQUAL
    equal = [f.field_filter.field.field_path for f in filters if f.field_filter.op == same]
    other = {f.field_filter.field.field_path for f in filters if f.field_filter.op != same}
    orders = [
        (o.field.field_path, DESCENDING if o.direction == 2 else ASCENDING)
        for o in query.order_by
        if o.field.field_path != "__name__"
    ]
    assert other <= {field for field, _ in orders}, "an inequality has to be ordered by"
    fields = (*((field, ASCENDING) for field in equal), *orders)
    return (source.collection_id, source.all_descendants, fields) if fields else None


def deployed(planned: Plan) -> set[Query]:
    single = {
        (
            f.values["collection"],
            index["query_scope"] == "COLLECTION_GROUP",
            ((f.values["field"], index["order"]),),
        )
        for f in planned.of("google_firestore_field")
        for index in f.values["index_config"][0]["indexes"]
    }
    composite = {
        (
            i.values["collection"],
            i.values["query_scope"] == "COLLECTION_GROUP",
            tuple((f["field_path"], f["order"]) for f in i.values["fields"]),
        )
        for i in planned.of("google_firestore_index")
    }
    return single | composite


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> Plan:
    return plan(tmp_path_factory.mktemp("production"))


def test_every_query_of_the_code_has_its_index_and_every_index_its_query(asked, production):
    client = firestore.Client(project=PROJECT, credentials=AnonymousCredentials())
    ask_everything(FirestoreJobStore(client, call_seconds=2))
    needed = {index for query in asked.queries if (index := index_of(query)) is not None}
    assert len(needed) >= 10, "the store was not asked much"
    assert needed <= deployed(production)
    assert deployed(production) <= needed | LISTENED


def test_nothing_else_is_indexed(production):
    fields = {
        (f.values["collection"], f.values["field"]): f
        for f in production.of("google_firestore_field")
    }
    collections = {collection for collection, _ in fields}
    assert collections == {"jobs", "images", "references", "latestJobs", "quotas", "admission"}
    for collection in collections:
        assert fields[collection, "*"].values["index_config"] == [{"indexes": []}]


def test_a_field_of_a_composite_index_is_one_of_the_documents(production):
    known = {
        "jobs": fields_of(Job) | {"classId"},
        "images": fields_of(Image) | {"classId"},
    }
    for collection, _, fields in deployed(production):
        assert {field for field, _ in fields} <= known[collection]


def fields_of(kind):
    return set(TypeAdapter(kind).json_schema(by_alias=True)["properties"])


def test_what_expires_is_deleted(production):
    expiring = {
        f.values["collection"]: f.values["field"]
        for f in production.of("google_firestore_field")
        if f.values["ttl_config"]
    }
    documents = {"jobs": Job, "images": Image, "references": Reference, "latestJobs": LatestJob}
    assert expiring.keys() == documents.keys() | {"quotas"}
    for collection, kind in documents.items():
        assert expiring[collection] in fields_of(kind)
        assert expiring[collection].replace("_", "").lower() == "expireat"
    # An index of times that only grow would be a hot spot.
    indexed = {(collection, field[0][0]) for collection, _, field in deployed(production)}
    assert not indexed & set(expiring.items())


def test_the_rules_that_are_deployed_are_the_rules_that_are_tested(production):
    (ruleset,) = production.of("google_firebaserules_ruleset")
    (source,) = ruleset.values["source"]
    assert [f["content"] for f in source["files"]] == [RULES.read_text()]
    (release,) = production.of("google_firebaserules_release")
    assert release.values["name"] == "cloud.firestore"


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_the_rules_can_be_deployed_with_a_persons_login(tmp_path, environment):
    # https://github.com/hashicorp/terraform-provider-google/issues/8263
    provider = plan(tmp_path, environment).provider
    assert provider["user_project_override"] == {"constant_value": True}
    assert provider["billing_project"] == {"references": ["var.project"]}


@pytest.mark.parametrize("environment", ["production", "staging"])
@pytest.mark.parametrize("wanted", [None, True])
def test_what_a_family_deletes_is_not_kept_unless_it_is_asked_for(tmp_path, environment, wanted):
    given = {} if wanted is None else {"point_in_time_recovery": wanted}
    (database,) = plan(tmp_path, environment, **given).of("google_firestore_database")
    said = "ENABLED" if wanted else "DISABLED"
    kept = database.values["point_in_time_recovery_enablement"]
    assert kept == f"POINT_IN_TIME_RECOVERY_{said}"


def test_production_can_not_lose_its_database_by_accident(production, tmp_path):
    (database,) = production.of("google_firestore_database")
    assert database.values["name"] == "(default)"
    assert database.values["type"] == "FIRESTORE_NATIVE"
    assert database.values["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    (open_,) = plan(tmp_path, "staging").of("google_firestore_database")
    assert open_.values["delete_protection_state"] == "DELETE_PROTECTION_DISABLED"
