"""What a parent declares and holds, the second yes for images, and what is kept at 15 and at 18.

Revision 20261128_1301, after 20261127_1201, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from passport import columns

revision = "20261128_1301"
down_revision = "20261127_1201"
branch_labels = None
depends_on = None

GUARDIAN, CONSENT, SHARE = "guardian", "guardian_consent", "share"
BLANKED = "answered_at IS NULL OR contact IS NULL"
BLANKED_NOW = "answered_at IS NULL OR (contact IS NULL AND token_sealed IS NULL)"


def upgrade() -> None:
    with op.batch_alter_table(GUARDIAN, schema=None) as batch_op:
        batch_op.add_column(sa.Column("way", sa.String(length=8), nullable=False, server_default="code"))
        batch_op.add_column(sa.Column("contact_digest", sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(sa.Column("token_sealed", sa.LargeBinary(length=200), nullable=True))
        batch_op.add_column(sa.Column("reminded_at", columns.Instant(), nullable=True))
        batch_op.add_column(sa.Column("submission", columns.Key(), nullable=True))
        batch_op.add_column(sa.Column("receipt_hash", sa.LargeBinary(length=32), nullable=True))
        batch_op.alter_column("capacity", existing_type=sa.String(length=12), nullable=True)
        batch_op.drop_constraint(op.f("ck_guardian_contact_blanked"), type_="check")
        batch_op.create_check_constraint(op.f("ck_guardian_contact_blanked"), BLANKED_NOW)
        batch_op.create_check_constraint(op.f("ck_guardian_way"), "way IN ('email', 'code')")
        batch_op.create_check_constraint(op.f("ck_guardian_way_length"), "length(way) <= 8")
        batch_op.create_check_constraint(op.f("ck_guardian_receipt_hash_hashed"), "length(receipt_hash) = 32")
        batch_op.create_check_constraint(op.f("ck_guardian_contact_digest_hashed"), "length(contact_digest) = 32")
        batch_op.create_check_constraint(
            op.f("ck_guardian_receipt_declared"),
            "receipt_hash IS NULL OR (answered_at IS NOT NULL AND capacity IS NOT NULL)")
        batch_op.create_unique_constraint(op.f("uq_guardian_receipt_hash"), ["receipt_hash"])
    with op.batch_alter_table(GUARDIAN, schema=None) as batch_op:
        batch_op.alter_column("way", existing_type=sa.String(length=8), existing_nullable=False, server_default=None)
    with op.batch_alter_table(CONSENT, schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_guardian_consent_receipt_hash_hashed"), type_="check")
        batch_op.drop_column("receipt_hash")
        batch_op.add_column(sa.Column("second_guardian_id", columns.Key(), nullable=True))
        batch_op.add_column(sa.Column("second_agreed_at", columns.Instant(), nullable=True))
        batch_op.add_column(sa.Column("kept_at", columns.Instant(), nullable=True))
        batch_op.drop_constraint(op.f("ck_guardian_consent_withdrawn_by"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_guardian_consent_withdrawn_by"), "withdrawn_by IN ('learner', 'guardian', 'end')")
        batch_op.create_check_constraint(
            op.f("ck_guardian_consent_two_holders"),
            "second_guardian_id IS NULL OR (option = 'image' AND second_guardian_id <> guardian_id)")
        batch_op.create_check_constraint(
            op.f("ck_guardian_consent_second_known"), "second_agreed_at IS NULL OR second_guardian_id IS NOT NULL")
        batch_op.create_foreign_key(op.f("fk_guardian_consent_second_guardian_id_learner_id"), GUARDIAN,
                                    ["second_guardian_id", "learner_id"], ["id", "learner_id"])
        batch_op.create_index(op.f("ix_guardian_consent_second_guardian_id"), ["second_guardian_id"], unique=False)
    with op.batch_alter_table(SHARE, schema=None) as batch_op:
        batch_op.add_column(sa.Column("image_consent_id", columns.Key(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_share_image_consent_id_learner_id"), CONSENT,
                                    ["image_consent_id", "learner_id"], ["id", "learner_id"])
        batch_op.create_index(op.f("ix_share_image_consent_id"), ["image_consent_id"], unique=False)
    with op.batch_alter_table("passport", schema=None) as batch_op:
        batch_op.add_column(sa.Column("came_of_age_at", columns.Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("passport", schema=None) as batch_op:
        batch_op.drop_column("came_of_age_at")
    with op.batch_alter_table(SHARE, schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_share_image_consent_id"))
        batch_op.drop_constraint(op.f("fk_share_image_consent_id_learner_id"), type_="foreignkey")
        batch_op.drop_column("image_consent_id")
    op.execute(sa.text("UPDATE guardian_consent SET withdrawn_by = 'guardian' WHERE withdrawn_by = 'end'"))
    with op.batch_alter_table(CONSENT, schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_guardian_consent_second_guardian_id"))
        batch_op.drop_constraint(op.f("fk_guardian_consent_second_guardian_id_learner_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_guardian_consent_second_known"), type_="check")
        batch_op.drop_constraint(op.f("ck_guardian_consent_two_holders"), type_="check")
        batch_op.drop_constraint(op.f("ck_guardian_consent_withdrawn_by"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_guardian_consent_withdrawn_by"), "withdrawn_by IN ('learner', 'guardian')")
        batch_op.drop_column("kept_at")
        batch_op.drop_column("second_agreed_at")
        batch_op.drop_column("second_guardian_id")
        batch_op.add_column(sa.Column("receipt_hash", sa.LargeBinary(length=32), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_guardian_consent_receipt_hash_hashed"), "length(receipt_hash) = 32")
    op.execute(sa.text("UPDATE guardian SET capacity = 'parent' WHERE capacity IS NULL"))
    with op.batch_alter_table(GUARDIAN, schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_guardian_receipt_hash"), type_="unique")
        for name in ("receipt_declared", "receipt_hash_hashed", "contact_digest_hashed", "way_length", "way", "contact_blanked"):
            batch_op.drop_constraint(op.f(f"ck_guardian_{name}"), type_="check")
        batch_op.create_check_constraint(op.f("ck_guardian_contact_blanked"), BLANKED)
        batch_op.alter_column("capacity", existing_type=sa.String(length=12), nullable=False)
        for name in ("receipt_hash", "submission", "reminded_at", "token_sealed", "contact_digest", "way"):
            batch_op.drop_column(name)
