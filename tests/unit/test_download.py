"""Downloads by hostile links: real sockets and real TLS on loopback, names and rule injected."""

import ipaddress
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.download import Rules, download
from shared.adapters.download_addresses import addresses_of, is_public
from shared.adapters.picture_sources import HttpPictureSource, PainterPictureSource
from shared.ports import PictureRejected, PictureUnavailable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(2000)
LOOPBACK = ipaddress.ip_address("127.0.0.1")

Answer = bytes | Callable[[socket.socket], None]


def answer(body: bytes = PNG, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(target: str, status: int = 302) -> bytes:
    return answer(b"", f"{status} Found", f"Location: {target}", "Set-Cookie: a=b")


@dataclass
class Server:
    """Answers each path with the bytes it was given, or lets a function write to the socket."""

    tls: ssl.SSLContext | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """That clients asked for in TLS (SNI)."""
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        if self.tls is not None:
            self.tls.sni_callback = lambda _, name, __: self.names.append(name)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self.ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                raw, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(10)
        with raw, suppress(OSError):
            if self.tls is None:
                self._answer(raw)
                return
            with self.tls.wrap_socket(raw, server_side=True) as secured:
                self._answer(secured)

    def _answer(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            received = connection.recv(65536)
            if not received:
                return
            request += received
        self.requests.append(request.decode())
        path = request.split()[1].decode().partition("?")[0]
        found = self.answers.get(path, answer(b"", "404 Not Found"))
        if callable(found):
            found(connection)
        else:
            connection.sendall(found)


@dataclass
class Names:
    """A resolver that remembers what it was asked."""

    addresses: dict[str, list[str]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.addresses:
            raise socket.gaierror("unknown")
        return self.addresses[host]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a self-signed certificate for pictures.test and everything below example.test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pictures.test")])
    names = [x509.DNSName("pictures.test"), x509.DNSName("*.example.test")]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("certificate") / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server = Server(tls, {"/a.png": answer()})
    yield server
    server.stop()


@pytest.fixture
def plain() -> Iterator[Server]:
    server = Server(None, {"/a.png": answer()})
    yield server
    server.stop()


@pytest.fixture
def names() -> Names:
    known = ("pictures.test", "deep.example.test", "stranger.test")
    return Names({name: ["127.0.0.1"] for name in known})


@pytest.fixture
def rules(server: Server, names: Names, certificate: Path) -> Rules:
    """The strict rules, but for the port and for 127.0.0.1 being public."""
    return Rules(
        hosts=("pictures.test", ".example.test"),
        ports=(server.port,),
        is_allowed=lambda address: address == LOOPBACK,
        resolve=names,
        tls=lambda: ssl.create_default_context(cafile=certificate),
        connect_seconds=5,
        read_seconds=5,
        total_seconds=10,
    )


def link(server: Server, path: str = "/a.png", host: str = "pictures.test") -> str:
    return f"https://{host}:{server.port}{path}?signature=SECRET"


def rejection(url: str, rules: Rules) -> str:
    with pytest.raises(PictureRejected) as caught:
        download(url, rules)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))
    return caught.value.code


def unavailable(url: str, rules: Rules) -> None:
    with pytest.raises(PictureUnavailable) as caught:
        download(url, rules)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


# --- a good link ---------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["pictures.test", "deep.example.test", "PICTURES.test"])
def test_a_good_link_is_followed_with_the_name_that_it_has(server, names, rules, host):
    assert download(link(server, host=host), rules) == PNG

    assert names.asked == [host.lower()]
    assert server.names == [host.lower()]
    request = server.requests[0]
    assert request.startswith("GET /a.png?signature=SECRET HTTP/1.1\r\n")
    assert f"\r\nHost: {host.lower()}:{server.port}\r\n" in request
    assert "\r\nAccept-Encoding: identity\r\n" in request


def test_the_name_is_resolved_once_so_that_it_cannot_change_after_the_check(server, rules):
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    assert download(link(server), replace(rules, resolve=lambda *_: next(answers))) == PNG

    assert next(answers) == ["10.0.0.1"]


def test_where_nobody_listens_the_next_address_is_tried(server, names, rules):
    names.addresses["pictures.test"] = ["127.0.0.2", "127.0.0.1"]
    both = replace(rules, is_allowed=lambda address: address.is_loopback, connect_seconds=2)

    assert download(link(server), both) == PNG


def test_letters_beyond_ascii_are_quoted_and_what_is_quoted_stays(server, rules):
    server.answers["/%EA%B7%B8%EB%A6%BC/a%2Fb.png"] = answer()

    assert download(link(server, "/그림/a%2Fb.png"), rules) == PNG


def test_chunks_are_put_together(server, rules):
    server.answers["/a.png"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"8\r\n\x89PNG\r\n\x1a\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n"
    )

    assert download(link(server), rules) == b"\x89PNG\r\n\x1a\nabc"


def test_nothing_of_the_environment_is_used(server, rules, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login mina password hidden\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")

    assert download(link(server), rules) == PNG

    assert "Authorization" not in server.requests[0]


# --- who answers ---------------------------------------------------------------------------------


def test_a_certificate_for_another_name_is_not_taken(server, rules):
    unavailable(link(server, host="stranger.test"), replace(rules, hosts=None))

    assert server.requests == []


def test_a_certificate_of_nobody_known_is_not_taken(server, rules):
    unavailable(link(server), replace(rules, tls=Rules().tls))

    assert server.requests == []


# --- links that are not allowed ------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.png",
        "//pictures.test/a.png",
        "https://",
        "https:///a.png",
        "http://pictures.test/a.png",
        "ftp://pictures.test/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "https://stranger.test/a.png",
        "https://example.test/a.png",
        "https://badexample.test/a.png",
        "https://.example.test/a.png",
        "https://a..example.test/a.png",
        "https://pictures.test./a.png",
        "https://pictures.test.stranger.test/a.png",
        "https://127.0.0.1/a.png",
        "https://2130706433/a.png",
        "https://0x7f.1/a.png",
        "https://[::1]/a.png",
        "https://[::ffff:127.0.0.1]/a.png",
        "https://[::1",
        "https://pictures.test:80/a.png",
        "https://pictures.test:0/a.png",
        "https://pictures.test:99999/a.png",
        "https://pictures.test:x/a.png",
        "https://mina@pictures.test/a.png",
        "https://mina:secret@pictures.test/a.png",
        "https://@pictures.test/a.png",
        "https://stranger.test\\@pictures.test/a.png",
        "https://pictures.test\\.stranger.test/a.png",
        "https://pictures.test/a b.png",
        "https://pictures.test/\r\nHost: stranger.test",
        "https://pic\ttures.test/a.png",
        " https://pictures.test/a.png",
        "https://pictures.test%00.stranger.test/a.png",
        "https://pıctures.test/a.png",
        "https://pictures。test/a.png",
        "https://pictures.test/\ud800.png",
    ],
)
def test_a_link_that_is_not_allowed_is_not_even_resolved(url, names, rules):
    assert rejection(url, replace(rules, ports=(443,))) == "link_not_allowed"

    assert names.asked == []


