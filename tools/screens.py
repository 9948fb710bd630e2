"""Write the pictures of the README: the demo city on a phone, by day and by night, in docs/screens (make screens)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screens"
PASSPHRASE = "quatre-mots-pour-alpha-2026"  # noqa: S105 - the demo's, told on its sign-in page
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
PHONE, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
# Who, which page (or the link on it to follow), under which name, and how wide and dark.
SCREENS: tuple[tuple[str | None, str, str, dict[str, int], bool], ...] = (
    (None, "/", "home", PHONE, False),
    ("lea@example.org", "/passeport", "passport", PHONE, False),
    ("lea@example.org", "/ajouter", "add", PHONE, False),
    ("karim@example.org", "/on-me-demande", "inbox", PHONE, False),
    ("ines@example.org", "/montrer", "show", PHONE, True),
    (None, "reader", "reader", PHONE, False),
    ("ines@example.org", "/passeport", "wide", WIDE, True),
)


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def city(folder: str, port: int) -> Iterator[Any]:
    """Serve a freshly filled demo city and yield its application."""
    os.environ.update(PASSPORT_ENV="demo", PASSPORT_INSTANCE=folder, PORT=str(port))
    os.environ.pop("DATABASE_URL", None)
    for command in (["tools/upgrade.py"], ["-m", "flask", "--app", "wsgi", "demo", "fill"]):
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
    sys.path.insert(0, str(ROOT))
    from werkzeug.serving import make_server

    from config import settings
    from passport import create_app

    app = create_app(settings())
    server = make_server("127.0.0.1", port, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield app
    server.shutdown()


def reader_path(app: Any) -> str:
    """Return the address of a link of Inès that opens now, with something recognised in it."""
    import sqlalchemy as sa

    from passport import clock
    from passport.extensions import db
    from passport.seal import unseal
    from passport.sharing.models import EditionItem, Share

    with app.app_context():
        sealed = db.session.scalars(
            sa.select(Share.token_sealed).join(EditionItem, EditionItem.edition_id == Share.edition_id)
            .where(EditionItem.kind == "endorsement", Share.revoked_at.is_(None), Share.expires_at > clock.now())
            .order_by(Share.created_at).limit(1)
        ).one()
        db.session.remove()
        return f"/s/{unseal(sealed)}"


def taken(browser: Any, base: str, who: str | None, path: str, size: dict[str, int], dark: bool) -> bytes:
    """Return one picture."""
    context = browser.new_context(base_url=base, locale="fr-FR", viewport=size, reduced_motion="reduce",
                                  color_scheme="dark" if dark else "light")
    page = context.new_page()
    if who:
        page.goto("/ouvrir")
        page.get_by_label("Identifiant").fill(who)
        page.get_by_label("Phrase de passe").fill(PASSPHRASE)
        page.locator("main").get_by_role("button", name="Ouvrir").click()
        page.wait_for_url("**/passeport")
    page.goto(path)
    picture: bytes = page.screenshot()
    context.close()
    return picture


def main() -> int:
    """Take every picture, and keep it small."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("No Chromium here (Debian: apt-get install chromium).", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, city(folder, port) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for who, path, name, size, dark in SCREENS:
            address = reader_path(app) if path == "reader" else path
            picture = Image.open(BytesIO(taken(browser, f"http://127.0.0.1:{port}", who, address, size, dark)))
            picture.convert("RGB").quantize(128).save(FOLDER / f"{name}.png", optimize=True)
            print(f"docs/screens/{name}.png")
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
