"""The whole schema: every table whose later change would hurt.

Revision 0001, the first, made on 2026-11-24.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns
from passport import columns
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('identifier', sa.String(length=80), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('email_confirmed_at', columns.Instant(), nullable=True),
    sa.Column('display_name', sa.String(length=80), nullable=True),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('audit_ref', columns.Key(), nullable=True),
    sa.Column('created_at', columns.Instant(), nullable=False),
    sa.Column('last_active_on', sa.Date(), nullable=False),
    sa.Column('warned_at', columns.Instant(), nullable=True),
    sa.Column('erased_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("language IN ('fr', 'en')", name=op.f('ck_account_language')),
    sa.CheckConstraint('email = lower(email)', name=op.f('ck_account_email_folded')),
    sa.CheckConstraint('erased_at IS NULL OR (identifier IS NULL AND email IS NULL AND display_name IS NULL AND password_hash IS NULL AND audit_ref IS NULL)', name=op.f('ck_account_erased_is_blank')),
    sa.CheckConstraint('identifier = lower(identifier)', name=op.f('ck_account_identifier_folded')),
    sa.CheckConstraint('length(display_name) <= 80', name=op.f('ck_account_display_name_length')),
    sa.CheckConstraint('length(email) <= 254', name=op.f('ck_account_email_length')),
    sa.CheckConstraint('length(identifier) <= 80', name=op.f('ck_account_identifier_length')),
    sa.CheckConstraint('length(language) <= 2', name=op.f('ck_account_language_length')),
    sa.CheckConstraint('length(password_hash) <= 200', name=op.f('ck_account_password_hash_length')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('audit_ref', name=op.f('uq_account_audit_ref')),
    sa.UniqueConstraint('email', name=op.f('uq_account_email')),
    sa.UniqueConstraint('identifier', name=op.f('uq_account_identifier'))
    )
    op.create_table('audit_event',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', columns.Instant(), nullable=False),
    sa.Column('actor_ref', columns.Key(), nullable=True),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('object_ref', columns.Key(), nullable=True),
    sa.CheckConstraint('length(action) <= 40', name=op.f('ck_audit_event_action_length')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit_event'))
    )
    op.create_table('audit_link',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('previous', sa.LargeBinary(length=32), nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.CheckConstraint('length(digest) = 32', name=op.f('ck_audit_link_digest_hashed')),
    sa.CheckConstraint('length(previous) = 32', name=op.f('ck_audit_link_previous_hashed')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit_link')),
    sa.UniqueConstraint('digest', name=op.f('uq_audit_link_digest')),
    sa.UniqueConstraint('previous', name=op.f('uq_audit_link_previous'))
    )
    op.create_table('erasure',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=True),
    sa.Column('cause', sa.String(length=12), nullable=False),
    sa.Column('asked_at', columns.Instant(), nullable=False),
    sa.Column('by', sa.String(length=10), nullable=False),
    sa.CheckConstraint("by IN ('learner', 'system')", name=op.f('ck_erasure_by')),
    sa.CheckConstraint("cause IN ('asked', 'inactive', 'deleted', 'moved')", name=op.f('ck_erasure_cause')),
    sa.CheckConstraint('length(by) <= 10', name=op.f('ck_erasure_by_length')),
    sa.CheckConstraint('length(cause) <= 12', name=op.f('ck_erasure_cause_length')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasure'))
    )
    with op.batch_alter_table('erasure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_erasure_learner_id'), ['learner_id'], unique=False)

    op.create_table('framework',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name_fr', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.CheckConstraint('length(code) <= 40', name=op.f('ck_framework_code_length')),
    sa.CheckConstraint('length(name_en) <= 200', name=op.f('ck_framework_name_en_length')),
    sa.CheckConstraint('length(name_fr) <= 200', name=op.f('ck_framework_name_fr_length')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_framework')),
    sa.UniqueConstraint('code', name=op.f('uq_framework_code'))
    )
    op.create_table('organisation',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('sector', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('sort_key', sa.String(length=120), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.Column('page', sa.String(length=300), nullable=True),
    sa.Column('minors_state', sa.String(length=8), nullable=False),
    sa.Column('join_code_hash', sa.LargeBinary(length=32), nullable=True),
    sa.Column('join_code_sealed', sa.LargeBinary(length=200), nullable=True),
    sa.Column('requested_at', columns.Instant(), nullable=False),
    sa.Column('accredited_at', columns.Instant(), nullable=True),
    sa.Column('suspended_at', columns.Instant(), nullable=True),
    sa.Column('closed_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("kind IN ('association', 'school', 'public_service', 'sport_club', 'holiday_centre', 'childcare', 'social_care', 'company', 'city')", name=op.f('ck_organisation_kind')),
    sa.CheckConstraint("minors_state IN ('none', 'asked', 'allowed')", name=op.f('ck_organisation_minors_state')),
    sa.CheckConstraint("sector IN ('economic', 'civic', 'public', 'education', 'voluntary')", name=op.f('ck_organisation_sector')),
    sa.CheckConstraint('(join_code_hash IS NULL) = (join_code_sealed IS NULL)', name=op.f('ck_organisation_join_code_whole')),
    sa.CheckConstraint('length(address) <= 200', name=op.f('ck_organisation_address_length')),
    sa.CheckConstraint('length(email) <= 254', name=op.f('ck_organisation_email_length')),
    sa.CheckConstraint('length(join_code_hash) = 32', name=op.f('ck_organisation_join_code_hash_hashed')),
    sa.CheckConstraint('length(kind) <= 16', name=op.f('ck_organisation_kind_length')),
    sa.CheckConstraint('length(minors_state) <= 8', name=op.f('ck_organisation_minors_state_length')),
    sa.CheckConstraint('length(name) <= 120', name=op.f('ck_organisation_name_length')),
    sa.CheckConstraint('length(page) <= 300', name=op.f('ck_organisation_page_length')),
    sa.CheckConstraint('length(phone) <= 40', name=op.f('ck_organisation_phone_length')),
    sa.CheckConstraint('length(sector) <= 10', name=op.f('ck_organisation_sector_length')),
    sa.CheckConstraint('length(sort_key) <= 120', name=op.f('ck_organisation_sort_key_length')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation')),
    sa.UniqueConstraint('id', 'kind', name=op.f('uq_organisation_id_kind')),
    sa.UniqueConstraint('join_code_hash', name=op.f('uq_organisation_join_code_hash'))
    )
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organisation_sort_key'), ['sort_key'], unique=False)
        batch_op.create_index('uq_organisation_city', ['kind'], unique=True, sqlite_where=sa.text("kind = 'city'"), postgresql_where=sa.text("kind = 'city'"))

    op.create_table('rate_limit',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('hits', sa.Integer(), nullable=False),
    sa.Column('expires_at', sa.Double(), nullable=False),
    sa.CheckConstraint('length(key) <= 64', name=op.f('ck_rate_limit_key_length')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_rate_limit'))
    )
    op.create_table('setting',
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('value', sa.String(length=2000), nullable=False),
    sa.Column('decided_by', sa.String(length=120), nullable=True),
    sa.Column('decided_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=1000), nullable=True),
    sa.CheckConstraint('length(decided_by) <= 120', name=op.f('ck_setting_decided_by_length')),
    sa.CheckConstraint('length(key) <= 40', name=op.f('ck_setting_key_length')),
    sa.CheckConstraint('length(reason) <= 1000', name=op.f('ck_setting_reason_length')),
    sa.CheckConstraint('length(value) <= 2000', name=op.f('ck_setting_value_length')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_setting'))
    )
    op.create_table('signing_key',
    sa.Column('key_id', sa.String(length=80), nullable=False),
    sa.Column('public', sa.LargeBinary(length=64), nullable=False),
    sa.Column('from_at', columns.Instant(), nullable=False),
    sa.Column('until_at', columns.Instant(), nullable=True),
    sa.Column('compromised_at', columns.Instant(), nullable=True),
    sa.CheckConstraint('length(key_id) <= 80', name=op.f('ck_signing_key_key_id_length')),
    sa.PrimaryKeyConstraint('key_id', name=op.f('pk_signing_key'))
    )
    op.create_table('competency',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('framework_id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=60), nullable=False),
    sa.Column('facet', sa.String(length=10), nullable=False),
    sa.Column('likely_in', sa.JSON(), nullable=False),
    sa.Column('retired_on', sa.Date(), nullable=True),
    sa.CheckConstraint("facet IN ('knowledge', 'skill', 'attitude')", name=op.f('ck_competency_facet')),
    sa.CheckConstraint('length(facet) <= 10', name=op.f('ck_competency_facet_length')),
    sa.CheckConstraint('length(slug) <= 60', name=op.f('ck_competency_slug_length')),
    sa.ForeignKeyConstraint(['framework_id'], ['framework.id'], name=op.f('fk_competency_framework_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_competency')),
    sa.UniqueConstraint('slug', name=op.f('uq_competency_slug'))
    )
    with op.batch_alter_table('competency', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_competency_framework_id'), ['framework_id'], unique=False)

    op.create_table('draft',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('account_id', columns.Key(), nullable=False),
    sa.Column('form', sa.String(length=20), nullable=False),
    sa.Column('subject_id', columns.Key(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('changed_at', columns.Instant(), nullable=False),
    sa.CheckConstraint('length(form) <= 20', name=op.f('ck_draft_form_length')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_draft_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft')),
    sa.UniqueConstraint('account_id', 'form', 'subject_id', name=op.f('uq_draft_account_id_form_subject_id'))
    )
    op.create_table('framework_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('framework_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.CheckConstraint('length(digest) = 32', name=op.f('ck_framework_version_digest_hashed')),
    sa.CheckConstraint('length(number) <= 20', name=op.f('ck_framework_version_number_length')),
    sa.ForeignKeyConstraint(['framework_id'], ['framework.id'], name=op.f('fk_framework_version_framework_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_framework_version')),
    sa.UniqueConstraint('framework_id', 'number', name=op.f('uq_framework_version_framework_id_number'))
    )
    op.create_table('membership',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('organisation_id', columns.Key(), nullable=False),
    sa.Column('organisation_kind', sa.String(length=16), nullable=False),
    sa.Column('account_id', columns.Key(), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=True),
    sa.Column('lead', sa.Boolean(), nullable=False),
    sa.Column('is_safeguarding_reader', sa.Boolean(), nullable=False),
    sa.Column('invited_at', columns.Instant(), nullable=False),
    sa.Column('joined_at', columns.Instant(), nullable=True),
    sa.Column('identity_confirmed_at', columns.Instant(), nullable=True),
    sa.Column('charter_version', sa.String(length=20), nullable=True),
    sa.Column('charter_accepted_at', columns.Instant(), nullable=True),
    sa.Column('trained_at', columns.Instant(), nullable=True),
    sa.Column('suspended_at', columns.Instant(), nullable=True),
    sa.Column('ended_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("role <> 'coordinator' OR organisation_kind = 'city'", name=op.f('ck_membership_coordinator_of_the_city')),
    sa.CheckConstraint("role IN ('facilitator', 'manager', 'coordinator')", name=op.f('ck_membership_role')),
    sa.CheckConstraint('(charter_version IS NULL) = (charter_accepted_at IS NULL)', name=op.f('ck_membership_charter_whole')),
    sa.CheckConstraint('length(charter_version) <= 20', name=op.f('ck_membership_charter_version_length')),
    sa.CheckConstraint('length(organisation_kind) <= 16', name=op.f('ck_membership_organisation_kind_length')),
    sa.CheckConstraint('length(role) <= 12', name=op.f('ck_membership_role_length')),
    sa.CheckConstraint('length(title) <= 80', name=op.f('ck_membership_title_length')),
    sa.CheckConstraint('trained_at IS NULL OR charter_accepted_at IS NOT NULL', name=op.f('ck_membership_charter_before_training')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_membership_account_id')),
    sa.ForeignKeyConstraint(['organisation_id', 'organisation_kind'], ['organisation.id', 'organisation.kind'], name=op.f('fk_membership_organisation_id_organisation_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_membership')),
    sa.UniqueConstraint('id', 'account_id', name=op.f('uq_membership_id_account_id'))
    )
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_membership_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_membership_organisation_id_role'), ['organisation_id', 'role'], unique=False)
        batch_op.create_index('uq_membership_current', ['account_id', 'organisation_id', 'role'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('notice',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('account_id', columns.Key(), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('subject_id', columns.Key(), nullable=False),
    sa.Column('about_id', columns.Key(), nullable=True),
    sa.Column('at', columns.Instant(), nullable=False),
    sa.Column('visible_at', columns.Instant(), nullable=False),
    sa.Column('read_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("kind IN ('feedback_given', 'request_closed', 'recognition_offered', 'not_yet', 'recognition_closed', 'endorsement_withdrawn', 'text_reported')", name=op.f('ck_notice_kind')),
    sa.CheckConstraint('length(kind) <= 24', name=op.f('ck_notice_kind_length')),
    sa.ForeignKeyConstraint(['about_id'], ['account.id'], name=op.f('fk_notice_about_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_notice_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_about_id'), ['about_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_account_id'), ['account_id'], unique=False)
        batch_op.create_index('ix_notice_waiting', ['account_id', 'visible_at', 'id'], unique=False, sqlite_where=sa.text('read_at IS NULL'), postgresql_where=sa.text('read_at IS NULL'))

    op.create_table('one_time_token',
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('account_id', columns.Key(), nullable=True),
    sa.Column('purpose', sa.String(length=12), nullable=False),
    sa.Column('subject_id', columns.Key(), nullable=True),
    sa.Column('made_at', columns.Instant(), nullable=False),
    sa.Column('expires_at', columns.Instant(), nullable=False),
    sa.Column('used_at', columns.Instant(), nullable=True),
    sa.Column('attempts', sa.SmallInteger(), nullable=False),
    sa.CheckConstraint("purpose IN ('reset', 'confirm', 'recover', 'guardian', 'invite', 'unsubscribe')", name=op.f('ck_one_time_token_purpose')),
    sa.CheckConstraint('expires_at > made_at', name=op.f('ck_one_time_token_ends')),
    sa.CheckConstraint('length(purpose) <= 12', name=op.f('ck_one_time_token_purpose_length')),
    sa.CheckConstraint('length(token_hash) = 32', name=op.f('ck_one_time_token_token_hash_hashed')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_one_time_token_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_one_time_token'))
    )
    with op.batch_alter_table('one_time_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_one_time_token_account_id'), ['account_id'], unique=False)

    op.create_table('passport',
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('birth_year', sa.SmallInteger(), nullable=True),
    sa.Column('birth_month', sa.SmallInteger(), nullable=True),
    sa.Column('age_source', sa.String(length=10), nullable=False),
    sa.Column('protection_chosen', sa.Boolean(), nullable=False),
    sa.Column('in_statistics', sa.Boolean(), nullable=False),
    sa.Column('looking_for', sa.String(length=280), nullable=True),
    sa.Column('evidence_bytes', sa.BigInteger(), nullable=False),
    sa.Column('evidence_quota', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("age_source IN ('declared', 'seen')", name=op.f('ck_passport_age_source')),
    sa.CheckConstraint('(birth_year IS NULL) = (birth_month IS NULL)', name=op.f('ck_passport_birth_whole')),
    sa.CheckConstraint('birth_month BETWEEN 1 AND 12', name=op.f('ck_passport_birth_month')),
    sa.CheckConstraint('birth_year BETWEEN 1900 AND 2100', name=op.f('ck_passport_birth_year')),
    sa.CheckConstraint('evidence_bytes BETWEEN 0 AND evidence_quota', name=op.f('ck_passport_quota')),
    sa.CheckConstraint('length(age_source) <= 10', name=op.f('ck_passport_age_source_length')),
    sa.CheckConstraint('length(looking_for) <= 280', name=op.f('ck_passport_looking_for_length')),
    sa.ForeignKeyConstraint(['learner_id'], ['account.id'], name=op.f('fk_passport_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('learner_id', name=op.f('pk_passport'))
    )
    op.create_table('report',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('reporter_id', columns.Key(), nullable=True),
    sa.Column('about_id', columns.Key(), nullable=True),
    sa.Column('organisation_id', columns.Key(), nullable=True),
    sa.Column('handler_id', columns.Key(), nullable=True),
    sa.Column('object_kind', sa.String(length=16), nullable=False),
    sa.Column('object_id', columns.Key(), nullable=False),
    sa.Column('note', sa.String(length=1000), nullable=True),
    sa.Column('frozen_words', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', columns.Instant(), nullable=False),
    sa.Column('due_at', columns.Instant(), nullable=False),
    sa.Column('taken_at', columns.Instant(), nullable=True),
    sa.Column('escalated_at', columns.Instant(), nullable=True),
    sa.Column('decided_at', columns.Instant(), nullable=True),
    sa.Column('outcome', sa.String(length=16), nullable=True),
    sa.Column('keep_until', sa.Date(), nullable=False),
    sa.CheckConstraint("object_kind IN ('text', 'share', 'reply', 'other')", name=op.f('ck_report_object_kind')),
    sa.CheckConstraint("outcome IN ('nothing_more', 'acted', 'sent_on')", name=op.f('ck_report_outcome')),
    sa.CheckConstraint('(decided_at IS NULL) = (outcome IS NULL)', name=op.f('ck_report_outcome_whole')),
    sa.CheckConstraint('length(note) <= 1000', name=op.f('ck_report_note_length')),
    sa.CheckConstraint('length(object_kind) <= 16', name=op.f('ck_report_object_kind_length')),
    sa.CheckConstraint('length(outcome) <= 16', name=op.f('ck_report_outcome_length')),
    sa.ForeignKeyConstraint(['about_id'], ['account.id'], name=op.f('fk_report_about_id')),
    sa.ForeignKeyConstraint(['handler_id'], ['account.id'], name=op.f('fk_report_handler_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_report_organisation_id')),
    sa.ForeignKeyConstraint(['reporter_id'], ['account.id'], name=op.f('fk_report_reporter_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report'))
    )
    with op.batch_alter_table('report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_report_about_id'), ['about_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_report_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_report_reporter_id'), ['reporter_id'], unique=False)
        batch_op.create_index('ix_report_waiting', ['handler_id', 'made_at', 'id'], unique=False)

    op.create_table('session',
    sa.Column('id_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('account_id', columns.Key(), nullable=False),
    sa.Column('created_at', columns.Instant(), nullable=False),
    sa.Column('expires_at', columns.Instant(), nullable=False),
    sa.Column('shared', sa.Boolean(), nullable=False),
    sa.Column('device', sa.String(length=80), nullable=True),
    sa.Column('stepped_up_at', columns.Instant(), nullable=True),
    sa.Column('last_used_at', columns.Instant(), nullable=False),
    sa.Column('ended_at', columns.Instant(), nullable=True),
    sa.CheckConstraint('expires_at > created_at', name=op.f('ck_session_ends')),
    sa.CheckConstraint('length(device) <= 80', name=op.f('ck_session_device_length')),
    sa.CheckConstraint('length(id_hash) = 32', name=op.f('ck_session_id_hash_hashed')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_session_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id_hash', name=op.f('pk_session'))
    )
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_account_id'), ['account_id'], unique=False)

    op.create_table('status_list',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', columns.Key(), nullable=True),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('closed_at', columns.Instant(), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_status_list_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_status_list'))
    )
    with op.batch_alter_table('status_list', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_status_list_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('alignment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('target', sa.String(length=40), nullable=False),
    sa.Column('code', sa.String(length=200), nullable=False),
    sa.Column('label_fr', sa.String(length=200), nullable=True),
    sa.Column('label_en', sa.String(length=200), nullable=True),
    sa.Column('official_fr', sa.Boolean(), nullable=False),
    sa.Column('official_en', sa.Boolean(), nullable=False),
    sa.Column('target_version', sa.String(length=20), nullable=True),
    sa.CheckConstraint('length(code) <= 200', name=op.f('ck_alignment_code_length')),
    sa.CheckConstraint('length(label_en) <= 200', name=op.f('ck_alignment_label_en_length')),
    sa.CheckConstraint('length(label_fr) <= 200', name=op.f('ck_alignment_label_fr_length')),
    sa.CheckConstraint('length(target) <= 40', name=op.f('ck_alignment_target_length')),
    sa.CheckConstraint('length(target_version) <= 20', name=op.f('ck_alignment_target_version_length')),
    sa.ForeignKeyConstraint(['competency_id'], ['competency.id'], name=op.f('fk_alignment_competency_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alignment')),
    sa.UniqueConstraint('competency_id', 'target', 'code', name=op.f('uq_alignment_competency_id_target_code'))
    )
    op.create_table('ask_code',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('membership_id', columns.Key(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('token_sealed', sa.LargeBinary(length=200), nullable=False),
    sa.Column('made_at', columns.Instant(), nullable=False),
    sa.Column('closed_at', columns.Instant(), nullable=True),
    sa.CheckConstraint('length(token_hash) = 32', name=op.f('ck_ask_code_token_hash_hashed')),
    sa.ForeignKeyConstraint(['membership_id'], ['membership.id'], name=op.f('fk_ask_code_membership_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ask_code')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_ask_code_token_hash'))
    )
    with op.batch_alter_table('ask_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ask_code_membership_id'), ['membership_id'], unique=False)
        batch_op.create_index('uq_ask_code_current', ['membership_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('case_note',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('report_id', columns.Key(), nullable=False),
    sa.Column('author_id', columns.Key(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('written_at', columns.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['account.id'], name=op.f('fk_case_note_author_id')),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_case_note_report_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_note'))
    )
    with op.batch_alter_table('case_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_case_note_author_id'), ['author_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_case_note_report_id'), ['report_id'], unique=False)

    op.create_table('contact_bar',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('adult_id', columns.Key(), nullable=False),
    sa.Column('cause', sa.String(length=6), nullable=False),
    sa.Column('started_at', columns.Instant(), nullable=False),
    sa.Column('lifted_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("cause IN ('block', 'freeze')", name=op.f('ck_contact_bar_cause')),
    sa.CheckConstraint('adult_id <> learner_id', name=op.f('ck_contact_bar_not_oneself')),
    sa.CheckConstraint('length(cause) <= 6', name=op.f('ck_contact_bar_cause_length')),
    sa.ForeignKeyConstraint(['adult_id'], ['account.id'], name=op.f('fk_contact_bar_adult_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_contact_bar_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_bar'))
    )
    with op.batch_alter_table('contact_bar', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_bar_adult_id_learner_id'), ['adult_id', 'learner_id'], unique=False, sqlite_where=sa.text('lifted_at IS NULL'), postgresql_where=sa.text('lifted_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_contact_bar_learner_id'), ['learner_id'], unique=False)

    op.create_table('edition',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('made_at', columns.Instant(), nullable=False),
    sa.Column('head', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_edition_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_edition')),
    sa.UniqueConstraint('id', 'learner_id', name=op.f('uq_edition_id_learner_id'))
    )
    with op.batch_alter_table('edition', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_edition_learner_id'), ['learner_id'], unique=False)

    op.create_table('experience',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('submission', columns.Key(), nullable=False),
    sa.Column('submission_digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('title', sa.String(length=280), nullable=False),
    sa.Column('story', sa.String(length=8000), nullable=True),
    sa.Column('context', sa.String(length=10), nullable=True),
    sa.Column('setting', sa.String(length=16), nullable=True),
    sa.Column('sector', sa.String(length=10), nullable=True),
    sa.Column('started_on', sa.Date(), nullable=True),
    sa.Column('ended_on', sa.Date(), nullable=True),
    sa.Column('when_precision', sa.String(length=5), nullable=False),
    sa.Column('ongoing', sa.Boolean(), nullable=False),
    sa.Column('sort_on', sa.Date(), nullable=False),
    sa.Column('hours', sa.Numeric(precision=6, scale=1), nullable=True),
    sa.Column('place', sa.String(length=120), nullable=True),
    sa.Column('organisation_id', columns.Key(), nullable=True),
    sa.Column('organisation_text', sa.String(length=120), nullable=True),
    sa.Column('for_me_only', sa.Boolean(), nullable=False),
    sa.Column('passed_on', sa.Boolean(), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=True),
    sa.Column('details', sa.JSON(), nullable=True),
    sa.Column('story_digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('claimed_at', columns.Instant(), nullable=True),
    sa.Column('created_at', columns.Instant(), nullable=False),
    sa.Column('changed_at', columns.Instant(), nullable=False),
    sa.Column('deleted_at', columns.Instant(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("context IN ('formal', 'nonformal', 'informal')", name=op.f('ck_experience_context')),
    sa.CheckConstraint("ended_on BETWEEN '1900-01-01' AND '2100-12-31'", name=op.f('ck_experience_ended_on')),
    sa.CheckConstraint("sector IN ('economic', 'civic', 'public', 'education', 'voluntary')", name=op.f('ck_experience_sector')),
    sa.CheckConstraint("setting IN ('volunteering', 'civic_service', 'association_life', 'work', 'school', 'sport', 'culture', 'family', 'own_project', 'leisure')", name=op.f('ck_experience_setting')),
    sa.CheckConstraint("started_on BETWEEN '1900-01-01' AND '2100-12-31'", name=op.f('ck_experience_started_on')),
    sa.CheckConstraint("when_precision IN ('day', 'month', 'year')", name=op.f('ck_experience_when_precision')),
    sa.CheckConstraint('ended_on IS NULL OR (started_on IS NOT NULL AND ended_on >= started_on)', name=op.f('ck_experience_ends_after_start')),
    sa.CheckConstraint('hours BETWEEN 0 AND 9000', name=op.f('ck_experience_hours')),
    sa.CheckConstraint('length(context) <= 10', name=op.f('ck_experience_context_length')),
    sa.CheckConstraint('length(kind) <= 24', name=op.f('ck_experience_kind_length')),
    sa.CheckConstraint('length(organisation_text) <= 120', name=op.f('ck_experience_organisation_text_length')),
    sa.CheckConstraint('length(place) <= 120', name=op.f('ck_experience_place_length')),
    sa.CheckConstraint('length(sector) <= 10', name=op.f('ck_experience_sector_length')),
    sa.CheckConstraint('length(setting) <= 16', name=op.f('ck_experience_setting_length')),
    sa.CheckConstraint('length(story) <= 8000', name=op.f('ck_experience_story_length')),
    sa.CheckConstraint('length(story_digest) = 32', name=op.f('ck_experience_story_digest_hashed')),
    sa.CheckConstraint('length(submission_digest) = 32', name=op.f('ck_experience_submission_digest_hashed')),
    sa.CheckConstraint('length(title) <= 280', name=op.f('ck_experience_title_length')),
    sa.CheckConstraint('length(title) > 0', name=op.f('ck_experience_title_given')),
    sa.CheckConstraint('length(when_precision) <= 5', name=op.f('ck_experience_when_precision_length')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_experience_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_experience_organisation_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_experience')),
    sa.UniqueConstraint('id', 'learner_id', name=op.f('uq_experience_id_learner_id')),
    sa.UniqueConstraint('learner_id', 'submission', name=op.f('uq_experience_learner_id_submission'))
    )
    with op.batch_alter_table('experience', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_experience_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_experience_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('ix_experience_page', ['learner_id', 'sort_on', 'id'], unique=False, sqlite_where=sa.text('deleted_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL'))

    op.create_table('guardian',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('capacity', sa.String(length=12), nullable=False),
    sa.Column('contact', sa.String(length=254), nullable=True),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('asked_at', columns.Instant(), nullable=False),
    sa.Column('expires_at', columns.Instant(), nullable=False),
    sa.Column('answered_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("capacity IN ('parent', 'guardian', 'service')", name=op.f('ck_guardian_capacity')),
    sa.CheckConstraint('answered_at IS NULL OR contact IS NULL', name=op.f('ck_guardian_contact_blanked')),
    sa.CheckConstraint('length(capacity) <= 12', name=op.f('ck_guardian_capacity_length')),
    sa.CheckConstraint('length(contact) <= 254', name=op.f('ck_guardian_contact_length')),
    sa.CheckConstraint('length(token_hash) = 32', name=op.f('ck_guardian_token_hash_hashed')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_guardian_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guardian')),
    sa.UniqueConstraint('id', 'learner_id', name=op.f('uq_guardian_id_learner_id')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_guardian_token_hash'))
    )
    with op.batch_alter_table('guardian', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_guardian_learner_id'), ['learner_id'], unique=False)

    op.create_table('invitation',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('organisation_id', columns.Key(), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=True),
    sa.Column('note', sa.String(length=80), nullable=True),
    sa.Column('invited_by_id', columns.Key(), nullable=True),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('made_at', columns.Instant(), nullable=False),
    sa.Column('expires_at', columns.Instant(), nullable=False),
    sa.Column('used_at', columns.Instant(), nullable=True),
    sa.Column('membership_id', columns.Key(), nullable=True),
    sa.Column('revoked_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("role IN ('facilitator', 'manager', 'coordinator')", name=op.f('ck_invitation_role')),
    sa.CheckConstraint('(used_at IS NULL) = (membership_id IS NULL)', name=op.f('ck_invitation_used_whole')),
    sa.CheckConstraint('expires_at > made_at', name=op.f('ck_invitation_ends')),
    sa.CheckConstraint('length(note) <= 80', name=op.f('ck_invitation_note_length')),
    sa.CheckConstraint('length(role) <= 12', name=op.f('ck_invitation_role_length')),
    sa.CheckConstraint('length(title) <= 80', name=op.f('ck_invitation_title_length')),
    sa.CheckConstraint('length(token_hash) = 32', name=op.f('ck_invitation_token_hash_hashed')),
    sa.ForeignKeyConstraint(['invited_by_id'], ['account.id'], name=op.f('fk_invitation_invited_by_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['membership_id'], ['membership.id'], name=op.f('fk_invitation_membership_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_invitation_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_invitation_token_hash'))
    )
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invitation_invited_by_id'), ['invited_by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_membership_id'), ['membership_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('joined',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('organisation_id', columns.Key(), nullable=False),
    sa.Column('source', sa.String(length=10), nullable=False),
    sa.Column('joined_at', columns.Instant(), nullable=False),
    sa.Column('closed_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("source IN ('code', 'attendance', 'card')", name=op.f('ck_joined_source')),
    sa.CheckConstraint('length(source) <= 10', name=op.f('ck_joined_source_length')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_joined_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_joined_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_joined'))
    )
    with op.batch_alter_table('joined', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_joined_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_joined_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('uq_joined_current', ['learner_id', 'organisation_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('reading_line',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('reader_ref', columns.Key(), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('organisation_id', columns.Key(), nullable=True),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=True),
    sa.Column('read_on', sa.Date(), nullable=False),
    sa.Column('case_id', columns.Key(), nullable=True),
    sa.CheckConstraint("role IN ('facilitator', 'manager', 'reader', 'coordinator')", name=op.f('ck_reading_line_role')),
    sa.CheckConstraint('length(action) <= 20', name=op.f('ck_reading_line_action_length')),
    sa.CheckConstraint('length(role) <= 12', name=op.f('ck_reading_line_role_length')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_reading_line_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_reading_line_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reading_line')),
    sa.UniqueConstraint('learner_id', 'reader_ref', 'action', 'read_on', 'experience_id', name='uq_reading_line_once_a_day')
    )
    with op.batch_alter_table('reading_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reading_line_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reading_line_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('ix_reading_line_page', ['learner_id', 'read_on', 'id'], unique=False)

    op.create_table('recovery',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('number_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('started_at', columns.Instant(), nullable=False),
    sa.Column('expires_at', columns.Instant(), nullable=False),
    sa.Column('first_confirmer_id', columns.Key(), nullable=True),
    sa.Column('first_confirmed_at', columns.Instant(), nullable=True),
    sa.Column('second_confirmer_id', columns.Key(), nullable=True),
    sa.Column('second_confirmed_at', columns.Instant(), nullable=True),
    sa.Column('ended_at', columns.Instant(), nullable=True),
    sa.CheckConstraint('first_confirmer_id <> learner_id AND second_confirmer_id <> learner_id', name=op.f('ck_recovery_not_oneself')),
    sa.CheckConstraint('first_confirmer_id <> second_confirmer_id', name=op.f('ck_recovery_two_people')),
    sa.CheckConstraint('length(number_hash) = 32', name=op.f('ck_recovery_number_hash_hashed')),
    sa.ForeignKeyConstraint(['first_confirmer_id'], ['account.id'], name=op.f('fk_recovery_first_confirmer_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_recovery_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['second_confirmer_id'], ['account.id'], name=op.f('fk_recovery_second_confirmer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery'))
    )
    with op.batch_alter_table('recovery', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recovery_first_confirmer_id'), ['first_confirmer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_recovery_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_recovery_second_confirmer_id'), ['second_confirmer_id'], unique=False)

    op.create_table('search_text',
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('text', sa.String(length=2000), nullable=False),
    sa.CheckConstraint('length(language) <= 2', name=op.f('ck_search_text_language_length')),
    sa.CheckConstraint('length(text) <= 2000', name=op.f('ck_search_text_text_length')),
    sa.ForeignKeyConstraint(['competency_id'], ['competency.id'], name=op.f('fk_search_text_competency_id')),
    sa.PrimaryKeyConstraint('competency_id', 'language', name=op.f('pk_search_text'))
    )
    op.create_table('status_entry',
    sa.Column('list_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('revoked_at', columns.Instant(), nullable=True),
    sa.CheckConstraint('position BETWEEN 0 AND 131071', name=op.f('ck_status_entry_position')),
    sa.ForeignKeyConstraint(['list_id'], ['status_list.id'], name=op.f('fk_status_entry_list_id')),
    sa.PrimaryKeyConstraint('list_id', 'position', name=op.f('pk_status_entry'))
    )
    op.create_table('vetting',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('membership_id', columns.Key(), nullable=False),
    sa.Column('account_id', columns.Key(), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('checked_on', sa.Date(), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=False),
    sa.Column('recorded_by_id', columns.Key(), nullable=False),
    sa.Column('authenticity', sa.Boolean(), nullable=False),
    sa.Column('recorded_at', columns.Instant(), nullable=False),
    sa.Column('revoked_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("kind IN ('honorability', 'declared_centre', 'sport_licence', 'public_agent', 'record_and_declaration', 'by_service')", name=op.f('ck_vetting_kind')),
    sa.CheckConstraint('expires_on > checked_on', name=op.f('ck_vetting_ends')),
    sa.CheckConstraint('length(kind) <= 24', name=op.f('ck_vetting_kind_length')),
    sa.CheckConstraint('recorded_by_id <> account_id', name=op.f('ck_vetting_another_person')),
    sa.ForeignKeyConstraint(['membership_id', 'account_id'], ['membership.id', 'membership.account_id'], name=op.f('fk_vetting_membership_id_account_id')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['account.id'], name=op.f('fk_vetting_recorded_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vetting'))
    )
    with op.batch_alter_table('vetting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_vetting_membership_id_expires_on'), ['membership_id', 'expires_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_vetting_recorded_by_id'), ['recorded_by_id'], unique=False)

    op.create_table('wording',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('text_fr', sa.String(length=200), nullable=False),
    sa.Column('text_en', sa.String(length=200), nullable=False),
    sa.Column('current', sa.Boolean(), nullable=False),
    sa.CheckConstraint('length(text_en) <= 200', name=op.f('ck_wording_text_en_length')),
    sa.CheckConstraint('length(text_fr) <= 200', name=op.f('ck_wording_text_fr_length')),
    sa.ForeignKeyConstraint(['competency_id'], ['competency.id'], name=op.f('fk_wording_competency_id')),
    sa.ForeignKeyConstraint(['version_id'], ['framework_version.id'], name=op.f('fk_wording_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wording')),
    sa.UniqueConstraint('competency_id', 'version_id', name=op.f('uq_wording_competency_id_version_id')),
    sa.UniqueConstraint('id', 'competency_id', name=op.f('uq_wording_id_competency_id'))
    )
    with op.batch_alter_table('wording', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_wording_version_id'), ['version_id'], unique=False)

    op.create_table('authored_text',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('author_id', columns.Key(), nullable=True),
    sa.Column('membership_id', columns.Key(), nullable=True),
    sa.Column('regime', sa.String(length=10), nullable=False),
    sa.Column('written_at', columns.Instant(), nullable=False),
    sa.Column('deliver_after', columns.Instant(), nullable=False),
    sa.Column('hidden_at', columns.Instant(), nullable=True),
    sa.Column('frozen_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("kind = 'testimony' OR (author_id IS NOT NULL AND membership_id IS NOT NULL)", name=op.f('ck_authored_text_author_known')),
    sa.CheckConstraint("kind IN ('feedback', 'not_yet', 'endorsement', 'withdrawal', 'testimony')", name=op.f('ck_authored_text_kind')),
    sa.CheckConstraint("regime IN ('private', 'protected')", name=op.f('ck_authored_text_regime')),
    sa.CheckConstraint('author_id <> learner_id', name=op.f('ck_authored_text_not_oneself')),
    sa.CheckConstraint('deliver_after >= written_at', name=op.f('ck_authored_text_delivered_after')),
    sa.CheckConstraint('length(kind) <= 12', name=op.f('ck_authored_text_kind_length')),
    sa.CheckConstraint('length(regime) <= 10', name=op.f('ck_authored_text_regime_length')),
    sa.ForeignKeyConstraint(['author_id'], ['account.id'], name=op.f('fk_authored_text_author_id')),
    sa.ForeignKeyConstraint(['experience_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_authored_text_experience_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_authored_text_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['membership_id'], ['membership.id'], name=op.f('fk_authored_text_membership_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_authored_text')),
    sa.UniqueConstraint('id', 'learner_id', 'deliver_after', name=op.f('uq_authored_text_id_learner_id_deliver_after')),
    sa.UniqueConstraint('id', 'learner_id', 'kind', name=op.f('uq_authored_text_id_learner_id_kind'))
    )
    with op.batch_alter_table('authored_text', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_authored_text_author_id'), ['author_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_authored_text_experience_id'), ['experience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_authored_text_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_authored_text_membership_id'), ['membership_id'], unique=False)

    op.create_table('claim',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('wording_id', sa.Integer(), nullable=False),
    sa.Column('step', sa.SmallInteger(), nullable=False),
    sa.Column('words', sa.String(length=280), nullable=True),
    sa.Column('claimed_at', columns.Instant(), nullable=False),
    sa.CheckConstraint('length(words) <= 280', name=op.f('ck_claim_words_length')),
    sa.CheckConstraint('step BETWEEN 1 AND 4', name=op.f('ck_claim_step')),
    sa.ForeignKeyConstraint(['experience_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_claim_experience_id_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_claim_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['wording_id', 'competency_id'], ['wording.id', 'wording.competency_id'], name=op.f('fk_claim_wording_id_competency_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claim')),
    sa.UniqueConstraint('experience_id', 'competency_id', name=op.f('uq_claim_experience_id_competency_id'))
    )
    with op.batch_alter_table('claim', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_claim_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_claim_wording_id'), ['wording_id'], unique=False)

    op.create_table('evidence',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('submission', columns.Key(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('storage_name', sa.String(length=64), nullable=True),
    sa.Column('media_type', sa.String(length=40), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=True),
    sa.Column('url', sa.String(length=500), nullable=True),
    sa.Column('caption', sa.String(length=280), nullable=True),
    sa.Column('added_at', columns.Instant(), nullable=False),
    sa.CheckConstraint("(kind = 'link') = (url IS NOT NULL)", name=op.f('ck_evidence_link_has_url')),
    sa.CheckConstraint("kind IN ('photo', 'document', 'link')", name=op.f('ck_evidence_kind')),
    sa.CheckConstraint('length(caption) <= 280', name=op.f('ck_evidence_caption_length')),
    sa.CheckConstraint('length(digest) = 32', name=op.f('ck_evidence_digest_hashed')),
    sa.CheckConstraint('length(kind) <= 8', name=op.f('ck_evidence_kind_length')),
    sa.CheckConstraint('length(media_type) <= 40', name=op.f('ck_evidence_media_type_length')),
    sa.CheckConstraint('length(storage_name) <= 64', name=op.f('ck_evidence_storage_name_length')),
    sa.CheckConstraint('length(url) <= 500', name=op.f('ck_evidence_url_length')),
    sa.ForeignKeyConstraint(['experience_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_evidence_experience_id_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_evidence_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence')),
    sa.UniqueConstraint('learner_id', 'submission', name=op.f('uq_evidence_learner_id_submission')),
    sa.UniqueConstraint('storage_name', name=op.f('uq_evidence_storage_name'))
    )
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evidence_experience_id'), ['experience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_evidence_learner_id'), ['learner_id'], unique=False)

    op.create_table('experience_link',
    sa.Column('from_id', columns.Key(), nullable=False),
    sa.Column('to_id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.CheckConstraint('from_id <> to_id', name=op.f('ck_experience_link_another')),
    sa.ForeignKeyConstraint(['from_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_experience_link_from_id_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_experience_link_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['to_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_experience_link_to_id_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('from_id', 'to_id', name=op.f('pk_experience_link'))
    )
    with op.batch_alter_table('experience_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_experience_link_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_experience_link_to_id'), ['to_id'], unique=False)

    op.create_table('guardian_consent',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('option', sa.String(length=12), nullable=False),
    sa.Column('guardian_id', columns.Key(), nullable=True),
    sa.Column('text_version', sa.String(length=20), nullable=False),
    sa.Column('receipt_hash', sa.LargeBinary(length=32), nullable=True),
    sa.Column('learner_agreed_at', columns.Instant(), nullable=True),
    sa.Column('guardian_agreed_at', columns.Instant(), nullable=True),
    sa.Column('until', columns.Instant(), nullable=False),
    sa.Column('withdrawn_at', columns.Instant(), nullable=True),
    sa.Column('withdrawn_by', sa.String(length=10), nullable=True),
    sa.CheckConstraint("option IN ('placement', 'association', 'witness', 'show', 'image', 'statistics')", name=op.f('ck_guardian_consent_option')),
    sa.CheckConstraint("withdrawn_by IN ('learner', 'guardian')", name=op.f('ck_guardian_consent_withdrawn_by')),
    sa.CheckConstraint('(withdrawn_at IS NULL) = (withdrawn_by IS NULL)', name=op.f('ck_guardian_consent_withdrawn_whole')),
    sa.CheckConstraint('length(option) <= 12', name=op.f('ck_guardian_consent_option_length')),
    sa.CheckConstraint('length(receipt_hash) = 32', name=op.f('ck_guardian_consent_receipt_hash_hashed')),
    sa.CheckConstraint('length(text_version) <= 20', name=op.f('ck_guardian_consent_text_version_length')),
    sa.CheckConstraint('length(withdrawn_by) <= 10', name=op.f('ck_guardian_consent_withdrawn_by_length')),
    sa.ForeignKeyConstraint(['guardian_id', 'learner_id'], ['guardian.id', 'guardian.learner_id'], name=op.f('fk_guardian_consent_guardian_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_guardian_consent_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guardian_consent')),
    sa.UniqueConstraint('id', 'learner_id', name=op.f('uq_guardian_consent_id_learner_id'))
    )
    with op.batch_alter_table('guardian_consent', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_guardian_consent_guardian_id'), ['guardian_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_guardian_consent_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index('uq_guardian_consent_current', ['learner_id', 'option'], unique=True, sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))

    op.create_table('reflection',
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('prompt', sa.String(length=24), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('text', sa.String(length=4000), nullable=False),
    sa.Column('changed_at', columns.Instant(), nullable=False),
    sa.CheckConstraint('length(prompt) <= 24', name=op.f('ck_reflection_prompt_length')),
    sa.CheckConstraint('length(text) <= 4000', name=op.f('ck_reflection_text_length')),
    sa.ForeignKeyConstraint(['experience_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_reflection_experience_id_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_reflection_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('experience_id', 'prompt', name=op.f('pk_reflection'))
    )
    with op.batch_alter_table('reflection', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reflection_learner_id'), ['learner_id'], unique=False)

    op.create_table('revision',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=280), nullable=False),
    sa.Column('story', sa.String(length=8000), nullable=True),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('made_at', columns.Instant(), nullable=False),
    sa.CheckConstraint('length(digest) = 32', name=op.f('ck_revision_digest_hashed')),
    sa.CheckConstraint('length(story) <= 8000', name=op.f('ck_revision_story_length')),
    sa.CheckConstraint('length(title) <= 280', name=op.f('ck_revision_title_length')),
    sa.CheckConstraint('number > 0', name=op.f('ck_revision_number')),
    sa.ForeignKeyConstraint(['experience_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_revision_experience_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_revision_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revision')),
    sa.UniqueConstraint('experience_id', 'number', name=op.f('uq_revision_experience_id_number')),
    sa.UniqueConstraint('id', 'experience_id', 'learner_id', name=op.f('uq_revision_id_experience_id_learner_id'))
    )
    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_revision_learner_id'), ['learner_id'], unique=False)

    op.create_table('access_grant',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('revision_id', columns.Key(), nullable=False),
    sa.Column('organisation_id', columns.Key(), nullable=False),
    sa.Column('membership_id', columns.Key(), nullable=True),
    sa.Column('source', sa.String(length=16), nullable=False),
    sa.Column('opened_at', columns.Instant(), nullable=False),
    sa.Column('closes_at', columns.Instant(), nullable=False),
    sa.Column('closed_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("source IN ('feedback', 'recognition', 'attendance', 'in_person')", name=op.f('ck_access_grant_source')),
    sa.CheckConstraint('closes_at > opened_at', name=op.f('ck_access_grant_ends')),
    sa.CheckConstraint('length(source) <= 16', name=op.f('ck_access_grant_source_length')),
    sa.ForeignKeyConstraint(['experience_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_access_grant_experience_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_access_grant_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['membership_id'], ['membership.id'], name=op.f('fk_access_grant_membership_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_access_grant_organisation_id')),
    sa.ForeignKeyConstraint(['revision_id', 'experience_id', 'learner_id'], ['revision.id', 'revision.experience_id', 'revision.learner_id'], name=op.f('fk_access_grant_revision_id_experience_id_learner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_grant')),
    sa.UniqueConstraint('id', 'experience_id', 'learner_id', name=op.f('uq_access_grant_id_experience_id_learner_id'))
    )
    with op.batch_alter_table('access_grant', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_grant_experience_id'), ['experience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_grant_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_grant_membership_id'), ['membership_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_grant_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_grant_revision_id'), ['revision_id'], unique=False)

    op.create_table('authored_version',
    sa.Column('text_id', columns.Key(), nullable=False),
    sa.Column('number', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('words', sa.String(length=4000), nullable=False),
    sa.Column('question', sa.String(length=500), nullable=True),
    sa.Column('next_step', sa.String(length=1000), nullable=True),
    sa.Column('written_at', columns.Instant(), nullable=False),
    sa.CheckConstraint('length(next_step) <= 1000', name=op.f('ck_authored_version_next_step_length')),
    sa.CheckConstraint('length(question) <= 500', name=op.f('ck_authored_version_question_length')),
    sa.CheckConstraint('length(words) <= 4000', name=op.f('ck_authored_version_words_length')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_authored_version_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['text_id'], ['authored_text.id'], name=op.f('fk_authored_version_text_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('text_id', 'number', name=op.f('pk_authored_version'))
    )
    with op.batch_alter_table('authored_version', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_authored_version_learner_id'), ['learner_id'], unique=False)

    op.create_table('share',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('edition_id', columns.Key(), nullable=False),
    sa.Column('submission', columns.Key(), nullable=False),
    sa.Column('submission_digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('recipient_name', sa.String(length=80), nullable=False),
    sa.Column('recipient_shown', sa.Boolean(), nullable=False),
    sa.Column('purpose', sa.String(length=12), nullable=False),
    sa.Column('name_form', sa.String(length=8), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('token_sealed', sa.LargeBinary(length=200), nullable=False),
    sa.Column('code_hash', sa.String(length=200), nullable=True),
    sa.Column('code_failures', sa.SmallInteger(), nullable=False),
    sa.Column('code_locked_until', columns.Instant(), nullable=True),
    sa.Column('guardian_consent_id', columns.Key(), nullable=True),
    sa.Column('allows_reference', sa.Boolean(), nullable=False),
    sa.Column('created_at', columns.Instant(), nullable=False),
    sa.Column('expires_at', columns.Instant(), nullable=False),
    sa.Column('revoked_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("name_form IN ('display', 'written')", name=op.f('ck_share_name_form')),
    sa.CheckConstraint("purpose IN ('placement', 'association', 'show')", name=op.f('ck_share_purpose')),
    sa.CheckConstraint('expires_at > created_at', name=op.f('ck_share_ends')),
    sa.CheckConstraint('length(code_hash) <= 200', name=op.f('ck_share_code_hash_length')),
    sa.CheckConstraint('length(name_form) <= 8', name=op.f('ck_share_name_form_length')),
    sa.CheckConstraint('length(purpose) <= 12', name=op.f('ck_share_purpose_length')),
    sa.CheckConstraint('length(recipient_name) <= 80', name=op.f('ck_share_recipient_name_length')),
    sa.CheckConstraint('length(submission_digest) = 32', name=op.f('ck_share_submission_digest_hashed')),
    sa.CheckConstraint('length(token_hash) = 32', name=op.f('ck_share_token_hash_hashed')),
    sa.CheckConstraint('revoked_at IS NULL OR revoked_at >= created_at', name=op.f('ck_share_closed_after')),
    sa.ForeignKeyConstraint(['edition_id', 'learner_id'], ['edition.id', 'edition.learner_id'], name=op.f('fk_share_edition_id_learner_id')),
    sa.ForeignKeyConstraint(['guardian_consent_id', 'learner_id'], ['guardian_consent.id', 'guardian_consent.learner_id'], name=op.f('fk_share_guardian_consent_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_share_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_share')),
    sa.UniqueConstraint('id', 'learner_id', name=op.f('uq_share_id_learner_id')),
    sa.UniqueConstraint('learner_id', 'submission', name=op.f('uq_share_learner_id_submission')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_share_token_hash'))
    )
    with op.batch_alter_table('share', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_share_edition_id'), ['edition_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_share_guardian_consent_id'), ['guardian_consent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_share_learner_id'), ['learner_id'], unique=False)

    op.create_table('witness_invitation',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('revision_id', columns.Key(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('token_sealed', sa.LargeBinary(length=200), nullable=False),
    sa.Column('guardian_consent_id', columns.Key(), nullable=True),
    sa.Column('made_at', columns.Instant(), nullable=False),
    sa.Column('expires_at', columns.Instant(), nullable=False),
    sa.Column('used_at', columns.Instant(), nullable=True),
    sa.Column('revoked_at', columns.Instant(), nullable=True),
    sa.CheckConstraint('expires_at > made_at', name=op.f('ck_witness_invitation_ends')),
    sa.CheckConstraint('length(token_hash) = 32', name=op.f('ck_witness_invitation_token_hash_hashed')),
    sa.ForeignKeyConstraint(['guardian_consent_id', 'learner_id'], ['guardian_consent.id', 'guardian_consent.learner_id'], name=op.f('fk_witness_invitation_guardian_consent_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_witness_invitation_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['revision_id', 'experience_id', 'learner_id'], ['revision.id', 'revision.experience_id', 'revision.learner_id'], name=op.f('fk_witness_invitation_revision_id_experience_id_learner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_witness_invitation')),
    sa.UniqueConstraint('id', 'experience_id', 'learner_id', name=op.f('uq_witness_invitation_id_experience_id_learner_id')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_witness_invitation_token_hash'))
    )
    with op.batch_alter_table('witness_invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_witness_invitation_experience_id'), ['experience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_witness_invitation_guardian_consent_id'), ['guardian_consent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_witness_invitation_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_witness_invitation_revision_id'), ['revision_id'], unique=False)

    op.create_table('card',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=True),
    sa.Column('number', sa.String(length=9), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('token_sealed', sa.LargeBinary(length=200), nullable=False),
    sa.Column('claim_code_hash', sa.LargeBinary(length=32), nullable=True),
    sa.Column('share_id', columns.Key(), nullable=True),
    sa.Column('opens_until', columns.Instant(), nullable=True),
    sa.Column('named', sa.Boolean(), nullable=False),
    sa.Column('issued_at', columns.Instant(), nullable=False),
    sa.Column('claimed_at', columns.Instant(), nullable=True),
    sa.Column('closed_at', columns.Instant(), nullable=True),
    sa.Column('closed_for', sa.String(length=10), nullable=True),
    sa.Column('replaced_by', columns.Key(), nullable=True),
    sa.Column('expires_on', sa.Date(), nullable=True),
    sa.CheckConstraint("closed_for IN ('lost', 'replaced', 'lapsed')", name=op.f('ck_card_closed_for')),
    sa.CheckConstraint('(closed_at IS NULL) = (closed_for IS NULL)', name=op.f('ck_card_closed_whole')),
    sa.CheckConstraint('(share_id IS NULL) = (opens_until IS NULL)', name=op.f('ck_card_opens_whole')),
    sa.CheckConstraint('claimed_at IS NULL OR learner_id IS NOT NULL', name=op.f('ck_card_claimed_by_someone')),
    sa.CheckConstraint('learner_id IS NOT NULL OR expires_on IS NOT NULL', name=op.f('ck_card_unclaimed_ends')),
    sa.CheckConstraint('learner_id IS NOT NULL OR share_id IS NULL', name=op.f('ck_card_opens_own_links')),
    sa.CheckConstraint('length(claim_code_hash) = 32', name=op.f('ck_card_claim_code_hash_hashed')),
    sa.CheckConstraint('length(closed_for) <= 10', name=op.f('ck_card_closed_for_length')),
    sa.CheckConstraint('length(number) <= 9', name=op.f('ck_card_number_length')),
    sa.CheckConstraint('length(token_hash) = 32', name=op.f('ck_card_token_hash_hashed')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_card_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['replaced_by'], ['card.id'], name=op.f('fk_card_replaced_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['share_id', 'learner_id'], ['share.id', 'share.learner_id'], name=op.f('fk_card_share_id_learner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_card')),
    sa.UniqueConstraint('number', name=op.f('uq_card_number')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_card_token_hash'))
    )
    with op.batch_alter_table('card', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_card_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_card_replaced_by'), ['replaced_by'], unique=False)
        batch_op.create_index(batch_op.f('ix_card_share_id'), ['share_id'], unique=False)
        batch_op.create_index('uq_card_current', ['learner_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('feedback_request',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('grant_id', columns.Key(), nullable=False),
    sa.Column('organisation_id', columns.Key(), nullable=False),
    sa.Column('membership_id', columns.Key(), nullable=True),
    sa.Column('facilitator_id', columns.Key(), nullable=True),
    sa.Column('submission', columns.Key(), nullable=False),
    sa.Column('submission_digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('message', sa.String(length=1000), nullable=True),
    sa.Column('asked_at', columns.Instant(), nullable=False),
    sa.Column('assigned_at', columns.Instant(), nullable=True),
    sa.Column('closed_at', columns.Instant(), nullable=True),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.CheckConstraint("outcome IN ('answered', 'cannot', 'handed_on', 'cancelled', 'lapsed')", name=op.f('ck_feedback_request_outcome')),
    sa.CheckConstraint('(closed_at IS NULL) = (outcome IS NULL)', name=op.f('ck_feedback_request_outcome_whole')),
    sa.CheckConstraint('(membership_id IS NULL) = (facilitator_id IS NULL)', name=op.f('ck_feedback_request_whole_facilitator')),
    sa.CheckConstraint('closed_at IS NULL OR closed_at >= asked_at', name=op.f('ck_feedback_request_closed_after')),
    sa.CheckConstraint('facilitator_id <> learner_id', name=op.f('ck_feedback_request_not_oneself')),
    sa.CheckConstraint('length(message) <= 1000', name=op.f('ck_feedback_request_message_length')),
    sa.CheckConstraint('length(outcome) <= 10', name=op.f('ck_feedback_request_outcome_length')),
    sa.CheckConstraint('length(submission_digest) = 32', name=op.f('ck_feedback_request_submission_digest_hashed')),
    sa.ForeignKeyConstraint(['experience_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_feedback_request_experience_id_learner_id')),
    sa.ForeignKeyConstraint(['grant_id', 'experience_id', 'learner_id'], ['access_grant.id', 'access_grant.experience_id', 'access_grant.learner_id'], name=op.f('fk_feedback_request_grant_id_experience_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_feedback_request_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['membership_id', 'facilitator_id'], ['membership.id', 'membership.account_id'], name=op.f('fk_feedback_request_membership_id_facilitator_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_feedback_request_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feedback_request')),
    sa.UniqueConstraint('grant_id', name=op.f('uq_feedback_request_grant_id')),
    sa.UniqueConstraint('id', 'experience_id', 'learner_id', name=op.f('uq_feedback_request_id_experience_id_learner_id')),
    sa.UniqueConstraint('learner_id', 'submission', name=op.f('uq_feedback_request_learner_id_submission'))
    )
    with op.batch_alter_table('feedback_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_feedback_request_experience_id'), ['experience_id'], unique=False)
        batch_op.create_index('ix_feedback_request_inbox', ['facilitator_id', 'asked_at', 'id'], unique=False, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_feedback_request_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_feedback_request_membership_id'), ['membership_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_feedback_request_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('ix_feedback_request_team', ['organisation_id', 'asked_at', 'id'], unique=False, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.create_index('uq_feedback_request_desk', ['experience_id', 'organisation_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL AND facilitator_id IS NULL'), postgresql_where=sa.text('closed_at IS NULL AND facilitator_id IS NULL'))
        batch_op.create_index('uq_feedback_request_open', ['experience_id', 'facilitator_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('granted_claim',
    sa.Column('grant_id', columns.Key(), nullable=False),
    sa.Column('competency_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('wording_id', sa.Integer(), nullable=False),
    sa.Column('step', sa.SmallInteger(), nullable=False),
    sa.CheckConstraint('step BETWEEN 1 AND 4', name=op.f('ck_granted_claim_step')),
    sa.ForeignKeyConstraint(['grant_id'], ['access_grant.id'], name=op.f('fk_granted_claim_grant_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_granted_claim_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['wording_id', 'competency_id'], ['wording.id', 'wording.competency_id'], name=op.f('fk_granted_claim_wording_id_competency_id')),
    sa.PrimaryKeyConstraint('grant_id', 'competency_id', name=op.f('pk_granted_claim'))
    )
    with op.batch_alter_table('granted_claim', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_granted_claim_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_granted_claim_wording_id'), ['wording_id'], unique=False)

    op.create_table('share_reading',
    sa.Column('share_id', columns.Key(), nullable=False),
    sa.Column('read_on', sa.Date(), nullable=False),
    sa.Column('openings', sa.Integer(), nullable=False),
    sa.CheckConstraint('openings >= 0', name=op.f('ck_share_reading_openings')),
    sa.ForeignKeyConstraint(['share_id'], ['share.id'], name=op.f('fk_share_reading_share_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('share_id', 'read_on', name=op.f('pk_share_reading'))
    )
    op.create_table('testimony',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('invitation_id', columns.Key(), nullable=False),
    sa.Column('text_id', columns.Key(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('submission', columns.Key(), nullable=False),
    sa.Column('deletion_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('witness_name', sa.String(length=80), nullable=True),
    sa.Column('name_form', sa.String(length=10), nullable=False),
    sa.Column('relation', sa.String(length=80), nullable=False),
    sa.Column('is_relative', sa.Boolean(), nullable=False),
    sa.Column('is_minor', sa.Boolean(), nullable=False),
    sa.Column('saw_it', sa.Boolean(), nullable=False),
    sa.Column('may_be_shown', sa.Boolean(), nullable=False),
    sa.Column('written_at', columns.Instant(), nullable=False),
    sa.Column('read_at', columns.Instant(), nullable=True),
    sa.Column('deleted_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("NOT is_minor OR name_form = 'first'", name=op.f('ck_testimony_minor_first_name')),
    sa.CheckConstraint("kind = 'testimony'", name=op.f('ck_testimony_kind')),
    sa.CheckConstraint("name_form IN ('full', 'first', 'role')", name=op.f('ck_testimony_name_form')),
    sa.CheckConstraint('length(deletion_hash) = 32', name=op.f('ck_testimony_deletion_hash_hashed')),
    sa.CheckConstraint('length(kind) <= 12', name=op.f('ck_testimony_kind_length')),
    sa.CheckConstraint('length(name_form) <= 10', name=op.f('ck_testimony_name_form_length')),
    sa.CheckConstraint('length(relation) <= 80', name=op.f('ck_testimony_relation_length')),
    sa.CheckConstraint('length(witness_name) <= 80', name=op.f('ck_testimony_witness_name_length')),
    sa.ForeignKeyConstraint(['invitation_id', 'experience_id', 'learner_id'], ['witness_invitation.id', 'witness_invitation.experience_id', 'witness_invitation.learner_id'], name=op.f('fk_testimony_invitation_id_experience_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_testimony_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['text_id', 'learner_id', 'kind'], ['authored_text.id', 'authored_text.learner_id', 'authored_text.kind'], name=op.f('fk_testimony_text_id_learner_id_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_testimony')),
    sa.UniqueConstraint('deletion_hash', name=op.f('uq_testimony_deletion_hash')),
    sa.UniqueConstraint('invitation_id', name=op.f('uq_testimony_invitation_id'))
    )
    with op.batch_alter_table('testimony', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_testimony_experience_id'), ['experience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_testimony_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_testimony_text_id'), ['text_id'], unique=False)

    op.create_table('feedback',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('request_id', columns.Key(), nullable=True),
    sa.Column('membership_id', columns.Key(), nullable=False),
    sa.Column('facilitator_id', columns.Key(), nullable=False),
    sa.Column('text_id', columns.Key(), nullable=False),
    sa.Column('submission', columns.Key(), nullable=False),
    sa.Column('submission_digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('visible_at', columns.Instant(), nullable=False),
    sa.Column('read_at', columns.Instant(), nullable=True),
    sa.Column('reply', sa.String(length=2000), nullable=True),
    sa.Column('replied_at', columns.Instant(), nullable=True),
    sa.Column('withdrawn_at', columns.Instant(), nullable=True),
    sa.CheckConstraint('(reply IS NULL) = (replied_at IS NULL)', name=op.f('ck_feedback_reply_whole')),
    sa.CheckConstraint('facilitator_id <> learner_id', name=op.f('ck_feedback_not_oneself')),
    sa.CheckConstraint('length(reply) <= 2000', name=op.f('ck_feedback_reply_length')),
    sa.CheckConstraint('length(submission_digest) = 32', name=op.f('ck_feedback_submission_digest_hashed')),
    sa.CheckConstraint('read_at IS NULL OR read_at >= visible_at', name=op.f('ck_feedback_read_after_visible')),
    sa.CheckConstraint('replied_at IS NULL OR (read_at IS NOT NULL AND replied_at >= read_at)', name=op.f('ck_feedback_reply_is_reading')),
    sa.CheckConstraint('request_id IS NOT NULL', name=op.f('ck_feedback_has_source')),
    sa.ForeignKeyConstraint(['experience_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_feedback_experience_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_feedback_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['membership_id', 'facilitator_id'], ['membership.id', 'membership.account_id'], name=op.f('fk_feedback_membership_id_facilitator_id')),
    sa.ForeignKeyConstraint(['request_id', 'experience_id', 'learner_id'], ['feedback_request.id', 'feedback_request.experience_id', 'feedback_request.learner_id'], name=op.f('fk_feedback_request_id_experience_id_learner_id')),
    sa.ForeignKeyConstraint(['text_id', 'learner_id', 'visible_at'], ['authored_text.id', 'authored_text.learner_id', 'authored_text.deliver_after'], name=op.f('fk_feedback_text_id_learner_id_visible_at')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feedback')),
    sa.UniqueConstraint('facilitator_id', 'submission', name=op.f('uq_feedback_facilitator_id_submission')),
    sa.UniqueConstraint('id', 'experience_id', 'learner_id', 'read_at', name=op.f('uq_feedback_id_experience_id_learner_id_read_at')),
    sa.UniqueConstraint('request_id', name=op.f('uq_feedback_request_id')),
    sa.UniqueConstraint('text_id', name=op.f('uq_feedback_text_id'))
    )
    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_feedback_experience_id'), ['experience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_feedback_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_feedback_membership_id'), ['membership_id'], unique=False)

    op.create_table('recognition_request',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('revision_id', columns.Key(), nullable=False),
    sa.Column('grant_id', columns.Key(), nullable=False),
    sa.Column('feedback_id', columns.Key(), nullable=False),
    sa.Column('feedback_read_at', columns.Instant(), nullable=False),
    sa.Column('membership_id', columns.Key(), nullable=False),
    sa.Column('facilitator_id', columns.Key(), nullable=False),
    sa.Column('submission', columns.Key(), nullable=False),
    sa.Column('submission_digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('asked_at', columns.Instant(), nullable=False),
    sa.Column('closed_at', columns.Instant(), nullable=True),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.CheckConstraint("outcome IN ('decided', 'cannot', 'cancelled', 'lapsed')", name=op.f('ck_recognition_request_outcome')),
    sa.CheckConstraint('(closed_at IS NULL) = (outcome IS NULL)', name=op.f('ck_recognition_request_outcome_whole')),
    sa.CheckConstraint('facilitator_id <> learner_id', name=op.f('ck_recognition_request_not_oneself')),
    sa.CheckConstraint('feedback_read_at <= asked_at', name=op.f('ck_recognition_request_read_first')),
    sa.CheckConstraint('length(outcome) <= 10', name=op.f('ck_recognition_request_outcome_length')),
    sa.CheckConstraint('length(submission_digest) = 32', name=op.f('ck_recognition_request_submission_digest_hashed')),
    sa.ForeignKeyConstraint(['feedback_id', 'experience_id', 'learner_id', 'feedback_read_at'], ['feedback.id', 'feedback.experience_id', 'feedback.learner_id', 'feedback.read_at'], name='fk_recognition_request_read_feedback'),
    sa.ForeignKeyConstraint(['grant_id', 'experience_id', 'learner_id'], ['access_grant.id', 'access_grant.experience_id', 'access_grant.learner_id'], name=op.f('fk_recognition_request_grant_id_experience_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_recognition_request_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['membership_id', 'facilitator_id'], ['membership.id', 'membership.account_id'], name=op.f('fk_recognition_request_membership_id_facilitator_id')),
    sa.ForeignKeyConstraint(['revision_id', 'experience_id', 'learner_id'], ['revision.id', 'revision.experience_id', 'revision.learner_id'], name=op.f('fk_recognition_request_revision_id_experience_id_learner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recognition_request')),
    sa.UniqueConstraint('grant_id', name=op.f('uq_recognition_request_grant_id')),
    sa.UniqueConstraint('id', 'learner_id', 'experience_id', 'revision_id', 'feedback_id', 'membership_id', 'facilitator_id', 'asked_at', name='uq_recognition_request_whole'),
    sa.UniqueConstraint('id', 'learner_id', name=op.f('uq_recognition_request_id_learner_id')),
    sa.UniqueConstraint('learner_id', 'submission', name=op.f('uq_recognition_request_learner_id_submission'))
    )
    with op.batch_alter_table('recognition_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recognition_request_experience_id'), ['experience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_recognition_request_feedback_id'), ['feedback_id'], unique=False)
        batch_op.create_index('ix_recognition_request_inbox', ['facilitator_id', 'asked_at', 'id'], unique=False, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_recognition_request_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_recognition_request_membership_id'), ['membership_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_recognition_request_revision_id'), ['revision_id'], unique=False)
        batch_op.create_index('uq_recognition_request_open', ['experience_id', 'facilitator_id'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('requested_competency',
    sa.Column('request_id', columns.Key(), nullable=False),
    sa.Column('competency_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('wording_id', sa.Integer(), nullable=False),
    sa.Column('claimed_step', sa.SmallInteger(), nullable=True),
    sa.CheckConstraint('claimed_step BETWEEN 1 AND 4', name=op.f('ck_requested_competency_claimed_step')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_requested_competency_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['request_id', 'learner_id'], ['recognition_request.id', 'recognition_request.learner_id'], name=op.f('fk_requested_competency_request_id_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['wording_id', 'competency_id'], ['wording.id', 'wording.competency_id'], name=op.f('fk_requested_competency_wording_id_competency_id')),
    sa.PrimaryKeyConstraint('request_id', 'competency_id', name=op.f('pk_requested_competency')),
    sa.UniqueConstraint('request_id', 'competency_id', 'wording_id', name=op.f('uq_requested_competency_request_id_competency_id_wording_id'))
    )
    with op.batch_alter_table('requested_competency', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_requested_competency_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_requested_competency_wording_id'), ['wording_id'], unique=False)

    op.create_table('endorsement',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('revision_id', columns.Key(), nullable=False),
    sa.Column('feedback_id', columns.Key(), nullable=False),
    sa.Column('request_id', columns.Key(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('wording_id', sa.Integer(), nullable=False),
    sa.Column('membership_id', columns.Key(), nullable=False),
    sa.Column('facilitator_id', columns.Key(), nullable=False),
    sa.Column('asked_at', columns.Instant(), nullable=False),
    sa.Column('offered_at', columns.Instant(), nullable=False),
    sa.Column('step', sa.SmallInteger(), nullable=False),
    sa.Column('how_known', sa.String(length=12), nullable=False),
    sa.Column('how_person_known', sa.String(length=12), nullable=False),
    sa.Column('is_relative', sa.Boolean(), nullable=False),
    sa.Column('endorser_is_adult', sa.Boolean(), nullable=False),
    sa.Column('seen_from_on', sa.Date(), nullable=False),
    sa.Column('seen_to_on', sa.Date(), nullable=False),
    sa.Column('text_id', columns.Key(), nullable=False),
    sa.Column('text_kind', sa.String(length=12), nullable=False),
    sa.Column('story_digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('endorser_role', sa.String(length=80), nullable=False),
    sa.Column('organisation_name', sa.String(length=120), nullable=False),
    sa.Column('accepted_at', columns.Instant(), nullable=True),
    sa.Column('declined_at', columns.Instant(), nullable=True),
    sa.Column('set_aside_at', columns.Instant(), nullable=True),
    sa.Column('withdrawn_at', columns.Instant(), nullable=True),
    sa.Column('withdrawal_text_id', columns.Key(), nullable=True),
    sa.Column('withdrawal_kind', sa.String(length=12), nullable=False),
    sa.CheckConstraint("how_known IN ('saw', 'supervised', 'shown')", name=op.f('ck_endorsement_how_known')),
    sa.CheckConstraint("how_person_known IN ('regularly', 'at_times', 'once')", name=op.f('ck_endorsement_how_person_known')),
    sa.CheckConstraint("text_kind = 'endorsement' AND withdrawal_kind = 'withdrawal'", name=op.f('ck_endorsement_text_kinds')),
    sa.CheckConstraint('(withdrawn_at IS NULL) = (withdrawal_text_id IS NULL)', name=op.f('ck_endorsement_reason_given')),
    sa.CheckConstraint('NOT is_relative', name=op.f('ck_endorsement_no_relative')),
    sa.CheckConstraint('accepted_at IS NULL OR accepted_at >= offered_at', name=op.f('ck_endorsement_accepted_after')),
    sa.CheckConstraint('accepted_at IS NULL OR declined_at IS NULL', name=op.f('ck_endorsement_one_answer')),
    sa.CheckConstraint('asked_at <= offered_at', name=op.f('ck_endorsement_asked_first')),
    sa.CheckConstraint('declined_at IS NULL OR declined_at >= offered_at', name=op.f('ck_endorsement_declined_after')),
    sa.CheckConstraint('endorser_is_adult', name=op.f('ck_endorsement_adult')),
    sa.CheckConstraint('facilitator_id <> learner_id', name=op.f('ck_endorsement_not_oneself')),
    sa.CheckConstraint('length(endorser_role) <= 80', name=op.f('ck_endorsement_endorser_role_length')),
    sa.CheckConstraint('length(how_known) <= 12', name=op.f('ck_endorsement_how_known_length')),
    sa.CheckConstraint('length(how_person_known) <= 12', name=op.f('ck_endorsement_how_person_known_length')),
    sa.CheckConstraint('length(organisation_name) <= 120', name=op.f('ck_endorsement_organisation_name_length')),
    sa.CheckConstraint('length(story_digest) = 32', name=op.f('ck_endorsement_story_digest_hashed')),
    sa.CheckConstraint('length(text_kind) <= 12', name=op.f('ck_endorsement_text_kind_length')),
    sa.CheckConstraint('length(withdrawal_kind) <= 12', name=op.f('ck_endorsement_withdrawal_kind_length')),
    sa.CheckConstraint('seen_to_on >= seen_from_on', name=op.f('ck_endorsement_seen_to_after_from')),
    sa.CheckConstraint('set_aside_at IS NULL OR (accepted_at IS NOT NULL AND set_aside_at >= accepted_at)', name=op.f('ck_endorsement_set_aside_after')),
    sa.CheckConstraint('step BETWEEN 1 AND 4', name=op.f('ck_endorsement_step')),
    sa.CheckConstraint('withdrawn_at IS NULL OR withdrawn_at >= offered_at', name=op.f('ck_endorsement_withdrawn_after')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_endorsement_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['request_id', 'competency_id', 'wording_id'], ['requested_competency.request_id', 'requested_competency.competency_id', 'requested_competency.wording_id'], name='fk_endorsement_requested'),
    sa.ForeignKeyConstraint(['request_id', 'learner_id', 'experience_id', 'revision_id', 'feedback_id', 'membership_id', 'facilitator_id', 'asked_at'], ['recognition_request.id', 'recognition_request.learner_id', 'recognition_request.experience_id', 'recognition_request.revision_id', 'recognition_request.feedback_id', 'recognition_request.membership_id', 'recognition_request.facilitator_id', 'recognition_request.asked_at'], name='fk_endorsement_whole_request'),
    sa.ForeignKeyConstraint(['text_id', 'learner_id', 'text_kind'], ['authored_text.id', 'authored_text.learner_id', 'authored_text.kind'], name=op.f('fk_endorsement_text_id_learner_id_text_kind')),
    sa.ForeignKeyConstraint(['withdrawal_text_id', 'learner_id', 'withdrawal_kind'], ['authored_text.id', 'authored_text.learner_id', 'authored_text.kind'], name='fk_endorsement_withdrawal_text'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_endorsement')),
    sa.UniqueConstraint('id', 'learner_id', 'accepted_at', name=op.f('uq_endorsement_id_learner_id_accepted_at')),
    sa.UniqueConstraint('id', 'learner_id', 'experience_id', name=op.f('uq_endorsement_id_learner_id_experience_id')),
    sa.UniqueConstraint('request_id', 'competency_id', name=op.f('uq_endorsement_request_id_competency_id')),
    sa.UniqueConstraint('text_id', name=op.f('uq_endorsement_text_id'))
    )
    with op.batch_alter_table('endorsement', schema=None) as batch_op:
        batch_op.create_index('ix_endorsement_experience', ['experience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_endorsement_feedback_id'), ['feedback_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_endorsement_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index('ix_endorsement_ledger', ['facilitator_id', 'offered_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_endorsement_membership_id'), ['membership_id'], unique=False)
        batch_op.create_index('ix_endorsement_page', ['learner_id', 'offered_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_endorsement_withdrawal_text_id'), ['withdrawal_text_id'], unique=False)

    op.create_table('not_yet',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('request_id', columns.Key(), nullable=False),
    sa.Column('competency_id', sa.Integer(), nullable=False),
    sa.Column('text_id', columns.Key(), nullable=False),
    sa.Column('text_kind', sa.String(length=12), nullable=False),
    sa.Column('written_at', columns.Instant(), nullable=False),
    sa.Column('read_at', columns.Instant(), nullable=True),
    sa.CheckConstraint("text_kind = 'not_yet'", name=op.f('ck_not_yet_text_kind')),
    sa.CheckConstraint('length(text_kind) <= 12', name=op.f('ck_not_yet_text_kind_length')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_not_yet_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['request_id', 'competency_id'], ['requested_competency.request_id', 'requested_competency.competency_id'], name=op.f('fk_not_yet_request_id_competency_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['text_id', 'learner_id', 'text_kind'], ['authored_text.id', 'authored_text.learner_id', 'authored_text.kind'], name=op.f('fk_not_yet_text_id_learner_id_text_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_not_yet')),
    sa.UniqueConstraint('request_id', 'competency_id', name=op.f('uq_not_yet_request_id_competency_id')),
    sa.UniqueConstraint('text_id', name=op.f('uq_not_yet_text_id'))
    )
    with op.batch_alter_table('not_yet', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_not_yet_learner_id'), ['learner_id'], unique=False)

    op.create_table('endorser_name',
    sa.Column('endorsement_id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('name_form', sa.String(length=80), nullable=False),
    sa.CheckConstraint('length(name_form) <= 80', name=op.f('ck_endorser_name_name_form_length')),
    sa.ForeignKeyConstraint(['endorsement_id'], ['endorsement.id'], name=op.f('fk_endorser_name_endorsement_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_endorser_name_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('endorsement_id', name=op.f('pk_endorser_name'))
    )
    with op.batch_alter_table('endorser_name', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_endorser_name_learner_id'), ['learner_id'], unique=False)

    op.create_table('permission',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('endorsement_id', columns.Key(), nullable=False),
    sa.Column('accepted_at', columns.Instant(), nullable=False),
    sa.Column('given_at', columns.Instant(), nullable=False),
    sa.Column('ended_at', columns.Instant(), nullable=True),
    sa.Column('guardian_consent_id', columns.Key(), nullable=True),
    sa.CheckConstraint('ended_at IS NULL OR ended_at >= given_at', name=op.f('ck_permission_ended_after')),
    sa.CheckConstraint('given_at >= accepted_at', name=op.f('ck_permission_kept_first')),
    sa.ForeignKeyConstraint(['endorsement_id', 'learner_id', 'accepted_at'], ['endorsement.id', 'endorsement.learner_id', 'endorsement.accepted_at'], name=op.f('fk_permission_endorsement_id_learner_id_accepted_at')),
    sa.ForeignKeyConstraint(['guardian_consent_id', 'learner_id'], ['guardian_consent.id', 'guardian_consent.learner_id'], name=op.f('fk_permission_guardian_consent_id_learner_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_permission_learner_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_permission')),
    sa.UniqueConstraint('endorsement_id', 'learner_id', 'given_at', name=op.f('uq_permission_endorsement_id_learner_id_given_at'))
    )
    with op.batch_alter_table('permission', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_permission_guardian_consent_id'), ['guardian_consent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_permission_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index('uq_permission_current', ['endorsement_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('credential',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('endorsement_id', columns.Key(), nullable=False),
    sa.Column('permitted_at', columns.Instant(), nullable=False),
    sa.Column('list_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('key_id', sa.String(length=80), nullable=False),
    sa.Column('recipient_secret', sa.LargeBinary(length=64), nullable=False),
    sa.Column('issued_at', columns.Instant(), nullable=False),
    sa.Column('valid_until', columns.Instant(), nullable=True),
    sa.Column('document', sa.LargeBinary(), nullable=False),
    sa.Column('unpublished_at', columns.Instant(), nullable=True),
    sa.CheckConstraint('issued_at >= permitted_at', name=op.f('ck_credential_permitted_first')),
    sa.CheckConstraint('length(key_id) <= 80', name=op.f('ck_credential_key_id_length')),
    sa.ForeignKeyConstraint(['endorsement_id', 'learner_id', 'permitted_at'], ['permission.endorsement_id', 'permission.learner_id', 'permission.given_at'], name=op.f('fk_credential_endorsement_id_learner_id_permitted_at')),
    sa.ForeignKeyConstraint(['key_id'], ['signing_key.key_id'], name=op.f('fk_credential_key_id')),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_credential_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['list_id', 'position'], ['status_entry.list_id', 'status_entry.position'], name=op.f('fk_credential_list_id_position')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credential')),
    sa.UniqueConstraint('list_id', 'position', name=op.f('uq_credential_list_id_position'))
    )
    with op.batch_alter_table('credential', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credential_endorsement_id'), ['endorsement_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credential_key_id'), ['key_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credential_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index('uq_credential_in_force', ['endorsement_id'], unique=True, sqlite_where=sa.text('unpublished_at IS NULL'), postgresql_where=sa.text('unpublished_at IS NULL'))

    op.create_table('edition_item',
    sa.Column('id', columns.Key(), nullable=False),
    sa.Column('learner_id', columns.Key(), nullable=False),
    sa.Column('edition_id', columns.Key(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('experience_id', columns.Key(), nullable=False),
    sa.Column('revision_id', columns.Key(), nullable=False),
    sa.Column('endorsement_id', columns.Key(), nullable=True),
    sa.Column('permitted_at', columns.Instant(), nullable=True),
    sa.Column('testimony_id', columns.Key(), nullable=True),
    sa.Column('document', sa.JSON(), nullable=False),
    sa.CheckConstraint("(kind = 'endorsement') = (endorsement_id IS NOT NULL)", name=op.f('ck_edition_item_endorsement_whole')),
    sa.CheckConstraint("(kind = 'testimony') = (testimony_id IS NOT NULL)", name=op.f('ck_edition_item_testimony_whole')),
    sa.CheckConstraint("kind IN ('experience', 'endorsement', 'testimony')", name=op.f('ck_edition_item_kind')),
    sa.CheckConstraint('(endorsement_id IS NULL) = (permitted_at IS NULL)', name=op.f('ck_edition_item_permitted_only')),
    sa.CheckConstraint('length(kind) <= 12', name=op.f('ck_edition_item_kind_length')),
    sa.ForeignKeyConstraint(['edition_id', 'learner_id'], ['edition.id', 'edition.learner_id'], name=op.f('fk_edition_item_edition_id_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['endorsement_id', 'learner_id', 'experience_id'], ['endorsement.id', 'endorsement.learner_id', 'endorsement.experience_id'], name='fk_edition_item_endorsement', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['endorsement_id', 'learner_id', 'permitted_at'], ['permission.endorsement_id', 'permission.learner_id', 'permission.given_at'], name='fk_edition_item_permission', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['experience_id', 'learner_id'], ['experience.id', 'experience.learner_id'], name=op.f('fk_edition_item_experience_id_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['learner_id'], ['passport.learner_id'], name=op.f('fk_edition_item_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['revision_id', 'experience_id', 'learner_id'], ['revision.id', 'revision.experience_id', 'revision.learner_id'], name=op.f('fk_edition_item_revision_id_experience_id_learner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['testimony_id'], ['testimony.id'], name=op.f('fk_edition_item_testimony_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_edition_item')),
    sa.UniqueConstraint('edition_id', 'position', name=op.f('uq_edition_item_edition_id_position'))
    )
    with op.batch_alter_table('edition_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_edition_item_endorsement_id'), ['endorsement_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_edition_item_experience_id'), ['experience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_edition_item_learner_id'), ['learner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_edition_item_revision_id'), ['revision_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_edition_item_testimony_id'), ['testimony_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('edition_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_edition_item_testimony_id'))
        batch_op.drop_index(batch_op.f('ix_edition_item_revision_id'))
        batch_op.drop_index(batch_op.f('ix_edition_item_learner_id'))
        batch_op.drop_index(batch_op.f('ix_edition_item_experience_id'))
        batch_op.drop_index(batch_op.f('ix_edition_item_endorsement_id'))

    op.drop_table('edition_item')
    with op.batch_alter_table('credential', schema=None) as batch_op:
        batch_op.drop_index('uq_credential_in_force', sqlite_where=sa.text('unpublished_at IS NULL'), postgresql_where=sa.text('unpublished_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_credential_learner_id'))
        batch_op.drop_index(batch_op.f('ix_credential_key_id'))
        batch_op.drop_index(batch_op.f('ix_credential_endorsement_id'))

    op.drop_table('credential')
    with op.batch_alter_table('permission', schema=None) as batch_op:
        batch_op.drop_index('uq_permission_current', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_permission_learner_id'))
        batch_op.drop_index(batch_op.f('ix_permission_guardian_consent_id'))

    op.drop_table('permission')
    with op.batch_alter_table('endorser_name', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_endorser_name_learner_id'))

    op.drop_table('endorser_name')
    with op.batch_alter_table('not_yet', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_not_yet_learner_id'))

    op.drop_table('not_yet')
    with op.batch_alter_table('endorsement', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_endorsement_withdrawal_text_id'))
        batch_op.drop_index('ix_endorsement_page')
        batch_op.drop_index(batch_op.f('ix_endorsement_membership_id'))
        batch_op.drop_index('ix_endorsement_ledger')
        batch_op.drop_index(batch_op.f('ix_endorsement_learner_id'))
        batch_op.drop_index(batch_op.f('ix_endorsement_feedback_id'))
        batch_op.drop_index('ix_endorsement_experience')

    op.drop_table('endorsement')
    with op.batch_alter_table('requested_competency', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_requested_competency_wording_id'))
        batch_op.drop_index(batch_op.f('ix_requested_competency_learner_id'))

    op.drop_table('requested_competency')
    with op.batch_alter_table('recognition_request', schema=None) as batch_op:
        batch_op.drop_index('uq_recognition_request_open', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_recognition_request_revision_id'))
        batch_op.drop_index(batch_op.f('ix_recognition_request_membership_id'))
        batch_op.drop_index(batch_op.f('ix_recognition_request_learner_id'))
        batch_op.drop_index('ix_recognition_request_inbox', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_recognition_request_feedback_id'))
        batch_op.drop_index(batch_op.f('ix_recognition_request_experience_id'))

    op.drop_table('recognition_request')
    with op.batch_alter_table('feedback', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_feedback_membership_id'))
        batch_op.drop_index(batch_op.f('ix_feedback_learner_id'))
        batch_op.drop_index(batch_op.f('ix_feedback_experience_id'))

    op.drop_table('feedback')
    with op.batch_alter_table('testimony', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_testimony_text_id'))
        batch_op.drop_index(batch_op.f('ix_testimony_learner_id'))
        batch_op.drop_index(batch_op.f('ix_testimony_experience_id'))

    op.drop_table('testimony')
    op.drop_table('share_reading')
    with op.batch_alter_table('granted_claim', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_granted_claim_wording_id'))
        batch_op.drop_index(batch_op.f('ix_granted_claim_learner_id'))

    op.drop_table('granted_claim')
    with op.batch_alter_table('feedback_request', schema=None) as batch_op:
        batch_op.drop_index('uq_feedback_request_open', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index('uq_feedback_request_desk', sqlite_where=sa.text('closed_at IS NULL AND facilitator_id IS NULL'), postgresql_where=sa.text('closed_at IS NULL AND facilitator_id IS NULL'))
        batch_op.drop_index('ix_feedback_request_team', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_feedback_request_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_feedback_request_membership_id'))
        batch_op.drop_index(batch_op.f('ix_feedback_request_learner_id'))
        batch_op.drop_index('ix_feedback_request_inbox', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_feedback_request_experience_id'))

    op.drop_table('feedback_request')
    with op.batch_alter_table('card', schema=None) as batch_op:
        batch_op.drop_index('uq_card_current', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_card_share_id'))
        batch_op.drop_index(batch_op.f('ix_card_replaced_by'))
        batch_op.drop_index(batch_op.f('ix_card_learner_id'))

    op.drop_table('card')
    with op.batch_alter_table('witness_invitation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_witness_invitation_revision_id'))
        batch_op.drop_index(batch_op.f('ix_witness_invitation_learner_id'))
        batch_op.drop_index(batch_op.f('ix_witness_invitation_guardian_consent_id'))
        batch_op.drop_index(batch_op.f('ix_witness_invitation_experience_id'))

    op.drop_table('witness_invitation')
    with op.batch_alter_table('share', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_share_learner_id'))
        batch_op.drop_index(batch_op.f('ix_share_guardian_consent_id'))
        batch_op.drop_index(batch_op.f('ix_share_edition_id'))

    op.drop_table('share')
    with op.batch_alter_table('authored_version', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_authored_version_learner_id'))

    op.drop_table('authored_version')
    with op.batch_alter_table('access_grant', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_access_grant_revision_id'))
        batch_op.drop_index(batch_op.f('ix_access_grant_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_access_grant_membership_id'))
        batch_op.drop_index(batch_op.f('ix_access_grant_learner_id'))
        batch_op.drop_index(batch_op.f('ix_access_grant_experience_id'))

    op.drop_table('access_grant')
    with op.batch_alter_table('revision', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_revision_learner_id'))

    op.drop_table('revision')
    with op.batch_alter_table('reflection', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reflection_learner_id'))

    op.drop_table('reflection')
    with op.batch_alter_table('guardian_consent', schema=None) as batch_op:
        batch_op.drop_index('uq_guardian_consent_current', sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_guardian_consent_learner_id'))
        batch_op.drop_index(batch_op.f('ix_guardian_consent_guardian_id'))

    op.drop_table('guardian_consent')
    with op.batch_alter_table('experience_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_experience_link_to_id'))
        batch_op.drop_index(batch_op.f('ix_experience_link_learner_id'))

    op.drop_table('experience_link')
    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evidence_learner_id'))
        batch_op.drop_index(batch_op.f('ix_evidence_experience_id'))

    op.drop_table('evidence')
    with op.batch_alter_table('claim', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_claim_wording_id'))
        batch_op.drop_index(batch_op.f('ix_claim_learner_id'))

    op.drop_table('claim')
    with op.batch_alter_table('authored_text', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_authored_text_membership_id'))
        batch_op.drop_index(batch_op.f('ix_authored_text_learner_id'))
        batch_op.drop_index(batch_op.f('ix_authored_text_experience_id'))
        batch_op.drop_index(batch_op.f('ix_authored_text_author_id'))

    op.drop_table('authored_text')
    with op.batch_alter_table('wording', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_wording_version_id'))

    op.drop_table('wording')
    with op.batch_alter_table('vetting', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_vetting_recorded_by_id'))
        batch_op.drop_index(batch_op.f('ix_vetting_membership_id_expires_on'))

    op.drop_table('vetting')
    op.drop_table('status_entry')
    op.drop_table('search_text')
    with op.batch_alter_table('recovery', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_recovery_second_confirmer_id'))
        batch_op.drop_index(batch_op.f('ix_recovery_learner_id'))
        batch_op.drop_index(batch_op.f('ix_recovery_first_confirmer_id'))

    op.drop_table('recovery')
    with op.batch_alter_table('reading_line', schema=None) as batch_op:
        batch_op.drop_index('ix_reading_line_page')
        batch_op.drop_index(batch_op.f('ix_reading_line_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_reading_line_learner_id'))

    op.drop_table('reading_line')
    with op.batch_alter_table('joined', schema=None) as batch_op:
        batch_op.drop_index('uq_joined_current', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_joined_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_joined_learner_id'))

    op.drop_table('joined')
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invitation_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_invitation_membership_id'))
        batch_op.drop_index(batch_op.f('ix_invitation_invited_by_id'))

    op.drop_table('invitation')
    with op.batch_alter_table('guardian', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_guardian_learner_id'))

    op.drop_table('guardian')
    with op.batch_alter_table('experience', schema=None) as batch_op:
        batch_op.drop_index('ix_experience_page', sqlite_where=sa.text('deleted_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_experience_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_experience_learner_id'))

    op.drop_table('experience')
    with op.batch_alter_table('edition', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_edition_learner_id'))

    op.drop_table('edition')
    with op.batch_alter_table('contact_bar', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contact_bar_learner_id'))
        batch_op.drop_index(batch_op.f('ix_contact_bar_adult_id_learner_id'), sqlite_where=sa.text('lifted_at IS NULL'), postgresql_where=sa.text('lifted_at IS NULL'))

    op.drop_table('contact_bar')
    with op.batch_alter_table('case_note', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_case_note_report_id'))
        batch_op.drop_index(batch_op.f('ix_case_note_author_id'))

    op.drop_table('case_note')
    with op.batch_alter_table('ask_code', schema=None) as batch_op:
        batch_op.drop_index('uq_ask_code_current', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_ask_code_membership_id'))

    op.drop_table('ask_code')
    op.drop_table('alignment')
    with op.batch_alter_table('status_list', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_status_list_organisation_id'))

    op.drop_table('status_list')
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_session_account_id'))

    op.drop_table('session')
    with op.batch_alter_table('report', schema=None) as batch_op:
        batch_op.drop_index('ix_report_waiting')
        batch_op.drop_index(batch_op.f('ix_report_reporter_id'))
        batch_op.drop_index(batch_op.f('ix_report_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_report_about_id'))

    op.drop_table('report')
    op.drop_table('passport')
    with op.batch_alter_table('one_time_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_one_time_token_account_id'))

    op.drop_table('one_time_token')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index('ix_notice_waiting', sqlite_where=sa.text('read_at IS NULL'), postgresql_where=sa.text('read_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_notice_account_id'))
        batch_op.drop_index(batch_op.f('ix_notice_about_id'))

    op.drop_table('notice')
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.drop_index('uq_membership_current', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_membership_organisation_id_role'))
        batch_op.drop_index(batch_op.f('ix_membership_account_id'))

    op.drop_table('membership')
    op.drop_table('framework_version')
    op.drop_table('draft')
    with op.batch_alter_table('competency', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_competency_framework_id'))

    op.drop_table('competency')
    op.drop_table('signing_key')
    op.drop_table('setting')
    op.drop_table('rate_limit')
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.drop_index('uq_organisation_city', sqlite_where=sa.text("kind = 'city'"), postgresql_where=sa.text("kind = 'city'"))
        batch_op.drop_index(batch_op.f('ix_organisation_sort_key'))

    op.drop_table('organisation')
    op.drop_table('framework')
    with op.batch_alter_table('erasure', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_erasure_learner_id'))

    op.drop_table('erasure')
    op.drop_table('audit_link')
    op.drop_table('audit_event')
    op.drop_table('account')