def test_without_a_list_of_hosts_nothing_is_allowed_by_default():
    assert rejection("https://pictures.test/a.png", Rules()) == "link_not_allowed"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "0.0.0.0",  # noqa: S104
        "0.1.2.3",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fd20:ce::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_is_not_connected_to(address, names, rules, server):
    assert not is_public(ipaddress.ip_address(address))
    names.addresses["pictures.test"] = [address]

    assert rejection(link(server), replace(rules, is_allowed=is_public)) == "link_not_allowed"


@pytest.mark.parametrize("address", ["8.8.8.8", "162.159.128.233", "2606:4700::6810:84e5"])
def test_other_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


def test_one_address_that_is_not_public_is_enough(names, rules, server):
    names.addresses["pictures.test"] = ["127.0.0.1", "10.0.0.1"]

    assert rejection(link(server), rules) == "link_not_allowed"
    assert server.requests == []


def test_the_systems_resolver_is_asked_by_default():
    assert "127.0.0.1" in addresses_of("127.0.0.1", 443)
    assert rejection(
        "https://127.0.0.1/a.png", Rules(hosts=("127.0.0.1",))
    ) == "link_not_allowed"  # fmt: skip


# --- redirects -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_carries_nothing_along(server, names, rules, status):
    server.answers["/b"] = redirect(link(server, host="deep.example.test"), status)

    assert download(link(server, "/b"), rules) == PNG

    assert server.names == ["pictures.test", "deep.example.test"]
    assert names.asked == server.names
    assert not any("Cookie" in request or "Referer" in request for request in server.requests)


