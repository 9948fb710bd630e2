"""The city, its organisations and their people, joining on the spot, and « Demandez-moi »."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from passport.extensions import db
from passport.organisations import minors, queries, service
from passport.organisations.models import (
    AskCode,
    Invitation,
    Joined,
    Membership,
    Organisation,
    Vetting,
)
from passport.refusals import Refusal, Refused
from passport.transaction import transaction
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import fields, way, words
from tests.world import fill

DAY = dt.timedelta(days=1)


def rows(app: Flask, query: sa.Select[Any]) -> list[Any]:
    with app.app_context():
        found = list(db.session.scalars(query))
        db.session.remove()
    return found


def link_of(answer: Any) -> str:
    """Return the path of the invitation that a page shows."""
    found = re.search(r'data-copy="([^"]+)"', answer.get_data(as_text=True))
    assert found, words(answer)
    return urlsplit(found[1]).path


def code_of(answer: Any) -> str:
    found = re.search(r'class="code">([^<]+)<', answer.get_data(as_text=True))
    assert found, words(answer)
    return found[1]


def statements(app: Flask, browser: Any, address: str) -> int:
    """Return how many SELECTs a page costs."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        assert browser.get(address).status_code == 200
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return len(seen)


# ---------- the city ----------


def test_the_coordination_adds_accredits_and_invites_the_responsible_person(app: Flask, cast: Cast, browse: Any) -> None:
    sofia, stranger = browse("sofia"), browse("stranger")
    added = sofia.fill("/ville/ajouter", name="Comité de quartier", kind="association", sector="civic",
                       phone="01 99 00 00 34")
    page = sofia.follow(added)
    address = way(added)
    assert "Comité de quartier" in words(page)
    assert "Personne pour l’instant" in words(page)
    listed = words(sofia.get("/ville"))
    assert listed.index("À agréer") < listed.index("Comité de quartier") < listed.index("Médiathèque Mandela")

    key = address.rsplit("/", 1)[1]
    sofia.follow(sofia.fill(address, f"/ville/organisation/{key}/agreer"))
    assert "Agréée par la Ville depuis le 24 novembre 2026" in words(sofia.get(address))

    made = sofia.fill(f"{address}/inviter", role="manager", title="présidente", note="Mme Petit")
    link = link_of(sofia.follow(made))
    landing = stranger.get(link)
    assert "Sofia m’invite à agir au nom de cette organisation" in words(landing)
    assert "Comité de quartier" in words(landing)
    accepted = stranger.fill(link)
    assert way(accepted) == address
    mine = words(stranger.follow(accepted))
    assert "présidente" in mine
    assert "C’est mon rôle : une autre personne note ma vérification." in mine
    assert stranger.get("/ville").status_code == 404


def test_a_suspended_organisation_acts_no_more_until_the_suspension_ends(
    app: Flask, cast: Cast, browse: Any, at: Any
) -> None:
    """From the next request on, for its people and for a request that waits; what it recognised stays."""
    with app.app_context():
        fill(cast, NOON)
    sofia, karim, claire, lea = (browse(n) for n in ("sofia", "karim", "claire", "lea"))
    address, waiting = f"/organisation/{cast['library']}", f"/reconnaitre/{cast['recognition']}"
    assert karim.get(waiting).status_code == 200
    assert claire.post(f"/ville{address}/suspendre", {"suspended": "yes"}).status_code == 404
    told = sofia.fill(address, f"/ville{address}/suspendre", suspended="yes")
    assert "Agrément suspendu depuis le 24 novembre 2026" in words(sofia.follow(told))
    assert karim.get(waiting).status_code == claire.get(address).status_code == 303, "their sessions ended"
    karim, claire = browse("karim"), browse("claire")
    assert karim.get(waiting).status_code == 404
    assert karim.get("/on-me-demande").status_code == 404
    assert claire.get(address).status_code == 404
    assert "Médiathèque Mandela" in words(lea.get("/passeport"))
    assert "Agrément suspendu" in words(sofia.get("/ville"))
    again = sofia.fill(address, f"/ville{address}/suspendre", suspended="no")
    assert "Agréée par la Ville depuis le" in words(sofia.follow(again))
    assert karim.get(waiting).status_code == 200
    assert claire.get(address).status_code == 200


