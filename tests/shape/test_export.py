"""An export leaves nothing out: every table about a person, every column of it, and the schema that is published."""

from __future__ import annotations

import json
import os
import re

import pytest
import sqlalchemy as sa

from passport import import_models
from passport.columns import Base
from passport.exports import STAYS
from passport.rights import export, shape

import_models()
OF_A_PERSON = sorted(
    table.name for table in Base.metadata.tables.values()
    if {"learner_id", "account_id"} & set(table.c.keys())
    or any(key.column.table.name in {"account", "passport"} for key in table.foreign_keys))
PARTS = {part.name: part for part in export.PARTS}
SCHEMA = export.DATA / "passport-1.json"


def test_every_table_about_a_person_goes_along_or_says_why_not() -> None:
    taken = {part.model.__tablename__ for part in export.PARTS}
    assert [name for name in OF_A_PERSON if name not in taken and not export.KEPT_BACK.get(name)] == []
    assert set(export.KEPT_BACK) <= set(Base.metadata.tables)
    assert not taken & set(export.KEPT_BACK)


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_column_goes_along_or_says_why_not(name: str) -> None:
    part = PARTS[name]
    columns = set(part.model.__table__.c.keys())
    assert set(part.stays) <= columns, "a column that is no longer there"
    assert all(part.stays.values())
    for column in part.columns:
        secret = column.name.endswith(("_hash", "_sealed")) or column.info.get("reader") in {"case"}
        assert not secret, f"{column} tells what opens a page"
        others = any(key.column.table.name == "account" for key in column.foreign_keys)
        assert not others or column.name in STAYS, f"{column} names somebody else"
    stays = (set(part.stays) | set(STAYS)) & columns
    assert {c.name for c in part.columns} | stays == columns


def test_the_published_schema_is_the_one_of_the_program() -> None:
    """`PASSPORT_WRITE_SCHEMA=1` writes it anew, to be read as a diff; what changes a meaning is another format."""
    made = json.dumps(export.schema(), indent=1, ensure_ascii=False) + "\n"
    for inside in (r"\[\s+([^{}\[\]]*?)\s+\]", r"\{\s+([^{}]*?)\s+\}"):  # what holds nothing more stands in one line
        made = re.sub(inside, lambda m: m[0][0] + " ".join(m[1].split()) + m[0][-1], made)
    if os.environ.get("PASSPORT_WRITE_SCHEMA") == "1":
        SCHEMA.write_text(made)
    assert SCHEMA.read_text() == made


def test_the_schema_uses_no_word_that_is_not_understood() -> None:
    def words(schema: object) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        inner = [*schema.get("properties", {}).values(), schema.get("items")]
        return set(schema) | {word for one in inner for word in words(one)}

    assert words(json.loads(SCHEMA.read_text())) <= shape.KNOWN


def test_a_row_of_each_table_is_about_whoever_asks() -> None:
    """Each statement asks for one person: nothing is read whole to be sorted out afterwards."""
    import datetime as dt
    import uuid

    from passport.exports import Who  # only here: the id is any

    who = Who(uuid.uuid4(), dt.datetime(2026, 11, 28, tzinfo=dt.UTC))
    for part in export.PARTS:
        told = sa.select(sa.literal(1)).where(part.whose(who)).compile()
        assert who.account_id in told.params.values(), part.name
