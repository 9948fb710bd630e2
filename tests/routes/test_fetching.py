"""Fetching from others: from public addresses only, once, and never for long, whatever a server does."""

from __future__ import annotations

import datetime as dt
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from passport.credentials.fetching import MOST, Miss, NotFetched, Road, fetch, is_public

NAME = "badges.autre-ville.example"
URL = f"https://{NAME}/b/7"
PUBLIC = "93.184.215.14"
Answer = Callable[[ssl.SSLSocket], None]


@pytest.fixture
def settings_of_test() -> dict[str, object]:
    return {"FETCHES": True}


class Server:
    """A server on this machine with a certificate of its own, standing for a host elsewhere."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self.asked = folder, name, list[bytes]()
        self.answer: Answer = plain(b"{}")
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate(folder, name))
        self.ends = threading.Event()
        self.serving = threading.Thread(target=self.serve)
        self.serving.start()

    def serve(self) -> None:
        while not self.ends.is_set():
            with self.listening.accept()[0] as plain_socket, suppress(OSError):
                if self.ends.is_set():
                    return
                plain_socket.settimeout(5)
                with self.context.wrap_socket(plain_socket, server_side=True) as sock:
                    self.asked.append(sock.recv(4096))
                    self.answer(sock)

    def close(self) -> None:
        self.ends.set()
        with suppress(OSError):
            socket.create_connection(self.listening.getsockname(), 1).close()
        self.serving.join(10)
        self.listening.close()

    def road(self, resolve: Callable[[str], Sequence[str]] = lambda name: [PUBLIC], seconds: float = 5,
             to: list[str] | None = None) -> Road:
        """Return a road that ends here, whatever address was looked up; `to` notes which."""

        def connect(address: str, left: float) -> socket.socket:
            if to is not None:
                to.append(address)
            return socket.create_connection(self.listening.getsockname(), left)

        return Road(resolve, connect, lambda: ssl.create_default_context(cafile=str(self.folder / "ca.pem")), seconds)


def certificate(folder: Path, name: str) -> Path:
    """Make an authority and a certificate for a name; return the file of the certificate and its key."""
    now = dt.datetime.now(dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])

    def made(subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType, critical: bool) -> x509.Certificate:
        begun = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
                 .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
                 .not_valid_after(now + dt.timedelta(days=1)).add_extension(extension, critical)
                 .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                 .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False))
        return begun.sign(keys[0], hashes.SHA256())

    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(made(issuer, keys[0], x509.BasicConstraints(ca=True, path_length=None), True).public_bytes(pem))
    own = made(x509.Name([]), keys[1], x509.SubjectAlternativeName([x509.DNSName(name)]), True)
    file = folder / "own.pem"
    file.write_bytes(own.public_bytes(pem) + keys[1].private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return file


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    opened = Server(tmp_path, NAME)
    yield opened
    opened.close()


def plain(body: bytes, kind: str = "application/json", status: str = "200 OK", *more: str) -> Answer:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more])
    return lambda sock: sock.sendall(head.encode() + b"\r\n\r\n" + body)


def missed(app: Flask, road: Road, url: str = URL) -> Miss:
    with app.app_context(), pytest.raises(NotFetched) as refused:
        fetch(url, road)
    return refused.value.miss


def test_a_document_is_fetched_from_the_address_that_was_looked_at(app: Flask, server: Server) -> None:
    server.answer = plain(b'{"a": 1}', "application/ld+json; charset=utf-8")
    to: list[str] = []
    with app.app_context():
        assert fetch(URL, server.road(to=to)) == b'{"a": 1}'
    assert to == [PUBLIC]
    assert server.asked[0].startswith(b"GET /b/7 HTTP/1.1\r\nHost: badges.autre-ville.example\r\n")
    assert b"Accept-Encoding: identity" in server.asked[0]
    assert b"Cookie" not in server.asked[0]


def test_a_document_in_chunks_is_put_together(app: Flask, server: Server) -> None:
    server.answer = lambda sock: sock.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    with app.app_context():
        assert fetch(URL, server.road()) == b"{}"


ADDRESSES = [
    "0.0.0.0",  # noqa: S104 - refused
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "fec0::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:a00:1::", "2002:c0a8:101::1",
    "64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2001::1", "fe80::1%eth0", "nonsense", "",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_inside_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_anybody_reaches_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("found", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["2002:7f00:1::"]])
def test_a_name_that_means_an_address_inside_is_not_followed(app: Flask, server: Server, found: list[str]) -> None:
    assert missed(app, server.road(lambda name: found)) is Miss.NOT_PUBLIC
    assert server.asked == []


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_meaning(app: Flask, server: Server) -> None:
    meanings, to = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]], list[str]()
    with app.app_context():
        fetch(URL, server.road(lambda name: meanings.pop(0), to=to))
    assert to == [PUBLIC]
    assert len(meanings) == 2


@pytest.mark.parametrize("url", [
    f"http://{NAME}/", "file:///etc/passwd", f"https://{NAME}:8443/", f"https://moi@{NAME}/", f"https://moi:secret@{NAME}/",
    "https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "https://localhost/", f"https://{NAME}\\@x/",
    f"https://{NAME}/a b", f"https://{NAME}/a\r\nHost: x", f"https://{NAME}?x", "https:///x", "", f"https://{NAME}./",
    f"https://{NAME}/#x", f"https://-{NAME}/", "https://été.example/", f"https://{NAME}/" + "a" * 2000,
])
def test_an_address_that_is_no_plain_https_is_not_followed(app: Flask, server: Server, url: str) -> None:
    assert missed(app, server.road(), url) is Miss.ADDRESS
    assert server.asked == []


def test_nothing_is_fetched_from_ourselves_or_when_nothing_is_to_be(app: Flask, server: Server) -> None:
    app.config["PUBLIC_URL"] = f"https://{NAME}"
    assert missed(app, server.road()) is Miss.OWN
    app.config["FETCHES"] = False
    assert missed(app, server.road()) is Miss.OFF
    assert server.asked == []


ANSWERS: dict[str, tuple[Answer, Miss]] = {
    "elsewhere": (plain(b"{}", "application/json", "302 Found", "Location: https://127.0.0.1/secret"), Miss.REDIRECT),
    "gone": (plain(b"{}", "application/json", "410 Gone"), Miss.GONE),
    "absent": (plain(b"{}", "application/json", "404 Not Found"), Miss.STATUS),
    "broken": (plain(b"{}", "application/json", "500 Oops"), Miss.STATUS),
    "a page": (plain(b"<html>", "text/html"), Miss.KIND),
    "no kind": (plain(b"{}", ""), Miss.KIND),
    "a bomb": (plain(gzip.compress(b"0" * 50_000_000), "application/json", "200 OK", "Content-Encoding: gzip"), Miss.KIND),
    "announced too large": (plain(b" " * (MOST + 1)), Miss.LARGE),
    "cut short": (lambda s: s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}"), Miss.BROKEN),
    "no HTTP": (lambda s: s.sendall(b"SSH-2.0-OpenSSH\r\n\r\n"), Miss.BROKEN),
    "nothing": (lambda s: None, Miss.BROKEN),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_that_is_no_document_is_refused(app: Flask, server: Server, case: str) -> None:
    server.answer, why = ANSWERS[case]
    assert missed(app, server.road()) is why
    assert len(server.asked) == 1


def drip(before: bytes, each: bytes) -> Answer:
    def answer(sock: ssl.SSLSocket) -> None:
        sock.sendall(before)
        for _ in range(100):
            sock.sendall(each)
            time.sleep(0.05)

    return answer


def flood(before: bytes, each: bytes) -> Answer:
    def answer(sock: ssl.SSLSocket) -> None:
        sock.sendall(before)
        for _ in range(10_000):  # ten gigabytes, were they taken
            sock.sendall(each * (1_000_000 // len(each)))

    return answer


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ENDLESS: dict[str, tuple[Answer, Miss]] = {
    "a slow body": (drip(HEAD + b"\r\n", b" "), Miss.SLOW),
    "a slow head": (drip(HEAD, b"X: y\r\n"), Miss.SLOW),
    "a slow first line": (drip(b"", b"H"), Miss.SLOW),
    "a long body": (flood(HEAD + b"\r\n", b" "), Miss.LARGE),
    "long chunks": (flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10\r\n" + b" " * 16 + b"\r\n"), Miss.LARGE),
    "a long head": (flood(HEAD, b"X: " + b"y" * 50_000 + b"\r\n"), Miss.LARGE),
    "for ever soon": (flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), Miss.LARGE),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_a_server_that_never_ends_is_left(app: Flask, server: Server, case: str) -> None:
    server.answer, why = ENDLESS[case]
    began = time.monotonic()
    assert missed(app, server.road(seconds=1)) is why
    assert time.monotonic() - began < 3


def test_a_name_that_takes_for_ever_is_left(app: Flask, server: Server) -> None:
    found = threading.Event()

    def resolve(name: str) -> list[str]:
        found.wait(10)
        return [PUBLIC]

    assert missed(app, server.road(resolve, seconds=0.2)) is Miss.SLOW
    found.set()


def test_a_certificate_for_another_name_is_refused(app: Flask, server: Server) -> None:
    assert missed(app, server.road(), "https://autre.example/") is Miss.UNREACHED
    assert server.asked == []


def test_few_are_fetched_at_once(app: Flask, server: Server) -> None:
    goes_on, misses = threading.Event(), list[Miss]()

    def resolve(name: str) -> list[str]:
        goes_on.wait(10)
        return ["127.0.0.1"]

    def one() -> None:
        misses.append(missed(app, server.road(resolve)))

    several = [threading.Thread(target=one) for _ in range(2)]
    for thread in several:
        thread.start()
    assert missed(app, server.road(resolve)) is Miss.BUSY
    goes_on.set()
    for thread in several:
        thread.join()
    assert misses == [Miss.NOT_PUBLIC] * 2
