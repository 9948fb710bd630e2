"""Others who check what we sign: a Node program with another maker's packages, in front of our own documents."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openbadgeslib
import pytest
from flask import Flask
from werkzeug.serving import make_server

from .shape.test_words import ROOT, tool

BASE = "https://passeport.alpha.example"
BUNDLED = Path(openbadgeslib.__file__).parent / "ob3" / "contexts"
CONTEXTS = {
    "https://www.w3.org/ns/credentials/v2": BUNDLED / "credentials-v2.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": BUNDLED / "ob-v3p0-context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json": BUNDLED / "ob-v3p0-extensions.json",
    "https://w3id.org/security/multikey/v1": BUNDLED / "security-multikey-v1.json",
}


def samples(name: str) -> Path:
    """Return a folder of what is published for such tests, or skip when it was not fetched."""
    folder: Path = tool("checkers").samples() / name
    if not folder.exists():
        pytest.skip("the vectors and schemas are not here (`make slow` fetches them)")
    return folder


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application, and give its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Others:
    """Somebody elsewhere, who fetches from `server` what an address of BASE names."""

    server: str = ""

    def ask(self, **wanted: Any) -> dict[str, Any]:
        """Return what the program says."""
        checkers = tool("checkers")
        packages = checkers.BUILD
        if not (packages / "node_modules" / "@digitalbazaar" / "vc").exists():
            pytest.skip("the packages of another maker are not here (`make slow` fetches them)")
        whole = {"packages": str(packages), "base": BASE, "server": self.server,
                 "contexts": {address: str(file) for address, file in CONTEXTS.items()}, **wanted}
        done = subprocess.run([str(checkers.npm_folder() / "node"), str(ROOT / "tests" / "slow" / "verify.mjs")],
                              input=json.dumps(whole), capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def check(self, documents: Mapping[str, Any], schemas: Sequence[Path] = ()) -> dict[str, dict[str, Any]]:
        """Return what they make of each document, or of what stands at an address."""
        cases = [{"name": name, "credential": one, "schemas": [str(file) for file in schemas]}
                 for name, one in documents.items()]
        return {one["name"]: one for one in self.ask(cases=cases)["cases"]}

    def sign(self, document: Mapping[str, Any], seed: bytes, controller: str, created: str, times: int = 1) -> dict[str, Any]:
        """Return the document as they sign it with the key of this seed, and how many seconds of a processor it took."""
        found: dict[str, Any] = self.ask(sign={"document": document, "seed": seed.hex(), "controller": controller,
                                               "created": created, "times": times})["sign"]
        return found
