"""Who may try what: every action, the truths it needs, and one function that answers.

`can()` is asked by `web.authorised()`, by templates, and by nothing else. Plain Python: people and things come in as
values. A truth that fails on the `see` side hides the thing; one that fails on the `may` side refuses, with its reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from .accounts import rules as age
from .actors import Actor as Actor
from .actors import Advised as Advised
from .actors import Asked as Asked
from .actors import Attested as Attested
from .actors import Before as Before
from .actors import Body as Body
from .actors import Carried as Carried
from .actors import Case as Case
from .actors import Counted as Counted
from .actors import Guarded as Guarded
from .actors import Member as Member
from .actors import Mine as Mine
from .actors import ReadAlong as ReadAlong
from .actors import Returning as Returning
from .actors import Role as Role
from .actors import is_in_force as is_in_force
from .refusals import Refusal


class Action(StrEnum):
    """Everything somebody can try."""

    # one's own account and passport
    CHANGE_ACCOUNT = auto()
    CHANGE_FACTOR = auto()
    READ_PASSPORT = auto()
    LOG_EXPERIENCE = auto()
    READ_EXPERIENCE = auto()
    CHANGE_EXPERIENCE = auto()
    DELETE_EXPERIENCE = auto()
    JOIN_ORGANISATION = auto()
    READ_RECEIVED = auto()
    CHANGE_RECEIVED = auto()
    # asking and reading
    ASK_FEEDBACK = auto()
    CANCEL_REQUEST = auto()
    READ_FEEDBACK = auto()
    ANSWER_FEEDBACK = auto()
    REPORT_TEXT = auto()
    BLOCK_ADULT = auto()
    # somebody without account
    INVITE_WITNESS = auto()
    CANCEL_INVITATION = auto()
    READ_TESTIMONY = auto()
    DELETE_TESTIMONY = auto()
    # recognition, on the learner's side
    ASK_RECOGNITION = auto()
    CANCEL_RECOGNITION = auto()
    DECIDE_ENDORSEMENT = auto()
    PERMIT_ENDORSEMENT = auto()
    # the signed form of it
    READ_CREDENTIALS = auto()
    NAME_CREDENTIAL = auto()
    # showing
    READ_SHARES = auto()
    PREPARE_SHARE = auto()
    CLOSE_SHARE = auto()
    READ_CARD = auto()
    REPLACE_CARD = auto()
    OPEN_WITH_CARD = auto()
    PRINT_SHEET = auto()
    # under 15 and at 15, what two decided
    DECIDE_BY_TWO = auto()
    TAKE_OVER = auto()
    COME_OF_AGE = auto()
    # answering
    READ_INBOX = auto()
    READ_REQUEST = auto()
    GIVE_FEEDBACK = auto()
    DECLINE_REQUEST = auto()
    WITHDRAW_FEEDBACK = auto()
    DOUBT_AGE = auto()
    CONFIRM_AGE = auto()
    RECOGNISE = auto()
    WITHDRAW_ENDORSEMENT = auto()
    ACCEPT_CHARTER = auto()
    SHOW_ASK_CODE = auto()
    # helping somebody in person
    HELP_IN_PERSON = auto()
    CONFIRM_RETURN = auto()
    CLOSE_LOST_CARD = auto()
    # an organisation
    MANAGE_ORGANISATION = auto()
    INVITE_FACILITATOR = auto()
    SIGN_MINORS_CHARTER = auto()
    REMOVE_MEMBER = auto()
    RESET_FACTOR = auto()
    ACCEPT_ACCREDITATION = auto()
    RECORD_CHECK = auto()
    READ_DESK = auto()
    ASSIGN_REQUEST = auto()
    RAISE_CONCERN = auto()
    HANDLE_REPORT = auto()
    EXPORT_CASE = auto()
    READ_FIGURES = auto()
    # reading to protect
    READ_AS_READER = auto()
    READ_TO_PROTECT = auto()
    READ_ALONG = auto()
    READ_LOOKS = auto()
    SET_READER_ASIDE = auto()
    # the city
    COORDINATE = auto()
    INVITE_MANAGER = auto()
    CONFIRM_COORDINATOR = auto()
    FREEZE_CONTACT = auto()
    # doors whose screens come later: their row of the table of ages holds already
    OPEN_PASSPORT = auto()
    EXPORT_PASSPORT = auto()
    ERASE_PASSPORT = auto()
    SHOW_A_FACE = auto()
    BE_COUNTED = auto()
    TAKE_PART = auto()
    SEE_PARTICIPANTS = auto()
    PROPOSE_MEETING = auto()
    ASK_QUESTION = auto()
    ASK_TO_CONFIRM = auto()
    READ_AS_ADVISER = auto()
    COMMENT_AS_ADVISER = auto()


Truth = Callable[[Actor, Any, dt.datetime, dt.date], bool]
REASON: dict[Truth, Refusal] = {}


def because(refusal: Refusal) -> Callable[[Truth], Truth]:
    """Give a truth the reason that is said when it fails."""

    def mark(truth: Truth) -> Truth:
        REASON[truth] = refusal
        return truth

    return mark


def is_theirs(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """The thing belongs to whoever asks."""
    return bool(thing.learner_id == actor.account_id)


def is_not_theirs(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """The thing does not belong to whoever asks: nobody answers themself."""
    return bool(thing.learner_id != actor.account_id)


@because(Refusal.UNDER_15)
def shows_alone(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 15 or more: below, what leaves the passport is decided by two."""
    return actor.band(on) in {age.Band.YOUTH, age.Band.ADULT}


