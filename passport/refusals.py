"""Every reason why something cannot be done, by name; `wording.py` says each in words."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Refusal(StrEnum):
    """A reason, the same for the greyed button, the sentence and the service that stops."""

    # accounts
    UNDER_13 = "under_13"
    MINORS_NOT_YET = "minors_not_yet"
    BIRTH_MONTH_MISSING = "birth_month_missing"
    BIRTH_YEAR_ODD = "birth_year_odd"
    NAME_CLAIMS = "name_claims"
    NIGHT_IS_FIXED = "night_is_fixed"
    HOURS_OF_QUIET_ODD = "hours_of_quiet_odd"
    PROTECTED_BY_AGE = "protected_by_age"
    AGE_DOUBTED = "age_doubted"
    AGE_NOT_LOWER = "age_not_lower"
    AGE_CODE_OVER = "age_code_over"
    AGE_CODE_WRONG = "age_code_wrong"
    PASSPHRASE_SHORT = "passphrase_short"
    PASSPHRASE_LONG = "passphrase_long"
    PASSPHRASE_KNOWN = "passphrase_known"
    PASSPHRASE_WRONG = "passphrase_wrong"
    SIGN_IN_WRONG = "sign_in_wrong"
    TOO_MANY_TRIES = "too_many_tries"
    ADDRESS_ODD = "address_odd"
    ADDRESS_USED = "address_used"
    MAIL_LINK_OVER = "mail_link_over"
    # what the city decides
    CHOICE_UNKNOWN = "choice_unknown"
    CHOICE_ODD = "choice_odd"
    CHOICE_FLOOR = "choice_floor"
    CHOICE_UNSAID = "choice_unsaid"
    # policy
    NOT_ALLOWED = "not_allowed"
    NOT_FACILITATOR_NOW = "not_facilitator_now"
    CHECK_NEEDED = "check_needed"
    CHARTER_FIRST = "charter_first"
    ADULTS_ONLY = "adults_only"
    FROM_16 = "from_16"
    CO_READER_NEEDED = "co_reader_needed"
    UNDER_15 = "under_15"
    NOT_ONESELF = "not_oneself"
    NO_RELATIVE = "no_relative"
    # organisations
    INVITATION_OVER = "invitation_over"
    INVITATION_SPENT = "invitation_spent"
    ALREADY_MEMBER = "already_member"
    CODE_UNKNOWN = "code_unknown"
    CHECK_NOT_LAWFUL = "check_not_lawful"
    CHECK_DATES = "check_dates"
    NOT_ACCREDITED = "not_accredited"
    LAST_ONE = "last_one"
    ORGANISATION_KNOWN = "organisation_known"
    LEAD_MISSING = "lead_missing"
    READER_MISSING = "reader_missing"
    READER_ODD = "reader_odd"
    MINORS_CHARTER_FIRST = "minors_charter_first"
    # experiences
    TITLE_MISSING = "title_missing"
    TOO_LONG = "too_long"
    DATES_ODD = "dates_odd"
    ENDS_BEFORE_START = "ends_before_start"
    HOURS_ODD = "hours_odd"
    CHANGED_MEANWHILE = "changed_meanwhile"
    UNDO_OVER = "undo_over"
    COMPETENCY_UNKNOWN = "competency_unknown"
    SAME_EXPERIENCE = "same_experience"
    PATH_FULL = "path_full"
    PROMPT_UNKNOWN = "prompt_unknown"
    KIND_UNKNOWN = "kind_unknown"
    DETAIL_ODD = "detail_odd"
    # photos, documents, links
    FILE_MISSING = "file_missing"
    FILE_EMPTY = "file_empty"
    FILE_HEAVY = "file_heavy"
    FILE_UNKNOWN = "file_unknown"
    FILE_BROKEN = "file_broken"
    PICTURE_LARGE = "picture_large"
    DOCUMENT_LONG = "document_long"
    DOCUMENT_LOCKED = "document_locked"
    LINK_ODD = "link_odd"
    ROOM_FULL = "room_full"
    MANY_HERE = "many_here"
    STORE_BUSY = "store_busy"
    # feedback
    FOR_ME_ONLY = "for_me_only"
    EXPERIENCE_DELETED = "experience_deleted"
    ALREADY_ASKED = "already_asked"
    NOT_JOINED = "not_joined"
    NOT_REACHABLE = "not_reachable"
    REQUEST_CLOSED = "request_closed"
    NOT_VISIBLE_YET = "not_visible_yet"
    ALREADY_ANSWERED = "already_answered"
    TEAM_NOT_REACHABLE = "team_not_reachable"
    TEXT_HIDDEN = "text_hidden"
    FEEDBACK_STANDS = "feedback_stands"
    FEEDBACK_WITHDRAWN = "feedback_withdrawn"
    TEXT_KEPT = "text_kept"
    PUT_BACK_ONCE = "put_back_once"
    PUT_BACK_AT_NIGHT = "put_back_at_night"
    # somebody without account
    TOO_MANY_INVITATIONS = "too_many_invitations"
    INVITATION_CLOSED = "invitation_closed"
    NAME_ODD = "name_odd"
    FIRST_NAME_ALONE = "first_name_alone"
    MINOR_FIRST_NAME = "minor_first_name"
    READY_ONLY = "ready_only"
    TOO_MANY_SENTENCES = "too_many_sentences"
    NOT_THERE = "not_there"
    NOT_ALLOWED_TO_SHOW = "not_allowed_to_show"
    # recognition
    NO_FEEDBACK_READ = "no_feedback_read"
    NOTHING_CHOSEN = "nothing_chosen"
    NOT_ASKED = "not_asked"
    SENTENCE_MISSING = "sentence_missing"
    STEP_MISSING = "step_missing"
    ALREADY_DECIDED = "already_decided"
    NOT_KEPT = "not_kept"
    WITHDRAWN = "withdrawn"
    SEEN_WHEN = "seen_when"
    # credentials
    BADGE_MISSING = "badge_missing"
    BADGE_LARGE = "badge_large"
    BADGE_BROKEN = "badge_broken"
    BADGE_TWICE = "badge_twice"
    BADGE_NOT_IN_PICTURE = "badge_not_in_picture"
    BADGE_OTHER = "badge_other"
    ADDRESS_OF_NOTHING = "address_of_nothing"
    # sharing and card
    NOT_PERMITTED = "not_permitted"
    END_ODD = "end_odd"
    LINK_CLOSED = "link_closed"
    NOT_LAST_WEEK = "not_last_week"
    PIECE_ALONE = "piece_alone"
    PICTURE_BY_THREE = "picture_by_three"
    NAME_MISSING = "name_missing"
    PREVIEW_CHANGED = "preview_changed"
    # decided by two
    FOR_UNDER_15 = "for_under_15"
    ASKED_LATELY = "asked_lately"
    ASKED_OFTEN = "asked_often"
    REMINDED_ONCE = "reminded_once"
    CAPACITY_MISSING = "capacity_missing"
    IMAGE_BY_PARENTS = "image_by_parents"
    OTHER_PARENT = "other_parent"
    RECEIPT_UNKNOWN = "receipt_unknown"
    RECEIPT_OVER = "receipt_over"
    ALREADY_YOURS = "already_yours"
    # received elsewhere
    RECEIVED_MISSING = "received_missing"
    RECEIVED_LARGE = "received_large"
    RECEIVED_BROKEN = "received_broken"
    RECEIVED_TWICE = "received_twice"
    RECEIVED_PICTURE = "received_picture"
    RECEIVED_OTHER = "received_other"
    RECEIVED_MANY = "received_many"
    SHEET_UNTOLD = "sheet_untold"
    SHEET_FULL = "sheet_full"
    SIGNING_LATER = "signing_later"
    # cases
    TWO_PERSONS = "two_persons"
    CITY_NEEDED = "city_needed"
    # words between a facilitator and a protected learner
    CONTACT_PHONE = "contact_phone"
    CONTACT_ADDRESS = "contact_address"
    CONTACT_HANDLE = "contact_handle"
    CONTACT_LINK = "contact_link"
    CONTACT_SECRET = "contact_secret"
    # sending twice
    SENT_OTHERWISE = "sent_otherwise"


class Refused(Exception):  # noqa: N818 - the word of the field
    """A service stopped for a reason that can be said; nothing was changed.

    `outlives` writes what is kept all the same, once the rest is rolled back (see `transaction`).
    """

    def __init__(self, refusal: Refusal, field: str | None = None, outlives: Callable[[], None] | None = None) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.field = field
        self.outlives = outlives
