"""How long the export of a large passport takes, and how much memory: `python -m benchmarks.export [experiences] [photos]`."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
import uuid
from pathlib import Path

from flask import stream_template
from flask_migrate import upgrade

from config import settings
from passport import clock, create_app
from passport.columns import uuid7
from passport.experiences import files
from passport.experiences.models import Evidence
from passport.extensions import db
from passport.rights import export, reading
from tests import build


def main(experiences: int = 1_000, photos: int = 40) -> None:
    """Fill one passport in a fresh database, and take it along."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings({"PASSPORT_ENV": "test", "PASSPORT_INSTANCE": folder,
                                   "DATABASE_URL": f"sqlite:///{Path(folder) / 'city.db'}"}))
        with app.app_context():
            upgrade()
            now = clock.now()
            who = build.account("lea", now)
            kept = [build.experience(who.id, f"Expérience {n}", now, story="Ce que j’ai fait. " * 30) for n in range(experiences)]
            for n in range(photos):
                name = files.arrive(os.urandom(5_000_000), None)
                db.session.add(Evidence(id=uuid7(), learner_id=who.id, experience_id=kept[n % experiences].id, kind="photo",
                                        submission=uuid.uuid4(), storage_name=name, media_type="image/jpeg", size=5_000_000,
                                        added_at=now))
            db.session.commit()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            with app.test_request_context("/"):
                began = time.perf_counter()
                made = export.build(who.id, now, lambda lists: stream_template("rights/export.html", **reading.context(lists, now)))
                took = time.perf_counter() - began
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(f"{experiences} experiences, {photos} photos of 5 MB: {made.seek(0, 2) / 1e6:.0f} MB in {took:.1f} s, "
                  f"{(after - before) / 1024:.0f} MB more of memory")
            made.close()
            db.session.remove()
            db.engine.dispose()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
