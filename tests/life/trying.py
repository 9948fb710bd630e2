"""Who lives, and what trying something means: done or refused as a whole, and once when it is done twice."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from passport.clock import day_of
from passport.columns import Base
from passport.experiences.models import Evidence, Experience
from passport.extensions import db
from passport.feedback import queries as feedback_queries
from passport.feedback.models import AuthoredText, Feedback, FeedbackRequest
from passport.policy import Action, Actor, Role, can
from passport.recognition.models import Endorsement, NotYet, RecognitionRequest
from passport.refusals import Refused
from passport.sharing.models import Share
from passport.transaction import transaction
from passport.witnesses.models import Testimony, WitnessInvitation
from tests import world
from tests.cast import Cast

START = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
LEARNERS = ("lea", "tom", "youth", "chosen", "karim")
FACILITATORS = ("karim", "nadia", "hugo", "novice")
MANAGERS = {"library": "claire", "club": "farid"}
PEOPLE = ("lea", "tom", "youth", "chosen", "karim", "nadia", "hugo", "novice", "claire", "farid", "sofia", "stranger")
HOUSE = {"karim": "library", "hugo": "library", "novice": "library", "nadia": "club"}
HOURS = (1, 5, 11, 24, 24 * 8, 24 * 14, 24 * 31, 24 * 61, 24 * 200, 24 * 600, -1, -24 * 2, -24 * 40)
N = st.integers(0, 5)
LEARNER = st.sampled_from(LEARNERS)
WHO = st.sampled_from(("karim", "karim", "nadia", "hugo", "novice"))
ANYBODY = st.sampled_from((None, None, None, None, *PEOPLE))
PICTURE = "picture"
STANDING = {"framework", "framework_version", "competency", "wording", "alignment", "search_text"}
Opening = Callable[[], tuple[Flask, Cast, Callable[[], None]]]


def photographed() -> dict[str, int]:
    """Return what tells whether anything changed, table by table."""
    tables, connection = sorted(Base.metadata.tables.keys() - STANDING), db.session.connection()
    if connection.dialect.name == "postgresql":
        statement = " UNION ALL ".join(
            f"SELECT '{name}', sum(hashtextextended(t::text, 0)) FROM \"{name}\" t" for name in tables)
        return dict(map(tuple, connection.exec_driver_sql(statement)))
    cursor = connection.connection.cursor()
    return {name: hash(frozenset(cursor.execute(f'SELECT * FROM "{name}"'))) for name in tables}


def quietly(do: Callable[..., Any], *given: Any) -> None:
    """Do it and say nothing of how many things it changed."""
    do(*given)


class Trying(RuleBasedStateMachine):
    """People of the cast who try everything; `opening` gives each life its own database and a way to let go of it."""

    def __init__(self, opening: Opening, stand: Callable[[dt.datetime], Any]) -> None:
        super().__init__()
        self.app, self.cast, self.let_go = opening()
        self.context = self.app.test_request_context("/")
        self.context.push()
        self.stand, self.now, self.count = stand, START, 0
        stand(START)
        # Ids in the order in which they came: a choice by number is the same each time a life is lived again.
        self.kept: dict[Any, list[Any]] = {m: [] for m in (
            Experience, FeedbackRequest, Feedback, RecognitionRequest, Endorsement, NotYet, Share, WitnessInvitation,
            Testimony, AuthoredText, Evidence)}
        self.kept[Experience] += [self.cast[name] for name in ("lea_x", "lea_me", "tom_x", "youth_x")]
        self.secret: list[str] = []
        # What was chosen to go along with each request, and what was erased.
        self.along: dict[Any, frozenset[Any]] = {}
        self.erased: set[Any] = set()
        # Forms that were sent, by what they made, so that they can come once more much later.
        self.sent: list[tuple[Any, Any, Callable[[], Any]]] = []
        # What was looked up since something changed, or time passed.
        self.known: dict[Any, Any] = {}
        self.actors: dict[Any, dict[uuid.UUID, Actor]] = {}

    def teardown(self) -> None:
        """Let go of the database."""
        db.session.rollback()
        self.context.pop()
        self.let_go()

    # --- trying ---

    def picture(self) -> dict[str, int]:
        """Return what tells whether anything changed, table by table."""
        if PICTURE not in self.known:
            self.known[PICTURE] = photographed()
            db.session.rollback()
        return self.known[PICTURE]

    def attempt(self, do: Callable[[], Any], refusable: bool = True, again: bool = False) -> Any:
        """Do it in one transaction; refused, nothing may have changed; with `again`, twice changes nothing more."""
        before = self.picture()
        try:
            with transaction():
                made = do()
                key = getattr(made, "id", made)
        except Refused:
            assert refusable, "what one gave can always be taken back"
            assert photographed() == before, "refused, and yet something changed"
            db.session.rollback()
            return None
        self.known.clear()
        self.happened()
        if again:
            after = self.picture()
            with transaction():
                assert getattr(do(), "id", None) == key, "sent twice, it is another thing"
            assert photographed() == after, "done twice, something more changed"
            db.session.rollback()
        return key

    def happened(self) -> None:
        """Be told that something was done; a charter looks at it while everything is as it was then."""

    def may(self, name: str | None, owner: uuid.UUID, action: Action, thing: Any) -> bool:
        """Say whether somebody (the owner when no name is given) may do this; for others it must be closed."""
        return bool(can(self.actor(self.cast[name] if name else owner), action, thing, self.now, day_of(self.now)))

    def actor(self, account_id: uuid.UUID) -> Actor:
        """Return the policy's view of one account as it stands."""
        stands = tuple(self.picture()[table] for table in ("membership", "organisation", "passport", "vetting"))
        known = self.actors.setdefault(stands, {})
        if account_id not in known:
            known[account_id] = world.accounts_actor(account_id)
        return known[account_id]

    def mine(self, name: str | None, action: Action, thing: Any, do: Callable[[], Any], **how: bool) -> Any:
        """Let somebody try what only the learner concerned may do."""
        owner = thing.learner_id
        allowed = self.may(name, owner, action, thing)
        assert not allowed or name is None or self.cast[name] == owner, f"{name} may {action}"
        return self.attempt(do, **how) if allowed else None

    def keep(self, model: Any, key: Any) -> Any:
        """Remember a new thing by its id and return it."""
        if key is not None and key not in self.kept[model]:
            self.kept[model].append(key)
        return key

    def keep_sent(self, model: Any, key: Any, send: Callable[[], Any]) -> Any:
        """Remember a new thing and the form that made it; `send` sends that form again."""
        if key is not None and key not in self.kept[model]:
            self.sent.append((model, key, send))
        return self.keep(model, key)

    def some(self, model: Any, n: int) -> Any:
        """Return the n-th newest thing of a kind that is still there, or None."""
        known = self.kept[model]
        return db.session.get(model, known[-1 - n % len(known)], populate_existing=True) if known else None

    def pieces(self) -> frozenset[Any]:
        """Return the newest pieces of all: whose they are is for the services to see."""
        return frozenset(self.kept[Evidence][-4:])

    def number(self) -> int:
        """Return a number that was not used before in this life."""
        self.count += 1
        return self.count

    def submission(self) -> uuid.UUID:
        """Return the number of a new form."""
        return uuid.uuid5(uuid.NAMESPACE_URL, str(self.number()))

    def role(self, who: str) -> Role | None:
        """Return the role of a facilitator as it stands."""
        return feedback_queries.role_of(self.cast[f"m_{who}"])

    def name_of(self, account_id: uuid.UUID) -> str:
        """Return who of the cast this is."""
        return next(name for name in PEOPLE if self.cast[name] == account_id)
