"""Every endpoint, who may open it, and what a refused request changes: nothing."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from passport import clock, create_app
from passport.extensions import db
from tests.cast import Cast, make_cast
from tests.conftest import NOON, test_settings
from tests.reading import Reader, new
from tests.signing import sign_for
from tests.world import fill

PEOPLE = ("lea", "tom", "youth", "stranger", "karim", "hugo", "novice", "claire", "nadia", "farid", "sofia")
EVERYBODY = frozenset(PEOPLE)
FACILITATORS = frozenset({"karim", "hugo", "novice", "nadia"})
HELPERS = ("karim", "hugo", "novice", "claire", "nadia", "farid", "sofia")
PUBLIC = None


@dataclass(frozen=True)
class Door:
    """One endpoint: what stands in its address, who may come in (None: anyone), and a body that would be valid."""

    who: frozenset[str] | None
    key: str = ""
    body: dict[str, Any] | None = None
    more: tuple[tuple[str, str], ...] = ()


def mine(key: str, owner: str = "lea", **body: Any) -> Door:
    return Door(frozenset({owner}), key, body or None)


def of(*who: str, key: str = "", more: tuple[tuple[str, str], ...] = (), **body: Any) -> Door:
    return Door(frozenset(who), key, body or None, more)


REGISTRY: dict[str, Door] = {
    "accounts.help_page": Door(PUBLIC), "accounts.home": Door(PUBLIC), "accounts.set_language": Door(PUBLIC),
    "accounts.sign_in": Door(PUBLIC), "accounts.sign_up": Door(PUBLIC), "health.healthz": Door(PUBLIC),
    "landing.learner": Door(PUBLIC), "landing.parent": Door(PUBLIC), "landing.facilitator": Door(PUBLIC),
    "landing.employer": Door(PUBLIC), "verify.page": Door(PUBLIC),
    "city.rights": Door(PUBLIC), "city.guides": Door(PUBLIC), "city.free": Door(PUBLIC), "city.charter": Door(PUBLIC),
    "city.decided": Door(PUBLIC), "city.settings": of("sofia"),
    "commitments.ecodesign": Door(PUBLIC), "commitments.accessibility": Door(PUBLIC),
    "commitments.security": Door(PUBLIC), "commitments.security_txt": Door(PUBLIC), "frameworks.sentences": Door(PUBLIC),
    "legal.mentions": Door(PUBLIC), "legal.privacy": Door(PUBLIC), "legal.cookies": Door(PUBLIC), "legal.processing": Door(PUBLIC),
    "legal.terms": Door(PUBLIC),
    "offline.manifest": Door(PUBLIC), "offline.worker": Door(PUBLIC), "offline.waiting": Door(PUBLIC),
    "offline.ticket": Door(PUBLIC),
    "accounts.menu": Door(EVERYBODY), "accounts.note_down": Door(EVERYBODY), "accounts.passphrase": Door(EVERYBODY),
    "accounts.sign_out": Door(EVERYBODY),
    "factor.confirm": Door(EVERYBODY), "factor.mine": Door(EVERYBODY), "factor.application": Door(EVERYBODY),
    "factor.passkey": Door(EVERYBODY), "factor.codes": Door(EVERYBODY), "factor.remove": Door(EVERYBODY, "", {"what": "application"}),
    "mail.address": Door(EVERYBODY), "mail.confirm": Door(EVERYBODY), "mail.remove": Door(EVERYBODY),
    "mail.tell": Door(EVERYBODY), "mail.forgotten": Door(PUBLIC), "mail.look": Door(PUBLIC),
    "mail.reset": Door(PUBLIC), "mail.unsubscribe": Door(PUBLIC),
    "devices.mine": Door(EVERYBODY), "devices.end": Door(EVERYBODY), "devices.stop": Door(EVERYBODY),
    "devices.seen": Door(EVERYBODY),
    "rescue.sheet": Door(EVERYBODY), "rescue.codes": Door(EVERYBODY), "rescue.lost": Door(EVERYBODY),
    "rescue.by_sheet": Door(PUBLIC), "rescue.begin": Door(PUBLIC), "rescue.number": Door(PUBLIC), "rescue.phrase": Door(PUBLIC),
    "returns.helping": of(*HELPERS), "lost.at_desk": of(*HELPERS), "lost.close": Door(PUBLIC),
    "protected.choice": Door(EVERYBODY), "protected.choose": Door(EVERYBODY), "protected.quiet": Door(EVERYBODY),
    "protected.witnesses": Door(EVERYBODY), "protected.age": Door(EVERYBODY),
    "protected.lower": Door(EVERYBODY, "", {"birth_month": "3", "birth_year": "2014"}),
    "protected.show_code": Door(EVERYBODY),
    "unsent.keep": Door(EVERYBODY, "", {"story": "Une moitié"}, (("form", "story"),)),
    "organisations.city": of("sofia"),
    "organisations.add_organisation": of("sofia", name="Club", kind="association", sector="voluntary"),
    "organisations.accredit": of("sofia", key="library"),
    "organisations.suspend": of("sofia", key="library", suspended="yes"),
    "organisations.organisation": of("claire", "sofia", key="library"),
    "organisations.contact": of("claire", "sofia", key="library", phone="04 65 71 00 99"),
    "organisations.invite": of("claire", "sofia", key="library", role="facilitator", title="animateur"),
    "organisations.record_check": of("claire", "sofia", key="m_karim", kind="public_agent", checked_on="2026-11-01",
                                     expires_on="2027-10-31"),
    "organisations.remove": of("claire", "sofia", key="m_karim"),
    "organisations.confirm_coordinator": of("sofia", key="m_karim"),
    "organisations.reset_factor": of("claire", "sofia", key="m_karim"),
    "organisations.join_code": of("claire", "sofia", key="library"),
    "organisations.replace_join_code": of("claire", "sofia", key="library"),
    "organisations.invitation": Door(PUBLIC),
    "organisations.accreditation": of("claire", key="library", accepted="y"),
    "organisations.charter": of("novice", key="m_novice", accepted="y"),
    "organisations.minors": of("claire", "sofia", key="library", person="{m_claire}"),
    "organisations.second_reader": of("sofia", key="library", person=""),
    "organisations.pool_reader": of("sofia", key="m_sofia", named="no"),
    "organisations.co_reader": of("claire", "sofia", key="m_maya", person="{m_karim}"),
    "organisations.suspend_member": of("claire", "sofia", key="m_karim", suspended="yes"),
    "protection.looks": Door(EVERYBODY), "protection.who_reads": Door(EVERYBODY),
    "protection.readings": of("claire", "sofia"),
    "protection.reading": Door(frozenset({"claire", "sofia"}), "library", None, (("learner", "tom"),)),
    "protection.along": of("karim", key="m_maya"),
    "organisations.close": of("sofia", key="library"),
    "organisations.set_minors": of("sofia", key="library", allowed="yes"),
    "organisations.revoke_invitation": of("claire", "sofia", key="invitation"),
    "organisations.leave": Door(frozenset({"tom", "youth"}), "library"),
    "organisations.join": Door(EVERYBODY), "organisations.join_by_code": Door(EVERYBODY),
    "organisations.ask_code": Door(FACILITATORS), "organisations.replace_ask_code": Door(FACILITATORS),
    "experiences.passport": Door(EVERYBODY), "experiences.organisations": Door(EVERYBODY), "experiences.add": Door(EVERYBODY), "experiences.deleted": Door(EVERYBODY),
    "experiences.kept": mine("lea_x"), "experiences.experience": mine("lea_x"),
    "experiences.edit": mine("lea_x", title="Autre", version="1"),
    "experiences.story": mine("lea_x", story="Autre", version="1"),
    "experiences.when": mine("lea_x", setting="sport", version="1"),
    "experiences.where": mine("lea_x", place="ici", version="1"),
    "experiences.can_do": mine("lea_x", competency="4", step="2"),
    "experiences.remove_claim": Door(frozenset({"lea"}), "lea_x", None, (("competency", "1"),)),
    "experiences.claim_again": Door(frozenset({"lea"}), "lea_x", None, (("competency", "1"), ("step", "3"))),
    "evidence.add": mine("lea_x", caption="Une affiche"),
    "evidence.add_link": mine("lea_x", url="https://mediatheque.example/"),
    "evidence.file": Door(frozenset({"lea"}), "lea_x", None, (("item", "photo"),)),
    "evidence.remove": Door(frozenset({"lea"}), "lea_x", None, (("item", "photo"),)),
    "evidence.put_back": Door(frozenset({"lea"}), "lea_x", None, (("item", "photo"),)),
    "rights.mine": Door(EVERYBODY), "rights.take": Door(EVERYBODY), "rights.bring": Door(EVERYBODY),
    "rights.preview": Door(EVERYBODY, "", None, (("digest", "0" * 64),)), "rights.name": Door(EVERYBODY),
    "rights.statistics": Door(EVERYBODY, "", {"counted": "no"}), "rights.schema": Door(PUBLIC),
    "rights.erase_brought": mine("brought"), "rights.brought": mine("lea_y"),
    "elsewhere.received": Door(EVERYBODY), "elsewhere.add": Door(EVERYBODY), "elsewhere.one": mine("received"),
    "elsewhere.check_again": mine("received"), "elsewhere.remove": mine("received"), "elsewhere.put_back": mine("received"),
    "experiences.for_me_only": mine("lea_x", for_me_only="yes"),
    "experiences.delete": mine("lea_x"), "experiences.restore": mine("lea_x"),
    "learning.learned": mine("lea_x", learned="y", version="1"),
    "learning.reflect": mine("lea_x", hard="Le bruit", version="1"),
    "learning.add_kinds": Door(EVERYBODY),
    "learning.add_kind": Door(EVERYBODY, "", {"title": "Mon BAFA"}, (("kind", "bafa"),)),
    "learning.choose_kind": mine("lea_x"),
    "learning.edit_kind": Door(frozenset({"lea"}), "lea_x", {"f_with": "Un club", "version": "1"}, (("kind", "psc"),)),
    "learning.remove_kind": mine("lea_x"),
    "learning.path": mine("lea_x"), "learning.link": mine("lea_x", other="x"), "learning.unlink": mine("lea_x", other="x"),
    "learning.my_hours": Door(EVERYBODY),
    "learning.compare": Door(frozenset({"lea"}), "lea_x", None, (("revision", "revision"),)),
    "feedback.exchanges": Door(EVERYBODY), "feedback.ask": mine("lea_x"),
    "feedback.ask_send": Door(frozenset({"lea"}), "lea_x", {"message": "?"}, (("membership", "m_karim"),)),
    "feedback.ask_team": Door(frozenset({"lea"}), "lea_x", {"message": "?"}, (("organisation", "library"),)),
    "feedback.ask_me": Door(EVERYBODY),
    "feedback.cancel": mine("request"), "feedback.noted": mine("request_done"),
    "feedback.inbox": Door(FACILITATORS),
    "feedback.desk": of("claire", key="library"),
    "feedback.answer_request": of("nadia", key="request", seen="Bravo"),
    "ages.look": of("nadia", key="request"), "ages.doubt": of("nadia", key="request"),
    "ages.confirm": of("nadia", key="request", code="123456"),
    "feedback.sent_file": of("nadia", key="request", more=(("item", "photo"),)),
    "feedback.decline": of("nadia", key="request"),
    "feedback.withdraw": of("karim", key="request_done"), "feedback.put_back": of("karim", key="request_done"),
    "feedback.assign": of("claire", key="tom_desk", membership=""),
    "feedback.read": mine("feedback"), "feedback.answer": mine("feedback", reply="Merci"),
    "feedback.withdraw_reply": mine("feedback"),
    "witnesses.invite": mine("lea_x", name_form="display", version="1"),
    "witnesses.ready": mine("witness_invitation"), "witnesses.cancel": mine("witness_invitation"),
    "witnesses.read": mine("testimony"), "witnesses.note": mine("testimony"), "witnesses.delete": mine("testimony"),
    "witness.answer": Door(PUBLIC), "witness.take_back": Door(PUBLIC), "witness.erase": Door(PUBLIC),
    "parents.together": of("tom", placement="y", way="code"), "parents.ready": mine("parent_ask", "tom"),
    "parents.remind": mine("parent_ask", "tom"), "parents.stop": mine("tom_consent", "tom"),
    "parents.hand_over": of("youth", "stranger", placement="keep"),
    "parents.come_of_age": of("stranger", protection="keep"),
    "guardian.answer": Door(PUBLIC), "guardian.typed": Door(PUBLIC), "guardian.receipt": Door(PUBLIC),
    "guardian.stop": Door(PUBLIC),
    "recognition.ask": mine("feedback", competencies="3"),
    "recognition.cancel": mine("recognition"),
    "recognition.recognise": of("karim", key="recognition"),
    "recognition.sent_file": of("karim", key="recognition", more=(("item", "photo"),)),
    "recognition.decline": of("karim", key="recognition"),
    "recognition.offered": mine("recognition_done"),
    "recognition.permit": mine("endorsement"), "recognition.end_permission": mine("endorsement"),
    "recognition.set_aside": mine("endorsement"),
    "attestations.mine": Door(EVERYBODY), "attestations.whole": Door(EVERYBODY),
    "attestations.one": mine("endorsement", name_form="display"), "attestations.secret": mine("endorsement"),
    "attestations.file": Door(frozenset({"lea"}), "endorsement", None, (("kind", "png"),)),
    "recognition.ledger": Door(EVERYBODY),
    "recognition.withdraw": of("karim", "claire", key="endorsement", reason="Une erreur"),
    "sharing.choose": Door(EVERYBODY), "sharing.audience": Door(EVERYBODY), "sharing.preview": Door(EVERYBODY),
    "sharing.extend": mine("share", months="3"),
    "sharing.ready": mine("share"), "sharing.close": mine("share"), "sharing.close_all": Door(EVERYBODY),
    "reader.share": Door(PUBLIC), "reader.checked": Door(PUBLIC), "reader.card": Door(PUBLIC),
    "reader.card_checked": Door(PUBLIC), "reader.piece": Door(PUBLIC), "reader.card_piece": Door(PUBLIC),
    "card.show": Door(EVERYBODY), "card.card": Door(EVERYBODY), "card.printed": Door(EVERYBODY),
    "card.replace": Door(EVERYBODY), "card.opens": Door(EVERYBODY),
    "sheets.prepare": Door(EVERYBODY), "sheets.printed": mine("sheet"), "sheets.close": mine("sheet"),
    "sheet.shell": Door(PUBLIC), "sheet.check": Door(PUBLIC), "sheet.keys": Door(PUBLIC), "sheet.worker": Door(PUBLIC),
    "credentials.city_did": Door(PUBLIC), "credentials.keys_page": Door(PUBLIC),
    "credentials.organisation_did": Door(PUBLIC, "library"), "credentials.organisation": Door(PUBLIC, "library"),
    "credentials.organisation_json": Door(PUBLIC, "library"),
    "credentials.credential": Door(PUBLIC, "credential"), "credentials.credential_json": Door(PUBLIC, "credential"),
    "credentials.achievement": Door(PUBLIC, more=(("slug", "explain-simply"), ("version", "1.1"))),
    "credentials.achievement_json": Door(PUBLIC, more=(("slug", "explain-simply"), ("version", "1.1"))),
    "credentials.achievement_now": Door(PUBLIC, more=(("slug", "explain-simply"),)),
    "credentials.status_list": Door(PUBLIC, more=(("number", "1"),)),
    "safety.bother": mine("text"), "cases.cases": of("claire", "farid", "sofia"),
    "safety.people": Door(EVERYBODY), "safety.block": Door(frozenset({"lea", "tom"}), "karim"),
    "cases.case": of("claire", key="report", outcome="acted", done_on="2026-11-24"),
    "cases.note": of("claire", key="report", note="Vu avec l’équipe."),
    "inquiries.inquiry": of("claire", key="report", reason="Le procureur le demande."), "inquiries.take": of("claire", key="report"),
    "cases.freeze": of("sofia", key="worry"),
    "cases.concern": of("nadia", "farid", key="request", category="worry"),
    "cases.reperes": of("claire", "sofia", key="library"),
    "reader.report": Door(PUBLIC), "reader.card_report": Door(PUBLIC), "witness.concern": Door(PUBLIC),
    "erasing.ask": Door(EVERYBODY), "erasing.leaving": Door(PUBLIC), "erasing.take_back": Door(PUBLIC),
    "erasing.sealed": of("sofia"), "erasing.sealed_folder": of("sofia", key="sealed", reason="Une inquiétude."),
    "static": Door(PUBLIC),
}
# Pages of one's own with no id in the address: everybody finds their own, or what they have no part in (404).
WITHOUT_KEY = {name for name, door in REGISTRY.items() if not door.key}


@dataclass
class City:
    app: Flask
    cast: Cast
    browsers: dict[str | None, Reader]


@pytest.fixture(scope="module")
def city(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city in which every state stands, and everybody's browser; no test here may change it."""
    folder = tmp_path_factory.mktemp("registry")
    shutil.copy(sqlite_template, folder / "t.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOON)
        app = create_app(test_settings(f"sqlite:///{folder / 't.db'}", folder))
        with app.app_context():
            cast = sign_for(fill(make_cast(NOON), NOON))
            db.session.remove()
        yield City(app, cast, {name: Reader(app, cast, name) for name in (*PEOPLE, None)})
        with app.app_context():
            db.engine.dispose()


def address(city: City, endpoint: str, unknown: bool = False) -> str:
    """Return an address of this endpoint: of the thing in the registry, or of one that never existed."""
    door = REGISTRY[endpoint]
    rule = next(r for r in city.app.url_map.iter_rules() if r.endpoint == endpoint)
    values: dict[str, Any] = {}
    for name in rule.arguments:
        given = dict(door.more).get(name)
        if given is not None:
            values[name] = city.cast.ids.get(given, given)
        elif name in {"token", "code"}:
            values[name] = "A" * 22
        else:
            values[name] = uuid.UUID(new()) if unknown or not door.key else city.cast[door.key]
    with city.app.test_request_context():
        from flask import url_for

        return url_for(endpoint, **values)


def methods(city: City, endpoint: str) -> list[str]:
    rule = next(r for r in city.app.url_map.iter_rules() if r.endpoint == endpoint)
    return sorted((rule.methods or set()) & {"GET", "POST"})


def everything(city: City) -> dict[str, Any]:
    """Return every row of every table, but sessions and counters."""
    with city.app.app_context(), db.engine.connect() as connection:
        return {
            name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))  # a Row's own repr leaves out
            for name, table in kept_tables().items()
        }


