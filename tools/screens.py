"""Take pictures of the demo city: those of the README into docs/screens, or every main screen (--all FOLDER).

Each main screen is taken four times: on a phone by day and by night, on a wide screen, and as it prints.
"""

from __future__ import annotations

import argparse
import os
import re
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
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PHONE, WIDE, SHEET = (
    {"width": 360, "height": 740},
    {"width": 1280, "height": 800},
    {"width": 658, "height": 1000},
)
# A page that has just grown is painted in a second frame.
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Who, the way there (a page, then the first link on it that begins so), under which name, and how wide and dark.
SCREENS: tuple[tuple[str, str, str, dict[str, int], bool], ...] = (
    ("", "/", "home", PHONE, False),
    ("lea", "/passeport", "passport", PHONE, False),
    ("lea", "/ajouter", "add", PHONE, False),
    ("karim", "/on-me-demande", "inbox", PHONE, False),
    ("ines", "/montrer", "show", PHONE, True),
    ("", "reader", "reader", PHONE, False),
    ("ines", "/passeport", "wide", WIDE, True),
)
MAIN: dict[str, dict[str, str]] = {
    "": {
        "home": "/",
        "what": "/le-passeport",
        "parents": "/parents",
        "guides": "/encadrer",
        "employers": "/employeurs",
        "sentences": "/phrases",
        "help": "/aide",
        "sign-up": "/creer",
        "sign-in": "/ouvrir",
        "reader": "reader",
        "check": "reader /s/",
        "closed": "/s/AAAAAAAAAAAAAAAAAAAAAA",
        "forgotten": "/phrase-oubliee",
        "light": "/ecoconception",
        "accessible": "/accessibilite",
        "nowhere": "/nulle-part",
        "style": "/styleguide",
    },
    "lea": {
        "passport": "/passeport",
        "add": "/ajouter",
        "kinds": "/ajouter/genre",
        "experience": "/passeport =médiathèque",
        "kept": "/passeport /experience/ /recit /gardee",
        "story": "/passeport /experience/ /recit",
        "where": "/passeport /experience/ /ou",
        "learned": "/passeport /experience/ /appris-transmis",
        "when": "/passeport /experience/ /quand",
        "can-do": "/passeport /experience/ /savoir-faire",
        "attach": "/passeport /experience/ /joindre",
        "reflect": "/passeport /experience/ /ce-que-j-en-retire",
        "path": "/passeport /experience/ /chemin",
        "ask": "/passeport /experience/ /demander",
        "ask-send": "/passeport /experience/ /demander /personne/",
        "invite": "/passeport /experience/ /demander /sans-compte",
        "feedback": "/passeport /retour/",
        "offered": "/passeport /competences/",
        "exchanges": "/echanges",
        "show": "/montrer",
        "card": "/carte",
        "card-opens": "/carte/ouvre",
        "card-print": "/carte/imprimer",
        "link": "/montrer /montrer/lien/",
        "choose": "/montrer/choisir",
        "menu": "/menu",
        "address": "/adresse",
        "passphrase": "/phrase",
        "hours": "/mes-heures",
        "bother": "/passeport /retour/ /ca-me-derange/",
        "deleted": "/supprimees",
    },
    "ines": {
        "life": "/passeport",
        "rich": "/passeport /experience/",
        "talks": "/echanges",
        "ask-recognition": "/passeport =devoirs /retour/ /faire-reconnaitre",
    },
    "karim": {
        "inbox": "/on-me-demande",
        "answer": "/on-me-demande /on-me-demande/",
        "code": "/demandez-moi",
        "ledger": "/registre",
    },
    "nadia": {"recognise": "/on-me-demande /reconnaitre/"},
    "tom": {"young": "/passeport", "two": "/montrer/choisir"},
    "claire": {
        "house": "/menu /organisation/",
        "desk": "/menu /organisation/ /demandes",
        "invite-guide": "/menu /organisation/ /inviter",
        "check-guide": "/menu /organisation/ /verification",
        "join-code": "/menu /organisation/ /code",
        "cases": "/signalements",
    },
    "sofia": {
        "first-day": "/passeport",
        "no-exchange": "/echanges",
        "no-hours": "/mes-heures",
        "no-link": "/montrer",
        "city": "/ville",
        "accredit": "/ville /organisation/",
    },
}


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
    from werkzeug.serving import WSGIRequestHandler, make_server

    from config import settings
    from passport import create_app

    class Quiet(WSGIRequestHandler):
        """Tells nobody of each request."""

        def log_request(self, *_told: Any) -> None:
            """Say nothing."""

    app = create_app(settings())
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
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
            sa.select(Share.token_sealed)
            .join(EditionItem, EditionItem.edition_id == Share.edition_id)
            .where(
                EditionItem.kind == "endorsement", Share.revoked_at.is_(None), Share.expires_at > clock.now()
            )
            .order_by(Share.created_at)
            .limit(1)
        ).one()
        db.session.remove()
        return f"/s/{unseal(sealed)}"


