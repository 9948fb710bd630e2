"""Loading the sentences from their data files: the same files twice change nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..extensions import db
from ..submissions import hold
from .models import Alignment, Competency, Framework, FrameworkVersion, SearchText, Wording
from .rules import ESCO, KEY_COMPETENCES, folded, number_of

DATA = Path(__file__).parent / "data" / "competencies.json"
CONCEPTS = Path(__file__).parent / "data" / "esco.json"
LANGUAGES = ("fr", "en")


class Unreadable(ValueError):  # noqa: N818 - the word of the field
    """The data file does not say what it must; the message names the line."""


def concepts() -> dict[str, dict[str, Any]]:
    """Return our list of ESCO's transversal skills and competences, by identifier."""
    data = json.loads(CONCEPTS.read_bytes())
    return {line["uri"]: {**line, "version": data["version"]} for line in data["concepts"]}


def checked(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data when it is whole: ids and slugs once, both languages, one key competence, one or more of ESCO."""
    if data.get("format") != 2:
        raise Unreadable("format 2 is expected")
    known, keys = concepts(), data["key_competences"]["items"]
    ids: set[int] = set(data["retired"])
    slugs: set[str] = set()
    for line in data["competencies"]:
        name = f"competency {line.get('id')} ({line.get('slug')})"
        if line["id"] in ids or line["slug"] in slugs:
            raise Unreadable(f"{name}: id or slug stands twice")
        ids.add(line["id"])
        slugs.add(line["slug"])
        if not line["fr"].strip() or not line["en"].strip():
            raise Unreadable(f"{name}: a language is missing")
        if line["key_competence"] not in keys:
            raise Unreadable(f"{name}: unknown key competence")
        if not line["esco"] or not set(line["esco"]) <= known.keys():
            raise Unreadable(f"{name}: one or more identifiers of our ESCO list are expected")
    return data


def load(path: Path | None = None) -> bool:
    """Bring the sentences of a data file into the database; say whether anything changed.

    A sentence that changed gets a new wording beside the old one, which what was attested goes on pointing to; one
    that the file retires is offered no more, and stays readable where it was attested.
    Raises Unreadable, and changes nothing, when the file is not whole, is older than what was published, gives an id
    to another sentence or forgets one.
    """
    raw = (path or DATA).read_bytes()
    data = checked(json.loads(raw))
    hold(b"frameworks load")  # whoever else starts now finds it done
    digest = hashlib.sha256(raw + CONCEPTS.read_bytes()).digest()
    framework = _framework(data["framework"])
    number = data["version"]["number"]
    published = dict(db.session.execute(
        sa.select(FrameworkVersion.number, FrameworkVersion.digest).where(FrameworkVersion.framework_id == framework.id)
    ).all())
    if published.get(number) == digest:
        return False
    if number in published:
        raise Unreadable(f"version {number} was published with other words: give the file a new number")
    if any(number_of(other) > number_of(number) for other in published):
        raise Unreadable(f"version {number} is older than what was published")
    _nothing_lost(data, framework)
    version = FrameworkVersion(framework_id=framework.id, number=number, digest=digest,
                               published_on=dt.date.fromisoformat(data["version"]["published_on"]))
    db.session.add(version)
    db.session.flush()
    known = concepts()
    for line in data["competencies"]:
        _keep(line, framework, version)
        _map(line, data["key_competences"], known)
    db.session.execute(
        sa.update(Competency)
        .where(Competency.framework_id == framework.id, Competency.id.in_(data["retired"]),
               Competency.retired_on.is_(None))
        .values(retired_on=version.published_on)
    )
    db.session.flush()
    return True


def _framework(head: dict[str, Any]) -> Framework:
    """Return the framework of this code, made when it is new; whoever loads at the same time waits for this one."""
    framework = db.session.scalars(
        sa.select(Framework).where(Framework.code == head["code"]).with_for_update()
    ).one_or_none()
    if framework is None:
        framework = Framework(id=1, code=head["code"], name_fr=head["name_fr"], name_en=head["name_en"])
        db.session.add(framework)
        db.session.flush()
    return framework


def _nothing_lost(data: dict[str, Any], framework: Framework) -> None:
    """Raise Unreadable when a sentence in the database is missing from the file without being retired, or renamed."""
    slugs = {line["id"]: line["slug"] for line in data["competencies"]}
    rows = db.session.execute(sa.select(Competency.id, Competency.slug).where(Competency.framework_id == framework.id))
    for key, slug in rows:
        if key not in slugs and key not in data["retired"]:
            raise Unreadable(f"competency {key} ({slug}): neither in the file nor retired")
        if slugs.get(key, slug) != slug:
            raise Unreadable(f"competency {key} ({slug}): the file gives its id to {slugs[key]}")


def _keep(line: dict[str, Any], framework: Framework, version: FrameworkVersion) -> None:
    competency = db.session.get(Competency, line["id"])
    if competency is None:
        competency = Competency(id=line["id"], framework_id=framework.id, slug=line["slug"], facet=line["facet"],
                                likely_in=line["likely_in"])
        db.session.add(competency)
        db.session.flush()
    else:
        competency.facet, competency.likely_in, competency.retired_on = line["facet"], line["likely_in"], None
    current = db.session.scalars(
        sa.select(Wording).where(Wording.competency_id == line["id"], Wording.current)
    ).one_or_none()
    if current is None or (current.text_fr, current.text_en) != (line["fr"], line["en"]):
        if current is not None:
            current.current = False
        db.session.add(Wording(competency_id=line["id"], version_id=version.id, text_fr=line["fr"], text_en=line["en"]))
    db.session.execute(sa.delete(SearchText).where(SearchText.competency_id == line["id"]))
    for language in LANGUAGES:
        found = " ".join(folded(word) for word in line[f"search_{language}"])
        db.session.add(SearchText(competency_id=line["id"], language=language, text=found))


def _map(line: dict[str, Any], keys: dict[str, Any], known: dict[str, dict[str, Any]]) -> None:
    """Say anew what a sentence corresponds to."""
    db.session.execute(sa.delete(Alignment).where(Alignment.competency_id == line["id"]))
    targets = [(KEY_COMPETENCES, line["key_competence"], keys["items"][line["key_competence"]], keys["version"])]
    targets += [(ESCO, uri, known[uri], known[uri]["version"]) for uri in line["esco"]]
    db.session.add_all(
        Alignment(competency_id=line["id"], target=target, code=code, target_version=version,
                  **{name: labels[name] for name in ("label_fr", "label_en", "official_fr", "official_en")})
        for target, code, labels, version in targets
    )
