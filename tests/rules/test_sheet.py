"""A sheet that is checked without network, on pure rules: who prints one, what stands in its code, how large that is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from passport import drawings
from passport.accounts.rules import Band
from passport.card import rules
from passport.card import sheet_code as code
from passport.card.rules import SheetState
from passport.credentials.proofs import multikey, public_bytes
from passport.refusals import Refusal

DAY = dt.date(2026, 11, 24)
NOW = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = multikey(public_bytes(PRIVATE))
TOKEN = "Aa0_-zBb1_-yCc2_-xDd3w"
ADDRESS = f"https://passeport.ville-alpha.example/v/{TOKEN}"


def line(n: int = 0, **more: Any) -> code.Line:
    facts: dict[str, Any] = {"competency_id": 60 + n, "version": "1.12", "step": 1 + n % 4, "organisation": "Médiathèque Mandela",
                             "day": DAY, "list_id": 300, "position": 131_071 - n}
    return code.Line(**{**facts, **more})


def content(*lines: code.Line, **more: Any) -> code.Content:
    facts: dict[str, Any] = {"token": TOKEN, "issued_on": DAY, "expires_on": rules.sheet_ends_on(DAY), "name": "Léa Moreau"}
    return code.Content(**{**facts, **more}, lines=lines or (line(),))


class TestWhoPrintsOne:
    @pytest.mark.parametrize(("band", "refusal"), [
        (Band.CHILD, Refusal.ADULTS_ONLY), (Band.TEEN, Refusal.ADULTS_ONLY), (Band.YOUTH, Refusal.ADULTS_ONLY), (Band.ADULT, None),
    ])
    def test_adults_do(self, band: Band, refusal: Refusal | None) -> None:
        assert rules.refusal_to_print(band) is refusal

    @pytest.mark.parametrize(("told", "count", "refusal"), [
        (False, 1, Refusal.SHEET_UNTOLD), (False, 9, Refusal.SHEET_UNTOLD), (True, 0, Refusal.NOTHING_CHOSEN), (True, 1, None),
        (True, 5, None), (True, 6, Refusal.SHEET_FULL),
    ])
    def test_once_they_know_that_print_stays_and_chose_up_to_five(
        self, told: bool, count: int, refusal: Refusal | None
    ) -> None:
        assert rules.refusal_of_sheet(told, count) is refusal

    @pytest.mark.parametrize(("form", "name", "refusal"), [
        ("none", None, None), ("display", None, None), ("written", "Léa Moreau", None), ("written", None, Refusal.NAME_MISSING),
        ("written", "Vérifié par la Ville d’Alpha", Refusal.NAME_CLAIMS), ("other", "x", Refusal.NAME_MISSING),
    ])
    def test_under_a_name_or_none(self, form: str, name: str | None, refusal: Refusal | None) -> None:
        assert rules.refusal_of_sheet_name(Band.ADULT, form, name, "Alpha") is refusal

    @pytest.mark.parametrize(("day", "last"), [
        (dt.date(2026, 11, 24), dt.date(2027, 11, 24)), (dt.date(2028, 2, 29), dt.date(2029, 2, 28)),
        (dt.date(2027, 2, 28), dt.date(2028, 2, 28)),
    ])
    def test_for_twelve_months(self, day: dt.date, last: dt.date) -> None:
        assert rules.sheet_ends_on(day) == last
        assert rules.sheet_state(None, last, last) is SheetState.OPEN
        assert rules.sheet_state(None, last, last + dt.timedelta(days=1)) is SheetState.ENDED
        assert rules.sheet_state(NOW, last, day) is SheetState.CLOSED


class TestTheCode:
    def test_it_is_a_cose_sign1_of_a_few_integers(self) -> None:
        """Read by hand as RFC 9052 writes it; docs/sheet.md says which independent libraries read it as well."""
        signed = code.sign(content(), PRIVATE, KEY)
        protected, unprotected, payload, signature = cbor2.loads(signed)
        assert cbor2.loads(protected) == {1: -8, 4: code.kid_of(KEY)}
        assert unprotected == {}
        PRIVATE.public_key().verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))
        assert cbor2.loads(payload) == {
            0: 1, 1: code.reference_of(TOKEN), 2: [[300, 131_071]], 3: 20781, 4: 21146, 5: "Léa Moreau",
            6: [[60, "1.12", 1, 0, 20781]], 7: ["Médiathèque Mandela"],
        }
        with pytest.raises(InvalidSignature):
            PRIVATE.public_key().verify(signature, cbor2.dumps(["Signature1", protected, b"", payload[:-1] + b"b"]))

    def test_what_is_signed_is_never_as_short_as_what_a_credential_signs(self) -> None:
        """64 bytes of two hashes there; so one key serves both, and neither signature is good for the other."""
        protected = cbor2.dumps({1: -8, 4: code.kid_of(KEY)})
        least = content(line(0, organisation="", version=""), name=None)
        assert len(cbor2.dumps(["Signature1", protected, b"", code.payload(least)])) > 64

    def test_without_a_name_none_stands_in_it(self) -> None:
        assert 5 not in cbor2.loads(code.payload(content(name=None)))

    def test_it_is_the_same_for_the_same_content(self) -> None:
        assert code.sign(content(), PRIVATE, KEY) == code.sign(content(), PRIVATE, KEY)

    def test_as_digits_it_loses_nothing(self) -> None:
        for signed in (b"\x00\x00\x07", b"", code.sign(content(), PRIVATE, KEY)):
            number = int(code.digits(signed))
            assert number.to_bytes((number.bit_length() + 7) // 8) == b"\x01" + signed


class TestHowLargeItIs:
    """A code of at most version 19 has modules of 0.40 mm in a box of 40 mm, its margin included."""

    def test_five_competencies_of_one_organisation_leave_room(self) -> None:
        signed = code.sign_small(content(*map(line, range(5))), PRIVATE, KEY, ADDRESS)
        assert drawings.qr_version(f"{ADDRESS}#", code.digits(signed)) <= 16

    @pytest.mark.parametrize("name", ["É" * 80, "Maison des jeunes et de la culture de la Gauthière et des environs", "図書館" * 20])
    def test_long_names_of_organisations_are_cut(self, name: str) -> None:
        lines = [line(n, organisation=f"{n} {name}") for n in range(5)]
        signed = code.sign_small(content(*lines, name="Maximilienne-Alexandrina de la Rochefouc"), PRIVATE, KEY, ADDRESS)
        assert drawings.qr_version(f"{ADDRESS}#", code.digits(signed)) <= code.LARGEST
        told = cbor2.loads(cbor2.loads(signed)[2])[7]
        assert len(told) == 5
        assert all(short.endswith("…") and full.startswith(short[:-1])
                   for short, full in zip(told, (x.organisation for x in lines), strict=True))

    def test_one_that_fits_is_not_cut(self) -> None:
        signed = code.sign_small(content(line(organisation="É" * 30)), PRIVATE, KEY, ADDRESS)
        assert cbor2.loads(cbor2.loads(signed)[2])[7] == ["É" * 30]