def test_the_city_is_never_suspended(app: Flask, cast: Cast, browse: Any) -> None:
    sofia, address = browse("sofia"), f"/organisation/{cast['city']}"
    assert "Suspendre" not in words(sofia.get(address))
    assert sofia.post(f"/ville{address}/suspendre", {"suspended": "yes"}).status_code == 422
    assert sofia.get("/ville").status_code == 200


def test_how_an_organisation_is_reached_changes_for_every_reader(app: Flask, cast: Cast, browse: Any) -> None:
    claire, address = browse("claire"), f"/organisation/{cast['library']}"
    wrong = claire.fill(f"{address}/coordonnees", phone="04 65 71 00 99", email="pas une adresse")
    assert wrong.status_code == 422
    assert "Écrire l’adresse en entier" in words(wrong)
    assert fields(wrong)["phone"] == "04 65 71 00 99"
    kept = claire.fill(f"{address}/coordonnees", phone="04 65 71 00 99", email="bonjour@example.org")
    assert "04 65 71 00 99" in words(claire.follow(kept))
    assert browse("karim").get(f"{address}/coordonnees").status_code == 404


def test_an_organisation_is_not_added_twice(app: Flask, cast: Cast, browse: Any) -> None:
    sofia, draft = browse("sofia"), {"name": "Club d’échecs", "kind": "association", "sector": "voluntary"}
    first, again = (sofia.fill("/ville/ajouter", **draft) for _ in range(2))
    assert way(first) == way(again)
    other = sofia.fill("/ville/ajouter", **{**draft, "kind": "company"})
    assert other.status_code == 422
    assert "Une organisation porte déjà ce nom" in words(other)
    assert fields(other)["name"] == "Club d’échecs"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [("name", "", "Écrire le nom."), ("name", "\u200b", "Écrire le nom."), ("name", "é" * 121, "120 caractères au plus"),
     ("kind", "city", "Choisir une ligne de la liste."), ("kind", "", "Choisir un genre."), ("email", "nulle part", "Écrire l’adresse en entier")],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(browse: Any, name: str, value: str, sentence: str) -> None:
    answer = browse("sofia").fill("/ville/ajouter", **{"name": "Club", "kind": "association", "sector": "voluntary",
                                                       "phone": "04 65", name: value})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert fields(answer)["phone"] == "04 65"


