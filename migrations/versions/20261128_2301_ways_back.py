"""The codes of a sheet to come back with, a way back that two adults confirm, and notices of both.

Revision 20261128_2301, after 20261128_2101, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261128_2301"
down_revision = "20261128_2101"
branch_labels = None
depends_on = None

BEFORE = ("feedback_given", "request_closed", "recognition_offered", "not_yet", "recognition_closed",
          "endorsement_withdrawn", "text_reported", "testimony_given", "check_ends")
NEW = ("way_back", "new_device", "links_closed")
CONFIRMS = {"first": "first_confirmed_at", "second": "second_confirmed_at"}


def _kinds(allowed: tuple[str, ...]) -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_notice_kind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_notice_kind"), f"kind IN {allowed}")


def upgrade() -> None:
    _kinds((*BEFORE, *NEW))
    op.create_table(
        "rescue_code",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("learner_id", columns.Key(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("made_at", columns.Instant(), nullable=False),
        sa.Column("used_at", columns.Instant(), nullable=True),
        sa.CheckConstraint("length(code_hash) = 32", name=op.f("ck_rescue_code_code_hash_hashed")),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], ondelete="CASCADE",
                                name=op.f("fk_rescue_code_learner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescue_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_rescue_code_code_hash")),
    )
    op.create_index(op.f("ix_rescue_code_learner_id"), "rescue_code", ["learner_id"])
    # No page has ever begun a way back so far, and each would be over after a quarter of an hour.
    op.drop_table("recovery")
    op.create_table(
        "recovery",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("learner_id", columns.Key(), nullable=True),
        sa.Column("way", sa.String(length=6), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(32), nullable=True),
        sa.Column("code_id", columns.Key(), nullable=True),
        sa.Column("started_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        *(column for which in CONFIRMS for column in (
            sa.Column(f"{which}_confirmer_id", columns.Key(), nullable=True),
            sa.Column(f"{which}_membership_id", columns.Key(), nullable=True),
            sa.Column(f"{which}_confirmed_at", columns.Instant(), nullable=True))),
        sa.Column("used_at", columns.Instant(), nullable=True),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.CheckConstraint("length(way) <= 6", name=op.f("ck_recovery_way_length")),
        sa.CheckConstraint("length(token_hash) = 32", name=op.f("ck_recovery_token_hash_hashed")),
        sa.CheckConstraint("length(number_hash) = 32", name=op.f("ck_recovery_number_hash_hashed")),
        sa.CheckConstraint("first_confirmer_id <> second_confirmer_id", name=op.f("ck_recovery_two_people")),
        sa.CheckConstraint("first_membership_id <> second_membership_id", name=op.f("ck_recovery_two_memberships")),
        sa.CheckConstraint("first_confirmer_id <> learner_id AND second_confirmer_id <> learner_id",
                           name=op.f("ck_recovery_not_oneself")),
        sa.CheckConstraint("(way = 'sheet' AND code_id IS NOT NULL AND number_hash IS NULL)"
                           " OR (way = 'people' AND code_id IS NULL AND number_hash IS NOT NULL)",
                           name=op.f("ck_recovery_way")),
        *(sa.CheckConstraint(f"({at} IS NULL) = ({which}_confirmer_id IS NULL)"
                             f" AND ({at} IS NULL) = ({which}_membership_id IS NULL)",
                             name=op.f(f"ck_recovery_{which}_whole")) for which, at in CONFIRMS.items()),
        sa.CheckConstraint("second_confirmed_at IS NULL OR first_confirmed_at IS NOT NULL",
                           name=op.f("ck_recovery_one_after_the_other")),
        sa.CheckConstraint("used_at IS NULL OR (learner_id IS NOT NULL AND (way = 'sheet' OR second_confirmed_at IS NOT NULL))",
                           name=op.f("ck_recovery_opened_by")),
        sa.CheckConstraint("expires_at > started_at", name=op.f("ck_recovery_ends")),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], ondelete="CASCADE",
                                name=op.f("fk_recovery_learner_id")),
        sa.ForeignKeyConstraint(["code_id"], ["rescue_code.id"], ondelete="CASCADE", name=op.f("fk_recovery_code_id")),
        *(sa.ForeignKeyConstraint([f"{which}_confirmer_id"], ["account.id"],
                                  name=op.f(f"fk_recovery_{which}_confirmer_id")) for which in CONFIRMS),
        *(sa.ForeignKeyConstraint([f"{which}_membership_id"], ["membership.id"],
                                  name=op.f(f"fk_recovery_{which}_membership_id")) for which in CONFIRMS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_recovery_token_hash")),
    )
    for name in ("learner_id", "number_hash", "code_id", "first_confirmer_id", "first_membership_id",
                 "second_confirmer_id", "second_membership_id"):
        op.create_index(op.f(f"ix_recovery_{name}"), "recovery", [name])


def downgrade() -> None:
    op.drop_table("recovery")
    op.create_table(
        "recovery",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("learner_id", columns.Key(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("started_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        *(column for which in CONFIRMS for column in (
            sa.Column(f"{which}_confirmer_id", columns.Key(), nullable=True),
            sa.Column(f"{which}_confirmed_at", columns.Instant(), nullable=True))),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.CheckConstraint("length(number_hash) = 32", name=op.f("ck_recovery_number_hash_hashed")),
        sa.CheckConstraint("first_confirmer_id <> second_confirmer_id", name=op.f("ck_recovery_two_people")),
        sa.CheckConstraint("first_confirmer_id <> learner_id AND second_confirmer_id <> learner_id",
                           name=op.f("ck_recovery_not_oneself")),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], ondelete="CASCADE",
                                name=op.f("fk_recovery_learner_id")),
        *(sa.ForeignKeyConstraint([f"{which}_confirmer_id"], ["account.id"],
                                  name=op.f(f"fk_recovery_{which}_confirmer_id")) for which in CONFIRMS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery")),
    )
    for name in ("learner_id", "first_confirmer_id", "second_confirmer_id"):
        op.create_index(op.f(f"ix_recovery_{name}"), "recovery", [name])
    op.drop_table("rescue_code")
    op.execute(sa.text(f"DELETE FROM notice WHERE kind IN {NEW}"))
    _kinds(BEFORE)
