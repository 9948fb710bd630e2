"""« Mes attestations signées »: what learners see of the signed form, with their name in it or not, and take away."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import uuid
import xml.etree.ElementTree as ET
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from openbadgeslib.ob3 import OB3Verifier

from passport import drawings
from passport.accounts.rules import Band
from passport.credentials import addresses, keys, own_queries, own_routes, pictures, proofs, record
from passport.credentials.forms import NameForm
from passport.credentials.models import Credential, StatusEntry
from passport.extensions import db
from passport.recognition import service as recognition
from passport.recognition.models import Endorsement, Permission
from passport.transaction import transaction

from .. import signing
from ..cast import Cast
from ..conftest import NOON, both_databases
from ..reading import Reader, words


@pytest.fixture
def lea(app: Flask, lived: Cast) -> Reader:
    """The browser of lea, whose one permitted competency is signed."""
    with app.app_context():
        assert signing.sign_all() == 1
    return Reader(app, lived, "lea")


def kept(app: Flask, lived: Cast) -> bytes:
    """Return the bytes that were signed and are in force."""
    with app.app_context():
        return db.session.scalars(sa.select(Credential.document).where(
            Credential.endorsement_id == lived["endorsement"], Credential.unpublished_at.is_(None))).one()


def page_of(lived: Cast) -> str:
    return f"/attestations/{lived['endorsement']}"


def permit_all(app: Flask, lived: Cast) -> int:
    """Let lea keep and permit a second competency and sign it; return how many are in force."""
    with app.app_context():
        with transaction():
            second = db.session.get_one(Endorsement, lived["offered"])
            recognition.keep(second, NOON)
            recognition.permit(second, NOON)
        signing.sign_all()
        return own_queries.count_in_force(lived["lea"])


# ---------- what is read ----------


def test_the_page_says_where_each_stands(app: Flask, lived: Cast) -> None:
    lea = Reader(app, lived, "lea")
    assert "Se prépare, un instant" in words(lea.get("/attestations"))
    assert "Recharger la page" in words(lea.get(page_of(lived)))
    with app.app_context():
        signing.sign_all()
    assert "Signée le 24 novembre 2026" in words(lea.get("/attestations"))
    lea.post(f"/competence/{lived['endorsement']}/ne-plus-montrer")
    assert "N’est plus montrée" in words(lea.get("/attestations"))
    assert "plus en vigueur" in words(lea.get(page_of(lived)))


def test_what_is_no_longer_shown_leads_where_it_can_be_permitted_again(lea: Reader, lived: Cast) -> None:
    lea.post(f"/competence/{lived['endorsement']}/ne-plus-montrer")
    way = re.search(r'<a class="[^"]*primary[^"]*" href="([^"]+)"', lea.get(page_of(lived)).get_data(as_text=True))
    assert way is not None
    assert f"/competence/{lived['endorsement']}/montrer" in lea.get(way[1]).get_data(as_text=True)


def test_without_anything_permitted_the_page_says_how_one_comes(app: Flask, lived: Cast) -> None:
    body = words(Reader(app, lived, "stranger").get("/attestations"))
    assert "Rien n’est signé" in body
    assert "CLR" not in body


def test_the_page_says_what_the_file_says(lea: Reader, lived: Cast) -> None:
    body = words(lea.get(page_of(lived)))
    for told in ("Karim B., animateur", "Médiathèque Mandela", "fait sans aide", "l’a vu", "Mon nom aucun",
                 "Il ne dit ni les mots de Karim", "Ce fichier ne prouve pas qui le tient"):
        assert told in body, told


def test_what_was_never_kept_has_no_page(lea: Reader, lived: Cast) -> None:
    assert lea.get(f"/attestations/{lived['offered']}").status_code == 404
    assert lea.get(f"/attestations/{uuid.uuid4()}").status_code == 404


def test_a_device_that_others_share_is_not_taken_for_ones_own(app: Flask, lea: Reader, lived: Cast) -> None:
    with app.app_context(), transaction():
        db.session.execute(sa.update(db.metadata.tables["session"]).values(shared=True))
    for address in ("/attestations", page_of(lived)):
        assert "data-own" not in lea.get(address).get_data(as_text=True)


def test_nobody_else_finds_any_of_it(app: Flask, lea: Reader, lived: Cast) -> None:
    for name in ("stranger", "karim", "claire", "sofia"):
        other = Reader(app, lived, name)
        for path in ("", "/fichier.json", "/fichier.png", "/fichier.svg"):
            assert other.get(page_of(lived) + path).status_code == 404
        assert other.post(page_of(lived), {"name_form": "display"}).status_code == 404
        assert other.post(page_of(lived) + "/secret").status_code == 404
        assert other.get("/attestations/tout.json").status_code == 303


@both_databases
def test_more_than_a_page_of_them_goes_on(app: Flask, lea: Reader, lived: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert permit_all(app, lived) == 2
    monkeypatch.setattr(own_queries, "PER_PAGE", 1)
    first = lea.get("/attestations").get_data(as_text=True)
    onward = re.search(r'href="(/attestations\?apres=[^"]+)"', first)
    assert onward is not None
    rows = lea.get(onward[1], headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in rows
    found = set(re.findall(r"/attestations/([0-9a-f-]{36})", first + rows))
    assert found == {str(lived["endorsement"]), str(lived["offered"])}
    assert "apres=" not in rows
    assert lea.get("/attestations?apres=hier").status_code == 200


# ---------- files ----------


def test_the_file_is_what_was_signed(app: Flask, lea: Reader, lived: Cast) -> None:
    answer = lea.get(page_of(lived) + "/fichier.json")
    assert answer.data == kept(app, lived)
    assert answer.headers["Content-Disposition"] == "attachment; filename=attestation-explain-simply.json"
    assert "no-store" in answer.headers["Cache-Control"]


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    """Return the chunks of a PNG, read without our own code."""
    found, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at:at + 4])
        found.append((png[at + 4:at + 8], png[at + 8:at + 8 + length]))
        at += 12 + length
    return found


def drawn(svg: bytes) -> ET.Element:
    """Return a drawing as a program reads it."""
    return ET.fromstring(svg)  # noqa: S314 - our own


def texts(drawing: ET.Element) -> list[str]:
    """Return the lines of text of a drawing."""
    return [text.text or "" for text in drawing.iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_carries_the_very_bytes_once(app: Flask, lea: Reader, lived: Cast) -> None:
    answer = lea.get(page_of(lived) + "/fichier.png")
    assert answer.mimetype == "image/png"
    png, signed = answer.data, kept(app, lived)
    assert len(png) <= 200_000
    texts = [body for kind, body in chunks(png) if kind in {b"iTXt", b"tEXt", b"zTXt"}]
    assert texts == [b"openbadgecredential\0\0\0\0\0" + signed]
    assert OB3Verifier.extract_token_from_png(png).encode() == signed
    width, height = struct.unpack(">II", chunks(png)[0][1][:8])
    assert (width, height) == (1080, 1080)
    assert lea.get(page_of(lived) + "/fichier.png").data == png


def test_the_drawing_carries_the_very_bytes_once_and_shows_the_stamp(app: Flask, lea: Reader, lived: Cast) -> None:
    answer = lea.get(page_of(lived) + "/fichier.svg")
    assert answer.mimetype == "image/svg+xml"
    svg, signed = answer.data, kept(app, lived)
    assert len(svg) <= 60_000
    assert OB3Verifier.extract_token_from_svg(svg).encode() == signed
    drawing = drawn(svg)
    carried = drawing.findall("{https://purl.imsglobal.org/ob/v3p0}credential")
    assert [one.text for one in carried] == [signed.decode()]
    said = " ".join(texts(drawing))
    for told in ("J’explique", "Je fais sans aide", "au nom de la Médiathèque Mandela", "le 22 novembre 2026", "127.0.0.1:8000"):
        assert told in said, told
    on_page = re.search(r'<svg class="stamp.*?</svg>', lea.get(page_of(lived)).get_data(as_text=True), re.S)
    assert on_page is not None
    paths = re.findall(r' d="([^"]+)"', on_page[0])
    assert paths
    assert set(paths) <= {path.get("d") for path in drawing.iter("{http://www.w3.org/2000/svg}path")}
    assert b"<script" not in svg
    assert b"style" not in svg


@pytest.mark.parametrize("name", ["<script>x</script> & “Fils”", "W" * 120, "a " * 60, "نادي", "🎉"])
def test_any_name_of_an_organisation_stays_words_within_the_picture(app: Flask, lea: Reader, lived: Cast, name: str) -> None:
    said = json.loads(kept(app, lived))
    said["issuer"]["name"] = name
    stamp = drawings.rosette("seed", "formal", f"{name} · 22.11.2026")
    with app.app_context():
        svg = pictures.as_svg(proofs.written(said), stamp, "formal")
        assert pictures.as_png(proofs.written(said), stamp, "formal").startswith(b"\x89PNG")
    drawing = drawn(svg)
    assert " ".join(name.split()) in " ".join(texts(drawing))
    assert {tag.tag.rpartition("}")[2] for tag in drawing.iter()} == {
        "svg", "title", "path", "g", "circle", "use", "text", "textPath", "credential"}
    lengths = [float(text.get("textLength", "0")) for text in drawing.findall("{http://www.w3.org/2000/svg}text")]
    assert max(lengths) <= pictures.WIDE


@pytest.mark.parametrize("kind", ["json", "png", "svg"])
def test_without_anything_in_force_there_is_no_file(app: Flask, lived: Cast, kind: str) -> None:
    lea = Reader(app, lived, "lea")
    assert lea.get(f"{page_of(lived)}/fichier.{kind}").status_code == 303
    with app.app_context():
        signing.sign_all()
    lea.post(f"/competence/{lived['endorsement']}/ne-plus-montrer")
    assert lea.get(f"{page_of(lived)}/fichier.{kind}").status_code == 303
    assert lea.post(page_of(lived) + "/secret").status_code == 303


def test_other_kinds_of_file_are_not_there(lea: Reader, lived: Cast) -> None:
    for kind in ("pdf", "jpg", ""):
        assert lea.get(f"{page_of(lived)}/fichier.{kind}").status_code == 404


def test_the_secret_is_told_when_asked_and_is_that_of_the_file(app: Flask, lea: Reader, lived: Cast) -> None:
    digest = json.loads(kept(app, lived))["credentialSubject"]["identifier"][0]["identityHash"]
    shown = re.findall(r"\b[0-9a-f]{64}\b", lea.post(page_of(lived) + "/secret").get_data(as_text=True))
    assert ["sha256$" + hashlib.sha256(one.encode()).hexdigest() for one in shown] == [digest]
    assert not re.findall(r"\b[0-9a-f]{64}\b", lea.get(page_of(lived)).get_data(as_text=True))


# ---------- the name in it ----------


@both_databases
@pytest.mark.parametrize(("sent", "name"), [({"name_form": "display"}, "Lea"),
                                            ({"name_form": "written", "shown_name": "Léa Dubois"}, "Léa Dubois")])
def test_a_name_is_signed_anew_and_the_one_before_is_cancelled(app: Flask, lea: Reader, lived: Cast, sent: dict[str, str],
                                                               name: str) -> None:
    before = json.loads(kept(app, lived))
    assert lea.post(page_of(lived), sent).status_code == 303
    assert "Se prépare" in words(lea.get(page_of(lived)))
    with app.app_context():
        entry = before["credentialStatus"]
        assert db.session.scalars(sa.select(StatusEntry.revoked_at).where(
            StatusEntry.position == int(entry["statusListIndex"]))).one() is not None
        assert signing.sign_all() == 1
    after = json.loads(kept(app, lived))
    assert after["id"] != before["id"]
    names = [one["identityHash"] for one in after["credentialSubject"]["identifier"] if one["identityType"] == "name"]
    assert names == [name]
    assert f"pour {name}" in texts(drawn(lea.get(page_of(lived) + "/fichier.svg").data))
    assert f"Mon nom {name}" in words(lea.get(page_of(lived)))
    assert lea.post(page_of(lived), {"name_form": "none"}).status_code == 303
    with app.app_context():
        signing.sign_all()
    assert name not in kept(app, lived).decode()


def test_the_same_choice_changes_nothing(app: Flask, lea: Reader, lived: Cast) -> None:
    before = kept(app, lived)
    for sent in ({"name_form": "none"}, {}):
        assert lea.post(page_of(lived), sent).status_code == 303
        assert kept(app, lived) == before


@pytest.mark.parametrize("sent", [{"name_form": "written"}, {"name_form": "written", "shown_name": "Mairie, attestation reconnue"},
                                  {"name_form": "nonsense"}])
def test_a_name_that_is_none_is_refused_beside_its_field(app: Flask, lea: Reader, lived: Cast, sent: dict[str, str]) -> None:
    before = kept(app, lived)
    answer = lea.post(page_of(lived), sent)
    assert answer.status_code == 422
    assert 'class="err"' in answer.get_data(as_text=True)
    assert kept(app, lived) == before


def test_at_sixteen_another_name_is_not_offered(app: Flask) -> None:
    sent = {"name_form": "written", "shown_name": "Inès Martin"}
    with app.test_request_context(method="POST", data=sent):
        form = NameForm(Band.YOUTH, "Inès", None)
        assert [choice.value for choice in form.name_form.iter_choices()] == ["none", "display"]
        assert not form.validate()
        assert NameForm(Band.ADULT, "Inès", None).validate()


def test_what_is_no_longer_permitted_takes_no_name(app: Flask, lea: Reader, lived: Cast) -> None:
    lea.post(f"/competence/{lived['endorsement']}/ne-plus-montrer")
    assert lea.post(page_of(lived), {"name_form": "display"}).status_code == 303
    assert "À permettre d’abord." in words(lea.get(page_of(lived)))
    with app.app_context():
        assert db.session.scalars(sa.select(Permission.named_as)).all() == [None]


# ---------- all of it ----------


@both_databases
def test_everything_in_one_file_is_signed_by_the_city(app: Flask, lea: Reader, lived: Cast) -> None:
    assert permit_all(app, lived) == 2
    answer = lea.get("/attestations/tout.json")
    assert answer.headers["Content-Disposition"] == "attachment; filename=attestations.json"
    found = proofs.load(answer.data)
    with app.app_context():
        public = proofs.public_bytes(keys.current().private)
        assert proofs.issuer_of(found) == addresses.city_did()
        stored = db.session.scalars(sa.select(Credential.document)).all()
    record.verified(found, public)
    members = found["credentialSubject"]["verifiableCredential"]
    assert sorted(proofs.written(one) for one in members) == sorted(stored)
    for one in members:
        proofs.verified(one, public)
    assert found["@context"] == [
        "https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"]
    told = json.dumps({**found, "credentialSubject": None}, ensure_ascii=False)
    for secret in ("Léa", "lea@", str(lived["lea"])):
        assert secret not in told


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where each text of a document stands."""
    if isinstance(value, dict):
        return [found for name, inner in value.items() for found in places(inner, (*path, name))]
    if isinstance(value, list):
        return [found for n, inner in enumerate(value) for found in places(inner, (*path, n))]
    return [path] if isinstance(value, str) else []