def test_the_list_of_the_city_goes_on_and_is_searched(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        for n in range(25):
            build.organisation(f"Amicale {n:02}", NOON)
        db.session.commit()
    sofia = browse("sofia")
    first = sofia.get("/ville")
    assert "Amicale 18" in words(first)
    assert "Médiathèque" not in words(first)
    more = re.search(r'hx-get="([^"]+)"', first.get_data(as_text=True).split('id="more"')[1])
    assert more
    rest = sofia.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"})
    assert "<html" not in rest.get_data(as_text=True)
    assert "Médiathèque Mandela" in words(rest)
    assert "Amicale 18" not in words(rest)
    found = sofia.get("/ville?q=MANDELA")
    assert "Médiathèque Mandela" in words(found)
    assert "Amicale" not in words(found)
    assert sofia.get("/ville?after=odd").status_code == 200
    assert "Aucune organisation de ce nom." in words(sofia.get("/ville?q=zzz"))


def test_a_search_in_the_city_leaves_what_waits_where_it_is(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        build.organisation("Atelier du Port", NOON, accredited_at=None)
        db.session.commit()
    sofia = browse("sofia")
    for address in ("/ville", "/ville?q=mandela", "/ville?q=zzz"):
        assert "Atelier du Port" in words(sofia.get(address))
    assert "Atelier du Port" not in words(sofia.get("/ville?q=mandela", headers={"HX-Request": "true"}))


def test_the_coordination_says_whether_under_18s_are_welcome(app: Flask, cast: Cast, browse: Any) -> None:
    sofia, address = browse("sofia"), f"/organisation/{cast['library']}"
    action = f"/ville/organisation/{cast['library']}/moins-de-18-ans"
    sofia.follow(sofia.fill(address, action))
    assert "Pour les 18 ans ou plus seulement." in words(sofia.get(address))
    sofia.follow(sofia.fill(address, action))
    assert "Des moins de 18 ans y viennent" in words(sofia.get(address))
    assert browse("claire").post(action, {"allowed": "no"}).status_code == 404


# ---------- an organisation's page ----------


def test_the_responsible_person_reads_who_acts_and_how_their_check_stands(cast: Cast, browse: Any) -> None:
    page = words(browse("claire").get(f"/organisation/{cast['library']}"))
    assert "Karim" in page
    assert "Vérification en règle jusqu’au 11 juin 2027." in page
    assert "Vérification à refaire, terminée le 23 novembre 2026." in page
    assert "Aucune vérification" in page
    assert "depuis mai 2026" in page
    assert "Charte acceptée le 8 mai 2026." in page
    assert "Charte : à lire avant de reconnaître une compétence." in page


@pytest.mark.parametrize("name", ["lea", "karim", "nadia", "farid", "tom"])
def test_an_organisation_of_others_does_not_exist(cast: Cast, browse: Any, name: str) -> None:
    browser, key = browse(name), cast["library"]
    for address in (f"/organisation/{key}", f"/organisation/{key}/inviter", f"/organisation/{key}/code",
                    f"/organisation/role/{cast['m_karim']}/verification"):
        assert browser.get(address).status_code == 404
    for address in (f"/organisation/{key}/code/remplacer", f"/organisation/role/{cast['m_karim']}/retirer",
                    f"/ville/organisation/{key}/agreer"):
        assert browser.post(address).status_code == 404


def test_a_page_costs_the_same_for_one_person_and_for_many(app: Flask, cast: Cast, browse: Any) -> None:
    claire, sofia, address = browse("claire"), browse("sofia"), f"/organisation/{cast['library']}"
    few, city = statements(app, claire, address), statements(app, sofia, "/ville")
    with app.app_context():
        library = db.session.get_one(Organisation, cast["library"])
        for n in range(15):
            member = build.membership(build.account(f"p{n}", NOON), library, "facilitator", NOON)
            build.vetting(member, db.session.get_one(build.Account, cast["claire"]), NOON)
            build.organisation(f"Amicale {n}", NOON, accredited_at=None if n % 2 else NOON)
        db.session.commit()
    assert statements(app, claire, address) == few <= 8
    assert statements(app, sofia, "/ville") == city <= 8


def test_a_large_team_comes_page_by_page(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        library = db.session.get_one(Organisation, cast["library"])
        for n in range(20):
            build.membership(build.account(f"p{n}", NOON, display_name=f"Zoé {n:02}"), library, "facilitator", NOON)
        db.session.commit()
    claire = browse("claire")
    first = claire.get(f"/organisation/{cast['library']}").get_data(as_text=True)
    assert words(first).index("Claire") < words(first).index("Karim")
    more = re.search(r'id="more".*?hx-get="([^"]+)"', first)
    assert more
    rest = words(claire.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}))
    both = words(first) + rest
    assert [both.count(f"Zoé {n:02}") > 0 for n in range(20)] == [True] * 20
    assert "Karim" not in rest


# ---------- invitations ----------


def invited(browser: Any, cast: Cast, **more: str) -> str:
    return link_of(browser.follow(browser.fill(f"/organisation/{cast['library']}/inviter", **more)))


def test_a_link_is_shown_until_its_page_is_left_and_kept_nowhere(app: Flask, cast: Cast, browse: Any) -> None:
    claire = browse("claire")
    link = invited(claire, cast, title="animatrice", note="Zoé")
    again = claire.get(f"/organisation/{cast['library']}/inviter")
    assert link_of(again) == link
    assert 'class="stamp xl"' in again.get_data(as_text=True)
    page = claire.get(f"/organisation/{cast['library']}")
    assert "Zoé" in words(page)
    assert link not in page.get_data(as_text=True)
    assert "Faire le lien" in words(claire.get(f"/organisation/{cast['library']}/inviter"))
    token = link.rsplit("/", 1)[1]
    assert len(token) == 22
    [kept] = rows(app, sa.select(Invitation))
    assert token.encode() not in kept.token_hash
    assert kept.expires_at - kept.made_at == 14 * DAY


def test_an_invitation_waits_for_whoever_has_no_passport(cast: Cast, browse: Any) -> None:
    link = invited(browse("claire"), cast)
    nobody = browse(None)
    page = nobody.get(link)
    assert page.status_code == 200
    assert "Claire m’invite" in words(page)
    body = page.get_data(as_text=True)
    assert f"/ouvrir?next={link}" in body
    assert f"/creer?next={link}" in body
    assert nobody.post(link).headers["Location"].startswith("/ouvrir?next=/invitation/")


def test_an_invitation_accepted_is_a_role_once_for_one_person(app: Flask, cast: Cast, browse: Any) -> None:
    link = invited(browse("claire"), cast, title="animatrice")
    stranger, lea = browse("stranger"), browse("lea")
    accepted = stranger.fill(link)
    assert way(accepted).startswith("/charte/")
    assert stranger.post(link).status_code == 303  # sent twice: the same role
    assert lea.get(link).status_code == 410
    assert lea.post(link).status_code == 410
    assert "Elle a déjà servi" in words(lea.get(link))
    [role] = rows(app, sa.select(Membership).where(Membership.account_id == cast["stranger"]))
    assert (role.role, role.title, role.joined_at, role.identity_confirmed_at) == ("facilitator", "animatrice", NOON, NOON)
    assert stranger.get("/on-me-demande").status_code == 200
    assert stranger.get("/passeport").status_code == 200
    second = invited(browse("claire"), cast)
    assert "Ce rôle existe déjà" in words(stranger.get(second))
    assert stranger.post(second).status_code == 422


def test_an_invitation_ends_after_14_days_or_when_it_is_taken_back(cast: Cast, browse: Any, at: Any) -> None:
    claire, stranger = browse("claire"), browse("stranger")
    link, other = invited(claire, cast), ""
    page = claire.get(f"/organisation/{cast['library']}")
    action = re.search(r'action="(/organisation/invitation/[^"]+)"', page.get_data(as_text=True))
    assert action
    assert browse("farid").post(action[1]).status_code == 404
    claire.follow(claire.post(action[1]))
    assert stranger.get(link).status_code == 410
    other = invited(claire, cast)
    at(NOON + 14 * DAY)
    assert browse("stranger").get(other).status_code == 410
    assert stranger.get("/invitation/" + "A" * 22).status_code == 404


def test_under_16_nobody_takes_a_role(app: Flask, cast: Cast, browse: Any) -> None:
    link = invited(browse("claire"), cast)
    tom = browse("tom")
    assert "Répondre aux demandes se fait à partir de 16 ans." in words(tom.get(link))
    assert tom.post(link).status_code == 422
    assert rows(app, sa.select(Membership).where(Membership.account_id == cast["tom"])) == []


def test_at_16_nobody_answers_for_an_organisation(app: Flask, cast: Cast, browse: Any) -> None:
    link = invited(browse("sofia"), cast, role="manager")
    youth = browse("youth")
    assert "Ceci se fait à partir de 18 ans." in words(youth.get(link))
    assert youth.post(link).status_code == 422
    assert rows(app, sa.select(Membership).where(Membership.account_id == cast["youth"])) == []


@both_databases
@pytest.mark.parametrize("spent", [{"revoked_at": NOON}, {"made_at": NOON - 15 * DAY, "expires_at": NOON}, {"token_hash": bytes(32)}])
def test_an_invitation_that_is_spent_is_not_shown_as_good(
    app: Flask, cast: Cast, browse: Any, spent: dict[str, Any]
) -> None:
    claire, address = browse("claire"), f"/organisation/{cast['library']}/inviter"
    form = {**fields(claire.get(address)), "note": "Zoé"}
    good = link_of(claire.follow(claire.post(address, form)))
    assert link_of(claire.follow(claire.post(address, form))) == good
    with app.app_context(), transaction():
        db.session.execute(sa.update(Invitation).values(**spent))
    again = claire.post(address, form)
    assert again.status_code == 422
    assert "Cette invitation ne sert plus. Recommencer pour en faire une autre." in words(again)
    assert link_of(claire.follow(claire.post(address, {**fields(again), "note": "Zoé"}))) != good


def test_only_the_coordination_invites_responsible_people(app: Flask, cast: Cast, browse: Any) -> None:
    address = f"/organisation/{cast['library']}/inviter"
    assert browse("claire").post(address, {"role": "manager"}).status_code == 422
    assert browse("sofia").post(address, {"role": "coordinator"}).status_code == 422
    assert rows(app, sa.select(Invitation)) == []
    city = f"/organisation/{cast['city']}/inviter"
    assert "Coordonner le passeport de la Ville" in words(browse("sofia").get(city))


def test_a_link_made_elsewhere_is_not_shown_here(cast: Cast, browse: Any) -> None:
    sofia = browse("sofia")
    sofia.fill(f"/organisation/{cast['library']}/inviter", role="manager")
    assert "Faire le lien" in words(sofia.get(f"/organisation/{cast['club']}/inviter"))


def test_the_first_coordinator_is_invited_at_a_terminal(app: Flask, at: Any) -> None:
    for _ in range(2):
        told = app.test_cli_runner().invoke(args=["coordinator", "invite", "--name", "Sofia"])
        assert told.exit_code == 0, told.output
    with app.app_context():
        public_url = app.config["PUBLIC_URL"]
    link = told.output.strip().splitlines()[-1]
    assert link.startswith(public_url + "/invitation/")
    [city] = rows(app, sa.select(Organisation))
    assert (city.kind, city.name, city.accredited_at) == ("city", "Ville d’Alpha", NOON)
    landing = app.test_client().get(urlsplit(link).path)
    assert "Une invitation à agir au nom de cette organisation." in words(landing)
    assert "Ville d’Alpha" in words(landing)


# ---------- checks ----------


def test_a_check_is_noted_by_somebody_else(app: Flask, cast: Cast, browse: Any) -> None:
    claire, address = browse("claire"), f"/organisation/role/{cast['m_novice']}/verification"
    page = claire.get(address)
    assert "Attestation d’honorabilité" not in words(page)
    assert fields(page)["expires_on"] == "2027-10-31"
    claire.follow(claire.fill(address, kind="public_agent", authenticity="y"))
    assert "Vérification en règle jusqu’au 30 octobre 2027." in words(claire.get(f"/organisation/{cast['library']}"))
    [kept] = rows(app, sa.select(Vetting).where(Vetting.membership_id == cast["m_novice"]))
    assert (kept.recorded_by_id, kept.authenticity, kept.checked_on) == (cast["claire"], True, NOON.date())


def test_a_check_noted_again_takes_the_place_of_the_first(app: Flask, cast: Cast, browse: Any) -> None:
    claire, address = browse("claire"), f"/organisation/role/{cast['m_karim']}/verification"
    for _ in range(2):
        claire.follow(claire.fill(address, kind="public_agent", expires_on="2026-12-31"))
    page = words(claire.get(f"/organisation/{cast['library']}"))
    assert "Vérification à refaire avant le 31 décembre 2026." in page
    assert "11 juin 2027" not in page
    found = rows(app, sa.select(Vetting).where(Vetting.membership_id == cast["m_karim"]))
    assert sorted(v.revoked_at is None for v in found) == [False, True]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [({"kind": "honorability"}, "n’est pas permis pour cette organisation"), ({"kind": ""}, "Choisir une ligne."),
     ({"expires_on": "2027-11-25"}, "valable 12 mois au plus"), ({"checked_on": "2026-11-25"}, "aujourd’hui au plus tard"),
     ({"checked_on": "hier"}, "Écrire un jour"), ({"expires_on": "9999-99-99"}, "Écrire un jour"),
     ({"expires_on": ""}, "Choisir un jour."), ({"checked_on": "9999-12-31"}, "Vérifier les dates")],
)
def test_an_unlawful_or_too_long_check_is_refused(
    app: Flask, cast: Cast, browse: Any, values: dict[str, str], sentence: str
) -> None:
    answer = browse("claire").fill(f"/organisation/role/{cast['m_novice']}/verification",
                                   **{"kind": "public_agent", **values})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert rows(app, sa.select(Vetting).where(Vetting.membership_id == cast["m_novice"])) == []


