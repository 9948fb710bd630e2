"""What a real server notes while people come, go and break things: nothing of anybody."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config import settings
from passport import create_app
from passport.extensions import db, limiter
from passport.sharing import links
from tests.cast import Cast
from tests.conftest import NOON, Compiled, House
from tests.reading import Reader
from tests.rules.test_settings import GOOD

ROOT = Path(__file__).resolve().parents[2]
BREAKS = '''
from wsgi import app

def broken(kind):
    if kind == "template":
        from flask import render_template
        return render_template("errors/page.html", title=kind)
    raise RuntimeError(f"canaryraised {kind}")

broken.is_public = True
app.add_url_rule("/faute/<path:kind>", "broken", broken)
'''


@dataclass
class Server:
    """A server of a city as it runs in production, and all that it says."""

    process: subprocess.Popen[str]
    port: int = 0
    said: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        """Send a request and return the status and the page."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        page = answer.read().decode(errors="replace")
        line.close()
        return answer.status, page

    def send(self, raw: bytes) -> None:
        """Send bytes that are no request, and let go."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
            line.settimeout(2)
            try:
                while line.recv(65536):
                    pass
            except OSError:
                pass


@pytest.fixture
def server(house: House, tmp_path: Path, lived_template: tuple[Path, Cast]) -> Iterator[tuple[Server, str, str]]:
    """A running server with one worker, the cookie of somebody signed in, and the token of a link."""
    shutil.copy(lived_template[0], tmp_path / "t.db")
    made = house.open(lived_template[0])
    with made.app_context():  # a token is sealed under the key of where it was made
        opened = links.by_id(lived_template[1]["share"], NOON)
        token = opened.token if opened else ""
    house.close(made)
    (tmp_path / "breaks.py").write_text(BREAKS)
    env = {**GOOD, "DATABASE_URL": f"sqlite:///{tmp_path / 't.db'}", "PASSPORT_INSTANCE": str(tmp_path), "SIGNING_KEYS": str(tmp_path / "keys")}
    config = settings(env)
    config.update(TEMPLATE_CACHE=Compiled())
    app = create_app(config)
    limiter.enabled = False
    lea = Reader(app, lived_template[1], "lea")
    held = lea.client.get_cookie("__Host-passport")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "breaks:app"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], **env, "PORT": "0", "WEB_CONCURRENCY": "1", "PYTHONPATH": f"{tmp_path}:{ROOT}", "PASSPORT_LOG_LEVEL": "debug"})
    running = Server(process)
    assert process.stdout is not None
    for line in process.stdout:
        running.said.append(line)
        found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", line)
        if found:
            running.port = int(found[1])
            break
    hearing = threading.Thread(target=lambda: running.said.extend(process.stdout or ()))
    hearing.start()
    try:
        assert running.port, "".join(running.said)
        yield running, held.value if held else "", token
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        hearing.join(5)
        process.stdout.close()


@pytest.mark.thorough
def test_the_log_of_a_running_server_holds_nobody(server: tuple[Server, str, str]) -> None:
    """Whatever is asked of a running server, even with debugging on, its log holds no name, word, token, cookie or address."""
    running, cookie, share = server
    here = {"Host": "127.0.0.1"}
    known = {**here, "Cookie": f"__Host-passport={cookie}"}
    marked = {"User_Agent": "canaryagent", "Referer": "https://x.example/canaryreferrer", "X_Forwarded_For": "203.0.113.77",
              "Accept_Language": "canarylanguage"}
    seen: dict[int, str] = {}
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert running.ask("GET", "/passeport?q=canaryquery", **known, **marked)[0] == 200
    for method, path, body, more in (
        ("GET", "/?canary=canaryquery", None, here), ("GET", "/s/canarytokencanarytoken?x=canaryquery", None, here), ("GET", f"/s/{share}", None, here),
        ("POST", "/ouvrir", b"name=canaryname&passphrase=canarypassphrase", {**here, **form}),
        ("POST", "/ajouter", "title=canarytitle&story=canarystorié".encode(), {**known, **form}),
        ("POST", "/experience/canaryid/joindre", b"--x\r\ncanarybroken", {**known, "Content_Type": "multipart/form-data; boundary=x"}),
        ("GET", "/faute/canarypath", None, here), ("GET", "/faute/template/canarypath", None, known), ("GET", "/faute/template", None, known),
        ("GET", "/canaryhost", None, {"Host": "canary.example"}), ("DELETE", "/s/canarytokencanarytoken", None, here),
        ("POST", "/canary-json", b'{"canarykey": "canaryvalue"', {**here, "Content_Type": "application/json"}),
        ("GET", "/nouvelle-phrase/canarytokencanarytoken", None, here), ("HEAD", "/c/canarytokencanarytoken", None, here),
    ):
        status, page = running.ask(method, path, body, **{**more, **marked})
        seen[status] = page
    assert {200, 400, 404, 405, 500} <= set(seen)
    for raw in (b"GET /s/canaryhalfaline", b"GET /s/canarytokencanarytoken HTTP/9.9\r\n\r\n", b"canaryline\r\n\r\n", b"GET /canarypath HTTP/1.1\r\nHost 127.0.0.1\r\ncanaryheader\r\n\r\n",
                b"GET /canarypath HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: canarycookie" + b"x" * 20_000 + b"\r\n\r\n",
                b"POST /ouvrir HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\ncanarychunk\r\n",
                b"POST /ouvrir HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\ncanaryhalf"):
        running.send(raw)
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(20)
    said = "".join(running.said)
    assert "RuntimeError" in said, "this is the log"
    assert any(number in said for number in re.findall(r"\b[0-9a-f]{12}\b", seen[500])), "the number on its page stands in the log"
    for told in ("canary", "203.0.113", cookie[:20], share, "Lea", "/ouvrir"):
        assert told not in said, (told, [line for line in running.said if told in line])
