"""A photo, document or link beside an experience may be one item of what a link shows.

Revision 20261127_0803, after 20261127_0802, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261127_0803"
down_revision = "20261127_0802"
branch_labels = None
depends_on = None

BEFORE = "kind IN ('experience', 'endorsement', 'testimony')"
SINCE = "kind IN ('experience', 'endorsement', 'testimony', 'evidence')"


def upgrade() -> None:
    with op.batch_alter_table("edition_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("evidence_id", columns.Key(), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_edition_item_kind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_edition_item_kind"), SINCE)
        batch_op.create_check_constraint(
            batch_op.f("ck_edition_item_evidence_whole"), "(kind = 'evidence') = (evidence_id IS NOT NULL)")
        batch_op.create_foreign_key(
            "fk_edition_item_evidence", "evidence", ["evidence_id", "experience_id", "learner_id"],
            ["id", "experience_id", "learner_id"], ondelete="CASCADE")
        batch_op.create_index(batch_op.f("ix_edition_item_evidence_id"), ["evidence_id"], unique=False)


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM edition_item WHERE kind = 'evidence'"))
    with op.batch_alter_table("edition_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_edition_item_evidence_id"))
        batch_op.drop_constraint("fk_edition_item_evidence", type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_edition_item_evidence_whole"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_edition_item_kind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_edition_item_kind"), BEFORE)
        batch_op.drop_column("evidence_id")