def test_nobody_notes_their_own_check(app: Flask, cast: Cast, browse: Any) -> None:
    claire, address = browse("claire"), f"/organisation/role/{cast['m_claire']}/verification"
    assert claire.get(address).status_code == 403
    answer = claire.post(address, {"kind": "public_agent", "checked_on": "2026-11-24", "expires_on": "2027-10-31"})
    assert answer.status_code == 403
    assert "On ne peut pas le faire pour soi-même" in words(answer)
    with app.app_context():
        mine = db.session.get_one(Membership, cast["m_claire"])
        draft = service.CheckDraft("public_agent", NOON.date(), dt.date(2027, 10, 31))
        with pytest.raises(Refused) as refused:
            service.record_check(mine, draft, cast["claire"], NOON)
        assert refused.value.refusal is Refusal.NOT_ONESELF
        db.session.remove()
    assert browse("sofia").fill(address, kind="public_agent").status_code == 303


# ---------- leaving a role ----------


def test_a_role_removed_opens_nothing_from_the_next_request_on(app: Flask, cast: Cast, browse: Any) -> None:
    karim, claire = browse("karim"), browse("claire")
    with app.app_context(), transaction():
        token = service.new_ask_code(db.session.get_one(Membership, cast["m_karim"]), NOON)
    assert karim.get("/on-me-demande").status_code == 200
    address = f"/organisation/{cast['library']}"
    claire.follow(claire.fill(address, f"/organisation/role/{cast['m_karim']}/retirer"))
    assert way(karim.get("/on-me-demande")) == "/ouvrir"  # signed out everywhere
    assert browse("karim").get("/on-me-demande").status_code == 404
    assert "Karim" not in words(claire.get(address))
    assert claire.post(f"/organisation/role/{cast['m_karim']}/retirer").status_code == 303
    assert claire.get(f"/organisation/role/{cast['m_karim']}/verification").status_code == 404
    with app.app_context():
        assert queries.by_ask_token(token, NOON) is None
        db.session.remove()


