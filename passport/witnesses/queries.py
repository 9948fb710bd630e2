"""What is shown of somebody without account: to the learner, to themself by their link, and to the rooms that show it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from ..accounts import queries as accounts
from ..accounts import rules as age
from ..accounts.models import Account, Passport, Protection
from ..clock import day_of
from ..experiences.models import Experience, Revision
from ..extensions import db
from ..feedback.models import AuthoredText, AuthoredVersion
from ..feedback.queries import EXCHANGES, PER_PAGE, ClaimLine, ExchangeLine, day_words
from ..seal import unseal
from . import ready, rules
from .models import Testimony, WitnessInvitation
from .rules import InvitationState

MOST = 50
KEPT_TOLD = dt.timedelta(days=30)


# ---------- words ----------


def who_words(name: str | None) -> str:
    """Return how somebody without account is called in a title."""
    return name or str(_("Une personne qui était là"))


def provenance_words(name: str | None, relation: str, is_relative: bool) -> str:
    """Return who saw it, after « Vu »: « par Mme Petit, voisine »; a relative is said to be one."""
    family = ready.RELATIONS[ready.FAMILY]
    parts = [name or str(_("une personne qui était là")), relation]
    if is_relative and relation not in {family.fr, family.en}:
        parts.append(str(_("de la famille")))
    return str(_("par %(who)s", who=", ".join(parts)))


# ---------- somebody's words ----------


@dataclass(frozen=True)
class Words:
    """What somebody without account said, on its learner's side; `words` is None when they are hidden."""

    id: uuid.UUID
    learner_id: uuid.UUID
    experience_id: uuid.UUID
    text_id: uuid.UUID
    name: str | None
    relation: str
    is_relative: bool
    words: str | None
    read_at: dt.datetime | None
    visible_at: dt.datetime
    seen: rules.Seen

    @property
    def who(self) -> str:
        """Return how this person is called in a title."""
        return who_words(self.name)

    @property
    def provenance(self) -> str:
        """Return who saw it, after « Vu »."""
        return provenance_words(self.name, self.relation, self.is_relative)

    @property
    def refusal(self) -> Any:
        """Return why it cannot be shown now, or None."""
        return rules.refusal_to_show(self.seen)

    @property
    def document(self) -> dict[str, Any]:
        """Return it as a link freezes it."""
        return {"words": self.words, "name": self.name, "relation": self.relation, "is_relative": self.is_relative,
                "on": day_of(self.visible_at).isoformat()}


def _words(testimony: Testimony, text: AuthoredText, words: str) -> Words:
    return Words(
        testimony.id, testimony.learner_id, testimony.experience_id, text.id, testimony.witness_name,
        testimony.relation, testimony.is_relative, None if text.hidden_at is not None else words, testimony.read_at,
        text.deliver_after, rules.Seen(text.deliver_after, testimony.saw_it, testimony.may_be_shown, text.hidden_at),
    )


def _arrived(*which: sa.ColumnElement[bool]) -> list[Words]:
    rows = db.session.execute(
        sa.select(Testimony, AuthoredText, AuthoredVersion.words)
        .join(AuthoredText, AuthoredText.id == Testimony.text_id)
        .join(AuthoredVersion, AuthoredVersion.text_id == AuthoredText.id)
        .where(*which).order_by(Testimony.written_at, Testimony.id).limit(MOST * PER_PAGE)
    )
    return [_words(*row) for row in rows]


def shareable(learner_id: uuid.UUID, now: dt.datetime) -> list[Words]:
    """Return every word of somebody without account that has arrived, shown or not; one statement."""
    return _arrived(Testimony.learner_id == learner_id, AuthoredText.deliver_after <= now)


def live_items(learner_id: uuid.UUID, testimony_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Words]:
    """Return those of these words that may be shown now, by id; one statement, none for none."""
    if not testimony_ids:
        return {}
    found = _arrived(Testimony.learner_id == learner_id, Testimony.id.in_(testimony_ids))
    return {line.id: line for line in found if line.refusal is None}


def testimony(key: uuid.UUID, now: dt.datetime) -> Testimony | None:
    """Return somebody's words that have arrived, for their learner."""
    return db.session.scalars(
        sa.select(Testimony).join(AuthoredText, AuthoredText.id == Testimony.text_id)
        .where(Testimony.id == key, AuthoredText.deliver_after <= now)
    ).one_or_none()


