"""An audit of our libraries that looked at nothing never passes, and what we take from others is locked and listed."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools import audit

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def answering(answer: Callable[[list[Any]], Any]) -> Iterator[str]:
    """Serve what a source of advisories would say to the questions it is sent."""

    class Source(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            body = answer(asked)
            said = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Source) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.promise("P25", "tools.audit:fault_of", "absent")
def test_an_audit_of_nothing_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An audit passes only when the source spoke of each locked library: not of none, of some, half, or of something else."""
    page = tmp_path / "page.md"
    for answer in (lambda asked: {}, lambda asked: {"results": []}, lambda asked: {"results": [{}] * (len(asked) - 1)},
                   lambda asked: {"results": [{}] * (len(asked) + 1)}, lambda asked: [], lambda asked: b"", lambda asked: b"<html>",
                   lambda asked: {"results": [{"next_page_token": "x"}] + [{}] * (len(asked) - 1)},
                   lambda asked: {"results": [{"vulns": "none"}] * len(asked)}, lambda asked: {"results": [None] * len(asked)}):
        with answering(answer) as source:
            assert audit.main([], source, page) == 1
        assert "NOT AUDITED" in capsys.readouterr().err
    assert audit.main([], "http://127.0.0.1:9/", page) == 1
    assert audit.fault_of(0, {"results": []})
    assert not page.exists()


def test_an_audit_of_everything_tells_what_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, all_of_it = tmp_path / "page.md", audit.locked()
    with answering(lambda asked: {"results": [{} for _ in asked]}) as source:
        assert audit.main([], source, page) == 0
    assert f"{len(all_of_it)} of {len(all_of_it)} libraries, something is known against 0." in page.read_text()

    def known(asked: list[Any]) -> Any:
        return {"results": [{"vulns": [{"id": "GHSA-x"}]} if one["package"]["name"] == "flask" else {} for one in asked]}

    with answering(known) as source:
        assert audit.main([], source, page) == 1
    assert "flask: GHSA-x" in capsys.readouterr().out
    assert audit.main(["--without-network"], source, page) == 0
    assert "Nothing has been looked up" in page.read_text()
    assert "not looked up" in page.read_text()


def test_what_we_take_from_others_is_locked_by_hash_and_listed() -> None:
    """Each line of a lock has hashes, and docs/dependencies.md names what is locked and nothing else (`make audit`)."""
    for lock in audit.PYTHON_LOCKS:
        text = (ROOT / lock).read_text(encoding="utf-8")
        entries = re.split(r"(?m)^(?=[A-Za-z0-9][A-Za-z0-9._-]*==)", text)[1:]
        assert len(entries) == len(re.findall(r"(?m)^[A-Za-z0-9]", text)) > 0, lock
        assert all("--hash=sha256:" in entry for entry in entries), lock
    packages = json.loads((ROOT / audit.NPM_LOCK).read_text(encoding="utf-8"))["packages"]
    assert all(entry.get("integrity", "").startswith("sha512-") for path, entry in packages.items() if path)
    listed = re.findall(r"(?m)^\| (\S+) \| (\S+) \| (?:PyPI|npm) \|", audit.PAGE.read_text(encoding="utf-8"))
    assert listed == [(one.name, one.version) for one in audit.locked()]