def test_no_word_of_the_record_stands_there_unsigned(app: Flask, lea: Reader) -> None:
    """A term that no context defines would be signed by nobody: each text changed breaks it."""
    body = lea.get("/attestations/tout.json").data
    with app.app_context():
        public = proofs.public_bytes(keys.current().private)
    found = json.loads(body)
    mine = [path for path in places(found) if path[0] not in {"@context", "proof"} and "verifiableCredential" not in path]
    assert len(mine) >= 10
    for path in mine:
        changed: Any = json.loads(body)
        inner = changed
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] += "x"
        with pytest.raises(proofs.Unsound):
            record.verified(changed, public)


def test_many_go_into_several_files(app: Flask, lea: Reader, lived: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert permit_all(app, lived) == 2
    monkeypatch.setattr(record, "MOST", 1)
    body = lea.get("/attestations").get_data(as_text=True)
    assert "partie 2 sur 2" in words(body)
    ids = [json.loads(lea.get(f"/attestations/tout.json?partie={n}").data)["credentialSubject"]["verifiableCredential"][0]["id"]
           for n in (1, 2)]
    assert len(set(ids)) == 2
    for odd in ("3", "0", "-1", "9" * 30, "101"):
        assert lea.get(f"/attestations/tout.json?partie={odd}").status_code == 303, odd
    assert lea.get("/attestations/tout.json?partie=x").status_code == 200


def test_the_largest_record_stays_within_what_others_read(app: Flask, lea: Reader, lived: Cast) -> None:
    """As many as one file takes, each as long as its fields allow."""
    member = json.loads(kept(app, lived))
    assert len(proofs.written(member)) * record.MOST < proofs.MOST // 2


def test_without_the_key_nothing_is_signed_and_the_page_still_stands(app: Flask, lea: Reader) -> None:
    for file in app.config["SIGNING_KEYS"].glob("*.pem"):
        file.unlink()
    assert lea.get("/attestations/tout.json").status_code == 503
    assert lea.get("/attestations").status_code == 200


@pytest.mark.parametrize("settings_of_test", [{"RATELIMIT_ENABLED": True}])
def test_whoever_wants_very_many_files_waits(lea: Reader, lived: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_routes, "MOST_FILES", 2)
    assert [lea.get("/attestations/tout.json").status_code for _ in range(4)] == [200, 200, 429, 429]
    assert lea.get(page_of(lived) + "/fichier.png").status_code == 429
    assert lea.get(page_of(lived) + "/fichier.json").status_code == 200


def test_the_way_there(lea: Reader, lived: Cast, client: FlaskClient) -> None:
    assert 'href="/attestations"' in lea.get("/montrer").get_data(as_text=True)
    assert f'href="{page_of(lived)}"' in lea.get(f"/experience/{lived['lea_x']}").get_data(as_text=True)
    public = re.search(r'href="(/credentials/[0-9a-f-]+)"', lea.get(page_of(lived)).get_data(as_text=True))
    assert public is not None
    assert "Toujours en vigueur" in words(client.get(public[1]))
