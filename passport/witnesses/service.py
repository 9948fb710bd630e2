"""What changes when somebody without account is asked, answers, or takes their words back."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app

from ..accounts import protection
from ..accounts import queries as accounts
from ..accounts import rules as age
from ..accounts.models import Account, Passport, Protection
from ..audit.service import record
from ..clock import day_of
from ..columns import uuid7
from ..experiences import service as experiences
from ..experiences.models import Claim, Experience
from ..extensions import db
from ..feedback import contacts
from ..feedback.models import AuthoredText, AuthoredVersion
from ..feedback.service import write_text
from ..frameworks.models import Wording
from ..notices import service as notices
from ..notices.keeping import Goes, forget_daily, unneeded
from ..refusals import Refusal, Refused
from ..retention import kept
from ..seal import digest_of as hash_of
from ..seal import new_token, seal
from ..submissions import digest_of, kept_before
from . import queries, ready, rules
from .models import Testimony, WitnessInvitation

NOTICE = "testimony_given"


@dataclass(frozen=True)
class InvitationDraft:
    """What a learner lets somebody without account read, besides the experience itself."""

    competency_ids: tuple[int, ...]
    name_form: str
    shown_name: str | None
    submission: uuid.UUID


@dataclass(frozen=True)
class WitnessDraft:
    """What somebody who was there says."""

    relation: str | None
    own_relation: str | None
    is_relative: bool
    saw_it: bool
    is_minor: bool
    name_form: str
    name: str | None
    words: str | None
    sentences: tuple[str, ...]
    may_be_shown: bool
    submission: uuid.UUID

    def facts(self) -> rules.Saying:
        """Return what the rules weigh."""
        return rules.Saying(self.relation, self.own_relation, self.is_minor, self.saw_it, self.name_form, self.name,
                            self.words, self.sentences, self.may_be_shown)


# ---------- the learner ----------


def invite(experience: Experience, draft: InvitationDraft, now: dt.datetime) -> WitnessInvitation:
    """Open a one-time link to one experience as it stands, for 14 days, under the chosen name. Raises Refused."""
    learner_id = experience.learner_id
    digest = digest_of({"experience": experience.id, "claims": sorted(draft.competency_ids),
                        "name_form": draft.name_form, "shown_name": draft.shown_name})
    before = kept_before(WitnessInvitation, WitnessInvitation.learner_id, learner_id, draft.submission, digest)
    if before is not None:
        return before  # type: ignore[no-any-return]
    db.session.refresh(experience, with_for_update=True)
    born_year, born_month, display_name, waiting = db.session.execute(
        sa.select(Passport.birth_year, Passport.birth_month, Account.display_name,
                  sa.select(sa.func.count()).where(*_open(experience.id, now)).scalar_subquery())
        .join(Account, Account.id == Passport.learner_id).where(Passport.learner_id == learner_id)
    ).one()
    band = age.band(born_year, born_month, day_of(now))
    alone = age.has_turned(born_year, born_month, age.SHOWS_ALONE, day_of(now))
    consent_id = None if alone else accounts.consents(learner_id, now).get(age.WITNESS)
    refusal = (rules.refusal_to_invite(band, experience.for_me_only, experience.deleted_at, waiting, consent_id is not None)
               or age.refusal_of_name_form(band, draft.name_form, draft.shown_name, current_app.config["CITY"].name))
    if refusal is not None:
        raise Refused(refusal, "shown_name" if refusal is Refusal.NAME_MISSING else None)
    token = new_token()
    invitation = WitnessInvitation(
        id=uuid7(), learner_id=learner_id, experience_id=experience.id,
        revision_id=experiences.keep_revision(experience, now).id, submission=draft.submission,
        submission_digest=digest, token_hash=hash_of(token), token_sealed=seal(token), made_at=now,
        guardian_consent_id=consent_id, expires_at=rules.ends_at(now),
        shown={"name": (draft.shown_name if draft.name_form == age.WRITTEN else display_name) or "",
               "claims": _claims(experience.id, draft.competency_ids)},
    )
    db.session.add(invitation)
    db.session.flush()
    record("witnesses.invite", learner_id, now, invitation.id)
    return invitation


def _open(experience_id: uuid.UUID, now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (WitnessInvitation.experience_id == experience_id, WitnessInvitation.used_at.is_(None),
            WitnessInvitation.revoked_at.is_(None), WitnessInvitation.expires_at > now,
            accounts.stands(WitnessInvitation.guardian_consent_id, now))


def _claims(experience_id: uuid.UUID, competency_ids: tuple[int, ...]) -> list[dict[str, Any]]:
    if not competency_ids:
        return []
    rows = db.session.execute(
        sa.select(Claim, Wording).join(Wording, Wording.id == Claim.wording_id)
        .where(Claim.experience_id == experience_id, Claim.competency_id.in_(competency_ids))
        .order_by(Claim.claimed_at, Claim.id)
    )
    return [{"competency": claim.competency_id, "step": claim.step,
             "text": {"fr": wording.text_fr, "en": wording.text_en}} for claim, wording in rows]


def cancel(invitation: WitnessInvitation, now: dt.datetime) -> None:
    """Close an invitation at once; doing it twice is doing it once. Raises Refused when it was answered."""
    db.session.refresh(invitation, with_for_update=True)
    state = rules.invitation_state(invitation.expires_at, invitation.used_at, invitation.revoked_at, now)
    if state is rules.InvitationState.USED:
        raise Refused(Refusal.REQUEST_CLOSED)
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        db.session.flush()
        record("witnesses.cancel", invitation.learner_id, now, invitation.id)


def close_experience(learner_id: uuid.UUID, experience_id: uuid.UUID, now: dt.datetime) -> None:
    """Close every open invitation about an experience that stays inside from now on."""
    db.session.execute(
        sa.update(WitnessInvitation)
        .where(WitnessInvitation.learner_id == learner_id, *_open(experience_id, now)).values(revoked_at=now),
        execution_options={"synchronize_session": False},
    )


def close_all(learner_id: uuid.UUID, now: dt.datetime) -> None:
    """Close every open invitation of a learner who leaves."""
    db.session.execute(
        sa.update(WitnessInvitation)
        .where(WitnessInvitation.learner_id == learner_id, WitnessInvitation.used_at.is_(None),
               WitnessInvitation.revoked_at.is_(None)).values(revoked_at=now),
        execution_options={"synchronize_session": False},
    )


def close_consented(consent_id: uuid.UUID, now: dt.datetime) -> None:
    """Close every open invitation that stands on a consent of two that is over."""
    db.session.execute(
        sa.update(WitnessInvitation)
        .where(WitnessInvitation.guardian_consent_id == consent_id, WitnessInvitation.used_at.is_(None),
               WitnessInvitation.revoked_at.is_(None)).values(revoked_at=now),
        execution_options={"synchronize_session": False},
    )


def note_read(testimony: Testimony, now: dt.datetime) -> None:
    """Keep that the learner read somebody's words, said by an act of theirs."""
    if testimony.read_at is None:
        testimony.read_at = now
        db.session.flush()
    notices.settle(testimony.learner_id, testimony.id, now, NOTICE)