def test_a_redirect_may_be_relative(server, rules):
    server.answers["/b/c"] = redirect("../a.png")

    assert download(link(server, "/b/c"), rules) == PNG


@pytest.mark.parametrize(
    "target",
    [
        "https://stranger.test:{port}/a.png",
        "//stranger.test:{port}/a.png",
        "http://pictures.test:{port}/a.png",
        "https://pictures.test:22/a.png",
        "https://mina@pictures.test:{port}/a.png",
        "https://127.0.0.1:{port}/a.png",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_the_target_of_a_redirect_is_checked_anew(server, rules, target):
    server.answers["/b"] = redirect(target.format(port=server.port))

    assert rejection(link(server, "/b"), rules) == "link_not_allowed"
    assert len(server.requests) == 1


def test_a_redirect_to_a_private_address_is_not_followed(server, names, rules):
    names.addresses["inside.example.test"] = ["10.0.0.1"]
    server.answers["/b"] = redirect(link(server, host="inside.example.test"))

    assert rejection(link(server, "/b"), rules) == "link_not_allowed"


def test_three_redirects_are_followed_but_not_four(server, rules):
    server.answers |= {f"/{n}": redirect(f"/{n - 1}") for n in range(1, 5)} | {"/0": answer()}

    assert download(link(server, "/3"), rules) == PNG
    assert rejection(link(server, "/4"), rules) == "link_broken"


def test_a_redirect_to_nowhere_ends(server, rules):
    server.answers["/b"] = answer(b"", "302 Found")

    assert rejection(link(server, "/b"), rules) == "link_broken"


# --- what comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 404, 410, 451])
def test_a_link_that_will_never_work_is_broken(server, rules, status):
    server.answers["/a.png"] = answer(b"", f"{status} So")

    assert rejection(link(server), rules) == "link_broken"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_link_that_may_work_later_is_unavailable(server, rules, status):
    server.answers["/a.png"] = answer(b"", f"{status} So")

    unavailable(link(server), rules)


def test_a_host_that_is_not_known_is_unavailable(server, rules):
    unavailable(link(server, host="unknown.example.test"), rules)


def test_a_host_that_does_not_listen_is_unavailable(server, rules):
    server.stop()

    unavailable(link(server), rules)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Content-Length: 2001\r\n",
        b"Content-Length: 99999999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
    ],
)
def test_a_picture_of_too_many_bytes_is_not_read_to_its_end(server, rules, head):
    written = []

    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        piece = b"400\r\n" + bytes(1024) + b"\r\n" if b"chunked" in head else bytes(1024)
        while len(written) < 100_000:
            connection.sendall(piece)
            written.append(len(piece))

    server.answers["/a.png"] = pour

    assert rejection(link(server), replace(rules, most_bytes=2000)) == "picture_too_large"
    assert sum(written) < 20_000_000


def test_as_many_bytes_as_are_allowed_are_taken(server, rules):
    assert download(link(server), replace(rules, most_bytes=len(PNG))) == PNG


def test_a_chunk_of_less_than_nothing_does_not_get_around_the_limit(server, rules):
    written = []

    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")
        while len(written) < 1000:
            connection.sendall(bytes(100_000))
            written.append(1)

    server.answers["/a.png"] = pour

    with pytest.raises((PictureRejected, PictureUnavailable)):
        download(link(server), replace(rules, most_bytes=2000))
    assert len(written) < 200


def test_what_is_compressed_is_never_unpacked(server, rules):
    server.answers["/a.png"] = answer(b"\x1f\x8b" + bytes(50), "200 OK", "Content-Encoding: gzip")

    with pytest.raises(PictureRejected) as caught:
        HttpPictureSource(rules.hosts, rules=rules).fetch(link(server))
    assert caught.value.code == "wrong_format"


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"\0\0\0",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + PNG,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFF\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 " + b"9" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    ],
)
def test_half_an_answer_is_unavailable(server, rules, given):
    server.answers["/a.png"] = given

    unavailable(link(server), rules)


