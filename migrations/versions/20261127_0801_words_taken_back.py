"""A learner takes back their answer to a feedback: it is known that it was, its words are gone.

Revision 20261127_0801, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = '20261127_0801'
down_revision = '0303'
branch_labels = None
depends_on = None

WHOLE = "ck_feedback_reply_whole"
TAKEN_BACK = "ck_feedback_reply_taken_back"


def upgrade() -> None:
    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reply_withdrawn_at', columns.Instant(), nullable=True))
        batch_op.drop_constraint(batch_op.f(WHOLE), type_='check')
        batch_op.create_check_constraint(
            batch_op.f(WHOLE), '(reply IS NULL) = (replied_at IS NULL OR reply_withdrawn_at IS NOT NULL)')
        batch_op.create_check_constraint(
            batch_op.f(TAKEN_BACK),
            'reply_withdrawn_at IS NULL OR (replied_at IS NOT NULL AND reply_withdrawn_at >= replied_at)')


def downgrade() -> None:
    # What was taken back was said once: without its words and without a place to say so, nothing of it stays.
    op.execute(sa.text("UPDATE feedback SET replied_at = NULL, reply_withdrawn_at = NULL WHERE reply_withdrawn_at IS NOT NULL"))
    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(TAKEN_BACK), type_='check')
        batch_op.drop_constraint(batch_op.f(WHOLE), type_='check')
        batch_op.create_check_constraint(batch_op.f(WHOLE), '(reply IS NULL) = (replied_at IS NULL)')
        batch_op.drop_column('reply_withdrawn_at')
