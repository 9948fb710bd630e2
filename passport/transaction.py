"""The only commit and the only rollback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .extensions import db


@contextmanager
def transaction() -> Iterator[None]:
    """Run the block as one write: commit when it ends well, roll back and raise when it does not."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def release() -> None:
    """End what was only read, so that slow work (hashing, signing, files) holds no lock."""
    db.session.rollback()