def drip(server: Server, beginning: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def write(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while not server.ended.wait(0.02):
            connection.sendall(piece)

    return write


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nA: ", b"b"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
    ],
)
def test_what_drips_in_is_not_waited_for_beyond_the_limit(server, rules, beginning, piece):
    server.answers["/a.png"] = drip(server, beginning, piece)
    started = time.monotonic()

    unavailable(link(server), replace(rules, total_seconds=0.4))

    assert time.monotonic() - started < 2


def test_redirects_do_not_start_the_limit_anew(server, rules):
    server.answers["/b"] = redirect("/c")
    server.answers["/c"] = drip(server, b"HTTP/1.1 200 OK\r\n\r\n", b"a")
    started = time.monotonic()

    unavailable(link(server, "/b"), replace(rules, total_seconds=0.4))

    assert time.monotonic() - started < 2


def test_silence_is_not_waited_for_beyond_the_limit(server, rules):
    server.answers["/a.png"] = lambda _: server.ended.wait() and None
    started = time.monotonic()

    unavailable(link(server), replace(rules, read_seconds=0.2))

    assert time.monotonic() - started < 2


def test_who_accepts_and_never_shakes_hands_is_not_waited_for(rules):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        started = time.monotonic()

        unavailable(
            f"https://pictures.test:{port}/a.png", replace(rules, ports=None, read_seconds=0.2)
        )

    assert time.monotonic() - started < 2


@settings(max_examples=150)
@given(
    beginning=st.sampled_from(
        [
            b"",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 302 Found\r\nLocation: ",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: ",
        ]
    ),
    rest=st.binary(max_size=60) | st.text("0123456789-\r\nabcx:/ ", max_size=30).map(str.encode),
)
def test_any_answer_is_taken_or_refused(any_server, beginning, rest):
    any_server.answers["/a.png"] = beginning + rest
    rules = Rules(
        hosts=None,
        schemes=("http",),
        ports=(any_server.port,),
        is_allowed=lambda address: address == LOOPBACK,
        resolve=lambda *_: ["127.0.0.1"],
        most_bytes=1000,
        total_seconds=5,
    )
    with suppress(PictureRejected, PictureUnavailable):
        assert len(download(f"http://pictures.test:{any_server.port}/a.png", rules)) <= 1000


@pytest.fixture(scope="module")
def any_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@settings(max_examples=300)
@given(
    url=st.text(max_size=40)
    | st.builds("https://{}/{}".format, st.text(max_size=20), st.text(max_size=20))
    | st.builds("https://pictures.test{}".format, st.text(max_size=20))
)
def test_any_link_is_refused_or_asked_of_a_host_that_is_allowed(url):
    def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("pictures.test", 443)
        return ["10.0.0.1"]

    with pytest.raises(PictureRejected):
        download(url, Rules(hosts=("pictures.test",), resolve=resolve))


# --- the painter's links -------------------------------------------------------------------------


def test_the_painters_links_may_lead_to_its_own_hosts(plain):
    picture = PainterPictureSource(("127.0.0.1",)).fetch(f"http://127.0.0.1:{plain.port}/a.png?x=y")

    assert (picture.data, picture.content_type, picture.suffix) == (PNG, "image/png", ".png")
    assert f"\r\nHost: 127.0.0.1:{plain.port}\r\n" in plain.requests[0]


@pytest.mark.parametrize("path", ["/missing.png", "/html", "/loop"])
def test_whatever_is_wrong_with_the_painters_link_is_told(plain, path):
    plain.answers |= {"/html": answer(b"<html>"), "/loop": redirect("/loop")}

    with pytest.raises(PictureRejected):
        PainterPictureSource(("127.0.0.1",)).fetch(f"http://127.0.0.1:{plain.port}{path}")


def test_the_painters_links_lead_to_no_other_host(plain):
    with pytest.raises(PictureRejected, match="host"):
        PainterPictureSource(("cdn.test", ".proxy.test")).fetch(
            f"http://127.0.0.1:{plain.port}/a.png"
        )
    assert plain.requests == []


def test_no_hosts_is_not_any_host(plain):
    with pytest.raises(PictureRejected) as caught:
        HttpPictureSource(()).fetch(f"https://127.0.0.1:{plain.port}/a.png")
    assert caught.value.code == "link_not_allowed"


def test_hosts_may_be_written_in_capitals(server, rules):
    assert HttpPictureSource(("PICTURES.Test",), rules=rules).fetch(link(server)).data == PNG
