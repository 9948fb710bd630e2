"""The name in a signed credential, and one list of each issuer that takes new positions.

Revision 20261127_1001, after 20261127_0901, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '20261127_1001'
down_revision = '20261127_0901'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('permission', schema=None) as batch_op:
        batch_op.add_column(sa.Column('named_as', sa.String(length=80), nullable=True))
        batch_op.create_check_constraint(op.f('ck_permission_named_as_length'), 'length(named_as) <= 80')
    op.create_index('uq_status_list_open', 'status_list', ['organisation_id'], unique=True,
                    sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))


def downgrade() -> None:
    op.drop_index('uq_status_list_open', 'status_list')
    with op.batch_alter_table('permission', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_permission_named_as_length'), type_='check')
        batch_op.drop_column('named_as')
