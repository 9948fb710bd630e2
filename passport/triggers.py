"""The rules that keys and CHECKs cannot hold, as triggers that say the same on SQLite and PostgreSQL.

Run after every migration: Alembic's batch mode drops the triggers of a table without a word. Each entry says when to
refuse. The city's day is exact on PostgreSQL; SQLite counts two hours ahead of UTC, never stricter than `rules.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

ENDORSEMENT_FACTS = (
    "id", "learner_id", "experience_id", "revision_id", "feedback_id", "request_id", "competency_id", "wording_id",
    "membership_id", "facilitator_id", "asked_at", "offered_at", "step", "how_known", "how_person_known",
    "is_relative", "endorser_is_adult", "seen_from_on", "seen_to_on", "text_id", "text_kind", "story_digest",
    "endorser_role", "organisation_name", "withdrawal_kind",
)
ENDORSEMENT_ONCE = ("accepted_at", "declined_at", "set_aside_at", "withdrawn_at", "withdrawal_text_id")
FEEDBACK_FACTS = ("id", "learner_id", "experience_id", "request_id", "membership_id", "facilitator_id", "text_id",
                  "submission", "visible_at")
FEEDBACK_ONCE = ("read_at", "replied_at", "reply_withdrawn_at", "put_back_at")
TEXT_FACTS = ("id", "learner_id", "experience_id", "kind", "author_id", "membership_id", "regime", "written_at",
              "deliver_after")
TESTIMONY_FACTS = ("id", "learner_id", "experience_id", "invitation_id", "text_id", "submission", "deletion_hash",
                   "witness_name", "name_form", "relation", "is_relative", "is_minor", "saw_it", "written_at")
REPORT_FACTS = ("id", "object_kind", "object_id", "category", "frozen_words", "sealed_note", "made_at")
SHEET_FACTS = ("id", "learner_id", "submission", "token_hash", "key_id", "name", "size", "signed", "made_at", "expires_on")
APPEND_ONLY = ("endorsement", "revision", "audit_event", "audit_link", "audit_segment", "erasure", "edition_item", "authored_version", "decision")


@dataclass(frozen=True)
class Trigger:
    """One refusal: its name, its table, when it fires, and the condition (empty: always)."""

    name: str
    table: str
    timing: str
    condition: str
    sentence: str


def _once(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"(OLD.{c} IS NOT NULL AND NEW.{c} IS {{distinct}} OLD.{c})" for c in columns)


def _closed(whole_passport_only: bool = False) -> str:
    """No erasure of this learner (or of this experience) is open."""
    scope = "e.experience_id IS NULL" if whole_passport_only else (
        "(e.experience_id IS NULL OR e.experience_id = OLD.experience_id)")
    return f"NOT EXISTS (SELECT 1 FROM erasure e WHERE e.learner_id = OLD.learner_id AND {scope})"


def _months(instant: str) -> str:
    return f"(({{year:{instant}}} - p.birth_year) * 12 + ({{month:{instant}}} - p.birth_month))"


def _younger(age: int, instant: str) -> str:
    """The learner (p) is below that age at that time; the change comes the month after the birth month."""
    return f"(p.birth_year IS NOT NULL AND {_months(instant)} <= {age * 12})"


def _vouched(instant: str, trained: bool) -> str:
    course = f" AND m.trained_at <= NEW.{instant} AND m.charter_accepted_at <= NEW.{instant}" if trained else ""
    return f"""EXISTS (SELECT 1 FROM membership m JOIN organisation o ON o.id = m.organisation_id
        JOIN passport p ON p.learner_id = NEW.learner_id
        WHERE m.id = NEW.membership_id AND m.role = 'facilitator' AND m.joined_at <= NEW.{instant}{course}
          AND (m.suspended_at IS NULL OR m.suspended_at > NEW.{instant})
          AND (m.ended_at IS NULL OR m.ended_at > NEW.{instant})
          AND o.accredited_at <= NEW.{instant}
          AND (o.suspended_at IS NULL OR o.suspended_at > NEW.{instant})
          AND (o.closed_at IS NULL OR o.closed_at > NEW.{instant})
          AND (NOT (p.protection_chosen OR {_younger(18, instant)})
               OR (o.minors_state = 'allowed' AND m.trained_at <= NEW.{instant} AND NOT EXISTS (SELECT 1 FROM contact_freeze z
                   WHERE z.adult_id = m.account_id AND z.lifted_at IS NULL) AND EXISTS (SELECT 1 FROM vetting v WHERE v.membership_id = m.id
                   AND (v.revoked_at IS NULL OR v.revoked_at > NEW.{instant})
                   AND v.checked_on <= {{day:{instant}}} AND v.expires_on > {{day:{instant}}}))))"""


def _consented(option: str, instant: str, key: str = "guardian_consent_id") -> str:
    return f"""EXISTS (SELECT 1 FROM guardian_consent g WHERE g.id = NEW.{key}
        AND g.learner_id = NEW.learner_id AND g.option = {option} AND g.learner_agreed_at <= NEW.{instant}
        AND g.guardian_agreed_at <= NEW.{instant} AND (g.option <> 'image' OR g.second_agreed_at <= NEW.{instant})
        AND g.withdrawn_at IS NULL AND g.until > NEW.{instant})"""


def _needs_guardian(option: str, instant: str) -> str:
    return (f"EXISTS (SELECT 1 FROM passport p WHERE p.learner_id = NEW.learner_id AND {_younger(15, instant)})"
            f" AND NOT {_consented(option, instant)}")


_IMAGE = "'image'"
def _person_younger(column: str, age: int, instant: str) -> str:
    """The person named in that column is below that age at that time."""
    return f"EXISTS (SELECT 1 FROM passport p WHERE p.learner_id = NEW.{column} AND {_younger(age, instant)})"


OF_AGE = (f"({_person_younger('account_id', 16, 'joined_at')} OR ((NEW.role <> 'facilitator' OR NEW.is_safeguarding_reader)"
          f" AND {_person_younger('account_id', 18, 'joined_at')}))")
HONORABILITY = ("NEW.kind = 'honorability' AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.id = NEW.membership_id"
                " AND m.organisation_kind IN ('childcare', 'social_care'))")
STAYS_INSIDE = ("EXISTS (SELECT 1 FROM experience x WHERE x.id = NEW.experience_id"
                " AND (x.for_me_only OR x.deleted_at IS NOT NULL))")

TRIGGERS: tuple[Trigger, ...] = (
    Trigger("endorsement_facts", "endorsement", "UPDATE OF " + ", ".join(ENDORSEMENT_FACTS), "",
            "the facts of an endorsement never change"),
    Trigger("endorsement_once", "endorsement", "UPDATE OF " + ", ".join(ENDORSEMENT_ONCE), _once(ENDORSEMENT_ONCE),
            "an answer to an endorsement is given once"),
    Trigger("endorsement_stays", "endorsement", "DELETE", _closed(), "an endorsement is deleted by erasure only"),
    Trigger("endorsement_vouched", "endorsement", "INSERT", f"NOT {_vouched('offered_at', trained=True)}",
            "no organisation vouches for this facilitator at that time"),
    Trigger("feedback_facts", "feedback", "UPDATE OF " + ", ".join(FEEDBACK_FACTS), "",
            "the facts of a feedback never change"),
    Trigger("feedback_once", "feedback", "UPDATE OF reply, " + ", ".join(FEEDBACK_ONCE),
            _once(FEEDBACK_ONCE) + " OR (OLD.reply IS NOT NULL AND NEW.reply IS {distinct} OLD.reply"
            " AND NOT (NEW.reply IS NULL AND NEW.reply_withdrawn_at IS NOT NULL))",
            "a feedback is read, answered and put back once"),
    Trigger("feedback_put_back", "feedback", "UPDATE OF withdrawn_at",
            "OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NULL"
            " AND (OLD.put_back_at IS NOT NULL OR NEW.put_back_at IS NULL)",
            "a feedback that was taken back comes back once"),
    Trigger("feedback_unread", "feedback", "UPDATE OF read_at",
            "OLD.read_at IS NULL AND NEW.read_at IS NOT NULL AND NEW.withdrawn_at IS NOT NULL",
            "a feedback that was taken back is not read"),
    Trigger("feedback_withdrawn", "feedback", "UPDATE OF withdrawn_at",
            "NEW.withdrawn_at IS NOT NULL AND ((OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS {distinct}"
            " OLD.withdrawn_at) OR EXISTS (SELECT 1 FROM recognition_request r WHERE r.feedback_id = NEW.id"
            " AND (r.outcome IS NULL OR r.outcome = 'decided')))",
            "a feedback is taken back only while no request for recognition stands on it"),
    Trigger("feedback_vouched", "feedback", "INSERT", f"NOT {_vouched('visible_at', trained=False)}",
            "no organisation vouches for this facilitator at that time"),
    Trigger("authored_text_facts", "authored_text", "UPDATE OF " + ", ".join(TEXT_FACTS), "",
            "who wrote what to whom never changes"),
    Trigger("authored_version_frozen", "authored_version", "UPDATE", "", "written words never change"),
    Trigger("authored_version_late", "authored_version", "INSERT",
            "NEW.number > 1 AND EXISTS (SELECT 1 FROM authored_text t WHERE t.id = NEW.text_id"
            " AND t.deliver_after <= NEW.written_at)",
            "words that arrived are not rewritten"),
    Trigger("authored_version_stays", "authored_version", "DELETE",
            "EXISTS (SELECT 1 FROM authored_text t WHERE t.id = OLD.text_id AND t.kind <> 'testimony'"
            " AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.learner_id = OLD.learner_id"
            " AND (e.experience_id IS NULL OR e.experience_id = t.experience_id)))",
            "words are deleted by erasure only"),
    Trigger("authored_version_evidence", "authored_version", "INSERT",
            "EXISTS (SELECT 1 FROM authored_text t WHERE t.id = NEW.text_id AND t.frozen_at IS NOT NULL)",
            "words that were reported are not rewritten"),
    Trigger("authored_version_kept", "authored_version", "DELETE",
            "EXISTS (SELECT 1 FROM authored_text t WHERE t.id = OLD.text_id AND t.frozen_at IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.learner_id = OLD.learner_id"
            " AND (e.experience_id IS NULL OR e.experience_id = t.experience_id)))",
            "words that were reported are kept until it is decided"),
    Trigger("authored_text_kept", "authored_text", "DELETE", f"OLD.frozen_at IS NOT NULL AND {_closed()}",
            "words that were reported are kept until it is decided"),
    Trigger("report_facts", "report", "UPDATE OF " + ", ".join(REPORT_FACTS), "", "what was reported never changes"),
    Trigger("report_two_people", "report", "UPDATE OF decided_at",
            "NEW.decided_at IS NOT NULL AND OLD.decided_at IS NULL AND (NEW.proposed_by_id IS NULL"
            " OR NEW.confirmed_by_id IS NULL OR NEW.confirmed_by_id = NEW.proposed_by_id)",
            "two persons close a case"),
    Trigger("report_once", "report", "UPDATE OF decided_at, outcome", _once(("decided_at", "outcome")),
            "a case is closed once"),
    Trigger("inquiry_facts", "inquiry", "UPDATE OF report_id, asked_by_id, asked_at, sealed_reason", "",
            "who asked for a file, and why, never changes"),
    Trigger("inquiry_asked_first", "inquiry", "INSERT", "NEW.confirmed_at IS NOT NULL OR NEW.sealed_file IS NOT NULL",
            "a file for an inquiry is asked for first, then confirmed by another"),
    Trigger("inquiry_once", "inquiry", "UPDATE OF confirmed_at, confirmed_by_id", _once(("confirmed_at", "confirmed_by_id")),
            "a file for an inquiry is confirmed once"),
    Trigger("inquiry_gone", "inquiry", "UPDATE OF sealed_file",
            "OLD.confirmed_at IS NOT NULL AND NEW.sealed_file IS NOT NULL",
            "a file for an inquiry is made once, and what is gone stays gone"),
    Trigger("revision_frozen", "revision", "UPDATE", "", "a revision never changes"),
    Trigger("revision_stays", "revision", "DELETE", _closed(), "a revision is deleted by erasure only"),
    Trigger("edition_item_frozen", "edition_item", "UPDATE", "", "a snapshot never changes"),
    Trigger("edition_item_inside", "edition_item", "INSERT", STAYS_INSIDE, "what is for its learner only stays inside"),
    Trigger("edition_item_permitted", "edition_item", "INSERT",
            "NEW.endorsement_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM permission q JOIN endorsement n"
            " ON n.id = q.endorsement_id WHERE q.endorsement_id = NEW.endorsement_id AND q.given_at = NEW.permitted_at"
            " AND q.ended_at IS NULL AND n.set_aside_at IS NULL AND n.withdrawn_at IS NULL)",
            "only what its learner permits now is shown"),
    Trigger("permission_live", "permission", "INSERT",
            "EXISTS (SELECT 1 FROM endorsement n WHERE n.id = NEW.endorsement_id"
            " AND (n.set_aside_at IS NOT NULL OR n.withdrawn_at IS NOT NULL))",
            "only what is kept and in force may be shown"),
    Trigger("permission_guardian", "permission", "INSERT", _needs_guardian("'show'", "given_at"),
            "permitting under 15 needs the joint consent"),
    Trigger("permission_once", "permission", "UPDATE",
            "OLD.ended_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.learner_id <> OLD.learner_id"
            " OR NEW.endorsement_id <> OLD.endorsement_id OR NEW.accepted_at <> OLD.accepted_at"
            " OR NEW.given_at <> OLD.given_at",
            "a permission is ended once; given again is a new row"),
    Trigger("access_grant_inside", "access_grant", "INSERT", STAYS_INSIDE, "what is for its learner only stays inside"),
    Trigger("granted_evidence_there", "granted_evidence", "INSERT",
            "EXISTS (SELECT 1 FROM evidence v WHERE v.id = NEW.evidence_id AND v.deleted_at IS NOT NULL)",
            "what its learner erased goes along nowhere"),
    Trigger("feedback_request_inside", "feedback_request", "INSERT", STAYS_INSIDE,
            "what is for its learner only stays inside"),
    Trigger("recognition_request_formative", "recognition_request", "INSERT",
            "EXISTS (SELECT 1 FROM feedback f WHERE f.id = NEW.feedback_id AND f.withdrawn_at IS NOT NULL)",
            "a feedback that was taken back opens no recognition"),
    Trigger("recognition_request_inside", "recognition_request", "INSERT", STAYS_INSIDE,
            "what is for its learner only stays inside"),
    Trigger("witness_invitation_inside", "witness_invitation", "INSERT", STAYS_INSIDE,
            "what is for its learner only stays inside"),
    Trigger("witness_invitation_guardian", "witness_invitation", "INSERT", _needs_guardian("'witness'", "made_at"),
            "a witness under 15 needs the joint consent"),
    Trigger("testimony_invited", "testimony", "INSERT",
            "NOT EXISTS (SELECT 1 FROM witness_invitation i JOIN authored_text t ON t.id = NEW.text_id"
            " WHERE i.id = NEW.invitation_id AND t.experience_id = NEW.experience_id AND t.author_id IS NULL"
            " AND i.made_at <= NEW.written_at AND i.expires_at > NEW.written_at AND i.revoked_at IS NULL)",
            "somebody without account answers an open invitation about this experience"),
    Trigger("testimony_facts", "testimony", "UPDATE OF " + ", ".join(TESTIMONY_FACTS), "",
            "what somebody without account said never changes"),
    Trigger("testimony_permission", "testimony", "UPDATE OF may_be_shown", "NEW.may_be_shown AND NOT OLD.may_be_shown",
            "a permission to show is given with the words, and only taken back later"),
    Trigger("testimony_there", "testimony", "INSERT", "NEW.may_be_shown AND NOT NEW.saw_it",
            "only somebody who was there is shown"),
    Trigger("edition_item_testimony", "edition_item", "INSERT",
            "NEW.testimony_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM testimony y JOIN authored_text t"
            " ON t.id = y.text_id WHERE y.id = NEW.testimony_id AND y.learner_id = NEW.learner_id"
            " AND y.experience_id = NEW.experience_id AND y.may_be_shown AND t.hidden_at IS NULL)",
            "only what somebody without account allows now is shown"),
    Trigger("edition_item_together", "edition_item", "INSERT",
            "NEW.evidence_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM edition_item i WHERE i.edition_id = NEW.edition_id"
            " AND i.experience_id = NEW.experience_id AND i.kind = 'experience')",
            "a photo, document or link is shown together with its experience"),
    Trigger("edition_item_there", "edition_item", "INSERT",
            "EXISTS (SELECT 1 FROM evidence v WHERE v.id = NEW.evidence_id AND v.deleted_at IS NOT NULL)",
            "what its learner erased goes along nowhere"),
    Trigger("share_guardian", "share", "INSERT",
            f"EXISTS (SELECT 1 FROM passport p WHERE p.learner_id = NEW.learner_id AND {_younger(15, 'created_at')})"
            f" AND (NEW.purpose = 'show' OR NOT {_consented('NEW.purpose', 'created_at')})",
            "a link under 15 needs the joint consent for whom it is"),
    Trigger("share_image", "share", "INSERT",
            f"EXISTS (SELECT 1 FROM passport p WHERE p.learner_id = NEW.learner_id AND {_younger(15, 'created_at')})"
            " AND EXISTS (SELECT 1 FROM edition_item i JOIN evidence v ON v.id = i.evidence_id"
            " WHERE i.edition_id = NEW.edition_id AND v.kind <> 'link')"
            f" AND NOT {_consented(_IMAGE, 'created_at', 'image_consent_id')}",
            "a picture under 15 needs the yes of both parents"),
    Trigger("guardian_consent_longest", "guardian_consent", "UPDATE OF until, guardian_agreed_at",
            "NEW.guardian_agreed_at IS NOT NULL AND NEW.until > {later:guardian_agreed_at:366}",
            "a joint consent lasts twelve months at most"),
    Trigger("guardian_consent_once", "guardian_consent",
            "UPDATE OF learner_agreed_at, guardian_agreed_at, second_agreed_at, withdrawn_at, kept_at",
            _once(("learner_agreed_at", "guardian_agreed_at", "second_agreed_at", "withdrawn_at", "kept_at"))
            + " OR (NEW.kept_at IS NOT NULL AND OLD.kept_at IS NULL AND OLD.withdrawn_at IS NOT NULL)",
            "a yes is said once, taken back once, and kept only while it was not taken back"),
    Trigger("share_longest", "share", "INSERT",
            "NEW.expires_at > {later:created_at:366} OR (NEW.expires_at > {later:created_at:90} AND EXISTS"
            f" (SELECT 1 FROM passport p WHERE p.learner_id = NEW.learner_id AND {_younger(18, 'created_at')}))"
            " OR (NEW.expires_at > {later:created_at:30} AND EXISTS"
            f" (SELECT 1 FROM passport p WHERE p.learner_id = NEW.learner_id AND {_younger(15, 'created_at')}))",
            "a link has an end, sooner for minors"),
    Trigger("share_extended", "share", "UPDATE OF expires_at",
            "NEW.expires_at <> OLD.expires_at AND (NEW.extended_at IS NULL OR NEW.extended_at IS {same} OLD.extended_at"
            " OR OLD.revoked_at IS NOT NULL OR OLD.expires_at <= NEW.extended_at"
            " OR NEW.expires_at > {later:extended_at:366} OR (NEW.expires_at > {later:extended_at:90} AND EXISTS"
            f" (SELECT 1 FROM passport p WHERE p.learner_id = NEW.learner_id AND {_younger(18, 'extended_at')}))"
            " OR (NEW.expires_at > {later:extended_at:30} AND EXISTS"
            f" (SELECT 1 FROM passport p WHERE p.learner_id = NEW.learner_id AND {_younger(15, 'extended_at')})))",
            "an open link is extended from that day on, for as long as a new one could be"),
    Trigger("sheet_adult", "sheet", "INSERT",
            f"EXISTS (SELECT 1 FROM passport p WHERE p.learner_id = NEW.learner_id AND {_younger(18, 'made_at')})",
            "a sheet that cannot be taken back is printed by adults"),
    Trigger("sheet_facts", "sheet", "UPDATE OF " + ", ".join(SHEET_FACTS), "", "what was printed never changes"),
    Trigger("sheet_closed", "sheet", "UPDATE OF closed_at", _once(("closed_at",)), "a sheet is closed for good"),
    Trigger("sheet_item_in_force", "sheet_item", "INSERT",
            "EXISTS (SELECT 1 FROM credential c WHERE c.id = NEW.credential_id AND c.unpublished_at IS NOT NULL)",
            "only what is in force is printed"),
    Trigger("share_closed", "share", "UPDATE OF revoked_at, token_hash, edition_id, learner_id",
            "NEW.token_hash <> OLD.token_hash OR NEW.edition_id <> OLD.edition_id OR NEW.learner_id <> OLD.learner_id"
            " OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS {distinct} OLD.revoked_at)",
            "a closed link stays closed"),
    Trigger("membership_of_age", "membership", "INSERT", OF_AGE, "a role is taken at 18, a facilitator's at 16"),
    Trigger("membership_still_of_age", "membership", "UPDATE OF account_id, role, joined_at", OF_AGE,
            "a role is taken at 18, a facilitator's at 16"),
    Trigger("membership_reader_of_age", "membership", "UPDATE OF is_safeguarding_reader, reader_since",
            f"NEW.is_safeguarding_reader AND {_person_younger('account_id', 18, 'reader_since')}",
            "whoever reads to protect is an adult"),
    Trigger("vetting_lawful", "vetting", "INSERT", HONORABILITY, "to ask for this attestation here is an offence"),
    Trigger("vetting_still_lawful", "vetting", "UPDATE OF kind, membership_id", HONORABILITY,
            "to ask for this attestation here is an offence"),
    Trigger("vetting_year", "vetting", "INSERT", "NEW.expires_on > {year_later:checked_on}",
            "a check lasts twelve months at most"),
    Trigger("vetting_longer", "vetting", "UPDATE OF checked_on, expires_on", "NEW.expires_on > {year_later:checked_on}",
            "a check lasts twelve months at most"),
    Trigger("vetting_by_an_adult", "vetting", "INSERT", _person_younger("recorded_by_id", 18, "recorded_at"),
            "an adult records a check"),
    Trigger("feedback_co_read", "feedback", "INSERT",
            _person_younger("facilitator_id", 18, "visible_at") + " AND NOT EXISTS (SELECT 1 FROM membership m"
            " JOIN membership c ON c.id = m.co_reader_id WHERE m.id = NEW.membership_id"
            " AND c.organisation_id = m.organisation_id AND c.joined_at <= NEW.visible_at"
            " AND (c.suspended_at IS NULL OR c.suspended_at > NEW.visible_at)"
            " AND (c.ended_at IS NULL OR c.ended_at > NEW.visible_at))",
            "an adult of the organisation may read what a facilitator under 18 writes"),
    Trigger("audit_event_frozen", "audit_event", "UPDATE", "", "the journal is append-only"),
    Trigger("audit_event_stays", "audit_event", "DELETE",
            "NOT EXISTS (SELECT 1 FROM audit_link k JOIN audit_segment g ON k.seq <= g.last"
            " WHERE k.event = OLD.seq AND OLD.at < g.ended_at)", "the journal is append-only"),
    Trigger("audit_link_frozen", "audit_link", "UPDATE", "", "the journal is append-only"),
    Trigger("audit_link_stays", "audit_link", "DELETE",
            "NOT EXISTS (SELECT 1 FROM audit_segment g WHERE OLD.seq <= g.last)"
            " OR EXISTS (SELECT 1 FROM audit_event a WHERE a.seq = OLD.event)", "the journal is append-only"),
    Trigger("audit_segment_over", "audit_segment", "INSERT", "NEW.dropped_at < {later:ended_at:1095}",
            "a month of the journal is kept three years"),
    Trigger("audit_segment_frozen", "audit_segment", "UPDATE", "", "the journal is append-only"),
    Trigger("audit_segment_stays", "audit_segment", "DELETE", "", "the journal is append-only"),
    Trigger("decision_frozen", "decision", "UPDATE", "", "what a city decided is append-only"),
    Trigger("decision_stays", "decision", "DELETE", "", "what a city decided is append-only"),
    Trigger("accepted_charter_frozen", "accepted_charter", "UPDATE", "", "an accepted charter never changes"),
    Trigger("erasure_frozen", "erasure", "UPDATE", "", "the list of erasures is append-only"),
)

SQLITE = {
    "distinct": "NOT",
    "same": "",
    "year": "CAST(strftime('%Y', NEW.{0}, '+2 hours') AS INTEGER)",
    "month": "CAST(strftime('%m', NEW.{0}, '+2 hours') AS INTEGER)",
    "day": "date(NEW.{0}, '+2 hours')",
    "year_later": "date(NEW.{0}, '+1 year')",
    "later": "strftime('%Y-%m-%d %H:%M:%f', NEW.{0}, '+{1} days', '+2 hours')",
}
POSTGRESQL = {
    "distinct": "DISTINCT FROM",
    "same": "NOT DISTINCT FROM",
    "year": "extract(year FROM NEW.{0} AT TIME ZONE 'Europe/Paris')",
    "month": "extract(month FROM NEW.{0} AT TIME ZONE 'Europe/Paris')",
    "day": "(NEW.{0} AT TIME ZONE 'Europe/Paris')::date",
    "year_later": "(NEW.{0} + interval '1 year')::date",
    "later": "(NEW.{0} + interval '{1} days 2 hours')",
}


def _spoken(condition: str, dialect: dict[str, str]) -> str:
    """Replace each {word} or {word:column:number} by what this database understands."""
    out, rest = "", condition
    while "{" in rest:
        before, rest = rest.split("{", 1)
        inside, rest = rest.split("}", 1)
        name, *arguments = inside.split(":")
        out += before + dialect[name].format(*arguments)
    return out + rest


def statements(dialect: str, tables: set[str] | None = None) -> list[str]:
    """Return the statements that make every trigger anew, for 'sqlite' or 'postgresql'.

    `tables` limits them to the tables that exist (a migration half-way down has fewer).
    """
    out: list[str] = []
    for t in TRIGGERS:
        if tables is not None and t.table not in tables:
            continue
        sentence = t.sentence.replace("'", "''")
        if dialect == "sqlite":
            when = f"WHEN {_spoken(t.condition, SQLITE)} " if t.condition else ""
            out += [
                f"DROP TRIGGER IF EXISTS {t.name}",
                f"CREATE TRIGGER {t.name} BEFORE {t.timing} ON {t.table} {when}"
                f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END",
            ]
        else:
            refuse = f"RAISE EXCEPTION USING ERRCODE = '23514', CONSTRAINT = '{t.name}', MESSAGE = '{sentence}';"
            body = f"IF {_spoken(t.condition, POSTGRESQL)} THEN {refuse} END IF;" if t.condition else refuse
            given = "OLD" if t.timing == "DELETE" else "NEW"
            out += [
                f"CREATE OR REPLACE FUNCTION {t.name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN {body} RETURN {given}; END $$",
                f"CREATE OR REPLACE TRIGGER {t.name} BEFORE {t.timing} ON {t.table} "
                f"FOR EACH ROW EXECUTE FUNCTION {t.name}()",
            ]
    if dialect == "postgresql":
        out.append("CREATE OR REPLACE FUNCTION no_truncate() RETURNS trigger LANGUAGE plpgsql AS "
                   "$$ BEGIN RAISE EXCEPTION USING ERRCODE = '23514', MESSAGE = 'append-only'; END $$")
        out += [
            f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION no_truncate()"
            for table in APPEND_ONLY if tables is None or table in tables
        ]
    return out
