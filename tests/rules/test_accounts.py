"""Age, passphrases and the words we give."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passport.accounts import rules, words
from passport.accounts.rules import Band, Device
from passport.refusals import Refusal

MONTH_FIRST = dt.date(2026, 12, 1)
MONTH_LAST = dt.date(2026, 11, 30)


@pytest.mark.parametrize(
    ("born", "on", "band"),
    [
        # born in November 2013: 13 counts from the first day of December 2026
        ((2013, 11), dt.date(2026, 11, 1), Band.CHILD),
        ((2013, 11), MONTH_LAST, Band.CHILD),
        ((2013, 11), MONTH_FIRST, Band.TEEN),
        ((2013, 12), MONTH_FIRST, Band.CHILD),
        ((2011, 11), MONTH_LAST, Band.TEEN),
        ((2011, 11), MONTH_FIRST, Band.YOUTH),
        ((2008, 11), MONTH_LAST, Band.YOUTH),
        ((2008, 11), MONTH_FIRST, Band.ADULT),
        # the turn of the year
        ((2013, 12), dt.date(2026, 12, 31), Band.CHILD),
        ((2013, 12), dt.date(2027, 1, 1), Band.TEEN),
        ((2008, 1), dt.date(2026, 1, 31), Band.YOUTH),
        ((2008, 1), dt.date(2026, 2, 1), Band.ADULT),
        # no month of birth: a declared adult
        ((None, None), MONTH_FIRST, Band.ADULT),
    ],
)
def test_the_band_changes_on_the_first_day_of_the_month_after(
    born: tuple[int | None, int | None], on: dt.date, band: Band
) -> None:
    assert rules.band(*born, on) is band


@pytest.mark.parametrize(("device", "staff", "hours"), [
    (Device.OWN, False, 720), (Device.OWN, True, 12), (Device.SHARED, False, 12), (Device.UNSAID, False, 12),
    (Device.UNSAID, True, 12),
])
def test_a_session_lasts_only_on_a_device_called_ones_own(device: Device, staff: bool, hours: int) -> None:
    assert rules.session_lasts(device, staff) == dt.timedelta(hours=hours)


@given(year=st.integers(1990, 2026), month=st.integers(1, 12), on=st.dates(dt.date(2026, 1, 1), dt.date(2060, 1, 1)),
       later=st.integers(0, 20_000))
def test_nobody_grows_younger(year: int, month: int, on: dt.date, later: int) -> None:
    order = [Band.CHILD, Band.TEEN, Band.YOUTH, Band.ADULT]
    now, then = rules.band(year, month, on), rules.band(year, month, on + dt.timedelta(days=later))
    assert order.index(now) <= order.index(then)


@given(month=st.integers(1, 12), age=st.sampled_from([13, 15, 18]), year=st.integers(2000, 2026))
def test_an_age_never_counts_before_the_whole_month_of_birth_is_over(month: int, age: int, year: int) -> None:
    last = dt.date(year + age + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
    assert not rules.has_turned(year, month, age, last)
    assert rules.has_turned(year, month, age, last + dt.timedelta(days=1))


def test_protection_is_for_whoever_is_under_18_and_whoever_chose_it() -> None:
    assert rules.is_protected(2008, 11, False, MONTH_LAST)
    assert not rules.is_protected(2008, 11, False, MONTH_FIRST)
    assert rules.is_protected(None, None, True, MONTH_FIRST)
    assert not rules.is_protected(None, None, False, MONTH_FIRST)


@pytest.mark.parametrize(
    ("born", "minors_open", "refusal"),
    [
        ((None, None), False, None),
        ((None, None), True, None),
        ((2013, 11), True, Refusal.UNDER_13),
        ((2013, 11), False, Refusal.UNDER_13),
        ((2013, 10), True, None),
        ((2013, 10), False, Refusal.MINORS_NOT_YET),
        ((2008, 11), False, Refusal.MINORS_NOT_YET),
        ((2008, 10), False, None),
        ((2012, None), True, Refusal.BIRTH_MONTH_MISSING),
        ((2012, 0), True, Refusal.BIRTH_MONTH_MISSING),
        ((2012, 13), True, Refusal.BIRTH_MONTH_MISSING),
        ((2027, 1), True, Refusal.BIRTH_YEAR_ODD),
        ((0, 1), True, Refusal.BIRTH_YEAR_ODD),
        ((1905, 1), True, Refusal.BIRTH_YEAR_ODD),
    ],
)
def test_who_may_open_a_passport(
    born: tuple[int | None, int | None], minors_open: bool, refusal: Refusal | None
) -> None:
    assert rules.refusal_to_sign_up(*born, MONTH_LAST, minors_open) is refusal


@pytest.mark.parametrize(
    ("passphrase", "own", "guesses", "refusal"),
    [
        ("x" * 12, (), 10.0, None),
        ("x" * 11, (), 30.0, Refusal.PASSPHRASE_SHORT),
        ("x" * 128, (), 30.0, None),
        ("x" * 129, (), 30.0, Refusal.PASSPHRASE_LONG),
        ("x" * 12, (), 9.9, Refusal.PASSPHRASE_KNOWN),
        ("MarguERITE-2026!", ("Marguerite",), 30.0, Refusal.PASSPHRASE_SHORT),
        ("Marguerite aime le bleu", ("Marguerite",), 30.0, None),
        ("Jo aime bleu", ("Jo",), 30.0, None),
        ("médiathèque 12345", ("Léa", "lac-vert-27", "Médiathèque"), 30.0, Refusal.PASSPHRASE_SHORT),
    ],
)
@pytest.mark.promise("P1", "passport.accounts.rules:refusal_of_passphrase")
def test_which_passphrase_is_good(
    passphrase: str, own: tuple[str, ...], guesses: float, refusal: Refusal | None
) -> None:
    """A passphrase has 12 to 128 characters, 12 of them beside one’s own words, and is hard to guess; nothing else is asked of it."""
    assert rules.refusal_of_passphrase(passphrase, own, guesses) is refusal


def test_the_delay_starts_at_the_eighth_try_doubles_and_stops_at_a_quarter_of_an_hour() -> None:
    delays = [rules.delay_after(n) for n in range(1, 16)]
    assert delays == [0] * 7 + [30, 60, 120, 240, 480, 900, 900, 900]
    assert rules.delay_after(10_000) == 900


def test_the_list_holds_at_least_6000_words_that_any_keyboard_can_type() -> None:
    assert len(words.words()) >= 6_000
    assert len(set(words.words())) == len(words.words())
    assert all(re.fullmatch(r"[a-z]{4,8}", w) for w in words.words())
    assert not {"putain", "nazi", "suicide", "connard"} & set(words.words())


def test_a_sign_in_name_is_two_words_and_a_number() -> None:
    names = {words.sign_in_name() for _ in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch(r"[a-z]{4,6}-[a-z]{4,6}-[1-9][0-9]", n) for n in names)


def test_a_proposed_passphrase_passes_its_own_rules() -> None:
    for _ in range(30):
        name = words.sign_in_name()
        phrase = words.passphrase(not_these=name)
        assert len(set(phrase.split())) == 4
        assert not set(phrase.split()) & set(name.split("-"))
        assert rules.refusal_of_passphrase(phrase, (name,), words.guesses_log10(phrase, (name,))) is None


@pytest.mark.parametrize("phrase", ["motdepasse123", "azertyuiop123", "passwordpassword", "aaaaaaaaaaaaaaaa", "123456789012"])
def test_what_everybody_takes_is_too_easy(phrase: str) -> None:
    assert rules.refusal_of_passphrase(phrase, (), words.guesses_log10(phrase)) is Refusal.PASSPHRASE_KNOWN


def test_a_very_long_passphrase_can_still_be_estimated() -> None:
    assert words.guesses_log10("cabane orange tambour neige " * 10) > 10


@pytest.mark.parametrize("address", ["lea@example.org", "prenom.nom+ville@sous.exemple.fr", "a@b.c"])
def test_an_address_is_one_plain_line(address: str) -> None:
    assert rules.refusal_of_address(address) is None


@pytest.mark.parametrize(
    "address",
    [None, "", "lea", "lea@", "@b.fr", "l@a@b.fr", "a@b.fr\nBcc: c@d.fr", "a@b.fr\r\n", "a b@c.fr", "<a@b.fr>", "a@b.fr,c@d.fr",
     "é@b.fr", "a@b.fr;", "a:b@c.fr", "x" * 250 + "@b.fr"],
)
def test_what_could_be_more_than_one_address_is_none(address: str | None) -> None:
    assert rules.refusal_of_address(address) is Refusal.ADDRESS_ODD


@pytest.mark.parametrize(("name", "city", "refusal"), [
    ("Léa M.", "Alpha", None), ("Denise Ville", "Alpha", None), ("Alpha", "Alpha", None), ("Иван", "Alpha", None),
    ("Léa, reconnue par Karim", "Alpha", Refusal.NAME_CLAIMS), ("ＶÉＲＩＦＩÉ", "Alpha", Refusal.NAME_CLAIMS),
    ("Reсonnu", "Alpha", Refusal.NAME_CLAIMS), ("Ville d’Alpha", "Alpha", Refusal.NAME_CLAIMS),
    ("La mairie de Saint-Jean", "Saint Jean", Refusal.NAME_CLAIMS), ("Ville de Saint-Jean", "Alpha", None),
])
def test_a_name_is_just_a_name(name: str, city: str, refusal: Refusal | None) -> None:
    assert rules.refusal_of_name(name, city) is refusal


def test_the_passphrase_of_the_demo_is_known_to_everybody() -> None:
    for phrase in (rules.DEMO_PASSPHRASE, rules.DEMO_PASSPHRASE.upper(), f"{rules.DEMO_PASSPHRASE} bis"):
        assert rules.refusal_of_passphrase(phrase, (), 20.0) is Refusal.PASSPHRASE_KNOWN


@pytest.mark.parametrize(("band", "form", "name", "refusal"), [
    (Band.YOUTH, rules.DISPLAY, None, None), (Band.ADULT, rules.WRITTEN, "Léa Martin", None),
    (Band.ADULT, rules.WRITTEN, "", Refusal.NAME_MISSING), (Band.ADULT, "other", "Léa Martin", Refusal.NAME_MISSING),
    (Band.YOUTH, rules.WRITTEN, "Léa Martin", Refusal.ADULTS_ONLY),
])
def test_a_name_as_one_writes_it_is_for_adults(band: Band, form: str, name: str | None, refusal: Refusal | None) -> None:
    assert rules.refusal_of_name_form(band, form, name, "Alpha") is refusal


def test_an_adult_leaves_the_protection_they_chose_and_nobody_else_does() -> None:
    assert rules.refusal_to_leave_protection(minor=False, doubted=False) is None
    assert rules.refusal_to_leave_protection(minor=True, doubted=False) is Refusal.PROTECTED_BY_AGE
    assert rules.refusal_to_leave_protection(minor=False, doubted=True) is Refusal.AGE_DOUBTED


@pytest.mark.parametrize(("known", "given", "refusal"), [
    (None, (2010, 5), None), (None, (2014, 1), None), ((2010, 5), (2010, 6), None), ((2010, 5), (2012, 1), None),
    (None, (2008, 10), Refusal.AGE_NOT_LOWER), (None, (0, 5), Refusal.BIRTH_MONTH_MISSING),
    (None, (2010, 0), Refusal.BIRTH_MONTH_MISSING), (None, (None, None), Refusal.BIRTH_MONTH_MISSING),
    (None, (2010, 13), Refusal.BIRTH_MONTH_MISSING), (None, (2026, 12), Refusal.BIRTH_YEAR_ODD),
    (None, (9999, 1), Refusal.BIRTH_YEAR_ODD), ((2010, 5), (2010, 5), Refusal.AGE_NOT_LOWER),
    ((2010, 5), (2010, 4), Refusal.AGE_NOT_LOWER), ((2010, 5), (2009, 12), Refusal.AGE_NOT_LOWER),
])
def test_an_age_is_lowered_and_never_raised_by_oneself(
    known: tuple[int, int] | None, given: tuple[int | None, int | None], refusal: Refusal | None
) -> None:
    assert rules.refusal_to_lower_age(known, given, dt.date(2026, 11, 24)) is refusal


def test_under_15_the_calendar_alone_makes_one_older() -> None:
    for band in rules.Band:
        young = band in {rules.Band.CHILD, rules.Band.TEEN}
        assert rules.refusal_to_confirm_anybody(band) is (Refusal.AGE_BY_CALENDAR if young else None)


@pytest.mark.parametrize(("minutes", "tries", "right", "refusal"), [
    (0, 0, True, None), (14, 4, True, None), (15, 0, True, Refusal.AGE_CODE_OVER), (-1, 0, True, Refusal.AGE_CODE_OVER),
    (1, 5, True, Refusal.AGE_CODE_OVER), (1, 0, False, Refusal.AGE_CODE_WRONG), (None, 0, True, Refusal.AGE_CODE_OVER),
])
def test_a_code_counts_for_a_quarter_of_an_hour_and_five_tries(
    minutes: int | None, tries: int, right: bool, refusal: Refusal | None
) -> None:
    now = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
    asked = None if minutes is None else now - dt.timedelta(minutes=minutes)
    assert rules.refusal_to_confirm_age(asked, tries, right, now) is refusal


# ---------- a second factor ----------

NOW = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(("shown", "said"), [
    (rules.Shown(), Refusal.FACTOR_MISSING), (rules.Shown(has_factor=True), Refusal.FACTOR_ASKED),
    (rules.Shown(True, NOW), Refusal.FACTOR_ASKED), (rules.Shown(True, NOW + SECOND), None),
    (rules.Shown(False, NOW + SECOND), None), (rules.Shown(True, None, NOW), Refusal.FACTOR_ASKED),
])
def test_a_second_factor_counts_until_its_time(shown: rules.Shown, said: Refusal | None) -> None:
    assert rules.refusal_without_factor(shown, NOW) is said


@pytest.mark.parametrize(("given", "said"), [
    (None, Refusal.FRESH_ASKED), (NOW, None), (NOW - rules.FRESH + SECOND, None), (NOW - rules.FRESH, Refusal.FRESH_ASKED),
    (NOW + SECOND, Refusal.FRESH_ASKED),
])
def test_a_passphrase_is_fresh_for_twelve_hours(given: dt.datetime | None, said: Refusal | None) -> None:
    assert rules.refusal_unless_fresh(rules.Shown(fresh_at=given), NOW) is said
    assert rules.refusal_unless_fresh(rules.Shown(fresh_at=NOW - rules.RECENT), NOW, rules.RECENT) is Refusal.FRESH_ASKED


def test_who_lets_go_of_a_factor_and_who_lets_another_begin_anew() -> None:
    assert rules.refusal_to_remove_factor(0, needed=True) is Refusal.FACTOR_NEEDED
    assert rules.refusal_to_remove_factor(1, needed=True) is None
    assert rules.refusal_to_remove_factor(0, needed=False) is None
    assert rules.refusal_to_reset_factor(False, elsewhere=True) is Refusal.FACTOR_BY_CITY
    assert rules.refusal_to_reset_factor(False, elsewhere=False) is None
    assert rules.refusal_to_reset_factor(True, elsewhere=True) is None
    assert rules.refusal_to_reset_factor(True, elsewhere=False, over=True) is Refusal.NOT_FACILITATOR_NOW