# ---------- the learner ----------


@dataclass(frozen=True)
class Invited:
    """One invitation on its learner's side, with the words that came of it; until they arrive it looks like waiting."""

    id: uuid.UUID
    learner_id: uuid.UUID
    experience_id: uuid.UUID
    title: str
    made_at: dt.datetime
    expires_at: dt.datetime
    state: InvitationState
    words: Words | None
    held: bool

    @property
    def waits(self) -> bool:
        """Say whether it looks like waiting."""
        return self.held or self.state is InvitationState.OPEN

    @property
    def may_cancel(self) -> bool:
        """Say whether it can still be taken back."""
        return self.state is InvitationState.OPEN

    @property
    def asked_words(self) -> str:
        """Return that somebody without account was asked, and when."""
        return str(_("Demandé à quelqu’un sans compte le %(day)s", day=day_words(self.made_at)))

    @property
    def asked_on(self) -> str:
        """Return the day on which it was made, in words."""
        return day_words(self.made_at)

    @property
    def ends(self) -> str:
        """Return its last day, in words."""
        return day_words(self.expires_at)


def _consented(now: dt.datetime) -> sa.ColumnElement[bool]:
    return accounts.stands(WitnessInvitation.guardian_consent_id, now).label("consented")


def state_of(found: WitnessInvitation, now: dt.datetime) -> InvitationState:
    """Return where an invitation stands, the consent it may need included."""
    consented = db.session.scalar(sa.select(_consented(now)).where(WitnessInvitation.id == found.id))
    return rules.invitation_state(found.expires_at, found.used_at, found.revoked_at, now, bool(consented))


def _invited(now: dt.datetime, most: int, *which: sa.ColumnElement[bool]) -> list[Invited]:
    rows = db.session.execute(
        sa.select(WitnessInvitation, _consented(now), Experience.title, Testimony, AuthoredText, AuthoredVersion.words)
        .join(Experience, Experience.id == WitnessInvitation.experience_id)
        .outerjoin(Testimony, Testimony.invitation_id == WitnessInvitation.id)
        .outerjoin(AuthoredText, AuthoredText.id == Testimony.text_id)
        .outerjoin(AuthoredVersion, AuthoredVersion.text_id == Testimony.text_id)
        .where(Experience.deleted_at.is_(None), sa.or_(
            Testimony.id.is_not(None),
            sa.and_(WitnessInvitation.used_at.is_(None), WitnessInvitation.revoked_at.is_(None),
                    WitnessInvitation.expires_at > now - KEPT_TOLD)), *which)
        .order_by(WitnessInvitation.made_at.desc(), WitnessInvitation.id.desc()).limit(most)
    )
    found = []
    for invitation, consented, title, given, text, words in rows:
        arrived = _words(given, text, words) if given is not None and text.deliver_after <= now else None
        found.append(Invited(
            invitation.id, invitation.learner_id, invitation.experience_id, title, invitation.made_at,
            invitation.expires_at,
            rules.invitation_state(invitation.expires_at, invitation.used_at, invitation.revoked_at, now, bool(consented)),
            arrived,
            held=given is not None and arrived is None,
        ))
    return found


def of_experience(experience_id: uuid.UUID, now: dt.datetime) -> list[Invited]:
    """Return the invitations about one experience with the words that came of them, newest first; one statement."""
    return _invited(now, MOST, WitnessInvitation.experience_id == experience_id)


def invitation(key: uuid.UUID) -> WitnessInvitation | None:
    """Return one invitation."""
    return db.session.get(WitnessInvitation, key)


def revision(found: WitnessInvitation) -> Revision:
    """Return the state of the story that an invitation shows."""
    return db.session.get_one(Revision, found.revision_id)


def token_of(found: WitnessInvitation) -> str:
    """Return the token of an invitation, for its learner."""
    return unseal(found.token_sealed)


def witness_exchanges(learner_id: uuid.UUID, now: dt.datetime) -> list[ExchangeLine]:
    """Return the invitations of a learner and what came of them, as lines of « Échanges »."""
    return [_line(found) for found in _invited(now, PER_PAGE, WitnessInvitation.learner_id == learner_id)]


