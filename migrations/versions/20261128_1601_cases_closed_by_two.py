"""Cases: whose safety, who has them from the start, and two persons who close them; a freeze with all protected learners.

Revision 20261128_1601, after 20261127_1201, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from passport import columns
from passport.seal import seal_case, unseal_case

revision = "20261128_1601"
down_revision = "20261128_1501"
branch_labels = None
depends_on = None

OUTCOMES = "('nothing_more', 'acted', 'sent_on')"
NEW_CHECKS = {
    "category_length": "length(category) <= 12",
    "route_length": "length(route) <= 5",
    "route": "route IN ('house', 'both', 'city')",
    "proposed_outcome_length": "length(proposed_outcome) <= 16",
    "proposed_outcome": f"proposed_outcome IN {OUTCOMES}",
    "proposed_whole": "(proposed_at IS NULL) = (proposed_by_id IS NULL) AND (proposed_at IS NULL) = (proposed_outcome IS NULL)"
                      " AND (proposed_at IS NULL) = (done_on IS NULL)",
    "two_people": "confirmed_by_id <> proposed_by_id",
}
PEOPLE = {"concerned_id": "SET NULL", "proposed_by_id": None, "confirmed_by_id": None}
REPORT = sa.table("report", sa.column("id", columns.Key()), sa.column("note", sa.String()),
                  sa.column("sealed_note", sa.LargeBinary()))


def upgrade() -> None:
    op.create_table(
        "contact_freeze",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("adult_id", columns.Key(), nullable=False),
        sa.Column("decided_by_id", columns.Key(), nullable=False),
        sa.Column("started_at", columns.Instant(), nullable=False),
        sa.Column("lifted_at", columns.Instant(), nullable=True),
        sa.Column("lifted_by_id", columns.Key(), nullable=True),
        sa.CheckConstraint("adult_id <> decided_by_id", name=op.f("ck_contact_freeze_not_oneself")),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by_id IS NULL)", name=op.f("ck_contact_freeze_lifted_whole")),
        *(sa.ForeignKeyConstraint([name], ["account.id"], name=op.f(f"fk_contact_freeze_{name}"))
          for name in ("adult_id", "decided_by_id", "lifted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_freeze")),
    )
    op.create_index("uq_contact_freeze_adult", "contact_freeze", ["adult_id"], unique=True,
                    sqlite_where=sa.text("lifted_at IS NULL"), postgresql_where=sa.text("lifted_at IS NULL"))
    for name in ("decided_by_id", "lifted_by_id"):
        op.create_index(op.f(f"ix_contact_freeze_{name}"), "contact_freeze", [name], unique=False)
    with op.batch_alter_table("report") as batch_op:
        for name in PEOPLE:
            batch_op.add_column(sa.Column(name, columns.Key(), nullable=True))
        batch_op.add_column(sa.Column("category", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("route", sa.String(length=5), nullable=False, server_default="house"))
        batch_op.add_column(sa.Column("sealed_note", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("proposed_at", columns.Instant(), nullable=True))
        batch_op.add_column(sa.Column("proposed_outcome", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("done_on", sa.Date(), nullable=True))
        for name, gone in PEOPLE.items():
            batch_op.create_foreign_key(op.f(f"fk_report_{name}"), "account", [name], ["id"], ondelete=gone)
        for name, condition in NEW_CHECKS.items():
            batch_op.create_check_constraint(op.f(f"ck_report_{name}"), condition)
        _kinds(batch_op, "'text', 'share', 'concern', 'reply', 'other'")
    op.execute("UPDATE report SET concerned_id = reporter_id WHERE object_kind = 'text'")
    _each_note("note", "sealed_note", seal_case)
    with op.batch_alter_table("report") as batch_op:
        batch_op.alter_column("route", existing_type=sa.String(length=5), existing_nullable=False, server_default=None)
        batch_op.drop_constraint(op.f("ck_report_note_length"), type_="check")
        batch_op.drop_column("note")
    for name in PEOPLE:
        op.create_index(op.f(f"ix_report_{name}"), "report", [name], unique=False)
    with op.batch_alter_table("case_note") as batch_op:
        batch_op.alter_column("author_id", existing_type=columns.Key(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM case_note WHERE author_id IS NULL")  # there was no place for words of who has no account
    with op.batch_alter_table("case_note") as batch_op:
        batch_op.alter_column("author_id", existing_type=columns.Key(), nullable=False)
    for name in PEOPLE:
        op.drop_index(op.f(f"ix_report_{name}"), "report")
    with op.batch_alter_table("report") as batch_op:
        batch_op.add_column(sa.Column("note", sa.String(length=1000), nullable=True))
        batch_op.create_check_constraint(op.f("ck_report_note_length"), "length(note) <= 1000")
    _each_note("sealed_note", "note", unseal_case)
    op.execute("UPDATE report SET object_kind = 'other' WHERE object_kind = 'concern'")
    with op.batch_alter_table("report") as batch_op:
        _kinds(batch_op, "'text', 'share', 'reply', 'other'")
        for name in NEW_CHECKS:
            batch_op.drop_constraint(op.f(f"ck_report_{name}"), type_="check")
        for name in PEOPLE:
            batch_op.drop_constraint(op.f(f"fk_report_{name}"), type_="foreignkey")
        for name in (*PEOPLE, "category", "route", "sealed_note", "proposed_at", "proposed_outcome", "done_on"):
            batch_op.drop_column(name)
    op.drop_table("contact_freeze")


def _kinds(batch_op: BatchOperations, kinds: str) -> None:
    batch_op.drop_constraint(op.f("ck_report_object_kind"), type_="check")
    batch_op.create_check_constraint(op.f("ck_report_object_kind"), f"object_kind IN ({kinds})")


def _each_note(old: str, new: str, turned: object) -> None:
    """Write each note anew, sealed or in clear."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(REPORT.c.id, REPORT.c[old]).where(REPORT.c[old].is_not(None))).all()
    for key, note in rows:
        connection.execute(sa.update(REPORT).where(REPORT.c.id == key).values({new: turned(note)}))  # type: ignore[operator]
