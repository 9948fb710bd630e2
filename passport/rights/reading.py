"""The page to read in an export: the same rows as `passport.json`, in words and in the order of a life."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from ..experiences.details import said_in
from ..experiences.forms import CONTEXTS
from ..experiences.periods import parsed, period
from ..experiences.reflection import PROMPTS
from ..exports import Row
from ..organisations.words import day_words
from ..parents.words import PURPOSE
from .export import KEPT_BACK, Lists

STEPS = {1: _l("Je découvre"), 2: _l("Je fais avec de l’aide"), 3: _l("Je fais sans aide"), 4: _l("Je montre aux autres")}
Cell = Callable[[Row], Any]


def _day(name: str) -> Cell:
    return lambda row: day_words(dt.datetime.fromisoformat(row[name])) if row[name] and "T" in row[name] else (
        day_words(dt.date.fromisoformat(row[name])) if row[name] else "")


def _is(name: str) -> Cell:
    return lambda row: row[name] if row[name] is not None else ""


WHEN, UNTIL, ENDED = _l("Le"), _l("Jusqu’au"), _l("Fini le")
WHO, WHERE, WHAT = _l("Qui"), _l("Organisation"), _l("Quoi")
# What is not said beside an experience: the list, its title, and what is shown of each row.
TABLES: tuple[tuple[str, LazyString, tuple[tuple[LazyString, Cell], ...]], ...] = (
    ("links", _l("Mes liens"), ((WHEN, _day("created_at")), (_l("Pour"), _is("recipient_name")),
                                (UNTIL, _day("expires_at")), (ENDED, _day("revoked_at")))),
    ("link_openings", _l("Quand mes liens ont été ouverts"), ((WHEN, _day("read_on")), (_l("Combien de fois"), _is("openings")))),
    ("looks", _l("Qui a regardé mon passeport"), ((WHEN, _day("read_on")), (WHO, _is("name")), (WHERE, _is("organisation")))),
    ("feedback_requests", _l("Mes demandes de retour"), (
        (WHEN, _day("asked_at")), (WHO, _is("facilitator")), (WHERE, _is("organisation")), (_l("Mon message"), _is("message")),
        (ENDED, _day("closed_at")))),
    ("recognition_requests", _l("Mes demandes pour faire reconnaître"), (
        (WHEN, _day("asked_at")), (WHO, _is("facilitator")), (WHERE, _is("organisation")), (ENDED, _day("closed_at")))),
    ("received", _l("Reçu ailleurs"), ((WHEN, _day("added_at")), (WHAT, _is("title")), (_l("De"), _is("issuer_name")),
                                       (_l("Fichier"), _is("file")))),
    ("credentials", _l("Mes attestations signées"), ((WHEN, _day("issued_at")), (ENDED, _day("unpublished_at")),
                                                     (_l("Fichier"), _is("file")))),
    ("cards", _l("Mes cartes"), ((WHEN, _day("issued_at")), (_l("Numéro"), _is("number")), (ENDED, _day("closed_at")))),
    ("sheets", _l("Mes feuilles imprimées"), ((WHEN, _day("made_at")), (UNTIL, _day("expires_on")), (ENDED, _day("closed_at")))),
    ("consents", _l("Ce qui est décidé à deux"), (
        (WHAT, lambda row: PURPOSE.get(row["option"], row["option"])), (_l("Mon oui"), _day("learner_agreed_at")),
        (_l("Le oui d’un parent"), _day("guardian_agreed_at")), (UNTIL, _day("until")), (ENDED, _day("withdrawn_at")))),
    ("joined", _l("Organisations rejointes"), ((WHERE, _is("organisation")), (WHEN, _day("joined_at")), (ENDED, _day("closed_at")))),
    ("roles", _l("Mes rôles"), ((WHERE, _is("organisation")), (WHAT, _is("title")), (WHEN, _day("joined_at")),
                                (ENDED, _day("ended_at")))),
    ("checks", _l("Mes vérifications"), ((WHEN, _day("checked_on")), (UNTIL, _day("expires_on")))),
    ("words_written", _l("Ce que j’ai écrit à d’autres"), (
        (WHEN, _day("written_at")), (WHAT, _is("words")), (_l("Question"), _is("question")), (_l("Pas suivant"), _is("next_step")))),
    ("endorsements_given", _l("Ce que j’ai reconnu"), ((WHEN, _day("offered_at")), (WHAT, lambda row: sentence(row)),
                                                       (WHERE, _is("organisation_name")))),
    ("blocked", _l("Personnes bloquées"), ((WHO, _is("name")), (WHEN, _day("started_at")), (ENDED, _day("lifted_at")))),
    ("readers_set_aside", _l("Personnes qui ne lisent pas"), ((WHO, _is("name")), (WHEN, _day("since")), (ENDED, _day("ended_at")))),
    ("sessions", _l("Mes appareils"), ((WHEN, _day("created_at")), (_l("Dernière fois"), _day("last_used_at")),
                                       (ENDED, _day("ended_at")))),
)


def sentence(row: Row) -> str:
    """Return the « je » sentence of a row in the reader's language."""
    return str(row["sentence_en" if str(get_locale()) == "en" else "sentence_fr"] or "")