def _line(found: Invited) -> ExchangeLine:
    there = url_for("experiences.experience", key=found.experience_id)
    if found.words is not None:
        words = found.words
        if words.words is None:
            return ExchangeLine(words.visible_at, "talk", words.who, _("Ce texte est caché."), there)
        if words.read_at is None:
            return ExchangeLine(words.visible_at, "talk", _("%(who)s vous a répondu", who=words.who), found.title,
                                url_for("witnesses.read", key=words.id), to_do=True, action=_("Lire"))
        return ExchangeLine(words.visible_at, "seen", _("Vu %(who)s", who=words.provenance), found.title, there)
    if found.waits:
        return ExchangeLine(
            found.made_at, "told", found.asked_words, found.title, url_for("witnesses.ready", key=found.id),
            buttons=((url_for("witnesses.cancel", key=found.id), _("Annuler ce lien")),) if found.may_cancel else (),
        )
    return ExchangeLine(found.expires_at, "talk", _("Personne n’a répondu par le lien"), found.title, there,
                        links=((url_for("feedback.ask", key=found.experience_id), _("Demander à quelqu’un d’autre")),))


# ---------- what the invitation shows ----------


def claims_shown(found: WitnessInvitation) -> list[ClaimLine]:
    """Return the « je » sentences that go along with an invitation, as they stood then."""
    language = "en" if str(get_locale()) == "en" else "fr"
    shown: Any = found.shown
    return [ClaimLine(c["competency"], c["text"][language], c["step"]) for c in shown["claims"]]


def name_shown(found: WitnessInvitation) -> str:
    """Return the name under which the learner asks."""
    return str(found.shown["name"])


@dataclass(frozen=True)
class Facing:
    """An invitation on the side of whoever opens its link, with what they said by it."""

    invitation: WitnessInvitation
    revision: Revision
    state: InvitationState
    ready_only: bool
    testimony: Testimony | None
    words: str | None
    visible_at: dt.datetime | None

    @property
    def learner(self) -> str:
        """Return the name under which the learner asks."""
        return name_shown(self.invitation)

    @property
    def provenance(self) -> str:
        """Return who said it, after « Vu »."""
        assert self.testimony is not None
        return provenance_words(self.testimony.witness_name, self.testimony.relation, self.testimony.is_relative)


def ready_only(
    birth_year: int | None, birth_month: int | None, chosen: bool, words_chosen: bool, now: dt.datetime
) -> bool:
    """Say whether somebody without account says ready sentences only to this learner today."""
    today = day_of(now)
    return rules.says_ready_only(
        age.is_protected(birth_year, birth_month, chosen, today),
        not age.has_turned(birth_year, birth_month, age.ADULT, today), words_chosen)


def by_token(token_hash: bytes, now: dt.datetime) -> Facing | None:
    """Return the invitation of a token, whatever its state, or None when there is none; one statement."""
    row = db.session.execute(
        sa.select(WitnessInvitation, _consented(now), Revision, Passport, Testimony, AuthoredVersion.words,
                  AuthoredText.deliver_after, Protection.witness_words)
        .join(Revision, Revision.id == WitnessInvitation.revision_id)
        .join(Passport, Passport.learner_id == WitnessInvitation.learner_id)
        .join(Account, Account.id == WitnessInvitation.learner_id)
        .outerjoin(Protection, Protection.learner_id == WitnessInvitation.learner_id)
        .outerjoin(Testimony, Testimony.invitation_id == WitnessInvitation.id)
        .outerjoin(AuthoredText, AuthoredText.id == Testimony.text_id)
        .outerjoin(AuthoredVersion, AuthoredVersion.text_id == Testimony.text_id)
        .where(WitnessInvitation.token_hash == token_hash, Account.erased_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    found, passport = row.WitnessInvitation, row.Passport
    return Facing(
        found, row.Revision,
        rules.invitation_state(found.expires_at, found.used_at, found.revoked_at, now, bool(row.consented)),
        ready_only(passport.birth_year, passport.birth_month, passport.protection_chosen, bool(row.witness_words), now),
        row.Testimony, row.words, row.deliver_after,
    )


EXCHANGES.append(witness_exchanges)