# ---------- somebody without account ----------


def answer(invitation: WitnessInvitation, draft: WitnessDraft, now: dt.datetime) -> Testimony:
    """Keep what somebody without account says, once; sent twice it is kept once. Raises Refused."""
    db.session.refresh(invitation, with_for_update=True)
    learner_id = invitation.learner_id
    language, born_year, born_month, chosen, words_chosen = db.session.execute(
        sa.select(Account.language, Passport.birth_year, Passport.birth_month, Passport.protection_chosen,
                  Protection.witness_words)
        .join(Passport, Passport.learner_id == Account.id)
        .outerjoin(Protection, Protection.learner_id == Account.id).where(Account.id == learner_id)
    ).one()
    said = _said(draft, language)
    before = db.session.scalars(sa.select(Testimony).where(Testimony.invitation_id == invitation.id)).one_or_none()
    if before is not None:
        return _again(before, draft, said)
    state = queries.state_of(invitation, now)
    protected = age.is_protected(born_year, born_month, chosen, day_of(now))
    now = max(now, invitation.made_at)
    refusal = rules.refusal_to_answer(state)
    if refusal is not None:
        raise Refused(refusal)
    ready_only = queries.ready_only(born_year, born_month, chosen, bool(words_chosen), now)
    for field, refusal in rules.refusals(draft.facts(), ready_only, ready.RELATIONS, ready.OBSERVATIONS):
        raise Refused(refusal, field)
    contacts.stop(protected, {"words": draft.words, "own_relation": draft.own_relation})
    text = write_text("testimony", learner_id, invitation.experience_id, None, None, protected, said["words"], None,
                      None, now)
    testimony = Testimony(
        id=uuid7(), learner_id=learner_id, experience_id=invitation.experience_id, invitation_id=invitation.id,
        text_id=text.id, submission=draft.submission, deletion_hash=invitation.token_hash, name_form=draft.name_form,
        is_minor=draft.is_minor, saw_it=draft.saw_it, may_be_shown=draft.may_be_shown, written_at=now,
        witness_name=said["name"], relation=said["relation"], is_relative=said["is_relative"],
    )
    db.session.add(testimony)
    invitation.used_at = now
    db.session.flush()
    notices.tell(learner_id, NOTICE, testimony.id, now, visible_at=text.deliver_after)
    record("witnesses.answer", None, now, testimony.id)
    return testimony


