"""How large a photo is on a screen: a page keeps its place while it arrives.

Revision 20261127_0901, after 20261127_0805, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261127_0901"
down_revision = "20261127_0805"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evidence", sa.Column("width", sa.Integer(), nullable=True))
    op.add_column("evidence", sa.Column("height", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_column("height")
        batch_op.drop_column("width")
