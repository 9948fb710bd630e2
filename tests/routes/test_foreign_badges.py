"""Badges in every form that others give them: as text, as token, in pictures, and of the older standard."""

from __future__ import annotations

import datetime as dt
import json
import struct
import zlib
from typing import Any

import pytest
from flask import Flask
from jwt.algorithms import RSAAlgorithm
from openbadgeslib import baking

from passport.credentials import badges, proofs
from passport.credentials.badges import Absent, Form, NoBadge
from passport.credentials.checking import Checked, Who, Why, check
from passport.credentials.fetching import Lookups, Miss, NotFetched

from ..conftest import NOON
from ..elsewhere import Elsewhere, Older, pem, rsa, token

DAY = dt.timedelta(days=1)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4"/></svg>'


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def png(*more: bytes) -> bytes:
    """Return a picture of one point, with these chunks in it."""
    return (badges.PNG_SIGN + chunk(b"IHDR", struct.pack("!IIBBBBB", 1, 1, 8, 0, 0, 0, 0)) + b"".join(more)
            + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b""))


def carried(text: bytes, keyword: bytes = b"openbadgecredential", packed: bool = False) -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + bytes([packed, 0, 0, 0]) + (zlib.compress(text) if packed else text))


def checked(app: Flask, data: bytes | str, them: Elsewhere, now: dt.datetime = NOON) -> Checked:
    with app.app_context():
        return check(data.encode() if isinstance(data, str) else data, now, them.lookups())


# ---------- pictures ----------


def test_a_badge_is_found_in_pictures_that_others_made() -> None:
    text = Elsewhere().signed().decode()
    several = {
        "library, PNG": baking.bake_png(png(), text, keyword=baking.ITXT_KEYWORD_OB3),
        "our own hand, PNG": png(carried(text.encode())),
        "packed, PNG": png(carried(text.encode(), packed=True)),
        "library, SVG": baking.bake_svg(SVG, text, element=baking.SVG_ELEMENT_OB3, namespace=baking.SVG_NS_OB3, as_text=True),
        "another prefix": SVG.replace(b"<circle", b'<x:credential xmlns:x="https://purl.imsglobal.org/ob/v3p0"><![CDATA['
                                      + text.encode() + b"]]></x:credential><circle"),
        "a DOCTYPE": b'<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
                     b'"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
                     + baking.bake_svg(SVG, text, element=baking.SVG_ELEMENT_OB3, namespace=baking.SVG_NS_OB3, as_text=True
                                       ).split(b"?>", 1)[1],
        "a text with a mark before it": b"\xef\xbb\xbf \n" + text.encode() + b"\n",
    }
    for name, data in several.items():
        found = badges.read(data)
        assert (found.form, found.text) == (Form.OB3, text), name


def test_a_token_is_found_in_a_picture() -> None:
    text = Elsewhere().token()
    both = (b'<svg><o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p0" verify="' + text.encode()
            + b'"><![CDATA[{"type": "unsigned"}]]></o:credential></svg>')
    for data in (
        png(carried(text.encode())), both,
        baking.bake_svg(SVG, text, element=baking.SVG_ELEMENT_OB3, namespace=baking.SVG_NS_OB3),
        text.encode() + b"\n",
    ):
        found = badges.read(data)
        assert (found.form, found.token) == (Form.OB3_TOKEN, text)


