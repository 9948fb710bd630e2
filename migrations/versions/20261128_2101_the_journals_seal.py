"""Which line a link of the journal's chain seals, the months of it that were dropped, and how often somebody was warned.

Revision 20261128_2101, after 20261128_2001, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261128_2101"
down_revision = "20261128_2001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing was ever linked before: no job did it.
    op.drop_table("audit_link")
    op.create_table(
        "audit_link",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        *(sa.CheckConstraint(f"length({name}) = 32", name=op.f(f"ck_audit_link_{name}_hashed"))
          for name in ("previous", "digest")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_link")),
        *(sa.UniqueConstraint(name, name=op.f(f"uq_audit_link_{name}")) for name in ("event", "previous", "digest")),
    )
    op.create_table(
        "audit_segment",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=80), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.Column("ended_at", columns.Instant(), nullable=False),
        sa.Column("dropped_at", columns.Instant(), nullable=False),
        sa.CheckConstraint("length(month) <= 7", name=op.f("ck_audit_segment_month_length")),
        sa.CheckConstraint("length(key_id) <= 80", name=op.f("ck_audit_segment_key_id_length")),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_audit_segment_digest_hashed")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_audit_segment")),
        sa.UniqueConstraint("last", name=op.f("uq_audit_segment_last")),
    )
    op.add_column("account", sa.Column("warnings", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_account_last_active_on"), "account", ["last_active_on"])


def downgrade() -> None:
    op.drop_index(op.f("ix_account_last_active_on"), "account")
    op.drop_column("account", "warnings")
    op.drop_table("audit_segment")
    op.drop_table("audit_link")
    op.create_table(
        "audit_link",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        *(sa.CheckConstraint(f"length({name}) = 32", name=op.f(f"ck_audit_link_{name}_hashed"))
          for name in ("previous", "digest")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_link")),
        *(sa.UniqueConstraint(name, name=op.f(f"uq_audit_link_{name}")) for name in ("previous", "digest")),
    )