def kept_tables() -> dict[str, sa.Table]:
    """Return every table but those of sessions and counters."""
    return {name: table for name, table in db.metadata.tables.items() if name not in {"session", "rate_limit"}}


def same(body: str) -> str:
    """Return a page without what differs from request to request: numbers, ids, tokens, and who reads it."""
    body = re.sub(r"[0-9a-f]{12}\b|[0-9a-f-]{36}", "", body)
    return re.sub(r'name="next" value="[^"]*"', "", body)


def test_the_registry_names_every_endpoint(city: City) -> None:
    assert {r.endpoint for r in city.app.url_map.iter_rules()} == set(REGISTRY)


def test_public_is_what_the_registry_says(city: City) -> None:
    for endpoint, door in REGISTRY.items():
        view = city.app.view_functions[endpoint]
        assert (getattr(view, "is_public", False) or endpoint == "static") == (door.who is PUBLIC), endpoint


CLOSED = sorted(name for name, door in REGISTRY.items() if door.who is not PUBLIC)
KEYED = sorted(name for name in CLOSED if name not in WITHOUT_KEY)
PARTLY = sorted(name for name in CLOSED if name in WITHOUT_KEY and REGISTRY[name].who != EVERYBODY)


@pytest.mark.parametrize("endpoint", CLOSED)
def test_nobody_signed_in_is_sent_to_sign_in_for_known_and_unknown_alike(city: City, endpoint: str) -> None:
    for unknown in (False, True):
        for method in methods(city, endpoint):
            answer = city.browsers[None].client.open(address(city, endpoint, unknown), method=method)
            assert answer.status_code == 303, (endpoint, method)
            assert answer.headers["Location"].startswith("/ouvrir"), (endpoint, method)
    part = city.browsers[None].client.open(address(city, endpoint), method=methods(city, endpoint)[0],
                                           headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"][:7]) == (204, "/ouvrir")


@pytest.mark.thorough
@pytest.mark.parametrize("endpoint", KEYED + PARTLY)
@pytest.mark.promise("P7", "passport.policy:is_theirs")
def test_whoever_has_no_part_in_it_meets_nothing_and_changes_nothing(city: City, endpoint: str) -> None:
    """Whoever has no part in a thing gets the answer of a thing that never existed, by every method, and changes nothing."""
    door = REGISTRY[endpoint]
    if door.key and door.key not in city.cast.ids:
        pytest.fail(f"{endpoint}: the world has no {door.key}")
    before = everything(city)
    for name in sorted(EVERYBODY - (door.who or frozenset())):
        for method in methods(city, endpoint):
            for body in ({}, door.body or {"x": "y"}):
                client = city.browsers[name].client
                theirs = client.open(address(city, endpoint), method=method, data=body if method == "POST" else None)
                never = client.open(address(city, endpoint, unknown=True), method=method,
                                    data=body if method == "POST" else None)
                assert theirs.status_code == never.status_code == 404, (endpoint, method, name, theirs.status_code)
                assert same(theirs.get_data(as_text=True)) == same(never.get_data(as_text=True)), (endpoint, name)
                assert {k for k, _ in theirs.headers} == {k for k, _ in never.headers}
    assert everything(city) == before


@pytest.mark.parametrize("endpoint", CLOSED)
def test_whoever_has_a_part_in_it_reads_it(city: City, endpoint: str) -> None:
    if "GET" not in methods(city, endpoint):
        return
    for name in sorted(REGISTRY[endpoint].who or ()):
        answer = city.browsers[name].get(address(city, endpoint))
        expected = {200, 303, 403, *({404, 410} if endpoint in WITHOUT_KEY else ())}
        assert answer.status_code in expected, (endpoint, name, answer.status_code)
        assert "no-store" in answer.headers["Cache-Control"]
    assert REGISTRY[endpoint].who


@pytest.mark.parametrize("endpoint", sorted(REGISTRY))
def test_every_answer_carries_the_headers(city: City, endpoint: str) -> None:
    if endpoint == "static" or "GET" not in methods(city, endpoint):
        return
    for name in (None, "lea"):
        headers = city.browsers[name].get(address(city, endpoint)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "HX-Request" in headers["Vary"]
        assert headers["X-Request-ID"]


@pytest.mark.parametrize("endpoint", CLOSED)
def test_reading_a_page_writes_nothing(city: City, endpoint: str) -> None:
    """No GET writes but the three named: a link's count, a session's last use, and the line « who looked »."""
    if "GET" not in methods(city, endpoint):
        return
    before = everything(city)
    for name in sorted(REGISTRY[endpoint].who or ()):
        city.browsers[name].get(address(city, endpoint))
    after = everything(city)
    for table in ("reading_line", "share_reading"):
        before.pop(table), after.pop(table)
    assert after == before