def who(said: Row) -> str:
    """Return who said something, by the name that was shown, in which role, for whom."""
    names = ("who", "facilitator", "endorser_name", "witness_name", "author", "relation", "role", "endorser_role", "organisation",
             "organisation_name")
    return " · ".join(str(said[name]) for name in names if said.get(name))


def context(lists: Lists, now: dt.datetime) -> dict[str, Any]:
    """Return what the page shows."""
    tables = [(title, [name for name, _cell in cells], [[cell(row) for _name, cell in cells] for row in lists[key]])
              for key, title, cells in TABLES if lists[key]]
    shown = {key for key, _title, _cells in TABLES} | {"account", "passport", "experiences"}
    return {
        "account": lists["account"][0], "passport": lists["passport"][0], "day": day_words(now),
        "experiences": _experiences(lists), "tables": tables, "steps": STEPS, "sentence": sentence, "who": who,
        "more": sorted(name for name, rows in lists.items() if rows and name not in shown), "kept_back": sorted(KEPT_BACK),
    }


def _beside(lists: Lists, name: str, by: str = "experience_id") -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in lists[name]:
        found[row[by]].append(row)
    return found


def _experiences(lists: Lists) -> list[dict[str, Any]]:
    """Return the experiences, the newest first, each with all that hangs on it."""
    said = {row["text_id"]: row for row in sorted(lists["words"], key=lambda row: row["number"])}
    beside = {name: _beside(lists, name) for name in ("reflections", "claims", "evidence", "feedback", "endorsements",
                                                      "testimonies", "brought")}
    texts = {row["id"]: row["experience_id"] for row in lists["texts"]}
    steps: dict[str, list[Row]] = defaultdict(list)
    for row in lists["not_yet"]:
        steps[texts.get(row["text_id"], "")].append(row)
    contexts = dict(CONTEXTS)
    found = []
    for row in sorted(lists["experiences"], key=lambda row: (row["sort_on"], row["id"]), reverse=True):
        of: dict[str, list[Row]] = {name: rows.get(row["id"], []) for name, rows in beside.items()}
        details = (row["details"] or {}).get("said")
        found.append({
            "row": row, "context": contexts.get(row["context"], ""), "lines": said_in(details or {}).lines,
            "when": period(parsed(row["started_on"]), parsed(row["ended_on"]), row["when_precision"], row["ongoing"],
                           str(get_locale())),
            "where": [place for place in (row["organisation"] or row["organisation_text"], row["place"]) if place],
            "reflections": [(PROMPTS.get(one["prompt"], one["prompt"]), one["text"]) for one in of["reflections"]],
            "claims": of["claims"], "pieces": [one for one in of["evidence"] if one["deleted_at"] is None],
            "feedback": _told(of["feedback"], said), "testimonies": _told(of["testimonies"], said),
            "endorsements": _told(of["endorsements"], said), "not_yet": _told(steps.get(row["id"], []), said),
            "brought": of["brought"],
        })
    return found


def _told(rows: list[Row], said: Mapping[str, Row]) -> list[tuple[Row, Row | None]]:
    """Return rows with the words that belong to them, or None where they are hidden or were taken back."""
    return [(row, said.get(row["text_id"])) for row in rows]
