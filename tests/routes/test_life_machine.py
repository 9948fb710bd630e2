"""The charter over whole lives: the real services on a real database, with sentences that plain SQL must find true.

By default a run is the same each time. PASSPORT_LIFE_SEED=new (or a number) lives other lives and prints their seed.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from passport.card import queries as cards
from passport.card.models import Card
from passport.clock import day_of
from passport.columns import Base, Instant, Key
from passport.extensions import db
from passport.feedback import queries as feedback_queries
from passport.feedback import waiting as feedback_waiting
from passport.policy import Action, can
from passport.recognition import attested, inbox
from passport.recognition.models import NotYet
from passport.sharing import links
from passport.sharing import reading as read
from passport.sharing.models import Share
from passport.witnesses import queries as witness_queries
from passport.witnesses.models import WitnessInvitation
from passport.witnesses.rules import InvitationState
from tests.cast import Cast, make_cast
from tests.conftest import NOON, House, admin
from tests.life.story import Life
from tests.life.trying import PEOPLE, Opening

INSIDE = "(x.for_me_only OR x.deleted_at IS NOT NULL)"
POINTING = " UNION ALL ".join(
    f"SELECT '{table.name}.{f.parent.name}' FROM \"{table.name}\" a JOIN \"{f.column.table.name}\" b"
    f" ON b.{f.column.name} = a.{f.parent.name} WHERE a.learner_id <> b.learner_id"
    for table in sorted(Base.metadata.tables.values(), key=lambda t: t.name) if "learner_id" in table.c
    for f in sorted(table.foreign_keys, key=lambda f: (f.parent.name, f.column.table.name))
    if "learner_id" in f.column.table.c and f.column.name == "id"
)


def always(holds: Callable[[Charter], None]) -> Any:
    """Look at a sentence after every step that changed something or let time pass: else it is as true as before."""

    @wraps(holds)
    def look(self: Charter) -> None:
        if holds not in self.known:
            holds(self)
            self.known[holds] = True

    return invariant()(look)


@dataclass(frozen=True)
class Opened:
    """What whoever has a link finds behind it."""

    share_id: uuid.UUID
    edition_id: uuid.UUID
    learner_id: uuid.UUID
    created_at: dt.datetime
    reading: read.Reading


class Charter(Life):
    """Whole lives, and what must be true after every step."""

    def __init__(self, opening: Opening, stand: Callable[[dt.datetime], Any]) -> None:
        super().__init__(opening, stand)
        self.vouched: set[Any] = set()
        self.endorsed: set[Any] = set()

    def find(self, statement: str, *columns: sa.types.TypeEngine[Any], **values: Any) -> list[Any]:
        """Return the rows of a plain statement; `:now` is this instant."""
        values["now"] = self.now
        bound = [sa.bindparam(name, value, Instant() if isinstance(value, dt.datetime) else Key())
                 for name, value in values.items() if f":{name}" in statement]
        names = [sa.column(f"c{n}", kind) for n, kind in enumerate(columns)]
        query: Any = sa.text(statement).bindparams(*bound)
        return [tuple(row) for row in db.session.execute(query.columns(*names) if names else query)]

    def none(self, statement: str, **values: Any) -> None:
        """Fail when plain SQL finds any row."""
        assert self.find(statement, **values) == []

    def opened(self) -> list[Opened]:
        """Return what whoever has a link finds behind each one that opens."""
        if Opened in self.known:
            return self.known[Opened]  # type: ignore[no-any-return]
        found = []
        for share in db.session.scalars(sa.select(Share).order_by(Share.created_at, Share.id)):
            opened = links.by_token(share.token_hash, self.now)
            assert opened is not None
            if opened.is_open:
                found.append(Opened(share.id, share.edition_id, share.learner_id, share.created_at,
                                    read.read(opened, self.now)))
        self.known[Opened] = found
        return found

    # --- an endorsement and what came before it ---

    @always
    def an_endorsement_follows_a_facilitators_feedback_on_the_same_experience_read_before_its_request(self) -> None:
        self.none("""
            SELECT n.id FROM endorsement n WHERE NOT EXISTS (
                SELECT 1 FROM feedback f JOIN recognition_request r ON r.feedback_id = f.id
                JOIN membership m ON m.id = f.membership_id
                WHERE r.id = n.request_id AND f.id = n.feedback_id AND f.experience_id = n.experience_id
                AND f.learner_id = n.learner_id AND f.facilitator_id = n.facilitator_id AND m.role = 'facilitator'
                AND f.read_at IS NOT NULL AND f.read_at >= f.visible_at AND f.read_at <= r.asked_at
                AND r.asked_at <= n.offered_at)""")

    @always
    def an_endorsement_follows_its_learners_own_request_for_that_competency(self) -> None:
        self.none("""
            SELECT n.id FROM endorsement n WHERE NOT EXISTS (
                SELECT 1 FROM recognition_request r JOIN requested_competency c ON c.request_id = r.id
                WHERE r.id = n.request_id AND r.learner_id = n.learner_id AND r.experience_id = n.experience_id
                AND r.facilitator_id = n.facilitator_id AND c.competency_id = n.competency_id
                AND r.outcome = 'decided' AND r.closed_at = n.offered_at)""")

    @always
    def nobody_recognises_oneself_or_a_relative(self) -> None:
        self.none("SELECT id FROM endorsement WHERE facilitator_id = learner_id OR is_relative OR NOT endorser_is_adult")
        self.none("SELECT id FROM feedback WHERE facilitator_id = learner_id")

    @always
    def membership_accreditation_and_course_held_when_something_was_recognised(self) -> None:
        refused = {key for key, in self.find("""
            SELECT n.id FROM endorsement n JOIN membership m ON m.id = n.membership_id
            JOIN organisation o ON o.id = m.organisation_id
            WHERE m.account_id <> n.facilitator_id OR m.role <> 'facilitator' OR m.joined_at > n.offered_at
            OR m.ended_at IS NOT NULL OR m.suspended_at IS NOT NULL OR o.closed_at IS NOT NULL
            OR o.suspended_at IS NOT NULL OR o.accredited_at IS NULL OR o.accredited_at > n.offered_at
            OR m.trained_at IS NULL OR m.trained_at > n.offered_at""", Key())}
        assert refused <= self.endorsed
        self.endorsed |= {key for key, in self.find("SELECT id FROM endorsement", Key())}

    def happened(self) -> None:
        """Look at what is new at the moment that made it: what ends the same instant, or by a clock put back, ends after."""
        self.membership_accreditation_and_course_held_when_something_was_recognised()
        self.a_check_was_in_force_when_a_protected_learner_was_answered()

    @always
    def a_check_was_in_force_when_a_protected_learner_was_answered(self) -> None:
        for table, instant in (("endorsement", "offered_at"), ("feedback", "visible_at")):
            rows = self.find(f"""
                SELECT n.id, p.birth_year, p.birth_month, p.protection_chosen, n.{instant}, o.minors_state,
                       (SELECT max(v.expires_on) FROM vetting v WHERE v.membership_id = n.membership_id
                        AND v.account_id = n.facilitator_id AND v.recorded_by_id <> v.account_id
                        AND v.revoked_at IS NULL), o.suspended_at
                FROM {table} n JOIN passport p ON p.learner_id = n.learner_id
                JOIN membership m ON m.id = n.membership_id JOIN organisation o ON o.id = m.organisation_id""",
                Key(), sa.Integer(), sa.Integer(), sa.Boolean(), Instant(), sa.String(), sa.Date(), Instant())
            for key, year, month, chosen, at, minors, until, suspended in rows:
                if key in self.vouched:
                    continue
                self.vouched.add(key)
                there = day_of(at)
                young = year is not None and (there.year - year) * 12 + there.month - month <= 18 * 12
                assert suspended is None
                assert not (chosen or young) or (minors == "allowed" and until is not None and until > there)

    # --- keeping and showing ---

    @always
    def what_is_shown_was_kept_and_permitted_by_its_learner(self) -> None:
        self.none("""
            SELECT i.id FROM edition_item i JOIN endorsement n ON n.id = i.endorsement_id
            WHERE n.accepted_at IS NULL OR n.declined_at IS NOT NULL OR n.learner_id <> i.learner_id OR NOT EXISTS (
                SELECT 1 FROM permission p WHERE p.endorsement_id = n.id AND p.learner_id = n.learner_id
                AND p.given_at = i.permitted_at AND p.accepted_at = n.accepted_at)""")
        self.none("""
            SELECT p.id FROM permission p JOIN endorsement n ON n.id = p.endorsement_id
            WHERE p.ended_at IS NULL AND (n.accepted_at IS NULL OR n.set_aside_at IS NOT NULL
            OR n.withdrawn_at IS NOT NULL)""")

    @always
    def an_open_link_shows_exactly_what_its_learner_and_its_authors_allow_now(self) -> None:
        for share in self.opened():
            reading = share.reading
            recognised = Counter(a.endorsement_id for part in reading.parts for a in part.recognised)
            allowed = Counter(key for key, in self.find(f"""
                SELECT n.id FROM edition_item i JOIN endorsement n ON n.id = i.endorsement_id
                JOIN experience x ON x.id = n.experience_id JOIN authored_text t ON t.id = n.text_id
                JOIN permission p ON p.endorsement_id = n.id AND p.given_at = i.permitted_at
                WHERE i.edition_id = :edition AND p.ended_at IS NULL AND n.set_aside_at IS NULL
                AND n.withdrawn_at IS NULL AND t.hidden_at IS NULL AND NOT {INSIDE}
                AND x.learner_id = :owner AND n.learner_id = :owner""", Key(), edition=share.edition_id,
                owner=share.learner_id))
            assert recognised == allowed
            told = Counter(part.title for part in reading.parts if part.told)
            assert told == Counter(title for title, in self.find(f"""
                SELECT x.title FROM edition_item i JOIN experience x ON x.id = i.experience_id
                WHERE i.edition_id = :edition AND i.kind = 'experience' AND NOT {INSIDE} AND x.learner_id = :owner""",
                sa.String(), edition=share.edition_id, owner=share.learner_id))
            assert Counter(s.words for part in reading.parts for s in part.seen) == Counter(
                words for words, in self.find(f"""
                SELECT v.words FROM edition_item i JOIN testimony y ON y.id = i.testimony_id
                JOIN authored_text t ON t.id = y.text_id JOIN authored_version v ON v.text_id = t.id
                JOIN experience x ON x.id = y.experience_id
                WHERE i.edition_id = :edition AND y.may_be_shown AND y.saw_it AND t.hidden_at IS NULL
                AND t.deliver_after <= :later AND NOT {INSIDE} AND x.learner_id = :owner AND y.learner_id = :owner""",
                sa.String(), edition=share.edition_id, owner=share.learner_id, later=share.created_at))

    @always
    def a_closed_or_expired_link_opens_nothing(self) -> None:
        opens = {share.share_id for share in self.opened()}
        assert opens == {key for key, in self.find(
            "SELECT id FROM share WHERE revoked_at IS NULL AND expires_at > :now", Key())}

    @always
    def a_replaced_or_shut_card_opens_nothing_and_a_card_only_its_owners_open_link(self) -> None:
        for held in db.session.scalars(sa.select(Card).order_by(Card.issued_at, Card.id)):
            found = cards.by_token(held.token_hash)
            opened = cards.opens(found, self.now) if found else None
            allowed = self.find("""
                SELECT s.id FROM card k JOIN share s ON s.id = k.share_id AND s.learner_id = k.learner_id
                WHERE k.id = :card AND k.closed_at IS NULL AND k.opens_until > :now AND s.revoked_at IS NULL
                AND s.expires_at > :now""", Key(), card=held.id)
            assert [key for key, in allowed] == ([opened.id] if opened else [])

    @always
    def under_15_nobody_permits_shows_or_asks_outside_alone_and_minors_links_end_sooner(self) -> None:
        for table, instant in (("permission", "given_at"), ("share", "created_at"), ("witness_invitation", "made_at")):
            for year, month, at in self.find(f"""
                    SELECT p.birth_year, p.birth_month, z.{instant} FROM "{table}" z
                    JOIN passport p ON p.learner_id = z.learner_id WHERE p.birth_year IS NOT NULL""",
                    sa.Integer(), sa.Integer(), Instant()):
                day = day_of(at)
                assert (day.year - year) * 12 + day.month - month > 15 * 12

    # --- what stays inside ---

    @always
    def a_next_step_is_in_no_link_and_in_nobody_elses_reading(self) -> None:
        self.none("SELECT i.id FROM edition_item i JOIN not_yet y ON y.id = i.endorsement_id OR y.id = i.testimony_id")
        kept = self.find("SELECT document FROM edition_item", sa.JSON()) + self.find("SELECT head FROM edition", sa.JSON())
        shown = json.dumps([part for part, in kept]) + repr([share.reading.parts for share in self.opened()])
        for name in ("karim", "nadia", "claire", "farid") if self.kept[NotYet] else ():
            shown += repr(attested.ledger(self.actor(self.cast[name]), self.now, None))
        assert not [secret for secret in self.secret if secret in shown]

    @always
    def what_is_for_oneself_or_deleted_is_in_no_open_request_link_or_count(self) -> None:
        for table, still in (("feedback_request", "closed_at IS NULL"), ("recognition_request", "closed_at IS NULL"),
                             ("access_grant", "closed_at IS NULL"),
                             ("witness_invitation", "used_at IS NULL AND revoked_at IS NULL AND expires_at > :now"),
                             ("edition_item", "position >= 0")):
            self.none(f"SELECT z.id FROM {table} z JOIN experience x ON x.id = z.experience_id"
                      f" WHERE {INSIDE} AND z.{still.replace(' AND ', ' AND z.')}")
        inside = {title for title, in self.find(f"SELECT x.title FROM experience x WHERE {INSIDE}", sa.String())}
        asked = {self.name_of(key) for key, in self.find(
            "SELECT facilitator_id FROM feedback_request WHERE facilitator_id IS NOT NULL"
            " UNION SELECT facilitator_id FROM recognition_request", Key())} if inside else ()
        for name in asked:
            waiting = feedback_queries.inbox(self.actor(self.cast[name]), self.now)
            assert not inside & {line.title for line in waiting}

    @always
    def what_was_opened_is_read_only_by_whoever_was_asked_while_it_is_open(self) -> None:
        for kind, queries in (("feedback_request", feedback_waiting), ("recognition_request", inbox)):
            for (key,) in self.find(f"SELECT id FROM {kind}", Key()):
                found: Any = queries.asked(key, self.now)
                readers = {name for name in PEOPLE if can(
                    self.actor(self.cast[name]), Action.READ_REQUEST, found, self.now, day_of(self.now))}
                rows = self.find(f"""
                    SELECT m.account_id, o.minors_state, (
                        SELECT max(v.expires_on) FROM vetting v WHERE v.membership_id = m.id AND v.revoked_at IS NULL)
                    FROM {kind} r JOIN access_grant g ON g.id = r.grant_id
                    JOIN experience x ON x.id = r.experience_id
                    JOIN membership m ON (m.id = r.membership_id OR (r.membership_id IS NULL AND
                        m.organisation_id = g.organisation_id)) AND m.role = 'facilitator'
                    JOIN organisation o ON o.id = m.organisation_id
                    WHERE r.id = :asked AND g.closed_at IS NULL AND g.closes_at > :now AND NOT {INSIDE}
                    AND m.account_id <> r.learner_id AND m.ended_at IS NULL AND m.suspended_at IS NULL
                    AND o.suspended_at IS NULL AND o.closed_at IS NULL AND NOT EXISTS (
                        SELECT 1 FROM contact_bar b WHERE b.learner_id = r.learner_id
                        AND b.adult_id = m.account_id AND b.lifted_at IS NULL)""",
                    Key(), sa.String(), sa.Date(), asked=key)
                today = day_of(self.now)
                assert readers <= {
                    self.name_of(account) for account, minors, until in rows
                    if not found.learner_protected or (minors == "allowed" and until is not None and until > today)}

    @always
    def what_lies_beside_goes_along_only_where_its_learner_chose_it_and_erased_nowhere(self) -> None:
        for kind in ("feedback_request", "recognition_request"):
            for request, grant, piece in self.find(f"""
                    SELECT r.id, g.grant_id, g.evidence_id FROM {kind} r JOIN granted_evidence g
                    ON g.grant_id = r.grant_id""", Key(), Key(), Key()):
                assert piece in self.along[request]
                assert not self.erased & {there.id for there in feedback_queries.granted_pieces(grant)}

    @always
    def nothing_half_written_outlives_what_it_is_about(self) -> None:
        for form, table in (("feedback", "feedback_request"), ("recognition", "recognition_request")):
            self.none(f"""
                SELECT d.id FROM draft d WHERE d.form = '{form}' AND NOT EXISTS (
                    SELECT 1 FROM {table} r WHERE r.id = d.subject_id AND r.closed_at IS NULL)""")
        self.none("""SELECT d.id FROM draft d WHERE d.form IN ('story', 'ask') AND NOT EXISTS (
            SELECT 1 FROM experience x WHERE x.id = d.subject_id AND x.learner_id = d.account_id)""")

    @always
    def between_a_learner_and_an_adult_set_aside_nothing_stays_open(self) -> None:
        for kind in ("feedback_request", "recognition_request"):
            self.none(f"""
                SELECT r.id FROM {kind} r JOIN contact_bar b ON b.learner_id = r.learner_id
                AND b.adult_id = r.facilitator_id WHERE b.lifted_at IS NULL AND r.closed_at IS NULL""")

    # --- somebody without account ---

    @always
    def the_words_of_somebody_without_account_open_no_recognition(self) -> None:
        self.none("""
            SELECT r.id FROM recognition_request r JOIN feedback f ON f.id = r.feedback_id
            JOIN authored_text t ON t.id = f.text_id
            WHERE t.kind <> 'feedback' OR t.author_id IS NULL OR t.author_id <> f.facilitator_id
            OR EXISTS (SELECT 1 FROM testimony y WHERE y.text_id = t.id)""")

    @always
    def an_invitation_that_was_cancelled_used_or_ended_takes_no_answer(self) -> None:
        for invitation in db.session.scalars(sa.select(WitnessInvitation)):
            facing = witness_queries.by_token(invitation.token_hash, self.now)
            assert facing is not None
            over = (invitation.used_at, invitation.revoked_at) != (None, None) or invitation.expires_at <= self.now
            assert (facing.state is InvitationState.OPEN) is not over

    @always
    def somebody_without_account_answered_once_and_before_the_link_ended(self) -> None:
        self.none("""
            SELECT y.id FROM testimony y JOIN witness_invitation i ON i.id = y.invitation_id
            WHERE i.used_at IS NULL OR i.used_at <> y.written_at OR y.written_at >= i.expires_at
            OR i.learner_id <> y.learner_id OR i.experience_id <> y.experience_id""")
        self.none("SELECT invitation_id FROM testimony GROUP BY invitation_id HAVING count(*) > 1")

    # --- rows ---

    @always
    def no_row_of_one_learner_points_at_anothers(self) -> None:
        self.none(POINTING)
        db.session.rollback()


Run = Callable[[int, int], None]


@pytest.fixture
def live(house: House, database: Path | str, at: Any, request: pytest.FixtureRequest, worker_id: str) -> Run:
    """A function that lives so many lives of so many steps, each on a fresh copy of the cast's database."""
    if isinstance(database, Path):
        template, people = request.getfixturevalue("cast_template")
    else:
        base, name = request.getfixturevalue("postgres_base"), f"life_{worker_id}"
        app = house.open(database)
        with app.app_context():
            people = make_cast(NOON)
            db.session.remove()
        house.close(app)
        cast_in, template = sa.make_url(database).database, str(base.format(db=name))

    def opening() -> tuple[Flask, Cast, Callable[[], None]]:
        if not isinstance(database, Path):
            admin(base, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
                  f'CREATE DATABASE "{name}" TEMPLATE "{cast_in}" STRATEGY FILE_COPY')
        app = house.open(template)
        return app, people, lambda: house.close(app)

    def run(lives: int, steps: int) -> None:
        wanted = os.environ.get("PASSPORT_LIFE_SEED")

        def begin() -> Charter:
            return Charter(opening, at)

        begin_with: Any = begin
        if wanted:
            number = secrets.randbits(32) if wanted == "new" else int(wanted)
            print(f"PASSPORT_LIFE_SEED={number}")  # noqa: T201 - the way to live the same lives again
            begin_with = seed(number)(begin)
        run_state_machine_as_test(begin_with, settings=settings(
            max_examples=lives, stateful_step_count=steps, deadline=None, derandomize=not wanted, database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]))

    return run


def test_the_charter_holds_in_some_lives(live: Run) -> None:
    live(8, 20)


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_charter_holds_in_some_lives_on_postgresql(live: Run) -> None:
    live(10, 20)


@pytest.mark.slow
def test_the_charter_holds_in_many_lives(live: Run) -> None:
    live(16, 40)