def test_the_last_responsible_person_stays_unless_the_coordination_decides(cast: Cast, browse: Any) -> None:
    claire, address = browse("claire"), f"/organisation/role/{cast['m_claire']}/retirer"
    kept = claire.post(address)
    assert kept.status_code == 422
    assert "C’est la dernière personne dans ce rôle" in words(kept)
    assert claire.get(f"/organisation/{cast['library']}").status_code == 200
    sofia = browse("sofia")
    assert sofia.post(address).status_code == 303
    assert browse("claire").get(f"/organisation/{cast['library']}").status_code == 404
    assert sofia.post(f"/organisation/role/{cast['m_sofia']}/retirer").status_code == 422


# ---------- the charter ----------


def test_the_charter_is_read_accepted_and_kept_with_its_day(app: Flask, cast: Cast, browse: Any) -> None:
    novice, address = browse("novice"), f"/charte/{cast['m_novice']}"
    page = novice.get(address + "?next=/passeport")
    assert "J’accepte la charte" in words(page)
    assert "Version 2026-11" in words(page)
    back = novice.post(address, fields(page, None))
    assert way(back) == "/passeport"
    [kept] = rows(app, sa.select(Membership).where(Membership.id == cast["m_novice"]))
    assert (kept.charter_version, kept.charter_accepted_at, kept.trained_at) == ("2026-11", NOON, NOON)
    assert "Acceptée le 24 novembre 2026." in words(novice.get(address))
    assert way(novice.post(address, {"next": "https://ailleurs.example/"})) == "/on-me-demande"


