"""Every form of the passport as somebody sends it: the rows of the table in test_whole_line.py.

Where a form stands, who fills it and what makes it whole is taken from the registry (tests/routes/test_registry.py); here
stands only what the registry cannot know: the token in an address, a thing in the right state, what else must be filled.
Which fields a form has is asked of the form itself while it is opened and sent (`Listening`).
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask import request
from flask_wtf import FlaskForm
from wtforms import Field

from passport.accounts import protection, returning
from passport.accounts.models import Account
from passport.accounts.service import hash_of
from passport.card.models import Card
from passport.credentials import keys, proofs
from passport.extensions import db
from passport.organisations.models import Membership, Organisation
from passport.rights import waiting
from passport.safety import inquiries
from passport.safety.models import Report
from passport.seal import seal
from passport.sharing.models import Share
from passport.transaction import transaction
from tests import build, pictures
from tests.browser.city import DAY
from tests.browser.city import _link as link
from tests.conftest import NOON
from tests.elsewhere import Elsewhere, elsewhere_passport
from tests.reading import Reader, fields
from tests.routes.test_registry import REGISTRY, City, address, methods
from tests.world import ask, role_in

PHOTO = pictures.saved(pictures.drawing())
PASSPORT = elsewhere_passport()
RECOGNISED = {"how_known": "saw", "how_person_known": "regularly", "is_relative": "no", "seen_from": "2026-09",
              "seen_to": "2026-11", "answer_3": "3", "sentence_3": "Elle mène l’atelier sans moi."}
SAID = {"there": "yes", "relation": "neighbour_f", "relative": "no", "words": "Tout le monde a ri.", "age": "adult",
        "name_form": "full", "name": "Mme Petit", "may_be_shown": "y"}


@dataclass(frozen=True)
class Row:
    """One form: who sends it to which address, and what makes it whole; names in braces stand for ids and tokens."""

    who: str | None
    at: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    page: str = ""


def row(who: str | None, at: str = "", page: str = "", **body: Any) -> Row:
    """Return a row; `page` is where the form stands when its own address opens none."""
    return Row(who, at, body, page)


# The phone of somebody signed out, to whom a code of their sheet gave a way back in; only its cookie holds it.
PHONE = "a phone"

# By endpoint: where the registry's own address and body are not those of a form that could be taken.
OTHERWISE: dict[str, Row] = {
    "accounts.home": row(None, title="J’ai réparé un vélo."),
    "accounts.set_language": row("lea", language="en", next="/menu"),
    "accounts.sign_in": row(None, name="{lea_name}", passphrase=build.PASSPHRASE),
    "accounts.sign_up": row(None, display_name="Zoé", age="adult"),
    "accounts.passphrase": row("ines", present=build.PASSPHRASE),
    "attestations.one": row("lea", name_form="written", shown_name="Léa Dubois"),
    "card.card": row("stranger", asked="make"),
    "card.replace": row("lea", card="{card}"),
    "elsewhere.add": row("lea", text=proofs.written(Elsewhere(by_key=True).unsigned()).decode().replace("{", "{{").replace("}", "}}")),
    "evidence.add": row("lea", caption="Une affiche", file=PHOTO),
    "experiences.add": row("lea", title="J’ai monté les tentes."),
    "rights.take": row("ines", present=build.PASSPHRASE),
    "rights.bring": row("stranger", file=PASSPORT),
    "rights.preview": row("ines", "/mes-donnees/apporter/{brought_file}"),
    "rights.name": row("ines", display_name="Inès B."),
    "experiences.restore": row("ines", "/experience/{ines_gone}/annuler"),
    "erasing.ask": row("ines", when="later", credentials="asked", present=build.PASSPHRASE),
    "erasing.sealed_folder": row("sofia", reason="Une inquiétude."),
    "feedback.answer": row("ines", "/retour/{unread}", reply="Merci"),
    "feedback.assign": row("claire", membership="{m_hugo}"),
    "learning.link": row("lea", other="{lea_y}"),
    "learning.unlink": row("ines", "/experience/{ines_4}/chemin/retirer", other="{ines_5}"),
    "devices.mine": row("lea", name="Mon téléphone"),
    "devices.end": row("lea", page="/appareils", device="others"),
    "devices.stop": row("lea", page="/appareils"),
    "devices.seen": row("lea", page="/appareils"),
    "rescue.sheet": row("stranger", present=build.PASSPHRASE),
    "rescue.lost": row("ines", page="/feuille-de-secours"),
    "rescue.begin": row(None, name="{lea_name}"),
    "rescue.by_sheet": row(None, name="{ines_name}", code="{ines_code}"),
    "rescue.phrase": row(PHONE),
    "returns.helping": row("karim", number="{return_number}", confirm="1"),
    "lost.at_desk": row("karim", number="AAAA-AAAA"),
    "lost.close": row(None, name="{ines_name}", code="{ines_code}"),
    "mail.address": row("stranger", address="nouvelle@example.org", present=build.PASSPHRASE),
    "mail.confirm": row("lea", "/adresse/confirmer/{confirm}"),
    "mail.forgotten": row(None, address="lea@example.org"),
    "mail.reset": row(None, "/nouvelle-phrase/{reset}"),
    "mail.unsubscribe": row(None, "/sans-messages/{unsubscribe}"),
    "organisations.invitation": row("stranger", "/invitation/{invitation}"),
    "organisations.join": row("stranger", code="{code}"),
    "organisations.join_by_code": row("stranger", "/rejoindre/{code}"),
    "organisations.leave": row("tom"),
    "organisations.close": row("sofia", page="/organisation/{library}"),
    "organisations.co_reader": row("claire", person="{m_karim}"),
    "organisations.minors": row("claire", person="{m_claire}", signed="y"),
    "organisations.pool_reader": row("sofia", page="/organisation/{city}", named="no"),
    "organisations.second_reader": row("sofia", page="/organisation/{library}/moins-de-18-ans", person="{farid}"),
    "organisations.confirm_coordinator": row("sofia", "/organisation/role/{m_waiting}/confirmer", "/organisation/{city}"),
    "organisations.reset_factor": row("claire", page="/organisation/{library}"),
    "organisations.suspend_member": row("claire", page="/organisation/{library}", suspended="yes"),
    "protection.who_reads": row("tom", reader="{sofia}"),
    "organisations.replace_ask_code": row("karim", page="/demandez-moi"),
    "organisations.replace_join_code": row("claire", page="/organisation/{library}/code"),
    "organisations.revoke_invitation": row("claire", page="/organisation/{library}"),
    "guardian.answer": row(None, "/a/{parent_tom}", association="yes", capacity="parent"),
    "guardian.stop": row(None, "/r/{receipt_tom}/arreter", purpose="statistics"),
    "guardian.typed": row(None, code="{receipt_tom}"),
    "parents.hand_over": row("youth", placement="keep"),
    "parents.remind": row("tom", page="/a-deux"),
    "parents.stop": row("tom", page="/a-deux"),
    "parents.together": row("tom", placement="y", way="written", address="autre@example.org"),
    "ages.confirm": row("karim", "/on-me-demande/{youth_asks}/age/plus", "/on-me-demande/{youth_asks}/age", code="{age_code}"),
    "ages.doubt": row("nadia", page="/on-me-demande/{request}/age"),
    "protected.choose": row("lea", page="/protection", wanted="yes"),
    "protected.quiet": row("lea", page="/protection", quiet_from="22", quiet_to="7"),
    "protected.witnesses": row("lea", page="/protection", wanted="no"),
    "protected.lower": row("lea", page="/mon-age", birth_month="3", birth_year="2012"),
    "protected.show_code": row("youth", page="/mon-age"),
    "recognition.ask": row("lea", "/retour/{feedback_free}/faire-reconnaitre", competencies=["4"]),
    "recognition.offered": row("lea", **{"choice_{offered}": "keep", "permit_{offered}": "y"}),
    "recognition.recognise": row("karim", **RECOGNISED),
    "cases.case": row("claire", outcome="acted"),
    "inquiries.inquiry": row("claire", reason="Le procureur le demande."),
    "cases.note": row("claire", note="Vu avec l’équipe."),
    "cases.concern": row("nadia", category="worry", note="Il pleure souvent."),
    "inquiries.take": row("farid", "/signalements/{decided}/dossier/fichier", page="/signalements/{decided}/dossier"),
    "reader.share": row(None, "/s/{share}", code="ABC DEF"),
    "reader.card": row(None, "/c/{to_ines_card}", code="ABC DEF"),
    "reader.report": row(None, "/s/{share}/signaler", reason="false"),
    "reader.card_report": row(None, "/c/{to_ines_card}/signaler", reason="hurts"),
    "witness.concern": row(None, "/t/{witness_said}/je-m-inquiete", category="worry"),
    "safety.block": row("lea", "/personnes/{karim}", page="/personnes"),
    "sharing.choose": row("lea", experiences=["{lea_x}"]),
    "sharing.extend": row("lea", "/montrer/lien/{Bientôt}/prolonger", months="3"),
    "sharing.audience": row("lea", recipient_name="Boulangerie Martin", months="3", name_form="written",
                            shown_name="Léa Dubois"),
    "verify.page": row(None, text=Elsewhere(by_key=True).token()),
    "sheets.prepare": row("lea", told="y", endorsements=["{endorsement}"], name_form="written", shown_name="Léa Dubois"),
    "sheets.close": row("lea", page="/montrer"),
    "witnesses.invite": row("lea", name_form="written", shown_name="Léa Dubois"),
    "unsent.keep": row("lea", "/brouillon/story/{lea_x}", story="Une moitié"),
    "witness.answer": row(None, "/t/{witness_lea_x}", **SAID),
    "witness.take_back": row(None, "/t/{witness_said}/ne-plus-montrer"),
    "witness.erase": row(None, "/t/{witness_said}/effacer"),
}


def somebody(endpoint: str) -> str | None:
    """Return who may come in at this endpoint, or None where anyone may."""
    if endpoint in OTHERWISE:
        return OTHERWISE[endpoint].who
    who = REGISTRY[endpoint].who
    return None if who is None else "lea" if "lea" in who else min(who)


def posts(city: City) -> list[str]:
    """Return every endpoint that takes a POST, but those of a second factor: what is shown there counts once, and gives the
    session another number (tests/routes/test_factor.py)."""
    return sorted(name for name in REGISTRY if "POST" in methods(city, name) and not name.startswith("factor."))


def prepare(city: City) -> None:
    """Bring the city to where each form of the table can be sent: somebody is about to show something, two things are
    linked, a second person may answer the young."""
    ines, lea = (Reader(city.app, city.cast, name) for name in ("ines", "lea"))
    ines.post(filled(city, "/experience/{ines_4}/chemin/ajouter"), {"other": str(city.cast["ines_5"])})
    lea.post("/montrer/choisir", {"experiences": [str(city.cast["lea_x"])]})
    lea.fill("/montrer/pour-qui", recipient_name="Boulangerie Martin")
    with city.app.app_context(), transaction():
        link(city.cast, "lea", "Bientôt", NOON - 27 * DAY, ("lea_y",), months=1)
        build.vetting(db.session.get_one(Membership, city.cast["m_hugo"]), db.session.get_one(Account, city.cast["claire"]),
                      NOON)
        city.cast.ids["m_waiting"] = build.membership(
            build.account("waiting", NOON), db.session.get_one(Organisation, city.cast["city"]), "coordinator", NOON,
            identity_confirmed_at=None).id
        city.cast.ids["youth_asks"] = ask(city.cast, "youth", "youth_x", "karim", NOON).id
        decided = db.session.get_one(Report, city.cast["decided"])
        keys.ensure(NOON)
        asked = inquiries.ask(decided, city.cast["farid"], "Le procureur le demande.", NOON)
        sofia = db.session.get_one(Account, city.cast["sofia"])
        inquiries.confirm(decided, role_in(sofia.id, city.cast["m_sofia"]), (sofia.id, sofia.audit_ref), str(asked.id), NOON)
        by_card = sa.select(Card.share_id).where(Card.learner_id == city.cast["ines"], Card.closed_at.is_(None))
        db.session.query(Share).filter(sa.or_(Share.id == city.cast["share"], Share.id.in_(by_card))).update(
            {"code_sealed": seal("ABCDEF")}, synchronize_session=False)
        protection.show_code(city.cast["youth"], NOON)
        city.cast.tokens["age_code"] = protection.code_shown(protection.of(city.cast["youth"]), NOON) or ""
        db.session.query(Account).update({"password_hash": hash_of(build.PASSPHRASE)})
        city.cast.tokens["ines_name"] = db.session.get_one(Account, city.cast["ines"]).identifier or ""
        city.cast.tokens["ines_code"] = returning.make_sheet(city.cast["ines"], NOON)[0]
        code = returning.make_sheet(city.cast["stranger"], NOON)[0]
        found = returning.code_of(city.cast["stranger"], code)
        assert found is not None
        city.cast.tokens["way_back"] = returning.begin_with_code(city.cast["stranger"], found, NOON)
        _token, city.cast.tokens["return_number"] = returning.begin(
            db.session.get_one(Account, city.cast["stranger"]).identifier or "", NOON)
        city.cast.tokens["lea_name"] = db.session.get_one(Account, city.cast["lea"]).identifier or ""


    lay_out(city)


def lay_out(city: City) -> None:
    """Put down again what waits beside the database: the passport that somebody sent, and may let in."""
    with city.app.app_context():
        city.cast.tokens["brought_file"] = waiting.keep(city.cast["ines"], io.BytesIO(PASSPORT))
        db.session.remove()


def device_of(city: City, name: str) -> Reader:
    """Return a device of somebody, or the phone that holds a way back."""
    if name != PHONE:
        return Reader(city.app, city.cast, name)
    phone = Reader(city.app, city.cast, None)
    with phone.client.session_transaction() as kept:
        kept["return"] = city.cast.tokens["way_back"]
    return phone


def filled(city: City, words: Any) -> Any:
    """Return what a row says with the ids and tokens of this city in it."""
    if isinstance(words, list):
        return [filled(city, w) for w in words]
    if not isinstance(words, str) or "{" not in words:
        return words
    hexed = {"offered": city.cast["offered"].hex} if words.startswith(("choice_", "permit_")) else {}
    return words.format_map({**city.cast.ids, **city.cast.tokens, **hexed})


def at(city: City, endpoint: str) -> str:
    """Return the address a form is sent to."""
    own = OTHERWISE.get(endpoint)
    return str(filled(city, own.at)) if own and own.at else address(city, endpoint)


def opened(city: City, endpoint: str, browser: Reader) -> dict[str, Any]:
    """Return what stands in a form when its page is opened, and nothing for one that has no page of its own."""
    own = OTHERWISE.get(endpoint)
    if "GET" not in methods(city, endpoint) and not (own and own.page):
        return {}
    page = browser.get(filled(city, own.page) if own and own.page else at(city, endpoint))
    assert page.status_code == 200, (endpoint, page.status_code)
    try:
        return fields(page, at(city, endpoint))
    except AssertionError:
        return fields(page)


def whole(city: City, endpoint: str, browser: Reader) -> dict[str, Any]:
    """Return the body of a form that is filled so that it can be taken."""
    own = OTHERWISE.get(endpoint)
    given = own.body if own else REGISTRY[endpoint].body or {}
    body = {**opened(city, endpoint, browser), **{filled(city, k): filled(city, v) for k, v in given.items()}}
    return {k: v for k, v in body.items() if k != "csrf_token"}


def sendable(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body as a client takes it: a photo as a file that was not read yet."""
    return {k: (io.BytesIO(v), "affiche.jpg") if isinstance(v, bytes) else v for k, v in body.items()}


@dataclass
class Listening:
    """What forms were made while an endpoint answered: by endpoint, their classes and their fields."""

    classes: dict[str, set[type[FlaskForm]]] = field(default_factory=lambda: defaultdict(set))
    fields: dict[str, dict[str, Field]] = field(default_factory=lambda: defaultdict(dict))

    def note(self, form: FlaskForm) -> None:
        """Note one form under the endpoint that is answered."""
        if request and request.method == "POST" and request.endpoint:
            self.classes[request.endpoint].add(type(form))
            self.fields[request.endpoint] |= {name: f for name, f in form._fields.items() if name != "csrf_token"}


@contextmanager
def listening() -> Iterator[Listening]:
    """Note each form that is made from now on."""
    heard, build_form = Listening(), FlaskForm.__init__

    def made(self: FlaskForm, *args: Any, **kwargs: Any) -> None:
        build_form(self, *args, **kwargs)
        heard.note(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FlaskForm, "__init__", made)
        yield heard