NOT_BADGES: dict[str, tuple[bytes, Absent]] = {
    "nothing": (b" \n", Absent.NOTHING),
    "words": (b"Bonjour", Absent.UNREADABLE),
    "another JSON": (b'{"type": "Profile"}', Absent.OTHER),
    "a list": (b"[1]", Absent.UNREADABLE),
    "a name twice": (b'{"type":"Assertion","type":"Assertion"}', Absent.TWICE),
    "a name twice, deep": (b'{"type":"Assertion","a":[{"b":1,"b":2}]}', Absent.TWICE),
    "no number": (b'{"type":"Assertion","a":NaN}', Absent.UNREADABLE),
    "deep": (b'{"type":"Assertion","a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", Absent.UNREADABLE),
    "half a sign": (b'{"type":"Assertion","a":"\xff"}', Absent.UNREADABLE),
    "too long a text": (b'{"type":"Assertion","a":"' + b"x" * 300_000 + b'"}', Absent.TOO_LARGE),
    "too large a file": (b"\0" * 10_000_001, Absent.TOO_LARGE),
    "a picture": (png(), Absent.PICTURE),
    "half a picture": (png()[:-20], Absent.UNREADABLE),
    "a picture that lies": (png(carried(b"{}")).replace(b"openbadge", b"OPENBADGE"), Absent.UNREADABLE),
    "a bomb in a picture": (png(carried(b" " * 50_000_000, packed=True)), Absent.TOO_LARGE),
    "an SVG": (SVG, Absent.PICTURE),
    "half an SVG": (SVG[:-3], Absent.UNREADABLE),
    "a deep SVG": (b"<svg>" + b"<g>" * 90_000, Absent.UNREADABLE),
    "an endless SVG": (b"<svg>" + b"<g>" * 3_000_000, Absent.TOO_LARGE),
    "an endless PNG": (badges.PNG_SIGN + chunk(b"tEXt", b"") * 800_000, Absent.TOO_LARGE),
    "entities": (b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>', Absent.UNREADABLE),
    "a file of this machine": (b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>', Absent.UNREADABLE),
    "a long SVG": (b'<svg><o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p0">' + b"x " * 200_000
                   + b"</o:credential></svg>", Absent.TOO_LARGE),
    "a token of nothing": (b"a.b.c", Absent.UNREADABLE),
    "three points": (b"...", Absent.UNREADABLE),
}


@pytest.mark.parametrize("name", NOT_BADGES)
def test_what_is_no_badge_is_said_so(name: str) -> None:
    data, absent = NOT_BADGES[name]
    with pytest.raises(NoBadge) as refused:
        badges.read(data)
    assert refused.value.absent is absent


# ---------- tokens ----------


def test_a_token_of_an_issuer_elsewhere(app: Flask) -> None:
    them = Elsewhere()
    found = checked(app, them.token(), them)
    assert (found.unchanged, found.by, found.in_force) == (True, Who.ELSEWHERE, True)
    alone = checked(app, them.token(kid=None), them)
    assert (alone.unchanged, alone.by) == (True, Who.ELSEWHERE)


def test_a_token_of_an_https_issuer_with_its_key_at_the_same_host(app: Flask) -> None:
    them, key = Elsewhere(), rsa()
    them.did = "https://badges.autre-ville.example/issuer"
    kid = "https://badges.autre-ville.example/keys/1"
    them.pages[kid] = RSAAlgorithm.to_jwk(key.public_key()).encode()
    found = checked(app, them.token(key=key, kid=kid), them)
    assert (found.unchanged, found.by, found.host) == (True, Who.ELSEWHERE, "badges.autre-ville.example")
    them.method = f"{them.did}#{them.name}"
    them.pages[them.did] = proofs.written(them.did_document())
    assert checked(app, them.token(), them).by is Who.ELSEWHERE
    elsewhere = "https://autre.example/keys/1"
    them.pages[elsewhere] = them.pages[kid]
    found = checked(app, them.token(key=key, kid=elsewhere), them)
    assert (found.unchanged, found.why) == (False, Why.OTHER_ISSUER)
    found = checked(app, them.token(key=key, kid=None), them)
    assert (found.unchanged, found.why, found.by) == (None, Why.OTHER_SIGNATURE, Who.UNKNOWN)


def swapped(text: str, **changes: Any) -> str:
    """Return a token with another payload under the same signature."""
    head, _payload, end = text.split(".")
    other = token({**json.loads(badges.payload_of(text)), **changes}, Elsewhere().key).split(".")[1]
    return f"{head}.{other}.{end}"


def test_a_token_that_was_changed_is_refused(app: Flask) -> None:
    them = Elsewhere()
    found = checked(app, swapped(them.token(), name="Autre chose"), them)
    assert (found.unchanged, found.why, found.by) == (False, Why.CHANGED, Who.UNKNOWN)
    assert checked(app, them.token(key=Elsewhere().key), them).why is Why.CHANGED
    assert checked(app, them.token(kid="did:web:autre.example#x"), them).why is Why.OTHER_ISSUER


@pytest.mark.parametrize("changes", [{"iss": "did:web:autre.example"}, {"jti": "https://autre.example/1"}, {"sub": "did:x:1"}])
def test_a_token_that_says_two_things_is_refused(app: Flask, changes: dict[str, str]) -> None:
    them = Elsewhere()
    document = them.unsigned()
    payload = {**document, "iss": them.did, "jti": document["id"], **changes}
    found = checked(app, token(payload, them.key, kid=them.method), them)
    assert (found.unchanged, found.why) == (False, Why.OTHER_WORDS)


def test_a_token_ends_by_the_earlier_of_its_dates(app: Flask) -> None:
    them = Elsewhere()
    document = them.unsigned(validUntil="2030-01-01T00:00:00Z", exp=int((NOON - DAY).timestamp()))
    found = checked(app, them.token(document), them)
    assert (found.unchanged, found.in_force, found.state) == (True, False, Why.EXPIRED)
    found = checked(app, them.token(them.unsigned(exp="bientôt")), them)
    assert (found.unchanged, found.in_force, found.state) == (True, None, Why.DATES)


def test_a_token_without_signature_is_refused(app: Flask) -> None:
    them = Elsewhere()
    head = token({}, them.key).split(".")[0]
    none = "eyJhbGciOiJub25lIn0"
    _head, payload, signature = them.token().split(".")
    assert head != none
    found = checked(app, f"{none}.{payload}.{signature}", them)
    assert found.unchanged is False


# ---------- the older standard ----------


def test_a_hosted_badge_is_what_its_issuer_hosts(app: Flask) -> None:
    them = Older()
    found = checked(app, them.host(), them)
    assert (found.unchanged, found.by, found.host, found.in_force) == (True, Who.ELSEWHERE, "anciens.example", True)
    assert (found.title, found.issuer_name) == ("Premiers secours", "Les Anciens")
    assert found.is_mine(["lea@example.org"]) is True
    assert found.is_mine(["tom@example.org"]) is False
    baked = baking.bake_png(png(), json.dumps(them.assertion()))
    assert checked(app, baked, them).unchanged is True


def test_a_hosted_badge_that_was_changed_is_refused(app: Flask) -> None:
    them = Older()
    them.host()
    changed = json.dumps(them.assertion(issuedOn="2020-01-01T00:00:00Z"))
    found = checked(app, changed, them)
    assert (found.unchanged, found.why, found.by) == (False, Why.OTHER_COPY, Who.UNKNOWN)


def test_a_hosted_badge_outside_of_its_issuers_scope_is_refused(app: Flask) -> None:
    them = Older()
    liar = "https://menteur.example/assertion"
    them.pages[liar] = json.dumps(them.assertion(id=liar)).encode()
    found = checked(app, them.pages[liar], them)
    assert (found.unchanged, found.why, found.by) == (False, Why.OTHER_ISSUER, Who.UNKNOWN)
    them.publish("issuer", {"type": "Issuer", "name": "Les Anciens", "verification": {"allowedOrigins": ["menteur.example"]}})
    assert checked(app, them.pages[liar], them).unchanged is True


def test_a_hosted_badge_that_was_taken_back(app: Flask) -> None:
    them = Older()
    data = them.host()
    them.host(revoked=True, revocationReason="Erreur")
    found = checked(app, data, them)
    assert (found.unchanged, found.in_force, found.state) == (True, False, Why.REVOKED)
    them.pages[f"{them.base}/assertion"] = json.dumps({"id": f"{them.base}/assertion", "revoked": True}).encode()
    found = checked(app, data, them)
    assert (found.in_force, found.state) == (False, Why.REVOKED)


def test_a_hosted_badge_in_a_token_is_still_what_its_issuer_hosts(app: Flask) -> None:
    them = Older()
    them.host()
    text = token(them.assertion(revoked=False, narrative="Très bien"), rsa())
    found = checked(app, text, them)
    assert (found.unchanged, found.in_force) == (True, True)
    assert "narrative" not in found.document
    them.host(revoked=True)
    found = checked(app, text, them)
    assert (found.unchanged, found.in_force, found.state) == (True, False, Why.REVOKED)


def test_a_text_that_says_it_is_signed_and_is_not(app: Flask) -> None:
    them = Older()
    text = json.dumps(them.assertion(verification={"type": "SignedBadge", "creator": f"{them.base}/key"}))
    found = checked(app, text, them)
    assert (found.unchanged, found.why, found.by) == (False, Why.UNSIGNED, Who.UNKNOWN)


def test_a_hosted_badge_that_is_gone(app: Flask) -> None:
    them = Older()
    data = them.host()

    def gone(url: str) -> bytes:
        raise NotFetched(Miss.GONE)

    with app.app_context():
        found = check(data, NOON, Lookups(gone))
    assert (found.unchanged, found.in_force, found.state) == (None, False, Why.REVOKED)
    them.pages.clear()
    found = checked(app, data, them)
    assert (found.unchanged, found.why, found.in_force) == (None, Why.NOT_HOSTED, None)


@pytest.mark.parametrize(("expires", "in_force", "state"), [
    ("2026-11-01T00:00:00Z", False, Why.EXPIRED), ("2020-01-01T00:00:00Z", False, Why.EXPIRED), ("2030-01-01T00:00:00Z", True, None),
])
def test_a_hosted_badge_ends_on_its_date(app: Flask, expires: str, in_force: bool, state: Why | None) -> None:
    them = Older()
    found = checked(app, them.host(expires=expires), them)
    assert (found.unchanged, found.in_force, found.state) == (True, in_force, state)


def test_a_signed_badge_is_held_to_the_key_that_its_issuer_hosts(app: Flask) -> None:
    them = Older()
    found = checked(app, them.token_of(), them)
    assert (found.unchanged, found.by, found.host, found.in_force) == (True, Who.ELSEWHERE, "anciens.example", True)
    assert found.title == "Premiers secours"
    found = checked(app, them.token_of(key=rsa()), them)
    assert (found.unchanged, found.why) == (False, Why.CHANGED)
    other = rsa()
    them.publish("mine", {"type": "CryptographicKey", "owner": "https://menteur.example/issuer", "publicKeyPem": pem(other)})
    stolen = token(them.assertion(verification={"type": "SignedBadge", "creator": f"{them.base}/mine"}), other)
    found = checked(app, stolen, them)
    assert (found.unchanged, found.why) == (False, Why.OTHER_ISSUER)
    them.pages.pop(f"{them.base}/key")
    found = checked(app, them.token_of(), them)
    assert (found.unchanged, found.why) == (None, Why.NO_KEY)


def test_a_signed_badge_that_its_issuer_lists_as_taken_back(app: Flask) -> None:
    them = Older()
    them.publish("issuer", {"type": "Issuer", "name": "Les Anciens", "publicKey": f"{them.base}/key",
                            "revocationList": f"{them.base}/revoked"})
    found = checked(app, them.token_of(), them)
    assert (found.unchanged, found.in_force, found.state) == (True, None, Why.STATUS_UNREACHED)
    them.publish("revoked", {"type": "RevocationList", "revokedAssertions": []})
    assert checked(app, them.token_of(), them).in_force is True
    for listed in (f"{them.base}/assertion", {"id": f"{them.base}/assertion", "revocationReason": "Erreur"}):
        them.publish("revoked", {"type": "RevocationList", "revokedAssertions": [listed]})
        found = checked(app, them.token_of(), them)
        assert (found.in_force, found.state) == (False, Why.REVOKED)


def test_words_of_others_come_on_one_line_without_hidden_signs(app: Flask) -> None:
    them = Elsewhere(by_key=True)
    document = them.unsigned()
    document["credentialSubject"]["achievement"]["name"] = "Vélo\u202e\u200b \n\n réparé " + "x" * 1000
    found = checked(app, them.signed(document), them)
    assert found.title.startswith("Vélo réparé xxx")
    assert len(found.title) <= 300