@pytest.mark.parametrize("name", ["lea", "karim", "claire", "sofia"])
def test_nobody_accepts_the_charter_for_another(cast: Cast, browse: Any, name: str) -> None:
    browser = browse(name)
    assert browser.get(f"/charte/{cast['m_novice']}").status_code == 404
    assert browser.post(f"/charte/{cast['m_novice']}").status_code == 404


# ---------- joining ----------


@pytest.fixture
def code(app: Flask, cast: Cast) -> str:
    with app.app_context(), transaction():
        return service.new_join_code(db.session.get_one(Organisation, cast["library"]), NOON)


def test_the_code_is_shown_printed_and_replaced(app: Flask, cast: Cast, browse: Any) -> None:
    claire, address = browse("claire"), f"/organisation/{cast['library']}/code"
    assert "Faire le code" in words(claire.get(address))
    claire.follow(claire.fill(address, f"{address}/remplacer"))
    first = code_of(claire.get(address))
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", first)
    assert "data-print" in claire.get(address).get_data(as_text=True)
    claire.follow(claire.fill(address, f"{address}/remplacer"))
    second = code_of(claire.get(address))
    lea = browse("lea")
    assert lea.get(f"/rejoindre/{first}").status_code == 404
    assert lea.get(f"/rejoindre/{second}").status_code == 200
    [kept] = rows(app, sa.select(Organisation).where(Organisation.id == cast["library"]))
    assert second.replace("-", "").encode() not in kept.join_code_sealed