def _said(draft: WitnessDraft, language: str) -> dict[str, Any]:
    """Return what is kept, as text in the learner's language where it was chosen from a list."""
    known = ready.RELATIONS.get(draft.relation or "")
    words = " ".join(ready.OBSERVATIONS[code].text(language) for code in draft.sentences if code in ready.OBSERVATIONS)
    return {
        "words": draft.words or words, "name": draft.name if draft.name_form != rules.ROLE else None,
        "relation": draft.own_relation or (known.text(language) if known else ""),
        "is_relative": draft.is_relative or (not draft.own_relation and draft.relation == ready.FAMILY),
    }


def _again(before: Testimony, draft: WitnessDraft, said: dict[str, Any]) -> Testimony:
    if before.submission != draft.submission:
        raise Refused(Refusal.INVITATION_CLOSED)
    words = db.session.scalar(sa.select(AuthoredVersion.words).where(AuthoredVersion.text_id == before.text_id))
    same = (words, before.witness_name, before.relation, before.is_relative, before.name_form, before.is_minor,
            before.saw_it) == (said["words"], said["name"], said["relation"], said["is_relative"], draft.name_form,
                               draft.is_minor, draft.saw_it)
    if not same:
        raise Refused(Refusal.SENT_OTHERWISE)
    return before


def take_back_permission(testimony: Testimony, now: dt.datetime) -> None:
    """Let these words be shown to nobody any more, with effect at once; they stay with the learner."""
    db.session.refresh(testimony, with_for_update=True)
    if testimony.may_be_shown:
        testimony.may_be_shown = False
        db.session.flush()
        record("witnesses.take_back", None, now, testimony.id)


def erase(testimony: Testimony, by: uuid.UUID | None, now: dt.datetime) -> None:
    """Erase somebody's words, name and all, from the passport and from every link; `by` is None for the witness.

    Raises Refused while they are kept for a case: its learner may erase them all the same.
    """
    # A link that is being made waits, and finds them gone.
    db.session.execute(sa.select(Experience.id).where(Experience.id == testimony.experience_id).with_for_update())
    text = db.session.get(AuthoredText, testimony.text_id, populate_existing=True)
    if text is not None:
        refusal = rules.refusal_to_erase(text.frozen_at is not None, by is not None)
        if refusal is not None:
            raise Refused(refusal)
        text.frozen_at = None
        db.session.flush()
        db.session.expunge(text)
    for model, which in ((Testimony, Testimony.id == testimony.id),
                         (AuthoredVersion, AuthoredVersion.text_id == testimony.text_id),
                         (AuthoredText, AuthoredText.id == testimony.text_id)):
        db.session.execute(sa.delete(model).where(which), execution_options={"synchronize_session": False})
    db.session.expunge(testimony)
    notices.withdraw(testimony.id, NOTICE)
    record("witnesses.erase", by, now, testimony.id)


def erase_experience(experience_id: uuid.UUID) -> None:
    """Delete the invitations about an experience that is erased, and what people without account said of it."""
    notices.forget(sa.select(Testimony.id).where(Testimony.experience_id == experience_id))
    for model in (Testimony, WitnessInvitation):
        db.session.execute(sa.delete(model).where(model.experience_id == experience_id),
                           execution_options={"synchronize_session": False})


def grow_younger(learner_id: uuid.UUID, band: age.Band, now: dt.datetime) -> None:
    """Close the open invitations of somebody who is under 15: asking somebody without account is decided by two."""
    if rules.refusal_to_invite(band, False, None, 0) is not None:
        db.session.execute(
            sa.update(WitnessInvitation)
            .where(WitnessInvitation.learner_id == learner_id, WitnessInvitation.used_at.is_(None),
                   WitnessInvitation.revoked_at.is_(None), WitnessInvitation.expires_at > now).values(revoked_at=now),
            execution_options={"synchronize_session": False})


protection.YOUNGER.append(grow_younger)
experiences.STAYS_INSIDE.append(close_experience)
experiences.ERASES.append(erase_experience)
forget_daily("witnesses.forget", Goes(WitnessInvitation.id, lambda now: (
    sa.or_(WitnessInvitation.expires_at <= now - kept("transient"), WitnessInvitation.revoked_at <= now - kept("transient")),
    unneeded(WitnessInvitation))))
