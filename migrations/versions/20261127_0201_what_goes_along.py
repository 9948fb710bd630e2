"""The photos, documents and links that go along with a request.

Revision 20261127_0201, after 0001, made on 2026-11-27.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = '20261127_0201'
down_revision = '0402'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('uq_evidence_whole', 'evidence', ['id', 'experience_id', 'learner_id'], unique=True)
    op.create_table('granted_evidence',
    sa.Column('grant_id', columns.Key(), nullable=False),
    sa.Column('evidence_id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.ForeignKeyConstraint(['evidence_id', 'experience_id', 'learner_id'], ['evidence.id', 'evidence.experience_id', 'evidence.learner_id'], name='fk_granted_evidence_evidence_id_experience_id_learner_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['grant_id', 'experience_id', 'learner_id'], ['access_grant.id', 'access_grant.experience_id', 'access_grant.learner_id'], name='fk_granted_evidence_grant_id_experience_id_learner_id', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name='fk_granted_evidence_learner_id', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('grant_id', 'evidence_id', name='pk_granted_evidence')
    )
    op.create_index('ix_granted_evidence_evidence_id', 'granted_evidence', ['evidence_id'])
    op.create_index('ix_granted_evidence_learner_id', 'granted_evidence', ['learner_id'])


def downgrade() -> None:
    op.drop_table('granted_evidence')
    op.drop_index('uq_evidence_whole', 'evidence')
