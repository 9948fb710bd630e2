"""The one door to other people's servers: what stands in a foreign document is fetched here, or nowhere.

An address comes from whoever wrote the document, so it may aim at this machine or its neighbours, send for ever, or send
elsewhere. Hence: https on its own port, a name that means public addresses only, a connection to the very address that
was looked at, no redirect, few seconds, few bytes, JSON.
"""

from __future__ import annotations

import enum
import io
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any, Final
from urllib.parse import urlsplit

from flask import current_app

from ..links import host as own_host

SECONDS: Final = 5.0
"""How long one document may take, from looking up its name to its last byte."""
SECONDS_IN_ALL: Final = 10.0
"""How long all the documents of one check may take."""
MOST: Final = 512 * 1024
MOST_OF_HEAD: Final = 64 * 1024
MOST_DOCUMENTS: Final = 8
AT_A_TIME: Final = 2
"""How many documents one process fetches at once: slow servers of others never hold all of ours."""
ADDRESS = re.compile(
    r"https://(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9]))(?::443)?"
    r"(?P<path>/[!$&'()*+,;=:@/?%A-Za-z0-9._~-]*)?", re.IGNORECASE)
KINDS = re.compile(r"application/(?:json|jwt|jose|vc|(?:[a-z0-9.+-]+\+)?(?:json|jwt|ld\+json))", re.IGNORECASE)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_places = threading.BoundedSemaphore(AT_A_TIME)


class Miss(enum.Enum):
    """Why a document could not be fetched."""

    OFF = "off"
    OWN = "own"
    ADDRESS = "address"
    NOT_PUBLIC = "not_public"
    UNREACHED = "unreached"
    SLOW = "slow"
    BUSY = "busy"
    TOO_MANY = "too_many"
    REDIRECT = "redirect"
    GONE = "gone"
    STATUS = "status"
    KIND = "kind"
    LARGE = "large"
    BROKEN = "broken"


class NotFetched(OSError):  # noqa: N818 - an answer, not a fault of ours
    """A document that could not be had; `miss` says why."""

    def __init__(self, miss: Miss) -> None:
        super().__init__(miss.value)
        self.miss = miss


def is_public(address: str) -> bool:
    """Say whether an IP address lies on the public internet, also where it carries another one inside."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None)
        if inner is not None:
            return is_public(str(inner))
        if ip.scope_id is not None or ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast
                                 or ip.is_reserved or ip.is_unspecified)


def _resolve(name: str) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)]


def _connect(address: str, seconds: float) -> socket.socket:
    return socket.create_connection((address, 443), seconds)


@dataclass(frozen=True)
class Road:
    """How a name becomes addresses, and an address a connection; only tests lay another one than the default."""

    resolve: Callable[[str], Sequence[str]] = _resolve
    connect: Callable[[str, float], socket.socket] = _connect
    trusted: Callable[[], ssl.SSLContext] = ssl.create_default_context
    seconds: float = SECONDS


class _Wire(io.RawIOBase):
    """What arrives from a server, until the time or the bytes are spent."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self.sock, self.until, self.rest = sock, until, MOST + MOST_OF_HEAD

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.rest <= 0:
            raise NotFetched(Miss.LARGE)
        self.sock.settimeout(_left(self.until))
        count = self.sock.recv_into(memoryview(buffer)[: self.rest])
        self.rest -= count
        return count

    def makefile(self, *_mode: object, **_more: object) -> io.BufferedReader:
        """Return itself, as the reader of answers wants it."""
        return io.BufferedReader(self)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise NotFetched(Miss.SLOW)
    return left


def _addresses(road: Road, name: str, until: float) -> Sequence[str]:
    """Return what a name means, without waiting longer than there is time: the system's own patience is longer."""
    found: list[Sequence[str]] = []

    def look() -> None:
        try:
            found.append(road.resolve(name))
        except (OSError, UnicodeError):
            found.append(())

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(_left(until))
    if not found:
        raise NotFetched(Miss.SLOW)
    if not found[0]:
        raise NotFetched(Miss.UNREACHED)
    return found[0]


