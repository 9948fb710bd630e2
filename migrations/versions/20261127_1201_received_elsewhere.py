"""What a learner received elsewhere, with what was found out about it.

Revision 20261127_1201, after 20261127_1101, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261127_1201"
down_revision = "20261127_1101"
branch_labels = None
depends_on = None

TEXTS = {"format": 10, "title": 300, "issuer_name": 300, "host": 253, "why": 16, "issuer": 9, "status": 16}


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_foreign_badge_{name}"))


def upgrade() -> None:
    op.create_table(
        "foreign_badge",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("learner_id", columns.Key(), nullable=False),
        sa.Column("submission", columns.Key(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("issuer_name", sa.String(length=300), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=True),
        sa.Column("valid_from", columns.Instant(), nullable=True),
        sa.Column("valid_until", columns.Instant(), nullable=True),
        sa.Column("signature_ok", sa.Boolean(), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=True),
        sa.Column("issuer", sa.String(length=9), nullable=True),
        sa.Column("is_mine", sa.Boolean(), nullable=True),
        sa.Column("in_force", sa.Boolean(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("credential_id", columns.Key(), nullable=True),
        sa.Column("checked_at", columns.Instant(), nullable=False),
        sa.Column("added_at", columns.Instant(), nullable=False),
        sa.Column("deleted_at", columns.Instant(), nullable=True),
        _check("digest_hashed", "length(digest) = 32"),
        *(_check(f"{name}_length", f"length({name}) <= {most}") for name, most in TEXTS.items()),
        _check("document_size", "length(document) BETWEEN 1 AND 262144"),
        _check("format", "format IN ('ob3', 'ob3_token', 'ob2_hosted', 'ob2_signed')"),
        _check("issuer", "issuer IS NULL OR (signature_ok IS TRUE AND issuer IN ('city', 'elsewhere', 'unknown'))"),
        _check("mine_as_signed", "is_mine IS NULL OR signature_ok IS TRUE"),
        _check("in_force_as_signed", "in_force IS NOT TRUE OR signature_ok IS TRUE"),
        _check("own_of_city", "credential_id IS NULL OR issuer IS NOT NULL AND issuer = 'city'"),
        sa.ForeignKeyConstraint(["learner_id"], ["passport.learner_id"], ondelete="CASCADE",
                                name=op.f("fk_foreign_badge_learner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_foreign_badge")),
        sa.UniqueConstraint("learner_id", "digest", name=op.f("uq_foreign_badge_learner_id_digest")),
        sa.UniqueConstraint("learner_id", "submission", name=op.f("uq_foreign_badge_learner_id_submission")),
    )
    op.create_index(op.f("ix_foreign_badge_learner_id"), "foreign_badge", ["learner_id"], unique=False)
    op.create_index("ix_foreign_badge_deleted", "foreign_badge", ["deleted_at"], unique=False,
                    sqlite_where=sa.text("deleted_at IS NOT NULL"),
                    postgresql_where=sa.text("deleted_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_table("foreign_badge")
