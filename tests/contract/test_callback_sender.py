"""The callback sender: over HTTPS and in memory, by the same tests; then what only HTTP has."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks

from infra.local.ports import free_port
from shared.adapters.callback_sender import HttpCallbackSender
from shared.adapters.checked_connections import Reach
from shared.ports import CallbackFailed, CallbackRefused, CallbackSender
from tests.contract.conftest import Target
from tests.fakes.callbacks import FakeCallbackSender

KEYS = (bytes(range(32)), b"an-old-secret-of-words")
BODY = '{"type": "image.ended", "data": {"name": "미나"}}'.encode()
EVENT = "evt_bxsqn4mv36v25dypazzjoqd3jy"


class Receiver:
    """A client's own server, as a test sees it: what it answers, and what it has got."""

    def __init__(self, sender: CallbackSender, url: str, fake: FakeCallbackSender | Target) -> None:
        self.sender = sender
        self.url = url
        self._behind = fake

    def answers(self, *statuses: int) -> None:
        self._behind.answers = list(statuses)  # type: ignore[assignment]

    @property
    def got(self) -> list[bytes]:
        behind = self._behind
        received: list[Any] = behind.calls if isinstance(behind, Target) else behind.received
        return [message.body for message in received]

    def send(self, url: str | None = None) -> None:
        self.sender.send(url or self.url, EVENT, datetime.now(UTC), BODY)


@pytest.fixture(params=["fake", "http"])
def receiver(request: pytest.FixtureRequest, target: Target) -> Iterator[Receiver]:
    if request.param == "fake":
        fake = FakeCallbackSender(["127.0.0.1"])
        yield Receiver(fake, "http://127.0.0.1/hook", fake)
        return
    sender = HttpCallbackSender(["127.0.0.1"], KEYS, 5)
    yield Receiver(sender, f"{target.url}/hook", target)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_message_that_is_taken_is_over(receiver: Receiver, status: int) -> None:
    receiver.answers(status)

    receiver.send()

    assert receiver.got == [BODY]


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 408, 429, 500, 503])
def test_a_message_that_is_not_taken_has_failed_this_time(receiver: Receiver, status: int) -> None:
    receiver.answers(status)

    with pytest.raises(CallbackFailed, match=str(status)):
        receiver.send()
    receiver.send()

    assert receiver.got == [BODY] * 2


def test_a_receiver_that_is_gone_is_not_to_be_asked_again(receiver: Receiver) -> None:
    receiver.answers(410)

    with pytest.raises(CallbackRefused):
        receiver.send()


@pytest.mark.parametrize(
    "url", ["https://other.test/hook", "http://localhost/hook", "http://10.0.0.1/", "nothing", ""]
)
def test_nobody_is_called_who_is_not_on_the_list(receiver: Receiver, url: str) -> None:
    with pytest.raises(CallbackRefused):
        receiver.sender.send(url, EVENT, datetime.now(UTC), BODY)

    assert receiver.got == []


# --- over HTTP -----------------------------------------------------------------------------------


@pytest.fixture
def sender() -> HttpCallbackSender:
    return HttpCallbackSender(["127.0.0.1"], KEYS, 0.5)


