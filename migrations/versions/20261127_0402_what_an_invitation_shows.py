"""An invitation for somebody without account keeps what it shows, and is kept once when it is sent twice.

Revision 0402, after 0401, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns
revision = '0402'
down_revision = '0401'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('witness_invitation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('submission', columns.Key(), nullable=True))
        batch_op.add_column(sa.Column('submission_digest', sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(sa.Column('shown', sa.JSON(), nullable=True))
    # No page made an invitation before: each row's own numbers stand for those its form would have carried.
    op.execute(sa.text("UPDATE witness_invitation SET submission = id, submission_digest = token_hash,"
                       " shown = '{\"name\": \"\", \"claims\": []}'"))
    with op.batch_alter_table('witness_invitation', schema=None) as batch_op:
        batch_op.alter_column('submission', existing_type=columns.Key(), nullable=False)
        batch_op.alter_column('submission_digest', existing_type=sa.LargeBinary(length=32), nullable=False)
        batch_op.alter_column('shown', existing_type=sa.JSON(), nullable=False)
        batch_op.create_unique_constraint(batch_op.f('uq_witness_invitation_learner_id_submission'), ['learner_id', 'submission'])
        batch_op.create_check_constraint(batch_op.f('ck_witness_invitation_submission_digest_hashed'), 'length(submission_digest) = 32')


def downgrade() -> None:
    with op.batch_alter_table('witness_invitation', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_witness_invitation_submission_digest_hashed'), type_='check')
        batch_op.drop_constraint(batch_op.f('uq_witness_invitation_learner_id_submission'), type_='unique')
        batch_op.drop_column('shown')
        batch_op.drop_column('submission_digest')
        batch_op.drop_column('submission')