def opened(browser: Any, base: str, who: str) -> Any:
    """Return a page of somebody's own browser, signed in (nobody when there is no name)."""
    page = browser.new_context(base_url=base, locale="fr-FR", reduced_motion="reduce").new_page()
    if who:
        page.goto("/ouvrir")
        page.get_by_label("Identifiant").fill(f"{who}@example.org")
        page.get_by_label("Phrase de passe").fill(PASSPHRASE)
        page.locator("main").get_by_role("button", name="Ouvrir").click()
        page.wait_for_url(re.compile("/(passeport|confirmer)"))
        page.goto("/confirmer")  # whoever has nothing to confirm is led on
        if "/confirmer" in page.url:
            page.locator("main").get_by_role("button", name="Confirmer").click()
        page.wait_for_url("**/passeport")
    return page


def walk(page: Any, way: str, reader: str) -> bool:
    """Go there, and say whether there is a way: by links that begin so, or that say a word (`=word`)."""
    first, *links = way.split()
    page.goto(reader if first == "reader" else first)
    for start in links:
        link = page.locator(
            f'main a:has-text("{start[1:]}")'
            if start.startswith("=")
            else f'main a[href^="{start}"], main a[href*="-"][href*="{start}"]'
        ).first
        if not link.count():
            return False
        page.goto(link.get_attribute("href"))
    return True


def main_screens(browser: Any, base: str, reader: str, folder: Path) -> None:
    """Take every main screen in each of its looks."""
    looks = (
        ("phone", PHONE, "light", "screen"),
        ("dark", PHONE, "dark", "screen"),
        ("wide", WIDE, "light", "screen"),
        ("print", SHEET, "light", "print"),
    )
    for who, ways in MAIN.items():
        page = opened(browser, base, who)
        for name, way in ways.items():
            page.emulate_media(media="screen")
            if not walk(page, way, reader):
                print(f"{name}: no such link on the way {way!r}", file=sys.stderr)
                continue
            for look, size, scheme, media in looks:
                page.emulate_media(media=media, color_scheme=scheme)
                page.set_viewport_size(size)
                high = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({**size, "height": max(high, size["height"])})
                page.evaluate(PAINTED)
                page.screenshot(path=folder / f"{name}-{look}.png")
        page.context.close()


def readme_screens(browser: Any, base: str, reader: str, folder: Path) -> None:
    """Take the pictures of the README, and keep them small."""
    from PIL import Image

    for who, way, name, size, dark in SCREENS:
        page = opened(browser, base, who)
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="dark" if dark else "light")
        walk(page, way, reader)
        picture = Image.open(BytesIO(page.screenshot()))
        picture.convert("RGB").quantize(128).save(folder / f"{name}.png", optimize=True)
        page.context.close()


def main() -> int:
    """Take every picture that is asked for, and say where it is."""
    from playwright.sync_api import sync_playwright

    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--all", type=Path, metavar="FOLDER", help="every main screen, into this folder")
    everything = words.parse_args().all
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("No Chromium here (Debian: apt-get install chromium).", file=sys.stderr)
        return 1
    folder, take = (everything.absolute(), main_screens) if everything else (FOLDER, readme_screens)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with tempfile.TemporaryDirectory() as data, city(data, port) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        take(browser, f"http://127.0.0.1:{port}", reader_path(app), folder)
        browser.close()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
