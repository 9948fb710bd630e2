"""Sheets that are checked without network, and the signed competencies printed on each.

Revision 20261127_1101, after 20261127_1001, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = '20261127_1101'
down_revision = '20261127_1001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('uq_credential_owner', 'credential', ['id', 'learner_id'], unique=True)
    op.create_table(
        'sheet',
        sa.Column('id', columns.Key(), nullable=False),
        sa.Column('learner_id', columns.Key(), nullable=False),
        sa.Column('submission', columns.Key(), nullable=False),
        sa.Column('submission_digest', sa.LargeBinary(length=32), nullable=False),
        sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
        sa.Column('token_sealed', sa.LargeBinary(length=200), nullable=False),
        sa.Column('key_id', sa.String(length=80), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=True),
        sa.Column('size', sa.SmallInteger(), nullable=False),
        sa.Column('signed', sa.LargeBinary(), nullable=False),
        sa.Column('made_at', columns.Instant(timezone=True), nullable=False),
        sa.Column('expires_on', sa.Date(), nullable=False),
        sa.Column('closed_at', columns.Instant(timezone=True), nullable=True),
        sa.CheckConstraint('size BETWEEN 1 AND 5', name=op.f('ck_sheet_size')),
        sa.CheckConstraint('closed_at IS NULL OR closed_at >= made_at', name=op.f('ck_sheet_closed_after')),
        sa.CheckConstraint('length(submission_digest) = 32', name=op.f('ck_sheet_submission_digest_hashed')),
        sa.CheckConstraint('length(token_hash) = 32', name=op.f('ck_sheet_token_hash_hashed')),
        sa.CheckConstraint('length(key_id) <= 80', name=op.f('ck_sheet_key_id_length')),
        sa.CheckConstraint('length(name) <= 80', name=op.f('ck_sheet_name_length')),
        sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_sheet_learner_id'),
                                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['key_id'], ['signing_key.key_id'], name=op.f('fk_sheet_key_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sheet')),
        sa.UniqueConstraint('id', 'learner_id', name=op.f('uq_sheet_id_learner_id')),
        sa.UniqueConstraint('learner_id', 'submission', name=op.f('uq_sheet_learner_id_submission')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_sheet_token_hash')),
    )
    op.create_index(op.f('ix_sheet_learner_id'), 'sheet', ['learner_id'])
    op.create_index(op.f('ix_sheet_key_id'), 'sheet', ['key_id'])
    op.create_table(
        'sheet_item',
        sa.Column('sheet_id', columns.Key(), nullable=False),
        sa.Column('position', sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column('learner_id', columns.Key(), nullable=False),
        sa.Column('credential_id', columns.Key(), nullable=False),
        sa.CheckConstraint('position BETWEEN 0 AND 4', name=op.f('ck_sheet_item_position')),
        sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_sheet_item_learner_id'),
                                ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['sheet_id', 'learner_id'], ['sheet.id', 'sheet.learner_id'],
                                name=op.f('fk_sheet_item_sheet_id_learner_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['credential_id', 'learner_id'], ['credential.id', 'credential.learner_id'],
                                name='fk_sheet_item_credential', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('sheet_id', 'position', name=op.f('pk_sheet_item')),
        sa.UniqueConstraint('sheet_id', 'credential_id', name=op.f('uq_sheet_item_sheet_id_credential_id')),
    )
    op.create_index(op.f('ix_sheet_item_learner_id'), 'sheet_item', ['learner_id'])
    op.create_index(op.f('ix_sheet_item_credential_id'), 'sheet_item', ['credential_id'])


def downgrade() -> None:
    op.drop_table('sheet_item')
    op.drop_table('sheet')
    op.drop_index('uq_credential_owner', 'credential')
