"""The way of an organisation to minors, reminders of checks, who reads along, and readers set aside.

Revision 20261128_1501, after 20261127_1201, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261128_1501"
down_revision = "20261128_1401"
branch_labels = None
depends_on = None

BEFORE = ("feedback_given", "request_closed", "recognition_offered", "not_yet", "recognition_closed",
          "endorsement_withdrawn", "text_reported", "testimony_given")


def _kinds(allowed: tuple[str, ...]) -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_notice_kind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_notice_kind"), f"kind IN {allowed}")


def upgrade() -> None:
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("minors_lead_id", columns.Key(), nullable=True))
        batch_op.add_column(sa.Column("minors_reader_id", columns.Key(), nullable=True))
        batch_op.add_column(sa.Column("minors_charter_version", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("minors_charter_at", columns.Instant(), nullable=True))
        batch_op.add_column(sa.Column("minors_charter_by_id", columns.Key(), nullable=True))
    # Nobody had named a lead or signed a charter so far: the coordination opens again where both are there.
    op.execute(sa.text("UPDATE organisation SET minors_state = 'asked' WHERE minors_state = 'allowed'"))
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        for name in ("minors_lead_id", "minors_reader_id", "minors_charter_by_id"):
            batch_op.create_foreign_key(batch_op.f(f"fk_organisation_{name}"), "account", [name], ["id"])
            batch_op.create_index(batch_op.f(f"ix_organisation_{name}"), [name], unique=False)
        batch_op.create_check_constraint(batch_op.f("ck_organisation_minors_charter_version_length"),
                                         "length(minors_charter_version) <= 20")
        batch_op.create_check_constraint(
            batch_op.f("ck_organisation_minors_lead_and_charter"),
            "minors_state <> 'allowed' OR (minors_lead_id IS NOT NULL AND minors_charter_at IS NOT NULL)")
        batch_op.create_check_constraint(
            batch_op.f("ck_organisation_minors_charter_whole"),
            "(minors_charter_at IS NULL) = (minors_charter_version IS NULL)"
            " AND (minors_charter_at IS NULL) = (minors_charter_by_id IS NULL)")
        batch_op.create_check_constraint(batch_op.f("ck_organisation_two_readers"), "minors_reader_id <> minors_lead_id")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reader_since", columns.Instant(), nullable=True))
        batch_op.add_column(sa.Column("co_reader_id", columns.Key(), nullable=True))
    op.execute(sa.text("UPDATE membership SET reader_since = joined_at WHERE is_safeguarding_reader"))
    op.execute(sa.text("UPDATE membership SET is_safeguarding_reader = false WHERE reader_since IS NULL"))
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_foreign_key(batch_op.f("fk_membership_co_reader_id"), "membership", ["co_reader_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_membership_co_reader_id"), ["co_reader_id"], unique=False)
        batch_op.create_check_constraint(batch_op.f("ck_membership_reader_since"),
                                         "NOT is_safeguarding_reader OR reader_since IS NOT NULL")
        batch_op.create_check_constraint(batch_op.f("ck_membership_another_reads"), "co_reader_id <> id")
    with op.batch_alter_table("vetting", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminded_days", sa.SmallInteger(), nullable=True))
        batch_op.create_check_constraint(batch_op.f("ck_vetting_reminded_days"), "reminded_days IN (60, 30, 7)")
    _kinds((*BEFORE, "check_ends"))
    op.create_table(
        "reader_set_aside",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("learner_id", columns.Key(), nullable=False),
        sa.Column("reader_id", columns.Key(), nullable=False),
        sa.Column("since", columns.Instant(), nullable=False),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.CheckConstraint("reader_id <> learner_id", name=op.f("ck_reader_set_aside_not_oneself")),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], ondelete="CASCADE",
                                name=op.f("fk_reader_set_aside_learner_id")),
        sa.ForeignKeyConstraint(["reader_id"], ["account.id"], name=op.f("fk_reader_set_aside_reader_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_set_aside")),
    )
    op.create_index(op.f("ix_reader_set_aside_learner_id"), "reader_set_aside", ["learner_id"], unique=False)
    op.create_index(op.f("ix_reader_set_aside_reader_id"), "reader_set_aside", ["reader_id"], unique=False)
    op.create_index("uq_reader_set_aside_current", "reader_set_aside", ["learner_id", "reader_id"], unique=True,
                    sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"))


def downgrade() -> None:
    op.drop_table("reader_set_aside")
    op.execute(sa.text("DELETE FROM notice WHERE kind = 'check_ends'"))
    _kinds(BEFORE)
    with op.batch_alter_table("vetting", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_vetting_reminded_days"), type_="check")
        batch_op.drop_column("reminded_days")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_membership_another_reads"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_membership_reader_since"), type_="check")
        batch_op.drop_index(batch_op.f("ix_membership_co_reader_id"))
        batch_op.drop_constraint(batch_op.f("fk_membership_co_reader_id"), type_="foreignkey")
        batch_op.drop_column("co_reader_id")
        batch_op.drop_column("reader_since")
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        for name in ("two_readers", "minors_charter_whole", "minors_lead_and_charter", "minors_charter_version_length"):
            batch_op.drop_constraint(batch_op.f(f"ck_organisation_{name}"), type_="check")
        for name in ("minors_lead_id", "minors_reader_id", "minors_charter_by_id"):
            batch_op.drop_index(batch_op.f(f"ix_organisation_{name}"))
            batch_op.drop_constraint(batch_op.f(f"fk_organisation_{name}"), type_="foreignkey")
        for name in ("minors_charter_by_id", "minors_charter_at", "minors_charter_version", "minors_reader_id",
                     "minors_lead_id"):
            batch_op.drop_column(name)
