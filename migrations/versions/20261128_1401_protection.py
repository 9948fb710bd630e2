"""That an adult's words were refused, and what somebody decided about their own protection.

Revision 20261128_1401, after 20261127_1201, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261128_1401"
down_revision = "20261128_1301"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_text",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("learner_id", columns.Key(), nullable=False),
        sa.Column("membership_id", columns.Key(), nullable=False),
        sa.Column("reasons", sa.String(length=60), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.CheckConstraint("length(reasons) <= 60", name=op.f("ck_refused_text_reasons_length")),
        sa.CheckConstraint("length(reasons) > 0", name=op.f("ck_refused_text_reasons_given")),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], ondelete="CASCADE",
                                name=op.f("fk_refused_text_learner_id")),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_refused_text_membership_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_text")),
    )
    for column in ("learner_id", "membership_id", "at"):
        op.create_index(op.f(f"ix_refused_text_{column}"), "refused_text", [column], unique=False)
    op.create_table(
        "protection",
        sa.Column("learner_id", columns.Key(), nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), nullable=True),
        sa.Column("quiet_to", sa.SmallInteger(), nullable=True),
        sa.Column("witness_words", sa.Boolean(), nullable=False),
        sa.Column("doubted_at", columns.Instant(), nullable=True),
        sa.Column("doubted_by_id", columns.Key(), nullable=True),
        sa.Column("chosen_too", sa.Boolean(), nullable=False),
        sa.Column("age_asked_at", columns.Instant(), nullable=True),
        sa.Column("age_tries", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name=op.f("ck_protection_quiet_whole")),
        sa.CheckConstraint("quiet_from BETWEEN 0 AND 23 AND quiet_to BETWEEN 0 AND 23 AND quiet_from <> quiet_to",
                           name=op.f("ck_protection_quiet")),
        sa.CheckConstraint("(doubted_at IS NULL) = (doubted_by_id IS NULL)", name=op.f("ck_protection_doubt_whole")),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], ondelete="CASCADE",
                                name=op.f("fk_protection_learner_id")),
        sa.ForeignKeyConstraint(["doubted_by_id"], ["membership.id"], name=op.f("fk_protection_doubted_by_id")),
        sa.PrimaryKeyConstraint("learner_id", name=op.f("pk_protection")),
    )
    op.create_index(op.f("ix_protection_doubted_by_id"), "protection", ["doubted_by_id"], unique=False)


def downgrade() -> None:
    op.drop_table("protection")
    op.drop_table("refused_text")
