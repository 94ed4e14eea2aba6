"""A stand-in for Terraform's provider `hashicorp/google`, for planning without a cloud.

Speaks the plugin protocol, version 5, to the real terraform: serves the provider's published schema
(`infra/terraform/schema/google.json`), plans what it is given, and pretends to have done it. So
terraform itself checks every attribute, block and type, evaluates every expression, and keeps its
state; what the cloud would say to the values, nobody asks. Protocol:
https://github.com/hashicorp/terraform/blob/v1.11/docs/plugin-protocol/tfplugin5.proto
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import msgpack

SCHEMA = Path(__file__).parents[2] / "infra" / "terraform" / "schema" / "google.json"
OWN_URL = "https://{function}-abcdefghij-du.a.run.app"
"""A function's own address, as the stand-in makes it up."""
_UNKNOWN = msgpack.ExtType(0, b"\x00")
_MADE_UP = {"string": "made-up", "number": 1, "bool": False}
_NESTING = {"single": 1, "list": 2, "set": 3}

Message = dict[int, list[Any]]


@contextmanager
def stand_in(state: Mapping[str, Mapping[str, object]] | None = None) -> Iterator[dict[str, str]]:
    """Serve on loopback; gives the environment variable that has terraform use it.

    `state` has, by type, what a data source answers beside what it was asked with.
    """
    schema = json.loads(SCHEMA.read_text())
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((_Provider(schema, state or {}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    reattach = {
        "registry.terraform.io/hashicorp/google": {
            "Protocol": "grpc",
            "ProtocolVersion": 5,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"},
        }
    }
    try:
        yield {"TF_REATTACH_PROVIDERS": json.dumps(reattach)}
    finally:
        server.stop(None)


class _Provider(grpc.GenericRpcHandler):
    """The calls that terraform makes for a plan, and to carry it out."""

    def __init__(self, schema: dict[str, Any], state: Mapping[str, Mapping[str, object]]) -> None:
        self._schema, self._state = schema, state
        self._calls: dict[str, Callable[[Message], bytes]] = {
            "GetSchema": lambda _: self._schemas(),
            "PrepareProviderConfig": lambda request: _bytes(1, request[1][0]),
            "ValidateResourceTypeConfig": lambda _: b"",
            "ValidateDataSourceConfig": lambda _: b"",
            "Configure": lambda _: b"",
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": self._apply,
            "ReadResource": lambda request: _bytes(1, request[2][0]),
            # Of the state's JSON, which needs no upgrade.
            "UpgradeResourceState": lambda request: _bytes(
                1, _bytes(2, _parsed(request[3][0])[1][0])
            ),
            "ReadDataSource": self._read,
            "Stop": lambda _: b"",
        }

    def service(self, details: Any) -> Any:
        call = self._calls.get(details.method.removeprefix("/tfplugin5.Provider/"))
        if call is None:
            return None  # answered as not implemented, which terraform takes for an older provider
        return grpc.unary_unary_rpc_method_handler(lambda request, _: call(_parsed(request)))

    def _schemas(self) -> bytes:
        return (
            _bytes(1, _schema(self._schema["configuration"]))
            + b"".join(_map_entry(2, k, _schema(v)) for k, v in self._schema["resource"].items())
            + b"".join(_map_entry(3, k, _schema(v)) for k, v in self._schema["data"].items())
        )

    def _plan(self, request: Message) -> bytes:
        """Everything as configured; what the cloud will say is unknown until then."""
        type_ = request[1][0].decode()
        proposed = _unpacked(request[3][0])
        if proposed is None:
            return _bytes(1, request[3][0])
        for inside, name, _ in _computed(self._schema["resource"][type_], proposed):
            if inside.get(name) is None:
                inside[name] = _known(type_, name, proposed) or _UNKNOWN
        return _bytes(1, _bytes(1, msgpack.packb(proposed))) + _varint_field(5, 1)

    def _apply(self, request: Message) -> bytes:
        """As planned, with a made-up value for what only the cloud knows."""
        type_ = request[1][0].decode()
        values = _unpacked(request[3][0])
        if values is None:
            return _bytes(1, request[3][0])
        for inside, name, kind in _computed(self._schema["resource"][type_], values):
            if isinstance(inside.get(name), msgpack.ExtType):
                inside[name] = _MADE_UP[kind]
        return _bytes(1, _bytes(1, msgpack.packb(values))) + _varint_field(4, 1)

    def _read(self, request: Message) -> bytes:
        type_ = request[1][0].decode()
        found = _unpacked(request[2][0]) | dict(self._state.get(type_, {}))
        return _bytes(1, _bytes(1, msgpack.packb(found)))


def _computed(
    block: Mapping[str, Any], values: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Where a resource has what only the cloud knows: the part of it, the name there, the type."""
    for name, attribute in block["attributes"].items():
        if _is_computed(name, attribute):
            yield values, name, attribute["type"]
    for name, nested in block["blocks"].items():
        inside = values.get(name)
        for one in inside if isinstance(inside, list) else []:
            yield from _computed(nested, one)


def _is_computed(name: str, attribute: Mapping[str, object]) -> bool:
    return bool(attribute.get("computed")) or name == "id"


def _known(type_: str, name: str, values: Mapping[str, Any]) -> str | None:
    """What the provider itself knows before it has created anything.

    It does not know a function's address; that is made up here, in one of the two forms that Google
    gives it, for a plan to show where it goes.
    """
    if (type_, name) == ("google_cloudfunctions2_function", "uri"):
        return OWN_URL.format(function=values["name"])
    if type_ != "google_service_account" or name not in {"email", "member"}:
        return None
    email = f"{values['account_id']}@{values['project']}.iam.gserviceaccount.com"
    return email if name == "email" else f"serviceAccount:{email}"


def _unpacked(value: bytes) -> Any:
    return msgpack.unpackb(_parsed(value)[1][0], strict_map_key=False)


# --- the schema, as the protocol has it -----------------------------------------------------------


def _schema(block: Mapping[str, Any]) -> bytes:
    return _bytes(2, _block(block))


def _block(block: Mapping[str, Any]) -> bytes:
    attributes = [
        _bytes(1, name.encode())
        + _bytes(2, json.dumps(attribute["type"]).encode())
        + _varint_field(4, int(bool(attribute.get("required"))))
        + _varint_field(5, int(not attribute.get("required") and not attribute.get("computed")))
        + _varint_field(6, int(_is_computed(name, attribute)))
        for name, attribute in block["attributes"].items()
    ]
    blocks = [
        _bytes(1, name.encode())
        + _bytes(2, _block(nested))
        + _varint_field(3, _NESTING[nested["nesting"]])
        + _varint_field(4, nested["min"])
        + _varint_field(5, nested["max"])
        for name, nested in block["blocks"].items()
    ]
    return b"".join(_bytes(2, a) for a in attributes) + b"".join(_bytes(3, b) for b in blocks)


# --- protocol buffers: just what is needed of them ------------------------------------------------


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _map_entry(number: int, key: str, value: bytes) -> bytes:
    return _bytes(number, _bytes(1, key.encode()) + _bytes(2, value))


def _parsed(message: bytes) -> Message:
    """The fields of a message by number; of varints and lengths only, which is all there is."""
    found: Message = {}
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            found.setdefault(tag >> 3, []).append(varint())
        else:
            length = varint()
            found.setdefault(tag >> 3, []).append(message[at : at + length])
            at += length
    return found
