"""The only commit and the only rollback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from . import writing
from .extensions import db
from .refusals import Refused


@contextmanager
def transaction() -> Iterator[None]:
    """Run the block as one write: commit when it ends well, roll back and raise when it does not.

    What a refusal says must outlive it is written after the rollback, as a write of its own.
    """
    try:
        yield
        db.session.commit()
        writing.note(refused=False)
    except BaseException as stopped:
        let_go()
        if isinstance(stopped, Refused) and stopped.outlives is not None:
            with transaction():
                stopped.outlives()
        raise


def let_go() -> None:
    """Roll back, and let go of a connection that cannot even do that: what it held ends with it."""
    try:
        db.session.rollback()
    except sa.exc.SQLAlchemyError:
        db.session().invalidate()


def release() -> None:
    """End what was only read, so that slow work (hashing, signing, files) holds no lock."""
    db.session.rollback()
