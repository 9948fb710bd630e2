"""The code of a link, said aloud: nothing without it, few tries on one link, and the key that it gives is soon over."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from passport.accounts.models import Passport
from passport.extensions import db
from passport.seal import unseal
from passport.sharing.models import EditionItem, Share, ShareReading
from passport.transaction import transaction
from tests import build
from tests.cast import Cast
from tests.conftest import NOON, both_databases
from tests.reading import way, words

from .test_card import current, make_card
from .test_feedback import one, rows
from .test_sharing import make
from .test_shown_pieces import make as make_link
from .test_shown_pieces import put_beside

MINUTE = dt.timedelta(minutes=1)
ASKED = "Un code ouvre cette page"


def code_of(app: Flask, key: uuid.UUID) -> str:
    with app.app_context():
        found = unseal(db.session.get_one(Share, key).code_sealed or b"")
        db.session.remove()
    return found


@both_databases
@pytest.mark.promise("T6", "passport.sharing.rules:refusal_of_code")
def test_a_code_said_aloud_opens_a_link_and_five_wrong_ones_close_it_for_a_while(
    app: Flask, cast: Cast, browse: Any, at: Any
) -> None:
    """A link may ask for six signs said aloud; five wrong ones on that link, from anywhere, and none is taken for 15 minutes."""
    lea, reader = browse("lea"), browse(None)
    key, path = make(lea, [cast["lea_x"]], with_code="y")
    code = code_of(app, key)
    assert re.fullmatch("[2-9A-HJ-NP-Z]{6}", code)
    assert f"{code[:3]} {code[3:]}" in words(lea.get(f"/montrer/lien/{key}"))
    share = one(app, Share, Share.id == key)
    assert code.encode() not in share.code_sealed
    wrong = "222222" if code != "222222" else "333333"
    for n in range(5):
        answer = reader.post(path, {"code": wrong}, headers={"X-Forwarded-For": f"203.0.113.{n}"})
        assert (answer.status_code, "Ce n’est pas ce code" in words(answer)) == (422, True)
    for said in (wrong, code):
        late = reader.post(path, {"code": said})
        assert (late.status_code, late.headers["Retry-After"]) == (429, "900")
        assert "Lea" not in words(late)
    at(NOON + 15 * MINUTE)
    assert reader.post(path, {"code": ""}).status_code == 422
    right = reader.post(path, {"code": f" {code[:3].lower()}-{code[3:].lower()} "})
    assert right.status_code == 303
    assert one(app, Share, Share.id == key).code_failures == 0
    opened = right.headers["Location"]
    assert "Lea" in words(reader.get(opened))
    assert code not in opened
    assert "Set-Cookie" not in right.headers
    at(NOON + 46 * MINUTE)  # what stands in the address is over
    assert ASKED in words(reader.get(opened))


def test_before_the_code_nothing_is_told_by_any_way(app: Flask, cast: Cast, browse: Any, at: Any) -> None:
    lea, reader = browse("lea"), browse(None)
    beside = put_beside(app, cast)
    key, path = make_link(lea, [cast["lea_x"]], [beside["photo"], beside["paper"]])
    open_page = reader.get(path).get_data(as_text=True)
    pieces = re.findall(rf'"({path}/pieces/[^"?]+)', open_page)
    other, other_path = make(lea, [cast["lea_x"]], with_code="y")
    with app.app_context(), transaction():
        db.session.get_one(Share, key).code_sealed = db.session.get_one(Share, other).code_sealed
    make_card(lea)
    _card, card = current(app, cast["lea"])
    assert lea.fill("/carte/ouvre", link=str(key)).status_code == 303
    bare = [words(reader.get(p, headers=h)) for p in (path, card) for h in ({}, {"HX-Request": "true"}, {"Accept": "application/json"})]
    for page in bare:
        assert ASKED in page
        for told in ("Lea", "Boulangerie", "Service civique"):
            assert told not in page
    assert not rows(app, ShareReading, ShareReading.share_id == key, ShareReading.openings > 1)
    for bad in ("", "?cle=", "?cle=x", "?cle=99999999999-" + "0" * 32, "?cle=²-1"):
        assert ASKED in words(reader.get(path + bad))
        assert ASKED in words(reader.get(f"{path}/verifier/{uuid.uuid4()}{bad}"))
        assert {reader.get(p + bad).status_code for p in pieces} == {404}
    assert reader.client.head(path).headers["Content-Length"] == reader.client.get(path).headers["Content-Length"]
    said = reader.post(card, {"code": code_of(app, key)})
    assert way(said) == card
    query = said.headers["Location"].partition("?")[2]
    page = reader.get(f"{card}?{query}").get_data(as_text=True)
    assert "Lea" in page
    shown = re.findall(r'"(/c/[^"]+/pieces/[^"]+)"', page)
    assert shown
    assert {reader.get(p.replace("&amp;", "&")).status_code for p in shown} == {200}
    assert f"cle={query.partition('cle=')[2]}" in re.findall(r'href="(\?lang=en[^"]*)"', page)[0]
    # Its key opens this link, and no other with a code of its own.
    assert ASKED in words(reader.get(f"{other_path}?{query}"))
    assert reader.post(path, {"code": code_of(app, key)}).status_code == 303
    lea.post(f"/montrer/lien/{key}/fermer")
    for p in (path, f"{path}?{query}"):
        assert (reader.get(p).status_code, "Lea" in words(reader.get(p))) == (410, False)
    assert reader.post(path, {"code": "x"}).status_code == 410


@both_databases
def test_on_the_way_down_a_link_with_a_code_closes_and_the_rest_stays(app: Flask, cast: Cast, browse: Any) -> None:
    lea = browse("lea")
    coded, plain = (make(lea, [cast["lea_x"]], **more)[0] for more in ({"with_code": "y"}, {}))
    with app.app_context():
        with transaction():
            cast.ids["grown"] = build.account("grown", NOON, age_source="calendar").id
        db.session.remove()
        downgrade(revision="20261128_1701")
        upgrade()
        found = {s.id: s.revoked_at is None for s in db.session.query(Share)}
        assert (found[coded], found[plain]) == (False, True)
        assert db.session.get_one(Passport, cast["grown"]).age_source == "declared"
        assert db.session.query(EditionItem).count() == 2
        db.session.remove()
