"""The form of an erased photo, document or link is remembered: sent again, it brings nothing back.

Revision 20261127_0804, after 20261127_0803, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261127_0804"
down_revision = "20261127_0803"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erased_evidence",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("learner_id", columns.Key(), nullable=False),
        sa.Column("submission", columns.Key(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("erased_at", columns.Instant(), nullable=False),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_erased_evidence_digest_hashed")),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], ondelete="CASCADE",
                                name=op.f("fk_erased_evidence_learner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erased_evidence")),
        sa.UniqueConstraint("learner_id", "submission", name=op.f("uq_erased_evidence_learner_id_submission")),
    )
    op.create_index(op.f("ix_erased_evidence_learner_id"), "erased_evidence", ["learner_id"], unique=False)
    op.create_index(op.f("ix_erased_evidence_erased_at"), "erased_evidence", ["erased_at"], unique=False)


def downgrade() -> None:
    op.drop_table("erased_evidence")
