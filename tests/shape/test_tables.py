"""Guards over the schema: what every table must have, and that models, migrations and triggers agree."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade

from passport import import_models, triggers
from passport.columns import Base, add_length_checks
from passport.experiences import service as experiences
from passport.experiences.models import Experience
from passport.extensions import db
from passport.sharing.models import Edition, EditionItem
from tests import world
from tests.cast import Cast
from tests.conftest import NOON, both_databases

import_models()
add_length_checks(Base.metadata)
TABLES = sorted(Base.metadata.tables.values(), key=lambda t: t.name)
MODELS = {m.class_.__tablename__: m.class_ for m in Base.registry.mappers}
ROOT = Path(__file__).resolve().parents[2]

AUTHORS = {"account", "learner", "facilitator", "witness", "manager", "coordinator"}
READERS = {"account", "learner", "facilitator", "grant", "share", "everyone", "manager", "case", "system"}


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_table_has_a_retention_period(table: sa.Table) -> None:
    periods = tomllib.loads((ROOT / "passport" / "retention.toml").read_text())
    assert MODELS[table.name].__retention__ in periods


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_table_of_a_learner_hangs_on_the_passport(table: sa.Table) -> None:
    if "learner_id" not in table.c or table.name in {"passport", "erasure"}:
        return
    keys = [f for f in table.c.learner_id.foreign_keys if f.column.table.name == "passport"]
    assert len(keys) == 1
    assert keys[0].ondelete == "CASCADE"


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_key_sideways_carries_the_learner(table: sa.Table) -> None:
    """A row of one learner can never point at a row of another's."""
    for constraint in table.foreign_key_constraints:
        target = constraint.referred_table
        if "learner_id" not in table.c or "learner_id" not in target.c or target.name in {"passport", "card"}:
            continue
        if len(constraint.column_keys) == 1:  # one unguessable id with ON DELETE CASCADE: a part of the thing it names
            assert constraint.ondelete == "CASCADE" or table.name == "edition_item", constraint.name
            continue
        carries = "learner_id" in constraint.column_keys or constraint.column_keys[0] == "request_id"
        assert carries, constraint.name


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_foreign_key_has_an_index_on_its_first_column(table: sa.Table) -> None:
    firsts = {next(iter(i.columns)).name for i in table.indexes if len(i.columns)}
    firsts |= {next(iter(c.columns)).name for c in table.constraints
               if isinstance(c, sa.UniqueConstraint | sa.PrimaryKeyConstraint) and len(c.columns)}
    for constraint in table.foreign_key_constraints:
        first = constraint.column_keys[0]
        assert first in firsts, (table.name, first)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_free_text_says_who_writes_and_who_reads_it(table: sa.Table) -> None:
    for column in table.columns:
        if isinstance(column.type, sa.JSON) or (isinstance(column.type, sa.String) and (column.type.length or 999) > 60):
            if column.name in {"password_hash", "code_hash", "identifier", "email", "likely_in", "sort_key", "code",
                               "key_id", "storage_name", "slug", "key"} and not column.info:
                continue
            assert column.info.get("author") in AUTHORS, column
            assert column.info.get("reader") in READERS, column


def test_no_column_measures_anybody() -> None:
    """Rule 1: no completeness, score, rank, streak or level exists."""
    for table in TABLES:
        for column in table.columns:
            for word in ("score", "rank", "points", "streak", "percent", "complete", "progress", "level"):
                assert word not in column.name, column


@both_databases
def test_models_and_migrations_agree_up_and_down(app: Flask) -> None:
    with app.app_context():
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": db.metadata})
            assert compare_metadata(context, db.metadata) == []
        db.session.remove()
        downgrade(revision="base")
        left = set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}
        assert left == set()
        upgrade()
        assert set(sa.inspect(db.engine).get_table_names()) >= {t.name for t in TABLES}


@both_databases
def test_what_is_there_survives_the_way_down_and_up(app: Flask, cast: Cast) -> None:
    with app.app_context():
        said = world.witnesses.answer(world.invite(cast, "lea_x", NOON), world.says(), NOON)
        waiting = world.invite(cast, "youth_x", NOON).id
        shown_with_a_link(cast)
        db.session.commit()
        key, invitation = said.id, said.invitation_id
        db.session.remove()
        downgrade(revision="0001")
        upgrade()
        tables = db.metadata.tables
        found = db.session.execute(sa.select(
            tables["witness_invitation"].c.id, tables["witness_invitation"].c.submission)).all()
        assert {row.id: row.submission for row in found} == {invitation: invitation, waiting: waiting}
        assert db.session.scalars(sa.select(tables["testimony"].c.id)).all() == [key]
        assert db.session.scalars(sa.select(tables["notice"].c.kind)).all() == []  # the old schema knows no such notice
        assert db.session.scalars(sa.select(tables["edition_item"].c.kind)).all() == ["experience"]  # nor a piece
        db.session.remove()
        assert triggers_of(db.engine) == {t.name for t in triggers.TRIGGERS}


def shown_with_a_link(cast: Cast) -> None:
    """Freeze an experience of Léa's, with a link beside it."""
    x = db.session.get_one(Experience, cast["lea_x"])
    piece = world.add_link(x, "https://alpha.example", None, NOON)
    edition = Edition(learner_id=x.learner_id, made_at=NOON, head={})
    db.session.add(edition)
    db.session.flush()
    whose = {"learner_id": x.learner_id, "edition_id": edition.id, "experience_id": x.id, "document": {},
             "revision_id": experiences.keep_revision(x, NOON).id}
    db.session.add(EditionItem(**whose, kind="experience", position=0))
    db.session.flush()
    db.session.add(EditionItem(**whose, kind="evidence", evidence_id=piece.id, position=1))
    db.session.flush()


@both_databases
def test_every_trigger_is_there(app: Flask) -> None:
    with app.app_context():
        assert triggers_of(db.engine) == {t.name for t in triggers.TRIGGERS}


def triggers_of(engine: sa.Engine) -> set[str]:
    """Return the names of the row triggers in this database."""
    query = ("SELECT name FROM sqlite_master WHERE type = 'trigger'" if engine.dialect.name == "sqlite" else
             "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname NOT LIKE '%_no_truncate'")
    with engine.connect() as connection:
        return set(connection.execute(sa.text(query)).scalars())


def test_a_batch_migration_does_not_lose_a_trigger(app: Flask) -> None:
    """Alembic's batch mode drops them without a word; the end of every upgrade puts them back."""
    with app.app_context():
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER endorsement_facts")
        assert "endorsement_facts" not in triggers_of(db.engine)
        upgrade()
        assert triggers_of(db.engine) == {t.name for t in triggers.TRIGGERS}


