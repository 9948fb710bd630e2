"""Links and the card on pure rules: what may be shown, for how long, and whether it still opens."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

import pytest

from passport.accounts.rules import Band
from passport.card import rules as card
from passport.recognition.rules import Offer, Story
from passport.refusals import Refusal
from passport.sharing import rules
from passport.sharing.rules import LinkState

NOW = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
BEFORE, LATER = NOW - DAY, NOW + DAY
STORY = Story(uuid.UUID(int=1))
SHOWN = Offer(visible_at=BEFORE, kept_at=BEFORE, permitted_at=BEFORE)


class TestWhoShowsAndForHowLong:
    @pytest.mark.parametrize(("band", "days"), [
        (Band.CHILD, ()), (Band.TEEN, (30,)), (Band.YOUTH, (30, 90)), (Band.ADULT, (30, 90, 180)),
    ])
    def test_the_lengths_offered_follow_the_age(self, band: Band, days: tuple[int, ...]) -> None:
        assert rules.days_offered(band) == days

    def test_a_learner_under_15_opens_no_link_alone(self) -> None:
        assert rules.refusal_to_share(Band.TEEN) is Refusal.UNDER_15
        assert rules.refusal_to_share(Band.CHILD) is Refusal.UNDER_15
        assert rules.refusal_to_share(Band.YOUTH) is None
        assert rules.refusal_to_share(Band.ADULT) is None

    def test_under_15_it_opens_for_what_two_agreed_on(self) -> None:
        agreed = {"placement", "show"}
        assert rules.purposes_open(Band.TEEN, agreed) == ("placement",)
        assert rules.refusal_to_share(Band.TEEN, "placement", agreed) is None
        assert rules.refusal_to_share(Band.TEEN, "association", agreed) is Refusal.UNDER_15
        assert rules.refusal_to_share(Band.TEEN, "show", agreed) is Refusal.UNDER_15
        assert rules.purposes_open(Band.YOUTH, ()) == ("show",)
        assert rules.refusal_to_share(Band.CHILD, "placement", agreed) is Refusal.UNDER_15

    def test_three_months_are_preset_for_adults_and_one_before(self) -> None:
        assert rules.preset_months(Band.ADULT) == 3
        assert rules.preset_months(Band.YOUTH) == 1
        assert rules.preset_months(Band.TEEN) == 1
        assert rules.preset_months(Band.CHILD) is None

    @pytest.mark.parametrize(("band", "months", "refusal"), [
        (Band.ADULT, 1, None), (Band.ADULT, 3, None), (Band.ADULT, 6, None), (Band.ADULT, 12, Refusal.END_ODD),
        (Band.ADULT, 0, Refusal.END_ODD), (Band.YOUTH, 3, None), (Band.YOUTH, 6, Refusal.END_ODD),
        (Band.TEEN, 1, None), (Band.TEEN, 3, Refusal.END_ODD), (Band.CHILD, 1, Refusal.END_ODD),
    ])
    def test_a_link_always_has_an_end_that_is_offered(self, band: Band, months: int, refusal: Refusal | None) -> None:
        assert rules.refusal_of_end(band, months) is refusal

    def test_three_months_are_ninety_days(self) -> None:
        assert rules.end_of(3, NOW) == NOW + 90 * DAY

    @pytest.mark.parametrize(("band", "form", "name", "refusal"), [
        (Band.YOUTH, "display", None, None), (Band.ADULT, "written", "Léa Moreau", None),
        (Band.ADULT, "written", None, Refusal.NAME_MISSING), (Band.ADULT, "other", "x", Refusal.NAME_MISSING),
        (Band.YOUTH, "written", "Léa Moreau", Refusal.ADULTS_ONLY),
    ])
    def test_a_written_name_is_for_adults(
        self, band: Band, form: str, name: str | None, refusal: Refusal | None
    ) -> None:
        assert rules.refusal_of_name_form(band, form, name, "Alpha") is refusal

    def test_something_is_chosen(self) -> None:
        assert rules.refusal_of_choice(0) is Refusal.NOTHING_CHOSEN
        assert rules.refusal_of_choice(1) is None


class TestWhatIsShown:
    def test_an_experience_is_shown_unless_it_is_for_its_learner_or_deleted(self) -> None:
        assert rules.refusal_to_show_item(STORY) is None
        assert rules.refusal_to_show_item(replace(STORY, for_me_only=True)) is Refusal.FOR_ME_ONLY
        assert rules.refusal_to_show_item(replace(STORY, deleted_at=BEFORE)) is Refusal.EXPERIENCE_DELETED

    def test_what_is_kept_and_permitted_is_shown(self) -> None:
        assert rules.refusal_to_show_item(STORY, SHOWN) is None

    @pytest.mark.parametrize(("offer", "refusal"), [
        (replace(SHOWN, permitted_at=None), Refusal.NOT_PERMITTED),
        (replace(SHOWN, kept_at=None), Refusal.NOT_KEPT),
        (replace(SHOWN, set_aside_at=BEFORE), Refusal.NOT_KEPT),
        (replace(SHOWN, withdrawn_at=BEFORE), Refusal.WITHDRAWN),
        (replace(SHOWN, hidden_at=BEFORE), Refusal.TEXT_HIDDEN),
    ])
    def test_nothing_else_that_was_recognised_is(self, offer: Offer, refusal: Refusal) -> None:
        assert rules.refusal_to_show_item(STORY, offer) is refusal

    def test_what_was_recognised_goes_with_its_experience(self) -> None:
        assert rules.refusal_to_show_item(replace(STORY, for_me_only=True), SHOWN) is Refusal.FOR_ME_ONLY
        assert rules.refusal_to_show_item(replace(STORY, deleted_at=BEFORE), SHOWN) is Refusal.EXPERIENCE_DELETED


class TestWhatStandsBesideIt:
    @pytest.mark.parametrize("kind", ["photo", "document", "link"])
    @pytest.mark.parametrize("band", [Band.YOUTH, Band.ADULT])
    def test_it_goes_with_its_experience_from_15_on(self, kind: str, band: Band) -> None:
        assert rules.refusal_to_show_piece(kind, band, told=True) is None
        assert rules.refusal_to_show_piece(kind, band, told=False) is Refusal.PIECE_ALONE

    @pytest.mark.parametrize("band", [Band.CHILD, Band.TEEN])
    def test_a_picture_under_15_needs_both_parents(self, band: Band) -> None:
        assert rules.refusal_to_show_piece("photo", band, told=True) is Refusal.PICTURE_BY_THREE
        assert rules.refusal_to_show_piece("document", band, told=True) is Refusal.PICTURE_BY_THREE
        assert rules.refusal_to_show_piece("link", band, told=True) is None
        assert rules.refusal_to_show_piece("photo", band, told=True, agreed={"image"}) is None
        assert rules.refusal_to_show_piece("photo", band, told=True, agreed={"show"}) is Refusal.PICTURE_BY_THREE


class TestMovingAnEnd:
    WEEK = dt.timedelta(days=7)

    def test_it_moves_in_the_last_week(self) -> None:
        assert rules.refusal_to_extend(Band.ADULT, LinkState.OPEN, NOW + self.WEEK, 6, NOW) is None
        assert rules.refusal_to_extend(Band.YOUTH, LinkState.OPEN, NOW + self.WEEK / 7, 3, NOW) is None

    def test_not_before(self) -> None:
        before = NOW + self.WEEK + dt.timedelta(minutes=1)
        assert not rules.may_extend(LinkState.OPEN, before, NOW)
        assert rules.refusal_to_extend(Band.ADULT, LinkState.OPEN, before, 3, NOW) is Refusal.NOT_LAST_WEEK

    @pytest.mark.parametrize("state", [LinkState.ENDED, LinkState.CLOSED])
    def test_what_is_closed_stays_closed(self, state: LinkState) -> None:
        assert not rules.may_extend(state, NOW, NOW)
        assert rules.refusal_to_extend(Band.ADULT, state, NOW + self.WEEK, 3, NOW) is Refusal.LINK_CLOSED

    def test_never_longer_than_a_new_link(self) -> None:
        assert rules.refusal_to_extend(Band.YOUTH, LinkState.OPEN, NOW + self.WEEK, 6, NOW) is Refusal.END_ODD
        assert rules.refusal_to_extend(Band.TEEN, LinkState.OPEN, NOW + self.WEEK, 1, NOW) is Refusal.UNDER_15
        assert rules.refusal_to_extend(Band.TEEN, LinkState.OPEN, NOW + self.WEEK, 1, NOW, consented=True) is None
        assert rules.refusal_to_extend(Band.TEEN, LinkState.OPEN, NOW + self.WEEK, 3, NOW, consented=True) is Refusal.END_ODD


class TestWhereALinkStands:
    def test_it_is_open_until_its_end(self) -> None:
        assert rules.link_state(None, LATER, NOW) is LinkState.OPEN
        assert rules.link_state(None, NOW, NOW) is LinkState.ENDED
        assert rules.link_state(None, BEFORE, NOW) is LinkState.ENDED

    def test_closing_counts_at_once(self) -> None:
        assert rules.link_state(NOW, LATER, NOW) is LinkState.CLOSED

    def test_it_closes_with_the_consent_it_needs(self) -> None:
        assert rules.link_state(None, LATER, NOW, consented=False) is LinkState.CLOSED


class TestTheCard:
    def test_it_opens_a_link_from_15_on(self) -> None:
        assert card.refusal_to_open_with(Band.TEEN, LinkState.OPEN) is Refusal.UNDER_15
        assert card.refusal_to_open_with(Band.YOUTH, LinkState.OPEN) is None
        assert card.refusal_to_open_with(Band.ADULT, LinkState.OPEN) is None

    @pytest.mark.parametrize("state", [LinkState.ENDED, LinkState.CLOSED])
    def test_it_opens_open_links_only(self, state: LinkState) -> None:
        assert card.refusal_to_open_with(Band.ADULT, state) is Refusal.LINK_CLOSED

    def test_it_opens_for_an_adult_until_the_links_end_and_for_15_minutes_before(self) -> None:
        assert card.opens_until(Band.ADULT, LATER, NOW) == LATER
        assert card.opens_until(Band.YOUTH, LATER, NOW) == NOW + 15 * MINUTE
        assert card.opens_until(Band.YOUTH, NOW + MINUTE, NOW) == NOW + MINUTE

    def test_it_carries_a_name_for_adults_only(self) -> None:
        assert card.refusal_to_name(Band.ADULT) is None
        assert card.refusal_to_name(Band.YOUTH) is Refusal.ADULTS_ONLY

    @pytest.mark.parametrize(("closed_at", "until", "state", "opens"), [
        (None, LATER, LinkState.OPEN, True), (None, None, None, False), (None, NOW, LinkState.OPEN, False),
        (None, LATER, LinkState.CLOSED, False), (None, LATER, LinkState.ENDED, False), (None, LATER, None, False),
        (BEFORE, LATER, LinkState.OPEN, False),
    ])
    def test_it_opens_only_within_its_time_and_while_the_link_is_open(
        self, closed_at: dt.datetime | None, until: dt.datetime | None, state: LinkState | None, opens: bool
    ) -> None:
        assert card.card_opens(closed_at, until, state, NOW) is opens

    def test_its_number_has_no_sign_that_looks_like_another(self) -> None:
        assert not set("01IO") & set(card.ALPHABET)
        assert len(card.ALPHABET) == 32


@pytest.mark.parametrize(("band", "form", "days", "refusal"), [
    (Band.ADULT, rules.WRITTEN, 180, None), (Band.YOUTH, rules.DISPLAY, 90, None),
    (Band.YOUTH, rules.DISPLAY, 91, Refusal.END_ODD), (Band.YOUTH, rules.WRITTEN, 30, Refusal.ADULTS_ONLY),
    (Band.TEEN, rules.DISPLAY, 30, Refusal.UNDER_15), (Band.CHILD, rules.DISPLAY, 1, Refusal.UNDER_15),
])
def test_a_link_stays_open_where_it_could_have_been_opened(
    band: Band, form: str, days: int, refusal: Refusal | None
) -> None:
    since = dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
    assert rules.refusal_to_stay_open(band, form, since, since + dt.timedelta(days=days)) is refusal


class TestTheCodeSaidAloud:
    def test_a_code_is_the_same_however_it_is_typed(self) -> None:
        assert rules.code_of(" abc-d2f ") == rules.code_of("ABC D2F") == "ABCD2F"
        assert rules.code_of(None) == rules.code_of("é²0O1I") == ""

    def test_the_right_one_opens_and_none_is_taken_while_one_waits(self) -> None:
        assert rules.refusal_of_code(None, True, NOW) is None
        assert rules.refusal_of_code(None, False, NOW) is Refusal.CODE_SAID_WRONG
        assert rules.refusal_of_code(NOW + MINUTE, True, NOW) is Refusal.CODE_LATER
        assert rules.refusal_of_code(NOW, True, NOW) is None

    def test_the_fifth_wrong_one_makes_everybody_wait(self) -> None:
        assert rules.after_wrong_code(0, NOW) == (1, None)
        assert rules.after_wrong_code(4, NOW) == (0, NOW + 15 * MINUTE)
