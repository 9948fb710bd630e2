"""A photo, document or link that was erased can come back within the hour.

Revision 20261127_0802, after 20261127_0801, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = '20261127_0802'
down_revision = '20261127_0801'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('evidence', sa.Column('deleted_at', columns.Instant(), nullable=True))
    op.create_index('ix_evidence_deleted', 'evidence', ['deleted_at'], sqlite_where=sa.text('deleted_at IS NOT NULL'),
                    postgresql_where=sa.text('deleted_at IS NOT NULL'))


def downgrade() -> None:
    # What was erased is counted no more; the sweep removes its file.
    op.execute(sa.text('DELETE FROM granted_evidence WHERE evidence_id IN'
                       ' (SELECT id FROM evidence WHERE deleted_at IS NOT NULL)'))
    op.execute(sa.text('DELETE FROM evidence WHERE deleted_at IS NOT NULL'))
    op.drop_index('ix_evidence_deleted', 'evidence')
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.drop_column('deleted_at')
