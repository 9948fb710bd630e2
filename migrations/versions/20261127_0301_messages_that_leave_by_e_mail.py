"""Messages that leave by e-mail: the outbox.

Revision 0301, after 0601, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "0301"
down_revision = "20261127_0201"
branch_labels = None
depends_on = None

WAITING = "sent_at IS NULL AND failed_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("account_id", columns.Key(), nullable=True),
        sa.Column("address", sa.String(254), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(300), nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("not_before", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.Column("lease_until", columns.Instant(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("sent_at", columns.Instant(), nullable=True),
        sa.Column("failed_at", columns.Instant(), nullable=True),
        sa.Column("dedupe", sa.String(60), nullable=True),
        sa.CheckConstraint("language IN ('fr', 'en')", name=op.f("ck_message_language")),
        sa.CheckConstraint(
            "account_id IS NOT NULL OR address IS NOT NULL OR sent_at IS NOT NULL OR failed_at IS NOT NULL",
            name=op.f("ck_message_goes_somewhere"),
        ),
        sa.CheckConstraint("expires_at > not_before", name=op.f("ck_message_ends")),
        sa.CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name=op.f("ck_message_one_end")),
        sa.CheckConstraint(
            f"({WAITING}) OR (address IS NULL AND token_sealed IS NULL)", name=op.f("ck_message_ended_is_blank")
        ),
        sa.CheckConstraint("length(address) <= 254", name=op.f("ck_message_address_length")),
        sa.CheckConstraint("length(kind) <= 16", name=op.f("ck_message_kind_length")),
        sa.CheckConstraint("length(language) <= 2", name=op.f("ck_message_language_length")),
        sa.CheckConstraint("length(dedupe) <= 60", name=op.f("ck_message_dedupe_length")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_account_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_message_dedupe")),
    )
    op.create_index("ix_message_account_id", "message", ["account_id"])
    op.create_index("ix_message_waiting", "message", ["not_before", "id"],
                    sqlite_where=sa.text(WAITING), postgresql_where=sa.text(WAITING))


def downgrade() -> None:
    op.drop_index("ix_message_waiting", "message")
    op.drop_index("ix_message_account_id", "message")
    op.drop_table("message")