@pytest.mark.parametrize("key", KEYS)
def test_a_receiver_can_check_who_sent_it(
    sender: HttpCallbackSender, target: Target, key: bytes
) -> None:
    sender.send(f"{target.url}/hook?a=b", EVENT, datetime.now(UTC), BODY)

    (call,) = target.calls
    checked = standardwebhooks.Webhook(key).verify(call.body, call.headers)
    assert checked == json.loads(BODY)
    assert (call.method, call.path) == ("POST", "/hook?a=b")
    assert call.headers["webhook-id"] == EVENT
    assert call.headers["Content-Type"] == "application/json"
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(b"another").verify(call.body, call.headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(key).verify(call.body + b" ", call.headers)


def test_a_receiver_that_is_not_there_has_failed(sender: HttpCallbackSender) -> None:
    with pytest.raises(CallbackFailed) as caught:
        sender.send(f"http://127.0.0.1:{free_port()}/?key=secret", EVENT, datetime.now(UTC), BODY)

    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_slow_receiver_has_failed_though_it_may_have_taken_it(
    sender: HttpCallbackSender, target: Target
) -> None:
    target.gate.clear()
    began = time.monotonic()

    with pytest.raises(CallbackFailed):
        sender.send(target.url, EVENT, datetime.now(UTC), BODY)

    assert time.monotonic() - began < 3
    assert [call.body for call in target.calls] == [BODY]


def test_no_proxy_and_no_password_comes_from_the_environment(
    sender: HttpCallbackSender, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")

    sender.send(target.url, EVENT, datetime.now(UTC), BODY)

    assert "Authorization" not in target.calls[0].headers


@pytest.fixture
def raw() -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers with given bytes, again and again until nobody listens."""
    server = socket.create_server(("127.0.0.1", 0))
    says: list[bytes] = []

    def serve() -> None:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(says[0])
                while len(says) > 1:
                    connection.sendall(says[1])
            except OSError:
                says.append(b"left")

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", says
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(10)
    assert not thread.is_alive()


def test_nobody_is_led_elsewhere(
    sender: HttpCallbackSender, raw: tuple[str, list[bytes]], target: Target
) -> None:
    url, says = raw
    location = f"{target.url}/elsewhere".encode()
    says.append(b"HTTP/1.1 307 There\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % location)

    with pytest.raises(CallbackFailed, match="307"):
        sender.send(url, EVENT, datetime.now(UTC), BODY)

    assert target.calls == []


def test_an_answer_without_end_is_not_read(
    sender: HttpCallbackSender, raw: tuple[str, list[bytes]]
) -> None:
    url, says = raw
    says += [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n" * 1000]

    sender.send(url, EVENT, datetime.now(UTC), BODY)


@pytest.mark.parametrize(
    "answer",
    [b"hello\r\n\r\n", b"", b"HTTP/1.1 99999 what\r\n\r\n", b"HTTP/1.1 200 OK\r\nA" * 9999],
)
def test_an_answer_that_is_none_has_failed(
    sender: HttpCallbackSender, raw: tuple[str, list[bytes]], answer: bytes
) -> None:
    url, says = raw
    says.append(answer)

    with pytest.raises(CallbackFailed):
        sender.send(url, EVENT, datetime.now(UTC), BODY)


# --- where it leads, and how long it takes --------------------------------------------------------


@pytest.mark.parametrize(
    "pieces",
    [
        [b"H", b"T"],
        [b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"],
        [b"", b"HTTP/1.1 100 Continue\r\n\r\n"],
    ],
    ids=["a status", "headers", "100 again and again"],
)
def test_an_answer_that_drips_has_failed_in_time(
    sender: HttpCallbackSender, pieces: list[bytes]
) -> None:
    """A socket's own time-out begins anew with each byte."""
    server = socket.create_server(("127.0.0.1", 0))
    left = threading.Event()

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            first, then = pieces
            try:
                connection.sendall(first)
                while not left.wait(0.02) and time.monotonic() < began + 5:
                    connection.sendall(then)
            except OSError:
                return

    began = time.monotonic()
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        with pytest.raises(CallbackFailed, match=r"TimeoutError|HTTPException"):
            sender.send(
                f"http://127.0.0.1:{server.getsockname()[1]}", EVENT, datetime.now(UTC), BODY
            )
        assert time.monotonic() - began < 3  # of which 0.5 s are the sender's
    finally:
        left.set()
        thread.join(10)
        server.close()


def asked_for(*addresses: str) -> tuple[HttpCallbackSender, list[str]]:
    """A sender for which every name has these addresses, and the names that it asked for."""
    names = []

    def resolve(host: str, _: int) -> list[str]:
        names.append(host)
        return list(addresses)

    reach = Reach(resolve=resolve)
    hosts = ["client.test", "localhost", "127.0.0.1"]
    return HttpCallbackSender(hosts, KEYS, 0.5, reach), names


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fd00::1"],
        ["8.8.8.8", "127.0.0.1"],
        [],
    ],
    ids=str,
)
def test_a_listed_name_is_not_called_in_the_own_network(addresses: list[str]) -> None:
    sender, names = asked_for(*addresses)

    with pytest.raises(CallbackFailed, match="not public"):
        sender.send("https://client.test/hook", EVENT, datetime.now(UTC), BODY)

    assert names == ["client.test"]


def test_this_very_machine_is_called_by_its_name_and_nothing_else_is(target: Target) -> None:
    port = target.url.rsplit(":", 1)[1]
    here, _ = asked_for("127.0.0.1")
    here.send(f"http://localhost:{port}/hook", EVENT, datetime.now(UTC), BODY)
    assert len(target.calls) == 1

    for elsewhere in ("10.0.0.1", "8.8.8.8"):
        sender, _ = asked_for(elsewhere)
        with pytest.raises(CallbackFailed, match="not public"):
            sender.send(f"http://localhost:{port}/hook", EVENT, datetime.now(UTC), BODY)


def test_the_name_is_resolved_once(target: Target) -> None:
    """Else it could have another address when it is called than when it was checked."""
    sender, names = asked_for("127.0.0.1")

    sender.send(f"{target.url}/hook", EVENT, datetime.now(UTC), BODY)

    assert names == ["127.0.0.1"]