def fetch(url: str) -> bytes:
    """Return the JSON text or token that lies at an address, exactly once asked for. Raises NotFetched."""
    road: Road = current_app.config.get("ROAD") or Road()
    if not current_app.config["FETCHES"]:
        raise NotFetched(Miss.OFF)
    asked = ADDRESS.fullmatch(url) if len(url) <= 2000 else None
    if asked is None:
        raise NotFetched(Miss.ADDRESS)
    name = asked["host"].lower()
    if name == (urlsplit(f"//{own_host()}").hostname or ""):
        raise NotFetched(Miss.OWN)
    until = time.monotonic() + road.seconds
    if not _places.acquire(timeout=1):
        raise NotFetched(Miss.BUSY)
    try:
        addresses = _addresses(road, name, until)
        if not all(is_public(one) for one in addresses):
            raise NotFetched(Miss.NOT_PUBLIC)
        return _ask(road, name, addresses[0], asked["path"] or "/", until)
    except TimeoutError:
        raise NotFetched(Miss.SLOW) from None
    except ssl.SSLError:
        raise NotFetched(Miss.UNREACHED) from None
    except (HTTPException, ValueError):
        raise NotFetched(Miss.BROKEN) from None
    except OSError as fault:
        raise fault if isinstance(fault, NotFetched) else NotFetched(Miss.UNREACHED) from None
    finally:
        _places.release()


def _ask(road: Road, name: str, address: str, path: str, until: float) -> bytes:
    with road.connect(address, _left(until)) as plain:
        plain.settimeout(_left(until))
        with road.trusted().wrap_socket(plain, server_hostname=name) as sock:
            sock.settimeout(_left(until))
            sock.sendall((f"GET {path} HTTP/1.1\r\nHost: {name}\r\nAccept: application/json, application/*+json, "
                          "application/jwt\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n").encode())
            answer = HTTPResponse(_Wire(sock, until), method="GET")  # type: ignore[arg-type]  # all it asks
            answer.begin()
            _accept(answer)
            body = answer.read(MOST + 1)
            if len(body) > MOST:
                raise NotFetched(Miss.LARGE)
            if answer.length:  # its end never came
                raise NotFetched(Miss.BROKEN)
            return body


def _accept(answer: HTTPResponse) -> None:
    if 300 <= answer.status < 400:
        raise NotFetched(Miss.REDIRECT)
    if answer.status == 410:
        raise NotFetched(Miss.GONE)
    if answer.status != 200:
        raise NotFetched(Miss.STATUS)
    if (answer.headers.get("Content-Encoding") or "identity").strip().lower() != "identity":
        raise NotFetched(Miss.KIND)
    if not KINDS.fullmatch((answer.headers.get("Content-Type") or "").split(";")[0].strip()):
        raise NotFetched(Miss.KIND)
    if answer.length is not None and answer.length > MOST:
        raise NotFetched(Miss.LARGE)


@dataclass
class Lookups:
    """What one check fetches: each address once, few of them, within one time; `missed` says what could not be had."""

    fetch: Callable[[str], bytes] = fetch
    seconds: float = SECONDS_IN_ALL
    found: dict[str, bytes] = field(default_factory=dict)
    missed: dict[str, Miss] = field(default_factory=dict)
    until: float | None = None

    def __call__(self, url: str) -> bytes:
        """Return what lies at an address, without its fragment. Raises NotFetched."""
        url = url.split("#")[0]
        if url in self.missed:
            raise NotFetched(self.missed[url])
        if url not in self.found:
            try:
                self.found[url] = self._first(url)
            except NotFetched as why:
                self.missed[url] = why.miss
                raise
        return self.found[url]

    def _first(self, url: str) -> bytes:
        now = time.monotonic()
        self.until = self.until or now + self.seconds
        if len(self.found) + len(self.missed) >= MOST_DOCUMENTS:
            raise NotFetched(Miss.TOO_MANY)
        if now >= self.until:
            raise NotFetched(Miss.SLOW)
        return self.fetch(url)
