"""Births that are kept until 18 only; files for an inquiry, made by two; codes of links said aloud.

Revision 20261128_1801, after 20261128_1701, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261128_1801"
down_revision = "20261128_1701"
branch_labels = None
depends_on = None

PEOPLE = ("asked_by_id", "confirmed_by_id")
INQUIRY = {
    "two_people": "confirmed_by_id <> asked_by_id",
    "confirmed_whole": "(confirmed_at IS NULL) = (confirmed_by_id IS NULL)",
    "made_by_two": "sealed_file IS NULL OR confirmed_at IS NOT NULL",
    "ends": "until > asked_at",
}
PASSPORT = sa.table("passport", sa.column("age_source", sa.String()))


def upgrade() -> None:
    with op.batch_alter_table("passport") as batch_op:
        batch_op.drop_constraint(op.f("ck_passport_age_source"), type_="check")
        batch_op.create_check_constraint(op.f("ck_passport_age_source"), "age_source IN ('declared', 'seen', 'calendar')")
        batch_op.create_check_constraint(op.f("ck_passport_birth_blanked"), "age_source <> 'calendar' OR birth_year IS NULL")
    op.create_table(
        "inquiry",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("report_id", columns.Key(), nullable=False),
        sa.Column("asked_by_id", columns.Key(), nullable=False),
        sa.Column("asked_at", columns.Instant(), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_by_id", columns.Key(), nullable=True),
        sa.Column("confirmed_at", columns.Instant(), nullable=True),
        sa.Column("until", columns.Instant(), nullable=False),
        sa.Column("sealed_file", sa.LargeBinary(), nullable=True),
        *(sa.CheckConstraint(condition, name=op.f(f"ck_inquiry_{name}")) for name, condition in INQUIRY.items()),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_inquiry_report_id"), ondelete="CASCADE"),
        *(sa.ForeignKeyConstraint([name], ["account.id"], name=op.f(f"fk_inquiry_{name}")) for name in PEOPLE),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry")),
    )
    for name in ("report_id", *PEOPLE):
        op.create_index(op.f(f"ix_inquiry_{name}"), "inquiry", [name])
    op.create_index("uq_inquiry_waiting", "inquiry", ["report_id"], unique=True,
                    sqlite_where=sa.text("confirmed_at IS NULL"), postgresql_where=sa.text("confirmed_at IS NULL"))
    with op.batch_alter_table("share") as batch_op:
        batch_op.drop_constraint(op.f("ck_share_code_hash_length"), type_="check")
        batch_op.drop_column("code_hash")  # never written
        batch_op.add_column(sa.Column("code_sealed", sa.LargeBinary(length=200), nullable=True))


def downgrade() -> None:
    # A link whose code is not asked any more would open to everybody: it closes.
    op.execute("UPDATE share SET revoked_at = expires_at WHERE code_sealed IS NOT NULL AND revoked_at IS NULL")
    with op.batch_alter_table("share") as batch_op:
        batch_op.drop_column("code_sealed")
        batch_op.add_column(sa.Column("code_hash", sa.String(length=200), nullable=True))
        batch_op.create_check_constraint(op.f("ck_share_code_hash_length"), "length(code_hash) <= 200")
    op.drop_table("inquiry")
    # What is blanked stays so: whoever turned 18 here counts as an adult, as they say.
    op.execute(sa.update(PASSPORT).where(PASSPORT.c.age_source == "calendar").values(age_source="declared"))
    with op.batch_alter_table("passport") as batch_op:
        batch_op.drop_constraint(op.f("ck_passport_birth_blanked"), type_="check")
        batch_op.drop_constraint(op.f("ck_passport_age_source"), type_="check")
        batch_op.create_check_constraint(op.f("ck_passport_age_source"), "age_source IN ('declared', 'seen')")
