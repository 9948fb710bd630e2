"""Fetching from others: from public addresses only, once, and never for long, whatever a server does."""

from __future__ import annotations

import gzip
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from passport.credentials.fetching import MOST, Miss, NotFetched, Road, fetch, is_public

from ..servers import PUBLIC, Answer, Server, plain

NAME = "badges.autre-ville.example"
URL = f"https://{NAME}/b/7"


@pytest.fixture
def settings_of_test() -> dict[str, object]:
    return {"FETCHES": True}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    opened = Server(tmp_path, NAME)
    yield opened
    opened.close()


def fetched(app: Flask, road: Road) -> bytes:
    app.config["ROAD"] = road
    with app.app_context():
        return fetch(URL)


def missed(app: Flask, road: Road, url: str = URL) -> Miss:
    app.config["ROAD"] = road
    with app.app_context(), pytest.raises(NotFetched) as refused:
        fetch(url)
    return refused.value.miss


def test_a_document_is_fetched_from_the_address_that_was_looked_at(app: Flask, server: Server) -> None:
    server.answer = plain(b'{"a": 1}', "application/ld+json; charset=utf-8")
    to: list[str] = []
    assert fetched(app, server.road(to=to)) == b'{"a": 1}'
    assert to == [PUBLIC]
    assert server.asked[0].startswith(b"GET /b/7 HTTP/1.1\r\nHost: badges.autre-ville.example\r\n")
    assert b"Accept-Encoding: identity" in server.asked[0]
    assert b"Cookie" not in server.asked[0]


def test_a_document_in_chunks_is_put_together(app: Flask, server: Server) -> None:
    server.answer = lambda sock: sock.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert fetched(app, server.road()) == b"{}"


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
    fetched(app, server.road(lambda name: meanings.pop(0), to=to))
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