@both_databases
@pytest.mark.parametrize(("who", "address"), [("claire", "/organisation/{library}/code"), ("karim", "/demandez-moi")])
def test_a_page_left_open_replaces_no_code_and_says_so(
    cast: Cast, browse: Any, code: str, who: str, address: str
) -> None:
    person, page = browse(who), address.format_map(cast.ids)
    left_open = fields(person.get(page), f"{page}/remplacer")
    done = person.follow(person.post(f"{page}/remplacer", left_open))
    assert "Le nouveau code est prêt." in words(done)
    again = person.follow(person.post(f"{page}/remplacer", left_open))
    assert "Le code avait déjà changé. Le voici." in words(again)
    assert "Le nouveau code est prêt." not in words(again)
    assert fields(again, f"{page}/remplacer")["seen"] == fields(done, f"{page}/remplacer")["seen"]
    assert left_open.get("seen", "") != fields(done, f"{page}/remplacer")["seen"]


def test_a_learner_joins_with_the_code_and_leaves(app: Flask, cast: Cast, browse: Any, code: str) -> None:
    lea = browse("lea")
    seen = lea.fill("/rejoindre", code=code.lower().replace("-", " "))
    page = lea.follow(seen)
    assert "Médiathèque Mandela" in words(page)
    assert rows(app, sa.select(Joined).where(Joined.learner_id == cast["lea"])) == []
    for _ in range(2):
        done = lea.post(way(seen))
        assert way(done) == "/rejoindre"
    assert "Médiathèque Mandela" in words(lea.get("/rejoindre"))
    assert len(rows(app, sa.select(Joined).where(Joined.learner_id == cast["lea"]))) == 1
    leave = f"/organisation/{cast['library']}/quitter"
    lea.follow(lea.fill("/rejoindre", leave))
    assert "Aucune pour l’instant" in words(lea.get("/rejoindre"))
    assert lea.post(leave).status_code == 404
    assert browse("stranger").post(leave).status_code == 404
    assert way(lea.post(way(seen))) == "/rejoindre"


def test_a_scanned_code_leads_through_signing_in(app: Flask, browse: Any, code: str) -> None:
    answer = browse(None).get(f"/rejoindre/{code}")
    assert answer.headers["Location"] == f"/ouvrir?next=/rejoindre/{code}"


def test_an_unknown_code_is_said_beside_the_field(browse: Any, code: str) -> None:
    answer = browse("lea").fill("/rejoindre", code="ZZZZ-ZZZZ")
    assert answer.status_code == 422
    assert "Ce code n’est pas connu" in words(answer)
    assert fields(answer, "/rejoindre")["code"] == "ZZZZ-ZZZZ"


def test_whoever_guesses_codes_waits(browse: Any, code: str) -> None:
    lea = browse("lea")
    for n in range(10):
        assert lea.get(f"/rejoindre/AAAA-AAA{n % 8 + 2}").status_code == 404
    answer = lea.post("/rejoindre", {"code": code})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert lea.get(f"/rejoindre/{code}").status_code == 429
    assert browse("tom").get(f"/rejoindre/{code}").status_code == 200


def test_an_organisation_that_is_not_accredited_is_not_joined(app: Flask, cast: Cast, browse: Any, code: str) -> None:
    with app.app_context():
        db.session.get_one(Organisation, cast["library"]).suspended_at = NOON - DAY
        db.session.commit()
    assert browse("lea").post(f"/rejoindre/{code}").status_code == 404


# ---------- « Demandez-moi » ----------


def test_a_facilitator_shows_a_code_of_their_own_and_replaces_it(app: Flask, cast: Cast, browse: Any) -> None:
    karim = browse("karim")
    assert "Faire mon code" in words(karim.get("/demandez-moi"))
    tokens = []
    for _ in range(2):
        karim.follow(karim.fill("/demandez-moi", "/demandez-moi/remplacer"))
        page = karim.get("/demandez-moi")
        assert "Karim, Médiathèque Mandela" in words(page)
        assert 'class="stamp xl"' in page.get_data(as_text=True)
        with app.app_context():
            token = service.ask_token(db.session.get_one(Membership, cast["m_karim"]))
            assert token
            tokens.append(token)
            db.session.remove()
    with app.app_context():
        assert queries.by_ask_token(tokens[0], NOON) is None
        found = queries.by_ask_token(tokens[1], NOON)
        assert found is not None
        assert found.id == cast["m_karim"]
        db.session.remove()
    assert len(rows(app, sa.select(AskCode).where(AskCode.closed_at.is_(None)))) == 1


