"""What is done later, once: jobs.

Revision 0302, after 0301, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "0302"
down_revision = "0301"
branch_labels = None
depends_on = None

OPEN = "done_at IS NULL AND failed_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("run_at", columns.Instant(), nullable=False),
        sa.Column("lease_until", columns.Instant(), nullable=True),
        sa.Column("lease_by", sa.String(40), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("done_at", columns.Instant(), nullable=True),
        sa.Column("failed_at", columns.Instant(), nullable=True),
        sa.Column("error", sa.String(60), nullable=True),
        sa.Column("dedupe", sa.String(60), nullable=True),
        sa.CheckConstraint("done_at IS NULL OR failed_at IS NULL", name=op.f("ck_job_one_end")),
        sa.CheckConstraint("length(kind) <= 40", name=op.f("ck_job_kind_length")),
        sa.CheckConstraint("length(lease_by) <= 40", name=op.f("ck_job_lease_by_length")),
        sa.CheckConstraint("length(error) <= 60", name=op.f("ck_job_error_length")),
        sa.CheckConstraint("length(dedupe) <= 60", name=op.f("ck_job_dedupe_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_waiting", "job", ["run_at", "id"],
                    sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN))
    op.create_index("uq_job_open", "job", ["dedupe"], unique=True,
                    sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN))


def downgrade() -> None:
    op.drop_index("uq_job_open", "job")
    op.drop_index("ix_job_waiting", "job")
    op.drop_table("job")
