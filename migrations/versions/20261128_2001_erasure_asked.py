"""Who asked to be erased, and the words of adults that stay under seal for a while.

Revision 20261128_2001, after 20261128_1901, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261128_2001"
down_revision = "20261128_1901"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure_request",
        sa.Column("learner_id", columns.Key(), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("asked_at", columns.Instant(), nullable=False),
        sa.Column("due_at", columns.Instant(), nullable=False),
        sa.Column("unnamed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("cause IN ('asked', 'moved')", name=op.f("ck_erasure_request_cause")),
        sa.CheckConstraint("due_at >= asked_at", name=op.f("ck_erasure_request_due_after")),
        sa.CheckConstraint("length(cause) <= 12", name=op.f("ck_erasure_request_cause_length")),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], name=op.f("fk_erasure_request_learner_id"),
                                ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("learner_id", name=op.f("pk_erasure_request")),
    )
    op.create_index(op.f("ix_erasure_request_due_at"), "erasure_request", ["due_at"])
    op.create_table(
        "sealed_folder",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("sealed_at", columns.Instant(), nullable=False),
        sa.Column("keep_until", columns.Instant(), nullable=False),
        sa.Column("asked_by_id", columns.Key(), nullable=True),
        sa.Column("asked_at", columns.Instant(), nullable=True),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_by_id", columns.Key(), nullable=True),
        sa.Column("confirmed_at", columns.Instant(), nullable=True),
        sa.CheckConstraint("(asked_by_id IS NULL) = (asked_at IS NULL) AND (asked_by_id IS NULL) = (sealed_reason IS NULL)",
                           name=op.f("ck_sealed_folder_asked_whole")),
        sa.CheckConstraint("(confirmed_by_id IS NULL) = (confirmed_at IS NULL)",
                           name=op.f("ck_sealed_folder_confirmed_whole")),
        sa.CheckConstraint("confirmed_by_id IS NULL OR (asked_by_id IS NOT NULL AND confirmed_by_id <> asked_by_id)",
                           name=op.f("ck_sealed_folder_two_people")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_sealed_folder_asked_by_id")),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["account.id"], name=op.f("fk_sealed_folder_confirmed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_folder")),
    )
    for name in ("keep_until", "asked_by_id", "confirmed_by_id"):
        op.create_index(op.f(f"ix_sealed_folder_{name}"), "sealed_folder", [name])
    op.create_table(
        "sealed_word",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("folder_id", columns.Key(), nullable=False),
        sa.Column("author_id", columns.Key(), nullable=False),
        sa.Column("organisation_id", columns.Key(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("written_at", columns.Instant(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(kind) <= 16", name=op.f("ck_sealed_word_kind_length")),
        sa.ForeignKeyConstraint(["folder_id"], ["sealed_folder.id"], name=op.f("fk_sealed_word_folder_id"),
                                ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_sealed_word_author_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_sealed_word_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_word")),
    )
    for name in ("folder_id", "author_id", "organisation_id"):
        op.create_index(op.f(f"ix_sealed_word_{name}"), "sealed_word", [name])


def downgrade() -> None:
    for table in ("sealed_word", "sealed_folder", "erasure_request"):
        op.drop_table(table)