@pytest.mark.parametrize("name", ["lea", "claire", "sofia"])
def test_the_code_is_for_facilitators(browse: Any, name: str) -> None:
    browser = browse(name)
    assert browser.get("/demandez-moi").status_code == 404
    assert browser.post("/demandez-moi/remplacer").status_code == 404


def test_each_role_has_its_code_and_nobody_elses_can_be_named(app: Flask, cast: Cast, browse: Any) -> None:
    with app.app_context():
        second = build.membership(db.session.get_one(build.Account, cast["karim"]),
                                  db.session.get_one(Organisation, cast["club"]), "facilitator", NOON).id
        db.session.commit()
    karim = browse("karim")
    assert "Karim, AS Gauthière" in words(karim.get(f"/demandez-moi?role={second}"))
    assert "Mes autres rôles" in words(karim.get("/demandez-moi"))
    assert karim.get(f"/demandez-moi?role={cast['m_nadia']}").status_code == 404
    assert karim.post("/demandez-moi/remplacer", {"role": cast["m_nadia"]}).status_code == 404


# ---------- what other rooms ask ----------


@both_databases
def test_services_work_with_times_that_are_past(app: Flask, cast: Cast) -> None:
    then = NOON - 400 * DAY
    with app.app_context():
        with transaction():
            house = service.add_organisation(
                service.OrganisationDraft("Atelier de l’Œuvre", "childcare", "public", wants_minors=True),
                cast["sofia"], then)
            service.accredit(house, cast["sofia"], then)
            made, _token = service.invite(house, "facilitator", "éducatrice", None, cast["sofia"], then)
            member = service.accept_invitation(made, cast["stranger"], then + DAY)
            service.accept_charter(member, then + DAY)
            day = (then + DAY).date()
            service.record_check(member, service.CheckDraft("honorability", day, day + 300 * DAY), cast["sofia"], then + DAY)
            joined = service.join(cast["lea"], house, then + 2 * DAY)
            code = service.new_join_code(house, then)
            assert service.join(cast["lea"], house, then + 3 * DAY).id == joined.id
            minors.name_lead(house, member, cast["sofia"], NOON)
            minors.sign_charter(house, cast["sofia"], NOON)
            minors.set_minors(house, True, cast["sofia"], NOON)
        assert [p.name for p in queries.facilitators_of(house.id, NOON)] == ["Stranger"]
        assert [o.id for o in queries.search("oeuvre atelier", NOON)] == [house.id]
        assert queries.search("ville", NOON) == []
        assert service.join_code(house) == code
        role = next(r for r in queries.roles_of(cast["stranger"]) if r.organisation_id == house.id)
        assert role.is_active(NOON)
        assert role.is_checked((then + 2 * DAY).date())
        assert not role.is_checked(NOON.date())
        with transaction():
            service.leave(joined, NOON)
            service.end_membership(member, cast["sofia"], NOON)
        assert queries.joined_organisations(cast["lea"]) == []
        assert queries.facilitators_of(house.id, NOON) == []
        db.session.remove()


def test_a_role_that_never_was_is_not_there(browse: Any) -> None:
    sofia, never = browse("sofia"), uuid.uuid4()
    for address in (f"/organisation/{never}", f"/organisation/{never}/code", f"/organisation/{never}/inviter",
                    f"/organisation/role/{never}/verification", f"/charte/{never}"):
        assert sofia.get(address).status_code == 404
    for address in (f"/ville/organisation/{never}/agreer", f"/organisation/role/{never}/retirer",
                    f"/organisation/invitation/{never}/annuler", f"/organisation/{never}/quitter"):
        assert sofia.post(address).status_code == 404


def test_the_city_searches_by_name_from_ten_organisations_on(app: Flask, cast: Cast, browse: Any) -> None:
    sofia = browse("sofia")
    assert 'role="search"' not in sofia.get("/ville").get_data(as_text=True)
    with app.app_context(), transaction():
        for n in range(8):
            build.organisation(f"Club {n}", NOON)
    assert 'role="search"' in sofia.get("/ville").get_data(as_text=True)
