"""When a feedback that was taken back came back: it does once.

Revision 20261127_0805, after 20261127_0804, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261127_0805"
down_revision = "20261127_0804"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feedback", sa.Column("put_back_at", columns.Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_column("put_back_at")
