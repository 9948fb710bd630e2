"""Weigh the main pages of the demo city as a browser receives them, for the README and /ecoconception (make weigh)."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "passport" / "weights.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- weights -->", "<!-- /weights -->"
BROWSER = {"Accept-Encoding": "gzip, deflate, br"}
FIRST_BYTES, FIRST_REQUESTS, LATER_BYTES, READER_BYTES = 45_000, 5, 10_000, 14_000
SEARCHED_BYTES = 22_000  # what repeats the words of an address leaves uncompressed
# What a page is called, in both languages, who opens it, and where ("reader": a link that is open).
PAGES: tuple[tuple[str, str, str | None, str], ...] = (
    ("Accueil", "Home", None, "/"),
    ("Ouvrir mon passeport", "Open my passport", None, "/ouvrir"),
    ("Pour un employeur", "For an employer", None, "/employeurs"),
    ("Mon passeport", "My passport", "ines@example.org", "/passeport"),
    ("Ajouter", "Add", "ines@example.org", "/ajouter"),
    ("Échanges", "Exchanges", "ines@example.org", "/echanges"),
    ("Montrer", "Show", "ines@example.org", "/montrer"),
    ("On me demande", "I’m asked", "karim@example.org", "/on-me-demande"),
    ("La page d’un lien", "The page of a link", None, "reader"),
)


@dataclass(frozen=True)
class Weight:
    """What one page costs: requests before it counts as loaded and bytes (headers and all) of a first visit, bytes of a
    later one; icons, manifest and worker, which come after, count in bytes only."""

    requests: int
    first: int
    later: int
    styled: int


def bytes_of(answer: Any) -> int:
    """Return the bytes of an answer on the wire, its head with it."""
    head = f"HTTP/1.1 {answer.status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    return len(head.encode()) + 2 + len(answer.get_data())


def _asked(html: str) -> tuple[list[str], list[str]]:
    """Return the addresses that a browser asks for before the page counts as loaded, and those after."""
    found: list[str] = []
    after: list[str] = []
    for tag in re.findall(r"<(?:link|script|img)\b[^>]*>", html):
        held = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        rel = held.get("rel")
        address = held.get("src") or (held.get("href") if rel in {"stylesheet", "icon", "manifest"} else None)
        if address and held.get("loading") != "lazy":
            (found if rel in {None, "stylesheet"} else after).append(address.replace("&amp;", "&"))
    return list(dict.fromkeys(found)), list(dict.fromkeys(after))


def weigh(get: Callable[[str], Any], unpack: Callable[[Any], str], path: str) -> Weight:
    """Return what a page costs; `get` answers as the server does, `unpack` gives the text of an answer."""
    page = get(path)
    at_once, after = _asked(unpack(page))
    if any("manifest" in address for address in after):
        after += [*(each["src"] for each in json.loads(unpack(get("/manifest.webmanifest")))["icons"][:1]), "/sw.js"]
    parts = {address: bytes_of(get(address)) for address in (*at_once, *after)}
    own = bytes_of(page)
    css = sum(size for address, size in parts.items() if ".css" in address)
    pictures = sum(parts[address] for address in at_once if not re.search(r"\.(css|js)\b", address))
    return Weight(1 + len(at_once), own + sum(parts.values()), own + pictures, own + css)


def text_of(answer: Any) -> str:
    """Return the text of an answer, whichever way it is compressed."""
    import gzip

    import brotli

    body = answer.get_data()
    how = answer.headers.get("Content-Encoding")
    plain: bytes = brotli.decompress(body) if how == "br" else gzip.decompress(body) if how == "gzip" else body
    return plain.decode("utf-8", "replace")


def measured() -> list[dict[str, Any]]:
    """Return the weights of the main pages in a freshly filled demo city."""
    import os
    import subprocess

    from screens import PASSPHRASE, reader_path
    from werkzeug.test import Client
    from werkzeug.wrappers import Response

    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(PASSPORT_ENV="demo", PASSPORT_INSTANCE=folder)
        os.environ.pop("DATABASE_URL", None)
        for command in (["tools/upgrade.py"], ["-m", "flask", "--app", "wsgi", "demo", "fill"]):
            subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
        from config import settings
        from passport import create_app
        from passport.headers import put_files_in_front

        app = create_app(settings())
        put_files_in_front(app)
        found = []
        for french, english, who, path in PAGES:
            browser = Client(app.wsgi_app, Response)

            def get(address: str, browser: Client = browser) -> Any:
                return browser.get(address, headers=BROWSER)

            if who:
                page = text_of(get("/ouvrir"))
                token = re.search(r'name="csrf_token" value="([^"]+)"', page)
                assert token
                browser.post("/ouvrir", data={"csrf_token": token[1], "name": who, "passphrase": PASSPHRASE})
            weight = weigh(get, text_of, reader_path(app) if path == "reader" else path)
            found.append({"fr": french, "en": english, **asdict(weight)})
    return found


def main() -> int:
    """Write the weights where they are shown."""
    import datetime as dt

    sys.path.insert(0, str(ROOT))
    pages = measured()
    static = {name: (ROOT / "static" / f"{name}.br").stat().st_size
              for name in ("app.css", "app.js", "vendor/htmx.min.js")}
    today = dt.datetime.now(dt.UTC).date().isoformat()
    WEIGHTS.write_text(json.dumps({"measured_on": today, "files": static, "pages": pages}, ensure_ascii=False, indent=1)
                       + "\n", encoding="utf-8")
    rows = [f"| {p['en']} | {p['requests']} | {p['first'] / 1000:.1f} | {p['later'] / 1000:.1f} |" for p in pages]
    table = "\n".join(["| page | requests | kB, first visit | kB, later |", "|---|---|---|---|", *rows])
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
