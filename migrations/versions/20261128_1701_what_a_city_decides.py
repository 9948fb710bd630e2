"""Every choice a city made, and which version of the accreditation charter an organisation accepted.

Revision 20261128_1701, after 20261127_1201, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261128_1701"
down_revision = "20261128_1601"
branch_labels = None
depends_on = None

TEXTS = {"key": 40, "value": 2000, "decided_by": 120, "reason": 1000}


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("id", columns.Key(), nullable=False),
        *(sa.Column(name, sa.String(length=most), nullable=False) for name, most in TEXTS.items()),
        sa.Column("decided_on", sa.Date(), nullable=False),
        *(sa.CheckConstraint(f"length({name}) <= {most}", name=op.f(f"ck_decision_{name}_length"))
          for name, most in TEXTS.items()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_key"), "decision", ["key"])
    op.create_table(
        "accepted_charter",
        sa.Column("id", columns.Key(), nullable=False),
        sa.Column("organisation_id", columns.Key(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("membership_id", columns.Key(), nullable=False),
        sa.Column("accepted_at", columns.Instant(), nullable=False),
        sa.CheckConstraint("length(version) <= 20", name=op.f("ck_accepted_charter_version_length")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_accepted_charter_organisation_id")),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_accepted_charter_membership_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accepted_charter")),
        sa.UniqueConstraint("organisation_id", "version", name=op.f("uq_accepted_charter_organisation_id_version")),
    )
    op.create_index(op.f("ix_accepted_charter_membership_id"), "accepted_charter", ["membership_id"])


def downgrade() -> None:
    op.drop_table("accepted_charter")
    op.drop_table("decision")
