"""A notice tells that somebody without account has answered.

Revision 0401, after 0001, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0401'
down_revision = '0601'
branch_labels = None
depends_on = None

BEFORE = ('feedback_given', 'request_closed', 'recognition_offered', 'not_yet', 'recognition_closed',
          'endorsement_withdrawn', 'text_reported')


def kinds(allowed: tuple[str, ...]) -> None:
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_notice_kind'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_notice_kind'), f'kind IN {allowed}')


def upgrade() -> None:
    kinds((*BEFORE, 'testimony_given'))


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM notice WHERE kind = 'testimony_given'"))
    kinds(BEFORE)
