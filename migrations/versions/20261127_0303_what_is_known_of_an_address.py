"""What is known of somebody's e-mail address: one that waits, silence, a refusal.

Revision 0303, after 0302, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "0303"
down_revision = "0302"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailbox",
        sa.Column("account_id", columns.Key(), nullable=False),
        sa.Column("pending", sa.String(254), nullable=True),
        sa.Column("asked_at", columns.Instant(), nullable=True),
        sa.Column("silenced_at", columns.Instant(), nullable=True),
        sa.Column("refused_at", columns.Instant(), nullable=True),
        sa.CheckConstraint("pending = lower(pending)", name=op.f("ck_mailbox_pending_folded")),
        sa.CheckConstraint("pending IS NULL OR asked_at IS NOT NULL", name=op.f("ck_mailbox_pending_since")),
        sa.CheckConstraint("length(pending) <= 254", name=op.f("ck_mailbox_pending_length")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_mailbox_account_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_mailbox")),
    )


def downgrade() -> None:
    op.drop_table("mailbox")
