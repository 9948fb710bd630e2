"""A server on this machine that stands for any host elsewhere, with a certificate that only the test trusts."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from passport.credentials.fetching import Road

PUBLIC = "93.184.215.14"
Answer = Callable[[ssl.SSLSocket], None]


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


def plain(body: bytes, kind: str = "application/json", status: str = "200 OK", *more: str) -> Answer:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more])
    return lambda sock: sock.sendall(head.encode() + b"\r\n\r\n" + body)


def pages(server: Server, published: Mapping[str, bytes]) -> Answer:
    """Return what answers with these documents, by their whole addresses, as they stand at that moment."""

    def answer(sock: ssl.SSLSocket) -> None:
        first, host, *_rest = server.asked[-1].decode().split("\r\n")
        body = published.get(f"https://{host.removeprefix('Host: ')}{first.split()[1]}")
        (plain(b"{}", "application/json", "404 Not Found") if body is None else plain(body))(sock)

    return answer
