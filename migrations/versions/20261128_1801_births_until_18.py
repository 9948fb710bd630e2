"""Births that are kept until 18 only.

Revision 20261128_1801, after 20261128_1701, made on 2026-11-28.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_1801"
down_revision = "20261128_1701"
branch_labels = None
depends_on = None

PASSPORT = sa.table("passport", sa.column("age_source", sa.String()))


def upgrade() -> None:
    with op.batch_alter_table("passport") as batch_op:
        batch_op.drop_constraint(op.f("ck_passport_age_source"), type_="check")
        batch_op.create_check_constraint(op.f("ck_passport_age_source"), "age_source IN ('declared', 'seen', 'calendar')")
        batch_op.create_check_constraint(op.f("ck_passport_birth_blanked"), "age_source <> 'calendar' OR birth_year IS NULL")


def downgrade() -> None:
    # What is blanked stays so: whoever turned 18 here counts as an adult, as they say.
    op.execute(sa.update(PASSPORT).where(PASSPORT.c.age_source == "calendar").values(age_source="declared"))
    with op.batch_alter_table("passport") as batch_op:
        batch_op.drop_constraint(op.f("ck_passport_birth_blanked"), type_="check")
        batch_op.drop_constraint(op.f("ck_passport_age_source"), type_="check")
        batch_op.create_check_constraint(op.f("ck_passport_age_source"), "age_source IN ('declared', 'seen')")
