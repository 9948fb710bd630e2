"""How long it takes to seal the journal and to walk it: python -m benchmarks.sealing [lines]

On SQLite in a folder of its own, or on the empty PostgreSQL database of BENCHMARK_DATABASE.
"""

from __future__ import annotations

import datetime as dt
import os
import resource
import sys
import tempfile
import time
import uuid
from pathlib import Path

import sqlalchemy as sa
from flask_migrate import upgrade

from config import settings
from passport import create_app
from passport.audit import checking, sealing
from passport.audit.models import AuditEvent
from passport.extensions import db
from passport.transaction import transaction

MOST_SECONDS = 30.0


def main() -> int:
    """Print lines a second, sealed and walked, and the most memory; 1 when sealing takes longer than it may."""
    count = next((int(word) for word in sys.argv[1:] if word.isdigit()), 10_000)
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("BENCHMARK_DATABASE") or f"sqlite:///{Path(folder) / 'b.db'}"
        app = create_app(settings({"PASSPORT_ENV": "test", "PASSPORT_INSTANCE": folder, "DATABASE_URL": url}))
        with app.app_context():
            upgrade()
            now = dt.datetime.now(dt.UTC)
            for begun in range(0, count, 10_000):
                with transaction():
                    db.session.execute(sa.insert(AuditEvent), [
                        {"at": now, "action": "experiences.log", "actor_ref": uuid.uuid4(), "object_ref": uuid.uuid4()}
                        for _number in range(min(10_000, count - begun))])
            start = time.perf_counter()
            rounds = 0
            while True:
                with transaction():
                    sealed = sealing.seal()
                rounds += 1
                if not sealed:
                    break
            sealing_took = time.perf_counter() - start
            start = time.perf_counter()
            found = checking.check(now)
            walking_took = time.perf_counter() - start
            db.session.remove()
            db.engine.dispose()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count} lines sealed in {sealing_took:.2f} s ({count / sealing_took:.0f} a second, the database held for "
          f"{1000 * sealing_took / rounds:.0f} ms at a time), walked in {walking_took:.2f} s; {most} MB; {found.bad or 'all as sealed'}")
    return int(sealing_took > MOST_SECONDS * max(count / 10_000, 1))


if __name__ == "__main__":
    sys.exit(main())
