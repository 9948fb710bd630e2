"""When a link was last extended: its new end is counted from there.

Revision 0601, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "0601"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("share", sa.Column("extended_at", columns.Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("share") as batch:
        batch.drop_column("extended_at")