def agreed_on(actor: Actor, on: dt.date, *purposes: str) -> bool:
    """Say whether two agreed on one of these purposes: at 13 and 14 only, below nothing leaves the passport."""
    return actor.band(on) is age.Band.TEEN and bool(actor.consents & set(purposes))


def is_under_15(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is under 15: only they start what is decided by two."""
    return not shows_alone(actor, thing, at, on)


def decides_now(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 15 or more, and was younger here: what was decided by two is theirs."""
    return actor.was_younger and shows_alone(actor, thing, at, on)


def came_of_age(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 18 or more, and was younger here: a declared adult has nothing to decide at 18."""
    return actor.was_younger and actor.band(on) is age.Band.ADULT


@because(Refusal.UNDER_15)
def invites_witnesses(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 15 or more, or two agreed that somebody who was there may be asked."""
    return shows_alone(actor, thing, at, on) or agreed_on(actor, on, age.WITNESS)


@because(Refusal.UNDER_15)
def shows_recognised(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 15 or more, or two agreed that what is recognised may be shown."""
    return shows_alone(actor, thing, at, on) or agreed_on(actor, on, age.SHOW)


@because(Refusal.UNDER_15)
def prepares_links(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 15 or more, or two agreed on links for a placement or an association."""
    return shows_alone(actor, thing, at, on) or agreed_on(actor, on, age.PLACEMENT, age.ASSOCIATION)


@because(Refusal.ADULTS_ONLY)
def is_adult(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 18 or more."""
    return actor.band(on) is age.Band.ADULT


@because(Refusal.CO_READER_NEEDED)
def is_adult_or_co_read(actor: Actor, thing: Asked, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 18 or more, or an adult of the organisation is named to read along."""
    role = answering_role(actor, thing, at)
    return actor.band(on) is age.Band.ADULT or (role is not None and role.is_co_read)


def is_facilitator(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks holds an active role as facilitator somewhere."""
    return bool(actor.active("facilitator", at))


def answering_role(actor: Actor, thing: Asked, at: dt.datetime) -> Role | None:
    """Return the active role in which this actor was asked, or None."""
    for role in actor.active("facilitator", at):
        if thing.membership_id is None and not thing.learner_protected and role.organisation_id == thing.organisation_id:
            return role
        if thing.membership_id == role.membership_id and thing.facilitator_id == actor.account_id:
            return role
    return None


def was_asked(actor: Actor, thing: Asked, at: dt.datetime, on: dt.date) -> bool:
    """The request is for this facilitator, or for the team of an organisation they answer for."""
    return answering_role(actor, thing, at) is not None


def is_checked(actor: Actor, thing: Asked, at: dt.datetime, on: dt.date) -> bool:
    """For a protected learner, the role has a check in force and its organisation may welcome minors."""
    if not thing.learner_protected:
        return True
    role = answering_role(actor, thing, at)
    return role is not None and role.is_checked(on)


def grant_is_open(actor: Actor, thing: Asked, at: dt.datetime, on: dt.date) -> bool:
    """What the learner opened is still open."""
    return thing.grant_opened_at <= at < thing.grant_closes_at and thing.grant_closed_at is None


def is_not_barred(actor: Actor, thing: Asked, at: dt.datetime, on: dt.date) -> bool:
    """No block or freeze stands between the two."""
    return actor.account_id not in thing.barred_ids


@because(Refusal.REQUEST_CLOSED)
def is_waiting(actor: Actor, thing: Asked, at: dt.datetime, on: dt.date) -> bool:
    """The request still waits for an answer."""
    return thing.closed_at is None


@because(Refusal.CHARTER_FIRST)
def knows_charter(actor: Actor, thing: Asked, at: dt.datetime, on: dt.date) -> bool:
    """The role has the charter accepted and the course done."""
    role = answering_role(actor, thing, at)
    return role is not None and role.charter_version is not None and role.trained_at is not None and role.trained_at <= at


def attested_it(actor: Actor, thing: Attested, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks made the endorsement, or answers for the organisation in whose name it was made."""
    manages_it = any(r.organisation_id == thing.organisation_id for r in actor.active("manager", at))
    attests = any(r.organisation_id == thing.organisation_id for r in actor.active("facilitator", at))
    return manages_it or (attests and thing.facilitator_id == actor.account_id)


@because(Refusal.REQUEST_CLOSED)
def may_write_to_them(actor: Actor, thing: Attested, at: dt.datetime, on: dt.date) -> bool:
    """No block or freeze keeps words of whoever asks from the learner; they are told « closed », never which it is."""
    return actor.account_id not in thing.barred_ids


@because(Refusal.CHECK_NEEDED)
def is_checked_there(actor: Actor, thing: Attested, at: dt.datetime, on: dt.date) -> bool:
    """Words to a protected learner come from a role with a check in force in that organisation."""
    roles = (*actor.active("facilitator", at), *actor.active("manager", at))
    return not thing.learner_protected or any(
        r.organisation_id == thing.organisation_id and r.is_checked(on) for r in roles
    )


def manages(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks answers for this organisation, or for the city, which answers for all."""
    return coordinates(actor, thing, at, on) or any(
        r.organisation_id == thing.organisation_id for r in actor.active("manager", at)
    )


def answers_for(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is the responsible person of this very organisation."""
    return any(r.organisation_id == thing.organisation_id for r in actor.active("manager", at))


def waits_at_desk(actor: Actor, thing: Asked, at: dt.datetime, on: dt.date) -> bool:
    """The request is a protected learner's, of whom the team sees nothing until somebody is named."""
    return thing.learner_protected


@because(Refusal.NOT_ONESELF)
def is_another(actor: Actor, thing: Member, at: dt.datetime, on: dt.date) -> bool:
    """The person concerned is not the one who asks."""
    return thing.account_id != actor.account_id


def coordinates(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks coordinates the city."""
    return bool(actor.active("coordinator", at))


def holds_it(actor: Actor, thing: Member, at: dt.datetime, on: dt.date) -> bool:
    """The membership is one's own, as a facilitator, and counts now."""
    return thing.account_id == actor.account_id and any(
        r.organisation_id == thing.organisation_id for r in actor.active("facilitator", at)
    )


def looks_after_it(actor: Actor, thing: Case, at: dt.datetime, on: dt.date) -> bool:
    """The case was given to whoever asks, who still answers there; the coordination has it from the start, or by the
    clock, or when it was left alone; once an end is proposed, another of the organisation may confirm.

    Never one about whoever asks, or told by them, or of their own safety, nor one of a learner who set them aside; for a
    protected learner, the organisation's needs a check in force. Whom an erased learner set aside nobody knows any more:
    the organisation then has nobody but who had the case.
    """
    if actor.account_id in {thing.about_id, thing.reporter_id, thing.learner_id, *thing.barred_ids}:
        return False
    if coordinates(actor, thing, at, on):
        return thing.handler_id == actor.account_id or thing.left_alone or thing.with_city
    mine = [r for r in actor.active("manager", at) if r.organisation_id == thing.organisation_id]
    if not any(r.is_vetted(on) or not thing.learner_protected for r in mine):
        return False
    return thing.handler_id == actor.account_id or (
        thing.proposed and thing.route != "city" and thing.learner_id is not None)


def works_here(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is an adult who acts for an organisation or the city now: at 16 or 17 nobody helps anybody back in."""
    return actor.band(on) is age.Band.ADULT and any(r.is_active(at) for r in actor.roles)


def confirming_roles(actor: Actor, thing: Returning, at: dt.datetime, on: dt.date) -> tuple[Role, ...]:
    """Return the roles in which this adult may be one of the two; for everybody protected with a check in force, and of
    the city or of an organisation that the learner joined."""
    roles = tuple(r for r in actor.roles if r.is_active(at))
    if not thing.learner_protected:
        return roles
    return tuple(r for r in roles if (r.role == "coordinator" and r.is_vetted(on))
                 or (r.organisation_id in thing.joined_ids and r.is_checked(on)))


def known_roles(actor: Actor, thing: Returning, at: dt.datetime, on: dt.date) -> tuple[Role, ...]:
    """Return those of these roles that are held since long enough: nobody is invited in order to confirm."""
    return tuple(r for r in confirming_roles(actor, thing, at, on)
                 if r.joined_at is not None and at - r.joined_at >= age.KNOWN_SINCE)


def completing_role(actor: Actor, thing: Returning, at: dt.datetime, on: dt.date) -> Role | None:
    """Return the role in which this adult confirms: the first of the two, or one that makes two with the first."""
    return next((r for r in known_roles(actor, thing, at, on) if r.membership_id != thing.first_membership_id
                 and with_the_first(thing, r)), None)


def with_the_first(thing: Returning, role: Role) -> bool:
    """Say whether this role may be the first, or makes two with the one that was."""
    return thing.first_id is None or age.confirmed_by(thing.learner_protected,
                                                      (thing.first_at_counter, role.role == "coordinator"))


def meets_them_back(actor: Actor, thing: Returning, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks has a role in which they may be one of the two."""
    return works_here(actor, thing, at, on) and bool(confirming_roles(actor, thing, at, on))


@because(Refusal.RETURN_TOO_NEW)
def is_known_long(actor: Actor, thing: Returning, at: dt.datetime, on: dt.date) -> bool:
    """One of these roles is held since thirty days at least."""
    return bool(known_roles(actor, thing, at, on))


@because(Refusal.RETURN_ONE_PERSON)
def is_a_second_person(actor: Actor, thing: Returning, at: dt.datetime, on: dt.date) -> bool:
    """Whoever confirms second is not the one who confirmed first."""
    return thing.first_id != actor.account_id


@because(Refusal.RETURN_OTHERS)
def makes_two(actor: Actor, thing: Returning, at: dt.datetime, on: dt.date) -> bool:
    """With whoever confirmed first, these are the two who let this learner back in."""
    return any(with_the_first(thing, r) for r in confirming_roles(actor, thing, at, on))


def is_of_two(actor: Actor, thing: Case, at: dt.datetime, on: dt.date) -> bool:
    """The case is about one adult and the safety of one learner, both known."""
    return thing.about_id is not None and thing.learner_id is not None


def meets_them(actor: Actor, thing: Asked, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks was asked by this learner, or answers for the organisation that was."""
    return was_asked(actor, thing, at, on) or answers_for(actor, thing, at, on)


def reading_roles(actor: Actor, at: dt.datetime, on: dt.date) -> tuple[Role, ...]:
    """Return the roles in which this adult reads to protect now: named, active, with a check in force."""
    if actor.band(on) is not age.Band.ADULT:
        return ()
    return tuple(r for r in actor.roles if r.is_reader and r.is_active(at) and r.is_vetted(on))


def reads_to_protect(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is an adult named to read to protect, with a check in force."""
    return bool(reading_roles(actor, at, on))


def is_reader_of_it(actor: Actor, thing: Guarded, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is one of those who read this exchange: nobody set aside, blocked, or concerned."""
    return actor.account_id in thing.reader_ids


def reads_along(actor: Actor, thing: ReadAlong, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is the adult of the organisation who was named to read along, and still acts there."""
    return actor.band(on) is age.Band.ADULT and thing.co_reader_id == actor.account_id and any(
        r.organisation_id == thing.organisation_id and r.is_active(at) for r in actor.roles
    )


@because(Refusal.UNDER_13)
def is_13(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 13 or more."""
    return actor.band(on) is not age.Band.CHILD


@because(Refusal.PICTURE_BY_THREE)
def shows_faces(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks is 15 or more, or they and both parents agreed on pictures."""
    return shows_alone(actor, thing, at, on) or agreed_on(actor, on, age.IMAGE)


def is_counted(actor: Actor, thing: Counted, at: dt.datetime, on: dt.date) -> bool:
    """Nobody is counted who stays out; under 15 only where two agreed on it."""
    return not thing.objected and (shows_alone(actor, thing, at, on) or agreed_on(actor, on, age.STATISTICS))


def nobody(actor: Actor, thing: Any, at: dt.datetime, on: dt.date) -> bool:
    """Nobody does this: learners are listed to no one (promise S12)."""
    return False


def takes_proposals(actor: Actor, thing: Before, at: dt.datetime, on: dt.date) -> bool:
    """The learner switched proposals of a meeting on: from 15 through an organisation, directly from 18 on."""
    ways = {age.Band.YOUTH: {"organisation"}, age.Band.ADULT: {"organisation", "direct"}}
    return thing.is_open and thing.meetings in ways.get(thing.learner_band, set())


def takes_questions(actor: Actor, thing: Before, at: dt.datetime, on: dt.date) -> bool:
    """The learner, who is 18 or more, switched questions on for this link."""
    return thing.is_open and thing.questions and thing.learner_band is age.Band.ADULT


def lets_confirm(actor: Actor, thing: Before, at: dt.datetime, on: dt.date) -> bool:
    """The learner, who is 15 or more, lets this reader ask whoever recognised."""
    return thing.is_open and thing.confirmations and thing.learner_band in {age.Band.YOUTH, age.Band.ADULT}


def advises(actor: Actor, thing: Advised, at: dt.datetime, on: dt.date) -> bool:
    """Whoever asks was chosen as adviser and still is; under 15 with a parent's yes, and under 13 never."""
    chosen = thing.adviser_id == actor.account_id and thing.is_open and actor.account_id not in thing.barred_ids
    agreed = thing.by_two if thing.learner_band is age.Band.TEEN else thing.learner_band is not age.Band.CHILD
    return chosen and agreed


@because(Refusal.CHECK_NEEDED)
def may_comment(actor: Actor, thing: Advised, at: dt.datetime, on: dt.date) -> bool:
    """Words to a protected learner come from an active facilitator with a check in force."""
    return not thing.learner_protected or any(r.is_checked(on) for r in actor.active("facilitator", at))


def second_factor(actor: Actor, at: dt.datetime) -> str:
    """Return when this person is asked for a second factor: at "sign_in", at an "opening", or never ("offered")."""
    if any(r.is_active(at) and (r.is_reader or r.role in {"manager", "coordinator"}) for r in actor.roles):
        return "sign_in"
    return "opening" if is_facilitator(actor, None, at, at.date()) else "offered"


@dataclass(frozen=True)
class Needs:
    """The truths of one action: those without which the thing is not seen, and those without which it is refused."""

    see: tuple[Truth, ...]
    may: tuple[Truth, ...] = ()


OWN = Needs((is_theirs,))
ASKED = (is_not_theirs, was_asked, is_checked, grant_is_open, is_not_barred)

POLICY: dict[Action, Needs] = {
    Action.CHANGE_ACCOUNT: OWN,
    Action.CHANGE_FACTOR: OWN,
    Action.READ_PASSPORT: OWN,
    Action.LOG_EXPERIENCE: OWN,
    Action.READ_EXPERIENCE: OWN,
    Action.CHANGE_EXPERIENCE: OWN,
    Action.DELETE_EXPERIENCE: OWN,
    Action.JOIN_ORGANISATION: OWN,
    Action.READ_RECEIVED: OWN,
    Action.CHANGE_RECEIVED: OWN,
    Action.ASK_FEEDBACK: OWN,
    Action.CANCEL_REQUEST: OWN,
    Action.READ_FEEDBACK: OWN,
    Action.ANSWER_FEEDBACK: OWN,
    Action.REPORT_TEXT: OWN,
    Action.BLOCK_ADULT: OWN,
    Action.INVITE_WITNESS: Needs((is_theirs,), (invites_witnesses,)),
    Action.CANCEL_INVITATION: OWN,
    Action.READ_TESTIMONY: OWN,
    Action.DELETE_TESTIMONY: OWN,
    Action.ASK_RECOGNITION: OWN,
    Action.CANCEL_RECOGNITION: OWN,
    Action.DECIDE_ENDORSEMENT: OWN,
    Action.PERMIT_ENDORSEMENT: Needs((is_theirs,), (shows_recognised,)),
    Action.READ_CREDENTIALS: OWN,
    Action.NAME_CREDENTIAL: Needs((is_theirs,), (shows_recognised,)),
    Action.READ_SHARES: OWN,
    Action.PREPARE_SHARE: Needs((is_theirs,), (prepares_links,)),
    Action.CLOSE_SHARE: OWN,
    Action.READ_CARD: OWN,
    Action.REPLACE_CARD: OWN,
    Action.OPEN_WITH_CARD: Needs((is_theirs,), (shows_alone,)),
    Action.PRINT_SHEET: Needs((is_theirs,), (is_adult,)),
    Action.DECIDE_BY_TWO: Needs((is_theirs, is_under_15)),
    Action.TAKE_OVER: Needs((is_theirs, decides_now)),
    Action.COME_OF_AGE: Needs((is_theirs, came_of_age)),
    Action.READ_INBOX: Needs((is_facilitator,)),
    Action.READ_REQUEST: Needs(ASKED),
    Action.GIVE_FEEDBACK: Needs(ASKED, (is_waiting, is_adult_or_co_read)),
    Action.DECLINE_REQUEST: Needs(ASKED, (is_waiting,)),
    Action.WITHDRAW_FEEDBACK: Needs(ASKED),
    Action.DOUBT_AGE: Needs(ASKED),
    Action.CONFIRM_AGE: Needs(ASKED, (is_adult,)),
    Action.RECOGNISE: Needs(ASKED, (is_waiting, is_adult, knows_charter)),
    Action.WITHDRAW_ENDORSEMENT: Needs((is_not_theirs, attested_it), (may_write_to_them, is_checked_there)),
    Action.ACCEPT_CHARTER: Needs((holds_it,)),
    Action.SHOW_ASK_CODE: Needs((holds_it,)),
    Action.HELP_IN_PERSON: Needs((works_here,)),
    Action.CONFIRM_RETURN: Needs((is_not_theirs, is_not_barred, meets_them_back),
                                 (is_a_second_person, is_known_long, makes_two)),
    Action.CLOSE_LOST_CARD: Needs((is_not_theirs, is_not_barred, works_here)),
    Action.MANAGE_ORGANISATION: Needs((manages,)),
    Action.INVITE_FACILITATOR: Needs((manages,)),
    Action.SIGN_MINORS_CHARTER: Needs((answers_for,)),
    Action.REMOVE_MEMBER: Needs((manages,)),
    Action.RESET_FACTOR: Needs((manages,), (is_another,)),
    Action.RECORD_CHECK: Needs((manages,), (is_another,)),
    Action.ACCEPT_ACCREDITATION: Needs((answers_for,)),
    Action.READ_DESK: Needs((answers_for,)),
    Action.ASSIGN_REQUEST: Needs((is_not_theirs, answers_for, waits_at_desk, grant_is_open, is_not_barred)),
    Action.RAISE_CONCERN: Needs((is_not_theirs, meets_them)),
    Action.HANDLE_REPORT: Needs((looks_after_it,)),
    Action.EXPORT_CASE: Needs((looks_after_it, is_of_two)),
    Action.READ_FIGURES: Needs((manages,)),
    Action.READ_AS_READER: Needs((reads_to_protect,)),
    Action.READ_TO_PROTECT: Needs((reads_to_protect, is_reader_of_it)),
    Action.READ_ALONG: Needs((reads_along,)),
    Action.READ_LOOKS: OWN,
    Action.SET_READER_ASIDE: OWN,
    Action.COORDINATE: Needs((coordinates,)),
    Action.INVITE_MANAGER: Needs((coordinates,)),
    Action.CONFIRM_COORDINATOR: Needs((coordinates,)),
    Action.FREEZE_CONTACT: Needs((looks_after_it, coordinates)),
    Action.OPEN_PASSPORT: Needs((), (is_13,)),
    Action.EXPORT_PASSPORT: OWN,
    Action.ERASE_PASSPORT: OWN,
    Action.SHOW_A_FACE: Needs((is_theirs,), (shows_faces,)),
    Action.BE_COUNTED: Needs((is_theirs, is_counted)),
    Action.TAKE_PART: Needs((is_theirs,), (is_13,)),
    Action.SEE_PARTICIPANTS: Needs((nobody,)),
    Action.PROPOSE_MEETING: Needs((takes_proposals,)),
    Action.ASK_QUESTION: Needs((takes_questions,)),
    Action.ASK_TO_CONFIRM: Needs((lets_confirm,)),
    Action.READ_AS_ADVISER: Needs((advises,)),
    Action.COMMENT_AS_ADVISER: Needs((advises,), (may_comment,)),
}


@dataclass(frozen=True)
class Answer:
    """Whether the thing may be seen, and why the action is refused, if it is."""

    seen: bool
    refusal: Refusal | None = None

    @property
    def allowed(self) -> bool:
        """Say whether the action may go on."""
        return self.seen and self.refusal is None

    def __bool__(self) -> bool:
        return self.allowed


def can(actor: Actor, action: Action, thing: Any, at: dt.datetime, on: dt.date) -> Answer:
    """Say whether this actor may do this to this thing at that time (`on` is the city's day then)."""
    needs = POLICY[action]
    if not all(truth(actor, thing, at, on) for truth in needs.see):
        return Answer(seen=False)
    for truth in needs.may:
        if not truth(actor, thing, at, on):
            return Answer(seen=True, refusal=REASON[truth])
    return Answer(seen=True)
