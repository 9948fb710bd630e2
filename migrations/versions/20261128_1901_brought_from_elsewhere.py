"""What a learner brings from another city's passport, and the secret that says a badge received elsewhere is theirs.

Revision 20261128_1901, after 20261128_1801, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261128_1901"
down_revision = "20261128_1801"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brought_item",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("learner_id", columns.Key(), nullable=False),
        sa.Column("experience_id", columns.Key(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("origin_host", sa.String(length=253), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("brought_at", columns.Instant(), nullable=False),
        sa.CheckConstraint("kind IN ('experience', 'feedback', 'endorsement', 'testimony', 'not_yet')",
                           name=op.f("ck_brought_item_kind")),
        sa.CheckConstraint("length(kind) <= 12", name=op.f("ck_brought_item_kind_length")),
        sa.CheckConstraint("length(origin_host) <= 253", name=op.f("ck_brought_item_origin_host_length")),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_brought_item_digest_hashed")),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], name=op.f("fk_brought_item_learner_id"),
                                ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["experience_id", "learner_id"], ["experience.id", "experience.learner_id"],
                                name=op.f("fk_brought_item_experience_id_learner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brought_item")),
        sa.UniqueConstraint("learner_id", "digest", name=op.f("uq_brought_item_learner_id_digest")),
    )
    op.create_index(op.f("ix_brought_item_learner_id"), "brought_item", ["learner_id"])
    op.create_index(op.f("ix_brought_item_experience_id"), "brought_item", ["experience_id"])
    op.add_column("foreign_badge", sa.Column("recipient_secret", sa.LargeBinary(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("foreign_badge") as batch:
        batch.drop_column("recipient_secret")
    op.drop_table("brought_item")
