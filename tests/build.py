"""Building what a test needs, straight into the tables: short, explicit, with past times where asked."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any

from passport.accounts.models import Account, Passport
from passport.clock import day_of
from passport.columns import uuid7
from passport.experiences.models import Experience
from passport.experiences.service import digest_of_story
from passport.extensions import db
from passport.organisations import rules
from passport.organisations.models import Joined, Membership, Organisation, Vetting
from passport.organisations.queries import sort_key

PASSPHRASE = "quatre-mots-pour-alpha-2026"
LONG_AGO = dt.timedelta(days=200)


def account(name: str, now: dt.datetime, born: tuple[int, int] | None = None, **more: Any) -> Account:
    """Add somebody with a passport; `born` is (year, month) for whoever is under 18."""
    who = Account(id=uuid7(), identifier=f"{name}-{uuid.uuid4().hex[:6]}", display_name=more.pop("display_name", name.title()),
                  language=more.pop("language", "fr"), created_at=now - LONG_AGO, last_active_on=day_of(now))
    db.session.add(who)
    db.session.flush()
    db.session.add(Passport(learner_id=who.id, birth_year=born[0] if born else None,
                            birth_month=born[1] if born else None, **more))
    db.session.flush()
    return who


def organisation(name: str, now: dt.datetime, kind: str = "association", **more: Any) -> Organisation:
    """Add an accredited organisation that may welcome minors; `lead` answers for that, somebody new if nobody is named."""
    lead = more.pop("lead", None)
    if more.get("minors_state", "allowed") == "allowed":
        lead = lead or account("lead", now)
        more = {"minors_lead_id": lead.id, "minors_charter_version": "2026-11", "minors_charter_at": now - LONG_AGO,
                "minors_charter_by_id": lead.id, **more}
    body = Organisation(id=uuid7(), name=name, sort_key=sort_key(name), kind=kind, sector=more.pop("sector", "voluntary"),
                        minors_state=more.pop("minors_state", "allowed"), requested_at=now - LONG_AGO,
                        accredited_at=more.pop("accredited_at", now - LONG_AGO), **more)
    db.session.add(body)
    db.session.flush()
    return body


def membership(who: Account, body: Organisation, role: str, now: dt.datetime, **more: Any) -> Membership:
    """Add a role held since long, with the charter accepted."""
    since = now - LONG_AGO
    row = Membership(id=uuid7(), organisation_id=body.id, organisation_kind=body.kind, account_id=who.id, role=role,
                     **{"title": "animateur", "invited_at": since, "joined_at": since, "identity_confirmed_at": since,
                        "charter_version": "2026-11", "charter_accepted_at": since, "trained_at": since, **more})
    db.session.add(row)
    db.session.flush()
    return row


def vetting(member: Membership, by: Account, now: dt.datetime, days: int = 100, **more: Any) -> Vetting:
    """Add a check in force for some days more."""
    today = day_of(now)
    row = Vetting(id=uuid7(), membership_id=member.id, account_id=member.account_id, recorded_by_id=by.id,
                  **{"kind": rules.LAWFUL[member.organisation_kind][0], "checked_on": today - dt.timedelta(days=90),
                     "expires_on": today + dt.timedelta(days=days), "authenticity": True,
                     "recorded_at": now - dt.timedelta(days=90), **more})
    db.session.add(row)
    db.session.flush()
    return row


def joined(who: Account, body: Organisation, now: dt.datetime) -> Joined:
    """Add that a learner joined an organisation."""
    row = Joined(id=uuid7(), learner_id=who.id, organisation_id=body.id, source="code", joined_at=now - LONG_AGO)
    db.session.add(row)
    db.session.flush()
    return row


def experience(learner_id: uuid.UUID, title: str, now: dt.datetime, **more: Any) -> Experience:
    """Add an experience straight into its table."""
    day = more.get("started_on") or day_of(now)
    row = Experience(id=uuid7(), learner_id=learner_id, submission=uuid.uuid4(),
                     submission_digest=hashlib.sha256(title.encode()).digest(), title=title, sort_on=day,
                     created_at=now, changed_at=now, **{"when_precision": "day", "ongoing": False, **more})
    row.story_digest = digest_of_story(row)
    db.session.add(row)
    db.session.flush()
    return row
